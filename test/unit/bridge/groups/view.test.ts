import { expect, test } from "vitest";
import type { GroupRecord } from "../../../../src/bridge/groups/model.ts";
import { groupId, parseGroupKey } from "../../../../src/bridge/groups/model.ts";
import { hasMore, labelOf, ownTopic, shapeOf, viewFor, whole } from "../../../../src/bridge/groups/view.ts";
import { parseHomeName, residentId, roomId } from "../../../../src/bridge/model.ts";
import { account, alice, contact, HOME, NET } from "../support.ts";

const HOUSE = parseHomeName("toyhouse");
const emma = residentId(HOUSE, "emma@toy");
const member = (name: string) => ({ address: contact(name), role: "member" as const });
const record: GroupRecord = {
  id: groupId(NET, parseGroupKey("set-1")),
  kind: "several",
  name: "",
  topic: "chess",
  members: [member("alice"), member("bob"), { ...member("carol"), name: "Carol" }],
  seats: [account("alice"), account("emily")],
  rooms: [{ home: HOME, room: roomId("!a"), by: alice }],
};
const known = {
  owners: (id: ReturnType<typeof account>) =>
    id === account("alice") ? [alice] : id === account("emily") ? [emma] : [],
  name: ({ contact: address }: { contact: string }) => (address === contact("bob") ? "Bobby" : undefined),
};

test("residents of the home are themselves, all others ghosts; who has a seat is in it without having been there last", () => {
  const { people, plumbed } = viewFor(record, HOME, known);
  expect(people).toEqual([
    { kind: "resident", resident: alice, role: "member" },
    { kind: "ghost", ghost: { network: NET, contact: contact("bob") }, name: "Bobby", role: "member" },
    { kind: "ghost", ghost: { network: NET, contact: contact("carol") }, name: "Carol", role: "member" },
    { kind: "ghost", ghost: { network: NET, contact: contact("emily") }, name: contact("emily"), role: "member" },
  ]);
  expect(plumbed).toBe(true);
  expect(viewFor(record, HOUSE, known).people.at(-1)).toEqual({ kind: "resident", resident: emma, role: "member" });
});

test("the topic names the relay, and whether names stand in front", () => {
  const relay = { account: account("alice"), by: alice, prefix: true };
  expect(viewFor(record, HOME, known).topic).toBe("chess");
  expect(viewFor({ ...record, relay }, HOME, known).topic).toBe(
    "chess | Whoever has no MSN account here speaks through alice@msn.test, with their name in front.",
  );
  expect(viewFor({ ...record, topic: "", relay: { ...relay, prefix: false } }, HOME, known).topic).toMatch(
    /without their name/,
  );
});

test("of a long topic the end is left out, and not what is said of the relay; less of it stands in a room of others", () => {
  const relay = { account: account("alice"), by: alice, prefix: true };
  const long = { ...record, topic: `${"x".repeat(407)}🎉${"x".repeat(591)}`, relay };
  const note = " | Whoever has no MSN account here speaks through alice@msn.test, with their name in front.";
  const [behindTheirs, ours] = [viewFor(long, HOME, known).topic, viewFor(long, HOUSE, known).topic];
  expect([ours.length, ours.endsWith(`x…${note}`)]).toEqual([1000, true]);
  expect([behindTheirs.length, behindTheirs]).toEqual([499, `${"x".repeat(407)}…${note}`]);
  expect(viewFor({ ...long, topic: "chess" }, HOUSE, known).topic).toBe(`chess${note}`);
  const { relay: _, ...without } = long;
  expect(viewFor(without, HOUSE, known).topic).toBe(long.topic);
});

test("whoever changes a topic finds their words in it, though the relay has changed or gone meanwhile", () => {
  const note = (account: string, how: string) => `Whoever has no MSN account here speaks through ${account}, ${how}.`;
  const [named, unnamed] = [note("a@msn.test", "with their name in front"), note("b@msn.test", "without their name")];
  expect([named, unnamed].map((one) => ownTopic(`chess | ${one} `))).toEqual(["chess", "chess"]);
  expect([ownTopic(named), ownTopic(`go ${unnamed}`)]).toEqual(["", "go"]);
  expect(ownTopic(`${named} What is that?`)).toBe(`${named} What is that?`);
  expect(ownTopic("chess | go")).toBe("chess | go");
});

test("a shape is who is there as what, in whatever order; a loose conversation's name is none", () => {
  const turned = { ...record, members: [...record.members].reverse() };
  expect(shapeOf(turned)).toBe(shapeOf(record));
  expect(shapeOf({ ...record, name: "x" })).toBe(shapeOf(record));
  expect(shapeOf({ ...record, kind: "circle", name: "x" })).not.toBe(shapeOf({ ...record, kind: "circle" }));
});

test("to have gone is nothing more; to have come or to be an admin now is", () => {
  const [first, ...fewer] = record.members;
  expect(hasMore({ members: fewer }, record)).toBe(false);
  expect(hasMore({ members: [...record.members, member("dave")] }, record)).toBe(true);
  expect(hasMore({ members: [{ ...(first ?? member("alice")), role: "admin" }] }, record)).toBe(true);
});

test("who is not named yet has not left by that", () => {
  const seen = { members: [member("alice")], partial: true as const };
  expect(whole(seen, record).members).toHaveLength(3);
  expect(whole({ members: [member("alice")] }, record).members).toHaveLength(1);
});

test("a group in a sentence is its name, or its people", () => {
  expect(labelOf({ name: "Club", members: [] })).toBe('"Club"');
  expect(labelOf({ ...record, members: [...record.members, member("dave")] })).toBe(
    "your group with alice@msn.test, bob@msn.test, Carol and 1 more",
  );
});
