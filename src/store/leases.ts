import type { Fence, Shard } from "../bridge/model.ts";
import type { LeaseStore } from "../bridge/ports/store.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";

/** Leases of shards with fencing tokens (source: stack D "Exactly one owner of a puppet session"). */
export class RedisLeases implements LeaseStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;

  constructor(link: RedisLink, keys: Keyspace) {
    this.#link = link;
    this.#keys = keys;
  }

  async acquire(shard: Shard, owner: string, ttlMs: number): Promise<Fence | undefined> {
    const reply = await this.#link.script(
      "leaseAcquire",
      [this.#keys.lease(shard), this.#keys.fence(shard)],
      [owner, Math.ceil(ttlMs)],
    );
    return reply === "taken" ? undefined : (Number(reply) as Fence);
  }

  async renew(shard: Shard, owner: string, fence: Fence, ttlMs: number): Promise<boolean> {
    return (await this.#link.script("leaseRenew", [this.#keys.lease(shard)], [owner, fence, Math.ceil(ttlMs)])) === 1;
  }

  async release(shard: Shard, owner: string, fence: Fence): Promise<void> {
    await this.#link.script("leaseRelease", [this.#keys.lease(shard)], [owner, fence]);
  }
}
