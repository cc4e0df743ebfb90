import { afterAll, beforeAll, expect, test } from "vitest";
import type { Failure, Fence, LaneEntry, LaneRef } from "../../../src/bridge/model.ts";
import { laneName, messageId, residentId } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { account, control, Fixture, listeningLog, matrix, out, person, said, textsIn, xmpp } from "./fixture.ts";

let fixture: Fixture;
let store: Store;
const free = 0 as Fence;
const ann = person("ann");
const offline: Failure = { code: "contact-offline", text: "Not sent: bob is offline.", certainty: "not-sent" };

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});
afterAll(() => fixture.stop());

async function appended(lane: LaneRef, ...texts: string[]): Promise<LaneEntry[]> {
  for (const text of texts) await store.append(lane, said(text), `${laneName(lane).slice(-30)} ${text}`);
  return (await store.read(lane, undefined, 1000)).slice(-texts.length);
}

test("a parked message leaves its lane and is listed with its reason, oldest first", async () => {
  const lane = out(account("list"), "bob");
  for (const entry of await appended(lane, "a", "b"))
    await store.park(entry, messageId(`$list-${entry.id}`), ann, offline, free);
  expect(await textsIn(store, lane)).toEqual([]);
  expect(await store.waiting(lane.shard)).not.toContainEqual(lane);
  const listed = await store.parked(account("list"));
  expect(listed).toMatchObject([
    { lane, failure: offline },
    { lane, failure: offline },
  ]);
  expect(listed.map(({ message }) => message)).toEqual(listed.map(({ message }) => message).toSorted());
  expect(Math.abs(Date.now() - (listed[0]?.at ?? 0))).toBeLessThan(10_000);
});

test("retry puts the message at the end of its lane, once", async () => {
  const lane = out(account("once"), "bob");
  const [first] = await appended(lane, "failed");
  if (first) await store.park(first, messageId("$failed"), ann, offline, free);
  await appended(lane, "said later");
  expect(await store.retry(account("once"), messageId("$failed"))).toEqual(lane);
  expect(await store.retry(account("once"), messageId("$failed"))).toBeUndefined();
  expect(await textsIn(store, lane)).toEqual(["said later", "failed"]);
  expect(await store.waiting(lane.shard)).toContainEqual(lane);
  expect(await store.parked(account("once"))).toEqual([]);
});

test("what is asked for again carries the time of the asking, also when it fails once more", async () => {
  const lane = out(account("anew"), "bob");
  const [entry] = await appended(lane, "failed");
  if (entry) await store.park(entry, messageId("$anew"), ann, offline, free);
  const before = Date.now();
  await store.retry(account("anew"), messageId("$anew"));
  const [again] = await store.read(lane, undefined, 1);
  expect(again?.body).toEqual({ ...said("failed"), at: expect.toSatisfy((at: number) => at >= before) });
  if (again) await store.park(again, messageId("$anew"), ann, offline, free);
  await store.retry(account("anew"), messageId("$anew"));
  expect(await textsIn(store, lane)).toEqual(["failed"]);
});

test("many retries of one message at the same moment send it once", async () => {
  const lane = out(account("crowd"), "bob");
  const [entry] = await appended(lane, "failed");
  if (entry) await store.park(entry, messageId("$crowd"), ann, offline, free);
  await store.aliasParked(lane, messageId("$crowd"), messageId("$notice"));
  const second = await fixture.open();
  const tries = Array.from({ length: 40 }, (_, i) =>
    (i % 2 ? store : second).retry(account("crowd"), messageId(i % 3 ? "$crowd" : "$notice")),
  );
  const lanes = (await Promise.all(tries)).filter((found) => found !== undefined);
  expect(lanes).toEqual([lane]);
  expect(await textsIn(store, lane)).toEqual(["failed"]);
});

