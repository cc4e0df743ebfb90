import { NS, type Stanza, xml } from "./xmpp-stanza.ts";

/** A field of a data form (XEP-0004). */
export interface FormField {
  readonly name: string;
  readonly type: string;
  readonly label: string | undefined;
  readonly required: boolean;
  readonly values: readonly string[];
  readonly options: readonly string[];
}

export interface Form {
  readonly type: string;
  readonly title: string | undefined;
  readonly instructions: string | undefined;
  readonly fields: readonly FormField[];
}

/** What is filled in, by field. */
export type FormValues = Readonly<Record<string, string | readonly string[]>>;

/** The data form within an element; undefined when there is none. */
export function readForm(within: Stanza): Form | undefined {
  const form = within.getChild("x", NS.data);
  if (form === undefined) return undefined;
  return {
    type: form.attrs.type ?? "form",
    title: form.getChildText("title") ?? undefined,
    instructions: form.getChildText("instructions") ?? undefined,
    fields: form.getChildren("field").map(readField),
  };
}

/** A form to submit: the hidden fields of what was asked as they were, and what is filled in. */
export function filledIn(values: FormValues, asked?: Form): Stanza {
  const hidden = (asked?.fields ?? []).filter(({ type, name }) => type === "hidden" && !(name in values));
  const all: [string, readonly string[]][] = [
    ...hidden.map((field): [string, readonly string[]] => [field.name, field.values]),
    ...Object.entries(values).map(([name, value]): [string, readonly string[]] => [name, [value].flat()]),
  ];
  const fields = all.map(([name, given]) =>
    xml(
      "field",
      { var: name },
      given.map((value) => xml("value", {}, value)),
    ),
  );
  return xml("x", { xmlns: NS.data, type: "submit" }, fields);
}

function readField(field: Stanza): FormField {
  return {
    name: field.attrs.var ?? "",
    type: field.attrs.type ?? "text-single",
    label: field.attrs.label,
    required: field.getChild("required") !== undefined,
    values: field.getChildren("value").map((value) => value.text()),
    options: field.getChildren("option").map((option) => option.getChildText("value") ?? ""),
  };
}
