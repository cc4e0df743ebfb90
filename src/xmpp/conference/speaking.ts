/** Words to all, to one, and the subject (XEP-0045 §7.4, §7.5, §8.1). Pure but for the room's state. */
import { BridgeError } from "../../bridge/errors.ts";
import { type BareJid, type Jid, withResource } from "../jid.ts";
import { CONDITIONS } from "../stanza/errors.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";
import { no, privateMessage, reflected, refusalOf, subjectMessage } from "./build.ts";
import { heard, nickFor } from "./entering.ts";
import { packAll, unpackAll } from "./history.ts";
import { partsOf, type RoomRequest, readRoomWords } from "./read.ts";
import type { Seat } from "./seats.ts";
import { deny, type Out, type Proposal, type RoomState } from "./state.ts";
import type { By, Refusal, RoomWords } from "./types.ts";

const OUTSIDE = no.acceptable("You are not in this room. Enter it, then say it again.");

/** The seat of who asks, heard of just now. @throws Refused for who does not sit here. */
export function seated(room: RoomState, request: RoomRequest, now: number): Seat {
  const seat = room.seats.at(request.from) ?? deny(OUTSIDE);
  heard(seat, request.from, now);
  return seat;
}

/** Somebody says something to all: told to the bridge, and given back to all when it is granted. */
export function say(room: RoomState, request: RoomRequest<"say">, now: number): Proposal {
  const seat = seated(room, request, now);
  const refusal = whyNotSay(room, seat, request);
  if (refusal) deny(refusal);
  const { words, stanza } = request;
  const by = room.by(request);
  return { acts: ["say"], event: (id) => ({ kind: "said", by, words, stanza, stanzaId: id }) };
}

function whyNotSay(room: RoomState, seat: Seat, request: RoomRequest<"say">): Refusal | undefined {
  if (seat.role === "visitor") return no.forbidden("You may listen here, not speak.");
  if (request.isEncrypted) return { ...CONDITIONS.encrypted, text: new BridgeError("encrypted").person };
  return tooLong(room, request.stanza);
}

function tooLong({ limits }: RoomState, stanza: XmlElement): Refusal | undefined {
  const isLong = stanza.toString().length > limits.message;
  return isLong
    ? no.policy(`A message here has ${limits.message} characters at most, with all that is in it.`)
    : undefined;
}

/** What somebody has said goes to all, themselves included, and into the history. */
export function reflect(
  room: RoomState,
  { by, stanza, stanzaId, at }: { by: By; stanza: XmlElement; stanzaId: string; at: number },
  out: Out,
): void {
  const nick = room.seats.of(by.who)?.nick ?? by.nick ?? "?";
  const parts = partsOf(stanza, room.jid);
  tellAll(room, { who: by.who, nick, id: stanza.attrs.id, stanzaId, parts, at }, out);
}

interface ToAll {
  readonly who: BareJid;
  readonly nick: string;
  readonly id: string | undefined;
  readonly stanzaId: string;
  readonly parts: readonly XmlElement[];
  /** Unix ms. */
  readonly at: number;
  readonly came?: number;
  /** Said at another time than now: shown with it. */
  readonly delay?: XmlElement | undefined;
}

/** Things that nobody needs who comes later are not. */
function isLasting(parts: readonly XmlElement[], { body, reacts, retracts }: RoomWords): boolean {
  const has = (name: string, namespace: string): boolean => parts.some((part) => part.is(name, namespace));
  if (has("no-store", NS.hints) || has("no-permanent-store", NS.hints)) return false;
  return body !== "" || reacts !== undefined || retracts !== undefined;
}

function tellAll(room: RoomState, said: ToAll, out: Out): void {
  const { who, nick, id, stanzaId, parts, at, came = at, delay } = said;
  const occupantId = room.occupantId(who);
  for (const { client } of room.clients())
    out.send(reflected({ room: room.jid, nick, to: client, id, stanzaId, occupantId, parts, delay }));
  const words = readRoomWords(el("message", { from: "a@b", to: "c@d" }, parts));
  if (words.retracts !== undefined) room.history.retract(words.retracts, occupantId);
  if (isLasting(parts, words))
    room.history.add({ stanzaId, id, nick, occupantId, at, ...(came === at ? {} : { came }), parts: packAll(parts) });
  room.touch();
}

/**
 * Something that was said goes out once more, as it was: it may not have arrived. Clients know it by its id. `only`: to one
 * client alone.
 */
export function repeat(room: RoomState, stanzaId: string, out: Out, only?: Jid): void {
  const said = room.history.all.find((one) => one.stanzaId === stanzaId);
  if (!said) return;
  const { id, nick, occupantId, parts } = said;
  for (const { client } of room.clients())
    if (only === undefined || client === only)
      out.send(reflected({ room: room.jid, nick, to: client, id, stanzaId, occupantId, parts: unpackAll(parts) }));
}

/** What the bridge has said by somebody of the network, or by a resident at another place. */
export interface Speech {
  readonly who: BareJid;
  /** Who does not sit here any more is shown under this. */
  readonly name: string;
  /** The same for each try; so is `stanzaId`, which is the id when there is none. */
  readonly id: string;
  readonly stanzaId?: string;
  readonly parts: readonly XmlElement[];
  /** Unix ms, when it was not just now. */
  readonly saidAt?: number;
}

