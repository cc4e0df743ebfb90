/** What people in a conference ask those of ours who sit there, by way of it. Pure. */
import { errorElement } from "../../stanza/errors.ts";
import { nodeItems } from "../../stanza/message.ts";
import { vcard4, vcardTemp } from "../../stanza/vcard.ts";
import { el, elements, NS, type XmlElement } from "../../stanza/xml.ts";

const CARDS: ReadonlySet<string> = new Set([NS.vcard, NS.vcard4, NS.pubsub]);

/** Whether we are still there (XEP-0410): the room hands on what we ask ourselves. `undefined`: something else is asked. */
export function pong(iq: XmlElement): XmlElement | undefined {
  return iq.attrs.type === "get" && asked(iq)?.getNS() === NS.ping ? answerTo(iq, "result") : undefined;
}

/**
 * Who a ghost is, to people who may not know its address: what it is called there, and nothing else (XEP-0054, XEP-0292,
 * XEP-0172). `undefined`: something else is asked. `nick`: absent for who is not there.
 */
export function cardInRoom(iq: XmlElement, nick: string | undefined): XmlElement | undefined {
  const child = asked(iq);
  const namespace = child?.getNS() ?? "";
  if (iq.attrs.type !== "get" || !CARDS.has(namespace)) return undefined;
  const node = child?.getChild("items")?.attrs.node;
  const what = nick === undefined ? undefined : shown(namespace, node, nick);
  if (what !== undefined) return answerTo(iq, "result", what);
  return answerTo(iq, "error", errorElement({ type: "cancel", condition: "item-not-found" }));
}

function shown(namespace: string, node: string | undefined, nick: string): XmlElement | undefined {
  const card = { name: nick, nickname: nick, email: undefined, note: undefined };
  if (namespace === NS.vcard) return vcardTemp(card);
  if (namespace === NS.vcard4) return vcard4(card);
  const published = (on: string, now: XmlElement) => el("pubsub", { xmlns: NS.pubsub }, nodeItems(on, now));
  if (node === NS.vcard4Node) return published(node, vcard4(card));
  return node === NS.nick ? published(node, el("nick", { xmlns: NS.nick }, nick)) : undefined;
}

function asked(iq: XmlElement): XmlElement | undefined {
  return elements(iq)[0];
}

function answerTo(iq: XmlElement, type: "result" | "error", child?: XmlElement): XmlElement {
  const { id, from, to } = iq.attrs;
  return el("iq", { type, id, from: to, to: from }, child);
}
