/** `Name: value` lines of a body, in their order (source: msnp-chat §2.8). */
export type Fields = readonly (readonly [name: string, value: string])[];

const MAX_FIELDS = 64;
const MAX_VALUE = 8192;

/** Reads lines of a body; what is no such line is passed over, what is too much is left out. */
export function parseFields(body: Buffer): Fields {
  const fields: [string, string][] = [];
  for (const line of body.toString("utf8").split("\n", MAX_FIELDS * 2)) {
    const colon = line.indexOf(":");
    if (colon <= 0 || fields.length === MAX_FIELDS) continue;
    fields.push([line.slice(0, colon).trim(), line.slice(colon + 1, colon + 1 + MAX_VALUE).trim()]);
  }
  return fields;
}

/** The first value of that name, in any case. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return fields.find(([candidate]) => candidate.toLowerCase() === wanted)?.[1];
}

/** Lines of a body. Line breaks in values become blanks, so that no line can be smuggled in. */
export function writeFields(fields: Fields): string {
  return fields.map(([name, value]) => `${oneLine(name)}: ${oneLine(value)}\r\n`).join("");
}

export function oneLine(text: string): string {
  return text.toWellFormed().replace(/[\r\n\0]+/g, " ");
}
