import { copyFileSync, mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ProcessGroup } from "../../src/cli/sandbox/processes.ts";
import type { TraceRecorder } from "../../src/cli/sandbox/trace.ts";
import { beyondOnePerKill, Gate, MsnTalker, talkThrough, tally, textsInRedis } from "../support/drill.ts";
import { emailOf, type SaidAgain, shown, XmppDrill, type XmppPair, XmppTalker } from "../support/drill-xmpp.ts";
import { traceOfTest } from "../support/traces.ts";
import type { XMPP_SERVERS } from "../support/xmpp.ts";

const KILLS = 20;
const RESTARTS = 5;
const EACH_WAY = process.env.MSNBRIDGE_LONG === "1" ? 5000 : 500;
/** `ejabberd` by hand; both servers have their scenes elsewhere. */
const SERVER = (process.env.MSNBRIDGE_DRILL_SERVER ?? "prosody") as keyof typeof XMPP_SERVERS;
const TRACES = fileURLToPath(new URL("../../var/traces/", import.meta.url));
const ALICE = emailOf("alice");
const LAST_MS = 180_000;
/** For as many starts of the bridge, on however busy a machine, ms. */
const PATIENCE_MS = process.env.MSNBRIDGE_LONG === "1" ? 3_600_000 : 900_000;

const group = new ProcessGroup();
let drill: XmppDrill;
let dir = "";
let trace: TraceRecorder | undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "msnbridge-drill-"));
  drill = await XmppDrill.start({ dir, server: SERVER, trace: (source, line) => trace?.add(source, line), group });
});

beforeEach(async (context) => {
  trace = traceOfTest(context);
  // One that a failed test has left dead.
  if (!drill.bridge.running) await drill.bridge.start();
  context.onTestFailed(() => {
    mkdirSync(TRACES, { recursive: true });
    copyFileSync(drill.bridge.logFile, join(TRACES, "drill-xmpp.bridge.log"));
    copyFileSync(drill.server.logFile, join(TRACES, "drill-xmpp.server.log"));
  });
});

afterAll(async () => {
  await drill?.close();
  await group.stopAll();
  await rm(dir, { recursive: true, force: true });
  expect(group.survivors()).toEqual([]);
});

/** The talk of both ways in one chat. */
interface Talk {
  readonly pair: XmppPair;
  readonly topic: string;
  readonly fromMsn: MsnTalker;
  readonly fromAnna: XmppTalker;
}

function talks(topic: string, gate: Gate, paceMs: number): Talk[] {
  const { anna, pairs } = drill;
  const count = EACH_WAY / pairs.length;
  return pairs.map((pair) => ({
    pair,
    topic,
    fromMsn: new MsnTalker({ pair, to: ALICE, count, gate, paceMs, topic }),
    fromAnna: new XmppTalker({ anna, pair, count, paceMs, topic }),
  }));
}

function everybody(all: readonly Talk[]): (MsnTalker | XmppTalker)[] {
  return all.flatMap(({ fromMsn, fromAnna }) => [fromMsn, fromAnna]);
}

test(`${EACH_WAY} messages each way, the bridge killed ${KILLS} times: nothing lost, nothing doubled on XMPP, order kept`, {
  timeout: PATIENCE_MS,
}, async () => {
  const gate = new Gate();
  const all = talks("one: ", gate, 55);
  const kills = await talkThrough(everybody(all), async () => await killAtRandom(all, gate));
  for (const { pair, fromMsn } of all) await drill.anna.waitForMessage(fromMsn.texts.at(-1) ?? "", pair.ghost, LAST_MS);
  const repeats = await onMsn(all);
  const onWire = all.flatMap(({ pair, topic, fromMsn }) => {
    const { texts, repeats } = shown(drill.anna.messages, pair.ghost, topic);
    expect(texts, `XMPP, from ${pair.name}`).toEqual(fromMsn.texts);
    return repeats;
  });
  console.log(
    `drill: ${KILLS} kills, ${EACH_WAY} messages each way: 0 lost, 0 doubled on XMPP (${onWire.length} came twice under one id), ${repeats.length} repeated on MSN; ${unread(all)}`,
  );
  expect(beyondOnePerKill(repeats, kills), "repeats on MSN").toEqual([]);
});

