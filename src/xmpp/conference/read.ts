/** What people ask of a room, read from their stanzas (XEP-0045). Pure. */
import { type BareJid, bare, type Jid, readJid, resourceOf } from "../jid.ts";
import { errorCondition } from "../stanza/errors.ts";
import { readForm } from "../stanza/form.ts";
import { readMessage } from "../stanza/message.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";
import { MUC_NS } from "./build.ts";
import type { HistoryWish } from "./history.ts";
import { copyOf } from "./packed.ts";
import type { RoomWords } from "./types.ts";

interface Base {
  readonly from: Jid;
  readonly who: BareJid;
  readonly room: BareJid;
  /** Whom in the room it is addressed to, or the name that is asked for. */
  readonly nick: string | undefined;
  readonly stanza: XmlElement;
}

export interface Wanted {
  readonly to: BareJid;
  /** Of an address that is one in a room. */
  readonly toNick: string | undefined;
  readonly reason: string;
}

type Asked =
  | { readonly kind: "enter"; readonly history: HistoryWish }
  | { readonly kind: "show" }
  /** `words`: the last ones. */
  | { readonly kind: "leave"; readonly words: string }
  /** A room is nobody's contact. */
  | { readonly kind: "subscribe" }
  /** A client's server has sent something back: the client is gone. */
  | { readonly kind: "lost"; readonly condition: string }
  | { readonly kind: "say"; readonly words: RoomWords; readonly isEncrypted: boolean }
  /** To all, and nothing to remember: typing, markers. */
  | { readonly kind: "aside"; readonly isTyping: boolean | undefined }
  | { readonly kind: "subject"; readonly subject: string }
  | { readonly kind: "private"; readonly type: string }
  | { readonly kind: "invite"; readonly wanted: readonly Wanted[] }
  /** `toNick`: of who has asked them in and is known by that alone. */
  | { readonly kind: "decline"; readonly to: BareJid; readonly toNick: string | undefined; readonly reason: string }
  /** Who may only listen asks to speak (§7.13), and what a moderator says to that (§8.6). */
  | { readonly kind: "voice" }
  | {
      readonly kind: "grant-voice";
      readonly isAllowed: boolean;
      readonly asker: string | undefined;
      readonly askerNick: string | undefined;
    }
  | { readonly kind: "senseless"; readonly text: string }
  | { readonly kind: "iq"; readonly type: "get" | "set"; readonly child: XmlElement };

export type RoomRequest<Kind extends Asked["kind"] = Asked["kind"]> = Base & Extract<Asked, { kind: Kind }>;

/** `undefined`: it is nothing that a room answers. `now`: Unix ms. */
export function readRequest(stanza: XmlElement, now: number): RoomRequest | undefined {
  const [from, to] = [readJid(stanza.attrs.from), readJid(stanza.attrs.to)];
  if (from === undefined || to === undefined) return undefined;
  const base: Base = { from, who: bare(from), room: bare(to), nick: resourceOf(to), stanza };
  const asked =
    stanza.name === "presence"
      ? readPresence(stanza, now)
      : stanza.name === "message"
        ? readWords(stanza, base.nick)
        : readIq(stanza);
  return asked && { ...base, ...asked };
}

function readPresence(stanza: XmlElement, now: number): Asked | undefined {
  const { type } = stanza.attrs;
  if (type === "unavailable") return { kind: "leave", words: (stanza.getChildText("status") ?? "").trim() };
  if (type === "error") return { kind: "lost", condition: errorCondition(stanza).condition };
  if (type === "subscribe") return { kind: "subscribe" };
  if (type !== undefined) return undefined;
  const muc = stanza.getChild("x", MUC_NS.muc);
  return muc ? { kind: "enter", history: readHistory(muc.getChild("history"), now) } : { kind: "show" };
}

function readHistory(asked: XmlElement | undefined, now: number): HistoryWish {
  const number = (name: string): number | undefined => {
    const value = asked?.attrs[name];
    return value !== undefined && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
  };
  const [chars, stanzas, seconds] = [number("maxchars"), number("maxstanzas"), number("seconds")];
  const since = Date.parse(asked?.attrs.since ?? "");
  const times = [seconds === undefined ? undefined : now - seconds * 1000, Number.isNaN(since) ? undefined : since];
  const known = times.filter((time) => time !== undefined);
  return {
    ...(chars === undefined ? {} : { chars }),
    ...(stanzas === undefined ? {} : { stanzas }),
    ...(known.length === 0 ? {} : { since: Math.max(...known) }),
  };
}

function readWords(stanza: XmlElement, nick: string | undefined): Asked | undefined {
  const { type = "normal" } = stanza.attrs;
  if (type === "error") return { kind: "lost", condition: errorCondition(stanza).condition };
  if (type === "groupchat") {
    return nick === undefined ? readSpeech(stanza) : { kind: "senseless", text: "Words to all go to the room itself." };
  }
  if (nick !== undefined) return { kind: "private", type };
  const user = stanza.getChild("x", MUC_NS.user);
  const wanted = user?.getChildren("invite").flatMap(readWanted) ?? [];
  if (wanted.length > 0) return { kind: "invite", wanted };
  const declined = user?.getChildren("decline").flatMap(readWanted)[0];
  if (declined) return { kind: "decline", ...declined };
  const filled = readForm(stanza);
  if (filled) return readVoice(filled);
  const text = "Only words to all (type groupchat), invitations and answers to them can be sent to a room itself.";
  return stanza.getChild("body") || user ? { kind: "senseless", text } : undefined;
}

