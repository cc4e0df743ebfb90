/** Data forms (XEP-0004): the parts that are used here. Pure. */
import { el, elements, NS, type XmlElement } from "./xml.ts";

export interface Field {
  readonly name: string;
  readonly type: "text-single" | "text-private" | "list-single" | "hidden" | "fixed" | "boolean";
  readonly label?: string;
  readonly value?: string;
  readonly help?: string;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  readonly required?: boolean;
}

export function form(title: string, instructions: string, fields: readonly Field[]): XmlElement {
  return el(
    "x",
    { xmlns: NS.data, type: "form" },
    el("title", {}, title),
    el("instructions", {}, instructions),
    fields.map(fieldElement),
  );
}

function fieldElement({ name, type, label, value, help, options, required }: Field): XmlElement {
  return el(
    "field",
    { var: type === "fixed" ? undefined : name, type, label },
    help === undefined ? undefined : el("desc", {}, help),
    required ? el("required") : undefined,
    value === undefined ? undefined : el("value", {}, value),
    (options ?? []).map((option) => el("option", { label: option.label }, el("value", {}, option.value))),
  );
}

/** A form that is filled in, by names of its fields. */
export function submission(formType: string, fields: Readonly<Record<string, string>>): XmlElement {
  const named = { FORM_TYPE: formType, ...fields };
  return el(
    "x",
    { xmlns: NS.data, type: "submit" },
    Object.entries(named).map(([name, value]) => el("field", { var: name }, el("value", {}, value))),
  );
}

/** A form that shows something. */
export function resultForm(title: string, fields: readonly { name: string; label: string; value: string }[]) {
  return el(
    "x",
    { xmlns: NS.data, type: "result" },
    el("title", {}, title),
    fields.map(({ name, label, value }) =>
      el(
        "field",
        { var: name, type: value.includes("\n") ? "text-multi" : "text-single", label },
        value.split("\n").map((line) => el("value", {}, line)),
      ),
    ),
  );
}

/** What was filled in; `undefined` when there is no form, or it was called off. Several values are joined by a line end. */
export function readForm(parent: XmlElement): ReadonlyMap<string, string> | undefined {
  const x = parent.getChild("x", NS.data);
  if (x === undefined || x.attrs.type !== "submit") return undefined;
  const fields = elements(x).filter((child) => child.getName() === "field" && child.attrs.var !== undefined);
  return new Map(
    fields.slice(0, 64).map((field) => [
      field.attrs.var ?? "",
      elements(field)
        .filter((child) => child.getName() === "value")
        .map((value) => value.text())
        .join("\n")
        .slice(0, 10_000),
    ]),
  );
}