test(`${EACH_WAY} messages each way, the XMPP server restarted ${RESTARTS} times: nothing lost, nothing doubled, order kept`, {
  timeout: PATIENCE_MS,
}, async () => {
  const all = talks("two: ", new Gate(), 45);
  await talkThrough(everybody(all), async () => await restartAtRandom(all));
  let fetched = 0;
  const onWire = [];
  for (const { pair, topic, fromMsn } of all) {
    const archive = async () => shown(await drill.anna.ask.archive({ with: pair.ghost }), pair.ghost, topic).texts;
    const live = () => shown(drill.anna.messages, pair.ghost, topic);
    const has = async () => new Set([...live().texts, ...(await archive())]);
    const last = fromMsn.texts.at(-1) ?? "";
    await expect.poll(async () => (await has()).has(last), { timeout: LAST_MS, interval: 500 }).toBe(true);
    // What was on its way to Anna when the server died is in her archive, where her client looks after a new sign-in; and
    // of what she has seen a killed server may have lost the copy.
    const known = await has();
    expect(
      fromMsn.texts.filter((text) => !known.has(text)),
      `lost, from ${pair.name}`,
    ).toEqual([]);
    for (const texts of [live().texts, await archive()])
      expect(texts, `in order, from ${pair.name}`).toEqual(fromMsn.texts.filter((text) => texts.includes(text)));
    fetched += known.size - live().texts.length;
    onWire.push(...live().repeats);
  }
  const repeats = await onMsn(all);
  const kept = onWire.filter(({ delayedSince }) => delayedSince !== undefined).length;
  console.log(
    `drill: ${RESTARTS} restarts of ${drill.server.kind}, ${EACH_WAY} messages each way: 0 lost, 0 doubled on XMPP (${onWire.length} came twice under one id, ${kept} of them kept by the server; ${fetched} only in the archive), ${repeats.length} repeated on MSN; ${unread(all)}`,
  );
  expect(repeats).toEqual([]);
});

/** SIGKILLs the bridge at random moments under traffic; gives the moments at which nothing of each came any more (Unix ms). */
async function killAtRandom(all: readonly Talk[], gate: Gate): Promise<number[]> {
  const kills: number[] = [];
  for (let i = 0; i < KILLS; i += 1) {
    // However slow the machine is: no more than every other life ends before it has done something.
    if (i % 2 === 1) await somethingGoes(all);
    await pause(200 + Math.random() * 1000);
    gate.close();
    for (const { fromAnna } of all) fromAnna.interrupted();
    await drill.bridge.kill();
    trace?.add("drill", `kill ${i + 1}`);
    await takeUp(all);
    // By now its people have read what it had sent: what comes from here on is of the next one.
    kills.push(Date.now());
    await drill.bridge.start();
    for (const { fromAnna } of all) fromAnna.interrupted(true);
    gate.open();
  }
  return kills;
}

/** Something that Anna says now is receipted, unless she has nothing more to say. */
async function somethingGoes(all: readonly Talk[]): Promise<void> {
  const gone = (): number => all.reduce((sum, { fromAnna }) => sum + fromAnna.receipted, 0);
  const before = gone();
  await drill.anna.waitFor("a receipt", () => gone() > before || all.every(({ fromAnna }) => fromAnna.done));
}

/** Kills the XMPP server or has it end in order, by turns, and starts it again; Anna signs in anew. */
async function restartAtRandom(all: readonly Talk[]): Promise<void> {
  const { server, anna } = drill;
  for (let i = 0; i < RESTARTS; i += 1) {
    await pause(500 + Math.random() * 1500);
    for (const { fromAnna } of all) fromAnna.interrupted();
    const how = i % 2 === 0 ? "kill" : "stop";
    trace?.add("drill", `${how} of the server, ${i + 1}`);
    await server[how]();
    await anna.waitFor("the connection to be gone", () => !anna.online);
    await server.restart();
    await anna.reconnect();
    trace?.add("drill", "the server is back");
    for (const { fromAnna } of all) fromAnna.interrupted(true);
  }
}

/** What was neither stored nor on its way to Anna when the bridge was killed was never read by it. */
async function takeUp(all: readonly Talk[]): Promise<void> {
  const waiting = await textsInRedis(drill.redis.url);
  // Behind everything that the server had for her.
  await drill.anna.ask.ping(drill.server.domain);
  for (const { pair, fromMsn } of all) {
    const onXmpp = new Set(drill.anna.textsFrom(pair.ghost));
    await fromMsn.takeUp((text) => waiting.includes(text) || onXmpp.has(text));
  }
}

/** Everything that Anna said is there, in order, and nothing was refused. @returns what came more than once */
async function onMsn(all: readonly Talk[]): Promise<{ text: string; at: number }[]> {
  for (const { pair, fromAnna } of all) await pair.person.waitForText(fromAnna.texts.at(-1) ?? "", LAST_MS);
  // A moment longer, for doubles.
  await pause(1000);
  return all.flatMap(({ pair, topic, fromAnna }) => {
    expect(fromAnna.refusals, `errors for words to ${pair.name}`).toEqual([]);
    const came = pair.person.messages.filter(({ from, text }) => from === ALICE && text.startsWith(topic));
    const { order, repeats } = tally(came);
    expect(order, `MSN, to ${pair.name}`).toEqual(fromAnna.texts);
    return [...repeats];
  });
}

function unread(all: readonly Talk[]): string {
  const of = (why: keyof SaidAgain): number => all.reduce((sum, { fromAnna }) => sum + fromAnna.again[why].size, 0);
  const lost = all.reduce((sum, { fromMsn }) => sum + fromMsn.lostOnTheWire, 0);
  return `never read by the bridge and said again by their sender: ${lost} on MSN, ${of("neverRead")} on XMPP; also said again on XMPP: ${of("sentBack")} that came back, ${of("receiptLost")} that had arrived and whose receipts had not`;
}
