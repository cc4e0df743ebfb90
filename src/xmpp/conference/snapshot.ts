/**
 * A room as plain data (JSON), and made again from it. Who sits in it is part of it: a component that was away comes back to
 * the same rooms with the same people in them, who have noticed nothing and have not been told anything (status 332 would
 * make clients show the room as closed, and many stay out then). Clients that have gone meanwhile are found by asking them
 * (`Conference.check`), and by what their servers send back.
 */
import { BridgeError } from "../../bridge/errors.ts";
import type { BareJid, Jid } from "../jid.ts";
import type { XmlElement } from "../stanza/xml.ts";
import { History, packAll, type Said, unpackAll } from "./history.ts";
import { type Packed, pack, unpack } from "./packed.ts";
import { readRoomWords } from "./read.ts";
import { type RoomOptions, RoomState, type Subject, type Wish } from "./state.ts";
import type { Affiliation, By, Role, RoomConfig, RoomEvent, WishId } from "./types.ts";

export interface RoomSnapshot {
  readonly version: 1;
  readonly jid: BareJid;
  readonly config: RoomConfig;
  readonly subject: Subject;
  readonly members: readonly { readonly who: BareJid; readonly affiliation: Affiliation; readonly nick?: string }[];
  readonly seats: readonly SeatSnapshot[];
  readonly history: readonly Said[];
  readonly wishes: readonly WishSnapshot[];
}

export interface SeatSnapshot {
  readonly who: BareJid;
  readonly isGhost: boolean;
  readonly nick: string;
  readonly role: Role;
  readonly shown: readonly Packed[];
  /** With when each was heard of last, Unix ms. */
  readonly clients: readonly (readonly [Jid, number])[];
}

export interface WishSnapshot {
  readonly id: WishId;
  readonly at: number;
  readonly by: By;
  readonly stanza: Packed;
  readonly event: Omit<RoomEvent, "stanza" | "words">;
}

export function snapshotOf(room: RoomState): RoomSnapshot {
  const { jid, config, subject, members, seats, history, wishes } = room;
  return {
    version: 1,
    jid,
    config,
    subject,
    members: [...members].map(([who, { affiliation, nick }]) => ({
      who,
      affiliation,
      ...(nick === undefined ? {} : { nick }),
    })),
    seats: [...seats].map(({ clients, shown, views: _, ...seat }) => ({
      ...seat,
      shown: packAll(shown),
      clients: [...clients],
    })),
    history: history.all,
    wishes: [...wishes.values()].map(packWish),
  };
}

type Gone = { readonly stanza?: undefined; readonly words?: undefined };

export function packWish({ stanza, event, ...wish }: Wish): WishSnapshot {
  // The stanza of the event is that of the wish, once more, and its words are in it.
  const told: WishSnapshot["event"] & Gone = { ...event, stanza: undefined, words: undefined };
  return { ...wish, stanza: pack(stanza), event: told };
}

/** @throws BridgeError `internal` when the snapshot is of another kind of house. */
export function restoreState(snapshot: RoomSnapshot, options: RoomOptions): RoomState {
  if (snapshot.version !== 1 || snapshot.jid !== options.jid)
    throw new BridgeError("internal", { detail: `this is no snapshot of the room ${options.jid}` });
  const room = new RoomState({ ...options, config: { ...snapshot.config, ...options.config } });
  for (const { who, affiliation, nick } of snapshot.members) room.setMember(who, affiliation, nick ?? null);
  for (const { shown, clients, ...seat } of snapshot.seats)
    room.seats.add({ ...seat, shown: unpackAll(shown), clients: new Map(clients), views: new Map() });
  // Their voice cannot be taken; an older bridge had kept that it was.
  for (const seat of room.seats) if (seat.isGhost) room.settleRole(seat);
  room.subject = snapshot.subject;
  room.history = new History(room.limits, snapshot.history);
  for (const { stanza, event, ...wish } of snapshot.wishes) {
    const element = unpack(stanza);
    room.wishes.set(wish.id, { ...wish, stanza: element, event: toldOf(event, element) });
  }
  return room;
}

function toldOf(event: WishSnapshot["event"], stanza: XmlElement): RoomEvent {
  if (event.kind === "said") return { ...event, stanza, words: readRoomWords(stanza) } as RoomEvent;
  return (event.kind === "private" ? { ...event, stanza } : event) as RoomEvent;
}
