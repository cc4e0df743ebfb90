import type { BareJid, Jid } from "../jid.ts";
import { el, type XmlElement } from "../stanza/xml.ts";
import { giveRole, rank } from "./admin.ts";
import { no, refusalOf, STATUS } from "./build.ts";
import { configure } from "./config.ts";
import { enter, heard, leave, lost, refresh, seatGhost, show } from "./entering.ts";
import { carryOut, settle } from "./granting.ts";
import type { Said } from "./history.ts";
import { bounced, decline, inviteAll, wantInvite } from "./inviting.ts";
import { query } from "./queries.ts";
import { isMember } from "./ranks.ts";
import type { RoomRequest } from "./read.ts";
import { packWish, type RoomSnapshot, restoreState, snapshotOf, type WishSnapshot } from "./snapshot.ts";
import {
  aside,
  passOn,
  repeat,
  type Speech,
  say,
  sendBack,
  setSubject,
  speak,
  wantSubject,
  whisper,
  whisperAs,
} from "./speaking.ts";
import { deny, Out, type Proposal, Refused, type RoomOptions, RoomState, type Wish } from "./state.ts";
import {
  type Affiliation,
  DEFAULT_RULES,
  type GhostSeat,
  type Outcome,
  type Refusal,
  type RoomConfig,
  type RoomEvent,
  type Rules,
  type WishId,
} from "./types.ts";
import { answerVoice, askForVoice } from "./voice.ts";

/** Somebody who sits in a room, as others than its machinery see them. */
export interface Occupant {
  readonly who: BareJid;
  readonly nick: string;
  readonly isGhost: boolean;
  readonly affiliation: Affiliation;
  readonly clients: readonly Jid[];
}

/**
 * One room of the component (XEP-0045): people with several clients each and ghosts, who sits in it, who may do what, what
 * was said. A state machine without I/O: each call gives the stanzas to send, in order, and what is to be told to the
 * bridge. What the network decides is a wish, answered by {@link grant} or {@link refuse}; what it cannot do is refused by
 * the room's rules. Times are Unix ms.
 */
export class Room {
  readonly #state: RoomState;

  private constructor(state: RoomState) {
    this.#state = state;
  }

  static make(options: RoomOptions): Room {
    return new Room(new RoomState(options));
  }

  /** @throws BridgeError `internal` when the snapshot is of another room or another version. */
  static restore(snapshot: RoomSnapshot, options: RoomOptions): Room {
    return new Room(restoreState(snapshot, options));
  }

