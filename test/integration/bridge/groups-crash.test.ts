/** Groups under load, and when something dies between two steps: every reader has every word once, in the order of its speaker. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { RoomId } from "../../../src/bridge/model.ts";
import { portalParts, shardOf } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import type { ToyBoard } from "../../support/toy-boards.ts";
import { ALICE, BOB, CAROL, EMILY, GroupWorld, texts } from "./groups-world.ts";
import { alice, Redis, until } from "./world.ts";

const long = process.env.MSNBRIDGE_LONG === "1";
const WAIT_MS = long ? 60_000 : 40_000;
const PEOPLE = [BOB, ALICE, EMILY, CAROL] as const;

let redis: Redis;
let world: GroupWorld;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
beforeEach(() => {
  world = new GroupWorld(redis);
});
afterEach(async () => {
  if (redis.server.pid === undefined) await redis.server.restart();
  await world.stop();
});

const boards = () => world.network.boards;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The next start has a store with these changes between it and Redis. */
async function storeWith(change: (real: Store) => Partial<Store>): Promise<void> {
  const real = await redis.open(world.namespace);
  world.options = { ...world.options, store: { ...real, ...change(real) } };
}

/** `a3` is the fourth word of speaker `a`. */
function expectAll(name: string, words: readonly string[], speakers: string, each: number): void {
  for (const speaker of speakers) {
    const wanted = Array.from({ length: each }, (_, i) => `${speaker}${i}`);
    expect(
      words.filter((word) => word.startsWith(speaker)),
      `${speaker} as ${name} has it`,
    ).toEqual(wanted);
  }
}

/** Says one round: bob and carol on the network, alice and emma in their homes. */
function round(board: ToyBoard, here: RoomId, there: RoomId, i: number): void {
  board.say(BOB, `b${i}`);
  world.home.write(alice, here, `a${i}`);
  board.say(CAROL, `c${i}`);
  world.house.write(world.emma, there, `e${i}`);
}

test("300 words by four at once: everybody has each once, and each speaker's in their order", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here, there } = await world.talking(board);
  for (let i = 0; i < 75; i += 1) {
    round(board, here, there, i);
    if (i % 5 === 0) await pause(3);
  }
  const all = 4 * 75 + 1;
  await until("all here", () => world.home.chat(here).length >= all, WAIT_MS);
  await until("all there", () => world.house.chat(there).length >= all, WAIT_MS);
  await until("all at carol's", () => (boards().heard.get(CAROL)?.length ?? 0) >= all - 75, WAIT_MS);
  expectAll("alice", texts(world.home.chat(here)), "abce", 75);
  expectAll("emma", texts(world.house.chat(there)), "abce", 75);
  expectAll("carol", texts(boards().heard.get(CAROL) ?? []), "abe", 75);
});

test("Redis is killed again and again meanwhile: nothing is lost, doubled or out of order in the homes", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here, there } = await world.talking(board);
  const n = long ? 500 : 40;
  let i = 0;
  const traffic = setInterval(() => {
    if (i >= n) return clearInterval(traffic);
    round(board, here, there, i);
    i += 1;
  }, 8);
  for (let kill = 0; kill < (long ? 10 : 2); kill += 1) {
    await pause(100);
    await redis.server.kill();
    await pause(80);
    await redis.server.restart();
  }
  await until("all here", () => world.home.chat(here).length > 4 * n, WAIT_MS);
  await until("all there", () => world.house.chat(there).length > 4 * n, WAIT_MS);
  await until("all at carol's", () => (boards().heard.get(CAROL)?.length ?? 0) > 3 * n, WAIT_MS);
  expectAll("alice", texts(world.home.chat(here)), "abce", n);
  expectAll("emma", texts(world.house.chat(there)), "abce", n);
  expectAll("carol", texts(boards().heard.get(CAROL) ?? []), "abe", n);
});

test("the bridge is stopped and started again and again: words of residents reach everybody once, in their order", async () => {
  await world.begin();
  const { here, there } = await world.talking(boards().gather(...PEOPLE));
  const n = long ? 300 : 40;
  let i = 0;
  const traffic = setInterval(() => {
    if (i >= n) return clearInterval(traffic);
    world.home.write(alice, here, `a${i}`);
    world.house.write(world.emma, there, `e${i}`);
    i += 1;
  }, 8);
  for (let stop = 0; stop < (long ? 10 : 3); stop += 1) {
    await pause(90);
    await world.restart();
  }
  await until("all here", () => world.home.chat(here).length > 2 * n, WAIT_MS);
  await until("all there", () => world.house.chat(there).length > 2 * n, WAIT_MS);
  await until("all at carol's", () => (boards().heard.get(CAROL)?.length ?? 0) > 2 * n, WAIT_MS);
  expectAll("alice", texts(world.home.chat(here)), "ae", n);
  expectAll("emma", texts(world.house.chat(there)), "ae", n);
  expectAll("carol", texts(boards().heard.get(CAROL) ?? []), "ae", n);
  expect([world.home.roomsMade, world.house.roomsMade]).toEqual([1, 1]);
});

