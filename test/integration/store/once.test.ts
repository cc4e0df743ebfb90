import { afterAll, beforeAll, expect, test } from "vitest";
import type { LaneBody } from "../../../src/bridge/model.ts";
import { shardOf } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { account, address, Fixture, inward, person, record, textsIn } from "./fixture.ts";

let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});
afterAll(() => fixture.stop());

const waited = (text: string): LaneBody => ({
  from: "network",
  message: { kind: "text", from: address("bob@msn.test"), fromName: "Bob", text, at: 1_700_000_000_000, delayed: true },
  at: 1_700_000_100_000,
});
const seenKey = (name: string) => `msnb:{s${shardOf(account(name))}}:seen:${account(name)}`;

test("what the network hands over again is appended once, however many came between", async () => {
  const lane = inward(account("again"), "bob");
  const [first] = await Promise.all([
    store.appendOnce(lane, waited("first"), "{A}"),
    store.appendOnce(lane, waited("second"), "{B}"),
  ]);
  expect(first).toBeDefined();
  for (let from = 0; from < 4200; from += 300) {
    const some = Array.from({ length: 300 }, (_, i) => from + i);
    await Promise.all(some.map((i) => store.append(lane, waited(`${i}`), `between-${i}`)));
  }
  expect(await store.appendOnce(lane, waited("first"), "{A}")).toBeUndefined();
  const texts = await textsIn(store, lane);
  expect(texts.filter((text) => text === "first")).toHaveLength(1);
  expect(texts).toHaveLength(4202);
});

test("an id counts for its account alone, and for every chat of it", async () => {
  const bob = inward(account("own"), "bob");
  expect(await store.appendOnce(bob, waited("a"), "{A}")).toBeDefined();
  expect(await store.appendOnce(inward(account("own"), "carol"), waited("a"), "{A}")).toBeUndefined();
  expect(await store.appendOnce(inward(account("other"), "bob"), waited("a"), "{A}")).toBeDefined();
});

test("ids are forgotten after 30 days, and the oldest of more than 10 000", async () => {
  const lane = inward(account("old"), "bob");
  const key = seenKey("old");
  await store.appendOnce(lane, waited("a"), "{A}");
  const [mark = ""] = await fixture.admin.zrange(key, "0", "-1");
  await fixture.admin.zadd(key, String(Date.now() - 31 * 24 * 3600 * 1000), mark);
  expect(await store.appendOnce(lane, waited("a"), "{A}")).toBeDefined();
  expect(await fixture.admin.pttl(key)).toBeGreaterThan(29 * 24 * 3600 * 1000);
  const many = Array.from({ length: 10_000 }, (_, i) => [String(Date.now() - 60_000 + i), `m${i}`]).flat();
  await fixture.admin.zadd(key, ...many);
  await store.appendOnce(lane, waited("b"), "{B}");
  expect(await fixture.admin.zcard(key)).toBe(10_000);
  expect(await store.appendOnce(lane, waited("b"), "{B}")).toBeUndefined();
});

test("what the network never forgets and hands over again and again is known for ever", async () => {
  const lane = inward(account("stuck"), "bob");
  const key = seenKey("stuck");
  await store.appendOnce(lane, waited("a"), "{A}");
  const [mark = ""] = await fixture.admin.zrange(key, "0", "-1");
  const day = 24 * 3600 * 1000;
  for (let handedOver = 0; handedOver < 3; handedOver += 1) {
    // 29 days go by.
    await fixture.admin.zincrby(key, -29 * day, mark);
    await fixture.admin.pexpire(key, day);
    expect(await store.appendOnce(lane, waited("a"), "{A}")).toBeUndefined();
  }
  expect(await fixture.admin.pttl(key)).toBeGreaterThan(29 * day);
  expect(await textsIn(store, lane)).toEqual(["a"]);
});

test("an id that cannot be one is refused, and a full lane leaves no mark", async () => {
  const lane = inward(account("odd"), "bob");
  await expect(store.appendOnce(lane, waited("a"), "")).rejects.toMatchObject({ code: "bad-input" });
  await expect(store.appendOnce(lane, waited("a"), "x".repeat(201))).rejects.toMatchObject({ code: "bad-input" });
  expect(await fixture.admin.exists(seenKey("odd"))).toBe(0);
});

test("unlinking an account forgets its ids and what its owner was told", async () => {
  const ann = person("forget");
  await store.link(record("forget", ann), new Secret("x"));
  const lane = inward(account("forget"), "bob");
  await store.appendOnce(lane, waited("a"), "{A}");
  await store.tell(account("forget"), "request|carol@msn.test");
  await store.unlink(account("forget"));
  expect(await store.told(account("forget"))).toEqual([]);
  expect(await store.appendOnce(lane, waited("a"), "{A}")).toBeDefined();
});

test("what was told is kept, taken back, and not kept for an account that is gone", async () => {
  await store.link(record("told", person("told")), new Secret("x"));
  for (const what of ["a", "b", "a"]) await store.tell(account("told"), what);
  expect((await store.told(account("told"))).toSorted()).toEqual(["a", "b"]);
  await store.untell(account("told"), ["a", "c"]);
  await store.untell(account("told"), []);
  expect(await store.told(account("told"))).toEqual(["b"]);
  await store.tell(account("nobody"), "a");
  expect(await store.told(account("nobody"))).toEqual([]);
  await expect(store.tell(account("told"), "")).rejects.toMatchObject({ code: "bad-input" });
});

test("a resident's secret is sealed, belongs to them and to its name, and goes when it is dropped", async () => {
  const ann = person("secretive");
  await store.keepSecret(ann, "puppet", new Secret("syt_token"));
  const row = await fixture.admin.hgetall(`msnb:{s${shardOf(ann)}}:secrets:${ann}`);
  expect(JSON.stringify(row)).not.toContain("syt_token");
  expect((await store.secret(ann, "puppet"))?.open()).toBe("syt_token");
  expect(await store.secret(ann, "other")).toBeUndefined();
  await fixture.admin.hset(`msnb:{s${shardOf(ann)}}:secrets:${ann}`, "other", row.puppet ?? "");
  await expect(store.secret(ann, "other")).rejects.toMatchObject({ code: "internal" });
  await store.dropSecret(ann, "puppet");
  expect(await store.secret(ann, "puppet")).toBeUndefined();
  await expect(store.keepSecret(ann, "puppet", new Secret("x".repeat(5000)))).rejects.toMatchObject({
    code: "bad-input",
  });
});
