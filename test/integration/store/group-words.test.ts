import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GroupId } from "../../../src/bridge/groups/model.ts";
import type { LaneBody, MessageId } from "../../../src/bridge/model.ts";
import { laneName, messageId, portalParts, shardOf } from "../../../src/bridge/model.ts";
import type { ReadTurn, WordsToRead } from "../../../src/bridge/ports/groups.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { SealingKeys } from "../../../src/store/index.ts";
import { account, address, Fixture, group, inGroup, inward, matrix, said, textsIn, toRead, xmpp } from "./fixture.ts";

let fixture: Fixture;
let store: Store;
/** The store of another worker. */
let second: Store;

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
  second = await fixture.open();
});
afterAll(() => fixture.stop());

const LONG = 60_000;

function heard(text: string): LaneBody {
  const from = address("bob@msn.test");
  return { from: "network", message: { kind: "text", from, fromName: "Bob", text, at: 1_700_000_000_000 }, id: "w1" };
}

/** Appends to the lanes of both homes. */
function read(by: Store, id: GroupId, reader: string, text: string, leaseMs = LONG): Promise<boolean> {
  const lanes = [inGroup(id), inGroup(id, xmpp)];
  return append(by, { ...toRead(id, lanes, heard(text), `${id.slice(-30)} ${text}`), reader, leaseMs });
}

/** Whether it was this reader's turn. */
async function append(by: Store, words: WordsToRead): Promise<boolean> {
  return (await by.appendRead(words)).kind === "read";
}

async function texts(id: GroupId): Promise<string[][]> {
  return [await textsIn(store, inGroup(id)), await textsIn(store, inGroup(id, xmpp))];
}

const keysOf = async (part: string) => (await fixture.admin.keys("*")).filter((key) => key.includes(part));

const readerKey = (id: GroupId) => `msnb:{s${shardOf(portalParts(id).account)}}:reading:${id} -`;

test("what was read in a group is in the lanes of all homes, in the order in which it was read", async () => {
  const id = group("order");
  const words = Array.from({ length: 100 }, (_, i) => `${i}`);
  expect(await Promise.all(words.map((text) => read(store, id, "one boot", text)))).toEqual(words.map(() => true));
  expect(await texts(id)).toEqual([words, words]);
  const [entry] = await store.read(inGroup(id, xmpp), undefined, 1);
  expect(entry).toMatchObject({ lane: inGroup(id, xmpp), body: heard("0") });
  expect(await store.waiting(inGroup(id).shard)).toEqual(expect.arrayContaining([inGroup(id), inGroup(id, xmpp)]));
});

test("one of two workers reads a group; what the other has read as well is not appended", async () => {
  const id = group("two");
  const tries = await Promise.all([
    read(store, id, "one boot", "a"),
    read(second, id, "two boot", "b"),
    read(store, id, "one boot", "c"),
    read(second, id, "two boot", "d"),
  ]);
  const winner = tries[0] ? ["a", "c"] : ["b", "d"];
  expect(tries).toEqual(tries[0] ? [true, false, true, false] : [false, true, false, true]);
  expect(await texts(id)).toEqual([winner, winner]);
});

test("each group has a reader of its own", async () => {
  expect(await read(store, group("own-1"), "one boot", "a")).toBe(true);
  expect(await read(second, group("own-2"), "two boot", "a")).toBe(true);
});

test("the lease runs from the reader's last append; when it is over another worker reads", async () => {
  const id = group("lease");
  await read(store, id, "one boot", "a", 1_000);
  await read(store, id, "one boot", "b", LONG);
  expect(await fixture.admin.pttl(readerKey(id))).toBeGreaterThan(LONG - 5_000);
  expect(await read(second, id, "two boot", "c")).toBe(false);
  await read(store, id, "one boot", "d", 100);
  await expect.poll(() => read(second, id, "two boot", "e"), { interval: 10 }).toBe(true);
  expect(await read(store, id, "one boot", "f")).toBe(false);
  expect((await texts(id))[0]).toEqual(["a", "b", "d", "e"]);
});

test("a worker that was started anew takes over from itself at once", async () => {
  const id = group("boot");
  await read(store, id, "worker 1 boot-a", "a");
  expect(await read(second, id, "worker 1 boot-b", "b")).toBe(true);
  expect(await fixture.admin.get(readerKey(id))).toBe("worker 1 boot-b");
  expect(await read(second, id, "worker boot-a", "c")).toBe(false);
  expect(await texts(id)).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
});

