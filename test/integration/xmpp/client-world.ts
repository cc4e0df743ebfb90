import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { pino } from "pino";
import { expect } from "vitest";
import { Bridge } from "../../../src/bridge/bridge.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import {
  accountId,
  type ContactAddress,
  directConversation,
  parseContactAddress,
  portalId,
  residentId,
  roomId,
} from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import type { XmppAccount, XmppServer } from "../../../src/cli/sandbox/xmpp-server.ts";
import { openStore, PrivateRedis, SealingKeys } from "../../../src/store/index.ts";
import {
  createXmppClientHome,
  parseBareJid,
  type RelayRoom,
  XMPP,
  type XmppClientHome,
  type XmppClientOptions,
} from "../../../src/xmpp/index.ts";
import { type CutProxy, cutProxy } from "../../support/cut-proxy.ts";
import { ToyNetwork, type ToySession } from "../../support/toy-network.ts";

export interface ClientWorldOptions {
  readonly server: XmppServer;
  /** The account that the bridge signs in to. */
  readonly account: XmppAccount;
  readonly personal?: boolean;
  /** Rooms that are tied to contacts: `room`, whose, with whom. */
  readonly relays?: readonly { room: string; resident: string; contact: string }[];
  readonly mayLink?: (jid: string) => boolean;
  readonly limits?: XmppClientOptions["limits"];
}

export const address = (name: string): ContactAddress => parseContactAddress(`${name}@toy.test`);

/**
 * The bridge in this process with an ordinary account of a real XMPP server as its home: real Redis, the real core, and a
 * network in memory. Its link can be cut, and it can be stopped and started again on the same data.
 */
export class ClientWorld {
  readonly network = new ToyNetwork();
  readonly proxy: CutProxy;
  readonly #o: ClientWorldOptions;
  readonly #redis: PrivateRedis;
  readonly #folder: string;
  readonly #keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
  #running: { bridge: Bridge; home: XmppClientHome; store: Store; close: () => Promise<void> } | undefined;

  private constructor(o: ClientWorldOptions, proxy: CutProxy, redis: PrivateRedis, folder: string) {
    this.#o = o;
    this.proxy = proxy;
    this.#redis = redis;
    this.#folder = folder;
  }

  static async start(options: ClientWorldOptions): Promise<ClientWorld> {
    const folder = mkdtempSync(join(tmpdir(), "msnbridge-client-"));
    const log = pino({ level: "silent" });
    const redis = await PrivateRedis.start({ folder, log, supervise: false });
    const world = new ClientWorld(options, await cutProxy(options.server.c2sPort), redis, folder);
    await world.startBridge();
    return world;
  }

  get home(): XmppClientHome {
    return this.#run.home;
  }

  /** The bridge's JID. */
  get jid(): string {
    return this.#o.account.jid;
  }

  async startBridge(): Promise<void> {
    const log = pino({ level: process.env.MSNBRIDGE_TEST_LOG ?? "silent" });
    const store = await openStore({ options: this.#redis.options, keys: this.#keys, meter: noMeter, log });
    const { server, account, personal = false, relays = [], mayLink = () => true, limits } = this.#o;
    const home = createXmppClientHome({
      service: {
        jid: parseBareJid(account.jid),
        password: new Secret(account.password),
        host: server.host,
        port: this.proxy.port,
        ca: server.ca,
      },
      networks: [this.network.name],
      personal,
      relays: relays.map(
        ({ room, resident, contact }): RelayRoom => ({
          room: parseBareJid(room),
          resident: residentId(XMPP, resident),
          ghost: { network: this.network.name, contact: address(contact) },
        }),
      ),
      mayLink: (resident) => mayLink(resident.slice("xmpp:".length)),
      profiles: store,
      meter: noMeter,
      log,
      limits: { firstWaitMs: 50, longestWaitMs: 200, tieMs: 200, lookBackMs: 60_000, ...limits },
    });
    const desk = { issue: async () => ({ url: "https://bridge.test/link/token", minutes: 10 }) };
    const bridge = new Bridge({
      store,
      homes: [home],
      networks: [this.network],
      desk: () => desk,
      owner: "test",
      leaseMs: 30_000,
      signInsPerSecond: () => 1000,
      ownerOffline: "away",
      mayLink: (resident) => mayLink(resident.slice("xmpp:".length)),
      holdMinutes: 10,
      reconnect: { baseMs: 20, capMs: 200 },
      concurrency: 16,
      meter: noMeter,
      log,
    });
    await bridge.start();
    await home.attached();
    this.#running = {
      bridge,
      home,
      store,
      close: async () => {
        await bridge.stop();
        await store.close();
      },
    };
  }

  async stopBridge(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.close();
  }

  /** Links `name@toy.test` to somebody, and waits until it is signed in. Its contacts are there. */
  async link(jid: string, name: string, ...contacts: readonly string[]): Promise<ToySession> {
    const account = address(name);
    this.network.account(account);
    for (const contact of contacts) this.network.contact(address(contact), "online", "", contact);
    const request = {
      network: this.network.name,
      address: account,
      spelling: account,
      password: new Secret("secret"),
    };
    await this.#run.bridge.linker.linkAccount(residentId(XMPP, jid), request, () => {}, AbortSignal.timeout(20_000));
    return await this.session(name);
  }

  /** The live sign-in of an account. */
  async session(name: string): Promise<ToySession> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const session = this.network.sessions.get(address(name));
      if (session !== undefined) return session;
      if (Date.now() > deadline) throw new Error(`${name} was not signed in`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** A contact says something to an account. */
  async hear(name: string, contact: string, text: string, more: { delayed?: true; nudge?: true } = {}): Promise<void> {
    const { hooks } = await this.session(name);
    const at = more.delayed === undefined ? Date.now() : Date.UTC(2009, 1, 3, 10, 30);
    hooks.message({ kind: "text", from: address(contact), fromName: contact, text, at, ...more });
  }

  /** What a contact has received from an account, oldest first. */
  received(from: string, to: string): string[] {
    const head = `${address(from)} > ${address(to)}: `;
    return this.network.received.filter((line) => line.startsWith(head)).map((line) => line.slice(head.length));
  }

  async stop(): Promise<void> {
    await this.stopBridge();
    await this.proxy.close();
    await this.#redis.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The store loses everything. The bridge does not run. */
  async emptyStore(): Promise<void> {
    const redis = new Redis({ ...this.#redis.options, replyMapping: "legacy" });
    await redis.flushall();
    redis.disconnect();
  }

  /** Ties a chat to a room as an earlier bridge has left it. */
  async tie(name: string, contact: string, room: string, resident: string): Promise<void> {
    const account = accountId(this.network.name, address(name));
    const portal = portalId(account, directConversation(address(contact)));
    await this.#run.store.bind(portal, { home: XMPP, room: roomId(room), resident: residentId(XMPP, resident) });
  }

  get #run(): { bridge: Bridge; home: XmppClientHome; store: Store } {
    if (!this.#running) throw new Error("the bridge is not running");
    return this.#running;
  }
}

/** Somebody waits to be asked into a room, and goes in. */
export async function accept(person: XmppPerson, nick: string, not: readonly string[] = []): Promise<string> {
  const room = await person.waitFor("an invitation", () =>
    person.messages
      .map(({ element }) => element.getChild("x", "jabber:x:conference")?.attrs.jid)
      .find((jid) => jid !== undefined && !not.includes(jid)),
  );
  await person.joinRoom(room, nick);
  return room;
}

/** What is so before long, also on a machine that has much to do. */
export const soon = <T>(find: () => T) => expect.poll(find, { timeout: 20_000 });
