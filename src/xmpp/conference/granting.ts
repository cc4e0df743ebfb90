/** What is wished for: kept, refused, done. Pure but for the room's state. */
import type { BareJid } from "../jid.ts";
import { change } from "./admin.ts";
import { no, result } from "./build.ts";
import { configure } from "./config.ts";
import { rename } from "./entering.ts";
import { inviteAll } from "./inviting.ts";
import { nickKey } from "./nicks.ts";
import type { RoomRequest } from "./read.ts";
import { reflect, setSubject } from "./speaking.ts";
import { deny, type Out, type Proposal, type RoomState, type Wish } from "./state.ts";
import type { RoomEvent } from "./types.ts";

/** By the room's rules. @throws Refused */
export function settle(room: RoomState, request: RoomRequest, { acts, event }: Proposal, now: number, out: Out): void {
  const rule = room.rule(...acts);
  const isNick = acts.includes("nick");
  if (typeof rule === "object") deny((isNick ? no.acceptable : no.allowed)(rule.refused));
  const id = room.newId();
  const told = event(id);
  const wish: Wish = { id, at: now, by: room.by(request), stanza: request.stanza, event: told };
  if (rule === "free") {
    carryOut(room, wish, now, out);
    // A new name tells of itself.
    if (!isNick) out.tell(told);
    return;
  }
  if (room.wishes.size >= room.limits.wishes)
    deny(no.capacity("Too much waits for an answer of the network; try again in a minute."));
  room.wishes.set(id, wish);
  room.touch();
  out.tell({ ...told, wish: id } as RoomEvent);
}

/** Nothing is asked again: who wished it may have left since, or lost the right, and the network has done it all the same. */
export function carryOut(room: RoomState, { event, by, stanza, id }: Wish, now: number, out: Out): void {
  const nick = room.seats.of(by.who)?.nick ?? by.nick ?? "";
  if (event.kind === "said") reflect(room, { by, stanza, stanzaId: id, at: now }, out);
  else if (event.kind === "subject") setSubject(room, { text: event.subject, nick, at: now, id: stanza.attrs.id }, out);
  else if (event.kind === "nick") takeName(room, by.who, event.nick, out);
  else if (event.kind === "invited") inviteAll(room, by.who, event.invitees, out);
  else if (event.kind === "changed") change(room, event.changes, nick === "" ? undefined : nick, out);
  else if (event.kind === "configured") configure(room, event.config, out);
  else if (event.kind === "destroyed") room.destroy(out, event.reason, event.instead);
  if (stanza.name === "iq") out.send(result(stanza));
}

/** Unless somebody has come by that name meanwhile. */
function takeName(room: RoomState, who: BareJid, nick: string, out: Out): void {
  const seat = room.seats.of(who);
  if (seat && !room.isTaken(nickKey(nick), who)) rename(room, seat, nick, out);
}
