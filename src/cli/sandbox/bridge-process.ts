import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { Secret } from "../../bridge/secret.ts";
import { renderRegistration } from "../../matrix/registration.ts";
import type { MsnServices } from "../../msnp/index.ts";
import { freePorts } from "./ports.ts";
import type { ManagedProcess, ProcessGroup } from "./processes.ts";
import { profileEnvironment } from "./profile-env.ts";

const PROGRAM = fileURLToPath(new URL("../../../bin/msnbridge.mjs", import.meta.url));
const READY_DEADLINE_MS = 90_000;

/** Files and addresses of a bridge that is about to run; what the homeserver needs of them is there before it starts. */
export interface BridgeSetup {
  readonly configFile: string;
  readonly registrationFile: string;
  readonly webUrl: string;
  readonly metricsUrl: string;
  readonly bot: string;
  readonly ghostPrefix: string;
  readonly serverName: string;
}

/** Finds ports and writes registration and key, once per folder. */
export async function prepareBridge(options: {
  readonly dir: string;
  readonly serverName: string;
}): Promise<BridgeSetup & { readonly ports: readonly number[] }> {
  mkdirSync(options.dir, { recursive: true });
  const ports = await freePorts(3);
  const registrationFile = join(options.dir, "registration.yaml");
  const prefix = "_msn_";
  if (!existsSync(registrationFile)) {
    const text = renderRegistration({
      id: "msn",
      url: `http://127.0.0.1:${ports[0]}`,
      asToken: new Secret(randomBytes(32).toString("hex")),
      hsToken: new Secret(randomBytes(32).toString("hex")),
      senderLocalpart: "_msnbot",
      prefix,
      domain: options.serverName,
    });
    writeFileSync(registrationFile, text, { mode: 0o600 });
    writeFileSync(join(options.dir, "sealing.key"), `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  }
  return {
    configFile: join(options.dir, "config.yaml"),
    registrationFile,
    webUrl: `http://127.0.0.1:${ports[1]}`,
    metricsUrl: `http://127.0.0.1:${ports[2]}/metrics`,
    bot: `@_msnbot:${options.serverName}`,
    ghostPrefix: prefix,
    serverName: options.serverName,
    ports,
  };
}

export interface BridgeOptions {
  readonly setup: BridgeSetup & { readonly ports: readonly number[] };
  /** Without it there is no Matrix. */
  readonly homeserverUrl?: string;
  readonly redisUrl: string;
  readonly msn: MsnServices;
  readonly group: ProcessGroup;
  /** Keys of the config that replace the usual ones, by section. */
  readonly overrides?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The bridge as a process of its own, as an operator runs it: `msnbridge run`. */
export class BridgeProcess {
  readonly setup: BridgeSetup;
  readonly #options: BridgeOptions;
  #process: ManagedProcess | undefined;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.setup = options.setup;
    writeFileSync(options.setup.configFile, stringify(configOf(options)), { mode: 0o600 });
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get running(): boolean {
    return this.#process?.running === true;
  }

  get logFile(): string {
    return resolve(this.setup.configFile, "..", "bridge.log");
  }

  logTail(lines?: number): string {
    return this.#process?.logTail(lines) ?? "";
  }

  /** Starts it and waits until `/ready` says so. @throws Error with the end of its log */
  async start(): Promise<void> {
    const { group, msn } = this.#options;
    this.#process = await group.start({
      name: "bridge",
      command: process.execPath,
      args: ["--disable-warning=DEP0060", PROGRAM, "run", "--config", this.setup.configFile],
      env: { ...profileEnvironment(msn), ...this.#options.env },
      logFile: this.logFile,
    });
    const deadline = Date.now() + READY_DEADLINE_MS;
    while (Date.now() < deadline && this.running) {
      const answer = await fetch(`${this.setup.webUrl}/ready`, { signal: AbortSignal.timeout(10_000) }).catch(
        () => undefined,
      );
      await answer?.body?.cancel();
      if (answer?.status === 200) return;
      await pause(25);
    }
    throw new Error(`the bridge is not ready:\n${this.logTail(30)}`);
  }

  /** Orderly end (SIGTERM); the exit code. */
  async stop(): Promise<number | null> {
    return (await this.#process?.stop(15_000))?.code ?? null;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }
}

function configOf(options: BridgeOptions): Record<string, Record<string, unknown>> {
  const { setup, homeserverUrl, redisUrl, overrides } = options;
  const bind = (port: number | undefined) => ({ host: "127.0.0.1", port: port ?? 0 });
  const config: Record<string, Record<string, unknown>> = {
    ...(homeserverUrl === undefined ? {} : { homeserver: { url: homeserverUrl, domain: setup.serverName } }),
    appservice: {
      bind: bind(setup.ports[0]),
      registration: "registration.yaml",
      ghostPrefix: setup.ghostPrefix,
      botLocalpart: "_msnbot",
    },
    web: { bind: bind(setup.ports[1]), publicUrl: setup.webUrl },
    metrics: { bind: bind(setup.ports[2]) },
    redis: { url: redisUrl },
    data: { folder: "data", sealingKeyFile: "sealing.key" },
    networks: { enabled: ["sandbox"] },
    logging: { level: "debug" },
  };
  for (const [section, keys] of Object.entries(overrides ?? {})) config[section] = { ...config[section], ...keys };
  return config;
}
