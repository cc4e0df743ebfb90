/** Groups whose lanes another worker runs than the one on which their people are signed in. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { portalParts, shardOf } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { ALICE, BOB, CAROL, DAVE, GroupWorld } from "./groups-world.ts";
import { alice, Redis, until } from "./world.ts";

let redis: Redis;
/** Runs everything but alice's account. */
let world: GroupWorld;
/** Has alice's account alone. */
let hers: GroupWorld;
let real: Store;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  world = new GroupWorld(redis);
  const shard = shardOf(world.account());
  const groups = [world.group(BOB, ALICE, CAROL), world.group(BOB, ALICE, CAROL, DAVE)];
  expect(groups.map((group) => shardOf(portalParts(group).account))).not.toContain(shard);
  real = await redis.open(world.namespace);
  const worker = (owns: (shard: number) => boolean): Store => ({
    ...real,
    acquire: async (one, ...rest) => (owns(one) ? real.acquire(one, ...rest) : undefined),
    close: async () => {},
  });
  await world.start();
  await world.link(alice);
  await world.stop();
  world.options = { ...world.options, store: worker((one) => one !== shard) };
  const { network, homes } = world;
  hers = new GroupWorld(
    redis,
    { owner: "hers", store: worker((one) => one === shard), networks: [network], homes },
    world.namespace,
  );
  await world.start();
  await hers.start();
  await until("alice", () => network.sessions.has(ALICE));
});
afterEach(async () => {
  await hers.stop();
  await world.stop();
  await real.close();
});

const boards = () => world.network.boards;

test("people who came into a running conversation come back to its room", async () => {
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "we two");
  const here = await world.groupRoom();
  await until("it", () => world.home.chat(here).length === 1);
  board.join(DAVE);
  board.say(DAVE, "and I");
  await until("dave's words", () => world.home.chat(here).length === 2);
  await until("the key", async () => (await real.groupKeys(world.account())).size === 1);
  board.leave(ALICE);
  boards().gather(DAVE, CAROL, BOB, ALICE).say(CAROL, "all four again");
  await until("it in the same room", () => world.home.chat(here).length === 3);
  expect(world.home.roomsMade).toBe(1);
});

test("a talk that began here is taken up again after a lost sign-in", async () => {
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "hello");
  const here = await world.groupRoom();
  await until("it", () => world.home.chat(here).length === 1);
  board.say(BOB, "are you there?");
  await until("it", () => world.home.chat(here).length === 2);
  await real.talked(world.group(BOB, ALICE, CAROL), Date.now());
  world.network.drop(ALICE);
  await until("the call", () => boards().started === 1);
});
