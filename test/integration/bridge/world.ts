import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BridgeOptions } from "../../../src/bridge/bridge.ts";
import { Bridge } from "../../../src/bridge/bridge.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import type { GhostRef, ResidentId, RoomId } from "../../../src/bridge/model.ts";
import { accountId, directConversation, portalId, residentParts } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { freePort } from "../../../src/cli/sandbox/ports.ts";
import { openStore, PrivateRedis, SealingKeys } from "../../../src/store/index.ts";
import { ToyHome } from "../../support/toy-home.ts";
import { ToyNetwork } from "../../support/toy-network.ts";
import { alice, contact, NET, silent, until } from "../../unit/bridge/support.ts";

export { alice, contact, until };
export const ghost = (name: string): GhostRef => ({ network: NET, contact: contact(name) });

/** One real redis-server for a test file; each {@link World} has a namespace of its own in it. */
export class Redis {
  readonly server: PrivateRedis;
  readonly #folder: string;
  readonly #keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
  #worlds = 0;

  private constructor(server: PrivateRedis, folder: string) {
    this.server = server;
    this.#folder = folder;
  }

  static async start(): Promise<Redis> {
    const folder = await mkdtemp(join(tmpdir(), "msnb-core-"));
    // Held also while a test has it killed: nobody else may take it before it is started again.
    const port = await freePort();
    return new Redis(await PrivateRedis.start({ folder, log: silent, supervise: false, port }), folder);
  }

  async stop(): Promise<void> {
    await this.server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  namespace(): string {
    this.#worlds += 1;
    return `w${this.#worlds}`;
  }

  open(namespace: string): Promise<Store> {
    return openStore({ options: this.server.options, keys: this.#keys, meter: noMeter, log: silent, namespace });
  }
}

/** A toy home, or several, and a toy network with the real core and the real store between them. */
export class World {
  readonly home: ToyHome;
  /** The one above first; more may be put in before {@link start}. */
  readonly homes: ToyHome[];
  readonly network = new ToyNetwork();
  options: Partial<BridgeOptions>;
  readonly namespace: string;
  readonly #redis: Redis;
  #running: { bridge: Bridge; store: Store } | undefined;

  constructor(redis: Redis, options: Partial<BridgeOptions> = {}, namespace = redis.namespace(), home = new ToyHome()) {
    this.#redis = redis;
    this.home = home;
    this.homes = [home];
    this.namespace = namespace;
    this.options = options;
    this.network.account(contact("alice"));
    this.network.contact(contact("bob"), "online", "", "Bob");
  }

  get bridge(): Bridge {
    if (!this.#running) throw new Error("the bridge is not running");
    return this.#running.bridge;
  }

  get store(): Store {
    if (!this.#running) throw new Error("the bridge is not running");
    return this.#running.store;
  }

  async start(): Promise<void> {
    const store = await this.#redis.open(this.namespace);
    const bridge = new Bridge({
      store,
      homes: this.homes,
      networks: [this.network],
      desk: () => ({ issue: async () => ({ url: "https://bridge.test/link/x", minutes: 10 }) }),
      owner: "test",
      leaseMs: 30_000,
      signInsPerSecond: () => 1000,
      ownerOffline: "hidden",
      mayLink: () => true,
      holdMinutes: 10,
      reconnect: { baseMs: 20, capMs: 50 },
      concurrency: 16,
      meter: noMeter,
      log: silent,
      ...this.options,
    });
    await bridge.start();
    this.#running = { bridge, store };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.bridge.stop();
    await running?.store.close();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  account(name = "alice") {
    return accountId(NET, contact(name));
  }

  /** Links alice's account and waits until it is signed in. */
  async link(owner: ResidentId = alice, name = "alice"): Promise<void> {
    const home = this.homes.find((one) => one.name === residentParts(owner).home);
    const welcomes = () => home?.told(owner).filter((text) => text.includes("is linked")).length ?? 0;
    const before = welcomes();
    const request = { network: NET, address: contact(name), spelling: contact(name), password: new Secret("secret") };
    await this.bridge.linker.linkAccount(owner, request, () => {}, new AbortController().signal);
    await this.on(name);
    if (home?.mode !== "up") return;
    await until("the welcome", () => welcomes() > before);
    await until(
      "its end",
      async () => !(await this.store.told(this.account(name))).some((one) => /^welcome/.test(one)),
    );
  }

  /** Another bridge over the same store, with a home and a network of its own. */
  twin(options: Partial<BridgeOptions>): World {
    return new World(this.#redis, { ...this.options, ...options }, this.namespace);
  }

  /** Waits until an account is signed in, as the core sees it. */
  async on(name = "alice"): Promise<void> {
    await until(`${name} to be signed in`, () => this.network.sessions.has(contact(name)));
  }

  /** The room of an account's chat with a contact, in a home. */
  async room(name: string, account = "alice", home: ToyHome = this.home): Promise<RoomId> {
    const id = portalId(this.account(account), directConversation(contact(name)));
    return until(
      `a room with ${name}`,
      async () => (await this.store.portal(id))?.rooms.find((one) => one.home === home.name)?.room,
    );
  }

  /** Alice opens a chat with a contact by a command and has its room. */
  async chat(name: string): Promise<RoomId> {
    await this.ask(`chat ${contact(name)}`);
    return this.room(name);
  }

  /** What the bot answers to a line. */
  async ask(line: string, resident: ResidentId = alice): Promise<string> {
    const home = this.homes.find(({ name }) => name === residentParts(resident).home) ?? this.home;
    const room = home.management(resident);
    const before = home.replies(room).length;
    home.command(resident, line);
    return until(`an answer to "${line}"`, () => home.replies(room)[before]);
  }
}
