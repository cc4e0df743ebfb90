/** Chats of an account that two people have linked, of whom one deletes their room. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ResidentId, RoomId } from "../../../src/bridge/model.ts";
import { residentId } from "../../../src/bridge/model.ts";
import { ToyHome } from "../../support/toy-home.ts";
import { out } from "../../unit/bridge/support.ts";
import { alice, contact, Redis, until, World } from "./world.ts";

const BOB = contact("bob");
const ALICE = contact("alice");

let redis: Redis;
let world: World;
let house: ToyHome;
let alix: ResidentId;
/** The rooms of both. */
let here: RoomId;
let there: RoomId;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  house = new ToyHome("toyhouse", "Toyhouse");
  alix = residentId(house.name, "alix@toy");
  world = new World(redis);
  world.homes.push(house);
  await world.start();
  await world.link(alice);
  await world.link(alix);
  await world.ask(`chat ${BOB}`, alice);
  await world.ask(`chat ${BOB}`, alix);
  here = await world.room("bob");
  there = await world.room("bob", "alice", house);
});
afterEach(() => world.stop());

/** Deletes alice's room; resolves with what was said to go. */
async function deleted(): Promise<string> {
  const plan = await world.ask(`portal delete ${BOB}`);
  const code = /`portal delete \S+ (\S+)`/.exec(plan)?.[1];
  expect(await world.ask(`portal delete ${BOB} ${code}`)).toMatch(/is deleted here/);
  return plan;
}

test("what one owner has said while the network is away goes when it is back, though the other has deleted their room", async () => {
  world.network.down = true;
  world.network.drop(ALICE);
  house.write(alix, there, "from the house");
  world.home.write(alice, here, "from the deleted room");
  house.write(alix, there, "and more");
  await until("all to wait", async () => (await world.store.depth(out("bob"))) === 3);
  const plan = await deleted();
  expect(plan).toMatch(/which Bob leaves; 1 message\(s\) that wait in it\. The room in Toyhouse stays/);
  world.network.down = false;
  await until("both at bob's", () => world.network.received.length === 2);
  expect(world.network.received.map((line) => line.split(": ")[1])).toEqual(["from the house", "and more"]);
});

test("what has failed for one owner can be sent again, though the other has deleted their room", async () => {
  world.network.away.add(BOB);
  house.write(alix, there, "are you there?");
  await until("the notice", () => house.chat(there).length === 2);
  world.home.write(alice, here, "and you?");
  await until("hers", () => world.home.chat(here).length === 2);
  expect(await deleted()).toMatch(/leaves; 1 message\(s\) that have failed\. The room in Toyhouse stays/);
  world.network.away.clear();
  expect(await world.ask("retry", alix)).toMatch(/1/);
  await until("it at bob's", () => world.network.received.length === 1);
  expect(world.network.received.map((line) => line.split(": ")[1])).toEqual(["are you there?"]);
});
