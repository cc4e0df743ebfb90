/** What other bridges have carried into a group's conversation on the network. Two whole bridges: test/e2e/two-bridges.test.ts. */
import { expect, test } from "vitest";
import { MOST_PLACES, placeOf } from "../../../src/bridge/via.ts";
import { ALICE, BOB, CAROL, EMILY, type GroupWorld, texts, useGroupWorlds } from "./groups-world.ts";
import { until } from "./world.ts";

let world: GroupWorld;
useGroupWorlds((made) => {
  world = made;
});

const elsewhere = placeOf("net:elsewhere@example.org");

test("words that another bridge has carried out of a room of the group are said again in none: this one has carried them itself", async () => {
  await world.begin();
  const board = world.network.boards.gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  for (const [home, room] of [
    [world.home, here],
    [world.house, there],
  ] as const)
    board.say(CAROL, `carried out of ${room}`, { via: [elsewhere, placeOf(home.publicName(room))] });
  board.say(BOB, "somebody says");
  await until("bob's in both", () => [world.home.chat(here), world.house.chat(there)].every((all) => all.length >= 2));
  for (const chat of [world.home.chat(here), world.house.chat(there)])
    expect(texts(chat)).toEqual(["hello all", "somebody says"]);
});

test("words that another bridge has carried from elsewhere are said in all, until they have been in too many places", async () => {
  await world.begin();
  const board = world.network.boards.gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  const many = Array.from({ length: MOST_PLACES }, (_, i) => placeOf(`net:${i}@example.org`));
  board.say(CAROL, "from elsewhere", { via: [elsewhere] });
  board.say(CAROL, "from everywhere", { via: many });
  board.say(CAROL, "from nearly everywhere", { via: many.slice(1) });
  await until("the last in both", () =>
    [world.home.chat(here), world.house.chat(there)].every((all) => all.length >= 3),
  );
  for (const chat of [world.home.chat(here), world.house.chat(there)])
    expect(texts(chat)).toEqual(["hello all", "from elsewhere", "from nearly everywhere"]);
});
