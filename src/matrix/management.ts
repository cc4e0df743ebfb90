/**
 * Which rooms are a resident's management rooms: direct rooms with the bot, in which every line is a command. Kept with the
 * resident in the store, the newest first, and in a small cache, because each event that comes in asks.
 */
import { type HomeName, residentId } from "../bridge/model.ts";
import type { ProfileStore } from "../bridge/ports/store.ts";
import { RecentMap } from "../bridge/recent.ts";

const FIELD = "matrix.management";
/** Rooms kept per resident; the oldest is forgotten. */
const MAX_ROOMS = 10;
/** Another worker may have changed the list: ms until it is looked up again. */
const FRESH_MS = 15_000;

interface Cached {
  readonly rooms: readonly string[];
  readonly until: number;
}

export class ManagementRooms {
  readonly #home: HomeName;
  readonly #profiles: ProfileStore;
  readonly #cache: RecentMap<string, Cached>;

  constructor(home: HomeName, profiles: ProfileStore, cacheSize: number) {
    this.#home = home;
    this.#profiles = profiles;
    this.#cache = new RecentMap(cacheSize);
  }

  /** Answers at once when it knows. @throws BridgeError `store-down`. */
  has(mxid: string, room: string): boolean | Promise<boolean> {
    const cached = this.#cache.get(mxid);
    if (cached && cached.until > Date.now()) return cached.rooms.includes(room);
    return this.#load(mxid).then((rooms) => rooms.includes(room));
  }

  /** The room to speak in. */
  async current(mxid: string): Promise<string | undefined> {
    return (await this.#load(mxid))[0];
  }

  async add(mxid: string, room: string): Promise<void> {
    const rooms = await this.#load(mxid);
    await this.#save(mxid, [room, ...rooms.filter((r) => r !== room)].slice(0, MAX_ROOMS));
  }

  async remove(mxid: string, room: string): Promise<void> {
    const rooms = await this.#load(mxid);
    if (rooms.includes(room))
      await this.#save(
        mxid,
        rooms.filter((r) => r !== room),
      );
  }

  async #load(mxid: string): Promise<readonly string[]> {
    const fields = await this.#profiles.resident(residentId(this.#home, mxid));
    const rooms = (fields[FIELD] ?? "").split(" ").filter((room) => room !== "");
    this.#remember(mxid, rooms);
    return rooms;
  }

  async #save(mxid: string, rooms: readonly string[]): Promise<void> {
    // Matrix room ids hold no blanks.
    await this.#profiles.updateResident(residentId(this.#home, mxid), { [FIELD]: rooms.join(" ") });
    this.#remember(mxid, rooms);
  }

  #remember(mxid: string, rooms: readonly string[]): void {
    this.#cache.set(mxid, { rooms, until: Date.now() + FRESH_MS });
  }
}
