/**
 * What is kept of our rooms over a restart, as small notes that each change when what they are about does:
 *
 * - `<room>`: what it is tied to, its settings, its subject;
 * - `<room> p <jid>`: somebody with a standing in it, or who sits in it with which clients; people do not notice a restart;
 * - `<room> s <number>`: one of the last messages, for those who enter, and so that nothing is said twice;
 * - `<room> w <id>`: words that are on their way to the store, and not shown yet.
 */
import type { Logger } from "pino";
import type { GroupId, GroupKind } from "../../../bridge/groups/model.ts";
import { type HomeName, type RoomId, roomId } from "../../../bridge/model.ts";
import type { RoomNoteStore } from "../../../bridge/ports/store.ts";
import type { RoomConfig, RoomSnapshot, Said, SeatSnapshot, WishSnapshot } from "../../conference/index.ts";
import type { Packed } from "../../conference/packed.ts";
import { type BareJid, domainOf, type Jid, readJid } from "../../jid.ts";
import type { Tie } from "./rules.ts";

/** Bytes of one note (ports/store.ts). */
const NOTE_BYTES = 256 * 1024;
/** Messages of a room that are kept: as many as who enters is shown. */
const KEPT = 30;

interface Head {
  readonly v: 1;
  readonly kind: GroupKind;
  readonly plumbed: boolean;
  readonly group?: GroupId;
  /** What stands of the bridge behind the people's own subject. */
  readonly told?: string;
  readonly config: RoomConfig;
  readonly subject: RoomSnapshot["subject"];
}

type Member = RoomSnapshot["members"][number];

interface Person {
  readonly member?: Omit<Member, "who">;
  /** Their clients; when each was heard of last is of no use later. */
  readonly seat?: Omit<SeatSnapshot, "who" | "clients"> & { readonly clients: readonly Jid[] };
  /** Has been asked in by the bridge. */
  readonly asked?: true;
  /** Has been asked in by somebody, without being in the group. */
  readonly lodger?: true;
}

interface Numbered {
  readonly n: number;
  readonly said: Said;
}

export interface RoomMemo {
  readonly snapshot: RoomSnapshot;
  readonly tie: Tie;
  readonly asked: ReadonlySet<BareJid>;
  readonly lodgers: ReadonlySet<BareJid>;
  readonly told?: string;
}

interface Kept {
  /** What is in the store, by note. */
  readonly notes: Map<RoomId, string>;
  /** The number of each message that is in the store, oldest first. */
  readonly said: Map<string, number>;
}

export interface RoomNotesOptions {
  readonly home: HomeName;
  readonly domain: BareJid;
  readonly store: RoomNoteStore;
  readonly log: Logger;
}

/** Writes only what has changed. Every method but {@link load} rejects with BridgeError `store-down` alone. */
export class RoomNotes {
  readonly #o: RoomNotesOptions;
  readonly #rooms = new Map<BareJid, Kept>();

  constructor(options: RoomNotesOptions) {
    this.#o = options;
  }

