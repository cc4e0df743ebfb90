/** Rooms of groups that have stopped, and what waits for them: it comes back whole and in its order, wherever it goes on. */
import { expect, test } from "vitest";
import { inLane } from "../../../src/bridge/groups/groups.ts";
import type { RoomId } from "../../../src/bridge/model.ts";
import { portalParts, roomId } from "../../../src/bridge/model.ts";
import type { ToyBoard } from "../../support/toy-boards.ts";
import { ALICE, BOB, CAROL, EMILY, type GroupWorld, texts, useGroupWorlds } from "./groups-world.ts";
import { alice, until } from "./world.ts";

let world: GroupWorld;
useGroupWorlds((made) => {
  world = made;
});
const PEOPLE = [BOB, ALICE, EMILY, CAROL] as const;
const group = () => world.group(...PEOPLE);
const parked = () => world.store.parked(portalParts(group()).account);
const tied = async () => (await world.store.group(group()))?.rooms.find(({ home }) => home === world.home.name);
/** More than are shown at once. */
const MANY = Array.from({ length: 130 }, (_, i) => `b${i}`);

/** The room has stopped, and these words wait for it. */
async function stopped(words: readonly string[]): Promise<{ board: ToyBoard; here: RoomId; there: RoomId }> {
  await world.begin();
  const board = world.network.boards.gather(...PEOPLE);
  const { here, there } = await world.talking(board);
  world.home.gone.add(here);
  for (const word of words) board.say(BOB, word);
  await until("them in the house", () => world.house.chat(there).length === words.length + 1);
  const lane = inLane(group(), world.home.name);
  await until("them to wait", async () => (await tied())?.parked && (await world.store.depth(lane)) === 0);
  return { board, here, there };
}

test("`unbridge` of a room that has stopped brings all that has waited into a new one, however much it is", async () => {
  const { board, here } = await stopped(MANY);
  expect(await world.ask("unbridge 1")).toMatch(/are apart now/);
  board.say(BOB, "and on");
  const now = await until("a new room", () => {
    const room = world.home.groupRoom();
    return room !== undefined && room !== here ? room : undefined;
  });
  await until("the last of them", () => texts(world.home.chat(now)).includes("and on"));
  expect(texts(world.home.chat(now))).toEqual([...MANY, "and on"]);
  expect(await parked()).toEqual([]);
  expect(world.home.released).toEqual([`unbridge ${here}`]);
});

test("the room is let go before the group gets another, which may have the same name", async () => {
  const { here } = await stopped(["one", "two"]);
  const release = world.home.releaseGroup.bind(world.home);
  const tiedThen: (RoomId | undefined)[] = [];
  world.home.releaseGroup = async (...given) => {
    tiedThen.push((await tied())?.room);
    expect(await parked()).toHaveLength(2);
    await release(...given);
  };
  await world.ask("unbridge 1");
  await until("a new room", async () => (await tied())?.room !== here && (await tied()) !== undefined);
  expect(tiedThen).toEqual([here]);
});

test("`portal resume` brings what has waited before what is said meanwhile: each speaker's words stay in order", async () => {
  const { board, here } = await stopped(MANY);
  world.home.gone.delete(here);
  const more = Array.from({ length: 100 }, (_, i) => `n${i}`);
  const tieRoom = world.store.markRoom.bind(world.store);
  world.store.markRoom = async (...given) => {
    for (const word of more.slice(0, 50)) board.say(BOB, word);
    const done = tieRoom(...given);
    for (const word of more.slice(50)) board.say(BOB, word);
    return await done;
  };
  expect(await world.ask("portal resume 1")).toMatch(/goes on in/);
  await until("all of them", () => texts(world.home.chat(here)).includes("n99"));
  expect(texts(world.home.chat(here)).slice(1)).toEqual([...MANY, ...more]);
  expect(await parked()).toEqual([]);
});

test("a word that another worker parks while the room goes on comes in its order, too", async () => {
  const { board, here } = await stopped(["one"]);
  world.home.gone.delete(here);
  const resumed = Promise.withResolvers<void>();
  const park = world.store.park.bind(world.store);
  world.store.park = async (...given) => {
    // Seen to have stopped, and going on since.
    await world.store.markRoom(group(), world.home.name, here, undefined);
    resumed.resolve();
    return await park(...given);
  };
  board.say(BOB, "two");
  await resumed.promise;
  board.say(BOB, "three");
  await until("the last", () => texts(world.home.chat(here)).includes("three"));
  expect(texts(world.home.chat(here)).slice(1)).toEqual(["one", "two", "three"]);
  expect(await parked()).toEqual([]);
});

test("what has waited for a stopped room comes into the room to which the group is tied instead", async () => {
  const { here } = await stopped(["one", "two"]);
  const lobby = roomId("!lobby");
  world.home.rooms.set(lobby, []);
  expect(await world.ask(`bridge 1 ${lobby}`)).toMatch(/is tied to !lobby now.*It was in .* before/);
  await until("both", () => world.home.chat(lobby).length === 2);
  expect(texts(world.home.chat(lobby))).toEqual(["one", "two"]);
  expect(world.home.released).toEqual([`unbridge ${here}`]);
});

test("a room that stops again while what has waited comes back is told of again", async () => {
  const { here } = await stopped(["one"]);
  const news = () => world.home.told(alice).filter((text) => text.includes("cannot be used"));
  expect(news()).toHaveLength(1);
  const deliver = world.home.deliverToGroup.bind(world.home);
  world.home.deliverToGroup = async (...given) => {
    world.home.gone.add(here);
    return await deliver(...given);
  };
  world.home.gone.delete(here);
  expect(await world.ask("portal resume 1")).toMatch(/goes on in/);
  await until("the news", () => news().length === 2);
});

test("a word in hand while the room goes on comes behind what was put aside before a restart", async () => {
  const { here } = await stopped(["one"]);
  world.home.gone.delete(here);
  await world.restart();
  const read = world.store.read.bind(world.store);
  let resumed = false;
  world.store.read = async (...given) => {
    const page = await read(...given);
    if (!resumed && page.some(({ body }) => body.from === "network" && body.message.text === "two")) {
      resumed = true;
      expect(await world.ask("portal resume 1")).toMatch(/goes on in/);
    }
    return page;
  };
  const lane = inLane(group(), world.home.name);
  const message = { kind: "text", from: BOB, fromName: "Bob", text: "two", at: Date.now() } as const;
  await world.store.append(lane, { from: "network", message, at: Date.now() }, "two");
  await until("both", () => texts(world.home.chat(here)).length >= 3);
  expect(texts(world.home.chat(here)).slice(1)).toEqual(["one", "two"]);
});
