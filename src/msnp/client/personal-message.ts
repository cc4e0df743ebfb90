import { child, parseXml, xml } from "../soap/xml.ts";
import type { CurrentMedia, PersonalMessage } from "./types.ts";

/** The two characters between the fields of CurrentMedia (source: msnp-core §6.6). */
const SEPARATOR = "\\0";
/** Characters; the official client took 129, what servers take is not known. */
export const MAX_PSM = 1024;

/** Payload of UUX (source: msnp-core §6.5). */
export function encodePersonalMessage(message: PersonalMessage): string {
  const media = message.media === undefined ? "" : encodeMedia(message.media);
  return xml`<Data><PSM>${message.text.slice(0, MAX_PSM)}</PSM><CurrentMedia>${media}</CurrentMedia></Data>`.source;
}

/** Payload of UBX; an empty or unreadable one is no personal message. */
export function decodePersonalMessage(payload: Buffer): PersonalMessage {
  if (payload.length === 0) return { text: "" };
  try {
    const root = parseXml(payload, { maxSize: 64 * 1024 });
    const media = decodeMedia(child(root, "CurrentMedia")?.text ?? "");
    const text = (child(root, "PSM")?.text ?? "").slice(0, MAX_PSM).toWellFormed();
    return { text, ...(media !== undefined && { media }) };
  } catch {
    return { text: "" };
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
