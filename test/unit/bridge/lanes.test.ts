import { expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { Outcome } from "../../../src/bridge/lanes.ts";
import type { LaneEntry, LaneRef } from "../../../src/bridge/model.ts";
import { laneName, messageId, shardOf } from "../../../src/bridge/model.ts";
import { park, runner, said, say } from "./lane-harness.ts";
import { alice, HOME, out, portal, ToyLanes, until } from "./support.ts";

test("words of one lane are handled one after another, in their order", async () => {
  const store = new ToyLanes();
  const seen: string[] = [];
  let inHand = 0;
  let most = 0;
  const lanes = runner(store, async (entry) => {
    most = Math.max(most, ++inHand);
    await new Promise((resolve) => setTimeout(resolve, said(entry) === "1" ? 20 : 1));
    seen.push(said(entry));
    inHand -= 1;
    return { kind: "done" };
  });
  await say(store, out("bob"), "1", "2", "3");
  lanes.wake(out("bob"));
  await say(store, out("bob"), "4");
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0 && lanes.snapshot().length === 0);
  expect(seen).toEqual(["1", "2", "3", "4"]);
  expect(most).toBe(1);
});

test("more words than one page holds arrive whole and in order", async () => {
  const store = new ToyLanes();
  const all = Array.from({ length: 200 }, (_, i) => `w${i}`);
  await say(store, out("bob"), ...all);
  const seen: string[] = [];
  const lanes = runner(store, async (entry) => {
    seen.push(said(entry));
    return { kind: "done" };
  });
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(all);
});

test("a lane that stands still does not keep another waiting", async () => {
  const store = new ToyLanes();
  const stuck = Promise.withResolvers<void>();
  const lanes = runner(store, async (entry) => {
    if (said(entry) === "slow") await stuck.promise;
    return { kind: "done" };
  });
  await say(store, out("bob"), "slow");
  await say(store, out("carol"), "quick");
  lanes.wake(out("bob"));
  lanes.wake(out("carol"));
  await until("carol's lane to be empty", () => store.texts(out("carol")).length === 0);
  expect(store.texts(out("bob"))).toEqual(["slow"]);
  stuck.resolve();
});

test("a network that hangs keeps neither what goes to a home nor commands waiting", async () => {
  const store = new ToyLanes();
  const stuck = Promise.withResolvers<void>();
  const hanging = async (entry: LaneEntry): Promise<Outcome> => {
    if (entry.lane.kind === "out") await stuck.promise;
    return { kind: "done" };
  };
  const lanes = runner(store, hanging, 1);
  const back: LaneRef = { kind: "in", shard: out("bob").shard, portal: portal("bob"), home: HOME };
  const control: LaneRef = { kind: "control", shard: shardOf(alice), resident: alice };
  for (const lane of [out("bob"), back, control]) {
    await say(store, lane, "hi");
    lanes.wake(lane);
  }
  await until("the others to be empty", () => store.lanes.size === 1);
  expect(store.texts(out("bob"))).toEqual(["hi"]);
  stuck.resolve();
});

test("no more entries are in hand at once than allowed, over all lanes of a direction", async () => {
  const store = new ToyLanes();
  let inHand = 0;
  let most = 0;
  const lanes = runner(
    store,
    async () => {
      most = Math.max(most, ++inHand);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inHand -= 1;
      return { kind: "done" };
    },
    3,
  );
  const names = Array.from({ length: 12 }, (_, i) => `bob${i}`);
  for (const name of names) await say(store, out(name), "hi");
  for (const name of names) lanes.wake(out(name));
  await until("empty lanes", () => store.lanes.size === 0);
  expect(most).toBe(3);
});

test("a held entry is tried again when its lane is nudged, long before its time", async () => {
  const store = new ToyLanes();
  let open = false;
  const seen: string[] = [];
  const lanes = runner(store, async (entry) => {
    if (!open) return { kind: "hold", ms: 60_000, why: "network-down" };
    seen.push(said(entry));
    return { kind: "done" };
  });
  await say(store, out("bob"), "1", "2");
  lanes.wake(out("bob"));
  await until("the hold", () => lanes.snapshot()[0]?.holding === "network-down");
  open = true;
  lanes.nudge((lane) => lane.kind === "out");
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(["1", "2"]);
});

test("a nudge for other lanes leaves a hold alone", async () => {
  const store = new ToyLanes();
  let tries = 0;
  const lanes = runner(store, async () => {
    tries += 1;
    return { kind: "hold", ms: 60_000, why: "network-down" };
  });
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await until("the hold", () => lanes.snapshot()[0]?.holding === "network-down");
  lanes.nudge((lane) => lane.kind === "in");
  await new Promise((resolve) => setImmediate(resolve));
  expect(tries).toBe(1);
});

test("a handler that fails for a passing reason is called again; nothing is lost and nothing skipped", async () => {
  const store = new ToyLanes();
  const seen: string[] = [];
  let failing = 2;
  const lanes = runner(store, async (entry) => {
    if (said(entry) === "2" && failing-- > 0) throw new BridgeError("home-busy", {}, { retryAfterMs: 1 });
    seen.push(said(entry));
    return { kind: "done" };
  });
  await say(store, out("bob"), "1", "2", "3");
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(["1", "2", "3"]);
});

test("a page that cannot be read is read again", async () => {
  const store = new ToyLanes();
  let failing = 2;
  store.fault = (command) => {
    if (command === "read" && failing-- > 0) throw new BridgeError("store-down");
  };
  const seen: string[] = [];
  const lanes = runner(store, async (entry) => {
    seen.push(said(entry));
    return { kind: "done" };
  });
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(["1"]);
});

