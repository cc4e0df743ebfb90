import { expect, test } from "vitest";
import { Marks } from "../../../../src/bridge/groups/marks.ts";
import { groupId, parseGroupKey } from "../../../../src/bridge/groups/model.ts";
import { accountId, entryId, parseContactAddress } from "../../../../src/bridge/model.ts";
import { NET, out } from "../support.ts";

const group = groupId(NET, parseGroupKey("set-1"));
const marks = (secret = "secret") => new Marks({ markSecret: async () => secret });
const alice = parseContactAddress("alice@msn.test");
const bob = parseContactAddress("bob@msn.test");
const ALICE = accountId(NET, alice);
const entry = { lane: out("bob"), id: entryId("1-0") };

test("a mark is the same for each try of an entry, and fits where networks carry it", async () => {
  const mark = await marks().of(group, ALICE, entry);
  expect(await marks().of(group, ALICE, entry)).toBe(mark);
  expect(mark).toMatch(/^[A-Za-z0-9_.-]{39}$/);
  expect(await marks().of(group, ALICE, { ...entry, id: entryId("2-0") })).not.toBe(mark);
});

test("only marks of this installation and this group are ours", async () => {
  const mine = marks();
  const mark = await mine.of(group, ALICE, entry);
  expect(mine.isOurs(group, alice, mark)).toBe(true);
  expect(mine.isOurs(group, alice, await mine.random(group, ALICE))).toBe(true);
  expect(mine.isOurs(groupId(NET, parseGroupKey("set-2")), alice, mark)).toBe(false);
  expect(mine.isOurs(group, alice, await marks("another").of(group, ALICE, entry))).toBe(false);
  for (const forged of [
    undefined,
    "",
    "x",
    `${mark}x`,
    mark.replace(/.$/, (c) => (c === "A" ? "B" : "A")),
    `${"é".repeat(16)}.${"é".repeat(22)}`,
  ])
    expect(mine.isOurs(group, alice, forged)).toBe(false);
});

test("before the secret is known nothing is ours", async () => {
  const mark = await marks().of(group, ALICE, entry);
  expect(marks().isOurs(group, alice, mark)).toBe(false);
});

test("a mark that somebody else in the group has copied does not hide their words", async () => {
  const mine = marks();
  const mark = await mine.of(group, ALICE, entry);
  expect(mine.isOurs(group, bob, mark)).toBe(false);
});
