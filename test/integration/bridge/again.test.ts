import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { alice, contact, Redis, until, World } from "./world.ts";

let redis: Redis;
let world: World;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
afterEach(() => world.stop());

async function chat() {
  world = new World(redis);
  await world.start();
  await world.link();
  world.network.say(contact("bob"), contact("alice"), "hi");
  return { ...world, home: world.home, network: world.network, room: await world.room("bob") };
}

test("alice says again what has arrived: she is told so once more, and bob hears it once", async () => {
  const { home, network, room } = await chat();
  const message = home.write(alice, room, "hello");
  await until("the confirmation", () => home.confirmed.length === 1);
  home.event({ kind: "again", resident: alice, room, message, is: () => true });
  await until("another", () => home.confirmed.length === 2);
  expect(home.confirmed).toEqual([message, message]);
  expect(network.received).toEqual(["alice@msn.test > bob@msn.test: hello"]);
});

test("alice says twice more what has failed: it goes once, and only then she is told that it has arrived", async () => {
  const { home, network, room } = await chat();
  network.away.add(contact("bob"));
  const message = home.write(alice, room, "hello");
  await until("the notice", () => home.chat(room).some((line) => line.includes("Not sent")));
  network.away.clear();
  const again = { kind: "again", resident: alice, room, message, is: () => true } as const;
  home.push([home.item(again), home.item(again)]);
  await until("the confirmation", () => home.confirmed.length > 0);
  expect(network.received).toEqual(["alice@msn.test > bob@msn.test: hello"]);
  expect(home.confirmed).toEqual([message]);
});
