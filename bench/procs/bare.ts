/**
 * What the bridge is compared with: a plain script that makes the same requests and the same writes to the store, with the
 * same concurrency and nothing in between.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { pino } from "pino";
import { Pool } from "undici";
import { noMeter } from "../../src/bridge/metrics.ts";
import { type Fence, type LaneBody, type LaneRef, parseHomeName, parseLaneName } from "../../src/bridge/model.ts";
import type { Store } from "../../src/bridge/ports/store.ts";
import { openStore, SealingKeys } from "../../src/store/index.ts";
import { Arrivals } from "../lib/arrivals.ts";
import { answer } from "../lib/child.ts";
import { sharedNow } from "../lib/stats.ts";

/** A lane of the bare loop, with where its words go. */
export interface Post {
  readonly lane: string;
  readonly room: string;
  readonly ghost: string;
}

interface Event {
  readonly event_id: string;
  readonly room_id: string;
  readonly content: { readonly body: string };
}

const HOME = parseHomeName("matrix");
const NO_LEASE = 0 as Fence;
/** As the bridge's own. */
const CONNECTIONS = 32;
const DEVICE = "MSNBRIDGE";
const PAGE = 64;

let store: Store | undefined;
let pool: Pool | undefined;
let token = "";
let bot = "";
let serial = 0;
let wire: Socket | undefined;
const lanes = new Map<string, LaneRef>();
const confirmed = new Arrivals();

function opened(): Store {
  if (store === undefined) throw new Error("the store is not open");
  return store;
}

async function request(method: "PUT" | "POST", path: string, as: string, body: object, query = ""): Promise<void> {
  const answered = await pool?.request({
    method,
    path: `${path}?user_id=${encodeURIComponent(as)}${query}`,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answered?.body.text();
  if (answered?.statusCode !== 200) throw new Error(`${path} was answered ${answered?.statusCode}: ${text}`);
}

function put({ room, ghost }: Post, text: string, query = ""): Promise<void> {
  serial += 1;
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/bare${serial}-${process.pid}`;
  return request("PUT", path, ghost, { msgtype: "m.text", body: text }, query);
}

async function append(post: Post, text: string): Promise<void> {
  const lane = parseLaneName(post.lane);
  const message = { kind: "text", from: lane.kind, fromName: post.ghost, text, at: Date.now() };
  await opened().append(lane, { from: "network", message } as unknown as LaneBody, `bare-${process.pid}-${serial++}`);
}

/** append, the request, done; one after another. */
async function through(post: Post, each: number): Promise<void> {
  const lane = parseLaneName(post.lane);
  for (let n = 0; n < each; n++) {
    await append(post, `Message number ${n}, one of very many.`);
    const [entry] = await opened().read(lane, undefined, 1);
    await put(post, `Message number ${n}, one of very many.`);
    if (entry) await opened().done(entry, NO_LEASE);
  }
}

async function read(req: IncomingMessage): Promise<readonly Event[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  return (JSON.parse(Buffer.concat(chunks).toString("utf8")) as { events: readonly Event[] }).events;
}

async function intake(id: string, events: readonly Event[]): Promise<void> {
  const items = events.flatMap((event) => {
    const lane = lanes.get(event.room_id);
    return lane === undefined ? [] : [{ lane, body: { from: "home", home: HOME, raw: event, at: 0 } as LaneBody }];
  });
  await opened().intake(HOME, id, items);
}

/** Reads a lane to its end: done, and the receipt. */
async function drain(lane: LaneRef): Promise<void> {
  for (;;) {
    const page = await opened().read(lane, undefined, PAGE);
    if (page.length === 0) return;
    for (const entry of page) {
      const { event_id, room_id } = (entry.body as { raw: unknown }).raw as Event;
      await opened().done(entry, NO_LEASE);
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room_id)}/receipt/m.read/${encodeURIComponent(event_id)}`;
      await request("POST", path, bot, {});
      confirmed.add("");
    }
  }
}

/** Runs one drain per lane, again when more has come meanwhile. */
class Drains {
  readonly #running = new Map<LaneRef, { again: boolean }>();

  wake(lane: LaneRef): void {
    const running = this.#running.get(lane);
    if (running) running.again = true;
    else void this.#run(lane);
  }

  async #run(lane: LaneRef): Promise<void> {
    const state = { again: true };
    this.#running.set(lane, state);
    while (state.again) {
      state.again = false;
      await drain(lane);
    }
    this.#running.delete(lane);
  }
}

async function listen(onEvents: (id: string, events: readonly Event[]) => Promise<() => void>): Promise<string> {
  const server = createServer((req, res) => {
    void (async () => {
      const events = await read(req);
      const after = await onEvents(req.url ?? "", events);
      res.writeHead(200, { "content-type": "application/json", "content-length": 2 }).end("{}");
      after();
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const questions = {
  async start(o: { redisUrl: string; homeserverUrl: string; token: string; bot: string }): Promise<void> {
    const keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
    const log = pino({ level: "silent" });
    store = await openStore({ url: o.redisUrl, keys, meter: noMeter, log, namespace: `bare${process.pid}` });
    pool = new Pool(o.homeserverUrl, { connections: CONNECTIONS });
    token = o.token;
    bot = o.bot;
  },
  /** MSN to home, all lanes at once. @returns ms */
  async in(o: { each: number; posts: readonly Post[] }): Promise<number> {
    const start = sharedNow();
    await Promise.all(o.posts.map((post) => through(post, o.each)));
    return sharedNow() - start;
  },
  /** Only the requests, all lanes at once, as the bridge words them, from the ghosts' devices. @returns ms */
  async direct(o: { each: number; posts: readonly Post[] }): Promise<number> {
    const start = sharedNow();
    const one = async (post: Post): Promise<void> => {
      for (let n = 0; n < o.each; n++) {
        await put(post, `Message number ${n}, one of very many.`, `&device_id=${DEVICE}&ts=${Date.now()}`);
      }
    };
    await Promise.all(o.posts.map(one));
    return sharedNow() - start;
  },
  /** Home to MSN: listens for transactions. @returns where */
  async out(posts: readonly Post[]): Promise<string> {
    for (const { lane, room } of posts) lanes.set(room, parseLaneName(lane));
    const drains = new Drains();
    return await listen(async (id, events) => {
      await intake(id, events);
      const woken = new Set(events.flatMap(({ room_id }) => lanes.get(room_id) ?? []));
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
  /** The bare hops, both ways, between a homeserver and a relay: one write to the store, then on. @returns where it listens */
  async hops(o: { posts: readonly Post[]; relayPort: number }): Promise<string> {
    for (const { lane, room } of o.posts) lanes.set(room, parseLaneName(lane));
    const socket = connect({ host: "127.0.0.1", port: o.relayPort, noDelay: true });
    wire = socket;
    await once(socket, "connect");
    let n = 0;
    createInterface({ input: socket }).on("line", (line) => {
      const post = o.posts[n++ % o.posts.length];
      if (post !== undefined) void append(post, line).then(() => put(post, line));
    });
    return await listen(async (id, events) => {
      await intake(id, events);
      return () => {
        for (const { content } of events) wire?.write(`${content.body}\n`);
      };
    });
  },
  cpu: () => process.cpuUsage(),
};

export type BareQuestions = typeof questions;

if (import.meta.main) answer(questions);
