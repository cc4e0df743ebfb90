import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from "vitest";
import { generator } from "../../../bench/lib/random.ts";
import { isLong, toldSeed } from "../../support/property.ts";
import { alice, contact, Redis, until, World } from "./world.ts";

let redis: Redis;
let world: World;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
afterEach(() => world.stop());

async function linked(): Promise<World> {
  world = new World(redis);
  await world.start();
  await world.link();
  return world;
}

const BOB = contact("bob");
const ALICE = contact("alice");
const LONG_AGO = Date.parse("2005-05-01T12:00:00Z");
const numbers = (prefix: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${prefix}${i}`);
const said = (lines: readonly string[], by: string): string[] =>
  lines.filter((line) => line.startsWith(`${by}: `)).map((line) => line.slice(by.length + 2));
const notices = (): string[] =>
  [...world.home.rooms.values()]
    .flat()
    .flatMap(({ by, text }) => (by === "bot" && /is offline/.test(text) ? [text] : []));

test("words that waited on the network come in their order and with the time at which they were said", async () => {
  world = new World(redis);
  for (let i = 0; i < 120; i += 1) world.network.leave(`{${i}}`, BOB, ALICE, `m${i}`, LONG_AGO + i * 1000);
  await world.start();
  await world.link();
  const room = await world.room("bob");
  await until("all of it", () => world.home.chat(room).length === 120);
  expect(said(world.home.chat(room), BOB)).toEqual(numbers("m", 120));
  expect(world.home.times).toEqual(numbers("", 120).map((i) => LONG_AGO + Number(i) * 1000));
  expect(world.network.waiting.get(ALICE)).toEqual([]);
});

test("what is handed over again after a crash, with any number of other words in between, appears once", async () => {
  const { home, network } = await linked();
  for (let i = 0; i < 30; i += 1) network.leave(`{${i}}`, BOB, ALICE, `m${i}`, LONG_AGO + i);
  network.losesReceipts = 1;
  network.drop(ALICE);
  const room = await world.room("bob");
  await until("the words", () => home.chat(room).length === 30);
  await world.restart();
  await world.on();
  await until("the network to forget them", () => network.waiting.get(ALICE)?.length === 0);
  network.say(BOB, ALICE, "live");
  await until("the live words", () => home.chat(room).includes(`${BOB}: live`));
  expect(said(home.chat(room), BOB)).toEqual([...numbers("m", 30), "live"]);
});

test("hundreds wait, the bridge is stopped again and again while fetching: all come once, in order, with their dates", async () => {
  const { home, network } = await linked();
  const n = isLong ? 1000 : 400;
  for (let i = 0; i < n; i += 1) network.leave(`{${i}}`, BOB, ALICE, `m${i}`, LONG_AGO + i * 60_000);
  network.losesReceipts = 4;
  network.drop(ALICE);
  for (let i = 0; i < 4; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50 * i));
    await world.restart();
  }
  const room = await world.room("bob");
  await world.on();
  const tries = setInterval(() => void network.sessions.get(ALICE)?.fetch(), 200);
  onTestFinished(() => clearInterval(tries));
  await until("all of it", () => home.chat(room).length >= n, 40_000);
  expect(said(home.chat(room), BOB)).toEqual(numbers("m", n));
  expect(home.times).toEqual(numbers("", n).map((i) => LONG_AGO + Number(i) * 60_000));
});

test("Redis is away while they are fetched: the network keeps them until they are stored", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  await redis.server.kill();
  network.leave("{A}", BOB, ALICE, "waited", LONG_AGO);
  void network.sessions.get(ALICE)?.fetch();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(network.waiting.get(ALICE)).toHaveLength(1);
  await redis.server.restart();
  await until("the words", () => home.chat(room).includes(`${BOB}: waited`));
  await until("the network to forget them", () => network.waiting.get(ALICE)?.length === 0);
});

test("text to a contact who is away is left for them; alice is told so once per absence, and each is confirmed", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.left = [];
  network.away.add(BOB);
  network.contact(BOB, "offline");
  const first = home.write(alice, room, "one");
  home.write(alice, room, "two");
  const last = home.write(alice, room, "three");
  await until("the confirmations", () => home.confirmed.includes(first) && home.confirmed.includes(last));
  await until("the notice", () => notices().length === 1);
  expect(network.left.map((line) => line.split(": ")[1])).toEqual(["one", "two", "three"]);
  expect(notices()).toEqual([
    "bob@msn.test is offline. Toynet keeps what you say and hands it over when they sign in.",
  ]);
  network.away.clear();
  network.contact(BOB, "online");
  home.write(alice, room, "four");
  await until("the chat", () => network.received.length === 1);
  network.away.add(BOB);
  network.contact(BOB, "offline");
  home.write(alice, room, "five");
  await until("the second notice", () => notices().length === 2);
  expect(network.received).toEqual(["alice@msn.test > bob@msn.test: four"]);
});

test("a restart in an absence does not tell it again; one that ended meanwhile does", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.left = [];
  network.away.add(BOB);
  network.contact(BOB, "offline");
  home.write(alice, room, "one");
  await until("the notice", () => notices().length === 1);
  await until("the mark", async () => (await world.store.told(world.account())).length === 1);
  await world.restart();
  await world.on();
  const two = home.write(alice, room, "two");
  await until("the confirmation", () => home.confirmed.includes(two));
  await world.ask("status");
  expect(notices()).toHaveLength(1);
  await world.stop();
  network.contact(BOB, "online");
  await world.start();
  await world.on();
  await until("the end of the absence", async () => (await world.store.told(world.account())).length === 0);
  network.contact(BOB, "offline");
  home.write(alice, room, "three");
  await until("the next notice", () => notices().length === 2);
});

test("order stays when a contact comes and goes between alice's words", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.left = [];
  network.slowMs = 5;
  const random = generator(toldSeed());
  for (const text of numbers("w", 40)) {
    home.write(alice, room, text);
    if (random() < 0.5) network.away.add(BOB);
    else network.away.clear();
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  await until("all of it", () => network.received.length + (network.left?.length ?? 0) === 40);
  const order = (lines: readonly string[]): number[] => lines.map((line) => Number(line.split(": w")[1]));
  for (const way of [order(network.received), order(network.left)]) expect(way).toEqual(way.toSorted((a, b) => a - b));
});
