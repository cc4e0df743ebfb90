/** An argument that is written as it stands. */
export interface RawArg {
  readonly raw: string;
}

/** Absent arguments are left out; empty ones leave their blank, as Escargot's do (source: msnp-core §1.1). */
export type LineArg = string | number | RawArg | undefined;

const NEEDS_ESCAPE = /[% \r\n]/;
const ESCAPES: Readonly<Record<string, string>> = { "%": "%25", " ": "%20", "\r": "%0D", "\n": "%0A" };

/** Escapes only what would break a line: other characters go out raw, as Escargot's do (source: msnp-core §1.4). */
export function escapeArg(text: string): string {
  return NEEDS_ESCAPE.test(text) ? text.replace(/[% \r\n]/g, (character) => ESCAPES[character] ?? character) : text;
}

/** An MSN object, encoded as a whole; "none" is an empty element, as on Escargot (source: msnp-core §1.4). */
export function objectArg(object: string | undefined): RawArg {
  const text = object ?? "<msnobj/>";
  return {
    raw: encodeURIComponent(text.toWellFormed()).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
  };
}

/** A line without its line end. */
export function writeLine(parts: readonly LineArg[]): string {
  let line = "";
  for (const part of parts) {
    if (part === undefined) continue;
    if (line !== "") line += " ";
    if (typeof part === "number") line += String(part);
    else if (typeof part === "string") line += escapeArg(part);
    else line += part.raw;
  }
  return line;
}
