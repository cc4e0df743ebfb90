import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Meter } from "../../../src/bridge/metrics.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import type { Fence, LaneBody, NetworkMessage } from "../../../src/bridge/model.ts";
import { laneName } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import {
  account,
  address,
  control,
  Fixture,
  group,
  inGroup,
  inward,
  matrix,
  out,
  person,
  said,
  textsIn,
  xmpp,
} from "./fixture.ts";

let fixture: Fixture;
let store: Store;
const free = 0 as Fence;

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});
afterAll(() => fixture.stop());

function streamKey(lane: Parameters<typeof laneName>[0]): string {
  return `msnb:{s${lane.shard}}:lane:${laneName(lane)}`;
}

test("entries are read in the order in which they were appended", async () => {
  const lane = out(account("order"), "bob");
  const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => store.append(lane, said(`${i}`), `order-${i}`)));
  expect(new Set(ids).size).toBe(200);
  expect(await textsIn(store, lane)).toEqual(Array.from({ length: 200 }, (_, i) => `${i}`));
});

test("a page starts after the entry it is told and has as many as asked for", async () => {
  const lane = out(account("page"), "bob");
  for (const text of ["a", "b", "c", "d"]) await store.append(lane, said(text), `page-${text}`);
  const first = await store.read(lane, undefined, 2);
  const second = await store.read(lane, first[1]?.id, 10);
  expect([...first, ...second].map((entry) => entry.body)).toEqual(["a", "b", "c", "d"].map(said));
});

test("the depth of a lane is the number of entries that wait in it", async () => {
  const lane = out(account("depth"), "bob");
  expect(await store.depth(lane)).toBe(0);
  for (const text of ["a", "b"]) await store.append(lane, said(text), `depth-${text}`);
  expect(await store.depth(lane)).toBe(2);
});

test("a body comes back as it went in", async () => {
  const lane = inward(account("body"), "bob");
  const message: NetworkMessage = {
    kind: "text",
    from: address("bob@msn.test"),
    fromName: "Böb \u{1F600} ' \" \\ \0",
    text: "line\r\nline\u2028",
    at: 1_700_000_000_123,
  };
  const body: LaneBody = { from: "network", message };
  await store.append(lane, body, "body-1");
  const [entry] = await store.read(lane, undefined, 1);
  expect(entry).toMatchObject({ lane, body });
});

test("an entry that is done leaves; the last one takes the lane with it; doing it again is nothing", async () => {
  const lane = out(account("done"), "bob");
  await store.append(lane, said("a"), "done-a");
  await store.append(lane, said("b"), "done-b");
  const [a, b] = await store.read(lane, undefined, 2);
  if (!a || !b) throw new Error("two entries were appended");
  await store.done(a, free);
  await store.done(a, free);
  expect(await textsIn(store, lane)).toEqual(["b"]);
  expect(await store.waiting(lane.shard)).toContainEqual(lane);
  await store.done(b, free);
  expect(await store.waiting(lane.shard)).not.toContainEqual(lane);
  expect(await fixture.admin.exists(streamKey(lane))).toBe(0);
});

test("ids keep growing when a lane was empty in between and the clock has stepped back", async () => {
  const lane = out(account("clock"), "bob");
  const first = await store.append(lane, said("a"), "clock-a");
  const [entry] = await store.read(lane, undefined, 1);
  if (entry) await store.done(entry, free);
  // As if the last id had been given out an hour from now, before the clock was put back.
  const later = Number(first.split("-")[0]) + 3_600_000;
  await fixture.admin.set(`msnb:{s${lane.shard}}:last`, `${later}-7`);
  expect(await store.append(lane, said("b"), "clock-b")).toBe(`${later}-8`);
  expect(await store.append(lane, said("c"), "clock-c")).toBe(`${later}-9`);
  expect(await textsIn(store, lane)).toEqual(["b", "c"]);
});

