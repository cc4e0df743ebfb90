import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
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
const session = () => {
  const live = world.network.sessions.get(ALICE);
  if (!live) throw new Error("alice is not signed in");
  return live;
};

test("what alice says at another place stands between bob's words, once, as hers, and does not go to bob again", async () => {
  const { home, network } = await linked();
  network.say(BOB, ALICE, "hi");
  session().hearOwn(BOB, "hello from my laptop");
  network.say(BOB, ALICE, "how are you?");
  session().hearOwn(BOB, "fine", "Phone");
  const room = await world.room("bob");
  await until("all of it", () => home.chat(room).length === 4);
  expect(home.chat(room)).toEqual([
    "bob@msn.test: hi",
    "alice@msn.test (you, on Laptop): hello from my laptop",
    "bob@msn.test: how are you?",
    "alice@msn.test (you, on Phone): fine",
  ]);
  expect(network.received).toEqual([]);
});

test("a first word from another place opens the room with the contact's name, and in the owner's name where that is allowed", async () => {
  const { home } = await linked();
  home.access = "operator";
  session().hearOwn(BOB, "hi bob");
  const room = await world.room("bob");
  await until("the words", () => home.chat(room).length === 1);
  expect(home.chat(room)).toEqual([`${alice} (on Laptop): hi bob`]);
  expect(home.members.get(room)).toEqual(new Set([alice, "bob@msn.test"]));
});

test("words from another place and bob's keep their order over restarts and a home that is down, once each", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.mode = "down";
  for (let i = 0; i < 20; i += 1) {
    if (i % 3 === 0) session().hearOwn(BOB, `m${i}`);
    else network.say(BOB, ALICE, `m${i}`);
  }
  await world.restart();
  home.mode = "up";
  await until("all of it", () => home.chat(room).length === 20);
  expect(home.chat(room).map((line) => line.split(": ")[1])).toEqual(Array.from({ length: 20 }, (_, i) => `m${i}`));
});

test("`devices` names the places and signs one out", async () => {
  const { network } = await linked();
  network.devices.push({ id: "{L}", name: "Laptop", isSelf: false });
  expect(await world.ask("devices")).toBe("1. msnbridge (this bridge)\n2. Laptop");
  expect(await world.ask("devices out 2")).toBe("Laptop has been asked to sign out.");
  expect(network.devices.map(({ name }) => name)).toEqual(["msnbridge"]);
});

test("another place takes over: alice is told once, nothing fights, and `resume` comes back with what she wished to show", async () => {
  const { home, network } = await linked();
  await world.ask("presence busy");
  network.drop(ALICE, { kind: "elsewhere", detail: "signed in somewhere else" });
  await until("the news", () => home.told(alice).some((text) => /signed in somewhere else/.test(text)));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(network.sessions.has(ALICE)).toBe(false);
  expect(network.signIns).toHaveLength(1);
  expect(await world.ask("status")).toContain("Say `resume`");
  expect(await world.ask("resume")).toContain("is signing in here again");
  await world.on();
  expect(session().shown.availability).toBe("busy");
  await until("the halt to be gone", async () => (await world.store.account(world.account()))?.halt === "none");
});

test("`puppet` hands out a page; where the home allows it anyway there is nothing to do", async () => {
  const { home } = await linked();
  expect(await world.ask("puppet")).toContain("https://bridge.test/link/x");
  home.access = "operator";
  expect(await world.ask("puppet")).toContain("There is nothing to do");
  home.access = "resident";
  expect(await world.ask("puppet off")).toContain("is forgotten");
  expect(home.access).toBe("none");
});

test("who unlinks their last account takes the permission to post as them along", async () => {
  const { home, network } = await linked();
  network.account(contact("work"));
  await world.link(alice, "work");
  home.access = "resident";
  await world.ask("unlink work@msn.test");
  expect(home.access).toBe("resident");
  await world.ask("unlink alice@msn.test");
  expect(home.access).toBe("none");
});

test("the permission goes with the last account also when it could not be taken back at first", async () => {
  const { home } = await linked();
  home.access = "resident";
  const drop = home.dropPuppet.bind(home);
  let failures = 1;
  home.dropPuppet = async () => {
    if (failures-- > 0) throw new BridgeError("store-down");
    await drop();
  };
  expect(await world.ask("unlink alice@msn.test")).toContain("alice@msn.test");
  expect(home.access).toBe("none");
  expect(await world.store.accountsOf(alice)).toEqual([]);
});