function readVoice(filled: ReadonlyMap<string, string>): Asked {
  if (filled.get("FORM_TYPE") !== MUC_NS.request) return { kind: "senseless", text: "A room knows no such form." };
  const answer = filled.get("muc#request_allow")?.trim();
  if (answer === undefined)
    return filled.get("muc#role") === "participant"
      ? { kind: "voice" }
      : { kind: "senseless", text: "Nothing but to speak can be asked for." };
  const [asker, askerNick] = [filled.get("muc#jid"), filled.get("muc#roomnick")];
  return { kind: "grant-voice", isAllowed: answer === "1" || answer === "true", asker, askerNick };
}

function readWanted(element: XmlElement): Wanted[] {
  const to = readJid(element.attrs.to);
  return to === undefined
    ? []
    : [{ to: bare(to), toNick: resourceOf(to), reason: (element.getChildText("reason") ?? "").trim() }];
}

function readSpeech(stanza: XmlElement): Asked | undefined {
  const subject = stanza.getChildText("subject");
  const hasBody = stanza.getChild("body") !== undefined;
  if (subject !== null && !hasBody) return { kind: "subject", subject: subject.trim() };
  const message = readMessage(stanza);
  if (message === undefined) return undefined;
  const words = readRoomWords(stanza);
  const { reacts, retracts, isNudge } = words;
  const isAbout = reacts !== undefined || retracts !== undefined;
  const carries = message.url !== undefined || message.carried.length > 0;
  if (hasBody || isAbout || carries || isNudge || message.isEncrypted)
    return { kind: "say", words, isEncrypted: message.isEncrypted };
  const { state } = message;
  return { kind: "aside", isTyping: state === undefined ? undefined : state === "composing" };
}

/** Reactions of one person to one message. */
const MOST_EMOJI = 20;

export function readRoomWords(stanza: XmlElement): RoomWords {
  const message = readMessage(stanza);
  const reactions = stanza.getChild("reactions", MUC_NS.reactions);
  const to = reactions?.attrs.id;
  const emoji = reactions?.getChildren("reaction").map((one) => one.text().trim().slice(0, 64)) ?? [];
  return {
    body: message?.body ?? "",
    id: message?.id,
    corrects: message?.corrects,
    repliesTo: stanza.getChild("reply", MUC_NS.reply)?.attrs.id,
    retracts: stanza.getChild("retract", MUC_NS.retract)?.attrs.id,
    reacts: to === undefined ? undefined : { to, emoji: emoji.filter((one) => one !== "").slice(0, MOST_EMOJI) },
    isNudge: message?.isNudge ?? false,
  };
}

function readIq(stanza: XmlElement): Asked | undefined {
  const { type } = stanza.attrs;
  const child = elements(stanza)[0];
  return child && (type === "get" || type === "set") ? { kind: "iq", type, child } : undefined;
}

/** What only a room may say of a message, or nobody: what people write there is no proof of anything. */
function isOfTheRoom(part: XmlElement, room: BareJid): boolean {
  const namespace = part.attrs.xmlns;
  if (namespace === MUC_NS.user || namespace === MUC_NS.muc || namespace === MUC_NS.occupantId) return true;
  if (namespace === NS.delay) return true;
  return part.name === "stanza-id" && readJid(part.attrs.by) === room;
}

/** All that a message carries to those who get it from the room. */
export function partsOf(stanza: XmlElement, room: BareJid): XmlElement[] {
  return elements(stanza)
    .filter((part) => !isOfTheRoom(part, room) && part.name !== "error")
    .map(copyOf);
}

/** What of a presence others are shown: how somebody is, what their client can do, their picture. */
const SHOWN: ReadonlySet<string> = new Set(["show", "status", NS.caps, NS.vcardUpdate, NS.nick, "urn:xmpp:idle:1"]);

/** `max`: UTF-16 units of all of it; what is longer is left out. */
export function shownIn(stanza: XmlElement, max: number): XmlElement[] {
  let left = max;
  return elements(stanza).flatMap((part) => {
    if (!SHOWN.has(part.attrs.xmlns ?? part.name)) return [];
    const copy = copyOf(part);
    left -= copy.toString().length;
    return left < 0 ? [] : [copy];
  });
}

/** A message to somebody that asks them into a room, from person to person (XEP-0249). */
export function readDirectInvitation(message: XmlElement): { room: BareJid; reason: string } | undefined {
  const x = message.getChild("x", MUC_NS.conference);
  const room = readJid(x?.attrs.jid);
  return room && { room: bare(room), reason: (x?.attrs.reason ?? "").trim() };
}

/** A direct invitation of a ghost, as if it had been sent to the room. */
export function asMediated(message: XmlElement, room: BareJid, to: BareJid, reason: string): XmlElement {
  const invite = el("invite", { to }, reason === "" ? undefined : el("reason", {}, reason));
  const { from, id } = message.attrs;
  return el("message", { from, to: room, id }, el("x", { xmlns: MUC_NS.user }, invite));
}
