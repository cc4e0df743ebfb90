import type { Logger } from "pino";
import type { Secret } from "../../bridge/secret.ts";
import { type BareJid, bare, domainOf, type Jid, parseBareJid, readJid } from "../jid.ts";
import { StanzaRefusal } from "../link/requests.ts";
import type { Identity } from "../stanza/disco.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";
import { MUC, MUC_NS } from "./build.ts";
import { asMediated, readDirectInvitation, readRequest } from "./read.ts";
import { noSuchRoom, Room } from "./room.ts";
import type { RoomSnapshot } from "./snapshot.ts";
import type { RoomOptions } from "./state.ts";
import type { Outcome, RoomEvent } from "./types.ts";

/** What a conference needs of the component's link; `request` rejects with {@link StanzaRefusal} for an error that came. */
export interface ConferenceLink {
  sendLoosely(stanza: XmlElement): void;
  /** @throws BridgeError `home-down`, `home-busy`. */
  sendSurely(...stanzas: readonly XmlElement[]): Promise<void>;
  request(
    ask: { to: Jid; from?: Jid; type: "get" | "set" },
    child: XmlElement,
    timeoutMs?: number,
  ): Promise<XmlElement>;
}

/** What kind of room it is; the rest the conference knows. */
export type RoomKind = Omit<RoomOptions, "jid" | "secret" | "newId">;

export interface ConferenceOptions {
  /** The component's domain: rooms and ghosts live side by side below it. */
  readonly domain: BareJid;
  readonly link: ConferenceLink;
  readonly secret: Secret;
  readonly newId: () => string;
  /** Called in order, after the stanzas were sent. Must not throw. */
  readonly told: (room: Room, event: RoomEvent) => void;
  /** A room that somebody wants to enter and that is none: what kind it becomes, with them as owner, or nothing. */
  readonly make?: (room: BareJid, by: BareJid) => RoomKind | undefined;
  readonly now?: () => number;
  readonly log: Logger;
  readonly limits?: Partial<ConferenceLimits>;
}

export interface ConferenceLimits {
  readonly rooms: number;
  /** After how much silence a client is asked whether it is there, and how long the answer may take, ms. */
  readonly quietMs: number;
  readonly answerMs: number;
  /** Clients that are asked at once. */
  readonly asking: number;
}

const DEFAULT_LIMITS: ConferenceLimits = { rooms: 10_000, quietMs: 10 * 60_000, answerMs: 30_000, asking: 50 };

export interface ConferenceSnapshot {
  readonly rooms: readonly RoomSnapshot[];
}

/** The rooms of a component: finds the one that a stanza is for, sends what it answers, tells what it tells. */
export class Conference {
  readonly #o: ConferenceOptions;
  readonly #limits: ConferenceLimits;
  readonly #rooms = new Map<BareJid, Room>();
  /** The revisions that {@link changed} has given last. */
  readonly #given = new Map<BareJid, number>();

  constructor(options: ConferenceOptions) {
    this.#o = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  get rooms(): ReadonlyMap<BareJid, Room> {
    return this.#rooms;
  }

