import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { EntryId, Fence, LaneEntry, LaneRef, Shard } from "../../../src/bridge/model.ts";
import { messageId, parseNetworkName, roomId } from "../../../src/bridge/model.ts";
import type { Store, StoredContact } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import type { CuttingProxy } from "./fixture.ts";
import {
  account,
  address,
  Fixture,
  group,
  inGroup,
  inward,
  matrix,
  out,
  person,
  portalOf,
  record,
  said,
  textOf,
  textsIn,
  toRead,
  xmpp,
} from "./fixture.ts";

let fixture: Fixture;
let proxy: CuttingProxy;
/** Reaches Redis through the proxy. */
let store: Store;
/** Reaches it directly, to look. */
let direct: Store;
const ann = person("ann");
const free = 0 as Fence;
const rounds = process.env.MSNBRIDGE_LONG === "1" ? 20 : 3;

beforeAll(async () => {
  fixture = await Fixture.start();
  proxy = await fixture.proxy();
  store = await fixture.open({ port: proxy.port });
  direct = await fixture.open();
});
afterAll(() => fixture.stop());
afterEach(() => {
  if (fixture.redis.pid === undefined) throw new Error("a test has left Redis dead");
});

/** Does it while Redis carries it out and its answer is lost, so that ioredis sends it again. */
async function losingTheAnswer<T>(action: () => Promise<T>): Promise<T> {
  const cuts = proxy.cuts;
  proxy.loseAnswer();
  const result = await action();
  expect(proxy.cuts).toBe(cuts + 1);
  return result;
}

async function one(lane: LaneRef): Promise<LaneEntry> {
  const [entry] = await direct.read(lane, undefined, 1);
  if (!entry) throw new Error("the lane is empty");
  return entry;
}

test("an append whose answer is lost is there once, and its id is known", async () => {
  const lane = out(account("append"), "bob");
  const id = await losingTheAnswer(() => store.append(lane, said("a"), "lost-append"));
  expect((await direct.read(lane, undefined, 9)).map((entry) => entry.id)).toEqual([id]);
});

test("a Redis that has forgotten its scripts does not put what was in flight behind what came later", async () => {
  const lane = out(account("forgotten"), "bob");
  await store.append(lane, said("before"), "forgotten-before");
  await fixture.admin.call("CLIENT", "PAUSE", "2000", "WRITE");
  const first = store.append(lane, said("first"), "forgotten-first");
  await fixture.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  const rest = Array.from({ length: 20 }, (_, i) => store.append(lane, said(`${i}`), `forgotten-${i}`));
  await fixture.admin.call("CLIENT", "UNPAUSE");
  await fixture.admin.call("SCRIPT", "FLUSH");
  await Promise.all([first, ...rest]);
  const texts = (await direct.read(lane, undefined, 100)).map(textOf);
  expect(texts).toEqual(["before", "first", ...Array.from({ length: 20 }, (_, i) => `${i}`)]);
});

test("whatever adds to lanes goes with its script's text each time, so that Redis always knows it", async () => {
  const monitor = await fixture.admin.monitor();
  const sent: string[] = [];
  monitor.on("monitor", (_time: string, [command = "", script = ""]: string[]) => {
    if (/^eval/i.test(command)) sent.push(`${command.toLowerCase()} ${/XADD/.test(script)}`);
  });
  const id = group("texts");
  for (const text of ["a", "b"]) {
    await direct.append(inGroup(id), said(text), `texts-${text}`);
    await direct.appendOnce(inGroup(id), said(text), text);
    await direct.intake(matrix, `texts-${text}`, [{ lane: inGroup(id), body: said(text) }]);
    await direct.appendRead(toRead(id, [inGroup(id)], said(text), `read-${text}`));
  }
  await expect.poll(() => sent).toEqual(Array(8).fill("eval true"));
  monitor.disconnect();
});

