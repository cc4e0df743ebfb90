/** HTML that cannot be broken by what is put into it. */

/** A piece of finished HTML. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function put(value: Value): string {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(put).join("");
  if (value === undefined || value === false) return "";
  return String(value).replaceAll(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}

type Value = Html | string | number | false | undefined | readonly Value[];

/** Template tag: everything put in is escaped unless it is {@link Html} itself; undefined and false are nothing. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(parts.map((part, i) => part + put(values[i])).join(""));
}