test("one entry that always breaks its handler is parked after a few tries and the lane goes on", async () => {
  const store = new ToyLanes();
  const seen: string[] = [];
  let tries = 0;
  const lanes = runner(store, async (entry) => {
    if (said(entry) === "poison") {
      tries += 1;
      throw new TypeError("cannot read properties of undefined");
    }
    seen.push(said(entry));
    return { kind: "done" };
  });
  await say(store, out("bob"), "1", "poison", "2");
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(["1", "2"]);
  expect(tries).toBeGreaterThan(1);
  expect(store.parkedEntries.map(({ message, failure }) => [message, failure.code])).toEqual([
    ["m-poison", "internal"],
  ]);
});

test("an entry that its home refuses for good is parked too, and the lane goes on", async () => {
  const store = new ToyLanes();
  const lanes = runner(store, async (entry) => {
    if (said(entry) === "refused") throw new BridgeError("home-refused");
    return { kind: "done" };
  });
  await say(store, out("bob"), "refused", "2");
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  expect(store.parkedEntries.map(({ failure }) => failure.code)).toEqual(["home-refused"]);
});

test("an entry waits without end for a home that is down; waiting is no defect", async () => {
  const store = new ToyLanes();
  let tries = 0;
  const lanes = runner(store, async () => {
    tries += 1;
    if (tries < 12) throw new BridgeError("home-down", {}, { retryAfterMs: 1 });
    return { kind: "done" };
  });
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  expect(store.parkedEntries).toEqual([]);
});

test("a parked entry tells its sender once, although parking had to be tried again", async () => {
  const store = new ToyLanes();
  let failing = 3;
  store.fault = (command) => {
    if (command === "park" && failing-- > 0) throw new BridgeError("store-down", {}, { retryAfterMs: 1 });
  };
  let told = 0;
  const lanes = runner(store, async (entry) =>
    park(entry, async () => {
      told += 1;
      return messageId(`notice-${told}`);
    }),
  );
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await until("it to be parked and named", () => store.parkedEntries[0]?.notice);
  expect(told).toBe(1);
  expect(store.parkedEntries).toMatchObject([{ message: "m-1", notice: "notice-1" }]);
});

test("while the sender cannot be told the entry stays; it is told when the home is back", async () => {
  const store = new ToyLanes();
  let down = 3;
  const lanes = runner(store, async (entry) =>
    park(entry, async () => {
      if (down-- > 0) throw new BridgeError("home-down", {}, { retryAfterMs: 1 });
      expect(store.texts(out("bob"))).toEqual(["1"]);
      return messageId("notice");
    }),
  );
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await until("it to be parked", () => store.parkedEntries[0]?.notice === "notice");
});

test("what was parked without a name of its own can be retried by its notice", async () => {
  const store = new ToyLanes();
  let first = true;
  const lanes = runner(store, async () => {
    if (!first) return { kind: "done" };
    first = false;
    return {
      kind: "park",
      resident: alice,
      message: undefined,
      failure: { code: "home-refused", text: "no", certainty: "not-sent" },
      report: async () => messageId("notice"),
    };
  });
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await until("it to be parked", () => store.parkedEntries.length === 1);
  expect(store.parkedEntries[0]?.message).toBe("notice");
});

test("a retried entry is handled once more, behind what came meanwhile", async () => {
  const store = new ToyLanes();
  const seen: string[] = [];
  let offline = true;
  const lanes = runner(store, async (entry) => {
    if (offline && said(entry) === "1") return park(entry, async () => messageId("notice"));
    seen.push(said(entry));
    return { kind: "done" };
  });
  await say(store, out("bob"), "1", "2");
  lanes.wake(out("bob"));
  await until("the lane to be empty", () => store.lanes.size === 0 && store.parkedEntries[0]?.notice);
  offline = false;
  expect(await store.retry(alice, messageId("notice"))).toEqual(out("bob"));
  lanes.wake(out("bob"));
  await until("the lane to be empty", () => store.lanes.size === 0);
  expect(seen).toEqual(["2", "1"]);
  expect(await store.retry(alice, messageId("notice"))).toBeUndefined();
});

test("an entry that finds older ones back in its lane is handled behind them", async () => {
  const store = new ToyLanes();
  const seen: string[] = [];
  const lane = out("bob");
  const lanes = runner(store, async (entry) => {
    if (said(entry) === "2" && !seen.includes("1")) {
      // What was parked comes back to its place.
      store.lanes.set(laneName(lane), [...parked.splice(0), ...(store.lanes.get(laneName(lane)) ?? [])]);
      return { kind: "anew" };
    }
    seen.push(said(entry));
    return { kind: "done" };
  });
  await say(store, lane, "1", "2", "3");
  const parked = store.lanes.get(laneName(lane))?.slice(0, 1) ?? [];
  store.lanes.set(laneName(lane), store.lanes.get(laneName(lane))?.slice(1) ?? []);
  lanes.wake(lane);
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(["1", "2", "3"]);
});

test("what was to be parked for a stop that is over by then is handled once more, and before what follows", async () => {
  const store = new ToyLanes();
  const park = store.park.bind(store);
  let isOver = false;
  const done: string[] = [];
  store.park = async (...given) => {
    isOver = true;
    return given[5] === true ? false : await park(...given);
  };
  const lanes = runner(store, async (entry) => {
    if (isOver) {
      done.push(said(entry));
      return { kind: "done" };
    }
    const failure = { code: "room-gone", text: "It is gone.", certainty: "not-sent" } as const;
    return { kind: "park", resident: alice, message: undefined, failure, report: undefined, stopped: true };
  });
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  await say(store, out("bob"), "2");
  lanes.wake(out("bob"));
  await until("an empty lane again", () => store.lanes.size === 0);
  expect(done).toEqual(["1", "2"]);
  expect(store.parkedEntries).toEqual([]);
});