test("a reader that has gone lets another read at once; only the reader itself can", async () => {
  const id = group("release");
  await read(store, id, "one boot", "a");
  await second.releaseReader(id, "", "two boot");
  await second.releaseReader(id, "", "one other-boot");
  expect(await read(second, id, "two boot", "b")).toBe(false);
  await store.releaseReader(id, "", "one boot");
  await store.releaseReader(id, "", "one boot");
  expect(await read(second, id, "two boot", "b")).toBe(true);
});

/** Words at a place that are known by their text; `after`: up to where the reader knows what was read there. */
function at(place: string, id: GroupId, reader: string, text: string, after = ""): WordsToRead {
  const words = toRead(id, [inGroup(id)], heard(text), `${id.slice(-30)} ${text}`);
  return { ...words, place, reader, after, print: text };
}

test("what was read at a place is noted with it: who reads next hears of it first, and nothing is appended before that", async () => {
  const id = group("noted");
  const turns = [await store.appendRead(at("7", id, "one boot", "a"))];
  turns.push(await store.appendRead(at("7", id, "one boot", "b", turns[0]?.kind === "read" ? turns[0].after : "")));
  expect(turns.map(({ kind }) => kind)).toEqual(["read", "read"]);
  await store.releaseReader(id, "7", "one boot");
  const behind = await second.appendRead(at("7", id, "two boot", "b again"));
  expect(behind).toMatchObject({ kind: "behind", words: [{ print: "a" }, { print: "b" }] });
  if (behind.kind !== "behind") return;
  for (const { ageMs } of behind.words) expect(ageMs).toBeGreaterThanOrEqual(0);
  expect(await textsIn(store, inGroup(id))).toEqual(["a", "b"]);
  const known = behind.words.at(-1)?.after ?? "";
  expect(await second.appendRead(at("7", id, "two boot", "c", known))).toMatchObject({ kind: "read" });
  expect(await store.appendRead(at("7", id, "one boot", "c of one", known))).toMatchObject({
    kind: "other",
    words: [{ print: "c" }],
  });
  expect(await textsIn(store, inGroup(id))).toEqual(["a", "b", "c"]);
});

test("a repeat of noted words is known, though they were noted meanwhile", async () => {
  const id = group("noted-twice");
  const first = await store.appendRead(at("7", id, "one boot", "a"));
  expect(await store.appendRead(at("7", id, "one boot", "a"))).toEqual(first);
  const [journal = ""] = await keysOf(`:read:${id} `);
  expect(await fixture.admin.xlen(journal)).toBe(1);
});

test("each place of a group has a reader of its own", async () => {
  const id = group("places");
  expect(await append(store, at("7", id, "one boot", "a"))).toBe(true);
  expect(await append(second, at("8", id, "two boot", "b"))).toBe(true);
  expect(await append(second, at("7", id, "two boot", "c"))).toBe(false);
});

test("a group is not called together while its reader reads at another place of it than the one that it has left", async () => {
  const id = group("two-places");
  const now = 1_700_000_000_000;
  await store.saveGroup(id, { kind: "several" });
  await store.talked(id, now);
  for (const place of ["7", "8"]) await store.appendRead(at(place, id, "one boot", `said at ${place}`));
  await store.releaseReader(id, "7", "one boot", true);
  expect(await second.claimCall(id, "two boot", now)).toBe(false);
  await store.releaseReader(id, "8", "one boot");
  expect(await second.claimCall(id, "two boot", now)).toBe(true);
});

/** In one go, for an heir has but a second: one reads, two is refused, one leaves, three asks. */
async function leaving(id: GroupId): Promise<{ refused: ReadTurn; three: ReadTurn }> {
  await store.releaseReader(id, "7", "nobody boot");
  const [, refused, , three] = await Promise.all([
    store.appendRead(at("7", id, "one boot", "a")),
    store.appendRead({ ...at("7", id, "two boot", "b"), sinceMs: 100 }),
    store.releaseReader(id, "7", "one boot"),
    store.appendRead(at("7", id, "three boot", "c")),
  ]);
  return { refused, three };
}

