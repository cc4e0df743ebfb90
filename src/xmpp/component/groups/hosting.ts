import { randomUUID } from "node:crypto";
import { asBridgeError } from "../../../bridge/errors.ts";
import type { GroupId, GroupSpeaker, GroupView } from "../../../bridge/groups/model.ts";
import {
  type Failure,
  type GhostRef,
  type GroupMessage,
  type MessageId,
  type ResidentId,
  type RoomId,
  residentParts,
} from "../../../bridge/model.ts";
import type { GroupHosting, RoomPower } from "../../../bridge/ports/groups.ts";
import { Conference, type Room } from "../../conference/index.ts";
import { type BareJid, domainOf, readJid } from "../../jid.ts";
import type { XmlElement } from "../../stanza/xml.ts";
import { guestName } from "../rooms/who.ts";
import { roomJid } from "./address.ts";
import type { ForeignRooms, ForeignRoomsOptions } from "./foreign.ts";
import { RoomMemory } from "./memory.ts";
import { RoomNotes } from "./notes.ts";
import { OwnRooms } from "./rooms.ts";
import type { Insiders } from "./standing.ts";
import { Wishes, type WishesOptions } from "./wishes.ts";

/** Rooms of all kinds need the same of the home. */
export interface GroupsOptions extends Omit<ForeignRoomsOptions, "server" | "name" | "limits"> {
  /** As {@link WishesOptions.toGhost}. */
  readonly toGhost: WishesOptions["toGhost"];
  /** Answers what a ghost is asked by iq, in the name of its place in a room. */
  readonly answer: (ghost: BareJid, iq: XmlElement) => void;
  readonly foreign: ForeignRooms;
}

const TICK_MS = 5000;
const CHECK_MS = 3 * 60_000;
const SWEEP_MS = 60_000;
const KEEP_MS = 300;

const NO_ROOM: RoomPower = {
  allowed: false,
  because: "this is a chat of two and no room; say it in the room that you mean, or name that room",
};

/**
 * Rooms of groups: those on the component's own domain, which are kept here, and those of other services. What the core asks
 * goes to the one or the other by the room's address.
 */
export class Groups implements GroupHosting {
  readonly #o: GroupsOptions;
  readonly #conference: Conference;
  readonly #wishes: Wishes;
  readonly #own: OwnRooms;
  readonly #timers: NodeJS.Timeout[] = [];
  #keeping: Promise<void> | undefined;

