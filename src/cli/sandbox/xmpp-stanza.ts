import { xml } from "@xmpp/client";

/** An element as xmpp.js parses and prints it. */
export interface Stanza {
  readonly name: string;
  readonly attrs: Readonly<Record<string, string | undefined>>;
  readonly children: readonly (Stanza | string)[];
  getNS(): string | undefined;
  is(name: string, namespace?: string): boolean;
  getChild(name: string, namespace?: string): Stanza | undefined;
  getChildren(name: string, namespace?: string): Stanza[];
  getChildText(name: string, namespace?: string): string | null;
  getChildElements(): Stanza[];
  text(): string;
  toString(): string;
}

export { xml };

/** Namespaces that the test person speaks. They are written out here once more, and not taken from the bridge. */
export const NS = {
  attention: "urn:xmpp:attention:0",
  blocking: "urn:xmpp:blocking",
  caps: "http://jabber.org/protocol/caps",
  carbons: "urn:xmpp:carbons:2",
  chatStates: "http://jabber.org/protocol/chatstates",
  commands: "http://jabber.org/protocol/commands",
  correction: "urn:xmpp:message-correct:0",
  data: "jabber:x:data",
  delay: "urn:xmpp:delay",
  discoInfo: "http://jabber.org/protocol/disco#info",
  discoItems: "http://jabber.org/protocol/disco#items",
  forward: "urn:xmpp:forward:0",
  mam: "urn:xmpp:mam:2",
  markers: "urn:xmpp:chat-markers:0",
  muc: "http://jabber.org/protocol/muc",
  mucUser: "http://jabber.org/protocol/muc#user",
  nick: "http://jabber.org/protocol/nick",
  oob: "jabber:x:oob",
  ping: "urn:xmpp:ping",
  pubsub: "http://jabber.org/protocol/pubsub",
  pubsubEvent: "http://jabber.org/protocol/pubsub#event",
  receipts: "urn:xmpp:receipts",
  register: "jabber:iq:register",
  roster: "jabber:iq:roster",
  rsm: "http://jabber.org/protocol/rsm",
  sid: "urn:xmpp:sid:0",
  stanzas: "urn:ietf:params:xml:ns:xmpp-stanzas",
  sm: "urn:xmpp:sm:3",
  tune: "http://jabber.org/protocol/tune",
  vcard: "vcard-temp",
  vcardUpdate: "vcard-temp:x:update",
  version: "jabber:iq:version",
} as const;

/** The JID without its resource. */
export function bare(jid: string): string {
  return jid.split("/", 1)[0] ?? jid;
}

/** What is behind the first slash; empty when there is none. */
export function resourceOf(jid: string): string {
  const slash = jid.indexOf("/");
  return slash === -1 ? "" : jid.slice(slash + 1);
}

/** A stanza error (RFC 6120 §8.3). */
export interface SeenError {
  /** cancel, modify, auth, wait or continue. */
  readonly type: string;
  readonly condition: string;
  readonly text: string | undefined;
  readonly by: string | undefined;
}

export type ChatState = "active" | "composing" | "paused" | "inactive" | "gone";

/** One message as a client shows it; `element` is all of it. */
export interface SeenMessage {
  /** When it was seen, ms since the epoch. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly id: string | undefined;
  readonly body: string | undefined;
  readonly subject: string | undefined;
  /** XEP-0085. */
  readonly chatState: ChatState | undefined;
  /** XEP-0184: whether a receipt is asked for, and of which message this is one. */
  readonly wantsReceipt: boolean;
  readonly receiptOf: string | undefined;
  /** XEP-0333: a `displayed` marker. */
  readonly displayed: string | undefined;
  /** XEP-0308. */
  readonly replaces: string | undefined;
  /** XEP-0224. */
  readonly attention: boolean;
  /** XEP-0203. */
  readonly delayedSince: Date | undefined;
  /** XEP-0359. */
  readonly originId: string | undefined;
  readonly stanzaId: string | undefined;
  /** XEP-0066. */
  readonly url: string | undefined;
  /** XEP-0172. */
  readonly nick: string | undefined;
  /** XEP-0280: whether it came as a copy of what another of the own devices has sent or received. */
  readonly carbon: "sent" | "received" | undefined;
  /** XEP-0060: something published on a node. */
  readonly event: { readonly node: string; readonly items: readonly Stanza[] } | undefined;
  readonly error: SeenError | undefined;
  readonly element: Stanza;
}

export interface SeenPresence {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** `available`, or the stanza's type: unavailable, subscribe, subscribed, unsubscribe, unsubscribed, error. */
  readonly type: string;
  /** away, chat, dnd or xa. */
  readonly show: string | undefined;
  readonly status: string | undefined;
  readonly priority: number;
  readonly nick: string | undefined;
  /** XEP-0115: node and verification string. */
  readonly caps: { readonly node: string; readonly ver: string } | undefined;
  /** XEP-0153: the hash, `""` for "no picture", undefined when nothing is said. */
  readonly avatar: string | undefined;
  readonly error: SeenError | undefined;
  readonly element: Stanza;
}

export interface RosterItem {
  readonly jid: string;
  readonly name: string | undefined;
  /** none, to, from or both; `remove` in a push that takes the entry away. */
  readonly subscription: string;
  /** Whether a request to subscribe is unanswered. */
  readonly asks: boolean;
  readonly groups: readonly string[];
}