test("who has heard the oldest of those who were refused reads next", async () => {
  const id = group("heir");
  const { refused, three } = await leaving(id);
  expect([refused, three]).toMatchObject([
    { kind: "other", words: [{ print: "a" }] },
    { kind: "other", words: [{ print: "a" }] },
  ]);
  const known = refused.kind === "other" ? (refused.words[0]?.after ?? "") : "";
  expect(await append(second, { ...at("7", id, "two boot", "b", known), sinceMs: 5_000 })).toBe(true);
});

test("an heir that does not come keeps nobody waiting for long", async () => {
  const id = group("no-heir");
  const { three } = await leaving(id);
  expect(three.kind === "other" && three.forMs <= 1_000).toBe(true);
  const { after: _after, ...shape } = at("7", id, "three boot", "d");
  await expect.poll(() => append(store, shape), { interval: 50 }).toBe(true);
});

test("of what was read at a place the last 256 are noted, for a minute", async () => {
  const id = group("noted-many");
  let after = "";
  for (let i = 0; i < 260; i += 1) {
    const turn = await store.appendRead(at("7", id, "one boot", `${i}`, after));
    if (turn.kind === "read") after = turn.after;
  }
  const [journal = ""] = await keysOf(`:read:${id} `);
  expect(await fixture.admin.xlen(journal)).toBe(256);
  const ms = await fixture.admin.pttl(journal);
  expect(ms > 0 && ms <= 60_000).toBe(true);
});

test("a repeat adds nothing, even when the first is dealt with, and renews the lease", async () => {
  const id = group("repeat");
  await read(store, id, "one boot", "a");
  for (const entry of await store.read(inGroup(id), undefined, 1)) await store.done(entry, 0 as never);
  await fixture.admin.pexpire(readerKey(id), 5_000);
  expect(await read(store, id, "one boot", "a")).toBe(true);
  expect(await texts(id)).toEqual([[], ["a"]]);
  expect(await fixture.admin.pttl(readerKey(id))).toBeGreaterThan(5_000);
});

test("a repeat with one home more adds to that home alone; a lane named twice gets it once", async () => {
  const id = group("partly");
  const lanes = [inGroup(id), inGroup(id)];
  await store.appendRead(toRead(id, lanes, heard("a"), "partly-1"));
  await store.appendRead(toRead(id, [...lanes, inGroup(id, xmpp)], heard("a"), "partly-1"));
  expect(await texts(id)).toEqual([["a"], ["a"]]);
});

test("without lanes it is asked whose turn it is, and nothing is appended", async () => {
  const id = group("nobody");
  expect(await append(store, toRead(id, [], heard("a"), "nobody-1"))).toBe(true);
  expect(await append(second, { ...toRead(id, [], heard("a"), "nobody-2"), reader: "two boot" })).toBe(false);
});

test("when the lane of one home is full no home gets it, and the error names the lane", async () => {
  const id = group("full");
  const full = inGroup(id, xmpp);
  const fill = "for i = 1, 99999 do redis.call('XADD', KEYS[1], '1-' .. i, 'b', ARGV[1]) end";
  const stream = `msnb:{s${full.shard}}:lane:${laneName(full)}`;
  await fixture.admin.eval(fill, 1, stream, JSON.stringify({ v: 1, ...said("old") }));
  expect(await read(store, id, "one boot", "fits")).toBe(true);
  await expect(read(store, id, "one boot", "too much")).rejects.toMatchObject({
    code: "lane-full",
    message: expect.stringContaining(laneName(full)),
  });
  expect(await textsIn(store, inGroup(id))).toEqual(["fits"]);
  expect(await fixture.admin.xlen(stream)).toBe(100_000);
  // What is there already is not refused for it.
  expect(await read(store, id, "one boot", "fits")).toBe(true);
  expect(await read(second, id, "two boot", "mine")).toBe(false);
});

