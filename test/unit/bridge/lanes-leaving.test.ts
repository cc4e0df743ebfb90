import { expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { LaneHandler } from "../../../src/bridge/lanes.ts";
import type { Fence, MessageId } from "../../../src/bridge/model.ts";
import { laneName, messageId, parseHomeName, residentId } from "../../../src/bridge/model.ts";
import { park, runner, said, say } from "./lane-harness.ts";
import { out, ToyLanes, until, words } from "./support.ts";

test("what was handled is not handled again because the store was away when it should have left", async () => {
  const store = new ToyLanes();
  let failing = 3;
  store.fault = (command) => {
    if (command === "done" && failing-- > 0) throw new BridgeError("store-down", {}, { retryAfterMs: 1 });
  };
  const seen: string[] = [];
  const lanes = runner(store, async (entry) => {
    seen.push(said(entry));
    return { kind: "done" };
  });
  await say(store, out("bob"), "1", "2");
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(["1", "2"]);
});

test("while the leaving of an entry is not recorded no more than the next one is handled", async () => {
  const store = new ToyLanes();
  const recorded = Promise.withResolvers<void>();
  const done = store.done.bind(store);
  store.done = async (entry, fence) => {
    await recorded.promise;
    return done(entry, fence);
  };
  const handled: string[] = [];
  const lanes = runner(store, async (entry) => {
    handled.push(said(entry));
    return { kind: "done" };
  });
  await say(store, out("bob"), "1", "2", "3");
  lanes.wake(out("bob"));
  await until("two to be handled", () => handled.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(handled).toEqual(["1", "2"]);
  recorded.resolve();
  await until("an empty lane", () => store.lanes.size === 0);
});

test("who handles an entry learns when its leaving is recorded", async () => {
  const store = new ToyLanes();
  const recorded = Promise.withResolvers<void>();
  const done = store.done.bind(store);
  store.done = async (entry, fence) => {
    await recorded.promise;
    return done(entry, fence);
  };
  const log: string[] = [];
  const lanes = runner(store, async (_entry, left) => {
    left.then(
      () => log.push("left"),
      () => log.push("failed"),
    );
    return { kind: "done", after: async () => void log.push("after") };
  });
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(log).toEqual([]);
  recorded.resolve();
  await until("what comes after", () => log.includes("after"));
  expect(log.toSorted()).toEqual(["after", "left"]);
});

test("who handles an entry that another worker has by now is not left waiting", async () => {
  const store = new ToyLanes();
  const lefts: Promise<void>[] = [];
  const lanes = runner(store, async (_entry, left) => {
    lefts.push(left);
    store.fence = 2 as Fence;
    delete lanes.held.fence;
    return { kind: "done" };
  });
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await until("the lane to be given up", () => lefts.length === 1 && lanes.snapshot().length === 0);
  await lefts[0];
  expect(store.texts(out("bob"))).toEqual(["1"]);
});

test.each([
  ["an entry", []],
  ["an entry with a copy", [{ lane: out("carol"), body: words("copy") }]],
])("a lane that is interrupted while the removal of %s is still under way does not repeat it", async (_, copies) => {
  const store = new ToyLanes();
  const seen: string[] = [];
  store.fault = (command) => {
    if (command === "done" && seen.length === 2 && failing-- > 0)
      throw new BridgeError("store-down", {}, { retryAfterMs: 150 });
  };
  let failing = 4;
  const lanes = runner(store, async (entry) => {
    if (laneName(entry.lane) !== laneName(out("bob"))) return { kind: "done" };
    seen.push(said(entry));
    const after = async (): Promise<void> => {
      if (said(entry) !== "1") return;
      await until("the second to be handled", () => seen.length === 2);
      throw new Error("could not be confirmed");
    };
    return { kind: "done", copies, after };
  });
  await say(store, out("bob"), "1", "2");
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(["1", "2"]);
});

test("a store that refuses the removal for another reason does not cause a repeat either", async () => {
  const store = new ToyLanes();
  let failing = 2;
  store.fault = (command) => {
    if (command === "done" && failing-- > 0) throw new BridgeError("internal", {}, { retryAfterMs: 1 });
  };
  const seen: string[] = [];
  const lanes = runner(store, async (entry) => {
    seen.push(said(entry));
    return { kind: "done" };
  });
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await until("the first to be handled", () => seen.length === 1);
  await say(store, out("bob"), "2");
  lanes.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(["1", "2"]);
});

test("a lane whose fence is lost stops; another worker's fence is never written over", async () => {
  const store = new ToyLanes();
  const seen: string[] = [];
  const inHand = Promise.withResolvers<void>();
  const lanes = runner(store, async (entry) => {
    seen.push(said(entry));
    await inHand.promise;
    return { kind: "done" };
  });
  await say(store, out("bob"), "1", "2");
  lanes.wake(out("bob"));
  await until("the first to be in hand", () => seen.length === 1);
  delete lanes.held.fence;
  store.fence = 2 as Fence;
  inHand.resolve();
  await until("the lane to be given up", () => lanes.snapshot().length === 0);
  expect(seen).toEqual(["1"]);
  expect(store.texts(out("bob"))).toEqual(["1", "2"]);
});

test("a lease that was away and is back under a new fence does not make a handled entry a repeat", async () => {
  const store = new ToyLanes();
  const seen: string[] = [];
  const inHand = Promise.withResolvers<void>();
  const lanes = runner(store, async (entry) => {
    seen.push(said(entry));
    await inHand.promise;
    return { kind: "done" };
  });
  await say(store, out("bob"), "1", "2");
  lanes.wake(out("bob"));
  await until("the first to be in hand", () => seen.length === 1);
  store.fault = () => {
    throw new BridgeError("store-down", {}, { retryAfterMs: 1 });
  };
  delete lanes.held.fence;
  inHand.resolve();
  await new Promise((resolve) => setTimeout(resolve, 20));
  store.fault = () => {};
  store.fence = 2 as Fence;
  setTimeout(() => {
    lanes.held.fence = store.fence;
    lanes.wake(out("bob"));
  }, 20);
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(["1", "2"]);
});

test("an entry in hand when the runner is stopped leaves its lane, so that the next start does not repeat it", async () => {
  const store = new ToyLanes();
  const seen: string[] = [];
  const inHand = Promise.withResolvers<void>();
  const handler: LaneHandler = async (entry) => {
    seen.push(said(entry));
    await inHand.promise;
    return { kind: "done" };
  };
  const first = runner(store, handler);
  await say(store, out("bob"), "1", "2");
  first.wake(out("bob"));
  await until("the first to be in hand", () => seen.length === 1);
  const stopped = first.stop();
  inHand.resolve();
  await stopped;
  expect(store.texts(out("bob"))).toEqual(["2"]);
  const second = runner(store, handler);
  second.wake(out("bob"));
  await until("an empty lane", () => store.lanes.size === 0);
  expect(seen).toEqual(["1", "2"]);
});

test("stopping does not wait for a home that asked for a long pause", async () => {
  const store = new ToyLanes();
  let asked = 0;
  const lanes = runner(store, async (entry) =>
    park(entry, async () => {
      asked += 1;
      throw new BridgeError("home-busy", {}, { retryAfterMs: 60_000 });
    }),
  );
  await say(store, out("bob"), "1");
  lanes.wake(out("bob"));
  await until("the report to be tried", () => asked === 1);
  await lanes.stop();
  expect(store.texts(out("bob"))).toEqual(["1"]);
});

test("a lane of a shard that is not ours is not touched", async () => {
  const store = new ToyLanes();
  const lanes = runner(store, async () => ({ kind: "done" }));
  await say(store, out("bob"), "1");
  delete lanes.held.fence;
  lanes.wake(out("bob"));
  expect(lanes.snapshot()).toEqual([]);
  expect(store.texts(out("bob"))).toEqual(["1"]);
});

test("after a restart every lane of a shard that has entries is worked off", async () => {
  const store = new ToyLanes();
  await say(store, out("bob"), "1");
  await say(store, out("carol"), "2");
  const lanes = runner(store, async () => ({ kind: "done" }));
  await lanes.wakeShard(out("bob").shard);
  await until("empty lanes", () => store.lanes.size === 0);
  expect(lanes.snapshot()).toEqual([]);
});

test("copies are in their lane when the entry has left its own, in order though the store was away, once", async () => {
  const store = new ToyLanes();
  const failing = new Map([
    ["1", 3],
    ["3", 1],
  ]);
  const done = store.done.bind(store);
  store.done = async (entry, fence, copies) => {
    const left = failing.get(said(entry)) ?? 0;
    failing.set(said(entry), left - 1);
    // The store has done the third, and nobody hears of it.
    if (left <= 0 || said(entry) === "3") await done(entry, fence, copies);
    if (left > 0) throw new BridgeError("store-down", {}, { retryAfterMs: 10 });
  };
  const handled: string[] = [];
  const seen: string[] = [];
  const lanes = runner(store, async (entry) => {
    const isCopy = laneName(entry.lane) === laneName(out("carol"));
    (isCopy ? seen : handled).push(said(entry));
    return { kind: "done", copies: isCopy ? [] : [{ lane: out("carol"), body: entry.body }] };
  });
  await say(store, out("bob"), "1", "2", "3", "4");
  lanes.wake(out("bob"));
  await until("all copies to be read", () => seen.length >= 4 && store.lanes.size === 0);
  expect(handled).toEqual(["1", "2", "3", "4"]);
  expect(seen).toEqual(["1", "2", "3", "4"]);
});

test("what fails is parked in the order in which it was said, also when the news of the first takes longer", async () => {
  const store = new ToyLanes();
  const first = Promise.withResolvers<void>();
  const told: string[] = [];
  const lanes = runner(store, async (entry) => {
    if (said(entry) === "2") setTimeout(first.resolve, 30);
    return park(entry, async () => {
      if (said(entry) === "1") await first.promise;
      told.push(said(entry));
      return messageId(`notice-${said(entry)}`);
    });
  });
  await say(store, out("bob"), "1", "2", "3");
  lanes.wake(out("bob"));
  await until("all to be parked", () => store.parkedEntries.length === 3);
  expect(store.parkedEntries.map(({ message }) => message)).toEqual(["m-1", "m-2", "m-3"]);
  expect(told).toEqual(["1", "2", "3"]);
});

test("who said something in another home hears that it failed while the home of those before is away", async () => {
  const store = new ToyLanes();
  const away = Promise.withResolvers<void>();
  const emma = residentId(parseHomeName("toyhouse"), "emma@toy");
  const lanes = runner(store, async (entry) => {
    const report = async (): Promise<MessageId> => {
      if (said(entry) === "1") await away.promise;
      return messageId(`notice-${said(entry)}`);
    };
    const parked = park(entry, report);
    return said(entry) === "2" && parked.kind === "park" ? { ...parked, resident: emma } : parked;
  });
  await say(store, out("bob"), "1", "2");
  lanes.wake(out("bob"));
  await until("emma's to be parked", () => store.parkedEntries.length > 0, 1000);
  expect(store.parkedEntries.map(({ message }) => message)).toEqual(["m-2"]);
  away.resolve();
  await until("both to be parked", () => store.parkedEntries.length === 2);
});
