import { type Email, toEmail } from "../../address.ts";
import { ADDRESS_TYPE, parseMultipartAddress } from "../../message/multipart-address.ts";
import { childrenOf, find, parseXml, textAt, type XmlElement, xml } from "../../soap/xml.ts";

/** Content types of publications about circles and groups (source: msnp21 §3.3). */
export const CIRCLE_CONTENT = "application/circles+xml";
export const MULTIPARTY_CONTENT = "application/multiparty+xml";
export const CIRCLE_URI = "/circle";

/** One entry of a roster. */
export interface RosterEntry {
  readonly email: Email;
  /** Called, but has not come yet. */
  readonly isPending: boolean;
}

/** Content of NFY PUT /circle; all empty for "the circle is online" (source: msnp21 §5.3). */
export interface CircleNews {
  /** Absent when the document has no roster. */
  readonly roster?: readonly RosterEntry[];
  readonly name?: string;
}

/** People of one roster that are taken note of. */
const MAX_ROSTER = 1000;

/** "This person is in the chat": body of the PUT that joins or invites (source: msnp21 §5.3, §5.4). */
export function encodeRoster(handle: string): string {
  return xml`<circle><roster><id>IM</id><user><id>${`${ADDRESS_TYPE.live}:${handle}`}</id></user></roster></circle>`
    .source;
}

/** Reads a document; one that is no XML says nothing. */
export function decodeCircle(body: Buffer): CircleNews {
  const root = readXml(body);
  const roster = find(root, "roster");
  const name = textAt(find(root, "Data"), "MFN");
  return {
    ...(roster !== undefined && { roster: readRoster(roster) }),
    ...(name !== undefined && name !== "" && { name }),
  };
}

function readRoster(roster: XmlElement): RosterEntry[] {
  const entries: RosterEntry[] = [];
  for (const user of childrenOf(roster, "user").slice(0, MAX_ROSTER)) {
    const email = emailOf(textAt(user, "id") ?? "");
    if (email === undefined) continue;
    entries.push({ email, isPending: textAt(user, "state")?.toLowerCase() === "pending" });
  }
  return entries;
}

function readXml(body: Buffer): XmlElement | undefined {
  if (body.length === 0) return undefined;
  try {
    return parseXml(body, { maxSize: 512 * 1024 });
  } catch {
    return undefined;
  }
}

/** The person of `1:bob@example.com`, also of other networks. */
export function emailOf(text: string): Email | undefined {
  const address = parseMultipartAddress(text);
  return address === undefined ? undefined : toEmail(address.account);
}