test("a message is retried by the notice about it, and both names are forgotten then", async () => {
  const lane = out(account("alias"), "bob");
  const [entry] = await appended(lane, "failed");
  if (entry) await store.park(entry, messageId("$message"), ann, offline, free);
  await store.aliasParked(lane, messageId("$message"), messageId("$notice"));
  await store.aliasParked(lane, messageId("$message"), messageId("$notice"));
  expect(await store.retry(account("alias"), messageId("$notice"))).toEqual(lane);
  expect(await store.retry(account("alias"), messageId("$message"))).toBeUndefined();
  expect(await fixture.admin.exists(`msnb:{s${lane.shard}}:parked:${account("alias")}`)).toBe(0);
});

test("the youngest notices of a message are kept, and the message's own name always", async () => {
  const lane = out(account("names"), "bob");
  const [entry] = await appended(lane, "failed");
  if (entry) await store.park(entry, messageId("$m"), ann, offline, free);
  for (let i = 0; i < 20; i++) await store.aliasParked(lane, messageId("$m"), messageId(`$n${i}`));
  expect(await store.retry(account("names"), messageId("$n0"))).toBeUndefined();
  expect(await store.retry(account("names"), messageId("$m"))).toEqual(lane);
});

test("a name for a message that is not parked is nothing", async () => {
  const lane = out(account("nobody"), "bob");
  await store.aliasParked(lane, messageId("$unknown"), messageId("$notice"));
  expect(await store.retry(account("nobody"), messageId("$notice"))).toBeUndefined();
});

test("a message fails again after a retry and is parked again under its old name", async () => {
  const lane = out(account("twice"), "bob");
  for (const text of ["failed", "failed"]) {
    const [entry] = (await textsIn(store, lane)).length
      ? await store.read(lane, undefined, 1)
      : await appended(lane, text);
    if (entry) await store.park(entry, messageId("$twice"), ann, offline, free);
    expect(await store.parked(account("twice"))).toHaveLength(1);
    expect(await store.retry(account("twice"), messageId("$twice"))).toEqual(lane);
  }
  expect(await textsIn(store, lane)).toEqual(["failed"]);
});

test("parking an entry twice, or one that is done, is nothing", async () => {
  const lane = out(account("repeat"), "bob");
  const [a, b] = await appended(lane, "a", "b");
  if (!a || !b) throw new Error("two entries were appended");
  await store.park(a, messageId("$a"), ann, offline, free);
  await store.park(a, messageId("$a"), ann, offline, free);
  await store.done(b, free);
  await store.park(b, messageId("$b"), ann, offline, free);
  expect((await store.parked(account("repeat"))).map(({ message }) => message)).toEqual(["$a"]);
});

test("a message without a name is parked and listed, though nothing can name it", async () => {
  const lane = out(account("nameless"), "bob");
  const [entry] = await appended(lane, "a");
  if (entry) await store.park(entry, undefined, ann, offline, free);
  expect(await store.parked(account("nameless"))).toMatchObject([{ message: undefined, lane }]);
});

test("what a resident said to the bridge is parked with the resident", async () => {
  const lane = control(ann);
  const [entry] = await appended(lane, "help");
  if (entry) await store.park(entry, messageId("$help"), ann, offline, free);
  expect(await store.parked(ann)).toMatchObject([{ message: "$help", lane }]);
  expect(await store.retry(ann, messageId("$help"))).toEqual(lane);
});

test("one account cannot retry what another has parked", async () => {
  const lane = out(account("mine"), "bob");
  const [entry] = await appended(lane, "a");
  if (entry) await store.park(entry, messageId("$mine"), ann, offline, free);
  expect(await store.retry(account("yours"), messageId("$mine"))).toBeUndefined();
  expect(await store.parked(account("mine"))).toHaveLength(1);
});

