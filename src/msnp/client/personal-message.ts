import { child, parseXml, xml } from "../soap/xml.ts";
import type { CurrentMedia, PersonalMessage } from "./types.ts";

/** The two characters between the fields of CurrentMedia (source: msnp-core §6.6). */
const SEPARATOR = "\\0";
/** Characters; the official client took 129, what servers take is not known. */
export const MAX_PSM = 1024;
const MAX_PAYLOAD = 64 * 1024;

/** Payload of UUX (source: msnp-core §6.5). */
export function encodePersonalMessage(message: PersonalMessage): string {
  const media = message.media === undefined ? "" : encodeMedia(message.media);
  return xml`<Data><PSM>${message.text.slice(0, MAX_PSM)}</PSM><CurrentMedia>${media}</CurrentMedia></Data>`.source;
}

/** Payload of UBX; an empty or unreadable one is no personal message. */
export function decodePersonalMessage(payload: Buffer): PersonalMessage {
  if (payload.length === 0 || payload.length > MAX_PAYLOAD) return { text: "" };
  const fields = wellFormedFields(payload) ?? bareFields(payload.toString("utf8"));
  const media = decodeMedia(fields.media);
  return { text: fields.text.slice(0, MAX_PSM).toWellFormed(), ...(media !== undefined && { media }) };
}

interface Fields {
  readonly text: string;
  readonly media: string;
}

function wellFormedFields(payload: Buffer): Fields | undefined {
  try {
    const root = parseXml(payload);
    return { text: child(root, "PSM")?.text ?? "", media: child(root, "CurrentMedia")?.text ?? "" };
  } catch {
    return undefined;
  }
}

/** Escargot leaves `<` and `>` as they are at MSNP13 to 15, so that it is no XML (source: msnp-core §1.4, §9.3). */
function bareFields(payload: string): Fields {
  return { text: bareField(payload, "PSM"), media: bareField(payload, "CurrentMedia") };
}

function bareField(payload: string, name: string): string {
  const [open, close] = [`<${name}>`, `</${name}>`];
  const from = payload.indexOf(open);
  const to = payload.lastIndexOf(close);
  if (from < 0 || to < from) return "";
  const content = payload.slice(from + open.length, to);
  try {
    return parseXml(`<x>${content.replaceAll("<", "&lt;").replaceAll(">", "&gt;")}</x>`).text;
  } catch {
    return content;
  }
}

/** `CurrentMedia` as on the wire. */
export function encodeMedia(media: CurrentMedia): string {
  const fields = [media.application, media.type, media.enabled ? "1" : "0", media.format, ...media.args];
  return fields.map((field) => field.replaceAll(SEPARATOR, "")).join(SEPARATOR) + SEPARATOR;
}

/** Reads `CurrentMedia`; anything else is no media. */
export function decodeMedia(text: string): CurrentMedia | undefined {
  if (!text.includes(SEPARATOR)) return undefined;
  const [application = "", type = "", enabled = "", format = "", ...args] = text.slice(0, 4096).split(SEPARATOR);
  return { application, type, enabled: enabled === "1", format, args: args.slice(0, 16) };
}

/** What a client shows for media: the format with its arguments put in. */
export function mediaText(media: CurrentMedia): string {
  const shown = media.format.replace(/\{(\d)\}/g, (_, i: string) => media.args[Number(i)] ?? "");
  return media.format === "" ? (media.args[0] ?? "") : shown;
}