  /** The room, made when it is not there; `undefined` when there are too many. @throws BridgeError `bad-input`. */
  room(jid: BareJid, kind: RoomKind = {}): Room | undefined {
    const known = this.#rooms.get(jid);
    if (known) return known;
    if (this.#rooms.size >= this.#limits.rooms) return undefined;
    const room = Room.make(this.#optionsOf(jid, kind));
    this.#rooms.set(jid, room);
    return room;
  }

  /** Rooms as they were, with everybody in them. `kind`: what is not stored with a room. */
  restore({ rooms }: ConferenceSnapshot, kind: (room: BareJid) => RoomKind = () => ({})): void {
    for (const snapshot of rooms.slice(0, this.#limits.rooms)) {
      const room = Room.restore(snapshot, this.#optionsOf(snapshot.jid, kind(snapshot.jid)));
      this.#rooms.set(snapshot.jid, room);
      this.#given.set(snapshot.jid, room.revision);
    }
  }

  snapshot(): ConferenceSnapshot {
    return { rooms: [...this.#rooms.values()].map((room) => room.snapshot()) };
  }

  /** The rooms that have changed since this was asked last, and those that are no more. */
  changed(): { rooms: readonly RoomSnapshot[]; gone: readonly BareJid[] } {
    const changed = [...this.#rooms.values()].filter(({ jid, revision }) => this.#given.get(jid) !== revision);
    const gone = [...this.#given.keys()].filter((jid) => !this.#rooms.has(jid));
    for (const { jid, revision } of changed) this.#given.set(jid, revision);
    for (const jid of gone) this.#given.delete(jid);
    return { rooms: changed.map((room) => room.snapshot()), gone };
  }

  #optionsOf(jid: BareJid, kind: RoomKind): RoomOptions {
    parseBareJid(jid);
    return { ...kind, jid, secret: this.#o.secret, newId: this.#o.newId };
  }

  /** A stanza of the component's. False: it is about no room, and somebody else's to handle. Never throws. */
  take(stanza: XmlElement): boolean {
    const to = readJid(stanza.attrs.to);
    if (to === undefined || domainOf(to) !== this.#o.domain) return false;
    const now = this.#now();
    const jid = bare(to);
    const room = this.#rooms.get(jid);
    if (!room) return this.#toNoRoom(stanza, jid, now);
    const request = readRequest(stanza, now);
    if (request) this.#carry(room, room.take(request, now));
    return true;
  }

  /** What is to be sent and told of what the bridge has done in a room, as far as it can be sent. */
  #carry(room: Room, { stanzas, events }: Outcome): void {
    for (const stanza of stanzas) this.#o.link.sendLoosely(stanza);
    this.#tell(room, events);
  }

  #tell(room: Room, events: readonly RoomEvent[]): void {
    if (room.isDestroyed) this.#rooms.delete(room.jid);
    for (const event of events) this.#o.told(room, event);
  }

  /** Does something in a room, and hopes. */
  loosely(room: Room, work: (room: Room, now: number) => Outcome): void {
    this.#carry(room, work(room, this.#now()));
  }

  /**
   * Does something in a room, and resolves when the server has surely processed it.
   * @throws BridgeError `home-down`, `home-busy`: do it again, what carries an id is known by it.
   */
  async surely(room: Room, work: (room: Room, now: number) => Outcome): Promise<void> {
    const { stanzas, events } = work(room, this.#now());
    this.#tell(room, events);
    if (stanzas.length > 0) await this.#o.link.sendSurely(...stanzas);
  }

  /** Wants to enter a room that is none, or asks a ghost into one that is; anything else is not for a room. */
  #toNoRoom(stanza: XmlElement, jid: BareJid, now: number): boolean {
    if (stanza.name === "message") return this.#direct(stanza, jid, now);
    if (stanza.name !== "presence" || stanza.attrs.type !== undefined) return false;
    if (stanza.getChild("x", MUC_NS.muc) === undefined) return false;
    const request = readRequest(stanza, now);
    if (request === undefined) return true;
    const kind = this.#o.make?.(jid, request.who);
    const room = kind && this.room(jid, kind);
    if (room === undefined) {
      this.#o.link.sendLoosely(noSuchRoom(stanza));
      return true;
    }
    room.rank(request.who, "owner");
    this.#carry(room, room.take(request, now, true));
    return true;
  }

  /** XEP-0249: a ghost cannot come by itself. */
  #direct(message: XmlElement, ghost: BareJid, now: number): boolean {
    if (message.attrs.type === "error") return false;
    if (message.attrs.type === "groupchat") {
      this.#o.link.sendLoosely(noSuchRoom(message));
      return true;
    }
    const invitation = readDirectInvitation(message);
    const room = invitation && this.#rooms.get(invitation.room);
    if (!room) return false;
    const request = readRequest(asMediated(message, room.jid, ghost, invitation.reason), now);
    if (request) this.#carry(room, room.take(request, now));
    return true;
  }

  /** What the service is (XEP-0030), besides what else answers under the domain. */
  static readonly identity: Identity = { category: "conference", type: "text", name: "Group chats" };
  static readonly features: readonly string[] = [MUC];

  /** The service's rooms, as far as somebody may know of them (XEP-0045 §6.3). */
  items(asker: BareJid): XmlElement[] {
    return [...this.#rooms.values()]
      .filter((room) => room.config.listed || room.isMember(asker))
      .map(({ jid, config }) => el("item", { jid, name: config.name === "" ? undefined : config.name }));
  }

  /** Refuses wishes that nobody has answered. To be called every few seconds. */
  tick(): void {
    for (const room of [...this.#rooms.values()]) this.#carry(room, room.expire(this.#now()));
  }

  /**
   * Asks clients that were quiet for long whether they are there (XEP-0199), and takes those out whose server says that they
   * are not. To be called every few minutes; with 0 when the link is back, for what has happened meanwhile. Never rejects.
   */
  async check(quietMs: number = this.#limits.quietMs): Promise<void> {
    const before = this.#now() - quietMs;
    const asked = [...this.#rooms.values()].flatMap((room) =>
      room.quietClients(quietMs === 0 ? Number.POSITIVE_INFINITY : before).map((client) => ({ room, client })),
    );
    const workers = Array.from({ length: Math.min(this.#limits.asking, asked.length) }, async () => {
      for (let next = asked.pop(); next !== undefined; next = asked.pop()) await this.#ask(next.room, next.client);
    });
    await Promise.all(workers);
  }

  async #ask(room: Room, client: Jid): Promise<void> {
    const ask = { to: client, from: room.jid as string as Jid, type: "get" } as const;
    try {
      await this.#o.link.request(ask, el("ping", { xmlns: NS.ping }), this.#limits.answerMs);
      room.heard(client, this.#now());
    } catch (error) {
      // No answer is none: a phone that sleeps comes back, and its server says so when it does not.
      if (error instanceof StanzaRefusal) this.#carry(room, room.lost(client, error.condition));
      else this.#o.log.debug({ err: error, client }, "a client did not answer");
    }
  }

  #now(): number {
    return this.#o.now?.() ?? Date.now();
  }
}
