/** Coming, going and being called something (XEP-0045 §7.1 to §7.7, §7.14). Pure but for the room's state. */
import { type Jid, jidParts, unescapeNode } from "../jid.ts";
import { el } from "../stanza/xml.ts";
import { no, occupantPresence, reflected, STATUS, subjectMessage } from "./build.ts";
import { delayed, type HistoryWish, type Said, unpackAll } from "./history.ts";
import { freeNick, isNickOf, nickKey, readNick } from "./nicks.ts";
import { entryRole, isMember } from "./ranks.ts";
import { type RoomRequest, shownIn } from "./read.ts";
import type { Seat } from "./seats.ts";
import { type Announcement, deny, type Out, type Proposal, type RoomState } from "./state.ts";
import type { GhostSeat, PresenceParts, Refusal } from "./types.ts";

/** `isNew`: the room has just been made for this. */
export function enter(room: RoomState, request: RoomRequest<"enter">, out: Out, now: number, isNew = false): void {
  const { from, who, history } = request;
  const nick = readNick(request.nick ?? "", room.limits.nick);
  const seat = room.seats.of(who);
  const refusal = whyNot(room, request, nick, seat);
  if (refusal || nick === undefined) deny(refusal ?? badNick(room));
  const shown = shownIn(request.stanza, room.limits.presence);
  const isBack = seat?.clients.has(from) ?? false;
  if (isBack && seat && nick !== seat.nick && room.rules.nick === "free") rename(room, seat, nick, out);
  const given = seat?.nick ?? nick;
  const codes = [
    ...entryCodes(room),
    ...(isNew ? [STATUS.created] : []),
    ...(given === request.nick ? [] : [STATUS.nickGiven]),
  ];
  const own = seat ?? sit(room, { who, nick, shown });
  heard(own, from, now);
  room.touch();
  const changes = shows(own, from, shown);
  welcome(room, own, { client: from, history, codes }, out);
  if (!seat || changes) room.announce(out, own, {}, from);
  sendHistory(room, from, history, out);
  if (!seat) out.tell({ kind: "entered", who, nick });
}

function whyNot(
  room: RoomState,
  { who, from, nick: asked }: RoomRequest,
  nick: string | undefined,
  seat: Seat | undefined,
): Refusal | undefined {
  const { limits, config } = room;
  if (asked === undefined) return no.nick("Nobody enters without a name: add one behind the room's address.");
  if (nick === undefined) return badNick(room);
  const affiliation = room.affiliationOf(who);
  if (affiliation === "outcast") return no.forbidden("You are banned from this room.");
  if (config.membersOnly && !isMember(affiliation))
    return no.member("This room is for its members. Ask somebody who is in it to invite you.");
  if (seat !== undefined) {
    const isFull = !seat.clients.has(from) && seat.clients.size >= limits.clients;
    const isRenaming = seat.clients.has(from) && room.isTaken(nickKey(nick), who);
    if (isRenaming) return taken(nick);
    return isFull ? no.capacity(`You are here with ${limits.clients} clients already.`) : undefined;
  }
  if (room.isTaken(nickKey(nick), who)) return taken(nick);
  if (room.seats.size >= limits.occupants) return no.room(`The room is full: it holds ${limits.occupants}.`);
  return undefined;
}

const badNick = ({ limits }: RoomState): Refusal =>
  no.acceptable(`A name in this room has 1 to ${limits.nick} characters, and something of it can be seen.`);
const taken = (nick: string): Refusal =>
  no.conflict(`Somebody else is called ${nick} in this room; take another name.`);

function sit(room: RoomState, o: { who: Seat["who"]; nick: string; shown: PresenceParts; isGhost?: boolean }): Seat {
  const role = entryRole(room.affiliationOf(o.who));
  const seat: Seat = { isGhost: false, ...o, role, clients: new Map(), views: new Map() };
  room.seats.add(seat);
  return seat;
}

const entryCodes = ({ config }: RoomState): string[] => [
  ...(config.whois === "anyone" ? [STATUS.showsAddresses] : []),
  ...(config.logged ? [STATUS.logged] : []),
];

interface Newcomer {
  readonly client: Jid;
  readonly history: HistoryWish;
  readonly codes: readonly string[];
}

/** Who is there, the newcomer last: by that a client knows that it has seen them all (XEP-0045 §7.2.2). */
function welcome(room: RoomState, own: Seat, { client, codes }: Newcomer, out: Out): void {
  for (const seat of room.seats) if (seat !== own) out.send(room.presenceFor(seat, own, client));
  out.send(room.presenceFor(own, own, client, { codes }));
}

/** What was said, and the subject behind it, by which a client knows that it has heard all (§7.2.13, §7.2.15). */
function sendHistory(room: RoomState, to: Jid, wish: HistoryWish, out: Out): void {
  const { jid, history, subject, limits } = room;
  const build = ({ nick, id, stanzaId, occupantId, parts, at }: Said) =>
    reflected({ room: jid, nick, to, id, stanzaId, occupantId, parts: unpackAll(parts), delay: delayed(jid, at) });
  out.send(...history.last(wish, limits.historyShown, build));
  const { text, nick, at } = subject;
  out.send(subjectMessage(jid, nick, to, text, at === undefined ? undefined : delayed(jid, at)));
}

