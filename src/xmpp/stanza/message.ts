/** Messages: built for the wire, and read from it. Pure. */
import { type BareJid, type Jid, readJid } from "../jid.ts";
import { type Carried, carriedBy, publicUrl } from "./others.ts";
import { el, elements, NS, type XmlElement } from "./xml.ts";

export type ChatState = "active" | "composing" | "paused" | "inactive" | "gone";

const STATES: readonly string[] = ["active", "composing", "paused", "inactive", "gone"] satisfies ChatState[];

interface Addressed {
  readonly from: Jid | BareJid;
  readonly to: Jid | BareJid;
}

export interface ChatMessage extends Addressed {
  /** Also the XEP-0359 origin id: the same for each try. */
  readonly id: string;
  readonly body: string;
  /** The body's signs are none (XEP-0393 §6). */
  readonly unstyled?: boolean;
  /** The same words with their looks (XEP-0071). */
  readonly html?: XmlElement;
  /** When it was said, Unix ms, if that was not just now (XEP-0203). */
  readonly saidAt?: number;
  /** The sender's name for who has none of theirs (XEP-0172). */
  readonly nick?: string;
  readonly isNudge?: boolean;
  /** An address to open (XEP-0066). */
  readonly url?: string;
}

/** Somebody's words. */
export function chatMessage(o: ChatMessage): XmlElement {
  const { from, to, id, saidAt, nick, isNudge, url } = o;
  return el(
    "message",
    { from, to, id, type: "chat" },
    el("body", {}, o.body),
    lookElements(o),
    el("active", { xmlns: NS.chatStates }),
    el("origin-id", { xmlns: NS.sid, id }),
    saidAt === undefined ? undefined : el("delay", { xmlns: NS.delay, from, stamp: new Date(saidAt).toISOString() }),
    nick === undefined || nick === "" ? undefined : el("nick", { xmlns: NS.nick }, nick),
    isNudge ? el("attention", { xmlns: NS.attention }) : undefined,
    url === undefined ? undefined : el("x", { xmlns: NS.oob }, el("url", {}, url)),
  );
}

/** What stands beside a body and says how it looks. */
export function lookElements({ unstyled, html }: Pick<ChatMessage, "unstyled" | "html">): XmlElement[] {
  return [...(unstyled ? [el("unstyled", { xmlns: NS.styling })] : []), ...(html === undefined ? [] : [html])];
}

/** Typing, or its end (XEP-0085). Nothing of it is to be kept. */
export function stateMessage({ from, to }: Addressed, state: ChatState): XmlElement {
  return el(
    "message",
    { from, to, type: "chat" },
    el(state, { xmlns: NS.chatStates }),
    el("no-store", { xmlns: NS.hints }),
  );
}

/** The network has taken the message (XEP-0184). */
export function receiptMessage({ from, to }: Addressed, message: string): XmlElement {
  return el(
    "message",
    { from, to, type: "chat", id: `receipt-${message}` },
    el("received", { xmlns: NS.receipts, id: message }),
    el("store", { xmlns: NS.hints }),
  );
}

/** A message that could not be delivered, sent back to its sender. */
export function errorMessage({ from, to }: Addressed, message: string, error: XmlElement): XmlElement {
  return el("message", { from, to, type: "error", id: message }, error);
}

/** What is playing (XEP-0118); `undefined`: nothing. */
export function tuneElement(media: string | undefined): XmlElement {
  return el("tune", { xmlns: NS.tune }, media === undefined ? undefined : el("title", {}, media));
}

/** What is on a node of somebody (XEP-0163): the one thing that is now. */
export function nodeItems(node: string, now: XmlElement): XmlElement {
  return el("items", { node }, el("item", { id: "current" }, now));
}

/** What is playing, as if the ghost had published it just now. */
export function tuneMessage({ from, to }: Addressed, media: string | undefined): XmlElement {
  const items = nodeItems(NS.tune, tuneElement(media));
  return el("message", { from, to, type: "headline" }, el("event", { xmlns: NS.pubsubEvent }, items));
}

export interface Reactions {
  readonly to: string;
  readonly emoji: readonly string[];
}

/** What a message that came in says. */
export interface ReadMessage {
  readonly from: Jid;
  readonly to: Jid;
  readonly id: string | undefined;
  readonly type: string;
  readonly body: string | undefined;
  /** The body's signs are none (XEP-0393 §6). */
  readonly unstyled: boolean;
  /** The same words with their looks (XEP-0071). */
  readonly html: XmlElement | undefined;
  /** Where in the body the quotation of what is answered ends (XEP-0461, XEP-0428), in code points. */
  readonly quoteEnd: number | undefined;
  /** The id of the message that this one answers (XEP-0461). */
  readonly repliesTo: string | undefined;
  /** All that the sender reacts with to a message from now on (XEP-0444); what is not in it is taken back. */
  readonly reacts: Reactions | undefined;
  /** What no text can be. */
  readonly carried: readonly Carried[];
  /** An address beside the words (XEP-0066). */
  readonly url: string | undefined;
  /** All of the body stands in for what is in the message, for who does not know that (XEP-0428). */
  readonly isFallback: boolean;
  readonly state: ChatState | undefined;
  readonly isNudge: boolean;
  /** The id of the message that this one corrects (XEP-0308). */
  readonly corrects: string | undefined;
  /** The id of the message that is taken back (XEP-0424). */
  readonly retracts: string | undefined;
  readonly wantsReceipt: boolean;
  /** The sender's client vouches that no other message of theirs has this id (XEP-0359). */
  readonly originId: string | undefined;
  readonly isEncrypted: boolean;
  /** Unix ms, when it waited at the server. */
  readonly saidAt: number | undefined;
}