test("the thousand-and-first parked message pushes the oldest out, with a warning for the operator", async () => {
  const { log, lines } = listeningLog();
  const warned = await fixture.open({ log });
  const lane = out(account("many"), "bob");
  await Promise.all(Array.from({ length: 1001 }, (_, i) => store.append(lane, said(`${i}`), `many-${i}`)));
  const entries = await store.read(lane, undefined, 2000);
  for (const [i, entry] of entries.entries()) await warned.park(entry, messageId(`$many-${i}`), ann, offline, free);
  expect(lines.filter((line) => line.level === 40)).toMatchObject([{ owner: account("many"), dropped: 1, kept: 1000 }]);
  expect(await store.retry(account("many"), messageId("$many-0"))).toBeUndefined();
  expect(await store.parked(account("many"))).toHaveLength(100);
  expect((await store.parked(account("many")))[0]?.message).toBe("$many-1");
  // 1 000 messages with four fields each: nothing of the oldest is left.
  expect(await fixture.admin.hlen(`msnb:{s${lane.shard}}:parked:${account("many")}`)).toBe(4000);
});

test("what is parked can be asked for by chat", async () => {
  const [bob, carol] = [out(account("chats"), "bob"), out(account("chats"), "carol")];
  for (const [lane, text] of [
    [bob, "to bob"],
    [carol, "to carol"],
  ] as const) {
    const [entry] = await appended(lane, text);
    if (entry) await store.park(entry, messageId("$same"), ann, offline, free);
  }
  expect(await store.parked(account("chats"), ann)).toHaveLength(2);
  expect(await store.parked(account("chats"), ann, carol)).toMatchObject([{ lane: carol, message: "$same" }]);
});

test("a lane that is dropped leaves nothing waiting and nothing parked, and other lanes as they are", async () => {
  const [lane, other] = [out(account("drop"), "bob"), out(account("drop"), "carol")];
  const [failed] = await appended(lane, "failed", "waits");
  const [elsewhere] = await appended(other, "failed there", "waits there");
  if (failed) await store.park(failed, messageId("$drop"), ann, offline, free);
  if (elsewhere) await store.park(elsewhere, messageId("$stays"), ann, offline, free);
  await store.dropLane(lane);
  await store.dropLane(lane);
  expect(await store.depth(lane)).toBe(0);
  expect(await store.waiting(lane.shard)).not.toContainEqual(lane);
  expect(await store.parked(account("drop"))).toMatchObject([{ lane: other }]);
  expect(await store.retry(account("drop"), messageId("$drop"))).toBeUndefined();
  expect(await textsIn(store, other)).toEqual(["waits there"]);
});

test("of a lane that two homes speak through, one resident's words are dropped alone, waiting and parked", async () => {
  const lane = out(account("two-homes"), "bob");
  const theirs = residentId(xmpp, "ann@there");
  const from = (home: typeof xmpp, text: string) => ({ from: "home", home, raw: { text }, at: 1 }) as const;
  // More than are looked at in one step.
  for (let i = 0; i < 300; i += 1)
    for (const home of [matrix, xmpp]) await store.append(lane, from(home, `${home} ${i}`), `${home}-two-homes-${i}`);
  const [mine, others] = await store.read(lane, undefined, 2);
  if (mine) await store.park(mine, messageId("$mine"), ann, offline, free);
  if (others) await store.park(others, messageId("$theirs"), theirs, offline, free);
  expect(await store.held(lane, ann)).toEqual({ waiting: 299, parked: 1 });
  expect(await store.held(lane)).toEqual({ waiting: 598, parked: 2 });
  await store.dropLane(lane, ann);
  expect(await store.held(lane, ann)).toEqual({ waiting: 0, parked: 0 });
  expect(await textsIn(store, lane)).toEqual(Array.from({ length: 299 }, (_, i) => `xmpp ${i + 1}`));
  expect(await store.parked(account("two-homes"))).toMatchObject([{ message: "$theirs" }]);
  await store.dropLane(lane, theirs);
  expect(await store.waiting(lane.shard)).not.toContainEqual(lane);
  expect(await store.parked(account("two-homes"))).toEqual([]);
});