/** A presence without the wish to enter: how somebody is, or a new name. */
export function show(room: RoomState, request: RoomRequest<"show">, out: Out, now: number): Proposal | undefined {
  const seat = room.seats.at(request.from) ?? deny(no.acceptable("You are not in this room. Enter it again."));
  heard(seat, request.from, now);
  const nick = readNick(request.nick ?? seat.nick, room.limits.nick) ?? deny(badNick(room));
  if (room.isTaken(nickKey(nick), seat.who)) deny(taken(nick));
  const shown = shownIn(request.stanza, room.limits.presence);
  const changes = shows(seat, request.from, shown);
  room.touch();
  if (changes) room.announce(out, seat);
  if (nick === seat.nick) return undefined;
  const by = room.by(request);
  return { acts: ["nick"], event: () => ({ kind: "nick", by, nick }) };
}

/** The old name goes, the new one comes (XEP-0045 §7.6). */
export function rename(room: RoomState, seat: Seat, nick: string, out: Out): void {
  const before = seat.nick;
  if (nick === before) return;
  room.announce(out, seat, { isGone: true, nick, codes: [STATUS.nickChanged] });
  room.seats.rename(seat, nick);
  room.hasGone(before);
  room.touch();
  room.announce(out, seat);
  out.tell({ kind: "renamed", who: seat.who, nick, before });
}

/** With their last words, where there are some (§7.14). */
export function leave(room: RoomState, { from, words }: RoomRequest<"leave">, out: Out): void {
  const seat = room.seats.at(from);
  const status = [...words].slice(0, room.limits.line).join("");
  const shown = status === "" ? [] : [el("status", {}, status)];
  if (seat) drop(room, seat, from, out, "left", { shown });
}

/** What a server sends back of a client that is no more (as other services take it). */
const GONE: ReadonlySet<string> = new Set([
  "gone",
  "internal-server-error",
  "item-not-found",
  "recipient-unavailable",
  "redirect",
  "remote-server-not-found",
  "remote-server-timeout",
  "service-unavailable",
]);

export const isGone = (condition: string): boolean => GONE.has(condition);

/** Something that was sent to a client came back. */
export function lost(room: RoomState, { from, condition }: { from: Jid; condition: string }, out: Out): void {
  const seat = room.seats.at(from);
  if (!seat || !isGone(condition)) return;
  const reason = "Your client could not be reached.";
  drop(room, seat, from, out, "lost", { codes: [STATUS.lost], reason });
}

function drop(room: RoomState, seat: Seat, client: Jid, out: Out, how: "left" | "lost", about: Announcement): void {
  if (seat.clients.size <= 1) {
    room.remove(out, seat, how, about);
    return;
  }
  out.send(room.presenceFor(seat, seat, client, { ...about, isGone: true }));
  seat.clients.delete(client);
  room.touch();
  if (showsNoMore(seat, client)) room.announce(out, seat);
}

/** How somebody is by what one of their clients shows from now on. Whether that is something else. */
function shows(seat: Seat, client: Jid, shown: PresenceParts): boolean {
  seat.views.delete(client);
  seat.views.set(client, shown);
  const changes = !sameParts(seat.shown, shown);
  seat.shown = shown;
  return changes;
}

/** A client has gone: they are as the others show. Of who has shown nothing since the bridge began it is not known. */
function showsNoMore(seat: Seat, client: Jid): boolean {
  seat.views.delete(client);
  const last = [...seat.views].at(-1);
  return last !== undefined && shows(seat, ...last);
}

/** A client has been heard of: it stands for its owner from now on. */
export function heard(seat: Seat, client: Jid, now: number): void {
  seat.clients.delete(client);
  seat.clients.set(client, now);
}

const sameParts = (one: PresenceParts, other: PresenceParts): boolean => one.join("") === other.join("");

/** Tells all clients once more who is there and who is not: what was sent before may not have arrived. */
export function refresh(room: RoomState, out: Out): void {
  const { jid, subject } = room;
  const gone = [...new Set(room.gone)].filter((nick) => room.seats.named(nick) === undefined);
  const item = { affiliation: "none", role: "none" } as const;
  const codes: string[] = [];
  for (const { seat, client } of room.clients()) {
    for (const nick of gone)
      out.send(
        occupantPresence({ room: jid, nick, to: client, isGone: true, item, codes, occupantId: undefined, shown: [] }),
      );
    for (const other of room.seats) out.send(room.presenceFor(other, seat, client));
    out.send(subjectMessage(jid, subject.nick, client, subject.text));
  }
}

/** A ghost comes in, or is told anew how it is. Its name is made a nick that is free. */
export function seatGhost(room: RoomState, { who, name, shown }: GhostSeat, out: Out): void {
  const seat = room.seats.of(who);
  if (!seat) {
    const nick = nickFor(room, who, name);
    const own = sit(room, { who, nick, shown, isGhost: true });
    room.touch();
    room.announce(out, own);
    out.tell({ kind: "entered", who, nick });
    return;
  }
  const changes = !sameParts(seat.shown, shown);
  seat.shown = shown;
  room.touch();
  // Who had to take a number keeps it while their name stays: names do not change because others leave.
  const nick = isNickOf(seat.nick, name, room.limits.nick) ? seat.nick : nickFor(room, who, name);
  if (seat.nick !== nick) rename(room, seat, nick, out);
  else if (changes) room.announce(out, seat);
}

/** Free for somebody of this name; their address is the name of who has none. */
export function nickFor(room: RoomState, who: Seat["who"], name: string): string {
  const { node = who } = jidParts(who as string as Jid);
  return freeNick(name, unescapeNode(node) ?? node, room.limits.nick, (key) => room.isTaken(key, who));
}
