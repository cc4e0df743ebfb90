/** Circles that a session sees only a moment after its sign-in, as at MSNP18. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ALICE, BOB, GroupWorld } from "./groups-world.ts";
import { alice, Redis, until } from "./world.ts";

let redis: Redis;
let world: GroupWorld;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
beforeEach(() => {
  world = new GroupWorld(redis);
});
afterEach(() => world.stop());

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
