import { expect, test } from "vitest";
import { Marks } from "../../../../src/bridge/groups/marks.ts";
import { groupId, parseGroupKey } from "../../../../src/bridge/groups/model.ts";
import { entryId } from "../../../../src/bridge/model.ts";
import { NET, out } from "../support.ts";

const group = groupId(NET, parseGroupKey("set-1"));
const marks = (secret = "secret") => new Marks({ markSecret: async () => secret });
const entry = { lane: out("bob"), id: entryId("1-0") };

test("a mark is the same for each try of an entry, and fits where networks carry it", async () => {
  const mark = await marks().of(group, entry);
  expect(await marks().of(group, entry)).toBe(mark);
  expect(mark).toMatch(/^[A-Za-z0-9_.-]{39}$/);
  expect(await marks().of(group, { ...entry, id: entryId("2-0") })).not.toBe(mark);
});

test("only marks of this installation and this group are ours", async () => {
  const mine = marks();
  const mark = await mine.of(group, entry);
  expect(mine.isOurs(group, mark)).toBe(true);
  expect(mine.isOurs(group, await mine.random(group))).toBe(true);
  expect(mine.isOurs(groupId(NET, parseGroupKey("set-2")), mark)).toBe(false);
  expect(mine.isOurs(group, await marks("another").of(group, entry))).toBe(false);
  for (const forged of [
    undefined,
    "",
    "x",
    `${mark}x`,
    mark.replace(/.$/, (c) => (c === "A" ? "B" : "A")),
    `${"é".repeat(16)}.${"é".repeat(22)}`,
  ])
    expect(mine.isOurs(group, forged)).toBe(false);
});

test("before the secret is known nothing is ours", async () => {
  const mark = await marks().of(group, entry);
  expect(marks().isOurs(group, mark)).toBe(false);
});
