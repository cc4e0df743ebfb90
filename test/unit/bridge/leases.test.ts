import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { LeaseKeeper } from "../../../src/bridge/leases.ts";
import type { Fence, Shard } from "../../../src/bridge/model.ts";
import { SHARD_COUNT } from "../../../src/bridge/model.ts";
import type { LeaseStore } from "../../../src/bridge/ports/store.ts";
import { silent } from "./support.ts";

const keepers: LeaseKeeper[] = [];
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(async () => {
  await Promise.all(keepers.splice(0).map((keeper) => keeper.stop()));
  vi.useRealTimers();
});
const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Leases in memory: who holds what; can be away. */
class ToyLeases implements LeaseStore {
  readonly held = new Map<Shard, { owner: string; fence: Fence }>();
  away = false;
  #fence = 0;

  async acquire(shard: Shard, owner: string): Promise<Fence | undefined> {
    if (this.away) throw new BridgeError("store-down");
    if (this.held.has(shard) && this.held.get(shard)?.owner !== owner) return undefined;
    this.#fence += 1;
    this.held.set(shard, { owner, fence: this.#fence as Fence });
    return this.#fence as Fence;
  }

  async renew(shard: Shard, owner: string, fence: Fence): Promise<boolean> {
    if (this.away) throw new BridgeError("store-down");
    const held = this.held.get(shard);
    return held?.owner === owner && held.fence === fence;
  }

  async release(shard: Shard, owner: string): Promise<void> {
    if (this.held.get(shard)?.owner === owner) this.held.delete(shard);
  }
}

function keeper(store: ToyLeases, owner: string, ttlMs = 90): { keeper: LeaseKeeper; gained: Shard[]; lost: Shard[] } {
  const gained: Shard[] = [];
  const lost: Shard[] = [];
  const events = { gained: (shard: Shard) => gained.push(shard), lost: (shard: Shard) => lost.push(shard) };
  const made = new LeaseKeeper({ store, owner, ttlMs, events, log: silent });
  keepers.push(made);
  return { keeper: made, gained, lost };
}

const one = 7 as Shard;

test("alone it takes every shard, and gives them back when it stops", async () => {
  const store = new ToyLeases();
  const { keeper: a, gained } = keeper(store, "a");
  await a.start();
  expect(gained).toHaveLength(SHARD_COUNT);
  expect(a.shards()).toHaveLength(SHARD_COUNT);
  expect(a.fence(one)).toBeGreaterThan(0);
  await a.stop();
  expect(store.held.size).toBe(0);
  expect(a.fence(one)).toBeUndefined();
});

test("a store that answers slowly is not asked by one round on top of another", async () => {
  const store = new ToyLeases();
  const { keeper: made } = keeper(store, "a");
  await made.start();
  const answer = Promise.withResolvers<boolean>();
  let asked = 0;
  store.renew = () => {
    asked += 1;
    return answer.promise;
  };
  await after(30);
  expect(asked).toBe(SHARD_COUNT);
  await after(100);
  // The rounds that were missed meanwhile are not made up for: the next comes when it is its time.
  answer.resolve(true);
  await after(10);
  expect(asked).toBe(SHARD_COUNT);
  await after(10);
  expect(asked).toBe(2 * SHARD_COUNT);
});

test("what another holds is left alone, and taken when it is free", async () => {
  const store = new ToyLeases();
  const { keeper: a } = keeper(store, "a");
  const { keeper: b, gained } = keeper(store, "b");
  await a.start();
  await b.start();
  expect(gained).toEqual([]);
  await a.stop();
  await after(30);
  expect(gained).toHaveLength(SHARD_COUNT);
});

test("a lease that another has taken is lost at once, and only that one", async () => {
  const store = new ToyLeases();
  const { keeper: a, lost } = keeper(store, "a");
  await a.start();
  store.held.set(one, { owner: "b", fence: 1000 as Fence });
  await after(30);
  expect(lost).toEqual([one]);
  expect(a.fence(one)).toBeUndefined();
  expect(a.shards()).toHaveLength(SHARD_COUNT - 1);
});

test("a store that is away for a moment costs no lease", async () => {
  const store = new ToyLeases();
  const { keeper: a, lost } = keeper(store, "a", 300);
  await a.start();
  store.away = true;
  await after(110);
  store.away = false;
  await after(250);
  expect(lost).toEqual([]);
  expect(a.fence(one)).toBeDefined();
});

test("a store that is away for longer than the lease: everything is given up before it runs out, and taken again under new fences", async () => {
  const store = new ToyLeases();
  const { keeper: a, gained, lost } = keeper(store, "a");
  await a.start();
  const before = a.fence(one);
  store.away = true;
  await after(80);
  expect(lost).toHaveLength(SHARD_COUNT);
  store.away = false;
  await after(30);
  expect(gained).toHaveLength(2 * SHARD_COUNT);
  expect(a.fence(one)).toBeGreaterThan(before ?? 0);
});
