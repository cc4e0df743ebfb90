import { type Email, toEmail } from "../address.ts";
import { find, parseXml } from "../soap/xml.ts";
import { decodeText, decodeWords, unquote } from "./encoded-word.ts";

/** A stored message as far as its text says; what it lacks is undefined (source: msnp-chat §5.6.2). */
export interface OfflineMime {
  readonly from: Email | undefined;
  readonly fromName: string | undefined;
  /** ms since 1970. */
  readonly sentAt: number | undefined;
  readonly text: string;
  /** GUID without braces, lower-case. */
  readonly runId: string | undefined;
  readonly sequence: number | undefined;
}

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const MAX_HEADERS = 128;
const MAX_PARTS = 32;
const MAX_NESTING = 4;
const GUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;
/** Between 1601, where FILETIME begins, and 1970. */
const FILETIME_EPOCH = 11_644_473_600_000;
const MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";

/** Reads the MIME text of a stored message; line breaks may be CRLF or LF. Never throws: what cannot be read is absent. */
export function parseOfflineMime(mime: string): OfflineMime {
  const part = parsePart(mime);
  const { from, name } = parseMailbox(part.headers.get("from") ?? "");
  const sequence = Number(part.headers.get("x-oim-sequence-num") ?? Number.NaN);
  return {
    from,
    fromName: name,
    sentAt:
      parseArrivalTime(part.headers.get("x-originalarrivaltime") ?? "") ??
      parseMailDate(part.headers.get("date") ?? ""),
    text: textOf(part, 0).toWellFormed(),
    runId: GUID.exec(part.headers.get("x-oim-run-id") ?? "")?.[1]?.toLowerCase(),
    sequence: Number.isSafeInteger(sequence) && sequence >= 0 ? sequence : undefined,
  };
}

function parsePart(text: string): Part {
  const source = text.replaceAll("\r\n", "\n");
  const empty = source.startsWith("\n") ? 0 : source.indexOf("\n\n");
  const head = empty < 0 ? source : source.slice(0, empty);
  const headers = new Map<string, string>();
  // A line that begins with a blank goes on with the one before.
  for (const line of head
    .replace(/\n[ \t]+/g, " ")
    .split("\n")
    .slice(0, MAX_HEADERS)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return { headers, body: empty < 0 ? "" : source.slice(empty).replace(/^\n\n?/, "") };
}

/** `=?utf-8?B?...?= <a@b.c>`, `"Name" <a@b.c>`, `<a@b.c>` or `a@b.c`. */
function parseMailbox(header: string): { from: Email | undefined; name: string | undefined } {
  const angle = header.lastIndexOf("<");
  const address = angle < 0 ? header : header.slice(angle + 1).replace(/>.*$/s, "");
  const name =
    angle < 0
      ? ""
      : decodeWords(
          header
            .slice(0, angle)
            .trim()
            .replace(/^"(.*)"$/s, "$1"),
        ).trim();
  return { from: toEmail(address.trim()), name: name === "" ? undefined : name };
}

/**
 * `29 Jul 2026 12:00:00.0000 (UTC) FILETIME=[low:high]`: the text counts, since Escargot's FILETIME may be a second late;
 * without it the FILETIME does (source: msnp-chat §5.6.2).
 */
export function parseArrivalTime(header: string): number | undefined {
  const [, day, month, year, hour, minute, second, fraction = ""] =
    /(\d{1,2})[ -](\w{3})[ -](\d{4})\s+(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?\s*\(UTC\)/i.exec(header) ?? [];
  if (day !== undefined) {
    const index = MONTHS.indexOf((month ?? "").toLowerCase());
    if (index >= 0 && index % 3 === 0) {
      const at = Date.UTC(Number(year), index / 3, Number(day), Number(hour), Number(minute), Number(second));
      return at + Math.floor(Number(`0.${fraction || 0}`) * 1000);
    }
  }
  const [, low, high] = /FILETIME=\[([0-9a-f]{1,8}):([0-9a-f]{1,8})\]/i.exec(header) ?? [];
  if (low === undefined || high === undefined) return undefined;
  const ticks = (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
  return Number(ticks / 10_000n) - FILETIME_EPOCH;
}

function parseMailDate(header: string): number | undefined {
  const at = Date.parse(header.replace(/\s*\([^)]*\)\s*$/, ""));
  return Number.isNaN(at) ? undefined : at;
}

/** The text of a part: of the first one that is text where there are several, as in what comes from telephones. */
function textOf(part: Part, depth: number): string {
  const [type = "", ...parameters] = (part.headers.get("content-type") ?? "text/plain").split(";");
  const kind = type.trim().toLowerCase();
  if (kind.startsWith("multipart/") && depth < MAX_NESTING) {
    const parts = partsOf(part.body, parameterOf(parameters, "boundary") ?? "").map(parsePart);
    const isText = ({ headers }: Part): boolean => /^text\/plain\b/i.test(headers.get("content-type") ?? "text/plain");
    const best = parts.find(isText) ?? parts[0];
    return best === undefined ? "" : textOf(best, depth + 1);
  }
  const text = decodeBody(part, parameterOf(parameters, "charset") ?? "utf-8");
  return kind.includes("msnipg") || kind.endsWith("/xml") ? textOfPage(text) : text;
}

function parameterOf(parameters: readonly string[], name: string): string | undefined {
  for (const parameter of parameters) {
    const equals = parameter.indexOf("=");
    if (parameter.slice(0, equals).trim().toLowerCase() !== name) continue;
    return parameter
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, "$1");
  }
  return undefined;
}

function partsOf(body: string, boundary: string): string[] {
  if (boundary === "") return [];
  return `\n${body}`
    .split(`\n--${boundary}`)
    .slice(1, MAX_PARTS)
    .filter((part) => !part.startsWith("--"))
    .map((part) => part.replace(/^[ \t]*\n/, ""));
}

function decodeBody({ headers, body }: Part, charset: string): string {
  const encoding = (headers.get("content-transfer-encoding") ?? "").trim().toLowerCase();
  if (encoding === "base64") return decoded(Buffer.from(body, "base64"), charset);
  if (encoding === "quoted-printable") return decoded(unquote(body), charset);
  // The web service's answer is text already, whatever it says of bytes.
  return body;
}

function decoded(bytes: Buffer, charset: string): string {
  return decodeText(bytes, charset) ?? bytes.toString("utf8");
}

/** A telephone's message in XML; its words stand in TEXT (source: msnp-core §7.8). */
function textOfPage(text: string): string {
  try {
    return find(parseXml(text), "TEXT")?.text ?? text;
  } catch {
    return text;
  }
}