  snapshot(): RoomSnapshot {
    return snapshotOf(this.#state);
  }

  get jid(): BareJid {
    return this.#state.jid;
  }

  get config(): RoomConfig {
    return this.#state.config;
  }

  get subject(): string {
    return this.#state.subject.text;
  }

  get isDestroyed(): boolean {
    return this.#state.isDestroyed;
  }

  /** Another number each time that something has changed which a snapshot holds. */
  get revision(): number {
    return this.#state.revision;
  }

  get occupants(): readonly Occupant[] {
    return [...this.#state.seats].map(({ who, nick, isGhost, clients }) => ({
      who,
      nick,
      isGhost,
      affiliation: this.#state.affiliationOf(who),
      clients: [...clients.keys()],
    }));
  }

  /** Everybody with a standing in the room, banned ones included. */
  get members(): ReadonlyMap<BareJid, { readonly affiliation: Affiliation; readonly nick: string | undefined }> {
    return this.#state.members;
  }

  isMember(who: BareJid): boolean {
    return isMember(this.#state.affiliationOf(who));
  }

  /** Clients that nothing was heard of since `before`. */
  quietClients(before: number): Jid[] {
    return [...this.#state.seats].flatMap(({ clients }) =>
      [...clients].flatMap(([client, at]) => (at < before ? [client] : [])),
    );
  }

  /** Somebody's request. `isNew`: the room was made for it, who sent it is its owner. */
  take(request: RoomRequest, now: number, isNew = false): Outcome {
    return this.#do((room, out) => {
      try {
        const proposal = handle(room, request, out, { now, isNew });
        if (proposal) settle(room, request, proposal, now, out);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        out.refuse(request, error.refusal);
      }
    });
  }

  /** The network has done what was wished for: done here, too, and answered. Nothing for a wish that is none any more. */
  grant(wish: WishId, now: number): Outcome {
    return this.#answer(wish, (found, room, out) => carryOut(room, found, now, out));
  }

  /** Whether it waits for an answer. */
  isWished(wish: WishId): boolean {
    return this.#state.wishes.has(wish);
  }

  /** It is no wish any more, and nobody is told: it was one before, and has been answered. */
  forget(wish: WishId): void {
    if (this.#state.wishes.delete(wish)) this.#state.touch();
  }

  /** What waits for an answer, oldest first. */
  get wishes(): readonly { readonly wish: WishId; readonly event: RoomEvent }[] {
    return [...this.#state.wishes.values()].map(({ id, event }) => ({ wish: id, event }));
  }

  /** A wish as plain data, as it stands in a snapshot. */
  packedWish(wish: WishId): WishSnapshot | undefined {
    const found = this.#state.wishes.get(wish);
    return found && packWish(found);
  }

  /** What was said last, oldest first. */
  get history(): readonly Said[] {
    return this.#state.history.all;
  }

  occupantId(who: BareJid): string {
    return this.#state.occupantId(who);
  }

  /** What people may do from now on, and what they may not set. */
  govern(rules: Partial<Rules>, fixed: readonly (keyof RoomConfig)[]): void {
    this.#state.rules = { ...DEFAULT_RULES, ...rules };
    this.#state.fixed = new Set(fixed);
  }

  /** Something that was said once more, to all or to one client; nothing when the history has it no more. */
  repeat(stanzaId: string, only?: Jid): Outcome {
    return this.#do((room, out) => repeat(room, stanzaId, out, only));
  }

  /** What somebody has said goes back to their clients, though all have seen it; nothing when the history has it no more. */
  sendBack(who: BareJid, stanzaId: string, refusal: Refusal): Outcome {
    return this.#do((room, out) => sendBack(room, { who, stanzaId, refusal }, out));
  }

  /** Who is there and who is not once more, to all. */
  refresh(): Outcome {
    return this.#do((room, out) => refresh(room, out));
  }

  /** The network has not: whoever wished it is told why. */
  refuse(wish: WishId, refusal: Refusal): Outcome {
    return this.#answer(wish, (found, _room, out) => {
      out.send(refusalOf(found.stanza, refusal));
      out.tell({ kind: "refused", who: found.by.who, condition: refusal.condition, text: refusal.text });
    });
  }

  /** Wishes that nobody has answered in time are refused. */
  expire(now: number): Outcome {
    const { wishes, limits } = this.#state;
    const longest = ({ event }: Wish): number => (event.kind === "said" ? limits.sayMs : limits.wishMs);
    const late = [...wishes.values()].filter((wish) => now - wish.at >= longest(wish));
    const refusal = no.answer("MSN did not answer in time; whether it was done is not known.");
    return join(late.map(({ id }) => this.refuse(id, refusal)));
  }

  /** A ghost is in, or is otherwise than before: name, presence. */
  seatGhost(ghost: GhostSeat): Outcome {
    return this.#do((room, out) => seatGhost(room, ghost, out));
  }

  /** The ghosts that are in, all of them: others leave. */
  seatGhosts(ghosts: readonly GhostSeat[]): Outcome {
    const wanted = new Set(ghosts.map(({ who }) => who));
    const gone = this.occupants.filter(({ who, isGhost }) => isGhost && !wanted.has(who));
    return join([...gone.map(({ who }) => this.putOut(who, "left")), ...ghosts.map((ghost) => this.seatGhost(ghost))]);
  }

  /** Somebody is out by what happened elsewhere: has left, or was kicked there. `actor`: the nick of who did it. */
  putOut(who: BareJid, how: "left" | "kicked", o: { reason?: string; actor?: string } = {}): Outcome {
    return this.#do((room, out) => {
      const seat = room.seats.of(who);
      if (!seat) return;
      if (how === "kicked") giveRole(room, { who, role: "none", ...o }, out);
      else room.remove(out, seat, "left", o);
    });
  }

  /** Somebody's standing as the network has it. */
  rank(who: BareJid, affiliation: Affiliation, o: { nick?: string; reason?: string; actor?: string } = {}): Outcome {
    return this.#do((room, out) => {
      if (!rank(room, { who, affiliation, ...o }, out)) {
        const { members } = room.limits;
        out.tell({ kind: "refused", who, condition: "resource-constraint", text: `the room has ${members} members` });
      }
    });
  }

  /** Words of the network's people, or of a resident at another place. The same `stanzaId` again is sent, and kept once. */
  speak(speech: Speech, now: number): Outcome {
    return this.#do((room, out) => speak(room, speech, out, now));
  }

  /** A ghost to one person in the room alone. */
  whisper(ghost: BareJid, to: BareJid, id: string, parts: readonly XmlElement[]): Outcome {
    return this.#do((room, out) => whisperAs(room, { ghost, to, id, parts }, out));
  }

  /** A ghost's typing or whatever else is of the moment. */
  passOn(ghost: BareJid, parts: readonly XmlElement[]): Outcome {
    return this.#do((room, out) => {
      const seat = room.seats.of(ghost);
      if (seat) passOn(room, seat, undefined, parts, out);
    });
  }

  /** `by`: who has set it, where that is known. */
  setSubject(text: string, now: number, by?: BareJid): Outcome {
    return this.#do((room, out) => {
      const nick = (by && room.seats.of(by)?.nick) ?? "";
      setSubject(room, { text, nick, at: now }, out);
    });
  }

  /** Asks people of XMPP in, in somebody's name. */
  invite(by: BareJid, people: readonly BareJid[], reason = ""): Outcome {
    const invitees = people.map((to) => ({ to, isGhost: this.#state.isGhost(to), reason }));
    return this.#do((room, out) => inviteAll(room, by, invitees, out));
  }

  configure(change: Partial<RoomConfig>): Outcome {
    return this.#do((room, out) => configure(room, change, out));
  }

  /** The room is no more. */
  destroy(reason: string, instead?: BareJid): Outcome {
    return this.#do((room, out) => room.destroy(out, reason, instead));
  }

  /** Everybody is out because the service ends for good or for long (status 332); the room stays. */
  dismiss(reason: string): Outcome {
    return this.#do((room, out) => {
      for (const seat of [...room.seats]) room.remove(out, seat, "shutdown", { codes: [STATUS.shutdown], reason });
    });
  }

  /** A client has answered. */
  heard(client: Jid, now: number): void {
    const seat = this.#state.seats.at(client);
    if (seat) heard(seat, client, now);
  }

  /** A client could not be reached, for this reason. */
  lost(client: Jid, condition: string): Outcome {
    return this.#do((room, out) => lost(room, { from: client, condition }, out));
  }

  #do(work: (room: RoomState, out: Out) => void): Outcome {
    const out = new Out();
    if (!this.#state.isDestroyed) work(this.#state, out);
    return out;
  }

  #answer(wish: WishId, work: (found: Wish, room: RoomState, out: Out) => void) {
    return this.#do((room, out) => {
      const found = room.wishes.get(wish);
      if (!found) return;
      room.wishes.delete(wish);
      room.touch();
      work(found, room, out);
    });
  }
}

