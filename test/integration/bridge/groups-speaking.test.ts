/** Who may speak in a group, and what becomes of words that were said before that changed. */
import { afterEach, expect, test, vi } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { inLane } from "../../../src/bridge/groups/groups.ts";
import { portalParts } from "../../../src/bridge/model.ts";
import { ALICE, BOB, CAROL, DAVE, EMILY, type GroupWorld, texts, useGroupWorlds } from "./groups-world.ts";
import { alice, until } from "./world.ts";

let world: GroupWorld;
const there = useGroupWorlds((made) => {
  world = made;
});

afterEach(() => {
  vi.restoreAllMocks();
});

const boards = () => world.network.boards;
const group = () => world.group(BOB, ALICE, EMILY, CAROL);

test("a relay that is in the conversation no more lets nobody speak: not on the network, and not in other homes", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  await world.store.saveGroup(group(), { relay: { account: world.account(), by: alice, prefix: false } });
  board.leave(ALICE);
  board.say(BOB, "alice is gone");
  await until("it", () => world.house.chat(there).length === 2);
  await until("the seat to be free", async () => (await world.store.group(group()))?.seats.length === 1);
  world.home.write(world.ben, here, "who hears me?");
  await until("the reason", () => world.home.chat(here).at(-1)?.includes("Not sent: you have no MSN account"));
  world.house.write(world.emma, there, "I do not");
  await until("emma's", () => board.said.at(-1)?.endsWith("I do not"));
  expect(texts(world.house.chat(there))).toEqual(["hello all", "alice is gone", "I do not"]);
});

test("what was said while one could speak reaches a home that was down, also when the speaker's account or the relay has left since", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  await world.store.saveGroup(group(), { relay: { account: world.account(), by: alice, prefix: false } });
  world.house.mode = "down";
  world.home.write(world.ben, here, "through the relay");
  world.home.write(alice, here, "by my own account");
  await until("both at bob's", () => boards().heard.get(BOB)?.length === 2);
  await world.ask("leave 1");
  await until("the seat to be free", async () => (await world.store.group(group()))?.seats.length === 1);
  world.house.mode = "up";
  await until("them there", () => world.house.chat(there).length === 3);
  expect(texts(world.house.chat(there))).toEqual(["hello all", "through the relay", "by my own account"]);
});

test("who has left is not brought back by what a home that was down has still to be told of the time before", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  world.house.mode = "down";
  board.join(DAVE);
  await until("dave at home", () => world.home.people(here).includes(DAVE));
  expect(await world.ask("leave 1")).toMatch(/^You have left/);
  world.house.mode = "up";
  await until("dave in the house", () => world.house.people(there).includes(DAVE));
  await until("all to be told", async () => (await world.store.depth(inLane(group(), world.house.name))) === 0);
  expect((await world.store.group(group()))?.seats).toEqual([world.account("emily")]);
  board.say(BOB, "alice is gone");
  await until("it", () => world.house.chat(there).length === 2);
  expect(world.house.people(there)).not.toContain(ALICE);
  expect(world.home.chat(here)).toHaveLength(1);
});

test("the same people are called together while the room that alice has left still ends: what is said there comes into a new one", async () => {
  await world.begin(false);
  const people = [BOB, ALICE, CAROL] as const;
  boards()
    .gather(...people)
    .say(BOB, "hello");
  const before = await world.groupRoom();
  await until("it", () => world.home.chat(before).length === 1);
  const { home, store } = world;
  const { releaseGroup } = home;
  vi.spyOn(home, "releaseGroup").mockImplementationOnce(async (...about) => {
    boards()
      .gather(...people)
      .say(BOB, "come back");
    const lane = inLane(world.group(...people), home.name);
    const waits = async () => (await store.read(lane, undefined, 10)).some(({ body }) => body.from === "network");
    await until("it to wait behind the end", waits);
    await releaseGroup.apply(home, about);
  });
  await world.ask("leave 1");
  await until("the room's end", () => home.released.length === 1);
  const next = await world.groupRoom();
  await until("the words", () => home.chat(next).length === 1);
  expect(texts(home.chat(next))).toEqual(["come back"]);
  expect(next).not.toBe(before);
});

test("who is back in a group stays in it, whatever a room has still to be told of the time before they left", async () => {
  await world.begin(false);
  await world.link(world.ben, "emily");
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  board.say(BOB, "hello all");
  const here = await world.groupRoom();
  const shape = vi.spyOn(world.home, "shapeGroup");
  shape.mockRejectedValue(new BridgeError("home-down", {}, { retryAfterMs: 20 }));
  board.join(DAVE);
  await until("a try to tell of dave", () => shape.mock.calls.length > 0);
  expect(await world.ask("leave 1")).toMatch(/^You have left/);
  expect(await world.ask(`chat ${BOB} ${EMILY} ${CAROL}`)).toMatch(/is open/);
  const tries = shape.mock.calls.length;
  await until("two more tries", () => shape.mock.calls.length > tries + 2);
  world.home.write(alice, here, "I am back");
  await until("her words, or why not", () => boards().heard.has(BOB) || world.home.chat(here).length > 2);
  expect(world.home.chat(here)).toEqual([`${BOB}: hello all`, `${alice}: I am back`]);
});

test("what is said in a room that another worker has untied stays in that room", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  world.home.write(alice, here, "before");
  await until("it there", () => world.house.chat(there).length === 2);
  await world.store.untieRoom(group(), world.home.name);
  // Somebody without an account is looked for in the store.
  world.home.write(world.ben, here, "is this ours now?");
  world.home.write(alice, here, "between us");
  await world.home.pushed();
  world.house.write(world.emma, there, "last");
  await until("emma's", () => boards().heard.get(BOB)?.at(-1)?.endsWith("last"));
  expect(texts(world.house.chat(there))).toEqual(["hello all", "before", "last"]);
  // What is no group's is a word to the bot in a toy home; real ones look who is there.
  expect(world.home.chat(here).filter((line) => line.includes("Not sent"))).toEqual([]);
});

test("all that waited for a room goes into it when it is back, in its order, however much that is", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  world.home.gone.add(here);
  const words = Array.from({ length: 230 }, (_, i) => `b${i}`);
  for (const word of words) board.say(BOB, word);
  await until("all there", () => world.house.chat(there).length === 231, 40_000);
  await until("all to wait", async () => (await world.store.depth(inLane(group(), world.home.name))) === 0, 40_000);
  world.home.gone.delete(here);
  await until("the answer", async () => /goes on in/.test(await world.ask("portal resume 1")));
  await until("all here", () => world.home.chat(here).length === 231, 40_000);
  expect(texts(world.home.chat(here))).toEqual(["hello all", ...words]);
});

test("a word that is put aside in the moment in which its room is back goes into the room", async () => {
  const real = await there.redis.open(world.namespace);
  const [putAside, isBack] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const park: typeof real.park = async (...what) => {
    putAside.resolve();
    await isBack.promise;
    return real.park(...what);
  };
  world.options = { store: { ...real, park } };
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here } = await world.talking(board);
  world.home.gone.add(here);
  board.say(BOB, "in between");
  await putAside.promise;
  world.home.gone.delete(here);
  await until("the answer", async () => /goes on in/.test(await world.ask("portal resume 1")));
  isBack.resolve();
  await until("it", () => world.home.chat(here).length === 2);
  expect(await world.store.parked(portalParts(group()).account)).toEqual([]);
});
