import { MsnpError } from "../errors.ts";

/** Header lines in order, names as written, and the bytes after the empty line (source: msnp-chat §1.5). */
export interface MimeMessage {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** The payload of a MSG has no header block. */
export class MimeError extends MsnpError {
  constructor(message: string) {
    super("bad-mime", message);
  }
}

const MAX_HEADERS = 64;
const EMPTY_LINE = Buffer.from("\r\n\r\n");
const EMPTY_LINE_LF = Buffer.from("\n\n");

/** Splits a payload into headers and body; the body is a view. Bare LF is accepted. Throws MimeError. */
export function parseMime(payload: Buffer): MimeMessage {
  let end = payload.indexOf(EMPTY_LINE);
  let bodyStart = end + EMPTY_LINE.length;
  if (end < 0) {
    end = payload.indexOf(EMPTY_LINE_LF);
    bodyStart = end + EMPTY_LINE_LF.length;
  }
  if (end < 0) {
    // Headers alone, as some clients end a typing message with its only line break.
    end = payload.length;
    bodyStart = payload.length;
  }
  const headers: [string, string][] = [];
  for (const line of payload.toString("utf8", 0, end).split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    if (headers.length === MAX_HEADERS) throw new MimeError(`A message has more than ${MAX_HEADERS} headers`);
    headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  if (headers.length === 0) throw new MimeError("A message has no headers");
  return { headers, body: payload.subarray(bodyStart) };
}

/** The first header of that name, in any case. */
export function headerOf(message: MimeMessage, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return message.headers.find(([candidate]) => candidate.toLowerCase() === wanted)?.[1];
}

/** The media type without parameters, lower-case; empty when there is none. */
export function contentTypeOf(message: MimeMessage): string {
  return (headerOf(message, "content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Bytes of a message. Line breaks in values become blanks, so that no header can be smuggled in. */
export function encodeMime(headers: readonly (readonly [string, string])[], body: Buffer | string): Buffer {
  let head = "";
  for (const [name, value] of headers) head += `${name}: ${value.replace(/[\r\n\0]+/g, " ")}\r\n`;
  return Buffer.concat([Buffer.from(`${head}\r\n`), typeof body === "string" ? Buffer.from(body) : body]);
}
