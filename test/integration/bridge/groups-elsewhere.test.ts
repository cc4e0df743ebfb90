/** Rooms of groups of which another worker disposes: what this one still believes of them does not decide where words go. */
import { afterEach, expect, test, vi } from "vitest";
import { inLane } from "../../../src/bridge/groups/groups.ts";
import { circleKey, groupId } from "../../../src/bridge/groups/model.ts";
import type { RoomId } from "../../../src/bridge/model.ts";
import { roomId } from "../../../src/bridge/model.ts";
import type { ToyBoard } from "../../support/toy-boards.ts";
import { NET } from "../../unit/bridge/support.ts";
import { ALICE, BOB, CAROL, DAVE, EMILY, type GroupWorld, texts, useGroupWorlds } from "./groups-world.ts";
import { alice, until } from "./world.ts";

let world: GroupWorld;
useGroupWorlds((made) => {
  world = made;
});
afterEach(() => {
  vi.restoreAllMocks();
});
const PEOPLE = [BOB, ALICE, EMILY, CAROL] as const;
const group = () => world.group(...PEOPLE);
const roomNow = async () =>
  (await world.store.group(group()))?.rooms.find(({ home }) => home === world.home.name)?.room;

/** What is remembered is older by so much from now on. */
function later(ms: number): void {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + ms);
}

/** A group that is tied to a room of the people's own, in which something was said both ways. */
async function plumbed(): Promise<{ board: ToyBoard; lobby: RoomId; there: RoomId }> {
  await world.begin();
  const board = world.network.boards.gather(...PEOPLE);
  const { there } = await world.talking(board);
  const lobby = roomId("!lobby");
  world.home.rooms.set(lobby, []);
  expect(await world.ask(`bridge 1 ${lobby}`)).toMatch(/is tied to !lobby now/);
  world.home.write(alice, lobby, "from the lobby");
  await until("it in the house", () => world.house.chat(there).length === 2);
  board.say(BOB, "into the lobby");
  await until("it there", () => world.home.chat(lobby).length === 2);
  return { board, lobby, there };
}

test("what is said in a room that another worker has untied is the people's own: it goes nowhere, and nobody is told off", async () => {
  const { lobby, there } = await plumbed();
  await world.store.untieRoom(group(), world.home.name);
  later(1100);
  world.home.write(alice, lobby, "among ourselves");
  await world.home.pushed();
  world.house.write(world.emma, there, "who is there?");
  await until("it at bob's", () => texts(world.network.boards.heard.get(BOB) ?? []).includes("who is there?"));
  expect(texts(world.house.chat(there))).not.toContain("among ourselves");
  expect(texts(world.network.boards.heard.get(BOB) ?? [])).not.toContain("among ourselves");
  expect(texts(world.home.chat(lobby)).slice(-2)).toEqual(["into the lobby", "among ourselves"]);
});

test("what is said in a room that another worker has tied to another group goes to that one", async () => {
  const { lobby, there } = await plumbed();
  const circle = world.network.boards.circle("Club", ALICE, BOB, DAVE);
  circle.say(DAVE, "in the circle");
  const id = groupId(NET, circleKey(circle.id));
  await until("the circle", async () => (await world.store.group(id))?.rooms.length === 1);
  await world.store.untieRoom(group(), world.home.name);
  await world.store.tieRoom(id, { home: world.home.name, room: lobby, by: alice });
  later(1100);
  world.home.write(alice, lobby, "for the circle");
  await until("it at dave's", () => texts(world.network.boards.heard.get(DAVE) ?? []).includes("for the circle"));
  expect(texts(world.house.chat(there))).not.toContain("for the circle");
});

test("what is said in the group does not come into a room that another worker has untied, but into one of its own", async () => {
  const { board, lobby } = await plumbed();
  await world.store.untieRoom(group(), world.home.name);
  later(1100);
  board.say(BOB, "not for the lobby");
  const own = await until("a room of its own", roomNow);
  await until("it there", () => texts(world.home.chat(own)).includes("not for the lobby"));
  expect(texts(world.home.chat(lobby))).not.toContain("not for the lobby");
});

test("a room that another worker has given up, and that is gone, is not tied again as one that has stopped", async () => {
  await world.begin();
  const board = world.network.boards.gather(...PEOPLE);
  const { here, there } = await world.talking(board);
  await until("all shaped", async () => (await world.store.depth(inLane(group(), world.home.name))) === 0);
  world.home.gone.add(here);
  await world.home.releaseGroup(here, world.home.shapes.get(here) ?? expect.fail(), "unbridge");
  await world.store.untieRoom(group(), world.home.name);
  board.say(BOB, "after it");
  await until("it in the house", () => world.house.chat(there).length === 2);
  const now = await until("another room", () => {
    const room = world.home.groupRoom();
    return room !== undefined && room !== here ? room : undefined;
  });
  await until("it there", () => texts(world.home.chat(now)).includes("after it"));
  expect(await roomNow()).toBe(now);
  expect(world.home.told(alice).filter((text) => text.includes("cannot be used"))).toEqual([]);
});

test("a room that another worker has untied can be tied to another group", async () => {
  const { lobby } = await plumbed();
  const circle = world.network.boards.circle("Club", ALICE, BOB, DAVE);
  circle.say(DAVE, "in the circle");
  const id = groupId(NET, circleKey(circle.id));
  await until("the circle", async () => (await world.store.group(id))?.rooms.length === 1);
  await world.store.untieRoom(group(), world.home.name);
  expect(await world.ask(`bridge Club ${lobby}`)).toMatch(/is tied to !lobby now/);
  expect((await world.store.group(id))?.rooms.map(({ room }) => room)).toEqual([lobby]);
});