  /** @throws BridgeError `store-down`. */
  async load(): Promise<RoomMemo[]> {
    const all = await this.#o.store.roomNotes(this.#o.home);
    const byRoom = new Map<BareJid, Map<string, string>>();
    for (const [key, note] of all) {
      const [jid = "", ...rest] = key.split(" ");
      const room = readJid(jid);
      if (room === undefined || domainOf(room) !== this.#o.domain || room === this.#o.domain) continue;
      const parts = byRoom.get(jid as BareJid) ?? new Map<string, string>();
      byRoom.set(jid as BareJid, parts.set(rest.join(" "), note));
    }
    return [...byRoom].flatMap(([jid, parts]) => this.#restore(jid, parts) ?? []);
  }

  /** A room as it is now, but for its messages and wishes. */
  async keep({ snapshot, tie, told = "", ...people }: RoomMemo): Promise<void> {
    const { jid } = snapshot;
    const kept = this.#of(jid);
    const wanted = new Map<RoomId, string>([[roomId(jid), JSON.stringify(headOf(snapshot, tie, told))]]);
    for (const [who, person] of peopleOf(snapshot, people)) wanted.set(personKey(jid, who), JSON.stringify(person));
    const gone = [...kept.notes.keys()].filter((key) => !wanted.has(key));
    const changed = [...wanted].filter(([key, note]) => kept.notes.get(key) !== note);
    await Promise.all([
      ...changed.map(async ([key, note]) => {
        await this.#o.store.keepRoomNote(this.#o.home, key, note);
        kept.notes.set(key, note);
      }),
      ...gone.map(async (key) => {
        await this.#o.store.dropRoomNote(this.#o.home, key);
        kept.notes.delete(key);
      }),
    ]);
    const still = new Set(snapshot.history.map(({ stanzaId }) => stanzaId));
    await this.#dropSaid(jid, kept, (stanzaId) => !still.has(stanzaId));
  }

  async keepSaid(room: BareJid, said: Said): Promise<void> {
    const kept = this.#of(room);
    if (kept.said.has(said.stanzaId)) return;
    const n = ([...kept.said.values()].at(-1) ?? 0) + 1;
    kept.said.set(said.stanzaId, n);
    try {
      await this.#o.store.keepRoomNote(this.#o.home, saidKey(room, n), fittingSaid({ n, said }));
    } catch (error) {
      kept.said.delete(said.stanzaId);
      throw error;
    }
    const oldest = n - KEPT;
    await this.#dropSaid(room, kept, (_, number) => number <= oldest);
  }

  async keepWish(room: BareJid, wish: WishSnapshot): Promise<void> {
    const note = fitting(wish, { ...wish, stanza: { ...wish.stanza, in: bodyOf(wish.stanza.in) } });
    await this.#o.store.keepRoomNote(this.#o.home, wishKey(room, wish.id), note);
  }

  async dropWish(room: BareJid, id: string): Promise<void> {
    await this.#o.store.dropRoomNote(this.#o.home, wishKey(room, id));
  }

  async drop(room: BareJid): Promise<void> {
    const kept = this.#of(room);
    // The head last: what is left without one is cleaned up at the next start.
    const keys = [...kept.notes.keys()].filter((key) => key !== roomId(room));
    await this.#dropSaid(room, kept, () => true);
    for (const key of [...keys, roomId(room)]) await this.#o.store.dropRoomNote(this.#o.home, key);
    this.#rooms.delete(room);
  }

  async #dropSaid(room: BareJid, kept: Kept, which: (stanzaId: string, n: number) => boolean): Promise<void> {
    const gone = [...kept.said].filter(([stanzaId, n]) => which(stanzaId, n));
    for (const [stanzaId, n] of gone) {
      await this.#o.store.dropRoomNote(this.#o.home, saidKey(room, n));
      kept.said.delete(stanzaId);
    }
  }

  #of(room: BareJid): Kept {
    const kept = this.#rooms.get(room) ?? { notes: new Map(), said: new Map() };
    this.#rooms.set(room, kept);
    return kept;
  }

  #restore(jid: BareJid, parts: ReadonlyMap<string, string>): RoomMemo | undefined {
    const head = parse<Head>(parts.get(""));
    if (head?.v !== 1) {
      this.#forget(jid, parts);
      return undefined;
    }
    const of = <T>(kind: string): (readonly [string, T])[] =>
      [...parts].flatMap(([key, note]) => {
        const value = key.startsWith(`${kind} `) ? parse<T>(note) : undefined;
        return value === undefined ? [] : [[key.slice(2), value] as const];
      });
    const people = of<Person>("p").map(([who, person]) => [who as BareJid, person] as const);
    const said = of<Numbered>("s").map(([, one]) => one);
    said.sort((one, other) => one.n - other.n);
    const kept = this.#of(jid);
    kept.notes.set(roomId(jid), parts.get("") ?? "");
    for (const [who] of people) kept.notes.set(personKey(jid, who), parts.get(`p ${who}`) ?? "");
    for (const one of said) kept.said.set(one.said.stanzaId, one.n);
    const wishes = of<WishSnapshot>("w").map(([, wish]) => wish);
    const { told = "" } = head;
    return { snapshot: snapshotOf(jid, head, people, said, wishes), tie: tieOf(head), ...marksOf(people), told };
  }

  /** What a crash has left of a room that was given up. */
  #forget(jid: BareJid, parts: ReadonlyMap<string, string>): void {
    for (const part of parts.keys()) {
      const key = roomId(part === "" ? jid : `${jid} ${part}`);
      this.#o.store
        .dropRoomNote(this.#o.home, key)
        .catch((error: unknown) => this.#o.log.debug({ err: error, key }, "a note is left of a room that is none"));
    }
  }
}