test("what was read in a group keeps its order, too, and is there once", async () => {
  const id = group("forgotten");
  const lanes = [inGroup(id), inGroup(id, xmpp)];
  const read = async (text: string) =>
    (await store.appendRead(toRead(id, lanes, said(text), `forgotten-${text}`))).kind === "read";
  await read("before");
  await losingTheAnswer(() => read("lost"));
  await fixture.admin.call("CLIENT", "PAUSE", "2000", "WRITE");
  const first = read("first");
  await fixture.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  const rest = Array.from({ length: 20 }, (_, i) => read(`${i}`));
  await fixture.admin.call("CLIENT", "UNPAUSE");
  await fixture.admin.call("SCRIPT", "FLUSH");
  expect(await Promise.all([first, ...rest])).toEqual(Array(21).fill(true));
  const expected = ["before", "lost", "first", ...Array.from({ length: 20 }, (_, i) => `${i}`)];
  for (const lane of lanes) expect(await textsIn(direct, lane)).toEqual(expected);
});

test("a group, a seat, a room, the names of a message and an end whose answers are lost happen once", async () => {
  const id = group("lost");
  const seat = account("seated");
  await direct.link(record("seated", person("seated")), new Secret("x"));
  await losingTheAnswer(() => store.saveGroup(id, { kind: "several", name: "lost" }));
  await losingTheAnswer(() => store.takeSeat(seat, id, "set-lost"));
  const room = { home: matrix, room: roomId("!lost") };
  const tied = await losingTheAnswer(() => store.tieRoom(id, room));
  expect(tied).toMatchObject({ name: "lost", seats: [seat], rooms: [room] });
  const names = [
    { home: matrix, message: messageId("$1") },
    { home: xmpp, message: messageId("x1") },
  ];
  await losingTheAnswer(() => store.sameMessage(id, names));
  const [order = ""] = await fixture.admin.keys(`msnb:*message-order:${id}`);
  expect(await fixture.admin.llen(order)).toBe(1);
  const secret = await losingTheAnswer(() => store.markSecret());
  expect(await direct.markSecret()).toBe(secret);
  await losingTheAnswer(() => store.dropGroup(id));
  expect(await direct.group(id)).toBeUndefined();
  expect(await direct.groupKeys(seat)).toEqual(new Map());
});

test("appends in flight while the link breaks are there once each and in order", async () => {
  const lane = out(account("in-flight"), "bob");
  const ids = await losingTheAnswer(() =>
    Promise.all(Array.from({ length: 500 }, (_, i) => store.append(lane, said(`${i}`), `in-flight-${i}`))),
  );
  const entries = await direct.read(lane, undefined, 1000);
  expect(entries.map(textOf)).toEqual(Array.from({ length: 500 }, (_, i) => `${i}`));
  expect(entries.map((entry) => entry.id)).toEqual(ids);
});

test("a batch whose answer is lost is stored once", async () => {
  const lane = out(account("batch"), "bob");
  await losingTheAnswer(() => store.intake(matrix, "lost", [{ lane, body: said("a") }]));
  expect(await textsIn(direct, lane)).toEqual(["a"]);
});

test("a done, a park and a retry whose answers are lost happen once", async () => {
  const lane = out(account("settle"), "bob");
  await direct.append(lane, said("a"), "settle-a");
  await direct.append(lane, said("b"), "settle-b");
  await losingTheAnswer(async () => store.done(await one(lane), free));
  expect(await textsIn(direct, lane)).toEqual(["b"]);
  const failure = { code: "send-failed", text: "x", certainty: "not-sent" } as const;
  await losingTheAnswer(async () => store.park(await one(lane), messageId("$b"), ann, failure, free));
  expect(await direct.parked(account("settle"))).toHaveLength(1);
  expect(await losingTheAnswer(() => store.retry(account("settle"), messageId("$b")))).toEqual(lane);
  expect(await textsIn(direct, lane)).toEqual(["b"]);
});

