import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, readlink, realpath, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { exists } from "./folder-lock.ts";
import { StoreSetupError } from "./setup-error.ts";

/** Where a private Redis listens, and the password that only this data folder knows. */
export interface RedisAddress {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly password: string;
}

const STOP_TIMEOUT_MS = 10_000;

/** An address from the folder's redis.conf, so that a Redis left behind by a killed bridge is found again. */
export async function readAddress(folder: string): Promise<RedisAddress | undefined> {
  const text = await readFile(join(folder, "redis.conf"), "utf8").catch(() => "");
  const port = /^port (\d+)$/m.exec(text)?.[1];
  const password = /^requirepass (\S+)$/m.exec(text)?.[1];
  return port && password ? { host: "127.0.0.1", port: Number(port), password } : undefined;
}

/** An address that nobody has: a free port (unless one is wanted) and a new password. */
export async function newAddress(port?: number): Promise<RedisAddress> {
  return { host: "127.0.0.1", port: port ?? (await freePort()), password: randomBytes(24).toString("base64url") };
}

/**
 * When Redis makes sure that its append-only file is on the disk. Only `always` keeps all that was acknowledged through a
 * SIGKILL of Redis: with `everysec` it answers before it writes while a background fsync is under way (for up to two
 * seconds), and whenever a client has a long answer pending. Measured: some ten appends lost in one of about a hundred kills under load.
 */
export type Fsync = "always" | "everysec";

/** Writes the folder's redis.conf, mode 0600: the password stands in it. */
export async function writeConfig(folder: string, address: RedisAddress, fsync: Fsync): Promise<void> {
  const lines = [
    "# Written by msnbridge at each start; changes are lost.",
    "bind 127.0.0.1",
    `port ${address.port}`,
    `requirepass ${address.password}`,
    `dir ${quoted(folder)}`,
    `pidfile ${quoted(join(folder, "redis.pid"))}`,
    `logfile ${quoted(join(folder, "redis.log"))}`,
    "loglevel notice",
    "daemonize no",
    "databases 1",
    "tcp-backlog 128",
    "appendonly yes",
    `appendfsync ${fsync}`,
    'save ""',
    "maxmemory-policy noeviction",
  ];
  const draft = join(folder, "redis.conf.new");
  await writeFile(draft, `${lines.join("\n")}\n`, { mode: 0o600 });
  await rename(draft, join(folder, "redis.conf"));
}

function quoted(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

/**
 * Starts redis-server with the folder's redis.conf; the child may end at any time afterwards.
 * It gets its own process group, so that Ctrl-C in a terminal reaches the bridge alone and Redis outlives its last write.
 * @throws StoreSetupError when there is no such program.
 */
export async function spawnRedis(program: string, folder: string): Promise<ChildProcess> {
  const child = spawn(program, [join(folder, "redis.conf")], { cwd: folder, detached: true, stdio: "ignore" });
  try {
    await once(child, "spawn");
    // What goes wrong later shows in its exit.
    child.on("error", () => {});
  } catch (error) {
    throw new StoreSetupError(
      `The program ${program} cannot be started.`,
      "Install it (Debian: apt-get install redis-server), or name a Redis of your own in the config.",
      { cause: error },
    );
  }
  return child;
}

/** What answers at the address: our Redis with its pid, one that still loads its data, a stranger, or nothing. */
export type Answer =
  | { readonly kind: "ready"; readonly pid: number }
  | { readonly kind: "loading" | "stranger" | "none" };

export async function ask(address: RedisAddress): Promise<Answer> {
  const redis = dial(address);
  try {
    const info = await redis.info();
    if (/^loading:1/m.test(info)) return { kind: "loading" };
    return { kind: "ready", pid: Number(/^process_id:(\d+)/m.exec(info)?.[1]) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (/\bLOADING\b/.test(text)) return { kind: "loading" };
    if (/WRONGPASS|NOAUTH|ERR|Protocol|without any password/i.test(text)) return { kind: "stranger" };
    return { kind: "none" };
  } finally {
    redis.disconnect();
  }
}

function dial(address: RedisAddress): Redis {
  const redis = new Redis({
    ...address,
    retryStrategy: () => null,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
  });
  // The failing command carries the cause.
  redis.on("error", () => {});
  return redis;
}

/**
 * Ends the Redis of this folder cleanly: SHUTDOWN writes out the append-only file. If it does not answer (`address` is
 * undefined when that is known), by signals; what was written is in the kernel's hands by then and not lost
 * (source: stack D "What is lost when Redis dies").
 */
export async function stopRedis(address: RedisAddress | undefined, pid: number): Promise<void> {
  if (address) {
    const redis = dial(address);
    // SHUTDOWN has no answer: the link ends, or the command fails.
    await redis.call("SHUTDOWN", "NOSAVE").catch(() => {});
    redis.disconnect();
    if (await gone(pid, STOP_TIMEOUT_MS)) return;
  }
  signal(pid, "SIGTERM");
  if (await gone(pid, STOP_TIMEOUT_MS)) return;
  signal(pid, "SIGKILL");
  await gone(pid, STOP_TIMEOUT_MS);
}

/** The pid of a redis-server that runs in this folder without answering, by its pid file; checked to be ours. */
export async function silentRedis(folder: string): Promise<number | undefined> {
  const pid = Number((await readFile(join(folder, "redis.pid"), "utf8").catch(() => "")).trim());
  if (!Number.isSafeInteger(pid) || pid < 2 || !exists(pid)) return undefined;
  try {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8");
    const cwd = await readlink(`/proc/${pid}/cwd`);
    return command.includes("redis-server") && cwd === (await realpath(folder)) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in between.
  }
}

/** Waits until the process has ended; false: it still runs. */
async function gone(pid: number, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (exists(pid)) {
    if (performance.now() > end) return false;
    await pause(20);
  }
  return true;
}
