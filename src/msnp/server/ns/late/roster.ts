import { parseMultipartAddress } from "../../../message/multipart-address.ts";
import { escapeXml, parseXml, path, textAt, type XmlElement } from "../../../soap/xml.ts";
import type { Account } from "../../state/account.ts";
import type { Circle } from "../../state/circles.ts";

export const CIRCLE_DOCUMENT = "application/circles+xml";
export const GROUP_DOCUMENT = "application/multiparty+xml";

/** `<circle><roster>` with these people, in order (source: msnp21 §5.3). */
export function rosterDocument(people: readonly { readonly account: Account; readonly pending: boolean }[]): string {
  const users = people.map(
    ({ account, pending }) =>
      `<user><id>1:${escapeXml(account.email)}</id>${pending ? "<state>Pending</state>" : ""}</user>`,
  );
  return `<circle><roster><id>IM</id>${users.join("")}</roster></circle>`;
}

/** A circle document, read. */
export interface CircleDocument {
  /** The address of the one person it names; undefined when it names none. */
  readonly user: string | undefined;
  /** Personal message and media of the circle, if it sets them. */
  readonly presence: XmlElement | undefined;
}

/** Throws XmlError; an empty body is a document that says nothing. */
export function readCircleDocument(body: Buffer): CircleDocument {
  if (body.length === 0) return { user: undefined, presence: undefined };
  const root = parseXml(body);
  return { user: textAt(root, "roster", "user", "id"), presence: path(root, "props", "presence") };
}

/** The account name of `1:name`, or undefined for other types. */
export function personOf(address: string): string | undefined {
  const parsed = parseMultipartAddress(address);
  return parsed?.type === 1 ? parsed.account : undefined;
}

/** `<circle><props>`: what the circle calls itself (source: msnp-chat §6.4). */
export function propertiesDocument({ name, personalMessage, currentMedia }: Circle): string {
  const data =
    `<UTL></UTL><MFN>${escapeXml(name)}</MFN><PSM>${escapeXml(personalMessage)}</PSM>` +
    `<CurrentMedia>${escapeXml(currentMedia)}</CurrentMedia>`;
  return `<circle><props><presence dtype="xml"><Data>${data}</Data></presence></props></circle>`;
}