/** Reads a message; a carbon is read as what it carries. */
export function readMessage(stanza: Stanza, own: string): SeenMessage {
  const { carbon, message } = uncarbon(stanza, own);
  const delay = message.getChild("delay", NS.delay)?.attrs.stamp;
  return {
    at: Date.now(),
    from: message.attrs.from ?? "",
    to: message.attrs.to ?? "",
    type: message.attrs.type ?? "normal",
    id: message.attrs.id,
    body: textOf(message, "body"),
    subject: textOf(message, "subject"),
    chatState: message.getChildElements().find((child) => child.getNS() === NS.chatStates)?.name as
      | ChatState
      | undefined,
    wantsReceipt: message.getChild("request", NS.receipts) !== undefined,
    receiptOf: message.getChild("received", NS.receipts)?.attrs.id,
    displayed: message.getChild("displayed", NS.markers)?.attrs.id,
    replaces: message.getChild("replace", NS.correction)?.attrs.id,
    attention: message.getChild("attention", NS.attention) !== undefined,
    delayedSince: delay === undefined ? undefined : new Date(delay),
    originId: message.getChild("origin-id", NS.sid)?.attrs.id,
    stanzaId: message.getChild("stanza-id", NS.sid)?.attrs.id,
    url: message.getChild("x", NS.oob)?.getChildText("url") ?? undefined,
    nick: textOf(message, "nick", NS.nick),
    carbon,
    event: readEvent(message),
    error: readError(message),
    element: message,
  };
}

export function readPresence(stanza: Stanza): SeenPresence {
  const caps = stanza.getChild("c", NS.caps)?.attrs;
  return {
    at: Date.now(),
    from: stanza.attrs.from ?? "",
    to: stanza.attrs.to ?? "",
    type: stanza.attrs.type ?? "available",
    show: textOf(stanza, "show"),
    status: textOf(stanza, "status"),
    priority: Number(stanza.getChildText("priority") ?? 0),
    nick: textOf(stanza, "nick", NS.nick),
    caps: caps === undefined ? undefined : { node: caps.node ?? "", ver: caps.ver ?? "" },
    avatar: stanza.getChild("x", NS.vcardUpdate)?.getChildText("photo") ?? undefined,
    error: readError(stanza),
    element: stanza,
  };
}

export function readRosterItem(item: Stanza): RosterItem {
  return {
    jid: item.attrs.jid ?? "",
    name: item.attrs.name,
    subscription: item.attrs.subscription ?? "none",
    asks: item.attrs.ask === "subscribe",
    groups: item.getChildren("group").map((group) => group.text()),
  };
}

/** One line for transcripts and error texts. */
export function describeMessage(message: SeenMessage): string {
  const marks = [
    message.carbon === undefined ? "" : `carbon ${message.carbon}`,
    message.chatState ?? "",
    message.receiptOf === undefined ? "" : `receipt of ${message.receiptOf}`,
    message.attention ? "attention" : "",
    message.replaces === undefined ? "" : `replaces ${message.replaces}`,
    message.event === undefined ? "" : `event ${message.event.node}`,
    message.delayedSince === undefined ? "" : `of ${message.delayedSince.toISOString()}`,
    message.error === undefined ? "" : `error ${message.error.condition} ${message.error.text ?? ""}`.trimEnd(),
  ].filter((mark) => mark !== "");
  return `${message.from} -> ${message.to} (${[message.type, ...marks].join(", ")}): ${message.body ?? ""}`.trimEnd();
}

export function describePresence({ from, type, show, status, error }: SeenPresence): string {
  return [from, type, show, status, error?.condition].filter((part) => part !== undefined).join(" ");
}

function uncarbon(stanza: Stanza, own: string): { carbon: SeenMessage["carbon"]; message: Stanza } {
  for (const carbon of ["sent", "received"] as const) {
    const copy = stanza.getChild(carbon, NS.carbons)?.getChild("forwarded", NS.forward)?.getChild("message");
    // A carbon of anybody else is forged (XEP-0280 §11).
    if (copy !== undefined && bare(stanza.attrs.from ?? "") === own) return { carbon, message: copy };
  }
  return { carbon: undefined, message: stanza };
}

function readEvent(message: Stanza): SeenMessage["event"] {
  const items = message.getChild("event", NS.pubsubEvent)?.getChild("items");
  if (items === undefined) return undefined;
  return { node: items.attrs.node ?? "", items: items.getChildElements() };
}

/** The error that a stanza of type `error` carries. */
export function readError(stanza: Stanza): SeenError | undefined {
  const error = stanza.attrs.type === "error" ? stanza.getChild("error") : undefined;
  if (error === undefined) return undefined;
  const parts = error.getChildElements().filter((child) => child.getNS() === NS.stanzas);
  return {
    type: error.attrs.type ?? "",
    condition: parts.find((part) => part.name !== "text")?.name ?? "",
    text: parts.find((part) => part.name === "text")?.text(),
    by: error.attrs.by,
  };
}

function textOf(stanza: Stanza, name: string, namespace?: string): string | undefined {
  return stanza.getChild(name, namespace)?.text();
}
