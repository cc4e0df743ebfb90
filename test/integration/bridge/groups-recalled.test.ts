/** A talk in a loose conversation outlives a restart and a lost sign-in: the bridge calls the people together again. */
import { expect, test } from "vitest";
import type { RoomId } from "../../../src/bridge/model.ts";
import type { ToyBoard } from "../../support/toy-boards.ts";
import { ALICE, BOB, CAROL, EMILY, type GroupWorld, texts, useGroupWorlds } from "./groups-world.ts";
import { alice, until } from "./world.ts";

let world: GroupWorld;
useGroupWorlds((made) => {
  world = made;
});

const boards = () => world.network.boards;
const newest = (): ToyBoard | undefined => boards().all.at(-1);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Alice alone is linked, and talks with Bob and Carol; the talk is known to be one. */
async function talk(): Promise<RoomId> {
  await world.begin(false);
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "hello");
  const here = await world.groupRoom();
  await until("hello", () => world.home.chat(here).length === 1);
  await world.store.talked(world.group(BOB, ALICE, CAROL), Date.now());
  return here;
}

async function signedInAgain(): Promise<void> {
  await until("alice to be gone", () => !world.network.sessions.has(ALICE));
  await world.on();
  await pause(150);
}

test("after a restart those who talked just before are called together by one, without waiting for a word", async () => {
  await world.begin();
  const old = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(old);
  old.say(CAROL, "we go on");
  await until("it", () => world.home.chat(here).length === 2 && world.house.chat(there).length === 2);
  await world.restart();
  await until("all to be called", () => newest()?.members.size === 4 && newest() !== old);
  expect(boards().started).toBe(1);
  newest()?.say(BOB, "and on");
  await until("it in both", () => world.home.chat(here).length === 3 && world.house.chat(there).length === 3);
  expect(texts(world.home.chat(here))).toEqual(["hello all", "we go on", "and on"]);
  expect(texts(world.house.chat(there))).toEqual(["hello all", "we go on", "and on"]);
});

test("words of people here count as talk, too", async () => {
  const here = await talk();
  await world.store.talked(world.group(BOB, ALICE, CAROL), Date.now() - 3_600_000);
  await world.restart();
  await world.on();
  await pause(150);
  expect(boards().started).toBe(0);
  world.home.write(alice, here, "are you there?");
  await until("it at bob's", () => boards().heard.get(BOB)?.length === 1);
  await world.restart();
  await until("another call", () => boards().started === 2);
});

test("after a lost sign-in the account goes back to those with whom it talked", async () => {
  const here = await talk();
  world.network.drop(ALICE);
  await until("the call", () => boards().started === 1);
  newest()?.say(CAROL, "there you are");
  await until("it", () => world.home.chat(here).length === 2);
  expect(world.home.roomsMade).toBe(1);
});

test("who lost the sign-in while another account of ours stayed is called back into the same conversation", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  await world.talking(board);
  board.say(CAROL, "we go on");
  await world.store.talked(world.group(BOB, ALICE, EMILY, CAROL), Date.now());
  world.network.drop(ALICE);
  await until("alice to be back", () => board.members.has(ALICE));
  expect(boards().started).toBe(0);
});

test("nobody is called together for a talk that ended long ago", async () => {
  await talk();
  await world.store.talked(world.group(BOB, ALICE, CAROL), Date.now() - 11 * 60_000);
  world.network.drop(ALICE);
  await signedInAgain();
  expect(boards().started).toBe(0);
});

test("who signed out by hand has left the talk, and is not taken back to it", async () => {
  await talk();
  await world.ask("presence offline");
  await until("alice to be gone", () => !world.network.sessions.has(ALICE));
  await world.ask("presence online");
  await world.on();
  await pause(150);
  expect(boards().started).toBe(0);
  world.network.drop(ALICE);
  await until("the call after a loss", () => boards().started === 1);
});

test("who is hidden calls nobody", async () => {
  await talk();
  await world.ask("presence hidden");
  world.network.drop(ALICE);
  await signedInAgain();
  expect(boards().started).toBe(0);
});

test("a group that was left meanwhile, on another worker, is not called together", async () => {
  await talk();
  await world.store.leaveSeat(world.account(), world.group(BOB, ALICE, CAROL));
  world.network.drop(ALICE);
  await signedInAgain();
  expect(boards().started).toBe(0);
});
