/** Circles that a session sees a moment after its sign-in only, as at MSNP18, and people who come a moment after the words. */
import { expect, test } from "vitest";
import { ALICE, BOB, EMILY, type GroupWorld, useGroupWorlds } from "./groups-world.ts";
import { alice, until } from "./world.ts";

let world: GroupWorld;
useGroupWorlds((made) => {
  world = made;
});

test("what was said in a circle while the bridge was away waits until the new session sees the circle", async () => {
  await world.begin(false);
  const circle = world.network.boards.circle("Club", BOB, ALICE);
  circle.say(BOB, "hello club");
  const here = await world.groupRoom();
  await until("the words", () => world.home.chat(here).length === 1);
  circle.members.delete(ALICE);
  await world.restart();
  world.home.write(alice, here, "is anybody there?");
  await world.on();
  // The sign-in is over, and the circle has not been told of.
  await new Promise((wake) => setTimeout(wake, 100));
  expect(world.home.chat(here).filter((line) => line.startsWith("bot: "))).toEqual([]);
  circle.members.set(ALICE, "member");
  circle.tell();
  await until("the words in the circle", () => circle.said.includes(`${ALICE}: is anybody there?`));
  expect(world.home.chat(here).filter((line) => line.startsWith("bot: "))).toEqual([]);
  expect(circle.said).toHaveLength(2);
});

test("who is in a circle only when its room is being made is in the room without another word", async () => {
  await world.begin(false);
  await world.link(world.ben, "emily");
  const circle = world.network.boards.circle("Club", BOB, ALICE);
  circle.members.set(EMILY, "pending");
  world.home.mode = "down";
  circle.say(BOB, "hello club");
  await until("the group", async () => (await world.store.allGroups()).length === 1);
  circle.members.set(EMILY, "member");
  circle.tell();
  world.home.mode = "up";
  const here = await world.groupRoom();
  await until("both", () => [alice, world.ben].every((one) => world.home.people(here).includes(one)));
  expect(world.home.chat(here)).toEqual([`${BOB}: hello club`]);
});
