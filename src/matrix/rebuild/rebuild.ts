/**
 * The Matrix side of a rebuild: every room of the bot, and every room that one of the ghosts found there is in besides, is
 * looked at once. Nothing is changed by looking.
 */
import { BridgeError } from "../../bridge/errors.ts";
import type { Meter } from "../../bridge/metrics.ts";
import type { GhostRef, NetworkName } from "../../bridge/model.ts";
import { roomId } from "../../bridge/model.ts";
import type { Found, FoundOwn, Rebuilding } from "../../bridge/ports/rebuild.ts";
import type { ProfileStore } from "../../bridge/ports/store.ts";
import { GhostNames } from "../convert/ghost.ts";
import { GROUP } from "../groups/note.ts";
import { RoomState } from "../groups/state.ts";
import { MATRIX } from "../home-name.ts";
import { HomeserverClient } from "../http/client.ts";
import { told } from "../http/errors.ts";
import { ManagementRooms } from "../management.ts";
import { DEFAULT_LIMITS } from "../options.ts";
import type { Registration } from "../registration.ts";
import { asked, isPassing } from "./pace.ts";
import { type BridgeNote, goesOnFrom, goesOnIn, type Knowledge, type Now, type Reading, readRoom } from "./read.ts";

export interface MatrixRebuildOptions {
  readonly homeserverUrl: string;
  readonly domain: string;
  readonly registration: Registration;
  readonly ghostPrefix: string;
  readonly networks: readonly NetworkName[];
  readonly profiles: ProfileStore;
  readonly meter: Meter;
}

/** Requests under way at one time: people use the homeserver meanwhile. */
const AT_ONCE = 4;
/** Upgrades of a room that are followed. */
const UPGRADES = 5;
/** Rooms in a row that could not be looked at: the homeserver is gone. */
const GIVE_UP = 5;
/** Residents whose management rooms are kept in memory. */
const CACHE = 20_000;

/** A room, and who of the bridge is in it. */
interface Place {
  readonly room: string;
  readonly as: string;
}

export function createMatrixRebuilding(options: MatrixRebuildOptions): Rebuilding {
  return new MatrixRebuilding(options);
}

class MatrixRebuilding implements Rebuilding {
  readonly home = MATRIX;
  readonly #know: Knowledge;
  readonly #profiles: ProfileStore;
  readonly #client: HomeserverClient;
  readonly #management: ManagementRooms;
  /** Residents with management rooms from before. */
  readonly #managed = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #ghosts = new Map<string, GhostRef>();
  #failures = 0;

