import type { Logger } from "pino";
import type { Fence, Shard } from "./model.ts";
import { SHARD_COUNT } from "./model.ts";
import type { LeaseStore } from "./ports/store.ts";

export interface LeaseEvents {
  /** The shard is ours now. */
  gained(shard: Shard): void;
  /** The shard may be someone else's from now on: stop everything of it at once. */
  lost(shard: Shard): void;
}

/**
 * Keeps this worker's leases of shards: takes what is free, renews at a third of the time to live, and gives a shard up
 * by its own monotonic clock before the lease can end (source: stack D "Exactly one owner of a puppet session").
 */
export class LeaseKeeper {
  readonly #store: LeaseStore;
  readonly #owner: string;
  readonly #ttlMs: number;
  readonly #events: LeaseEvents;
  readonly #log: Logger;
  readonly #held = new Map<Shard, { fence: Fence; until: number }>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #stopped = false;

  constructor(o: { store: LeaseStore; owner: string; ttlMs: number; events: LeaseEvents; log: Logger }) {
    this.#store = o.store;
    this.#owner = o.owner;
    this.#ttlMs = o.ttlMs;
    this.#events = o.events;
    this.#log = o.log;
  }

  /** The fence of a shard that is ours at this moment; `undefined` when it is not. */
  fence(shard: Shard): Fence | undefined {
    const held = this.#held.get(shard);
    return held && held.until > performance.now() ? held.fence : undefined;
  }

  shards(): Shard[] {
    return [...this.#held.keys()];
  }

  /** One round of taking and renewing now, then one every third of the time to live. */
  async start(): Promise<void> {
    await this.#turn();
    this.#timer = setInterval(() => {
      this.#round ??= this.#turn().finally(() => {
        this.#round = undefined;
      });
    }, this.#ttlMs / 3);
    this.#timer.unref();
  }

  /** Gives everything back. The caller has stopped what runs on the shards. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#round;
    const held = [...this.#held];
    this.#held.clear();
    await Promise.all(
      held.map(([shard, { fence }]) =>
        this.#store
          .release(shard, this.#owner, fence)
          .catch((error: unknown) =>
            this.#log.debug({ err: error, shard }, "lease not released; it runs out by itself"),
          ),
      ),
    );
  }

  async #turn(): Promise<void> {
    if (this.#stopped) return;
    const all = Array.from({ length: SHARD_COUNT }, (_, i) => i as Shard);
    await Promise.all(all.map((shard) => (this.#held.has(shard) ? this.#renew(shard) : this.#acquire(shard))));
  }

  async #acquire(shard: Shard): Promise<void> {
    const asked = performance.now();
    try {
      const fence = await this.#store.acquire(shard, this.#owner, this.#ttlMs);
      if (fence === undefined || this.#stopped) return;
      this.#held.set(shard, { fence, until: asked + this.#ttlMs * 0.9 });
      this.#events.gained(shard);
    } catch (error) {
      this.#log.warn({ err: error, shard }, "lease not taken; trying again");
    }
  }

  async #renew(shard: Shard): Promise<void> {
    const held = this.#held.get(shard);
    if (!held) return;
    const asked = performance.now();
    let kept = false;
    try {
      kept = await this.#store.renew(shard, this.#owner, held.fence, this.#ttlMs);
      if (!kept) return this.#lose(shard, "another worker has it");
    } catch (error) {
      this.#log.warn({ err: error, shard }, "lease not renewed");
    }
    if (kept) held.until = asked + this.#ttlMs * 0.9;
    else if (held.until - performance.now() < this.#ttlMs / 3) this.#lose(shard, "the store did not answer in time");
  }

  #lose(shard: Shard, why: string): void {
    if (!this.#held.delete(shard)) return;
    this.#log.warn({ shard, why }, "lease lost");
    this.#events.lost(shard);
  }
}