const personKey = (room: BareJid, who: BareJid): RoomId => roomId(`${room} p ${who}`);
const saidKey = (room: BareJid, n: number): RoomId => roomId(`${room} s ${n}`);
const wishKey = (room: BareJid, id: string): RoomId => roomId(`${room} w ${id}`);

function parse<T>(note: string | undefined): T | undefined {
  try {
    return note === undefined ? undefined : (JSON.parse(note) as T);
  } catch {
    return undefined;
  }
}

function headOf({ config, subject }: RoomSnapshot, { kind, plumbed, group }: Tie, told: string): Head {
  const more = { ...(group === undefined ? {} : { group }), ...(told === "" ? {} : { told }) };
  return { v: 1, kind, plumbed, ...more, config, subject };
}

function tieOf({ kind, plumbed, group }: Head): Tie {
  return { kind, plumbed, ...(group === undefined ? {} : { group }) };
}

type Marks = Pick<RoomMemo, "asked" | "lodgers">;

function marksOf(people: readonly (readonly [BareJid, Person])[]): Marks {
  const marked = (mark: "asked" | "lodger") => new Set(people.flatMap(([who, person]) => (person[mark] ? [who] : [])));
  return { asked: marked("asked"), lodgers: marked("lodger") };
}

function peopleOf({ members, seats }: RoomSnapshot, { asked, lodgers }: Marks): Map<BareJid, Person> {
  const people = new Map<BareJid, Person>();
  for (const who of asked) people.set(who, { asked: true });
  for (const who of lodgers) people.set(who, { ...people.get(who), lodger: true });
  for (const { who, ...member } of members) people.set(who, { ...people.get(who), member });
  for (const { who, clients, ...seat } of seats) {
    // In no order, or every word would change it.
    const sorted = clients.map(([client]) => client).sort();
    people.set(who, { ...people.get(who), seat: { ...seat, clients: sorted } });
  }
  return people;
}

/** Markup takes more place here than on its way; words as long as a message may be fit without it. */
function fitting(whole: unknown, plain: unknown): string {
  const note = JSON.stringify(whole);
  return Buffer.byteLength(note) <= NOTE_BYTES ? note : JSON.stringify(plain);
}

function fittingSaid({ n, said }: Numbered): string {
  return fitting({ n, said }, { n, said: { ...said, parts: bodyOf(said.parts) } });
}

const bodyOf = (parts: Packed["in"]): Packed[] =>
  parts.filter((part) => typeof part !== "string").filter(({ name }) => name === "body");

function snapshotOf(
  jid: BareJid,
  { config, subject }: Head,
  people: readonly (readonly [BareJid, Person])[],
  said: readonly Numbered[],
  wishes: readonly WishSnapshot[],
): RoomSnapshot {
  const now = Date.now();
  const seats = people.flatMap(([who, { seat }]) =>
    seat === undefined ? [] : [{ ...seat, who, clients: seat.clients.map((client) => [client, now] as const) }],
  );
  const members = people.flatMap(([who, { member }]) => (member === undefined ? [] : [{ ...member, who }]));
  return { version: 1, jid, config, subject, members, seats, history: said.map((one) => one.said), wishes };
}
