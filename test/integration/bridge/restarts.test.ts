import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { accountId, shardOf } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { NET, record } from "../../unit/bridge/support.ts";
import { alice, contact, ghost, Redis, until, World } from "./world.ts";

let redis: Redis;
let world: World;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
afterEach(async () => {
  if (redis.server.pid === undefined) await redis.server.restart();
  await world.stop();
  vi.restoreAllMocks();
});

async function linked(options: ConstructorParameters<typeof World>[1] = {}): Promise<World> {
  world = new World(redis, options);
  await world.start();
  await world.link();
  return world;
}

const long = process.env.MSNBRIDGE_LONG === "1";
const numbers = (prefix: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${prefix}${i}`);
const said = (lines: readonly string[], by: string): string[] =>
  lines.filter((line) => line.startsWith(`${by}: `)).map((line) => line.slice(by.length + 2));

test("the bridge is stopped and started again and again under traffic both ways: nothing lost, nothing doubled, order kept", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.slowMs = 3;
  home.slowMs = 1;
  const n = long ? 1000 : 150;
  let sent = 0;
  const traffic = setInterval(() => {
    if (sent >= n) return clearInterval(traffic);
    home.write(alice, room, `a${sent}`);
    network.say(contact("bob"), contact("alice"), `b${sent}`);
    sent += 1;
  }, 4);
  for (let i = 0; i < (long ? 20 : 5); i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 60 + 40 * i));
    await world.restart();
  }
  await until("all of alice's words", () => network.received.length >= n, 40_000);
  await until("all of bob's words", () => said(home.chat(room), "bob@msn.test").length >= n, 40_000);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(numbers("a", n));
  expect(said(home.chat(room), "bob@msn.test")).toEqual(numbers("b", n));
  expect(said(home.chat(room), "bot")).toEqual([]);
});

test("words that wait while the bridge starts are not parked because the account is still being loaded", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.down = true;
  network.drop(contact("alice"));
  for (const text of numbers("w", 5)) home.write(alice, room, text);
  await home.pushed();
  await world.stop();
  network.down = false;
  await world.start();
  await until("all words", () => network.received.length === 5);
  expect(said(home.chat(room), "bot")).toEqual([]);
});

test("a restart between an invitation and the first words does not take the words for a command", async () => {
  const { home, network } = await linked();
  home.mode = "down";
  const room = home.invite(alice, ghost("bob"));
  await home.pushed();
  await world.restart();
  home.write(alice, room, "first");
  await home.pushed();
  home.mode = "up";
  await until("the words", () => network.received.length === 1);
  expect(said(home.chat(room), "bot")).toEqual([]);
});

test("stopping does not wait for an acknowledgement that does not come, and signs out", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.withheld = Promise.withResolvers();
  home.write(alice, room, "hello?");
  await until("the words", () => network.received.length === 1);
  const began = performance.now();
  await world.stop();
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(network.sessions.size).toBe(0);
});

test("redis-server is killed and started again under traffic both ways: nothing lost, nothing doubled, order kept", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const n = long ? 2000 : 300;
  let sent = 0;
  const traffic = setInterval(() => {
    if (sent >= n) return clearInterval(traffic);
    home.write(alice, room, `a${sent}`);
    network.say(contact("bob"), contact("alice"), `b${sent}`);
    sent += 1;
  }, 3);
  for (let i = 0; i < (long ? 8 : 2); i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    await redis.server.kill();
    await new Promise((resolve) => setTimeout(resolve, 250));
    await redis.server.restart();
  }
  await until("all of alice's words", () => network.received.length >= n, 40_000);
  await until("all of bob's words", () => said(home.chat(room), "bob@msn.test").length >= n, 40_000);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(numbers("a", n));
  expect(said(home.chat(room), "bob@msn.test")).toEqual(numbers("b", n));
});

test("Redis is away for longer than a lease while words are being acknowledged: they are not sent twice", async () => {
  const { home, network } = await linked({ leaseMs: 900 });
  const room = await world.chat("bob");
  network.withheld = Promise.withResolvers();
  home.write(alice, room, "first");
  await until("the words at the network", () => network.received.length === 1);
  await redis.server.kill();
  await new Promise((resolve) => setTimeout(resolve, 1200));
  network.withheld.resolve();
  network.withheld = undefined;
  await new Promise((resolve) => setTimeout(resolve, 300));
  await redis.server.restart();
  home.write(alice, room, "second");
  await until("the second words", () => network.received.some((line) => line.endsWith("second")), 40_000);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(["first", "second"]);
});

test("while it is not noted that bob has her words, nothing goes to bob or carol: a kill has one to say again", async () => {
  const { home, network } = await linked();
  network.contact(contact("carol"));
  const rooms = [await world.chat("bob"), await world.chat("carol")];
  const noting = Promise.withResolvers<void>();
  const { store } = world;
  const done = store.done.bind(store);
  vi.spyOn(store, "done").mockImplementation(async (...what) => {
    if (what[0].lane.kind === "out") await noting.promise;
    return done(...what);
  });
  for (const room of rooms) for (const text of ["one", "two"]) home.write(alice, room, text);
  await until("the first words", () => network.received.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(network.received).toHaveLength(1);
  noting.resolve();
  await until("all words", () => network.received.length === 4);
});

test("Redis is away while the accounts are being loaded: they sign in when it is back", async () => {
  await linked();
  await world.stop();
  let failing = 3;
  const real = await redis.open(world.namespace);
  const store: Store = {
    ...real,
    accountsIn: async (shard) => {
      if (shard === shardOf(accountId(NET, contact("alice"))) && failing-- > 0) throw new Error("connection lost");
      return real.accountsIn(shard);
    },
  };
  world.options = { ...world.options, store };
  await world.start();
  await world.on();
  await world.stop();
  await real.close();
});

test("200 puppets after a restart sign in no faster than the network's limit, and hardly bother Redis", async () => {
  world = new World(redis, { signInsPerSecond: () => 100 });
  await world.start();
  const names = numbers("p", 200);
  for (const name of names) {
    world.network.account(contact(name));
    await world.store.link(record(name), new Secret("secret"));
  }
  await world.stop();
  let asked = 0;
  const real = await redis.open(world.namespace);
  const store: Store = {
    ...real,
    takeSignIn: (...a) => {
      asked += 1;
      return real.takeSignIn(...a);
    },
  };
  world.options = { ...world.options, store };
  await world.start();
  await until("all to be signed in", () => world.network.sessions.size === 200, 40_000);
  const times = world.network.signIns.toSorted((a, b) => a - b);
  const took = (times.at(-1) ?? 0) - (times[0] ?? 0);
  expect(took).toBeGreaterThan(1900);
  expect(took).toBeLessThan(30_000);
  for (let i = 0; i + 100 < times.length; i += 1)
    expect((times[i + 100] ?? 0) - (times[i] ?? 0), "101 sign-ins in a window").toBeGreaterThan(850);
  expect(asked).toBeLessThan(3 * 200);
  await world.stop();
  await real.close();
});

test("one of many that wait for their turn can be unlinked at once", async () => {
  world = new World(redis, { signInsPerSecond: () => 0.1 });
  await world.start();
  for (const name of ["a", "b", "c"]) {
    world.network.account(contact(name));
    await world.store.link(record(name), new Secret("secret"));
  }
  await world.restart();
  const first = await until("the first to be in", () => [...world.network.sessions.keys()][0]);
  const last = ["a", "b", "c"].map(contact).findLast((address) => address !== first);
  expect(await world.ask(`unlink ${last}`)).toContain(`${last} is unlinked`);
  // Not even the second one's turn has come.
  expect([...world.network.sessions.keys()]).toEqual([first]);
});

test("two bridges with different owners on one Redis: only one signs the account in", async () => {
  await linked();
  const second = world.twin({ owner: "other" });
  await second.start();
  expect((await second.bridge.readiness()).reasons).toContain("no shard is leased: another bridge may hold them");
  expect(world.network.signIns).toHaveLength(1);
  await second.stop();
});

test("readiness names Redis when it does not answer", async () => {
  await linked();
  await expect(world.bridge.readiness()).resolves.toEqual({ ready: true, reasons: [] });
  await redis.server.kill();
  const { ready, reasons } = await world.bridge.readiness();
  expect(ready).toBe(false);
  expect(reasons.join()).toMatch(/^Redis: /);
});
