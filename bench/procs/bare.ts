/**
 * What the bridge is compared with: a plain script that says the same to the home and writes the same to the store, with
 * the same concurrency and nothing in between.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { pino } from "pino";
import { noMeter } from "../../src/bridge/metrics.ts";
import {
  type Fence,
  type HomeName,
  type LaneBody,
  type LaneRef,
  parseHomeName,
  parseLaneName,
} from "../../src/bridge/model.ts";
import type { Store } from "../../src/bridge/ports/store.ts";
import { openStore, SealingKeys } from "../../src/store/index.ts";
import { Arrivals } from "../lib/arrivals.ts";
import type { BareHome, BareHomeOptions, Post, Said } from "../lib/bare-home.ts";
import { bareMatrix } from "../lib/bare-matrix.ts";
import { bareXmpp } from "../lib/bare-xmpp.ts";
import { answer } from "../lib/child.ts";
import { sharedNow } from "../lib/stats.ts";

const NO_LEASE = 0 as Fence;
const PAGE = 64;

let started: { readonly store: Store; readonly home: BareHome; readonly name: HomeName } | undefined;
let serial = 0;
const confirmed = new Arrivals();

function running() {
  if (started === undefined) throw new Error("the bare loop is not started");
  return started;
}

function lost(why: string): never {
  throw new Error(`the link to the stub XMPP server ended: ${why}`);
}

async function append(post: Post, text: string): Promise<void> {
  const lane = parseLaneName(post.lane);
  const message = { kind: "text", from: lane.kind, fromName: post.ghost, text, at: Date.now() };
  const body = { from: "network", message } as unknown as LaneBody;
  await running().store.append(lane, body, `bare-${process.pid}-${serial++}`);
}

/** append, the words, done; one after another. */
async function through(post: Post, each: number): Promise<void> {
  const { store, home } = running();
  const lane = parseLaneName(post.lane);
  for (let n = 0; n < each; n++) {
    await append(post, `Message number ${n}, one of very many.`);
    const [entry] = await store.read(lane, undefined, 1);
    await home.post(post, `Message number ${n}, one of very many.`);
    if (entry) await store.done(entry, NO_LEASE);
  }
}

async function intake(batch: string, said: readonly Said[]): Promise<void> {
  const { store, name } = running();
  const items = said.map(({ post, raw }) => {
    return { lane: parseLaneName(post.lane), body: { from: "home", home: name, raw, at: 0 } as LaneBody };
  });
  await store.intake(name, batch, items);
}

/** Reads a lane to its end: done, and the receipt. */
async function drain(lane: LaneRef): Promise<void> {
  const { store, home } = running();
  for (;;) {
    const page = await store.read(lane, undefined, PAGE);
    if (page.length === 0) return;
    for (const entry of page) {
      await store.done(entry, NO_LEASE);
      await home.confirm((entry.body as { raw: unknown }).raw);
      confirmed.add("");
    }
  }
}

/** Runs one drain per lane, again when more has come meanwhile. */
class Drains {
  readonly #running = new Map<string, { again: boolean }>();

  wake(lane: string): void {
    const running = this.#running.get(lane);
    if (running) running.again = true;
    else void this.#run(lane);
  }

  async #run(lane: string): Promise<void> {
    const state = { again: true };
    this.#running.set(lane, state);
    while (state.again) {
      state.again = false;
      await drain(parseLaneName(lane));
    }
    this.#running.delete(lane);
  }
}

async function timed(posts: readonly Post[], work: (post: Post) => Promise<void>): Promise<number> {
  const start = sharedNow();
  await Promise.all(posts.map(work));
  return sharedNow() - start;
}

const questions = {
  async start(o: { redisUrl: string; home: BareHomeOptions }): Promise<void> {
    const keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
    const log = pino({ level: "silent" });
    const namespace = `bare${process.pid}`;
    started = {
      store: await openStore({ url: o.redisUrl, keys, meter: noMeter, log, namespace }),
      home: o.home.kind === "matrix" ? bareMatrix(o.home) : await bareXmpp(o.home, lost),
      name: parseHomeName(o.home.kind),
    };
  },
  /** MSN to home, all lanes at once. @returns ms */
  in: (o: { each: number; posts: readonly Post[] }): Promise<number> => timed(o.posts, (post) => through(post, o.each)),
  /** Only what is said to the home, all lanes at once, as the bridge words it. @returns ms */
  direct: (o: { each: number; posts: readonly Post[] }): Promise<number> =>
    timed(o.posts, async (post) => {
      for (let n = 0; n < o.each; n++) await running().home.post(post, `Message number ${n}, one of very many.`);
    }),
  /** Home to MSN: listens to the residents. @returns where */
  async out(posts: readonly Post[]): Promise<string> {
    const drains = new Drains();
    return await running().home.listen(posts, async (batch, said) => {
      await intake(batch, said);
      const woken = new Set(said.map(({ post }) => post.lane));
      return () => {
        for (const lane of woken) drains.wake(lane);
      };
    });
  },
  /** @returns the moment (shared clock) */
  async confirmed(o: { count: number; timeoutMs: number }): Promise<number> {
    await confirmed.wait(o.count, o.timeoutMs);
    return sharedNow();
  },
  /** The bare hops, both ways, between a home and a relay: one write to the store, then on. @returns where it listens */
  async hops(o: { posts: readonly Post[]; relayPort: number }): Promise<string> {
    const wire = connect({ host: "127.0.0.1", port: o.relayPort, noDelay: true });
    await once(wire, "connect");
    let n = 0;
    createInterface({ input: wire }).on("line", (line) => {
      const post = o.posts[n++ % o.posts.length];
      if (post !== undefined) void append(post, line).then(() => running().home.post(post, line));
    });
    return await running().home.listen(o.posts, async (batch, said) => {
      await intake(batch, said);
      return () => {
        for (const { body } of said) wire.write(`${body}\n`);
      };
    });
  },
  cpu: () => process.cpuUsage(),
};

export type BareQuestions = typeof questions;

if (import.meta.main) answer(questions);
