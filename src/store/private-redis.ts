import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { RedisOptions } from "ioredis";
import type { Logger } from "pino";
import { FolderLock } from "./folder-lock.ts";
import type { Fsync, RedisAddress } from "./redis-process.ts";
import { ask, newAddress, readAddress, silentRedis, spawnRedis, stopRedis, writeConfig } from "./redis-process.ts";
import { StoreSetupError } from "./setup-error.ts";

export interface PrivateRedisOptions {
  /** Made when missing. One bridge may use it at a time. */
  readonly folder: string;
  readonly log: Logger;
  /** A name on the PATH or a path. Default `redis-server`. */
  readonly program?: string;
  /** Default: a free one, kept for the life of the folder as long as it stays free. */
  readonly port?: number;
  /** Default `always`: nothing acknowledged is lost when Redis is killed. `everysec` is faster on a slow disk. */
  readonly fsync?: Fsync;
  /** Start it again when it dies by itself. Default true; tests that kill it say when. */
  readonly supervise?: boolean;
}

const START_TRIES = 5;
/** Loading a large append-only file takes its time; a Redis that says that it is loading may go on for so long. */
const LOAD_TIMEOUT_MS = 300_000;
const ANSWER_TIMEOUT_MS = 15_000;
const REVIVE_CAP_MS = 5_000;

/**
 * A redis-server of the bridge's own, on a loopback port with a random password, with its append-only file in the data
 * folder (source: design §5). One that a killed bridge has left behind is ended cleanly first; its data stay.
 */
export class PrivateRedis {
  readonly #folder: string;
  readonly #program: string;
  readonly #log: Logger;
  readonly #supervise: boolean;
  readonly #fsync: Fsync;
  readonly #lock: FolderLock;
  #address: RedisAddress;
  #child: ChildProcess | undefined;
  #wanted = false;
  #wasUp = false;
  #reviving: Promise<void> | undefined;
  readonly #stopping = new AbortController();

  private constructor(o: PrivateRedisOptions, folder: string, lock: FolderLock, address: RedisAddress) {
    this.#folder = folder;
    this.#program = o.program ?? "redis-server";
    this.#log = o.log;
    this.#supervise = o.supervise ?? true;
    this.#fsync = o.fsync ?? "always";
    this.#lock = lock;
    this.#address = address;
  }

