import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { noMeter } from "../src/bridge/metrics.ts";
import type { Fence, LaneBody, LaneRef } from "../src/bridge/model.ts";
import { parseHomeName, parseLaneName } from "../src/bridge/model.ts";
import type { Store } from "../src/bridge/ports/store.ts";
import { openStore, PrivateRedis, SealingKeys } from "../src/store/index.ts";

export interface StoreFigures {
  /** append, read and done, one entry after another: what one lane can do. */
  readonly oneLanePerSecond: number;
  /** The same over 100 lanes side by side. */
  readonly manyLanesPerSecond: number;
  /** One append at 1 000/s: ms. */
  readonly appendMs: { readonly p50: number; readonly p99: number };
}

const home = parseHomeName("matrix");
const body: LaneBody = { from: "home", home, raw: { content: "x".repeat(200) }, at: 1_700_000_000_000 };

/**
 * Figures of the store on a private Redis on this machine. `entries`: how many go through each measurement;
 * `fsync`: the private Redis' setting.
 */
export async function benchStore(entries = 5_000, fsync: "always" | "everysec" = "always"): Promise<StoreFigures> {
  const folder = await mkdtemp(join(tmpdir(), "msnbridge-bench-"));
  const log = pino({ level: "silent" });
  const redis = await PrivateRedis.start({ folder, log, fsync });
  const keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
  const store = await openStore({ options: redis.options, keys, meter: noMeter, log });
  try {
    await throughLane(store, lane(0), 500);
    const oneLanePerSecond = await rate(entries, () => throughLane(store, lane(0), entries));
    const share = Math.ceil(entries / 100);
    const manyLanesPerSecond = await rate(share * 100, () =>
      Promise.all(Array.from({ length: 100 }, (_, n) => throughLane(store, lane(n), share))),
    );
    return { oneLanePerSecond, manyLanesPerSecond, appendMs: await latency(store, Math.min(entries, 5_000)) };
  } finally {
    await store.close();
    await redis.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function lane(n: number): LaneRef {
  return parseLaneName(`out|bench/user${n}@msn.test>bob@msn.test`);
}

/** Nobody holds leases here, so no fence stands against it. */
const noLease = 0 as Fence;
let appended = 0;

async function throughLane(store: Store, ref: LaneRef, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await store.append(ref, body, `bench-${appended++}`);
    const [entry] = await store.read(ref, undefined, 1);
    if (entry) await store.done(entry, noLease);
  }
}

async function rate(count: number, work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round((count / (performance.now() - start)) * 1000);
}

/** One append each millisecond, timed from its call to its answer. */
async function latency(store: Store, count: number): Promise<{ p50: number; p99: number }> {
  const times: number[] = [];
  const pending: Promise<unknown>[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const done = store.append(lane(i % 100), body, `bench-${appended++}`);
    pending.push(done.then(() => times.push(performance.now() - start)));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  times.sort((a, b) => a - b);
  const at = (share: number): number => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(3));
  return { p50: at(0.5), p99: at(0.99) };
}

if (import.meta.main)
  for (const fsync of ["always", "everysec"] as const) console.log(fsync, await benchStore(undefined, fsync));
