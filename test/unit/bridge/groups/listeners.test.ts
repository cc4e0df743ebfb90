/** Where the sessions of a worker are, and what they have heard there. */
import { expect, test } from "vitest";
import { Listeners } from "../../../../src/bridge/groups/listeners.ts";
import { account as accountOf, contact } from "../support.ts";

const NOW = 100_000;
const ALICE = contact("alice");
const account = accountOf("alice");
const heard = (text: string) => ({
  print: { speaker: "bob", there: "*", word: text },
  account: { address: ALICE },
  at: NOW,
  bytes: 10,
});

function listening(...places: readonly string[]) {
  const listeners = new Listeners<ReturnType<typeof heard>>();
  for (const place of places) {
    listeners.came(place, account, NOW);
    listeners.hear(place, account, heard(`said at ${place}`));
  }
  return listeners;
}
const left = (listeners: ReturnType<typeof listening>, ...stays: readonly string[]) =>
  listeners
    .keep(account, new Set(stays), NOW)
    .map(({ place, isEmpty, stranded }) => [place, isEmpty, ...stranded.map(({ print }) => print.word)]);

test("an account that leaves some of its places stays at the others, and leaves none twice", () => {
  const listeners = listening("1", "2", "3");
  expect(left(listeners, "2")).toEqual([
    ["1", true, "said at 1"],
    ["3", true, "said at 3"],
  ]);
  expect(left(listeners, "2")).toEqual([]);
  expect(listeners.take("2", account, NOW).map(({ print }) => print.word)).toEqual(["said at 2"]);
  expect(left(listeners)).toEqual([["2", true]]);
  listeners.came("1", account, NOW);
  expect(left(listeners)).toEqual([["1", true]]);
});