test("an append that comes again with its id adds nothing and names the same entry, even when that is done", async () => {
  const lane = out(account("again"), "bob");
  const id = await store.append(lane, said("a"), "again-a");
  expect(await store.append(lane, said("a"), "again-a")).toBe(id);
  const [entry] = await store.read(lane, undefined, 2);
  if (entry) await store.done(entry, free);
  expect(await store.append(lane, said("a"), "again-a")).toBe(id);
  expect(await textsIn(store, lane)).toEqual([]);
});

test("what is remembered of appends is bounded", async () => {
  const lane = out(account("bounded"), "bob");
  for (let round = 0; round < 5; round++)
    await Promise.all(Array.from({ length: 1000 }, (_, i) => store.append(lane, said("x"), `bounded-${round}-${i}`)));
  expect(await fixture.admin.hlen(`msnb:{s${lane.shard}}:recent`)).toBe(4096);
  expect(await fixture.admin.llen(`msnb:{s${lane.shard}}:recent-order`)).toBe(4096);
});

test("more appends at once than are remembered are refused, not risked", async () => {
  const lane = out(account("flood"), "bob");
  const results = await Promise.allSettled(
    Array.from({ length: 4100 }, (_, i) => store.append(lane, said("x"), `flood-${i}`)),
  );
  const refused = results.filter((result) => result.status === "rejected");
  expect(refused.map((result) => result.reason.code)).toEqual(Array(4).fill("store-down"));
});

test("a body over 256 KiB is refused and says how long it is", async () => {
  const lane = out(account("large"), "bob");
  const large = said("x".repeat(512 * 1024));
  await expect(store.append(lane, large, "large-1")).rejects.toMatchObject({
    code: "bad-input",
    message: expect.stringContaining("524288"),
  });
  await expect(store.intake(matrix, "large", [{ lane, body: large }])).rejects.toMatchObject({ code: "bad-input" });
  await store.append(lane, said("x".repeat(255 * 1024)), "large-2");
});

test("a full lane is refused by name, and nothing that waits in it is trimmed", async () => {
  const lane = out(account("full"), "bob");
  const fill = "for i = 1, 99999 do redis.call('XADD', KEYS[1], '1-' .. i, 'b', ARGV[1]) end";
  await fixture.admin.eval(fill, 1, streamKey(lane), JSON.stringify({ v: 1, ...said("old") }));
  await store.append(lane, said("last that fits"), "full-1");
  const refusal = { code: "lane-full", message: expect.stringContaining(laneName(lane)) };
  await expect(store.append(lane, said("one too many"), "full-2")).rejects.toMatchObject(refusal);
  const free = out(account("full"), "carol");
  const batch = [free, lane].map((to) => ({ lane: to, body: said("in a batch") }));
  await expect(store.intake(matrix, "full", batch)).rejects.toMatchObject({ code: "lane-full" });
  expect(await textsIn(store, free)).toEqual([]);
  // Of a message that has gone, the copy that finds no room is given up: it must not go again for that.
  await store.append(free, said("gone"), "full-3");
  const [entry] = await store.read(free, undefined, 1);
  if (entry) await store.done(entry, 0 as Fence, [{ lane, body: said("copy") }]);
  expect(await textsIn(store, free)).toEqual([]);
  expect(await fixture.admin.xlen(streamKey(lane))).toBe(100_000);
});

test("an entry of a later version is an error, not a guess", async () => {
  const lane = out(account("version"), "bob");
  await fixture.admin.xadd(streamKey(lane), "*", "b", '{"v":2,"from":"home"}');
  await expect(store.read(lane, undefined, 1)).rejects.toMatchObject({ code: "internal" });
});

test("the lanes of a shard that have entries are found again, of each kind", async () => {
  const owner = account("kinds");
  const lanes = [out(owner, "bob"), inward(owner, "bob")];
  for (const lane of lanes) await store.append(lane, said("x"), laneName(lane));
  const own = control(person("kinds"));
  await store.append(own, said("help"), laneName(own));
  expect(await store.waiting(out(owner, "bob").shard)).toEqual(expect.arrayContaining(lanes));
  expect(await store.waiting(own.shard)).toContainEqual(own);
});

