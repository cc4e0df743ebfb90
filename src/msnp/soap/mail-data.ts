import { type Email, toEmail } from "../address.ts";
import { decodeWords } from "../message/encoded-word.ts";
import { findAll, parseXml, textAt, type XmlElement } from "./xml.ts";

/** A waiting message as the server announces it (source: msnp-chat §5.6.1). */
export interface MailEntry {
  readonly id: string;
  readonly from?: Email;
  readonly fromName?: string;
  /** ms since 1970; absent in the live notice. */
  readonly receivedAt?: number;
}

/** `too-large`: there are more than the notice lists, and the service must be asked. */
export type MailData = readonly MailEntry[] | "too-large";

/** Entries one announcement may make the client remember. */
const MAX_ENTRIES = 20_000;

/**
 * The Mail-Data of a notice, in its header block or behind it; undefined for a notice that has none
 * (source: msnp-chat §5.6.1, msnp-core §7.1).
 */
export function readMailData(payload: Buffer): MailData | undefined {
  const text = payload.toString("utf8");
  const [, value] = /(?:^|\n)mail-data:\s*(.*)$/is.exec(text) ?? [];
  if (value === undefined) return undefined;
  if (/^too-large/i.test(value)) return "too-large";
  return parseMailData(value);
}

/** Reads `<MD>`; elements may be missing or stand outside of where they belong. What is cut off is read as far as it goes. */
export function parseMailData(text: string): MailEntry[] {
  const entries: MailEntry[] = [];
  const pieces = text.split(/<\/(?:\w{1,20}:)?M\s*>/, MAX_ENTRIES + 1);
  for (const piece of pieces.slice(0, -1)) {
    const start = piece.search(/<(?:\w{1,20}:)?M[\s>]/);
    const entry = start < 0 ? undefined : readElement(piece.slice(start));
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** Reads GetMetadataResponse, which holds `MD` as elements or, on Escargot, as text (source: msnp-chat §5.6.2). */
export function parseMetadata(response: XmlElement): MailEntry[] {
  const nested = findAll(response, "M").slice(0, MAX_ENTRIES);
  if (nested.length > 0) return nested.flatMap((element) => entryOf(element) ?? []);
  return parseMailData(response.text);
}

/** An element whose end tag was taken away; prefixes that nothing declares are no matter. */
function readElement(source: string): MailEntry | undefined {
  try {
    return entryOf(parseXml(`${source.replace(/(<\/?)\w{1,20}:/g, "$1")}</M>`));
  } catch {
    return undefined;
  }
}

function entryOf(element: XmlElement): MailEntry | undefined {
  const id = textAt(element, "I");
  if (id === undefined || id === "" || id.length > 256) return undefined;
  const from = toEmail(textAt(element, "E") ?? "");
  const fromName = decodeWords(textAt(element, "N") ?? "").trim();
  const receivedAt = Date.parse(textAt(element, "RT") ?? "");
  return {
    id,
    ...(from !== undefined && { from }),
    ...(fromName !== "" && { fromName }),
    ...(!Number.isNaN(receivedAt) && { receivedAt }),
  };
}