export function speak(room: RoomState, speech: Speech, out: Out, now: number): void {
  const { who, name, id, stanzaId = id, parts, saidAt } = speech;
  const nick = room.seats.of(who)?.nick ?? nickFor(room, who, name);
  const origin = el("origin-id", { xmlns: NS.sid, id });
  const stamp = saidAt === undefined ? undefined : new Date(saidAt).toISOString();
  const delay = stamp === undefined ? undefined : el("delay", { xmlns: NS.delay, from: room.jid, stamp });
  tellAll(room, { who, nick, id, stanzaId, parts: [...parts, origin], at: saidAt ?? now, came: now, delay }, out);
}

/** Typing, markers: of the moment, to all, and kept by nobody. */
export function aside(room: RoomState, request: RoomRequest<"aside">, out: Out, now: number): void {
  const seat = seated(room, request, now);
  if (seat.role === "visitor") return;
  const refusal = tooLong(room, request.stanza);
  if (refusal) deny(refusal);
  const parts = partsOf(request.stanza, room.jid);
  if (parts.length === 0) return;
  passOn(room, seat, request.stanza.attrs.id, parts, out);
  const { isTyping } = request;
  if (isTyping !== undefined) out.tell({ kind: "typing", by: room.by(request), isTyping });
}

export function passOn(
  room: RoomState,
  seat: Seat,
  id: string | undefined,
  parts: readonly XmlElement[],
  out: Out,
): void {
  const occupantId = room.occupantId(seat.who);
  for (const { client } of room.clients())
    out.send(reflected({ room: room.jid, nick: seat.nick, to: client, id, stanzaId: undefined, occupantId, parts }));
}

/** A new subject is wanted (XEP-0045 §8.1). */
export function wantSubject(room: RoomState, request: RoomRequest<"subject">, now: number): Proposal {
  const seat = seated(room, request, now);
  const { subject } = request;
  const may = seat.role === "moderator" || (room.config.changeSubject && seat.role === "participant");
  if (!may) deny(no.forbidden("Only moderators set the subject of this room."));
  if ([...subject].length > room.limits.subject)
    deny(no.policy(`A subject has ${room.limits.subject} characters at most.`));
  const by = room.by(request);
  return { acts: ["subject"], event: () => ({ kind: "subject", by, subject }) };
}

/** As it is: what people set has no more characters than it may have, and what the bridge puts behind it belongs to it. */
export function setSubject(
  room: RoomState,
  { text, nick, at, id }: { text: string; nick: string; at: number; id?: string | undefined },
  out: Out,
): void {
  room.touch();
  room.subject = { text, nick, at };
  for (const { client } of room.clients()) {
    const { name, attrs, children } = subjectMessage(room.jid, nick, client, text);
    out.send(el(name, { ...attrs, id }, ...children));
  }
}

/** Words to one person. To a ghost they are told, so that they go where one talks with it alone. */
export function whisper(room: RoomState, request: RoomRequest<"private">, out: Out, now: number): Proposal | undefined {
  const seat = seated(room, request, now);
  const target = request.nick === undefined ? undefined : room.seats.named(request.nick);
  if (!target) deny(no.such(`There is nobody called ${request.nick} in this room.`));
  const refusal = tooLong(room, request.stanza);
  if (refusal) deny(refusal);
  const { stanza } = request;
  if (target.isGhost) {
    const by = room.by(request);
    const to = target.who;
    return { acts: ["private-ghost"], event: () => ({ kind: "private", by, to, stanza }) };
  }
  const rule = room.rule("private-person");
  if (typeof rule === "object") deny(no.allowed(rule.refused));
  const parts = partsOf(stanza, room.jid);
  const from = withResource(room.jid, seat.nick);
  const occupantId = room.occupantId(seat.who);
  for (const to of target.clients.keys())
    out.send(privateMessage({ from, to, id: stanza.attrs.id, type: request.type, occupantId, parts }));
  return undefined;
}

/** Something that somebody has said goes back to all of their clients: it did not get through after all. */
export function sendBack(
  room: RoomState,
  { who, stanzaId, refusal }: { who: BareJid; stanzaId: string; refusal: Refusal },
  out: Out,
): void {
  const said = room.history.all.find((one) => one.stanzaId === stanzaId);
  const occupantId = room.occupantId(who);
  if (said?.id === undefined || said.occupantId !== occupantId) return;
  for (const to of room.seats.of(who)?.clients.keys() ?? [])
    out.send(refusalOf(el("message", { from: to, to: room.jid, id: said.id, type: "groupchat" }), refusal));
}

/** What a ghost says to one person in the room alone. */
export function whisperAs(
  room: RoomState,
  { ghost, to, id, parts }: { ghost: BareJid; to: BareJid; id: string; parts: readonly XmlElement[] },
  out: Out,
): void {
  const [seat, target] = [room.seats.of(ghost), room.seats.of(to)];
  if (!seat || !target) return;
  const from: Jid = withResource(room.jid, seat.nick);
  const occupantId = room.occupantId(ghost);
  for (const client of target.clients.keys())
    out.send(privateMessage({ from, to: client, id, type: "chat", occupantId, parts }));
}
