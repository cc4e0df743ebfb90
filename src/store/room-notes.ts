import { BridgeError } from "../bridge/errors.ts";
import { type HomeName, type RoomId, residentId, SHARD_COUNT, type Shard, shardOf } from "../bridge/model.ts";
import type { RoomNoteStore } from "../bridge/ports/store.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";

/** As much as a message with all that is in it. */
const MAX_BYTES = 256 * 1024;

/** What homes keep about rooms of their own. */
export class RedisRoomNotes implements RoomNoteStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;

  constructor(link: RedisLink, keys: Keyspace) {
    this.#link = link;
    this.#keys = keys;
  }

  async keepRoomNote(home: HomeName, room: RoomId, note: string): Promise<void> {
    if (Buffer.byteLength(note) > MAX_BYTES)
      throw new BridgeError("bad-input", { detail: `a note of ${Buffer.byteLength(note)} bytes about a room` });
    await this.#link.command("roomNoteKeep", (r) => r.hset(this.#key(home, room), room, note));
  }

  async dropRoomNote(home: HomeName, room: RoomId): Promise<void> {
    await this.#link.command("roomNoteDrop", (r) => r.hdel(this.#key(home, room), room));
  }

  async roomNotes(home: HomeName): Promise<ReadonlyMap<RoomId, string>> {
    const shards = Array.from({ length: SHARD_COUNT }, (_, shard) => shard as Shard);
    const rows = await Promise.all(
      shards.map((shard) => this.#link.command("roomNotes", (r) => r.hgetall(this.#keys.roomNotes(home, shard)))),
    );
    return new Map(rows.flatMap((row) => Object.entries(row) as [RoomId, string][]));
  }

  #key(home: HomeName, room: RoomId): string {
    return this.#keys.roomNotes(home, shardOf(residentId(home, room)));
  }
}