/** What encrypted messages carry (XEP-0380, XEP-0384 old and new, XEP-0027, XEP-0373). */
const ENCRYPTED: ReadonlySet<string> = new Set([
  NS.eme,
  "eu.siacs.conversations.axolotl",
  "urn:xmpp:omemo:1",
  "urn:xmpp:omemo:2",
  "jabber:x:encrypted",
  "urn:xmpp:openpgp:0",
]);

/** `undefined` when it has no sender or recipient. */
export function readMessage(message: XmlElement): ReadMessage | undefined {
  const [from, to] = [readJid(message.attrs.from), readJid(message.attrs.to)];
  if (from === undefined || to === undefined) return undefined;
  const state = elements(message).find((child) => child.getNS() === NS.chatStates && STATES.includes(child.getName()));
  const stamp = Date.parse(message.getChild("delay", NS.delay)?.attrs.stamp ?? "");
  return {
    from,
    to,
    id: shortId(message.attrs.id),
    type: message.attrs.type ?? "normal",
    body: message.getChildText("body") ?? undefined,
    unstyled: message.getChild("unstyled", NS.styling) !== undefined,
    html: message.getChild("html", NS.xhtmlIm),
    quoteEnd: quoteEnd(message),
    repliesTo: shortId(message.getChild("reply", NS.reply)?.attrs.id),
    reacts: reactions(message),
    carried: carriedBy(message),
    url: publicUrl(message.getChild("x", NS.oob)?.getChildText("url")?.trim()),
    isFallback: isFallback(message),
    state: state?.getName() as ChatState | undefined,
    isNudge: message.getChild("attention", NS.attention) !== undefined,
    corrects: message.getChild("replace", NS.correct)?.attrs.id,
    retracts: shortId(message.getChild("retract", NS.retract)?.attrs.id),
    wantsReceipt: message.getChild("request", NS.receipts) !== undefined,
    originId: shortId(message.getChild("origin-id", NS.sid)?.attrs.id),
    isEncrypted: elements(message).some((child) => ENCRYPTED.has(child.getNS() ?? "")),
    saidAt: Number.isNaN(stamp) ? undefined : stamp,
  };
}

function quoteEnd(message: XmlElement): number | undefined {
  if (message.getChild("reply", NS.reply) === undefined) return undefined;
  const fallback = message.getChildren("fallback", NS.fallback).find(({ attrs }) => attrs.for === NS.reply);
  const { start = "0", end } = fallback?.getChild("body", NS.fallback)?.attrs ?? {};
  return start === "0" && end !== undefined && /^\d{1,6}$/.test(end) ? Number(end) : undefined;
}

/** Reactions of one person to one message, and UTF-16 units of one. */
const MOST_REACTIONS = 20;
const LONGEST_REACTION = 64;

function reactions(message: XmlElement): Reactions | undefined {
  const element = message.getChild("reactions", NS.reactions);
  const to = shortId(element?.attrs.id);
  if (element === undefined || to === undefined) return undefined;
  const all = element.getChildren("reaction", NS.reactions).map((one) => one.text().trim());
  const emoji = [...new Set(all)].filter((one) => one !== "" && one.length <= LONGEST_REACTION);
  return { to, emoji: emoji.slice(0, MOST_REACTIONS) };
}

/** A quotation is of an answer's own kind: see {@link quoteEnd}. */
function isFallback(message: XmlElement): boolean {
  return message.getChildren("fallback", NS.fallback).some((fallback) => {
    if (fallback.attrs.for === NS.reply) return false;
    const part = fallback.getChild("body", NS.fallback);
    return elements(fallback).length === 0 || (part !== undefined && part.attrs.end === undefined);
  });
}

/** Ids are kept with the message: one as long as a book counts as none. */
const LONGEST_ID = 300;

function shortId(id: string | undefined): string | undefined {
  return id === undefined || id === "" || id.length > LONGEST_ID ? undefined : id;
}

/** What a person's own server says they listen to (XEP-0118); "" when they have stopped; `undefined`: not about that. */
export function readTune(message: XmlElement): string | undefined {
  const items = message.getChild("event", NS.pubsubEvent)?.getChild("items");
  if (items?.attrs.node !== NS.tune) return undefined;
  const tune = items.getChild("item")?.getChild("tune", NS.tune);
  const of = (name: string): string => tune?.getChildText(name, NS.tune)?.trim() ?? "";
  return [of("artist"), of("title")]
    .filter((part) => part !== "")
    .join(" - ")
    .slice(0, 300);
}
