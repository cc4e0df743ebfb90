import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { Bridge } from "../../../src/bridge/bridge.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import {
  type AccountRecord,
  accountId,
  parseContactAddress,
  parseNetworkName,
  residentId,
} from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { startEjabberd } from "../../../src/cli/sandbox/ejabberd.ts";
import { MsnPerson } from "../../../src/cli/sandbox/msn-person.ts";
import { freePort } from "../../../src/cli/sandbox/ports.ts";
import { ProcessGroup } from "../../../src/cli/sandbox/processes.ts";
import { startProsody } from "../../../src/cli/sandbox/prosody.ts";
import type { Trace } from "../../../src/cli/sandbox/trace.ts";
import { XmppPerson, type XmppPersonOptions } from "../../../src/cli/sandbox/xmpp-person.ts";
import type { XmppServer } from "../../../src/cli/sandbox/xmpp-server.ts";
import { createMsnNetwork } from "../../../src/msn/network.ts";
import {
  type DialectName,
  MsnClient,
  type MsnClientOptions,
  parseEmail,
  parseMachineGuid,
} from "../../../src/msnp/index.ts";
import { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { openStore, PrivateRedis, SealingKeys } from "../../../src/store/index.ts";
import { createXmppHome, XMPP, type XmppHome, type XmppHomeOptions } from "../../../src/xmpp/index.ts";

/** Between the component and its server; can be cut. */
class Wire {
  isCut = false;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, port: number, sockets: Set<Socket>) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
  }

  static async to(server: XmppServer): Promise<Wire> {
    const port = await freePort();
    const sockets = new Set<Socket>();
    const relay = createServer((near) => {
      if (wire.isCut) return near.destroy();
      const far = connect({ port: server.componentPort, host: server.host });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        one.on("error", () => {});
        one.on("close", () => {
          sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    const wire = new Wire(relay, port, sockets);
    await new Promise<void>((resolve) => relay.listen(port, "127.0.0.1", resolve));
    return wire;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

export const NET = parseNetworkName("msntest");
const PASSWORD = "secret";

/**
 * Whether another place of somebody's account, such as the bridge, has come to a chat that they have opened at this client,
 * of which these are the lines: what they say before is not heard there.
 */
export const otherPlaceHasCome = (lines: readonly string[], email: string): boolean =>
  lines.some((line) => line.includes(`JOI ${email};{`));

export interface XmppWorldOptions {
  readonly privileged?: boolean;
  readonly home?: Partial<XmppHomeOptions>;
  readonly dialect?: DialectName;
  readonly server?: "prosody" | "ejabberd";
}

/** Real Prosody, Redis and MSN network, with the core and the XMPP home between them in this process. */
export class XmppWorld {
  readonly server: XmppServer;
  readonly msn: MsnNetwork;
  readonly #group: ProcessGroup;
  readonly #redis: PrivateRedis;
  readonly #folder: string;
  readonly #keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
  readonly #people: { close(): Promise<void> }[] = [];
  readonly #options: XmppWorldOptions;
  readonly #wire: Wire;
  #running: { bridge: Bridge; home: XmppHome; close: () => Promise<void> } | undefined;

  private constructor(
    parts: {
      server: XmppServer;
      msn: MsnNetwork;
      group: ProcessGroup;
      redis: PrivateRedis;
      folder: string;
      wire: Wire;
    },
    options: XmppWorldOptions,
  ) {
    this.server = parts.server;
    this.msn = parts.msn;
    this.#group = parts.group;
    this.#redis = parts.redis;
    this.#folder = parts.folder;
    this.#wire = parts.wire;
    this.#options = options;
  }

  static async start(options: XmppWorldOptions = {}): Promise<XmppWorld> {
    const folder = mkdtempSync(join(tmpdir(), "msnbridge-xmpp-"));
    const group = new ProcessGroup();
    const log = pino({ level: "silent" });
    const [server, redis, msn] = await Promise.all([
      (options.server === "ejabberd" ? startEjabberd : startProsody)({
        dir: join(folder, "server"),
        group,
        privileged: options.privileged ?? true,
      }),
      PrivateRedis.start({ folder: join(folder, "redis"), log, supervise: false }),
      MsnNetwork.start({ accounts: [] }),
    ]);
    const world = new XmppWorld({ server, msn, group, redis, folder, wire: await Wire.to(server) }, options);
    await world.startBridge();
    return world;
  }

  get home(): XmppHome {
    if (!this.#running) throw new Error("the bridge is not running");
    return this.#running.home;
  }

  get bridge(): Bridge {
    if (!this.#running) throw new Error("the bridge is not running");
    return this.#running.bridge;
  }

  /** The gateway's JID. */
  get gateway(): string {
    return this.server.component;
  }

  async startBridge(): Promise<void> {
    const log = pino({ level: process.env.MSNBRIDGE_TEST_LOG ?? "silent" });
    const store = await openStore({ options: this.#redis.options, keys: this.#keys, meter: noMeter, log });
    const desk = { issue: async () => ({ url: "https://bridge.test/link/token", minutes: 10 }) };
    const { server } = this;
    const home = createXmppHome({
      service: {
        host: server.host,
        port: this.#wire.port,
        domain: server.component,
        secret: new Secret(server.secret),
      },
      networks: [NET],
      name: "MSN",
      stayOn: true,
      passwordForm: false,
      mayLink: () => true,
      desk: () => desk,
      linker: () => bridge.linker,
      profiles: store,
      meter: noMeter,
      log,
      ...this.#options.home,
      limits: {
        firstWaitMs: 50,
        longestWaitMs: 300,
        subscribePaceMs: 20,
        leaveMs: 100,
        rosterLookMs: 1000,
        ...this.#options.home?.limits,
      },
    });
    const bridge: Bridge = new Bridge({
      store,
      homes: [home],
      networks: [
        createMsnNetwork({
          name: NET,
          title: "Testnet",
          services: this.msn.services,
          dialects: [this.#options.dialect ?? "MSNP18"],
          log,
        }),
      ],
      desk: () => desk,
      owner: "test",
      leaseMs: 30_000,
      signInsPerSecond: () => 1000,
      ownerOffline: "away",
      mayLink: () => true,
      holdMinutes: 10,
      reconnect: { baseMs: 20, capMs: 200 },
      concurrency: 16,
      meter: noMeter,
      log,
    });
    this.#wire.isCut = false;
    await bridge.start();
    await home.attached();
    this.#running = {
      bridge,
      home,
      close: async () => {
        await bridge.stop();
        await store.close();
      },
    };
  }

  /** The component's link is cut, until the bridge is started again: as if it were killed, it cannot say good-bye. */
  breakLink(): void {
    this.#wire.cut();
  }

  async stopBridge(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.close();
  }

  /** A person at an XMPP client, with an account of the server that is made now. */
  async person(name: string, options: Partial<XmppPersonOptions> = {}): Promise<XmppPerson> {
    const known = this.server.users.find(({ jid }) => jid === `${name}@${this.server.domain}`);
    const { jid, password } = known ?? (await this.server.addUser({ name, password: `pw-${name}` }));
    const person = await XmppPerson.signIn({ server: this.server, jid, password, ...options });
    this.#people.push(person);
    return person;
  }

  msnAccount(name: string): string {
    const email = `${name}@msn.test`;
    this.msn.addAccount({ email, password: PASSWORD, displayName: name });
    return email;
  }

  /** Somebody at an MSN client, with an account that is made now unless it is there. */
  async friend(name: string, trace?: Trace): Promise<MsnPerson> {
    const { services } = this.msn;
    const dialect = "MSNP18";
    const person = await MsnPerson.signIn({ email: `${name}@msn.test`, password: PASSWORD, services, dialect, trace });
    this.#people.push({ close: () => person.signOut() });
    return person;
  }

  /** Somebody at an MSN client with all that it can do; the account must be there. */
  async messenger(name: string, trace?: MsnClientOptions["trace"]): Promise<MsnClient> {
    const client = new MsnClient({
      services: this.msn.services,
      dialects: ["MSNP18"],
      email: parseEmail(`${name}@msn.test`),
      password: () => PASSWORD,
      machineGuid: parseMachineGuid(randomUUID()),
      initialPresence: "NLN",
      ...(trace === undefined ? {} : { trace }),
    });
    await client.signIn(AbortSignal.timeout(20_000));
    this.#people.push({ close: () => client.signOut() });
    return client;
  }

  /** Links an MSN account to a person, as the private page does. */
  async link(jid: string, account: string): Promise<AccountRecord> {
    const address = parseContactAddress(account);
    const request = { network: NET, address, spelling: account, password: new Secret(PASSWORD) };
    const owner = residentId(XMPP, jid);
    return this.bridge.linker.linkAccount(owner, request, () => {}, AbortSignal.timeout(20_000));
  }

  account(email: string) {
    return accountId(NET, parseContactAddress(email));
  }

  /** The JID of an MSN address. */
  ghost(email: string): string {
    return this.home.ghostLabel({ network: NET, contact: parseContactAddress(email) });
  }

  async stop(): Promise<void> {
    for (const person of this.#people) await person.close();
    await this.stopBridge();
    this.#wire.close();
    await this.msn.close();
    await this.#redis.close();
    await this.#group.stopAll();
    rmSync(this.#folder, { recursive: true, force: true });
    const left = this.#group.survivors();
    if (left.length > 0) throw new Error(`processes are left: ${JSON.stringify(left)}`);
  }
}
