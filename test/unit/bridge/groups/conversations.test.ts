/** Which group a conversation is, and who reads it. */
import { beforeEach, expect, test } from "vitest";
import { Conversations } from "../../../../src/bridge/groups/conversations.ts";
import { GroupMemory } from "../../../../src/bridge/groups/memory.ts";
import type { GroupRecord, LiveGroup } from "../../../../src/bridge/groups/model.ts";
import { circleKey, groupHandle, groupId, setKey } from "../../../../src/bridge/groups/model.ts";
import type { ContactAddress } from "../../../../src/bridge/model.ts";
import type { GroupStore } from "../../../../src/bridge/ports/groups.ts";
import type { AccountStore } from "../../../../src/bridge/ports/store.ts";
import { contact, NET, record } from "../support.ts";

const [ALICE, EMILY, BOB, CAROL] = ["alice", "emily", "bob", "carol"].map(contact) as [
  ContactAddress,
  ContactAddress,
  ContactAddress,
  ContactAddress,
];
const alice = record("alice");
const emily = record("emily");
const groupOf = (...people: ContactAddress[]) => groupId(NET, setKey(people));

function live(handle: string, ...people: ContactAddress[]): LiveGroup {
  const members = people.map((address) => ({ address, role: "member" as const }));
  return { handle: groupHandle(handle), kind: "several", name: "", members };
}

let memory: GroupMemory;
let conversations: Conversations;
/** What the store has of alice's groups. */
let stored: { groups: GroupRecord[]; keys: Map<string, GroupRecord["id"]> };
beforeEach(() => {
  stored = { groups: [], keys: new Map() };
  const store: Partial<GroupStore & AccountStore> = {
    groupsOf: async (id) => (id === alice.id ? stored.groups : []),
    groupKeys: async (id) => (id === alice.id ? stored.keys : new Map()),
  };
  memory = new GroupMemory({ store: store as GroupStore & AccountStore, local: () => undefined, changed: () => {} });
  conversations = new Conversations(memory);
});

test("the same people are the same group, in whatever order and whoever sees them", () => {
  const one = conversations.groupOf(alice, live("1", ALICE, BOB, EMILY));
  expect(conversations.groupOf(alice, live("2", EMILY, ALICE, BOB))).toBe(one);
  expect(conversations.groupOf(emily, live("3", BOB, EMILY, ALICE))).toBe(one);
  expect(one).toBe(groupOf(ALICE, BOB, EMILY));
});

test("a circle is what it is called for good, whoever is in it", () => {
  const circle = { ...live("1", ALICE, BOB), kind: "circle" as const, circle: "0009-A" };
  expect(conversations.groupOf(alice, circle)).toBe(groupId(NET, circleKey("0009-A")));
});

test("a conversation stays its group while people come and go", () => {
  const one = conversations.groupOf(alice, live("1", ALICE, BOB, CAROL));
  expect(conversations.groupOf(alice, live("1", ALICE, BOB, CAROL, EMILY))).toBe(one);
  expect(conversations.groupOf(alice, live("1", ALICE, CAROL))).toBe(one);
});

test("a set that was noted for a group leads to it, unless these people have a group of their own", async () => {
  const known = groupOf(ALICE, BOB, CAROL);
  const all = setKey([ALICE, BOB, CAROL, EMILY]);
  const base = { kind: "several", name: "", topic: "", members: [], seats: [alice.id], rooms: [] } as const;
  stored = { groups: [{ id: known, ...base }], keys: new Map([[all, known]]) };
  await memory.load(alice);
  expect(conversations.groupOf(alice, live("1", ALICE, BOB, CAROL, EMILY))).toBe(known);
  stored.groups.push({ id: groupId(NET, all), ...base });
  await memory.load(alice);
  expect(conversations.groupOf(alice, live("2", ALICE, BOB, CAROL, EMILY))).toBe(groupId(NET, all));
});