  /**
   * Resolves when Redis answers.
   * @throws StoreSetupError when redis-server is missing or does not start, or when another process has the folder.
   */
  static async start(o: PrivateRedisOptions): Promise<PrivateRedis> {
    await mkdir(o.folder, { recursive: true, mode: 0o700 });
    const folder = await realpath(o.folder);
    const lock = await FolderLock.take(folder);
    try {
      await endPredecessor(folder, o.log);
      const before = await readAddress(folder);
      const kept = o.port === undefined || o.port === before?.port ? before : undefined;
      const redis = new PrivateRedis(o, folder, lock, kept ?? (await newAddress(o.port)));
      await redis.#launch();
      return redis;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** For {@link openStore}, and for any other ioredis client. The same for the life of this object. */
  get options(): RedisOptions {
    return { ...this.#address };
  }

  /** With the password in it: not for logs. */
  get url(): string {
    return `redis://:${this.#address.password}@${this.#address.host}:${this.#address.port}/0`;
  }

  get port(): number {
    return this.#address.port;
  }

  /** Of the redis-server that runs now; `undefined` while there is none. */
  get pid(): number | undefined {
    return this.#child?.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  /** Ends it at once, as a crash would. Not started again until {@link restart}. */
  async kill(): Promise<void> {
    await this.#unwant();
    const child = this.#child;
    if (!child || this.pid === undefined) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }

  /** Starts it again on the same port and with the same data; a running one is ended cleanly first. */
  async restart(): Promise<void> {
    await this.#end();
    await this.#launch();
  }

  /** Ends it cleanly and frees the folder. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#end();
    await this.#lock.release();
  }

  async #end(): Promise<void> {
    await this.#unwant();
    const child = this.#child;
    if (!child || this.pid === undefined) return;
    const exit = once(child, "exit");
    await stopRedis(this.#address, child.pid ?? 0);
    await exit;
  }

  /** From here on nothing starts it again. */
  async #unwant(): Promise<void> {
    this.#wanted = false;
    await this.#reviving;
    // The start that was under way has set it once more.
    this.#wanted = false;
  }

  async #launch(): Promise<void> {
    for (let i = 0; i < START_TRIES; i++) {
      await writeConfig(this.#folder, this.#address, this.#fsync);
      const child = await spawnRedis(this.#program, this.#folder);
      this.#child = child;
      if (await this.#answers(child)) {
        this.#wanted = true;
        child.once("exit", (code, signal) => this.#died(code, signal));
        // It may have died between its answer and this line.
        if (this.pid === undefined) this.#died(child.exitCode, child.signalCode);
        return;
      }
      const log = await this.#logTail();
      if (!/Address already in use/.test(log))
        throw new StoreSetupError(`redis-server ended at its start: ${log}`, `See ${join(this.#folder, "redis.log")}.`);
      const answer = await ask(this.#address);
      if (answer.kind === "ready") {
        // Our password fits: a redis-server that a killed bridge had only just begun to start.
        await stopRedis(this.#address, answer.pid);
      } else if (this.#wasUp) {
        // Clients know the port by now; moving would lose them.
        throw new StoreSetupError(`Port ${this.port} was taken by another program.`, "Start the bridge anew.");
      } else if (answer.kind !== "loading") {
        this.#address = await newAddress();
      }
    }
    throw new StoreSetupError("No free port was found for redis-server.", "Look at what listens on 127.0.0.1.");
  }

  /** True when it answers; false when it has ended before. */
  async #answers(child: ChildProcess): Promise<boolean> {
    const start = performance.now();
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) return false;
      const answer = await ask(this.#address);
      if (answer.kind === "ready" && answer.pid === child.pid) {
        this.#wasUp = true;
        return true;
      }
      const limit = answer.kind === "loading" ? LOAD_TIMEOUT_MS : ANSWER_TIMEOUT_MS;
      if (performance.now() - start > limit) {
        child.kill("SIGKILL");
        throw new StoreSetupError(
          `redis-server has not answered for ${Math.round(limit / 1000)} s.`,
          `See ${join(this.#folder, "redis.log")}.`,
        );
      }
      await pause(20);
    }
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    if (!this.#wanted) return;
    this.#log.error({ code, signal }, "the private Redis has died");
    if (this.#supervise) this.#reviving ??= this.#revive().finally(() => (this.#reviving = undefined));
  }

  async #revive(): Promise<void> {
    for (let wait = 50; this.#wanted; wait = Math.min(wait * 2, REVIVE_CAP_MS)) {
      try {
        await this.#launch();
        if (this.pid === undefined) continue;
        this.#log.warn("the private Redis runs again");
        return;
      } catch (error) {
        this.#log.error({ err: error }, "the private Redis could not be started again");
      }
      await pause(wait, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
  }

  async #logTail(): Promise<string> {
    const log = await readFile(join(this.#folder, "redis.log"), "utf8").catch(() => "no log was written");
    return log.trim().split("\n").slice(-3).join(" / ").slice(-500);
  }
}

/** Ends the redis-server that a killed bridge left running in this folder. The caller holds the folder's lock. */
async function endPredecessor(folder: string, log: Logger): Promise<void> {
  const address = await readAddress(folder);
  if (!address) return;
  const deadline = performance.now() + LOAD_TIMEOUT_MS;
  let answer = await ask(address);
  while (answer.kind === "loading" && performance.now() < deadline) {
    await pause(100);
    answer = await ask(address);
  }
  const pid = answer.kind === "ready" ? answer.pid : await silentRedis(folder);
  if (pid === undefined) return;
  log.warn({ pid }, "a Redis of an earlier bridge still runs in the data folder; ending it cleanly");
  await stopRedis(answer.kind === "ready" ? address : undefined, pid);
}
