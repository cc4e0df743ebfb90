import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { noMeter } from "../../src/bridge/metrics.ts";
import {
  accountId,
  directConversation,
  type HomeName,
  parseContactAddress,
  parseHomeName,
  parseNetworkName,
  portalId,
  residentId,
  roomId,
  shardOf,
} from "../../src/bridge/model.ts";
import { Secret } from "../../src/bridge/secret.ts";
import { BridgeProcess, prepareBridge } from "../../src/cli/sandbox/bridge-process.ts";
import { ProcessGroup } from "../../src/cli/sandbox/processes.ts";
import { startRedis } from "../../src/cli/sandbox/redis.ts";
import { parseRegistration } from "../../src/matrix/registration.ts";
import type { AccountSpec } from "../../src/msnp/server/index.ts";
import { loadSealingKeys, openStore } from "../../src/store/index.ts";
import type { MsnQuestions, Talk } from "../procs/msn.ts";
import { Child, type Questions } from "./child.ts";
import type { ProcessMemory } from "./probe.ts";

/** Of every account on the MSN network. */
export const PASSWORD = "bench";
export const NETWORK = parseNetworkName("sandbox");
const MATRIX = parseHomeName("matrix");
const VAR = fileURLToPath(new URL("../../var/", import.meta.url));
const PROBE_PROGRAM = new URL("probe.ts", import.meta.url).href;

export interface RigOptions {
  readonly serverName: string;
  readonly accounts: readonly AccountSpec[];
  readonly countSignIns?: boolean;
  /** Of the bridge's process. */
  readonly env?: Readonly<Record<string, string>>;
}

export type Overrides = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What every measurement of the running bridge needs: Redis, the MSN network and the bridge, each a process of its own. */
export class Rig {
  readonly parts: Awaited<ReturnType<typeof startParts>>;
  #bridge: BridgeProcess | undefined;

  private constructor(parts: Rig["parts"]) {
    this.parts = parts;
  }

  static async start(options: RigOptions): Promise<Rig> {
    return new Rig(await startParts(options));
  }

  get url(): string {
    return this.parts.registration.url;
  }

  get bot(): string {
    return this.parts.setup.bot;
  }

  get token(): string {
    return this.parts.registration.asToken.open();
  }

  ghost(email: string): string {
    const { ghostPrefix, serverName } = this.parts.setup;
    return `@${ghostPrefix}${NETWORK}_${email.replace("@", "=40")}:${serverName}`;
  }

  /** The lane of a talk in the bridge, by its name. */
  lane(kind: "out" | "in", { puppet, person }: Talk, home: HomeName): string {
    return `${kind === "in" ? `in:${home}` : kind}|${NETWORK}/${puppet}>${person}`;
  }

  /** Links an account for a resident, as the link page would. */
  async link(email: string, resident: string, home = MATRIX): Promise<void> {
    const address = parseContactAddress(email);
    await this.parts.store.link(
      {
        id: accountId(NETWORK, address),
        network: NETWORK,
        address,
        owners: [residentId(home, resident)],
        spelling: address,
        machineGuid: randomUUID(),
        wishedAvailability: "automatic",
        halt: "none",
        linkedAt: Date.now(),
      },
      new Secret(PASSWORD),
    );
  }

  /** Ties a room to the chat of a puppet with a person. */
  async bind({ puppet, person }: Talk, room: string, resident: string, home: HomeName): Promise<void> {
    const account = accountId(NETWORK, parseContactAddress(puppet));
    const portal = portalId(account, directConversation(parseContactAddress(person)));
    await this.parts.store.bind(portal, { home, room: roomId(room), resident: residentId(home, resident) });
  }

  /** Whether anything waits in the lanes of an account (or of one that shares its shard). */
  async waits(email: string): Promise<boolean> {
    const account = accountId(NETWORK, parseContactAddress(email));
    return (await this.parts.store.waiting(shardOf(account))).length > 0;
  }