test("a done with copies whose answer is lost copies once, and at the end of each lane", async () => {
  const from = out(account("copying"), "bob");
  const [there, two] = [inward(account("copying"), "bob"), { ...inward(account("copying"), "bob"), home: xmpp }];
  await direct.append(from, said("a"), "copying-a");
  await direct.append(there, said("before"), "copying-before");
  const copies = [there, two].map((lane) => ({ lane, body: said("copy") }));
  const entry = await one(from);
  await losingTheAnswer(() => store.done(entry, free, copies));
  await store.done(entry, free, copies);
  expect(await textsIn(direct, from)).toEqual([]);
  expect(await textsIn(direct, there)).toEqual(["before", "copy"]);
  expect(await textsIn(direct, two)).toEqual(["copy"]);
  expect(await direct.waiting(two.shard)).toContainEqual(two);
});

test("a lease whose answer is lost is ours, with the fence that stands", async () => {
  const shard = 9 as Shard;
  const fence = await losingTheAnswer(() => store.acquire(shard, "me", 60_000));
  if (fence === undefined) throw new Error("the shard was free");
  expect(await direct.renew(shard, "me", fence, 60_000)).toBe(true);
  expect(await fixture.admin.get("msnb:{s9}:fence")).toBe(`${fence}`);
  await losingTheAnswer(() => store.release(shard, "me", fence));
  expect(await direct.acquire(shard, "you", 60_000)).toBeGreaterThan(fence);
});

test("linking, changing and unlinking whose answers are lost happen once", async () => {
  const id = account("linker");
  await losingTheAnswer(() => store.link(record("linker", ann), new Secret("pw")));
  expect((await direct.password(id))?.open()).toBe("pw");
  await losingTheAnswer(() => store.update(id, { halt: "elsewhere" }));
  expect((await direct.account(id))?.halt).toBe("elsewhere");
  await losingTheAnswer(() => store.unlink(id));
  expect(await direct.accountsOf(ann)).toEqual([]);
});

test("a portal, contacts and a profile whose answers are lost are stored once", async () => {
  const portal = portalOf(account("tied"), "bob");
  const room = { home: matrix, room: "!r" as never, resident: ann };
  expect((await losingTheAnswer(() => store.bind(portal, room))).rooms).toEqual([room]);
  const bob: StoredContact = {
    address: address("bob@msn.test"),
    displayName: "Bob",
    listed: true,
    blocked: false,
    groups: [],
    presence: { availability: "online", text: "" },
  };
  expect(await losingTheAnswer(() => store.saveContacts(account("tied"), [bob]))).toBe(1);
  await losingTheAnswer(() => store.updateResident(ann, { k: "v" }));
  expect(await direct.resident(ann)).toEqual({ k: "v" });
});

test("a ticket whose answer is lost counts its try once and is used by the one who used it", async () => {
  const token = new Secret("lost-ticket");
  await losingTheAnswer(() => store.issueTicket(token, { resident: ann }, 60_000));
  expect(await losingTheAnswer(() => store.tryTicket(token))).toBe(1);
  expect(await losingTheAnswer(() => store.consumeTicket(token))).toBe(true);
  expect(await direct.consumeTicket(token)).toBe(false);
});

test("a sign-in whose answer is lost makes the fleet slower, never faster", async () => {
  const net = parseNetworkName("lossy");
  expect(await losingTheAnswer(() => store.takeSignIn(net, 1, 5))).toBe(0);
  const waits = await Promise.all([1, 2, 3, 4].map(() => direct.takeSignIn(net, 1, 5)));
  expect(waits.filter((wait) => wait === 0).length).toBeLessThanOrEqual(4);
});

