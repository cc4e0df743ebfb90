/** Conferences (XEP-0045): their stanzas, built and read. Pure. */
import { Secret } from "../../bridge/secret.ts";
import { type BareJid, bare, type Jid, readJid, resourceOf, withResource } from "../jid.ts";
import { type ChatState, type ReadMessage, readMessage } from "../stanza/message.ts";
import type { Shown } from "../stanza/presence.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";

const MUC = "http://jabber.org/protocol/muc";
export const MUC_USER = `${MUC}#user`;
const CONFERENCE = "jabber:x:conference";

/** Something said in a room. */
export interface RoomMessage {
  readonly room: BareJid;
  readonly nick: string;
  /** "" when nothing but a nudge, reactions or something that no text can be is in it. */
  readonly body: string;
  readonly id: string | undefined;
  /** The id that its sender's client has put into it (XEP-0359). */
  readonly originId: string | undefined;
  /** Who said it, whatever they are called (XEP-0421); to be believed only where the room gives such names. */
  readonly occupantId: string | undefined;
  /** The room's own name for it (XEP-0359): the same for everybody, live and in the history. */
  readonly stanzaId: string | undefined;
  /** Unix ms, when it comes from the history or the archive. */
  readonly saidAt: number | undefined;
  /** The id of the message that this one corrects (XEP-0308). */
  readonly corrects: string | undefined;
  /** Under our nick, and not by this bridge: another client of the account, or whoever had the nick while we were away. */
  readonly isOwnNick: boolean;
  /** The address that the archive has kept with it, where the room shows addresses. */
  readonly archivedJid: BareJid | undefined;
  /** Otherwise it is no more than a sign of life, e.g. of typing. */
  readonly saysSomething: boolean;
  readonly stanza: XmlElement;
}

/** What is asked of the history on entering. */
export type HistoryWish = { readonly last: number } | { readonly since: number };

export interface Entry {
  readonly room: BareJid;
  readonly nick: string;
  readonly history: HistoryWish;
  readonly password: Secret | undefined;
  readonly shown: Shown;
}

export function enter({ room, nick, history, password, shown }: Entry): XmlElement {
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
    ...shownElements(shown),
  );
}

/** How somebody who sits in a room is, under which nick. */
export function roomPresence(room: BareJid, nick: string, shown: Shown): XmlElement {
  return el("presence", { to: withResource(room, nick) }, ...shownElements(shown));
}

function shownElements({ show, status }: Shown): (XmlElement | undefined)[] {
  return [show === undefined ? undefined : el("show", {}, show), status === "" ? undefined : el("status", {}, status)];
}

export function leave(room: BareJid, nick: string, word = ""): XmlElement {
  const status = word === "" ? undefined : el("status", {}, word);
  return el("presence", { to: withResource(room, nick), type: "unavailable" }, status);
}

export function roomMessage(room: BareJid, id: string, body: string, more: readonly XmlElement[] = []): XmlElement {
  return el(
    "message",
    { to: room, type: "groupchat", id },
    el("body", {}, body),
    el("origin-id", { xmlns: NS.sid, id }),
    more,
  );
}

/** Typing, or its end (XEP-0085). */
export function roomState(room: BareJid, state: ChatState): XmlElement {
  const hint = el("no-store", { xmlns: NS.hints });
  return el("message", { to: room, type: "groupchat" }, el(state, { xmlns: NS.chatStates }), hint);
}

/** Status codes of a presence in a room (XEP-0045 §15.6), e.g. 110 for one's own. */
export function statusCodes(presence: XmlElement): string[] {
  const about = presence.getChild("x", MUC_USER);
  return (about?.getChildren("status") ?? []).map(({ attrs }) => attrs.code ?? "");
}

/** Why somebody is out, in the words of who did it. */
export function reasonOf(presence: XmlElement): string | undefined {
  const about = presence.getChild("x", MUC_USER);
  return (
    about?.getChild("item")?.getChildText("reason") ?? about?.getChild("destroy")?.getChildText("reason") ?? undefined
  );
}

/** Who has done something to somebody, as far as the room tells it. */
export interface Actor {
  readonly nick?: string;
  readonly jid?: BareJid;
}

/** Who has put somebody out (XEP-0045 §8.2). */
export function actorOf(presence: XmlElement): Actor | undefined {
  const actor = presence.getChild("x", MUC_USER)?.getChild("item")?.getChild("actor");
  if (actor === undefined) return undefined;
  const [{ nick }, jid] = [actor.attrs, readJid(actor.attrs.jid)];
  return { ...(nick === undefined ? {} : { nick }), ...(jid === undefined ? {} : { jid: bare(jid) }) };
}

const OCCUPANT_ID = "urn:xmpp:occupant-id:0";

/** XEP-0421; the last one is the room's where somebody else has put one there, too. */
export function occupantIdOf(stanza: XmlElement): string | undefined {
  const id = stanza.getChildren("occupant-id", OCCUPANT_ID).at(-1)?.attrs.id;
  return id === undefined || id === "" || id.length > 300 ? undefined : id;
}

/** Banned, kicked, no member any more, members only (XEP-0045 §15.6). */
const PUT_OUT = ["301", "307", "321", "322"];
/** What is technical has codes of its own beside the kick's. */
const TECHNICAL = ["332", "333"];

/** Whether somebody was put out by somebody's will, which is not to be disregarded; by the codes of their presence. */
export function isPutOut(codes: readonly string[]): boolean {
  return codes.some((code) => PUT_OUT.includes(code)) && !codes.some((code) => TECHNICAL.includes(code));
}