test("who was linked after a set was noted for a group is led to it by those who were there", async () => {
  const known = groupOf(ALICE, BOB, CAROL);
  const base = { kind: "several", name: "", topic: "", members: [], seats: [alice.id], rooms: [] } as const;
  stored = { groups: [{ id: known, ...base }], keys: new Map([[setKey([ALICE, BOB, CAROL, EMILY]), known]]) };
  await memory.load(alice);
  await memory.load(emily);
  expect(conversations.groupOf(emily, live("1", EMILY, CAROL, BOB, ALICE))).toBe(known);
  expect(conversations.groupOf(emily, live("2", EMILY, CAROL, BOB))).toBe(groupOf(EMILY, CAROL, BOB));
});

test("who is called into a running conversation takes it for what those who are in it do", () => {
  const one = conversations.groupOf(alice, live("1", ALICE, BOB, CAROL));
  conversations.seen(alice, live("1", ALICE, BOB, CAROL, EMILY));
  expect(conversations.groupOf(emily, live("2", ALICE, BOB, CAROL, EMILY))).toBe(one);
});

test("the newcomer may hear of it first", () => {
  const one = conversations.groupOf(alice, live("1", ALICE, BOB, CAROL));
  expect(conversations.groupOf(emily, live("2", ALICE, BOB, CAROL, EMILY))).toBe(one);
});

test("another conversation with one more is not taken for the running one", () => {
  const one = conversations.groupOf(alice, live("1", ALICE, BOB, CAROL));
  conversations.seen(alice, live("2", ALICE, BOB, CAROL, EMILY));
  expect(conversations.groupOf(emily, live("3", ALICE, BOB, CAROL, EMILY))).not.toBe(one);
});

test("those who are called together are that group, whoever of them comes, and only while they are called", async () => {
  const group = groupOf(ALICE, BOB, CAROL, EMILY);
  const others = [BOB, CAROL, EMILY];
  await conversations.starting(alice, group, others, async () => {
    expect(conversations.groupOf(alice, live("1", ALICE, BOB, CAROL))).toBe(group);
  });
  expect(conversations.groupOf(alice, live("2", ALICE, BOB, CAROL))).toBe(groupOf(ALICE, BOB, CAROL));
});

test("who is called sees the group that those who call mean, before all are there", async () => {
  const group = groupOf(ALICE, BOB, CAROL, EMILY);
  await conversations.starting(alice, group, [BOB, CAROL, EMILY], async () => {
    expect(conversations.groupOf(emily, live("2", ALICE, EMILY, BOB))).toBe(group);
  });
});

test("two sessions that see people come in another order take the conversation for the same", () => {
  const one = conversations.groupOf(alice, live("1", ALICE, BOB, EMILY));
  expect(conversations.groupOf(emily, live("2", ALICE, BOB, CAROL, EMILY))).toBe(one);
});

test("to ask for a group's conversation decides of no other what it is", () => {
  conversations.seen(alice, live("1", ALICE, BOB, CAROL));
  expect(conversations.own(alice, groupOf(ALICE, BOB, EMILY))).toBeUndefined();
  conversations.seen(alice, live("1", ALICE, BOB, CAROL, EMILY));
  expect(conversations.own(alice, groupOf(ALICE, BOB, CAROL, EMILY))?.handle).toBe("1");
});

test("somebody speaks before all of a known group are called: with them there it is that group", async () => {
  const known = groupOf(ALICE, BOB, CAROL, EMILY);
  const base = { kind: "several", name: "", topic: "", members: [], seats: [alice.id], rooms: [] } as const;
  stored = { groups: [{ id: known, ...base }], keys: new Map() };
  await memory.load(alice);
  expect(conversations.groupOf(alice, live("1", ALICE, BOB, CAROL))).toBe(groupOf(ALICE, BOB, CAROL));
  expect(conversations.groupOf(alice, live("1", ALICE, BOB, CAROL, EMILY))).toBe(known);
});

test("the first session that is in it reads, until it leaves or its session ends", () => {
  const [a, e] = [live("1", ALICE, BOB, EMILY), live("2", ALICE, BOB, EMILY)];
  const group = conversations.groupOf(alice, a);
  conversations.groupOf(emily, e);
  expect([conversations.reads(alice, a, group), conversations.reads(emily, e, group)]).toEqual([true, false]);
  conversations.gone(alice.id);
  expect(conversations.reads(emily, e, group)).toBe(true);
  conversations.groupOf(alice, a);
  expect(conversations.reads(alice, a, group)).toBe(false);
  conversations.ended(emily.id, e.handle);
  expect(conversations.reads(alice, a, group)).toBe(true);
  expect([...conversations.places(alice.id)]).toEqual([group]);
  conversations.ended(alice.id, a.handle);
  expect([...conversations.places(alice.id)]).toEqual([]);
});

