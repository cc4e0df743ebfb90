/** What is heard at a place, against what others have read there. */
import { expect, test } from "vitest";
import { LATE_MS, Tally } from "../../../../src/bridge/groups/tally.ts";
import { contact } from "../support.ts";

const ALICE = contact("alice");
const HERE = { speaker: "bob", there: "*" };
/** Nobody of these is alice. */
const ELSEWHERE = { speaker: "bob", there: "nobody" };

const heard = (text: string, at = 100_000, bytes = 10) => ({
  print: { ...HERE, word: text },
  account: { address: ALICE },
  at,
  bytes,
});
const read = (text: string, at = 100_000) => ({ print: { ...HERE, word: text }, at });

function tally(at = 100_000, left = 0) {
  return new Tally<ReturnType<typeof heard>>(ALICE, { at, left });
}
const texts = (one: ReturnType<typeof tally>) => one.waiting.map(({ print }) => print.word);

test("what another has read is crossed off, whether it was heard before or after that", () => {
  const one = tally();
  expect([one.hear(heard("a")), one.hear(heard("b"))]).toEqual([true, true]);
  for (const text of ["a", "b", "c"]) one.read(read(text));
  expect(texts(one)).toEqual([]);
  expect([one.hear(heard("c")), one.hear(heard("d"))]).toEqual([false, true]);
  expect(texts(one)).toEqual(["d"]);
});

test("equal words are as many as they are", () => {
  const one = tally();
  for (let i = 0; i < 3; i += 1) one.hear(heard("ok"));
  one.read(read("ok"));
  expect(texts(one)).toEqual(["ok", "ok"]);
  const late = tally();
  late.read(read("ok"));
  expect([late.hear(heard("ok")), late.hear(heard("ok"))]).toEqual([false, true]);
});

test("one speaker's words are not another's", () => {
  const one = tally();
  one.hear(heard("ok"));
  one.read({ print: { ...HERE, speaker: "carol", word: "ok" }, at: 100_000 });
  expect(texts(one)).toEqual(["ok"]);
});

test("what was read before one came is not for one: by who was there, and by the time", () => {
  const one = tally();
  one.read(read("ok"));
  one.read({ print: { ...ELSEWHERE, word: "ok" }, at: 100_000 });
  expect(one.hear(heard("ok"))).toBe(true);
  const long = tally();
  long.read(read("ok", 100_000 - LATE_MS - 1));
  expect(long.hear(heard("ok"))).toBe(true);
  const back = tally(100_000, 99_000);
  back.read(read("ok", 99_000));
  expect(back.hear(heard("ok"))).toBe(true);
});

test("when another session goes on, what only the one before it could hear is not awaited any more", () => {
  const one = tally();
  one.read(read("ok"));
  one.goesOn(contact("emily"), { at: 100_000 + LATE_MS + 1, left: 0 });
  expect(one.hear(heard("ok", 100_000 + LATE_MS + 2))).toBe(true);
});

test("what another reads is kept within bounds: so many, so large, so long", () => {
  const many = tally();
  for (let i = 0; i < 200; i += 1) many.hear(heard(`${i}`));
  expect(many.bound(100_000)).toBe(72);
  expect([texts(many).at(0), texts(many).at(-1)]).toEqual(["72", "199"]);
  const large = tally();
  for (let i = 0; i < 5; i += 1) large.hear(heard(`${i}`, 100_000, 400_000));
  large.bound(100_000);
  expect(texts(large)).toEqual(["3", "4"]);
  const long = tally();
  long.hear(heard("old"));
  long.bound(200_000);
  long.hear(heard("young", 200_000));
  expect(long.bound(229_999)).toBe(0);
  expect(long.bound(230_000)).toBe(1);
  expect(texts(long)).toEqual(["young"]);
});
