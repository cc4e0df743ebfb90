import { afterAll, beforeAll, expect, test } from "vitest";
import type { EntryId, Fence, LaneEntry, LaneRef } from "../../../src/bridge/model.ts";
import { entryId } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { account, Fixture, inward, out, said, textsIn } from "./fixture.ts";

let fixture: Fixture;
let store: Store;
const free = 0 as Fence;

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});
afterAll(() => fixture.stop());

/** Appends these texts; resolves with the entry of the first and the ids of the others. */
async function filled(lane: LaneRef, ...texts: string[]): Promise<{ first: LaneEntry; ids: EntryId[] }> {
  for (const text of texts) await store.append(lane, said(text), `${lane.shard} ${texts.join("")} ${text}`);
  const [first, ...rest] = await store.read(lane, undefined, 100);
  if (!first) throw new Error("the lane is empty");
  return { first, ids: rest.map(({ id }) => id) };
}

test("entries that were dealt with together leave together; those between them stay", async () => {
  const lane = out(account("together"), "bob");
  const { first, ids } = await filled(lane, "a", "b", "c", "d");
  const [, c] = ids;
  if (c) for (let i = 0; i < 2; i += 1) await store.done(first, free, [], [c]);
  expect(await textsIn(store, lane)).toEqual(["b", "d"]);
  expect(await store.waiting(lane.shard)).toContainEqual(lane);
});

test("a lane whose last entries leave together is gone", async () => {
  const lane = out(account("all"), "bob");
  const { first, ids } = await filled(lane, "a", "b", "c");
  await store.done(first, free, undefined, ids);
  expect(await textsIn(store, lane)).toEqual([]);
  expect(await store.waiting(lane.shard)).not.toContainEqual(lane);
  expect((await fixture.admin.keys("*")).filter((key) => key.includes(`lane:out|${account("all")}`))).toEqual([]);
});

test("with copies they leave together, too, and the copies are made once", async () => {
  const lane = out(account("copies"), "bob");
  const [home, other] = [inward(account("copies"), "bob"), inward(account("copies"), "carol")];
  const { first, ids } = await filled(lane, "a", "b", "c", "d");
  const copies = [
    { lane: home, body: said("copy") },
    { lane: other, body: said("other copy") },
  ];
  for (let i = 0; i < 2; i += 1) await store.done(first, free, copies, ids.slice(0, 2));
  expect(await textsIn(store, lane)).toEqual(["d"]);
  expect(await textsIn(store, home)).toEqual(["copy"]);
  expect(await textsIn(store, other)).toEqual(["other copy"]);
});

test("a lane whose last entries leave with copies is gone", async () => {
  const lane = out(account("all-copies"), "bob");
  const home = inward(account("all-copies"), "bob");
  const { first, ids } = await filled(lane, "a", "b");
  await store.done(first, free, [{ lane: home, body: said("copy") }], ids);
  expect(await store.waiting(lane.shard)).not.toContainEqual(lane);
  expect(await store.waiting(lane.shard)).toContainEqual(home);
});

test("what left before, or never was there, does not matter to those that leave now", async () => {
  const lane = out(account("odd"), "bob");
  const { first, ids } = await filled(lane, "a", "b");
  await store.done(first, free, [], [entryId("1-1"), ...ids, ...ids]);
  expect(await textsIn(store, lane)).toEqual([]);
});

test("a late owner takes nothing out, neither the entry nor those with it", async () => {
  const lane = out(account("late"), "bob");
  const { first, ids } = await filled(lane, "a", "b");
  const fence = await store.acquire(lane.shard, "young", 60_000);
  if (fence === undefined) throw new Error("the shard was free");
  const late = (fence - 1) as Fence;
  const fenced = { code: "fenced" };
  const copy = { lane: inward(account("late"), "bob"), body: said("copy") };
  await expect(store.done(first, late, [], ids)).rejects.toMatchObject(fenced);
  await expect(store.done(first, late, [copy], ids)).rejects.toMatchObject(fenced);
  expect(await textsIn(store, lane)).toEqual(["a", "b"]);
  await store.done(first, fence, [copy], ids);
  expect(await textsIn(store, lane)).toEqual([]);
});
