import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { entryId, type LaneEntry, messageId, roomId } from "../../../src/bridge/model.ts";
import type { Home } from "../../../src/bridge/ports/home.ts";
import { gathered, type ReactionEvent } from "../../../src/bridge/reacting.ts";
import { alice, HOME, out } from "./support.ts";

const room = roomId("!r");
const home = { name: HOME, read: (raw: unknown) => raw } as unknown as Home;
const lane = out("bob");
const reaction = (key: string): ReactionEvent => ({
  kind: "reaction",
  resident: alice,
  room,
  message: messageId(`$${key}`),
  target: messageId("$t"),
  text: "hi",
  key,
});

/** A lane in which keys were pressed so many ms ago. */
function pressed(...ago: number[]): LaneEntry[] {
  return ago.map((ms, n) => {
    const body = { from: "home", home: HOME, raw: reaction(`k${n}`), at: Date.now() - ms } as const;
    return { id: entryId(`${n}-0`), lane, body };
  });
}

function gather([first, ...behind]: LaneEntry[]) {
  if (first === undefined) throw new Error("an empty lane");
  return gathered({ read: async (_lane, _after, count) => behind.slice(0, count) }, home, first, reaction("k0"));
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

test("a reaction waits for more of them", async () => {
  expect(await gather(pressed(0))).toEqual({ kind: "wait", ms: 500 });
  expect(await gather(pressed(20_000, 7900))).toEqual({ kind: "wait", ms: 100 });
});

test("when none has come for a while they are told together", async () => {
  expect(await gather(pressed(20_000, 8000))).toEqual({
    kind: "tell",
    isOf: "one",
    text: "k0 · k1 to “hi”",
    also: ["1-0"],
  });
});

test("people who react through the relay are told of together, by their names", async () => {
  const by = (who: typeof alice, key: string): ReactionEvent => ({ ...reaction(key), resident: who });
  const people = [alice, "toy:ben", "toy:cy", "toy:owner"].map((who) => by(who as typeof alice, "👍"));
  const [first = reaction("👍"), ...others] = people;
  const entries = others.map((raw, n): LaneEntry => {
    const body = { from: "home", home: HOME, raw, at: Date.now() - 20_000 } as const;
    return { id: entryId(`${n + 1}-0`), lane, body };
  });
  const [entry] = pressed(20_000);
  if (entry === undefined) throw new Error("an empty lane");
  const store = { read: async () => entries };
  const relayed = {
    has: (event: ReactionEvent) => event.resident !== "toy:owner",
    name: async (event: ReactionEvent) => event.resident.slice(event.resident.indexOf(":") + 1),
  };
  const name = await relayed.name(first);
  expect(await gathered(store, home, entry, first, relayed)).toEqual({
    kind: "tell",
    isOf: "several",
    text: `👍 ${name}, ben, cy to “hi”`,
    also: ["1-0", "2-0"],
  });
  expect(await gathered(store, home, entry, first)).toMatchObject({ isOf: "one", text: "👍 to “hi”", also: [] });
});

test("whoever goes on and on is told of after a minute", async () => {
  expect(await gather(pressed(60_000, 100))).toMatchObject({ kind: "tell", also: ["1-0"] });
});

test("more than fit into one text are told in several", async () => {
  const told = await gather(pressed(...Array.from({ length: 100 }, () => 0)));
  expect(told).toMatchObject({ kind: "tell" });
  expect(told.kind === "tell" && told.also.length).toBe(64);
});
