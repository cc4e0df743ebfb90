/** What the same words are known by to all who hear them. */
import { expect, test } from "vitest";
import type { LiveGroup } from "../../../../src/bridge/groups/model.ts";
import { groupHandle } from "../../../../src/bridge/groups/model.ts";
import { couldHear, parsePrint, printOf, writePrint } from "../../../../src/bridge/groups/prints.ts";
import type { NetworkMessage } from "../../../../src/bridge/model.ts";
import { contact } from "../support.ts";

const [ALICE, BOB, CAROL] = ["alice", "bob", "carol"].map(contact) as [
  NetworkMessage["from"],
  NetworkMessage["from"],
  NetworkMessage["from"],
];

function among(...people: NetworkMessage["from"][]): LiveGroup {
  const members = people.map((address) => ({ address, role: "member" as const }));
  return { handle: groupHandle("1"), kind: "several", name: "", members };
}

const ok: NetworkMessage = { kind: "text", from: BOB, fromName: "Bob", text: "ok", at: 1 };

test("two sessions that hear the same know it by the same, however they call who says it, whenever and with what looks", () => {
  const one = printOf(among(ALICE, BOB), ok);
  const other = printOf(among(ALICE, BOB), { ...ok, fromName: "Bobby", at: 2, own: { device: "Laptop" } });
  expect(other).toEqual(one);
});

test("other words, other kinds and other people are known by something else", () => {
  const words = [ok, { ...ok, text: "OK" }, { ...ok, kind: "notice" as const }, { ...ok, nudge: true as const }];
  expect(new Set(words.map((word) => printOf(among(BOB), word).word)).size).toBe(4);
  expect(printOf(among(BOB), { ...ok, from: CAROL }).speaker).not.toBe(printOf(among(BOB), ok).speaker);
});

test("who was there could hear it, others could not; of a circle nobody knows who is signed in", () => {
  const print = printOf(among(ALICE, BOB), ok);
  expect([ALICE, BOB, CAROL].map((who) => couldHear(print, who))).toEqual([true, true, false]);
  const circle = printOf({ ...among(ALICE, BOB), kind: "circle" }, ok);
  expect(couldHear(circle, CAROL)).toBe(true);
  const crowd = Array.from({ length: 65 }, (_, i) => contact(`p${i}`));
  expect(couldHear(printOf(among(...crowd), ok), CAROL)).toBe(true);
});

test("it is a short text for other workers, and what is no such text is none", () => {
  const crowd = Array.from({ length: 64 }, (_, i) => contact(`p${i}`));
  for (const live of [among(ALICE, BOB), among(), among(...crowd), { ...among(BOB), kind: "circle" as const }]) {
    const text = writePrint(printOf(live, ok));
    expect(text.length).toBeLessThanOrEqual(411);
    expect(parsePrint(text)).toEqual(printOf(live, ok));
  }
  for (const odd of ["", "p", "a.b.c", `${"a".repeat(8)}.${"b".repeat(16)}.abc`])
    expect(parsePrint(odd)).toBeUndefined();
});
