/** Conferences (XEP-0045): their stanzas, built and read. Pure. */
import type { Secret } from "../../bridge/secret.ts";
import { type BareJid, bare, resourceOf, withResource } from "../jid.ts";
import { readMessage } from "../stanza/message.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";

const MUC = "http://jabber.org/protocol/muc";
const MUC_USER = `${MUC}#user`;

/** Something said in a room. */
export interface RoomMessage {
  readonly room: BareJid;
  readonly nick: string;
  readonly body: string;
  readonly id: string | undefined;
  /** The room's own name for it (XEP-0359): the same for everybody, live and in the history. */
  readonly stanzaId: string | undefined;
  /** Unix ms, when it comes from the history. */
  readonly saidAt: number | undefined;
  /** The id of the message that this one corrects (XEP-0308). */
  readonly corrects: string | undefined;
  /** Under our nick, and not by this bridge: another client of the account, or whoever had the nick while we were away. */
  readonly isOwnNick: boolean;
}

/** What is asked of the history on entering. */
export type HistoryWish = { readonly last: number } | { readonly since: number };

export function enter(room: BareJid, nick: string, history: HistoryWish, password?: Secret): XmlElement {
  const wish =
    "last" in history
      ? { maxstanzas: String(history.last) }
      : { since: new Date(history.since).toISOString().replace(/\.\d+Z$/, "Z") };
  return el(
    "presence",
    { to: withResource(room, nick) },
    el(
      "x",
      { xmlns: MUC },
      el("history", wish),
      password === undefined ? undefined : el("password", {}, password.open()),
    ),
  );
}

export function leave(room: BareJid, nick: string): XmlElement {
  return el("presence", { to: withResource(room, nick), type: "unavailable" });
}

export function roomMessage(room: BareJid, id: string, body: string): XmlElement {
  return el(
    "message",
    { to: room, type: "groupchat", id },
    el("body", {}, body),
    el("origin-id", { xmlns: NS.sid, id }),
  );
}

/** Status codes of a presence in a room (XEP-0045 §15.6), e.g. 110 for one's own. */
export function statusCodes(presence: XmlElement): string[] {
  const about = presence.getChild("x", MUC_USER);
  return (about?.getChildren("status") ?? []).map(({ attrs }) => attrs.code ?? "");
}

/** Why somebody is out, in the words of who did it. */
export function reasonOf(presence: XmlElement): string | undefined {
  return presence.getChild("x", MUC_USER)?.getChild("item")?.getChildText("reason") ?? undefined;
}

/** The room's subject, also an empty one, comes when all of the history has come (XEP-0045 §7.2.15). */
export function isSubject(message: XmlElement): boolean {
  return message.getChild("subject") !== undefined && message.getChild("body") === undefined;
}

/** `undefined` when nobody says anything in it. */
export function readRoomMessage(stanza: XmlElement, ownNick: string): RoomMessage | undefined {
  const message = readMessage(stanza);
  if (message?.type !== "groupchat" || message.body === undefined) return undefined;
  const [room, nick] = [bare(message.from), resourceOf(message.from)];
  if (nick === undefined) return undefined;
  // Only the room itself may name it so: what others write there is no proof of anything.
  const named = elements(stanza).find((child) => child.is("stanza-id", NS.sid) && child.attrs.by === room);
  const { body, id, saidAt, corrects } = message;
  return { room, nick, body, id, stanzaId: named?.attrs.id, saidAt, corrects, isOwnNick: nick === ownNick };
}

const LONGEST_SPEAKER = 24;

/**
 * Somebody's words in the mouth of the relay: `[Anna] hello`. The name is cut to 24 characters; no line of the words can
 * look as if somebody else had said it.
 */
export function spokenBy(speaker: string, text: string): string {
  const plain = speaker.replaceAll(/[\p{C}\p{Zl}\p{Zp}[\]]+/gu, " ").trim();
  const letters = [...plain];
  const shown = letters.length > LONGEST_SPEAKER ? `${letters.slice(0, LONGEST_SPEAKER - 1).join("")}…` : plain;
  return `[${shown === "" ? "?" : shown}] ${text.replaceAll(/(\r\n|[\n\r\u2028\u2029])(?=\s*\[)/g, "$1> ")}`;
}
