/** Two people who tie their groups to one room in the same moment. */
import { expect, test } from "vitest";
import { circleKey, groupId } from "../../../src/bridge/groups/model.ts";
import { roomId } from "../../../src/bridge/model.ts";
import { NET } from "../../unit/bridge/support.ts";
import { ALICE, BOB, CAROL, DAVE, EMILY, type GroupWorld, useGroupWorlds } from "./groups-world.ts";
import { alice, until } from "./world.ts";

let world: GroupWorld;
useGroupWorlds((made) => {
  world = made;
});

test("one has it, and the other is told that it is taken and keeps their own", async () => {
  await world.begin(false);
  await world.link(world.ben, "emily");
  const chess = world.network.boards.circle("Chess", ALICE, BOB, CAROL);
  const rowing = world.network.boards.circle("Rowing", EMILY, BOB, DAVE);
  const lobby = roomId("!lobby");
  world.home.rooms.set(lobby, []);
  const roomsOf = async ({ id }: typeof chess) =>
    (await world.store.group(groupId(NET, circleKey(id))))?.rooms.map(({ room }) => room) ?? [];
  for (const circle of [chess, rowing]) {
    circle.say(BOB, "hello");
    await until("its room", async () => (await roomsOf(circle)).length === 1);
  }
  const own = [await roomsOf(chess), await roomsOf(rowing)];
  const answers = await Promise.all([
    world.ask(`bridge Chess ${lobby}`, alice),
    world.ask(`bridge Rowing ${lobby}`, world.ben),
  ]);
  const first = answers.findIndex((answer) => /is tied to !lobby now/.test(answer));
  expect(answers[1 - first]).toMatch(/^That was not done: that room belongs to another group/);
  const [its, others] = first === 0 ? [chess, rowing] : [rowing, chess];
  expect(await roomsOf(its)).toEqual([lobby]);
  expect(await roomsOf(others)).toEqual(own[1 - first]);
});