/** Whether a presence tells of the room's end (XEP-0045 §10.9). */
export function isDestroyed(presence: XmlElement): boolean {
  return presence.getChild("x", MUC_USER)?.getChild("destroy") !== undefined;
}

export interface Occupant {
  /** Where the room shows addresses. */
  readonly jid: BareJid | undefined;
  readonly affiliation: string;
  readonly role: string;
  readonly occupantId: string | undefined;
}

/** What a presence in a room tells of somebody: address where the room shows it, and rank. */
export function aboutOccupant(presence: XmlElement): Occupant {
  const item = presence.getChild("x", MUC_USER)?.getChild("item");
  const { affiliation = "none", role = "none", ...attrs } = item?.attrs ?? {};
  const jid = readJid(attrs.jid);
  return { jid: jid && bare(jid), affiliation, role, occupantId: occupantIdOf(presence) };
}

/** The room's subject, also an empty one, comes when all of the history has come (XEP-0045 §7.2.15). */
export function isSubject(message: XmlElement): boolean {
  return message.getChild("subject") !== undefined && message.getChild("body") === undefined;
}

/**
 * How a message has come. What it says of its time and its speaker's address is the room's own word only in the archive, of
 * the time in the history, too; of a message that comes live it is whatever its speaker has written.
 */
export type Origin = "live" | "history" | "archive";

/** `undefined` when it is nobody's. */
export function readRoomMessage(stanza: XmlElement, ownNick: string, origin: Origin): RoomMessage | undefined {
  const message = readMessage(stanza);
  if (message?.type !== "groupchat") return undefined;
  const [room, nick] = [bare(message.from), resourceOf(message.from)];
  const { body = "", id, corrects } = message;
  if (nick === undefined) return undefined;
  // Only the room itself may name it so: what others write there is no proof of anything.
  const named = elements(stanza).find((child) => child.is("stanza-id", NS.sid) && child.attrs.by === room);
  const about = origin === "archive" ? stanza.getChildren("x", MUC_USER).at(-1)?.getChild("item") : undefined;
  const kept = readJid(about?.attrs.jid);
  const saidAt = origin === "live" ? undefined : stampOf(stanza, room);
  return {
    room,
    nick,
    body,
    id,
    originId: message.originId,
    occupantId: occupantIdOf(stanza),
    stanzaId: named?.attrs.id,
    saidAt,
    corrects,
    isOwnNick: nick === ownNick,
    archivedJid: kept && bare(kept),
    saysSomething: saysSomething(message),
    stanza,
  };
}

function saysSomething({ body = "", url, carried, ...message }: ReadMessage): boolean {
  const { isNudge, isEncrypted, reacts, retracts } = message;
  const isAbout = reacts !== undefined || retracts !== undefined;
  return body !== "" || url !== undefined || carried.length > 0 || isNudge || isEncrypted || isAbout;
}

/** The stamp is the room's; speakers may have put others beside it. */
function stampOf(stanza: XmlElement, room: BareJid): number | undefined {
  const stamps = stanza.getChildren("delay", NS.delay);
  const { stamp = "" } = (stamps.find(({ attrs }) => attrs.from === room) ?? stamps.at(-1))?.attrs ?? {};
  const at = Date.parse(stamp);
  return Number.isNaN(at) ? undefined : at;
}

/** Asks somebody into a room by oneself (XEP-0249). */
export function directInvitation(room: BareJid, to: BareJid, id: string, reason: string): XmlElement {
  return el("message", { to, id }, el("x", { xmlns: CONFERENCE, jid: room, reason }));
}

/** Asks somebody into a room by way of the room, which lets them in thereby (XEP-0045 §7.8.2). */
export function mediatedInvitation(room: BareJid, to: BareJid, id: string, reason: string): XmlElement {
  const invite = el("invite", { to }, el("reason", {}, reason));
  return el("message", { to: room, id }, el("x", { xmlns: MUC_USER }, invite));
}

/** Somebody asks us into a room. */
export interface Invitation {
  readonly room: BareJid;
  /** As the room says it where the invitation comes by way of the room: that may be an address in the room. */
  readonly by: BareJid;
  /** With which the room is entered. */
  readonly password: Secret | undefined;
}

/** `undefined`: it is none. */
export function invitationIn(message: XmlElement): Invitation | undefined {
  const room = invitedTo(message);
  const from = readJid(message.getChild("x", MUC_USER)?.getChild("invite")?.attrs.from) ?? readJid(message.attrs.from);
  if (room === undefined || from === undefined) return undefined;
  const direct = message.getChild("x", CONFERENCE)?.attrs.password;
  const password = message.getChild("x", MUC_USER)?.getChildText("password") ?? direct ?? "";
  return { room, by: bare(from), password: password === "" ? undefined : new Secret(password) };
}

/** The room that a message asks us into, by itself or by somebody; `undefined`: it does not. */
export function invitedTo(message: XmlElement): BareJid | undefined {
  const direct = readJid(message.getChild("x", CONFERENCE)?.attrs.jid);
  if (direct !== undefined) return bare(direct);
  const isMediated = message.getChild("x", MUC_USER)?.getChild("invite") !== undefined;
  const room = isMediated ? readJid(message.attrs.from) : undefined;
  return room && bare(room);
}

/** The address of a room, or of somebody without resource, as an address. */
export const asJid = (jid: BareJid): Jid => jid as string as Jid;
