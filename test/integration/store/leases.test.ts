import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fence, Shard } from "../../../src/bridge/model.ts";
import { messageId } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { account, Fixture, out, person, said, textsIn } from "./fixture.ts";

let fixture: Fixture;
let store: Store;

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});
afterAll(() => fixture.stop());

async function taken(shard: Shard, owner: string): Promise<Fence> {
  const fence = await store.acquire(shard, owner, 60_000);
  if (fence === undefined) throw new Error(`${owner} did not get the shard`);
  return fence;
}

test("one of many owners gets a free shard", async () => {
  const shard = 1 as Shard;
  const owners = Array.from({ length: 20 }, (_, i) => `worker-${i}`);
  const fences = await Promise.all(owners.map((owner) => store.acquire(shard, owner, 60_000)));
  expect(fences.filter((fence) => fence !== undefined)).toHaveLength(1);
});

test("a lease that is given up is free, and the next fence is greater", async () => {
  const shard = 2 as Shard;
  const first = await taken(shard, "a");
  await store.release(shard, "a", first);
  expect(await taken(shard, "b")).toBeGreaterThan(first);
  expect(await store.renew(shard, "a", first, 60_000)).toBe(false);
});

test("a lease that nobody renews runs out; renewing keeps it", async () => {
  const shard = 3 as Shard;
  const fence = await store.acquire(shard, "a", 10_000);
  if (fence === undefined) throw new Error("the shard is free");
  expect(await store.renew(shard, "a", fence, 60_000)).toBe(true);
  expect(await fixture.admin.pttl("msnb:{s3}:lease")).toBeGreaterThan(10_000);
  expect(await store.acquire(shard, "b", 60_000)).toBeUndefined();
  expect(await store.renew(shard, "a", fence, 100)).toBe(true);
  await expect.poll(() => store.acquire(shard, "b", 60_000)).toBeGreaterThan(fence);
  expect(await store.renew(shard, "a", fence, 60_000)).toBe(false);
});

test("the same owner gets its shard anew, and its earlier lease is void", async () => {
  const shard = 4 as Shard;
  const before = await taken(shard, "a");
  const after = await taken(shard, "a");
  expect(after).toBeGreaterThan(before);
  expect(await store.renew(shard, "a", before, 60_000)).toBe(false);
  expect(await store.renew(shard, "a", after, 60_000)).toBe(true);
});

test("a late release of an old lease does not end the new one", async () => {
  const shard = 5 as Shard;
  const old = await taken(shard, "a");
  const now = await taken(shard, "a");
  await store.release(shard, "a", old);
  expect(await store.renew(shard, "a", now, 60_000)).toBe(true);
});

test("an owner's name may hold blanks and colons", async () => {
  const shard = 6 as Shard;
  const fence = await taken(shard, "host name: 17");
  expect(await store.renew(shard, "host name: 17", fence, 60_000)).toBe(true);
  expect(await store.acquire(shard, "host name", 60_000)).toBeUndefined();
});

test("fences grow even when Redis has lost the last one", async () => {
  const shard = 7 as Shard;
  const fence = await taken(shard, "a");
  await fixture.admin.del("msnb:{s7}:lease", "msnb:{s7}:fence");
  await expect.poll(() => store.acquire(shard, "b", 60_000)).toBeGreaterThan(fence);
});

test("a worker that was overtaken can neither finish nor park an entry", async () => {
  const lane = out(account("overtaken"), "bob");
  await store.append(lane, said("a"), "overtaken-a");
  const [entry] = await store.read(lane, undefined, 1);
  if (!entry) throw new Error("an entry was appended");
  const old = await taken(lane.shard, "slow");
  await store.release(lane.shard, "slow", old);
  const now = await taken(lane.shard, "quick");

  await expect(store.done(entry, old)).rejects.toMatchObject({ code: "fenced" });
  const there = out(account("overtaken"), "carol");
  const copying = store.done(entry, old, [{ lane: there, body: said("a") }]);
  await expect(copying).rejects.toMatchObject({ code: "fenced" });
  expect(await textsIn(store, there)).toEqual([]);
  const failure = { code: "internal", text: "x", certainty: "not-sent" } as const;
  const parking = store.park(entry, messageId("$a"), person("ann"), failure, old);
  await expect(parking).rejects.toMatchObject({ code: "fenced" });
  expect(await textsIn(store, lane)).toEqual(["a"]);
  expect(await store.parked(account("overtaken"))).toEqual([]);

  await store.done(entry, now);
  expect(await textsIn(store, lane)).toEqual([]);
});

test("a fence outlives its lease and a restart of Redis", async () => {
  const lane = out(account("outlives"), "bob");
  await store.append(lane, said("a"), "outlives-a");
  const [entry] = await store.read(lane, undefined, 1);
  if (!entry) throw new Error("an entry was appended");
  const old = await taken(lane.shard, "a");
  const now = await taken(lane.shard, "a");
  await store.release(lane.shard, "a", now);
  await fixture.redis.kill();
  await fixture.redis.restart();
  await expect(store.done(entry, old)).rejects.toMatchObject({ code: "fenced" });
  await store.done(entry, now);
});
