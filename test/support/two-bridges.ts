/** Two bridges of two operators on one Synapse and one MSN network, each with a registration and a store of its own; all real. */
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { Secret } from "../../src/bridge/secret.ts";
import { BridgeProcess, type BridgeSetup, prepareBridge } from "../../src/cli/sandbox/bridge-process.ts";
import { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { freePorts } from "../../src/cli/sandbox/ports.ts";
import { ProcessGroup } from "../../src/cli/sandbox/processes.ts";
import { type RedisServer, startRedis } from "../../src/cli/sandbox/redis.ts";
import { createMatrixUser, type Synapse, startSynapse } from "../../src/cli/sandbox/synapse.ts";
import { renderRegistration } from "../../src/matrix/registration.ts";
import { MsnNetwork } from "../../src/msnp/server/index.ts";
import { SYNAPSE_VENV } from "./synapse.ts";

const DOMAIN = "matrix.test";
const TRACES = fileURLToPath(new URL("../../var/traces/", import.meta.url));

/** What is asked of one of the two. */
export interface OneBridge {
  readonly bridge: Pick<BridgeProcess, "setup">;
  readonly account: (name: string) => { readonly email: string; readonly password: string; readonly name: string };
  readonly matrix: (name: string) => Promise<MatrixPerson>;
}

export interface TwoBridges {
  readonly msn: MsnNetwork;
  readonly first: OneBridge;
  readonly second: OneBridge;
  readonly messenger: (name: string) => Promise<MsnPerson>;
}

/**
 * Registers the hooks; use the result inside tests only. At the end it asserts that no process is left. When a test fails, the
 * bridges' logs are in var/traces/.
 */
export function useTwoBridges(people: { readonly matrix: readonly string[]; readonly msn: readonly string[] }): {
  readonly both: TwoBridges;
} {
  const group = new ProcessGroup();
  const closing: (() => Promise<unknown>)[] = [];
  let both: TwoBridges | undefined;
  let dir = "";
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "msnbridge-two-"));
    both = await start(dir, group, people, closing);
  });
  beforeEach((context) => {
    context.onTestFailed(() => {
      mkdirSync(TRACES, { recursive: true });
      for (const name of ["first", "second"])
        copyFileSync(join(dir, name, "bridge.log"), join(TRACES, `two-bridges-${name}.bridge.log`));
    });
  });
  afterAll(async () => {
    await Promise.allSettled(closing.reverse().map((close) => close()));
    await group.stopAll();
    await rm(dir, { recursive: true, force: true });
    expect(group.survivors()).toEqual([]);
  });
  return {
    get both() {
      if (both === undefined) throw new Error("the bridges are there only inside tests and hooks");
      return both;
    },
  };
}

async function start(
  dir: string,
  group: ProcessGroup,
  people: Parameters<typeof useTwoBridges>[0],
  closing: (() => Promise<unknown>)[],
): Promise<TwoBridges> {
  const accounts = people.msn.map((name) => ({
    email: `${name}@msn.test`,
    password: `pw-${name}`,
    name: capital(name),
  }));
  const msn = await MsnNetwork.start({ accounts: accounts.map(({ name, ...one }) => ({ ...one, displayName: name })) });
  closing.push(() => msn.close());
  for (const a of accounts) for (const b of accounts) if (a.email < b.email) msn.befriend(a.email, b.email);
  const setups = [
    await prepareBridge({ dir: join(dir, "first"), serverName: DOMAIN }),
    await prepareOther(join(dir, "second")),
  ] as const;
  const [synapse, ...stores] = await Promise.all([
    startSynapse({
      dir: join(dir, "synapse"),
      venv: SYNAPSE_VENV,
      serverName: DOMAIN,
      group,
      overrides: { app_service_config_files: setups.map(({ registrationFile }) => registrationFile) },
    }),
    ...["redis-1", "redis-2"].map((name) => startRedis({ dir: join(dir, name), group })),
  ]);
  const users = await Promise.all(
    people.matrix.map((name) => createMatrixUser(synapse, name, `pw-${name}`, { displayName: capital(name) })),
  );
  const bridges = await Promise.all(
    setups.map((setup, i) => startBridge(setup, { synapse, msn, group, redis: stores[i] })),
  );
  const account: OneBridge["account"] = (name) =>
    expectFound(accounts.find(({ email }) => email.startsWith(`${name}@`)));
  const matrix: OneBridge["matrix"] = async (name) => {
    const { id, accessToken } = expectFound(users.find((user) => user.id.startsWith(`@${name}:`)));
    const person = await MatrixPerson.signIn(synapse.url, id, { accessToken });
    closing.push(() => person.close());
    return person;
  };
  const [first, second] = bridges.map((bridge) => ({ bridge, account, matrix }));
  return {
    msn,
    first: expectFound(first),
    second: expectFound(second),
    messenger: async (name) => {
      const person = await MsnPerson.signIn({ ...account(name), services: msn.services, dialect: "MSNP18" });
      closing.push(() => person.signOut());
      return person;
    },
  };
}

type Setup = BridgeSetup & { readonly ports: readonly number[] };

/** As {@link prepareBridge}, under names that the first one leaves free. */
async function prepareOther(dir: string): Promise<Setup> {
  mkdirSync(dir, { recursive: true });
  const ports = await freePorts(3);
  const registrationFile = join(dir, "registration.yaml");
  const prefix = "_other_";
  const registration = {
    id: "other",
    url: `http://127.0.0.1:${ports[0]}`,
    asToken: new Secret(randomBytes(32).toString("hex")),
    hsToken: new Secret(randomBytes(32).toString("hex")),
    senderLocalpart: "_otherbot",
    prefix,
    domain: DOMAIN,
  };
  writeFileSync(registrationFile, renderRegistration(registration), { mode: 0o600 });
  writeFileSync(join(dir, "sealing.key"), `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  return {
    configFile: join(dir, "config.yaml"),
    registrationFile,
    webUrl: `http://127.0.0.1:${ports[1]}`,
    metricsUrl: `http://127.0.0.1:${ports[2]}/metrics`,
    bot: `@_otherbot:${DOMAIN}`,
    ghostPrefix: prefix,
    serverName: DOMAIN,
    ports,
  };
}

async function startBridge(
  setup: Setup,
  {
    synapse,
    msn,
    group,
    redis,
  }: { synapse: Synapse; msn: MsnNetwork; group: ProcessGroup; redis: RedisServer | undefined },
): Promise<BridgeProcess> {
  const bridge = new BridgeProcess({
    setup,
    homeserverUrl: synapse.url,
    redisUrl: expectFound(redis).url,
    msn: msn.services,
    group,
    overrides: { appservice: { botLocalpart: setup.bot.slice(1, setup.bot.indexOf(":")) } },
    env: { MSNBRIDGE_NETWORK_SANDBOX_DIALECTS: "MSNP18" },
  });
  await bridge.start();
  return bridge;
}

function expectFound<T>(one: T | undefined): T {
  if (one === undefined) throw new Error("there is nobody of that name in this test");
  return one;
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