test("the bridge dies between the room's making and its tie: there is one room, and the word in it once", async () => {
  await world.begin();
  await world.stop();
  const { options } = world;
  const died = Promise.withResolvers<void>();
  await storeWith(() => ({
    tieRoom: async () => {
      died.resolve();
      throw new BridgeError("store-down");
    },
  }));
  await world.start();
  await world.on();
  await world.on("emily");
  boards()
    .gather(...PEOPLE)
    .say(BOB, "once");
  await died.promise;
  await world.stop();
  world.options = options;
  await world.start();
  const here = await world.groupRoom();
  await until("the word", () => world.home.chat(here).length === 1);
  expect(world.home.chat(here)).toEqual([`${BOB}: once`]);
  expect(world.home.roomsMade).toBe(1);
});

test("the bridge dies when a word stands in the room and its lane does not know: it stands there once", async () => {
  await world.begin();
  const { here, there } = await world.talking(boards().gather(...PEOPLE));
  await world.stop();
  const { options } = world;
  const died = Promise.withResolvers<void>();
  await storeWith((real) => ({
    done: async (entry, ...rest) => {
      if (entry.lane.kind !== "in" || entry.body.from !== "network") return real.done(entry, ...rest);
      died.resolve();
      throw new BridgeError("fenced");
    },
  }));
  await world.start();
  await world.on();
  await world.on("emily");
  const board = boards().gather(...PEOPLE);
  board.say(BOB, "once");
  await died.promise;
  await world.stop();
  world.options = options;
  await world.start();
  await world.on();
  await world.on("emily");
  boards()
    .gather(...PEOPLE)
    .say(BOB, "again");
  await until("the last word", () => world.home.chat(here).at(-1)?.endsWith("again"));
  await until("it there", () => world.house.chat(there).at(-1)?.endsWith("again"));
  expect(texts(world.home.chat(here))).toEqual(["hello all", "once", "again"]);
  expect(texts(world.house.chat(there))).toEqual(["hello all", "once", "again"]);
});

test("the bridge dies when the network has a word and its lane does not know: the other home has it once all the same", async () => {
  await world.begin();
  const { here, there } = await world.talking(boards().gather(...PEOPLE));
  await world.stop();
  const { options } = world;
  const died = Promise.withResolvers<void>();
  await storeWith((real) => ({
    done: async (entry, ...rest) => {
      if (entry.lane.kind !== "out") return real.done(entry, ...rest);
      died.resolve();
      throw new BridgeError("fenced");
    },
  }));
  await world.start();
  await world.on();
  await world.on("emily");
  world.home.write(alice, here, "once");
  await died.promise;
  await world.stop();
  world.options = options;
  await world.start();
  world.home.write(alice, here, "again");
  await until("the last word", () => world.house.chat(there).at(-1)?.endsWith("again"));
  expect(texts(world.house.chat(there))).toEqual(["hello all", "once", "again"]);
  expect(texts(world.home.chat(here))).toEqual(["hello all", "once", "again"]);
});

test("a home that is down holds up neither the network nor the other home, and has all of it when it is back", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here, there } = await world.talking(board);
  world.house.mode = "down";
  for (let i = 0; i < 10; i += 1) {
    board.say(BOB, `b${i}`);
    world.home.write(alice, here, `a${i}`);
    await until(`round ${i}`, () => world.home.chat(here).length === 1 + 2 * (i + 1));
  }
  await until("all at carol's", () => boards().heard.get(CAROL)?.length === 21);
  world.house.mode = "up";
  await until("all there", () => world.house.chat(there).length === 21);
  expectAll("emma", texts(world.house.chat(there)), "ab", 10);
});

test("two workers hear one conversation: each word is stored once, and when one falls silent the other reads on", async () => {
  const theirs = shardOf(world.account("emily"));
  expect([shardOf(world.account()), shardOf(portalParts(world.group(...PEOPLE)).account)]).not.toContain(theirs);
  const real = await redis.open(world.namespace);
  const worker = (owns: (shard: number) => boolean): Store => ({
    ...real,
    acquire: async (shard, ...rest) => (owns(shard) ? real.acquire(shard, ...rest) : undefined),
    close: async () => {},
  });
  world.options = { ...world.options, store: worker((shard) => shard !== theirs) };
  const { network, homes } = world;
  const other = new GroupWorld(
    redis,
    { owner: "other", store: worker((shard) => shard === theirs), networks: [network], homes },
    world.namespace,
  );
  await world.start();
  await world.link(alice);
  await other.start();
  const request = { network: network.name, address: EMILY, spelling: EMILY };
  const password = new Secret("secret");
  await other.bridge.linker.linkAccount(world.emma, { ...request, password }, () => {}, new AbortController().signal);
  await until("both sessions", () => network.sessions.size === 2);
  const board = boards().gather(...PEOPLE);
  const { here, there } = await world.talking(board);
  for (let i = 0; i < 30; i += 1) {
    board.say(BOB, `b${i}`);
    world.house.write(world.emma, there, `e${i}`);
    if (i % 10 === 0) await pause(5);
  }
  await until("all", () => world.home.chat(here).length >= 61 && world.house.chat(there).length >= 61, WAIT_MS);
  expectAll("alice", texts(world.home.chat(here)), "be", 30);
  expectAll("emma", texts(world.house.chat(there)), "be", 30);
  network.down = true;
  network.drop(ALICE);
  await pause(50);
  board.say(BOB, "alice is gone");
  await until("it there", () => world.house.chat(there).at(-1)?.endsWith("alice is gone"), WAIT_MS);
  await other.stop();
  await real.close();
});
