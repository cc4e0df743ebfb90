import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { pino } from "pino";
import type { GroupId } from "../../../src/bridge/groups/model.ts";
import { groupId, parseGroupKey } from "../../../src/bridge/groups/model.ts";
import type { Meter } from "../../../src/bridge/metrics.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import type { AccountId, AccountRecord, LaneBody, LaneRef, ResidentId } from "../../../src/bridge/model.ts";
import {
  accountId,
  accountParts,
  directConversation,
  parseContactAddress,
  parseHomeName,
  parseNetworkName,
  portalId,
  portalParts,
  residentId,
  shardOf,
} from "../../../src/bridge/model.ts";
import type { WordsToRead } from "../../../src/bridge/ports/groups.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { freePort } from "../../../src/cli/sandbox/ports.ts";
import { openStore, PrivateRedis, SealingKeys } from "../../../src/store/index.ts";

export const matrix = parseHomeName("matrix");
export const xmpp = parseHomeName("xmpp");
export const network = parseNetworkName("testnet");
export const quiet = pino({ level: "silent" });

/** A log that remembers its lines. */
export function listeningLog(): { log: pino.Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { log, lines };
}

export function address(text: string) {
  return parseContactAddress(text);
}

export function account(name: string): AccountId {
  return accountId(network, address(`${name}@msn.test`));
}

export function person(name: string): ResidentId {
  return residentId(matrix, `@${name}:home.test`);
}

export function portalOf(owner: AccountId, contact: string) {
  return portalId(owner, directConversation(address(`${contact}@msn.test`)));
}

export function out(owner: AccountId, contact: string): LaneRef {
  return { kind: "out", shard: shardOf(owner), portal: portalOf(owner, contact) };
}

export function inward(owner: AccountId, contact: string): LaneRef & { kind: "in" } {
  return { kind: "in", shard: shardOf(owner), portal: portalOf(owner, contact), home: matrix };
}

export function control(resident: ResidentId): LaneRef {
  return { kind: "control", shard: shardOf(resident), resident };
}

/** The group of that key. */
export function group(key: string): GroupId {
  return groupId(network, parseGroupKey(key));
}

export function inGroup(id: GroupId, home = matrix): LaneRef & { kind: "in" } {
  return { kind: "in", shard: shardOf(portalParts(id).account), portal: id, home };
}

/** An event of the home that says `text`. */
export function said(text: string): LaneBody {
  return { from: "home", home: matrix, raw: { text }, at: 1_700_000_000_000 };
}

/** Words of a group that its reader reads, wherever it is. */
export function toRead(id: GroupId, lanes: WordsToRead["lanes"], body: LaneBody, once: string): WordsToRead {
  return { group: id, place: "", reader: "me boot", leaseMs: 60_000, lanes, body, once };
}

export function textOf(entry: { body: LaneBody }): string {
  const { body } = entry;
  if (body.from === "group") throw new Error("a group has no text");
  return body.from === "home" ? (body.raw as { text: string }).text : body.message.text;
}

export async function textsIn(store: Store, lane: LaneRef): Promise<string[]> {
  return (await store.read(lane, undefined, 100_000)).map(textOf);
}

export function record(name: string, owner: ResidentId): AccountRecord {
  const id = account(name);
  return {
    id,
    ...accountParts(id),
    owners: [owner],
    spelling: accountParts(id).address,
    machineGuid: `{guid-of-${name}}`,
    wishedAvailability: "automatic",
    halt: "none",
    linkedAt: 1_700_000_000_000,
  };
}

export function sealingKeys(number = 1): SealingKeys {
  return new SealingKeys(new Map([[number, randomBytes(32)]]));
}

export async function tempFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "msnbridge-store-"));
}

/** A real redis-server of the test's own, with a store on it and a client that looks behind the store's back. */
export class Fixture {
  readonly folder: string;
  readonly redis: PrivateRedis;
  readonly keys: SealingKeys;
  readonly admin: Redis;
  readonly #stores: Store[] = [];
  readonly #closers: (() => Promise<void>)[] = [];

  private constructor(folder: string, redis: PrivateRedis) {
    this.folder = folder;
    this.redis = redis;
    this.keys = sealingKeys();
    this.admin = new Redis({ ...redis.options, replyMapping: "legacy", maxRetriesPerRequest: null });
    this.admin.on("error", () => {});
  }

  static async start(): Promise<Fixture> {
    const folder = await tempFolder();
    // Held also while a test has it killed: nobody else may take it before it is started again.
    const port = await freePort();
    return new Fixture(folder, await PrivateRedis.start({ folder, log: quiet, supervise: false, port }));
  }

  async open(o: { meter?: Meter; log?: pino.Logger; keys?: SealingKeys; port?: number } = {}): Promise<Store> {
    const options = { ...this.redis.options, ...(o.port === undefined ? {} : { port: o.port }) };
    const store = await openStore({
      options,
      keys: o.keys ?? this.keys,
      meter: o.meter ?? noMeter,
      log: o.log ?? quiet,
    });
    this.#stores.push(store);
    return store;
  }

  /** A proxy in front of Redis that can swallow an answer and cut the link. */
  async proxy(): Promise<CuttingProxy> {
    const proxy = await CuttingProxy.start(this.redis.port);
    this.#closers.push(() => proxy.close());
    return proxy;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
    await Promise.all(this.#closers.map((close) => close()));
    this.admin.disconnect();
    await this.redis.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * Forwards bytes; once armed, it lets the next request through, drops the answer and cuts the link. It can also keep
 * back what is asked after the next answer.
 */
export class CuttingProxy {
  readonly port: number;
  cuts = 0;
  #armed = false;
  #holding: "no" | "after the next answer" | "yes" = "no";
  #held: (() => void)[] = [];
  #caught: () => void = () => {};
  readonly #close: () => Promise<void>;

  private constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.#close = close;
  }

  static async start(target: number): Promise<CuttingProxy> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(target, "127.0.0.1");
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.on("data", (bytes) => {
        if (proxy.#holding !== "yes") return far.write(bytes);
        proxy.#caught();
        return proxy.#held.push(() => far.write(bytes));
      });
      far.on("data", (bytes) => {
        if (proxy.#holding === "after the next answer") proxy.#holding = "yes";
        if (!proxy.#armed) return near.write(bytes);
        proxy.#armed = false;
        proxy.cuts += 1;
        return near.destroy();
      });
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", resolve);
    await promise;
    const proxy = new CuttingProxy((server.address() as AddressInfo).port, () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(() => done()));
    });
    return proxy;
  }

  /** The next answer of Redis is lost. */
  loseAnswer(): void {
    this.#armed = true;
  }

  /** The next answer comes, and what is asked then waits for {@link release}; resolves when something does. */
  holdAfterAnswer(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#holding = "after the next answer";
    this.#caught = resolve;
    return promise;
  }

  release(): void {
    this.#holding = "no";
    for (const forward of this.#held.splice(0)) forward();
  }

  close(): Promise<void> {
    return this.#close();
  }
}