/** @throws Refused */
function handle(
  room: RoomState,
  request: RoomRequest,
  out: Out,
  { now, isNew }: { now: number; isNew: boolean },
): Proposal | undefined {
  switch (request.kind) {
    case "say":
      return say(room, request, now);
    case "subject":
      return wantSubject(room, request, now);
    case "private":
      return whisper(room, request, out, now);
    case "invite":
      return wantInvite(room, request, now);
    case "show":
      return show(room, request, out, now);
    case "iq":
      return query(room, request, out, now);
    case "grant-voice":
      return answerVoice(room, request, now);
    case "senseless":
      return deny(no.sense(request.text));
    case "enter":
      enter(room, request, out, now, isNew);
      break;
    case "subscribe":
      out.send(el("presence", { type: "unsubscribed", from: room.jid, to: request.who }));
      break;
    case "leave":
      leave(room, request, out);
      break;
    case "lost":
      if (!bounced(room, request, out)) lost(room, request, out);
      break;
    case "voice":
      askForVoice(room, request, out, now);
      break;
    case "aside":
      aside(room, request, out, now);
      break;
    case "decline":
      decline(room, request, out);
  }
  return undefined;
}

/** Several outcomes as one, in order. */
export function join(outcomes: readonly Outcome[]): Outcome {
  return {
    stanzas: outcomes.flatMap(({ stanzas }) => stanzas),
    events: outcomes.flatMap(({ events }) => events),
  };
}

/** Somebody wants into a room that is none. */
export function noSuchRoom(stanza: XmlElement): XmlElement {
  return refusalOf(stanza, no.such("There is no such room."));
}