test("odd readers, lanes of other groups and what is too long are refused", async () => {
  const id = group("odd");
  const refused = { code: "bad-input" };
  const append = (reader: string, ms: number, lane = inGroup(id), once = "odd-1", text = "a") =>
    store.appendRead({ ...toRead(id, [lane], heard(text), once), reader, leaseMs: ms });
  for (const reader of ["", "boot", "one ", `${"x".repeat(200)} boot`])
    await expect(append(reader, LONG)).rejects.toMatchObject(refused);
  for (const ms of [0, -1, 0.5, Number.NaN]) await expect(append("one boot", ms)).rejects.toMatchObject(refused);
  for (const lane of [inGroup(group("even")), inward(account("odd"), "bob")])
    await expect(append("one boot", LONG, lane)).rejects.toMatchObject(refused);
  for (const once of ["", "x".repeat(65)])
    await expect(append("one boot", LONG, inGroup(id), once)).rejects.toMatchObject(refused);
  await expect(append("one boot", LONG, inGroup(id), "odd-1", "x".repeat(512 * 1024))).rejects.toMatchObject(refused);
  expect(await texts(id)).toEqual([[], []]);
  expect(await fixture.admin.exists(readerKey(id))).toBe(0);
});

test("ids keep growing between what is read in a group and other appends of its shard", async () => {
  const id = group("mixed");
  const lane = inGroup(id);
  for (let i = 0; i < 5; i += 1) {
    await read(store, id, "one boot", `read ${i}`);
    await store.append(lane, heard(`said ${i}`), `mixed-${i}`);
  }
  const expected = Array.from({ length: 5 }, (_, i) => [`read ${i}`, `said ${i}`]).flat();
  expect(await textsIn(store, lane)).toEqual(expected);
});

test("appends of groups count among those that may be in flight", async () => {
  const id = group("flood");
  const results = await Promise.allSettled(Array.from({ length: 2050 }, (_, i) => read(store, id, "one boot", `${i}`)));
  // Of those in flight a slow machine may not see all answers in time: they are stored all the same.
  const refused = results.flatMap((result, i) =>
    result.status === "rejected" && /too many/.test(result.reason.message) ? [i] : [],
  );
  expect(refused).toEqual([2048, 2049]);
  await expect.poll(async () => await textsIn(store, inGroup(id))).toHaveLength(2048);
});

const name = (text: string): MessageId => messageId(text);

test("a message is called differently in each home, and found from any of its names", async () => {
  const id = group("names");
  await store.sameMessage(id, [
    { home: matrix, message: name("$a:home.test") },
    { home: xmpp, message: name("id with blanks \u{1F600}") },
  ]);
  expect(await store.messageIn(id, matrix, name("$a:home.test"), xmpp)).toBe("id with blanks \u{1F600}");
  expect(await store.messageIn(id, xmpp, name("id with blanks \u{1F600}"), matrix)).toBe("$a:home.test");
  expect(await store.messageIn(id, matrix, name("$a:home.test"), matrix)).toBe("$a:home.test");
  expect(await store.messageIn(id, xmpp, name("$a:home.test"), matrix)).toBeUndefined();
  expect(await store.messageIn(group("other-names"), matrix, name("$a:home.test"), xmpp)).toBeUndefined();
});

test("names are added to a message that is known; the first of a home is what it is called there", async () => {
  const id = group("added");
  await store.sameMessage(id, [{ home: matrix, message: name("$1") }]);
  expect(await store.messageIn(id, matrix, name("$1"), xmpp)).toBeUndefined();
  for (const more of ["x1", "x2", "x2"])
    await store.sameMessage(id, [
      { home: matrix, message: name("$1") },
      { home: xmpp, message: name(more) },
    ]);
  expect(await store.messageIn(id, matrix, name("$1"), xmpp)).toBe("x1");
  for (const one of ["x1", "x2"]) expect(await store.messageIn(id, xmpp, name(one), matrix)).toBe("$1");
});

test("two messages that turn out to be one are one", async () => {
  const id = group("joined");
  await store.sameMessage(id, [{ home: matrix, message: name("$1") }]);
  await store.sameMessage(id, [{ home: xmpp, message: name("x1") }]);
  await store.sameMessage(id, [
    { home: matrix, message: name("$1") },
    { home: xmpp, message: name("x1") },
  ]);
  expect(await store.messageIn(id, xmpp, name("x1"), matrix)).toBe("$1");
  expect(await store.messageIn(id, matrix, name("$1"), xmpp)).toBe("x1");
  const [order = ""] = await fixture.admin.keys(`msnb:*message-order:${id}`);
  expect(await fixture.admin.llen(order)).toBe(1);
});