  constructor({ homeserverUrl, domain, registration, ghostPrefix, networks, profiles, meter }: MatrixRebuildOptions) {
    const names = new GhostNames(ghostPrefix, domain);
    const bot = `@${registration.senderLocalpart}:${domain}`;
    this.#know = { home: MATRIX, names, bot, networks };
    this.#profiles = profiles;
    this.#management = new ManagementRooms(MATRIX, profiles, CACHE);
    this.#client = new HomeserverClient({
      homeserverUrl,
      token: registration.asToken,
      home: MATRIX,
      meter,
      connections: AT_ONCE,
      timeoutMs: DEFAULT_LIMITS.requestTimeoutMs,
      onSilent: () => {},
    });
  }

  async *find(seen: (looked: number, of: number) => void): AsyncIterable<Found> {
    const managed: (Reading & { kind: "management" })[] = [];
    let looked = 0;
    for await (const some of this.#places()) {
      for (const [room, reading] of some) {
        seen(++looked, this.#seen.size);
        if (reading.kind === "management") managed.push(reading);
        else if (reading.kind !== "space") yield this.#found(room, reading);
      }
    }
    // The newest is where the bot speaks.
    for (const one of managed.sort((a, b) => a.at - b.at)) yield this.#managementRoom(one);
    yield* this.#names();
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** Some rooms at a time, read. */
  async *#places(): AsyncIterable<readonly (readonly [string, Reading])[]> {
    const { bot } = this.#know;
    const mine = await told(() => this.#joined(bot));
    if (mine === undefined)
      throw new BridgeError("home-refused", {
        detail: `the homeserver does not let the bridge act as ${bot}; msnbridge check says why`,
      });
    yield* this.#inTurns(this.#fresh(mine, bot));
    const asked = new Set<string>();
    for (let todo = this.#ghostsBut(asked); todo.length > 0; todo = this.#ghostsBut(asked)) {
      for (let i = 0; i < todo.length; i += AT_ONCE) {
        const some = todo.slice(i, i + AT_ONCE);
        for (const ghost of some) asked.add(ghost);
        const theirs = await told(() => Promise.all(some.map((ghost) => this.#joined(ghost))));
        const places = theirs.flatMap((rooms, at) => this.#fresh(rooms ?? [], some[at] ?? bot));
        yield* this.#inTurns(places);
      }
    }
  }

  *#inTurns(places: readonly Place[]): Iterable<Promise<(readonly [string, Reading])[]>> {
    for (let i = 0; i < places.length; i += AT_ONCE)
      yield Promise.all(
        places.slice(i, i + AT_ONCE).map(async (place) => [place.room, await this.#look(place)] as const),
      );
  }

  #ghostsBut(asked: ReadonlySet<string>): string[] {
    return [...this.#ghosts.keys()].filter((ghost) => !asked.has(ghost));
  }

  #fresh(rooms: readonly string[], as: string): Place[] {
    const fresh = rooms.filter((room) => !this.#seen.has(room));
    for (const room of fresh) this.#seen.add(room);
    return fresh.map((room) => ({ room, as }));
  }

  /** `undefined` for one that is no user: a ghost that was asked in somewhere and never came. */
  async #joined(as: string): Promise<string[] | undefined> {
    const path = "/_matrix/client/v3/joined_rooms";
    const answer = await asked(() => this.#client.call({ name: "joined-rooms", method: "GET", path, as }));
    if (answer === undefined) return undefined;
    const rooms: readonly unknown[] = Array.isArray(answer.joined_rooms) ? answer.joined_rooms : [];
    return rooms.filter((room): room is string => typeof room === "string");
  }

  /** @throws BridgeError `home-down` when nothing can be looked at any more. */
  async #look(place: Place): Promise<Reading> {
    try {
      const reading = await this.#read(place);
      this.#failures = 0;
      return reading;
    } catch (error) {
      this.#failures += 1;
      if (!isPassing(error) || this.#failures >= GIVE_UP)
        return await told(() => Promise.reject<Reading>(error as Error));
      return { kind: "left-out", why: `the homeserver did not show it: ${reasonOf(error)}`, isLoss: true };
    }
  }

  async #read({ room, as }: Place): Promise<Reading> {
    const events = await this.#stateOf(room, as);
    if (events === undefined)
      return { kind: "left-out", why: "the homeserver does not let the bridge see it", isLoss: true };
    const state = new RoomState(events);
    for (const user of state.members("join", "invite")) this.#meet(user);
    return readRoom(this.#know, events, await this.#followed(room, as, state));
  }

  #meet(user: string): void {
    const ghost = this.#know.names.parse(user);
    if (ghost !== undefined && this.#know.networks.includes(ghost.network)) this.#ghosts.set(user, ghost);
  }

  /** The room in which a room goes on, as long as we are let in there; of one that was not upgraded itself. */
  async #followed(first: string, as: string, here: RoomState): Promise<Now> {
    let [room, state] = [first, here];
    for (let upgrades = 0; upgrades < UPGRADES; upgrades++) {
      const next = goesOnIn(state);
      const events = next === undefined ? undefined : await this.#stateOf(next, as);
      if (next === undefined || events === undefined) break;
      const there = new RoomState(events);
      if (!goesOnFrom(there, room) || there.membership(as) !== "join") break;
      [room, state] = [next, there];
    }
    return { room, state, moved: room !== first };
  }

  #stateOf(room: string, as: string): Promise<readonly unknown[] | undefined> {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/state`;
    return asked(() => this.#client.list({ name: "whole-state", method: "GET", path, as }));
  }

  #found(room: string, reading: Exclude<Reading, { kind: "management" | "space" }>): Found {
    if (reading.kind === "left-out") return { ...reading, room: roomId(room) };
    if (reading.kind === "chat") return reading;
    const { plumbed, notes, ...group } = reading;
    // A room of people keeps its people, whoever of them is linked.
    return { ...group, settle: async () => (plumbed ? undefined : this.#mark(group.room, notes)) };
  }

  /** Nobody is taken out for not being linked yet. @throws BridgeError. */
  async #mark(room: string, notes: readonly BridgeNote[]): Promise<void> {
    const { bot } = this.#know;
    for (const { type, key, content } of notes) {
      const note = content[GROUP] as object;
      if ("rebuilt" in note) continue;
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/state/${type}/${encodeURIComponent(key)}`;
      const body = { ...content, [GROUP]: { ...note, rebuilt: true } };
      const call = { name: "state", method: "PUT", path, as: bot, body } as const;
      await told(async () => {
        await asked(() => this.#client.call(call));
      });
    }
  }

  #managementRoom({ room, mxid }: Reading & { kind: "management" }): FoundOwn {
    return {
      kind: "own",
      sort: "rooms in which people talk with the bot",
      line: `${room}: where ${mxid} talks with the bot`,
      keep: async () => {
        const known = await this.#management.current(mxid);
        if (known !== undefined && !this.#managed.has(mxid)) return false;
        this.#managed.add(mxid);
        await this.#management.add(mxid, room);
        return true;
      },
    };
  }

  /** The names that ghosts have: so none is registered or named again. */
  async *#names(): AsyncIterable<FoundOwn> {
    const all = [...this.#ghosts];
    for (let i = 0; i < all.length; i += AT_ONCE) {
      const some = all.slice(i, i + AT_ONCE);
      const names = await told(() => Promise.all(some.map(([mxid]) => this.#nameOf(mxid))));
      for (const [at, [, ghost]] of some.entries()) {
        const name = names[at];
        if (name !== undefined) yield this.#ghost(ghost, name);
      }
    }
  }

  async #nameOf(mxid: string): Promise<string | undefined> {
    const path = `/_matrix/client/v3/profile/${encodeURIComponent(mxid)}/displayname`;
    const as = this.#know.bot;
    const answer = await asked(() => this.#client.call({ name: "profile", method: "GET", path, as }));
    return typeof answer?.displayname === "string" ? answer.displayname : undefined;
  }

  #ghost(ghost: GhostRef, name: string): FoundOwn {
    return {
      kind: "own",
      sort: "names of contacts",
      keep: async () => {
        if ((await this.#profiles.ghost(MATRIX, ghost)).ready !== undefined) return false;
        await this.#profiles.updateGhost(MATRIX, ghost, { ready: "1", name });
        return true;
      },
    };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : "no answer";
}
