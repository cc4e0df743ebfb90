import { createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { stringify } from "yaml";
import { HomeserverClient } from "./matrix-http.ts";
import { freePort } from "./ports.ts";
import { type ManagedProcess, ProcessGroup } from "./processes.ts";

export interface SynapseOptions {
  /** Its data folder, made when missing; a second start with the same folder continues with the same data. */
  readonly dir: string;
  /** The bridge's registration.yaml. */
  readonly registrationFile?: string;
  readonly serverName: string;
  /** A free one when not given. */
  readonly port?: number;
  /** The Python virtual environment that holds matrix-synapse. */
  readonly venv: string;
  /** The group that owns the process; one of its own when not given. */
  readonly group?: ProcessGroup;
  /** Keys of homeserver.yaml that replace or add to the usual ones. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  readonly startDeadlineMs?: number;
}

/** A real Synapse on 127.0.0.1 with SQLite, for tests and the sandbox. Source: stack B1, B3. */
export interface Synapse {
  readonly url: string;
  readonly port: number;
  readonly serverName: string;
  /** As the running server tells it. */
  readonly version: string;
  readonly registrationSecret: string;
  readonly logFile: string;
  /** Process id of the present run. */
  readonly pid: number;
  readonly running: boolean;
  /** Orderly end (SIGTERM). */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data (stopping it first when it runs); resolves when it answers. */
  restart(): Promise<void>;
}

const START_DEADLINE_MS = 90_000;
const POLL_MS = 50;

/**
 * Starts Synapse and waits until it answers on /_matrix/client/versions.
 *
 * @throws Error naming the log's last lines when it ends early or does not answer by the deadline
 */
export async function startSynapse(options: SynapseOptions): Promise<Synapse> {
  const server = new LocalSynapse(options, options.port ?? (await freePort()));
  await server.restart();
  return server;
}

/** A Matrix user made by the shared secret, with its first access token. */
export interface MatrixAccount {
  readonly id: string;
  readonly password: string;
  readonly accessToken: string;
  readonly deviceId: string;
}

/**
 * Makes a user by Synapse's shared-secret registration (POST /_synapse/admin/v1/register).
 *
 * @throws MatrixCallError when the name is taken (M_USER_IN_USE) or not allowed
 */
export async function createMatrixUser(
  server: Pick<Synapse, "url" | "registrationSecret">,
  name: string,
  password: string,
  options: { readonly admin?: boolean; readonly displayName?: string } = {},
): Promise<MatrixAccount> {
  const client = new HomeserverClient(server.url);
  const path = "/_synapse/admin/v1/register";
  const { nonce } = await client.call<{ nonce: string }>("GET", path);
  const admin = options.admin === true;
  const mac = createHmac("sha1", server.registrationSecret)
    .update([nonce, name, password, admin ? "admin" : "notadmin"].join("\0"))
    .digest("hex");
  const made = await client.call<{ user_id: string; access_token: string; device_id: string }>("POST", path, {
    body: { nonce, username: name, password, admin, mac, displayname: options.displayName ?? name },
  });
  return { id: made.user_id, password, accessToken: made.access_token, deviceId: made.device_id };
}

class LocalSynapse implements Synapse {
  readonly url: string;
  readonly port: number;
  readonly serverName: string;
  readonly registrationSecret: string;
  readonly logFile: string;
  readonly #options: SynapseOptions;
  readonly #dir: string;
  readonly #group: ProcessGroup;
  #process: ManagedProcess | undefined;
  #version = "";

  constructor(options: SynapseOptions, port: number) {
    this.#options = options;
    this.#dir = resolve(options.dir);
    this.#group = options.group ?? new ProcessGroup();
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.serverName = options.serverName;
    this.logFile = join(this.#dir, "synapse.log");
    mkdirSync(this.#dir, { recursive: true });
    this.registrationSecret = kept(join(this.#dir, "registration.secret"), () => randomBytes(16).toString("hex"));
  }

  get version(): string {
    return this.#version;
  }

  get running(): boolean {
    return this.#process?.running === true;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error("Synapse was never started");
    return this.#process.pid;
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    const config = this.#writeConfig();
    this.#process = await this.#group.start({
      name: "synapse",
      command: resolve(this.#options.venv, "bin", "python"),
      args: ["-m", "synapse.app.homeserver", "-c", config],
      cwd: this.#dir,
      logFile: this.logFile,
    });
    await this.#waitUntilReady(this.#process);
  }

  #writeConfig(): string {
    const dir = this.#dir;
    // One line per key: "ed25519 <key id> <seed in unpadded base64>"; writing it saves a run with --generate-keys.
    kept(join(dir, "signing.key"), () => {
      const seed = randomBytes(32).toString("base64").replaceAll("=", "");
      return `ed25519 a_${randomBytes(2).toString("hex")} ${seed}\n`;
    });
    writeFileSync(join(dir, "log.yaml"), stringify(logConfig()));
    const file = join(dir, "homeserver.yaml");
    const config = { ...homeserverConfig(dir, this.port, this.#options, this.registrationSecret) };
    writeFileSync(file, stringify({ ...config, ...this.#options.overrides }), { mode: 0o600 });
    return file;
  }

  async #waitUntilReady(child: ManagedProcess): Promise<void> {
    const client = new HomeserverClient(this.url);
    const deadline = this.#options.startDeadlineMs ?? START_DEADLINE_MS;
    const giveUpAt = performance.now() + deadline;
    for (;;) {
      if (!child.running) throw new Error(`Synapse ended while starting; its log says:\n${child.logTail()}`);
      try {
        await client.call("GET", "/_matrix/client/versions", { timeoutMs: 5_000 });
        break;
      } catch {
        if (performance.now() > giveUpAt) {
          await child.kill();
          throw new Error(`Synapse did not answer within ${deadline} ms; its log says:\n${child.logTail()}`);
        }
        await pause(POLL_MS);
      }
    }
    const told = await client.call<{ server_version: string }>("GET", "/_synapse/admin/v1/server_version");
    // "1.163.2 (b=main,…)" when the data folder lies inside some git work tree
    this.#version = told.server_version.split(" ", 1)[0] ?? told.server_version;
  }
}

/** Reads the file, or writes it (readable by its owner only) when it is not there yet. */
function kept(file: string, make: () => string): string {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

function logConfig(): Record<string, unknown> {
  return {
    version: 1,
    formatters: { plain: { format: "%(asctime)s %(levelname)s %(name)s - %(message)s" } },
    handlers: { console: { class: "logging.StreamHandler", formatter: "plain" } },
    loggers: { "synapse.storage.SQL": { level: "WARNING" }, "synapse.access": { level: "WARNING" } },
    root: { level: "INFO", handlers: ["console"] },
    disable_existing_loggers: false,
  };
}

/** stack B3: loopback only, no federation, no rate limits (they would only slow the test people down). */
function homeserverConfig(
  dir: string,
  port: number,
  options: SynapseOptions,
  registrationSecret: string,
): Record<string, unknown> {
  const free = { per_second: 10_000, burst_count: 10_000 };
  return {
    server_name: options.serverName,
    report_stats: false,
    pid_file: join(dir, "synapse.pid"),
    public_baseurl: `http://127.0.0.1:${port}/`,
    listeners: [
      {
        port,
        type: "http",
        tls: false,
        bind_addresses: ["127.0.0.1"],
        resources: [{ names: ["client", "media"], compress: false }],
      },
    ],
    database: { name: "sqlite3", args: { database: join(dir, "homeserver.db") } },
    media_store_path: join(dir, "media"),
    signing_key_path: join(dir, "signing.key"),
    log_config: join(dir, "log.yaml"),
    trusted_key_servers: [],
    suppress_key_server_warning: true,
    federation_domain_whitelist: [],
    enable_registration: false,
    registration_shared_secret: registrationSecret,
    macaroon_secret_key: createHmac("sha256", registrationSecret).update("macaroon").digest("hex"),
    form_secret: createHmac("sha256", registrationSecret).update("form").digest("hex"),
    presence: { enabled: true },
    bcrypt_rounds: 4,
    max_upload_size: "50M",
    url_preview_enabled: false,
    app_service_config_files: options.registrationFile === undefined ? [] : [resolve(options.registrationFile)],
    rc_message: free,
    rc_registration: free,
    rc_login: { address: free, account: free, failed_attempts: free },
    rc_joins: { local: free, remote: free },
    rc_joins_per_room: free,
    rc_invites: { per_room: free, per_user: free },
    rc_presence: { per_user: free },
    rc_room_creation: free,
    rc_reports: free,
  };
}
