import { expect, test } from "vitest";
import type { GroupRecord } from "../../../../src/bridge/groups/model.ts";
import { circleKey, groupId } from "../../../../src/bridge/groups/model.ts";
import type { Asking } from "../../../../src/bridge/groups/plumbing.ts";
import {
  both,
  deletePower,
  either,
  groupPower,
  relayPower,
  untiePower,
} from "../../../../src/bridge/groups/plumbing.ts";
import { roomId } from "../../../../src/bridge/model.ts";
import type { RoomPower } from "../../../../src/bridge/ports/groups.ts";
import { account, alice, HOME, NET } from "../support.ts";
import { anna, member, xavier } from "./desk-world.ts";

const circle: GroupRecord = {
  id: groupId(NET, circleKey("1")),
  kind: "circle",
  name: "Club",
  topic: "",
  members: [member("alice"), member("carol", "admin", "Carol"), member("dan", "admin"), member("eve", "pending")],
  seats: [account("alice"), account("carol")],
  rooms: [],
};
const several: GroupRecord = { ...circle, kind: "several", members: circle.members.slice(0, 2) };
const asking = (name: string, change: Partial<Asking> = {}): Asking => ({
  resident: alice,
  accounts: [account(name)],
  isAdmin: false,
  ...change,
});
const yes: RoomPower = { allowed: true };
const no: RoomPower = { allowed: false, because: "no power" };
const why = (power: RoomPower): string => (power.allowed ? "allowed" : power.because);

test.each([
  ["an admin of a circle", circle, asking("carol"), /^allowed$/],
  ["a member of it", circle, asking("alice"), /no admin.*an admin of it \(Carol <carol@msn\.test>, dan@msn\.test\)/],
  ["who is only invited", circle, asking("eve"), /no account in this group/],
  ["a stranger", circle, asking("zoe"), /no account in this group.*an admin of it/],
  ["an admin who has no seat by this bridge", circle, asking("dan"), /no account in this group/],
  ["a stranger who is the operator's admin", circle, asking("zoe", { isAdmin: true }), /^allowed$/],
  ["somebody among several", several, asking("alice"), /^allowed$/],
  ["a stranger to them", several, asking("zoe"), /no account in this group, so somebody who is in it has/],
] as const)("power over a group: %s", (_, record, who, answer) => {
  expect(why(groupPower(record, who))).toMatch(answer);
});

test("where both must allow it both reasons are said, where one is enough it is enough", () => {
  const other: RoomPower = { allowed: false, because: "nor here" };
  expect(both(yes, yes)).toEqual(yes);
  expect(why(both(no, yes))).toBe("no power");
  expect(why(both(yes, no))).toBe("no power");
  expect(why(both(no, other))).toBe("no power; and nor here");
  expect(either(no, yes)).toEqual(yes);
  expect(why(either(no, other))).toBe("no power; and nor here");
  expect(why(either(no, undefined))).toBe("no power");
});

test("a tie is undone by who made it, by who rules the group, and by who rules the room", () => {
  const room = { home: HOME, room: roomId("!r"), by: anna };
  expect(untiePower(circle, room, asking("zoe", { resident: anna }), no)).toEqual(yes);
  expect(untiePower(circle, room, asking("carol"), no)).toEqual(yes);
  expect(untiePower(circle, room, asking("zoe"), yes)).toEqual(yes);
  expect(why(untiePower(circle, room, asking("alice"), no))).toMatch(/no admin.*no power/);
  expect(why(untiePower(circle, room, asking("alice"), undefined))).toMatch(/no admin/);
});

test("a relay ends at the word of its owner, of who has set it, and of who rules the group or the room", () => {
  const record = { ...circle, relay: { account: account("alice"), by: anna, prefix: false } };
  expect(relayPower(record, asking("alice"), undefined)).toEqual(yes);
  expect(relayPower(record, asking("zoe", { resident: anna }), undefined)).toEqual(yes);
  expect(relayPower(record, asking("carol"), undefined)).toEqual(yes);
  expect(relayPower(record, asking("zoe"), yes)).toEqual(yes);
  expect(relayPower(record, asking("zoe"), no).allowed).toBe(false);
});

test("a portal is deleted by who rules the group, and by who is alone in it here unless others have tied a room", () => {
  const alone = { ...circle, seats: [account("alice")] };
  const room = { home: HOME, room: roomId("!r") };
  expect(deletePower({ ...alone, rooms: [room] }, asking("alice"))).toEqual(yes);
  expect(deletePower({ ...alone, rooms: [{ ...room, by: alice }] }, asking("alice"))).toEqual(yes);
  expect(why(deletePower({ ...alone, rooms: [{ ...room, by: xavier }] }, asking("alice")))).toMatch(/`leave`/);
  expect(why(deletePower(circle, asking("alice")))).toMatch(/no admin.*`leave` the group/);
  expect(deletePower(circle, asking("carol"))).toEqual(yes);
  expect(deletePower({ ...alone, seats: [] }, asking("zoe")).allowed).toBe(false);
});
