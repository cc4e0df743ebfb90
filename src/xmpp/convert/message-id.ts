/** How a person's message is called in the core: what is needed to answer it, whenever that may be. Pure. */
import { type MessageId, messageId } from "../../bridge/model.ts";
import { oneLine } from "../../bridge/plain.ts";
import { type BareJid, type Jid, resourceOf, withResource } from "../jid.ts";

/** Longest id that is taken over; clients use a UUID or less. */
const LONGEST = 300;

export interface MessageName {
  /** The stanza's id; "" when it had none, so that no answer can name it. */
  readonly id: string;
  /** The client that sent it. */
  readonly resource: string | undefined;
  /** Whether that client wants to hear that it has arrived (XEP-0184). */
  readonly wantsReceipt: boolean;
}

/** `r.<resource>.<id>` or `-.<resource>.<id>`; the resource in base64url, so that the id is what follows the second dot. */
export function nameMessage({ id, resource, wantsReceipt }: MessageName): MessageId {
  const where = Buffer.from(resource ?? "").toString("base64url");
  return messageId(`${wantsReceipt ? "r" : "-"}.${where}.${id.slice(0, LONGEST)}`);
}

/** `undefined` for a name that {@link nameMessage} never made, e.g. that of a notice. */
export function messageName(name: MessageId): MessageName | undefined {
  const match = /^([r-])\.([\w-]*)\.([\s\S]*)$/.exec(name);
  if (match === null) return undefined;
  const [, flag, where = "", id = ""] = match;
  const resource = Buffer.from(where, "base64url").toString("utf8");
  return { id, resource: resource === "" ? undefined : resource, wantsReceipt: flag === "r" };
}

/** Where an answer to it goes. */
export function senderOf(name: MessageName, resident: BareJid): Jid {
  return name.resource === undefined ? (resident as string as Jid) : withResource(resident, name.resource);
}

/** The name of a message that `from` has sent. */
export function nameOf(from: Jid, id: string | undefined, wantsReceipt: boolean): MessageId {
  return nameMessage({ id: id ?? "", resource: resourceOf(from), wantsReceipt });
}

/** Characters of a message by which its sender knows it again. */
const QUOTED = 40;

/**
 * The name of a message in a conference, where a failure is told to all: with its beginning, so that one sees which it is
 * about. `q.<beginning in base64url>.<id>`.
 */
export function nameQuoted(id: string | undefined, text: string): MessageId {
  return messageId(`q.${Buffer.from(oneLine(text, QUOTED)).toString("base64url")}.${(id ?? "").slice(0, LONGEST)}`);
}

/** The beginning of the message that {@link nameQuoted} has named. */
export function quoteOf(name: MessageId): string | undefined {
  const quote = /^q\.([\w-]*)\./.exec(name)?.[1];
  return quote === undefined ? undefined : Buffer.from(quote, "base64url").toString("utf8");
}
