import { afterEach, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { Inbox } from "../../../src/bridge/inbox.ts";
import { LaneRunner } from "../../../src/bridge/lanes.ts";
import type { LaneBody, LaneRef } from "../../../src/bridge/model.ts";
import { parseHomeName, residentId, shardOf } from "../../../src/bridge/model.ts";
import { account, alice, contact, HOME, portal, record, silent, ToyLanes, until } from "./support.ts";

const inboxes: Inbox[] = [];
afterEach(async () => {
  await Promise.all(inboxes.splice(0).map((inbox) => inbox.flush(0)));
});

/** Lanes that remember the caller's ids as the real ones do, and have the real limit of a body. */
class OnceLanes extends ToyLanes {
  readonly once = new Set<string>();
  override async append(lane: LaneRef, body: LaneBody, once = ""): ReturnType<ToyLanes["append"]> {
    if (JSON.stringify(body).length > 512 * 1024) throw new BridgeError("bad-input");
    if (this.once.has(once))
      return super.read(lane, undefined, 1).then(([entry]) => entry?.id ?? super.append(lane, body));
    const id = await super.append(lane, body);
    this.once.add(once);
    return id;
  }
}

const lane: LaneRef = { kind: "in", shard: shardOf(account()), portal: portal("bob"), home: HOME };

function stage(): {
  store: OnceLanes;
  inbox: Inbox;
  overflows: string[];
  hear: (text: string) => void;
  stored: () => string[];
} {
  const store = new OnceLanes();
  const overflows: string[] = [];
  const lanes = new LaneRunner({
    store,
    fence: () => undefined,
    handlers: { out: never, in: never, control: never },
    concurrency: 1,
    log: silent,
    poisoned: never,
  });
  const inbox = new Inbox({ store, lanes, log: silent, overflow: ({ id }) => overflows.push(id) });
  inboxes.push(inbox);
  return {
    store,
    inbox,
    overflows,
    hear: (text) => inbox.receive(record(), { kind: "text", from: contact("bob"), fromName: "Bob", text, at: 1 }),
    stored: () => store.texts(lane).map((message) => (message as { text: string }).text),
  };
}

async function never(): Promise<never> {
  throw new Error("no lane is run here");
}

test("words are on their way to the store in the tick in which they were heard", async () => {
  const { hear, stored } = stage();
  hear("now");
  expect(stored()).toEqual(["now"]);
});

test("words heard while the store is away are stored in their order when it is back", async () => {
  const { store, hear, stored, inbox } = stage();
  hear("1");
  let down = true;
  store.fault = (command) => {
    if (command === "append" && down) throw new BridgeError("store-down");
  };
  for (const text of ["2", "3", "4"]) hear(text);
  await new Promise((resolve) => setTimeout(resolve, 30));
  down = false;
  hear("5");
  await inbox.flush(5000);
  expect(stored()).toEqual(["1", "2", "3", "4", "5"]);
});

test("words whose storing was in doubt are not stored twice", async () => {
  const { store, hear, stored, inbox } = stage();
  const append = store.append.bind(store);
  let doubts = 2;
  store.append = async (...a: Parameters<OnceLanes["append"]>) => {
    const id = await append(...a);
    if (doubts-- > 0) throw new BridgeError("store-down");
    return id;
  };
  hear("1");
  hear("2");
  hear("3");
  await inbox.flush(5000);
  expect(stored()).toEqual(["1", "2", "3"]);
});

test("words too long for a lane are shortened and say so; what follows does not overtake them", async () => {
  const { hear, stored, inbox } = stage();
  // The longest that MSN knows, in signs that take twice their room in JSON; then the worst: six bytes for each.
  hear('"'.repeat(128 * 1024));
  hear("\u0001".repeat(60_000));
  hear("\u0001".repeat(300 * 1024));
  hear("next");
  await inbox.flush(5000);
  const [quotes, worst, cut = "", next] = stored();
  expect([quotes?.length, worst?.length, next]).toEqual([128 * 1024, 60_000, "next"]);
  expect(cut.replaceAll("\u0001", "")).toBe("… (the rest was too long for the bridge)");
  expect(cut.length).toBeGreaterThan(60_000);
});

test("more than may wait in memory ends the session instead of growing for ever", async () => {
  const { store, hear, overflows } = stage();
  store.fault = () => {
    throw new BridgeError("store-down");
  };
  for (let i = 0; i < 10_001; i += 1) hear(`${i}`);
  expect(overflows).toEqual([account()]);
});

test("a home whose lane has been full for long costs the other one nothing", async () => {
  const { store, inbox, overflows, stored } = stage();
  const append = store.append.bind(store);
  const fills = (into: LaneRef): void => {
    if (into.kind === "in" && into.home !== HOME) throw new BridgeError("lane-full");
  };
  store.append = async (into, body, once) => {
    fills(into);
    return append(into, body, once);
  };
  store.appendOnce = async (into, body) => {
    fills(into);
    return append(into, body);
  };
  const both = record("alice", { owners: [alice, residentId(parseHomeName("toyhouse"), "alix@toy")] });
  const said = { kind: "text", from: contact("bob"), fromName: "Bob", at: 1 } as const;
  await inbox.receiveOffline(both, [{ id: "1", message: { ...said, text: "left" } }]);
  for (const n of [6001, 12_001]) {
    for (let i = 0; i < 6000; i += 1) inbox.receive(both, { ...said, text: `${i}` });
    await until(`${n}`, () => stored().length === n);
  }
  expect(overflows).toEqual([]);
});

test("stopping waits for the words that are on their way, but not for ever", async () => {
  const { store, hear, inbox } = stage();
  store.fault = () => {
    throw new BridgeError("store-down");
  };
  hear("1");
  await expect(inbox.flush(60)).resolves.toBeUndefined();
});

test("stopping waits on for the store when the process stood still meanwhile", async () => {
  const { store, hear, inbox, stored } = stage();
  const answer = Promise.withResolvers<void>();
  const append = store.append.bind(store);
  store.append = async (...a) => {
    await answer.promise;
    return append(...a);
  };
  hear("1");
  const flushed = inbox.flush(200);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  setTimeout(answer.resolve, 30);
  await flushed;
  expect(stored()).toHaveLength(1);
});

test("what is heard after stopping is still given to the store", async () => {
  const { hear, inbox, stored } = stage();
  await inbox.flush(0);
  hear("late");
  await until("it to be stored", () => stored().length === 1);
});

test("words that the store will never take do not stand in the way of what follows; what waited stays on the network", async () => {
  const { store, hear, stored, inbox } = stage();
  const append = store.append.bind(store);
  store.append = async (lane: LaneRef, body: LaneBody, once = "") => {
    if (JSON.stringify(body).includes("poison")) throw new BridgeError("bad-input", { detail: "too large" });
    return append(lane, body, once);
  };
  hear("1");
  hear("poison");
  const waited = (id: string, text: string) =>
    ({ id, message: { kind: "text", from: contact("bob"), fromName: "Bob", text, at: 1 } }) as const;
  const batch = inbox.receiveOffline(record(), [waited("{A}", "2"), waited("{B}", "poison too")]);
  hear("3");
  await expect(batch).rejects.toMatchObject({ code: "bad-input" });
  await until("the rest", () => stored().length === 3);
  expect(stored()).toEqual(["1", "2", "3"]);
});