test("who is not in a conversation of the group does not read it for those who are", () => {
  const group = conversations.groupOf(alice, live("1", ALICE, BOB, EMILY));
  expect(conversations.reads(alice, live("1", ALICE, BOB, EMILY), group)).toBe(true);
  const without = live("2", BOB, EMILY, CAROL);
  conversations.seen(emily, without);
  conversations.assign(emily, without, group);
  expect(conversations.reads(emily, without, group)).toBe(true);
});

test("of two who are in the same place the first reads, whoever of them is seen to be there sooner", () => {
  const [mine, hers] = [
    { ...live("1", ALICE, BOB, CAROL), place: "board 7" },
    { ...live("2", ALICE, BOB, CAROL, EMILY), place: "board 7" },
  ];
  const group = conversations.groupOf(alice, mine);
  expect(conversations.groupOf(emily, hers)).toBe(group);
  expect(conversations.reads(alice, mine, group)).toBe(true);
  expect(conversations.reads(emily, hers, group)).toBe(false);
  conversations.ended(alice.id, mine.handle);
  expect(conversations.reads(emily, hers, group)).toBe(true);
});

test("each of two places of one group is read by somebody who is there", () => {
  const [mine, hers] = [
    { ...live("1", ALICE, BOB, EMILY), place: "board 7" },
    { ...live("2", ALICE, BOB, EMILY), place: "board 8" },
  ];
  const group = conversations.groupOf(alice, mine);
  expect(conversations.groupOf(emily, hers)).toBe(group);
  expect(conversations.reads(alice, mine, group)).toBe(true);
  expect(conversations.reads(emily, hers, group)).toBe(true);
});

test("one place is read by one, also when the two who are there take it for different groups", () => {
  const [mine, hers] = [
    { ...live("1", ALICE, BOB, EMILY), place: "board 7" },
    { ...live("2", ALICE, BOB, EMILY), place: "board 7" },
  ];
  const [one, other] = [groupOf(ALICE, BOB, EMILY), groupOf(ALICE, BOB, CAROL, EMILY)];
  conversations.seen(emily, hers);
  conversations.assign(emily, hers, other);
  expect(conversations.reads(emily, hers, other)).toBe(true);
  expect(conversations.reads(alice, mine, one)).toBe(false);
});

test("what becomes of a place when more people come is so for all who are there", async () => {
  const known = groupOf(ALICE, BOB, CAROL, EMILY);
  const base = { kind: "several", name: "", topic: "", members: [], seats: [alice.id], rooms: [] } as const;
  stored = { groups: [{ id: known, ...base }], keys: new Map() };
  await memory.load(alice);
  const at = (one: LiveGroup): LiveGroup => ({ ...one, place: "board 7" });
  const before = conversations.groupOf(emily, at(live("2", ALICE, BOB, EMILY)));
  expect(conversations.groupOf(alice, at(live("1", ALICE, BOB, EMILY)))).toBe(before);
  expect(conversations.groupOf(alice, at(live("1", ALICE, BOB, CAROL, EMILY)))).toBe(known);
  expect(conversations.groupOf(emily, at(live("2", ALICE, BOB, CAROL, EMILY)))).toBe(known);
});

test("a group that was called together is not taken for the smaller one of those who have come so far", async () => {
  const [few, all] = [groupOf(ALICE, BOB, CAROL), groupOf(ALICE, BOB, CAROL, EMILY)];
  const base = { kind: "several", name: "", topic: "", members: [], seats: [alice.id], rooms: [] } as const;
  stored = { groups: [few, all].map((id) => ({ id, ...base })), keys: new Map() };
  await memory.load(alice);
  await conversations.starting(alice, all, [BOB, CAROL, EMILY], async () => {
    conversations.seen(alice, live("1", ALICE, BOB));
  });
  conversations.assign(alice, live("1", ALICE, BOB), all);
  expect(conversations.groupOf(alice, live("1", ALICE, BOB, CAROL))).toBe(all);
});