  constructor(options: GroupsOptions) {
    this.#o = options;
    const { home, host, names, link, spool, secret, recall, log, say, toGhost, answer } = options;
    const notes = new RoomNotes({ home, domain: names.gateway, store: options.notes, log });
    const memory = new RoomMemory(recall);
    const send = (stanza: XmlElement): void => link.sendLoosely(stanza);
    const conference = (): Conference => this.#conference;
    const insiders = (room: BareJid): Insiders | undefined => this.#own.insidersOf(room);
    const subjectSet = (room: Room, by: BareJid): void => this.#own.subjectSet(room, by);
    const shared = { home, host, names, spool, conference, notes, memory, log };
    this.#wishes = new Wishes({ ...shared, send, toGhost, answer, insiders, subjectSet });
    this.#conference = new Conference({
      domain: names.gateway,
      link,
      secret,
      newId: randomUUID,
      told: (room, event) => this.#wishes.told(room, event),
      log,
    });
    this.#own = new OwnRooms({
      names,
      conference: this.#conference,
      notes,
      memory,
      wishes: this.#wishes,
      say,
      log,
    });
  }

  /** Before the link is started. @throws BridgeError `store-down`. */
  async start(): Promise<void> {
    await this.#own.restore();
    await this.#o.foreign.start();
    this.#every(TICK_MS, () => this.#conference.tick());
    this.#every(CHECK_MS, () => this.#inTheirOwnTime(this.#conference.check()));
    this.#every(SWEEP_MS, () => this.#own.sweep());
    this.#every(KEEP_MS, () => this.#keep());
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#o.foreign.stop();
    await this.#keeping;
    this.#keep();
    await this.#keeping;
  }

  online(): void {
    this.#inTheirOwnTime(this.#conference.online());
    this.#wishes.online();
    this.#o.foreign.online();
  }

  offline(): void {
    this.#conference.offline();
    this.#o.foreign.offline();
  }

  /** A stanza of the component's. True: it was about a room, ours or not. Never throws. */
  take(stanza: XmlElement): boolean {
    return this.#o.foreign.take(stanza) || this.#conference.take(stanza);
  }

  /** Rooms that somebody may know of, as items of XEP-0030. */
  items(asker: BareJid): XmlElement[] {
    return this.#conference.items(asker);
  }

  /** Whether a room is one of several people. */
  isRoom(room: RoomId): boolean {
    return roomJid(room) !== undefined;
  }

  openGroup(view: GroupView): Promise<RoomId> {
    return this.#own.openGroup(view);
  }

  shapeGroup(room: RoomId, view: GroupView): Promise<void> {
    return this.#of(room).shapeGroup(room, view);
  }

  deliverToGroup(
    room: RoomId,
    group: GroupId,
    speaker: GroupSpeaker,
    message: GroupMessage,
    key: string,
  ): Promise<MessageId> {
    return this.#of(room).deliverToGroup(room, group, speaker, message, key);
  }

  showGroupTyping(room: RoomId, ghost: GhostRef, typing: boolean, forMs: number): Promise<void> {
    return this.#of(room).showGroupTyping(room, ghost, typing, forMs);
  }

  nameIn(room: RoomId, resident: ResidentId): Promise<string> {
    return this.#of(room).nameIn(room, resident);
  }

  /** An address may come as clients write it: `xmpp:room@service?join`. */
  findRoom(text: string, resident: ResidentId): Promise<RoomId> {
    const plain = text
      .trim()
      .replace(/^xmpp:/i, "")
      .replace(/\?.*$/s, "");
    const jid = readJid(plain);
    const isElsewhere = jid?.includes("@") === true && domainOf(jid) !== this.#o.names.gateway;
    return isElsewhere ? this.#o.foreign.findRoom(text, resident) : this.#own.findRoom(plain, resident);
  }

  async mayBridge(room: RoomId, resident: ResidentId): Promise<RoomPower> {
    if (!this.isRoom(room)) return NO_ROOM;
    return this.#of(room).mayBridge(room, resident);
  }

  publicName(room: RoomId): string {
    return `muc:${room}`;
  }

  releaseGroup(room: RoomId, view: GroupView, how: "unbridge" | "delete"): Promise<void> {
    return this.#of(room).releaseGroup(room, view, how);
  }

  /**
   * As {@link Home.say}: to the person alone, for it may be a page that is for nobody else. A guest of whom a room of another
   * service tells no address can be told nothing but in the room.
   */
  say(resident: ResidentId, room: RoomId, text: string, key: string): Promise<MessageId> {
    if (this.#own.owns(room)) return this.#own.say(room, resident, text, key);
    const jid = roomJid(room);
    const isGuest = jid !== undefined && guestName(residentParts(resident).id, jid) !== undefined;
    return isGuest ? this.#o.foreign.tell(room, text, key) : this.#o.say(resident, `In ${room}: ${text}`, key);
  }

  /** As {@link Home.reportFailure}. */
  reportFailure(
    room: RoomId,
    resident: ResidentId,
    message: MessageId,
    failure: Failure,
    key: string,
  ): Promise<MessageId> {
    return this.#of(room).reportFailure(room, resident, message, failure, key);
  }

  #of(room: RoomId): OwnRooms | ForeignRooms {
    return this.#own.owns(room) ? this.#own : this.#o.foreign;
  }

  /** One after the other; what could not be written is tried again. */
  #keep(): void {
    this.#keeping ??= this.#own
      .keep()
      .catch((error: unknown) => this.#o.log.warn({ err: asBridgeError(error) }, "rooms could not be written down"))
      .finally(() => {
        this.#keeping = undefined;
      });
  }

  #inTheirOwnTime(task: Promise<void>): void {
    task.catch((error: unknown) => this.#o.log.error({ err: asBridgeError(error) }, "rooms could not be looked after"));
  }

  #every(ms: number, task: () => void): void {
    const timer = setInterval(task, ms);
    timer.unref();
    this.#timers.push(timer);
  }
}
