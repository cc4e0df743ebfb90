/** The store was rebuilt from the rooms: nobody is linked yet, and whose rooms these are shows one link after another. */
import { expect, test } from "vitest";
import { inLane } from "../../../src/bridge/groups/groups.ts";
import type { GroupId } from "../../../src/bridge/groups/model.ts";
import { circleKey, groupId } from "../../../src/bridge/groups/model.ts";
import { roomId } from "../../../src/bridge/model.ts";
import { NET } from "../../unit/bridge/support.ts";
import { ALICE, BOB, CAROL, EMILY, type GroupWorld, texts, useGroupWorlds } from "./groups-world.ts";
import { alice, until } from "./world.ts";

let world: GroupWorld;
useGroupWorlds((made) => {
  world = made;
});

const PEOPLE = [BOB, CAROL, ALICE, EMILY] as const;
const [HERE, THERE] = [roomId("!old-room"), roomId("!old-muc")];
const group = () => world.group(...PEOPLE);
const rooms = () => [
  { home: world.home.name, room: HERE },
  { home: world.house.name, room: THERE },
];

/** What `rebuild` writes of a group with a room in both homes: it knows of no roles, and of seats without owners. */
async function rebuilt(id: GroupId, kind: { kind: "several" } | { kind: "circle"; circle: string; name: string }) {
  for (const { home, room } of rooms()) (home === world.home.name ? world.home : world.house).rooms.set(room, []);
  await world.start();
  const members = PEOPLE.map((address) => ({ address, role: "member" as const }));
  await world.store.saveGroup(id, { name: "", topic: "", members, ...kind });
  for (const room of rooms()) await world.store.tieRoom(id, room);
  for (const name of ["alice", "emily"]) await world.store.awaitSeat(world.account(name), id, undefined);
  await world.restart();
}

test("the first of a circle to link again ends nobody else's room: it is theirs when they link, too", async () => {
  const circle = world.network.boards.circle("Club", ALICE, BOB, CAROL, EMILY);
  const id = groupId(NET, circleKey(circle.id));
  await rebuilt(id, { kind: "circle", circle: circle.id, name: "Club" });
  await world.link(world.emma, "emily");
  circle.say(BOB, "who is back?");
  await until("it in emma's room", () => world.house.chat(THERE).length === 1);
  await until("all of it at home", async () => (await world.store.depth(inLane(id, world.home.name))) === 0);
  expect((await world.store.group(id))?.members).toContainEqual({ address: ALICE, name: "Alice", role: "admin" });
  expect(world.home.released).toEqual([]);
  await world.link(alice);
  circle.say(BOB, "hello again");
  await until("it in alice's room", () => world.home.chat(HERE).length > 0);
  expect(texts(world.home.chat(HERE))).toEqual(["hello again"]);
  expect((await world.store.group(id))?.rooms).toEqual(rooms());
  expect(world.home.roomsMade + world.house.roomsMade).toBe(0);
});

test("who is out of the circle by the time it is seen again has no seat that waits for them", async () => {
  const circle = world.network.boards.circle("Club", BOB, CAROL, EMILY);
  const id = groupId(NET, circleKey(circle.id));
  await rebuilt(id, { kind: "circle", circle: circle.id, name: "Club" });
  await world.link(world.emma, "emily");
  circle.say(BOB, "alice has left us");
  await until("the end of her room", () => world.home.released.includes(`delete ${HERE}`));
  expect((await world.store.group(id))?.seats).toEqual([world.account("emily")]);
});

test("the first to link again leaves the group: the rooms stay until those are linked whose they may be", async () => {
  await rebuilt(group(), { kind: "several" });
  await world.link(world.emma, "emily");
  expect(await world.ask("leave 1", world.emma)).toMatch(/^You have left/);
  expect((await world.store.group(group()))?.rooms).toEqual(rooms());
  await world.link(alice);
  world.network.boards.gather(BOB, ALICE, CAROL, EMILY).say(BOB, "still here");
  await until("it in alice's room", () => world.home.chat(HERE).length === 1);
  expect([world.home.released, world.house.released]).toEqual([[], []]);
});

test("the first to link again unlinks: the rooms stay until those are linked whose they may be", async () => {
  await rebuilt(group(), { kind: "several" });
  await world.link(world.emma, "emily");
  await until("her in her room", () => world.house.people(THERE).includes(world.emma));
  expect(await world.ask("unlink", world.emma)).toMatch(/^emily@msn.test is unlinked/);
  await until("her contact in her place", () => world.house.people(THERE).includes(EMILY));
  expect((await world.store.group(group()))?.rooms).toEqual(rooms());
  expect([world.home.released, world.house.released]).toEqual([[], []]);
});