test("the last 2 000 messages of a group are known, and no more is kept", async () => {
  const id = group("bounded");
  const names = (i: number) => [
    { home: matrix, message: name(`$${i}`) },
    { home: xmpp, message: name(`x${i}`) },
  ];
  await Promise.all(Array.from({ length: 2001 }, (_, i) => store.sameMessage(id, names(i))));
  expect(await store.messageIn(id, matrix, name("$0"), xmpp)).toBeUndefined();
  expect(await store.messageIn(id, xmpp, name("x1"), matrix)).toBe("$1");
  expect(await store.messageIn(id, xmpp, name("x2000"), matrix)).toBe("$2000");
  const [messages = ""] = await fixture.admin.keys(`msnb:*:messages:${id}`);
  expect(await fixture.admin.hlen(messages)).toBe(2000 * 3 + 1);
});

test("a message keeps 16 names, and none of more than 1 000 bytes", async () => {
  const id = group("many-names");
  const all = Array.from({ length: 20 }, (_, i) => ({ home: xmpp, message: name(`x${i}`) }));
  for (const one of all) await store.sameMessage(id, [{ home: matrix, message: name("$1") }, one]);
  const found = await Promise.all(all.map(({ message }) => store.messageIn(id, xmpp, message, matrix)));
  expect(found).toEqual([...Array(15).fill("$1"), ...Array(5).fill(undefined)]);
  await store.sameMessage(id, [
    { home: matrix, message: name("$2") },
    { home: xmpp, message: name("x".repeat(1001)) },
  ]);
  expect(await store.messageIn(id, matrix, name("$2"), xmpp)).toBeUndefined();
  expect(await store.messageIn(id, xmpp, name("x".repeat(1001)), matrix)).toBeUndefined();
  await store.sameMessage(id, []);
});

test("the secret of marks is made once, for all workers, and does not stand in Redis", async () => {
  const secrets = await Promise.all([store, second, store, second].map((one) => one.markSecret()));
  expect(new Set(secrets).size).toBe(1);
  const [secret = ""] = secrets;
  expect(Buffer.from(secret, "base64url")).toHaveLength(32);
  const row = await fixture.admin.hgetall("msnb:{installation}:secrets");
  expect(Object.keys(row)).toEqual(["mark"]);
  expect(JSON.stringify(row)).not.toContain(secret);
});

test("the secret of marks is sealed anew with a new key, and does not open without the old one", async () => {
  const own = await Fixture.start();
  try {
    const [old, young] = [randomBytes(32), randomBytes(32)];
    const secret = await (await own.open({ keys: new SealingKeys(new Map([[1, old]])) })).markSecret();
    const onlyNew = await own.open({ keys: new SealingKeys(new Map([[2, young]])) });
    await expect(onlyNew.markSecret()).rejects.toMatchObject({ code: "internal" });
    const both = new SealingKeys(new Map([[1, old]]).set(2, young));
    expect(await (await own.open({ keys: both })).markSecret()).toBe(secret);
    expect(await onlyNew.markSecret()).toBe(secret);
  } finally {
    await own.stop();
  }
});

test("a group may be called together while its last word is not long past, by a worker when no other reads it or has called it just now", async () => {
  const id = group("called");
  const now = 1_700_000_000_000;
  expect(await store.talked(id, now)).toBe(false);
  expect(await keysOf(id)).toEqual([]);
  await store.saveGroup(id, { kind: "several" });
  expect(await store.claimCall(id, "one boot", now)).toBe(false);
  expect(await store.talked(id, now)).toBe(true);
  await append(store, { ...toRead(id, [], heard("x"), "asked"), reader: "two boot" });
  expect(await store.claimCall(id, "one boot", now)).toBe(false);
  expect(await store.claimCall(id, "two again", now)).toBe(true);
  await store.releaseReader(id, "", "two boot");
  expect(await store.claimCall(id, "one boot", now + 59_000)).toBe(false);
  expect(await store.claimCall(id, "one boot", now + 61_000)).toBe(true);
  expect(await store.claimCall(id, "one again", now + 62_000)).toBe(true);
  expect(await store.claimCall(id, "one boot", now + 601_000)).toBe(false);
  await expect(store.claimCall(id, "nobody", now)).rejects.toMatchObject({ code: "bad-input" });
});