  /** Starts the bridge, without Matrix when there is no homeserver; what is linked and bound before is what it finds. */
  async startBridge(homeserverUrl: string | undefined, overrides: Overrides = {}): Promise<void> {
    const { setup, redis, services, group, env } = this.parts;
    this.#bridge = new BridgeProcess({
      setup,
      ...(homeserverUrl === undefined ? {} : { homeserverUrl }),
      redisUrl: redis.url,
      msn: services,
      group,
      overrides: { logging: { level: "warn" }, limits: { signInsPerSecond: 1000 }, ...overrides },
      env: { ...env, NODE_OPTIONS: `--import=${PROBE_PROGRAM}`, MSNBRIDGE_BENCH_PROBE: this.#probePath },
    });
    await this.#bridge.start();
  }

  async stopBridge(): Promise<void> {
    await this.#bridge?.stop();
  }

  /** Resolves when all of them are visible on the MSN network. @throws Error when they are not in time */
  async online(emails: readonly string[], timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const count = await this.parts.msn.ask("online", emails);
      if (count === emails.length) return;
      if (performance.now() > deadline) throw new Error(`${count} of ${emails.length} accounts signed in in time`);
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }

  /** @param all whether the process is made to give back all that it does not need first */
  async memory(all: boolean): Promise<ProcessMemory> {
    return (await this.probe(all ? "memory all" : "memory")) as ProcessMemory;
  }

  /** CPU time of the bridge so far, in ms. */
  async cpu(): Promise<number> {
    const { user, system } = (await this.probe("cpu")) as NodeJS.CpuUsage;
    return (user + system) / 1000;
  }

  /** Asks the bridge's process; see probe.ts. */
  async probe(line: string): Promise<unknown> {
    const socket = connect(this.#probePath);
    try {
      await once(socket, "connect");
      socket.write(`${line}\n`);
      const [answer] = (await once(createInterface({ input: socket }), "line")) as [string];
      return JSON.parse(answer);
    } finally {
      socket.destroy();
    }
  }

  /** A metric of the bridge: the sum over its rows whose labels contain all of these. */
  async metric(name: string, ...labels: readonly string[]): Promise<number> {
    const answer = await fetch(this.parts.setup.metricsUrl);
    const rows = (await answer.text()).split("\n").filter((row) => row.startsWith(`${name}{`));
    const found = rows.filter((row) => labels.every((label) => row.includes(label)));
    return found.reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(" "))), 0);
  }

  /** Starts a program of procs/, which ends with this rig. */
  async program<Q extends Questions>(name: string): Promise<Child<Q>> {
    const child = await startProgram<Q>(name);
    this.parts.closers.push(() => child.stop());
    return child;
  }

  async stop(): Promise<void> {
    await this.stopBridge();
    await close(this.parts.closers);
  }

  get #probePath(): string {
    return join(this.parts.dir, "probe");
  }
}

function startProgram<Q extends Questions>(name: string): Promise<Child<Q>> {
  return Child.start<Q>(new URL(`../procs/${name}.ts`, import.meta.url));
}

async function close(closers: (() => Promise<unknown>)[]): Promise<void> {
  for (const closer of closers.splice(0).reverse()) await closer();
}

async function startParts({ serverName, accounts, countSignIns, env }: RigOptions) {
  mkdirSync(VAR, { recursive: true });
  const dir = mkdtempSync(join(VAR, "bench-"));
  const closers: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  try {
    const group = new ProcessGroup();
    closers.push(() => group.stopAll());
    const setup = await prepareBridge({ dir: join(dir, "bridge"), serverName });
    const registration = parseRegistration(readFileSync(setup.registrationFile, "utf8"));
    const redis = await startRedis({ dir: join(dir, "redis"), group });
    const keys = await loadSealingKeys({ file: join(dir, "bridge", "sealing.key") });
    const store = await openStore({ url: redis.url, keys, meter: noMeter, log: pino({ level: "silent" }) });
    closers.push(() => store.close());
    const msn = await startProgram<MsnQuestions>("msn");
    closers.push(() => msn.stop());
    const services = await msn.ask("start", { accounts, countSignIns: countSignIns === true });
    return { dir, group, setup, registration, redis, store, msn, services, env, closers };
  } catch (error) {
    await close(closers);
    throw error;
  }
}
