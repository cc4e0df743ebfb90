import { afterAll, beforeAll, expect, test } from "vitest";
import { parseNetworkName } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { account, Fixture, person } from "./fixture.ts";

let fixture: Fixture;
let store: Store;

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});
afterAll(() => fixture.stop());

test("a burst goes at once, the next one is told how long to wait, and then goes", async () => {
  const net = parseNetworkName("burst");
  const take = () => store.takeSignIn(net, 1 / 60, 3);
  expect(await Promise.all([take(), take(), take()])).toEqual([0, 0, 0]);
  const wait = await take();
  expect(wait).toBeGreaterThan(30_000);
  expect(wait).toBeLessThanOrEqual(60_000);
  const key = "msnb:{n:burst}:sign-in";
  await fixture.admin.set(key, Number(await fixture.admin.get(key)) - wait);
  expect(await take()).toBe(0);
  expect(await take()).toBeGreaterThan(30_000);
});

test("workers share one bucket per network, and networks do not", async () => {
  const second = await fixture.open();
  const net = parseNetworkName("shared");
  const waits = await Promise.all([store, second, store, second].map((s) => s.takeSignIn(net, 1 / 60, 2)));
  expect(waits.filter((wait) => wait === 0)).toHaveLength(2);
  expect(await store.takeSignIn(parseNetworkName("other"), 1, 2)).toBe(0);
});

test("those who do as they are told stay within the rate", async () => {
  const net = parseNetworkName("rate");
  const start = performance.now();
  let went = 0;
  const puppet = async (): Promise<void> => {
    for (;;) {
      const wait = await store.takeSignIn(net, 50, 1);
      if (wait === 0) break;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    went += 1;
  };
  await Promise.all(Array.from({ length: 20 }, puppet));
  expect(went).toBe(20);
  expect(performance.now() - start).toBeGreaterThan(19 * 20 - 5);
});

test("a bucket is full again after the clock has stepped back, not empty for hours", async () => {
  const net = parseNetworkName("clock");
  await store.takeSignIn(net, 10, 2);
  await fixture.admin.set("msnb:{n:clock}:sign-in", `${Date.now() + 3_600_000}`);
  expect(await store.takeSignIn(net, 10, 2)).toBeLessThanOrEqual(100);
});

test("a rate that makes no sense is refused", async () => {
  await expect(store.takeSignIn(parseNetworkName("zero"), 0, 1)).rejects.toMatchObject({ code: "bad-input" });
});

test("a ticket is looked at, tried and used up once", async () => {
  const token = new Secret("token-once");
  await store.issueTicket(token, { resident: person("ann"), account: account("ann") }, 60_000);
  expect(await store.peekTicket(token)).toEqual({ resident: person("ann"), account: account("ann") });
  expect([await store.tryTicket(token), await store.tryTicket(token)]).toEqual([1, 2]);
  expect(await store.consumeTicket(token)).toBe(true);
  expect(await store.consumeTicket(token)).toBe(false);
  expect(await store.peekTicket(token)).toBeUndefined();
  expect(await store.tryTicket(token)).toBeUndefined();
});

test("of many who use a ticket at the same moment one succeeds", async () => {
  const token = new Secret("token-race");
  await store.issueTicket(token, { resident: person("race") }, 60_000);
  expect(await store.peekTicket(token)).toEqual({ resident: person("race") });
  const second = await fixture.open();
  const uses = Array.from({ length: 20 }, (_, i) => (i % 2 ? store : second).consumeTicket(token));
  expect((await Promise.all(uses)).filter(Boolean)).toHaveLength(1);
});

test("a ticket expires, and one that was never issued is none", async () => {
  const token = new Secret("token-short");
  await store.issueTicket(token, { resident: person("short") }, 30);
  await expect.poll(() => store.peekTicket(token)).toBeUndefined();
  expect(await store.consumeTicket(token)).toBe(false);
  expect(await store.consumeTicket(new Secret("forged"))).toBe(false);
  expect(await store.tryTicket(new Secret("forged"))).toBeUndefined();
});

test("the sixth ticket of a resident ends the first", async () => {
  const tokens = Array.from({ length: 6 }, (_, i) => new Secret(`token-six-${i}`));
  for (const token of tokens) await store.issueTicket(token, { resident: person("six") }, 60_000);
  const live = await Promise.all(tokens.map((token) => store.peekTicket(token)));
  expect(live.map((ticket) => ticket !== undefined)).toEqual([false, true, true, true, true, true]);
});

test("tickets that were used or have expired do not count among the five", async () => {
  const tokens = Array.from({ length: 5 }, (_, i) => new Secret(`token-free-${i}`));
  const used = new Secret("token-used");
  for (const token of [used, ...tokens.slice(0, 4)])
    await store.issueTicket(token, { resident: person("free") }, 60_000);
  await store.consumeTicket(used);
  for (const token of tokens.slice(4)) await store.issueTicket(token, { resident: person("free") }, 60_000);
  const live = await Promise.all(tokens.map((token) => store.peekTicket(token)));
  expect(live.every((ticket) => ticket !== undefined)).toBe(true);
});

test("Redis never sees a token", async () => {
  const token = new Secret("token-planted-4711");
  await store.issueTicket(token, { resident: person("planted") }, 60_000);
  const keys = await fixture.admin.keys("*");
  expect(keys.some((key) => key.includes(":ticket:"))).toBe(true);
  const dumps = await Promise.all(keys.map((key) => fixture.admin.dumpBuffer(key)));
  expect(keys.join() + Buffer.concat(dumps).toString("latin1")).not.toContain("planted-4711");
});

test("a ticket says what its page is for", async () => {
  const resident = person("purpose");
  await store.issueTicket(new Secret("for-puppet"), { resident, purpose: "puppet" }, 60_000);
  await store.issueTicket(new Secret("for-link"), { resident }, 60_000);
  expect(await store.peekTicket(new Secret("for-puppet"))).toEqual({ resident, purpose: "puppet" });
  expect(await store.peekTicket(new Secret("for-link"))).toEqual({ resident });
});
