/** Words with looks, through the real core and the real store. */

import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { outLane } from "../../../src/bridge/intake.ts";
import { messageId, type RoomId, residentId } from "../../../src/bridge/model.ts";
import { directPortal } from "../../../src/bridge/portals.ts";
import { plainText } from "../../../src/bridge/text/plain.ts";
import { b, i, link, r, rtl } from "../../support/golden.ts";
import { ToyHome } from "../../support/toy-home.ts";
import { alice, contact, ghost, Redis, until, World } from "./world.ts";

const BOB = contact("bob");
const ALICE = contact("alice");

let redis: Redis;
let world: World;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
afterEach(() => world.stop());

async function linked(...more: ToyHome[]): Promise<World> {
  world = new World(redis);
  world.homes.push(...more);
  await world.start();
  await world.link(alice);
  return world;
}

const session = () => {
  const live = world.network.sessions.get(ALICE);
  if (!live) throw new Error("alice is not signed in");
  return live;
};

test("looks cross both ways, and words without any stay plain", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  session().hear(BOB, "hello you", r("hello ", b("you")));
  session().hear(BOB, "plain");
  home.write(alice, room, "hi", rtl(i("hi")));
  home.write(alice, room, "plain, too");
  await until("all words", () => home.chat(room).length === 4 && network.received.length === 2);
  const heard = (home.rooms.get(room) ?? []).filter(({ by }) => by === BOB);
  expect(heard.map(({ text, rich }) => ({ text, rich }))).toEqual([
    { text: "hello you", rich: r("hello ", b("you")) },
    { text: "plain", rich: undefined },
  ]);
  expect(network.received).toEqual([`${ALICE} > ${BOB}: hi`, `${ALICE} > ${BOB}: plain, too`]);
  expect(network.looks).toEqual([rtl(i("hi"))]);
});

test("what alice says in one home keeps its looks in the other", async () => {
  const house = new ToyHome("toyhouse", "Toyhouse");
  const { home } = await linked(house);
  await world.link(residentId(house.name, "alix@toy"));
  const room = await world.chat("bob");
  home.write(alice, room, "see you", r(b("see"), " you"));
  const there = await world.room("bob", "alice", house);
  await until("the copy", () => house.chat(there).length === 1);
  expect(house.rooms.get(there)?.[0]).toMatchObject({ text: "see you", rich: r(b("see"), " you") });
});

test("looks that would not fit into the store are left out, and the words are not", async () => {
  const { home } = await linked();
  const room = await world.chat("bob");
  const many = r(
    ...Array.from({ length: 200 }, (_, n) => link(`https://example.com/${n}/${"x".repeat(1500)}`, `${n} `)),
  );
  session().hear(BOB, "all the numbers", many);
  const long = r(b("b".repeat(70_000)), "c".repeat(60_000));
  session().hear(BOB, plainText(long), long);
  await until("both", () => home.chat(room).length === 2);
  const [numbers, letters] = home.rooms.get(room) ?? [];
  expect(numbers).toMatchObject({ text: "all the numbers" });
  expect(numbers?.rich).toBeUndefined();
  expect(letters?.text).toBe(plainText(long));
  expect(letters?.rich).toBeUndefined();
});

test("words of a speaker in alice's stead keep their looks behind the name", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.event({
    kind: "text",
    resident: alice,
    room,
    message: home.write(alice, room, "-"),
    text: "hi",
    rich: r(b("hi")),
    speaker: "Anna",
  });
  await until("both", () => network.received.length === 2);
  expect(network.received.at(-1)).toBe(`${ALICE} > ${BOB}: [Anna] hi`);
  expect(network.looks).toEqual([r("[Anna] ", b("hi"))]);
});

/** Alice presses an emoji on what was said, or lets go of it. */
function react(room: RoomId, key: string, text = "see you at eight", removed = false): void {
  const message = messageId(`$react-${randomUUID()}`);
  const target = messageId(`$of ${text}`);
  world.home.event({
    kind: "reaction",
    resident: alice,
    room,
    message,
    target,
    text,
    key,
    ...(removed && { removed }),
  });
}

test("reactions that stand together are one line, before what is said behind them", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  react(room, "👍");
  react(room, "🎉", "I have passed");
  react(room, "❤️");
  react(room, "👎");
  react(room, "👎", "see you at eight", true);
  home.write(alice, room, "and bring cake");
  await until("both", () => network.received.length === 2);
  expect(network.received).toEqual([
    `${ALICE} > ${BOB}: 👍 · ❤️ to “see you at eight”\n🎉 to “I have passed”`,
    `${ALICE} > ${BOB}: and bring cake`,
  ]);
});

test("of several who speak in alice's stead it is told who has reacted", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  for (const speaker of ["Anna", "Ben"]) {
    const message = messageId(`$react-${speaker}`);
    const of = { target: messageId("$of"), text: "see you at eight", key: "👍" };
    home.event({ kind: "reaction", resident: alice, room, message, ...of, speaker });
  }
  home.write(alice, room, "and bring cake");
  await until("both", () => network.received.length === 2);
  expect(network.received[0]).toBe(`${ALICE} > ${BOB}: 👍 Anna, Ben to “see you at eight”`);
});

test("a reaction that is taken back at once is not told, and neither is a stranger's", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  react(room, "👍");
  react(room, "👍", "see you at eight", true);
  const stranger = residentId(home.name, "@stranger:toy");
  const of = { message: messageId("$s"), target: messageId("$t"), text: "hi", key: "👀" };
  home.event({ kind: "reaction", resident: stranger, room, ...of });
  home.write(alice, room, "hello");
  await until("the words", () => network.received.length > 0);
  expect(network.received).toEqual([`${ALICE} > ${BOB}: hello`]);
});

test("the bridge restarts in the pause: each reaction is told once", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  react(room, "👍");
  react(room, "❤️");
  const lane = outLane(directPortal(world.account(), ghost("bob")));
  await until("both to be stored", async () => (await world.store.depth(lane)) === 2);
  await world.restart();
  await world.on();
  home.write(alice, room, "hello");
  await until("the words", () => network.received.length === 2);
  expect(network.received).toEqual([`${ALICE} > ${BOB}: 👍 · ❤️ to “see you at eight”`, `${ALICE} > ${BOB}: hello`]);
  expect(await until("an empty lane", async () => (await world.store.depth(lane)) === 0)).toBe(true);
});

test("alice's reactions are told in her other home as well, once", async () => {
  const house = new ToyHome("toyhouse", "Toyhouse");
  const { home } = await linked(house);
  await world.link(residentId(house.name, "alix@toy"));
  const room = await world.chat("bob");
  react(room, "👍");
  react(room, "❤️");
  home.write(alice, room, "hello");
  const there = await world.room("bob", "alice", house);
  await until("both", () => house.chat(there).length === 2);
  expect((house.rooms.get(there) ?? []).map(({ text }) => text)).toEqual(["👍 · ❤️ to “see you at eight”", "hello"]);
});
