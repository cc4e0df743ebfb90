/** What becomes of a group's room while words of whoever did it wait for the network. */
import { beforeEach, expect, test, vi } from "vitest";
import type { RoomId } from "../../../src/bridge/model.ts";
import { roomId } from "../../../src/bridge/model.ts";
import type { IntakeItem } from "../../../src/bridge/ports/home.ts";
import { ALICE, BOB, CAROL, EMILY, type GroupWorld, texts, useGroupWorlds } from "./groups-world.ts";
import { alice, until } from "./world.ts";

let world: GroupWorld;
useGroupWorlds((made) => {
  world = made;
});

const PEOPLE = [BOB, ALICE, EMILY, CAROL] as const;
const heard = () => texts(world.network.boards.heard.get(CAROL) ?? []);
const tied = async () => (await world.record(...PEOPLE))?.rooms.find(({ home }) => home === world.home.name);
let here: RoomId;
let there: RoomId;

/** Alice has said something while her account is out of reach. */
beforeEach(async () => {
  await world.begin();
  ({ here, there } = await world.talking(world.network.boards.gather(...PEOPLE)));
  world.network.down = true;
  world.network.drop(ALICE);
  world.home.write(alice, here, "held for MSN");
  await until("it in the house", () => world.house.chat(there).length === 2);
});

/** Alice upgrades the room: the home goes into the new one first, and then it is known to be the old one's successor. */
function upgraded(to: RoomId): IntakeItem[] {
  vi.spyOn(world.home, "perform").mockImplementation(async () => {
    const shape = world.home.shapes.get(here);
    if (shape) world.home.shapes.set(to, shape);
    world.home.successors.set(here, to);
  });
  const follow = { resident: alice, room: here, control: false, raw: { kind: "own" } };
  return [follow, world.home.item({ kind: "moved", resident: alice, room: here, to })];
}

test("a room that goes on elsewhere takes the group with it at once; what waits goes all the same", async () => {
  const to = roomId("!upgraded");
  world.home.push(upgraded(to));
  await until("the tie", () => world.home.shapes.get(to)?.rooms.some(({ room }) => room === to));
  world.house.write(world.emma, there, "do you read me?");
  await until("it in the new room", () => world.home.chat(to).length === 1);
  world.home.write(alice, to, "I do");
  await until("her answer", () => world.house.chat(there).length === 4);
  world.network.down = false;
  await until("all at carol's", () => heard().includes("I do"));
  expect(heard()).toEqual(["hello all", "do you read me?", "held for MSN", "I do"]);
  expect(world.home.chat(here)).toHaveLength(2);
});

test("who leaves the old room behind the move is still in the group", async () => {
  const to = roomId("!upgraded");
  world.home.push([...upgraded(to), world.home.item({ kind: "left", resident: alice, room: here })]);
  await until("the tie", () => world.home.shapes.get(to)?.rooms.some(({ room }) => room === to));
  world.network.down = false;
  world.home.write(alice, to, "here I am");
  await until("her words", () => heard().at(-1) === "here I am");
  expect((await world.record(...PEOPLE))?.seats).toContain(world.account());
});

test("a room from which the bridge is thrown out stops at once", async () => {
  world.home.event({ kind: "shut-out", resident: alice, room: here });
  await until("the news", () => world.home.told(alice).some((text) => text.includes("the bridge was removed from it")));
  await until("the stop", async () => (await tied())?.parked !== undefined);
  world.network.down = false;
  await until("what waited", () => heard().includes("held for MSN"));
});
