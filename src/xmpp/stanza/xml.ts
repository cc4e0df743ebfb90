/** XML as stanzas need it: elements are made by {@link el} and read by their own few methods. */
import { xml } from "@xmpp/component";

/** An element as xmpp.js parses and prints it. Its copies of ltx differ, so nothing relies on `instanceof`. */
export interface XmlElement {
  readonly name: string;
  readonly attrs: Readonly<Record<string, string | undefined>>;
  readonly children: readonly (XmlElement | string)[];
  getName(): string;
  getNS(): string | undefined;
  is(name: string, namespace?: string): boolean;
  getChild(name: string, namespace?: string): XmlElement | undefined;
  getChildren(name: string, namespace?: string): XmlElement[];
  getChildText(name: string, namespace?: string): string | null;
  text(): string;
  toString(): string;
}

type Child = XmlElement | string | undefined | readonly Child[];

/** An element; attributes and children that are `undefined` are left out. */
export function el(name: string, attrs: Readonly<Record<string, string | undefined>> = {}, ...children: Child[]) {
  return xml(name, { ...attrs }, ...children);
}

/** Child elements, without the text between them. */
export function elements(of: XmlElement | undefined): XmlElement[] {
  return (of?.children ?? []).filter((child): child is XmlElement => typeof child !== "string");
}

/** What XML 1.0 cannot say even escaped: a server that reads one of these ends the stream. */
const FORBIDDEN = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** An element as it goes over the wire; characters that XML forbids become U+FFFD. */
export function wire(element: XmlElement): string {
  return element.toString().toWellFormed().replace(FORBIDDEN, "\uFFFD");
}

/** Namespaces, each named once. */
export const NS = {
  streams: "urn:ietf:params:xml:ns:xmpp-streams",
  stanzas: "urn:ietf:params:xml:ns:xmpp-stanzas",
  ping: "urn:xmpp:ping",
  discoInfo: "http://jabber.org/protocol/disco#info",
  discoItems: "http://jabber.org/protocol/disco#items",
  caps: "http://jabber.org/protocol/caps",
  register: "jabber:iq:register",
  gateway: "jabber:iq:gateway",
  commands: "http://jabber.org/protocol/commands",
  data: "jabber:x:data",
  oob: "jabber:x:oob",
  roster: "jabber:iq:roster",
  vcard: "vcard-temp",
  vcardUpdate: "vcard-temp:x:update",
  vcard4: "urn:ietf:params:xml:ns:vcard-4.0",
  /** Node of PEP on which a vCard4 stands (XEP-0292 §3). */
  vcard4Node: "urn:xmpp:vcard4",
  nick: "http://jabber.org/protocol/nick",
  chatStates: "http://jabber.org/protocol/chatstates",
  receipts: "urn:xmpp:receipts",
  sid: "urn:xmpp:sid:0",
  delay: "urn:xmpp:delay",
  correct: "urn:xmpp:message-correct:0",
  retract: "urn:xmpp:message-retract:1",
  reply: "urn:xmpp:reply:0",
  fallback: "urn:xmpp:fallback:0",
  reactions: "urn:xmpp:reactions:0",
  stickers: "urn:xmpp:stickers:0",
  sfs: "urn:xmpp:sfs:0",
  fileMetadata: "urn:xmpp:file:metadata:0",
  urlData: "http://jabber.org/protocol/url-data",
  geoloc: "http://jabber.org/protocol/geoloc",
  jingleMessage: "urn:xmpp:jingle-message:0",
  styling: "urn:xmpp:styling:0",
  xhtmlIm: "http://jabber.org/protocol/xhtml-im",
  attention: "urn:xmpp:attention:0",
  blocking: "urn:xmpp:blocking",
  blockingErrors: "urn:xmpp:blocking:errors",
  tune: "http://jabber.org/protocol/tune",
  pubsub: "http://jabber.org/protocol/pubsub",
  pubsubEvent: "http://jabber.org/protocol/pubsub#event",
  hints: "urn:xmpp:hints",
  carbons: "urn:xmpp:carbons:2",
  forward: "urn:xmpp:forward:0",
  client: "jabber:client",
  version: "jabber:iq:version",
  time: "urn:xmpp:time",
  last: "jabber:iq:last",
  eme: "urn:xmpp:eme:0",
  privilege: ["urn:xmpp:privilege:2", "urn:xmpp:privilege:1"],
} as const;
