import { randomBytes } from "node:crypto";
import type { RedisOptions } from "ioredis";
import { Redis } from "ioredis";
import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import type { Meter } from "../bridge/metrics.ts";
import type { ScriptName } from "./scripts/index.ts";
import { SCRIPTS } from "./scripts/index.ts";

/** How long a command may take before its promise fails with `store-down`. */
const COMMAND_TIMEOUT_MS = 5_000;
/** Reconnects before everything that waits fails; with the delays below this is about the command timeout. */
const RECONNECTS = 12;
const RECONNECT_CAP_MS = 400;
/** Commands without an answer at one time; more are refused, so that a dead Redis cannot fill the memory. */
const MAX_IN_FLIGHT = 50_000;
const OPEN_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;

/** Replies that say "not now" rather than "you are wrong". */
const PASSING =
  /^(LOADING|OOM|READONLY|MISCONF|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|UNBLOCKED|NOAUTH|WRONGPASS|NOPERM)\b/;

type ScriptCall = (keyCount: number, ...keysAndArgs: (string | number)[]) => Promise<unknown>;

/**
 * Scripts whose order of arrival matters go with their text each time, not by their hash: a Redis that was restarted
 * knows no hashes, and ioredis would send what was in flight a second time behind all that came later (seen: one word of
 * a chat a hundred places too late).
 */
const ORDERED: ReadonlySet<ScriptName> = new Set(["laneAppend", "laneAppendOnce", "laneIntake", "groupAppendRead"]);

/** Where Redis is: a URL (`redis://`, `rediss://`, or a path of a unix socket), or ioredis' own options. */
export type RedisPlace = { readonly url: string } | { readonly options: RedisOptions };

/**
 * The one connection to Redis: runs scripts and commands, times them, and turns every failure into a BridgeError.
 *
 * A command is written to the socket in the tick of the call (no pipelining delay). ioredis sends again what was in
 * flight when the link broke, so each script must add nothing when it runs twice (source: stack D).
 */
export class RedisLink {
  readonly #redis: Redis;
  readonly #scripts: Readonly<Record<ScriptName, ScriptCall>>;
  readonly #meter: Meter;
  readonly #log: Logger;
  readonly #nonce = randomBytes(9).toString("base64url");
  #requests = 0;
  /** How each command that has no answer yet is made to fail. */
  readonly #inFlight = new Set<(error: Error) => void>();
  #drained: (() => void) | undefined;
  #closed = false;
  #down = false;

  private constructor(redis: Redis, meter: Meter, log: Logger) {
    this.#redis = redis;
    this.#meter = meter;
    this.#log = log;
    for (const [name, lua] of Object.entries(SCRIPTS)) redis.defineCommand(name, { lua });
    this.#scripts = redis as unknown as Readonly<Record<ScriptName, ScriptCall>>;
    this.#watch();
  }

  /** @throws BridgeError `store-down` when Redis has not answered within ten seconds. */
  static async open(place: RedisPlace, meter: Meter, log: Logger): Promise<RedisLink> {
    const own = {
      lazyConnect: true,
      commandTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: RECONNECTS,
      retryStrategy: (times: number) => Math.min(50 * 2 ** (times - 1), RECONNECT_CAP_MS) + Math.random() * 50,
      connectTimeout: COMMAND_TIMEOUT_MS,
      // A link that is silent while answers are due is dead; without this its promises would wait for the kernel.
      socketTimeout: COMMAND_TIMEOUT_MS * 2,
      enableAutoPipelining: false,
      connectionName: "msnbridge",
      replyMapping: "legacy",
    } as const satisfies RedisOptions;
    const redis = "url" in place ? new Redis(place.url, own) : new Redis({ ...place.options, ...own });
    const link = new RedisLink(redis, meter, log);
    try {
      await link.#ready();
      return link;
    } catch (error) {
      redis.disconnect();
      throw error;
    }
  }

  /** Runs a script; sent before this returns. */
  script(name: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    if (ORDERED.has(name))
      return this.#track(name, () => this.#redis.eval(SCRIPTS[name], keys.length, ...keys, ...args));
    return this.#track(name, () => this.#scripts[name](keys.length, ...keys, ...args));
  }

  /** Runs a plain command; sent before this returns. `name` is its label in the metrics. */
  command<T>(name: string, send: (redis: Redis) => Promise<T>): Promise<T> {
    return this.#track(name, () => send(this.#redis));
  }

  /** An id that no other call in the fleet has; lets a script know its own repeat. */
  request(): string {
    this.#requests += 1;
    return `${this.#nonce}.${this.#requests.toString(36)}`;
  }

  /** Waits for what is in flight, at most two seconds, and ends the connection. What is left fails with `store-down`. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#inFlight.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#drained = resolve;
      const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      await promise;
      clearTimeout(timer);
    }
    this.#redis.disconnect();
    // ioredis leaves what waits for a reconnect to its timeout.
    for (const fail of this.#inFlight) fail(new Error("the store was closed"));
  }

  async #track<T>(name: string, send: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new BridgeError("store-down", { detail: "the store is closed" });
    if (this.#inFlight.size >= MAX_IN_FLIGHT) throw new BridgeError("store-down", { detail: "too many requests wait" });
    const start = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#inFlight.add(reject);
    try {
      send().then(resolve, reject);
      return await promise;
    } catch (error) {
      throw storeError(error, name);
    } finally {
      this.#meter.observe("msnb_redis_seconds", { script: name }, (performance.now() - start) / 1000);
      this.#inFlight.delete(reject);
      if (this.#inFlight.size === 0) this.#drained?.();
    }
  }

  async #ready(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let last: unknown;
    const note = (error: unknown): void => {
      last = error;
    };
    const timer = setTimeout(() => reject(last ?? new Error("no answer")), OPEN_TIMEOUT_MS);
    this.#redis.on("error", note);
    this.#redis.once("ready", resolve);
    this.#redis.once("end", () => reject(last ?? new Error("connection ended")));
    try {
      this.#redis.connect().catch(note);
      await promise;
    } catch (error) {
      throw storeError(error, "connect");
    } finally {
      clearTimeout(timer);
      this.#redis.off("error", note);
    }
  }

  #watch(): void {
    this.#redis.on("error", (error: Error) => this.#log.debug({ err: error }, "redis link"));
    this.#redis.on("close", () => {
      if (this.#closed || this.#down) return;
      this.#down = true;
      this.#log.warn("lost the link to Redis; trying again");
    });
    this.#redis.on("ready", () => {
      if (this.#down) this.#log.info("the link to Redis is back");
      this.#down = false;
    });
  }
}

/** Any failure of ioredis or of Redis as an error of the catalogue. */
function storeError(error: unknown, what: string): BridgeError {
  if (error instanceof BridgeError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const detail = `${what}: ${text}`;
  const refused = error instanceof Error && error.name === "ReplyError" && !PASSING.test(text);
  return new BridgeError(refused ? "internal" : "store-down", { detail }, { cause: error });
}