test("a batch is stored over its lanes and shards in order, and its repeat adds nothing", async () => {
  const lanes = ["p", "q", "r", "s"].map((name) => out(account(`batch-${name}`), "bob"));
  expect(new Set(lanes.map((lane) => lane.shard)).size).toBeGreaterThan(1);
  const items = Array.from({ length: 40 }, (_, i) => ({
    lane: lanes[i % 4] ?? control(person("x")),
    body: said(`${i}`),
  }));
  const dropped: string[] = [];
  const meter: Meter = { ...noMeter, count: (name, labels) => dropped.push(`${name} ${JSON.stringify(labels)}`) };
  const counting = await fixture.open({ meter });
  expect(await counting.intake(matrix, "txn1", items)).toBe("stored");
  expect(dropped).toEqual([]);
  expect(await counting.intake(matrix, "txn1", items)).toBe("repeated");
  expect(dropped).toEqual(['msnb_duplicates_dropped_total {"from":"matrix"}']);
  const texts = await Promise.all(lanes.map((lane) => textsIn(store, lane)));
  expect(texts).toEqual([0, 1, 2, 3].map((n) => Array.from({ length: 10 }, (_, i) => `${i * 4 + n}`)));
});

test("the same batch name of another home is another batch", async () => {
  const lane = out(account("homes"), "bob");
  expect(await store.intake(matrix, "same", [{ lane, body: said("m") }])).toBe("stored");
  expect(await store.intake(xmpp, "same", [{ lane, body: said("x") }])).toBe("stored");
  expect(await textsIn(store, lane)).toEqual(["m", "x"]);
});

test("a batch that was cut off half way adds only what is missing when it comes again", async () => {
  const [a, b] = [out(account("half-a"), "bob"), out(account("half-b"), "bob")];
  expect(a.shard).not.toBe(b.shard);
  const items = [a, b].map((lane) => ({ lane, body: said("once") }));
  await store.intake(matrix, "half", items.slice(0, 1));
  expect(await store.intake(matrix, "half", items)).toBe("stored");
  expect(await store.intake(matrix, "half", items)).toBe("repeated");
  expect(await textsIn(store, a)).toEqual(["once"]);
  expect(await textsIn(store, b)).toEqual(["once"]);
});

test("batches that come twice at the same moment are stored once", async () => {
  const lane = out(account("twins"), "bob");
  const second = await fixture.open();
  const tries = [store, second, store, second].map((s) => s.intake(matrix, "twins", [{ lane, body: said("once") }]));
  expect((await Promise.all(tries)).toSorted()).toEqual(["repeated", "repeated", "repeated", "stored"]);
  expect(await textsIn(store, lane)).toEqual(["once"]);
});

test("an empty batch is known when it comes again, and marks live seven days", async () => {
  const name = "a name/with {braces} and ünicode";
  expect(await store.intake(matrix, name, [])).toBe("stored");
  expect(await store.intake(matrix, name, [])).toBe("repeated");
  const marks = await fixture.admin.keys("msnb:*:batch:*");
  const lives = await Promise.all(marks.map((mark) => fixture.admin.ttl(mark)));
  expect(Math.min(...lives)).toBeGreaterThan(7 * 24 * 3600 - 60);
  expect(Math.max(...lives)).toBeLessThanOrEqual(7 * 24 * 3600);
});

test.each([
  ["an append", inward(account("tick"), "bob")],
  ["what was read in a group", inGroup(group("tick"))],
])(
  "%s is on the wire before the call returns: a process that is killed in the same tick has stored it",
  async (_, lane) => {
    const script = fileURLToPath(new URL("./append-and-die.ts", import.meta.url));
    const child = spawn(process.execPath, [script, fixture.redis.url, laneName(lane)], { stdio: "inherit" });
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    // The kernel hands the bytes over on its own; what is stored next in the same Redis comes after them or soon follows.
    await expect.poll(() => textsIn(store, lane)).toEqual(["last words"]);
  },
);