test("links that Redis itself cuts again and again lose and double nothing", async () => {
  const lane = out(account("cut"), "bob");
  const pending: Promise<EntryId>[] = [];
  for (let round = 0; round < rounds * 10; round++) {
    await direct.ping();
    const kills: Promise<unknown>[] = [];
    for (let i = round * 100; i < (round + 1) * 100; i++) {
      pending.push(direct.append(lane, said(`${i}`), `cut-${i}`));
      if (i % 100 === 50) kills.push(fixture.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
    }
    expect(Number(await kills[0])).toBeGreaterThan(0);
  }
  await Promise.all(pending);
  expect(await textsIn(direct, lane)).toEqual(Array.from({ length: rounds * 1000 }, (_, i) => `${i}`));
});

/** Keeps appending, 50 at a time, each until it has worked, as the core does; stops when told. */
async function traffic(lane: LaneRef, stopped: () => boolean): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let i = 0; !stopped(); i += 50) {
    const texts = Array.from({ length: 50 }, (_, n) => `${i + n}`);
    const wanted = new Set(texts);
    while (wanted.size > 0) {
      const send = (text: string) => direct.append(lane, said(text), `t-${text}`).then(() => wanted.delete(text));
      const results = await Promise.allSettled([...wanted].map(send));
      for (const result of results)
        if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "store-down" });
    }
    acknowledged.push(...texts);
  }
  return acknowledged;
}

test("redis-server is killed and started again under traffic: what was acknowledged is there, once", async () => {
  const lane = out(account("sigkill"), "bob");
  let over = false;
  const sent = traffic(lane, () => over);
  for (let round = 0; round < rounds; round++) {
    const before = await direct.read(lane, undefined, 100_000).catch(() => []);
    await fixture.redis.kill();
    await fixture.redis.restart();
    await expect.poll(async () => (await textsIn(direct, lane)).length).toBeGreaterThan(before.length);
  }
  over = true;
  const acknowledged = await sent;
  const stored = await textsIn(direct, lane);
  expect(new Set(stored).size).toBe(stored.length);
  expect(stored.toSorted()).toEqual(acknowledged.toSorted());
});

test("while Redis is dead every call fails with store-down in good time, and works again afterwards", async () => {
  const lane = out(account("dead"), "bob");
  await fixture.redis.kill();
  const start = performance.now();
  const calls = [
    direct.append(lane, said("a"), "dead-a"),
    direct.intake(matrix, "dead", [{ lane, body: said("b") }]),
    direct.read(lane, undefined, 1),
    direct.account(account("dead")),
    direct.ping(),
  ];
  const results = await Promise.allSettled(calls);
  expect(performance.now() - start).toBeLessThan(20_000);
  for (const result of results) expect(result).toMatchObject({ status: "rejected", reason: { code: "store-down" } });
  await fixture.redis.restart();
  await expect.poll(() => direct.append(lane, said("a"), "dead-a").catch(() => "")).not.toBe("");
  // What was given up may have been done late, with the Redis that is there again; it is not done twice.
  expect(["stored", "repeated"]).toContain(await direct.intake(matrix, "dead", [{ lane, body: said("b") }]));
  expect(await textsIn(direct, lane)).toEqual(["a", "b"]);
});

test("a Redis that stands still does not hang the caller, and what it did late is not done twice", async () => {
  const lane = out(account("still"), "bob");
  const pid = fixture.redis.pid;
  if (pid === undefined) throw new Error("Redis is dead");
  process.kill(pid, "SIGSTOP");
  try {
    await expect(direct.append(lane, said("a"), "still-a")).rejects.toMatchObject({ code: "store-down" });
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await direct.append(lane, said("a"), "still-a");
  expect(await textsIn(direct, lane)).toEqual(["a"]);
});

test("closing waits for what is in flight; afterwards every call says that the store is closed", async () => {
  const closing = await fixture.open();
  const lane = out(account("close"), "bob");
  const last = closing.append(lane, said("a"), "close-a");
  await closing.close();
  await last;
  await expect(closing.append(lane, said("b"), "close-b")).rejects.toMatchObject({ code: "store-down" });
  await closing.close();
  expect(await textsIn(direct, lane)).toEqual(["a"]);
});

test("closing while Redis is dead takes seconds at most", async () => {
  const closing = await fixture.open();
  await fixture.redis.kill();
  const start = performance.now();
  const ping = closing.ping().then(
    () => "answered",
    (error: { code: string }) => error.code,
  );
  await closing.close();
  expect(performance.now() - start).toBeLessThan(10_000);
  expect(await ping).toBe("store-down");
  await fixture.redis.restart();
});
