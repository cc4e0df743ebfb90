import type { StoreHealth } from "../bridge/ports/store.ts";
import type { RedisLink } from "./link.ts";

/** Scripts use XRANGE with an exclusive start, and LPOP and HSET with many items: Redis 6.2. */
const OLDEST: readonly [number, number] = [6, 2];

/** Whether Redis answers, and what about it could lose data. */
export class RedisHealth implements StoreHealth {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  async ping(): Promise<number> {
    const start = performance.now();
    await this.#link.command("ping", (r) => r.ping());
    return performance.now() - start;
  }

  async warnings(): Promise<string[]> {
    const warnings = redisWarnings(await this.#link.command("info", (r) => r.info()));
    const fsync = await this.#fsyncPolicy();
    if (fsync !== undefined && fsync !== "always" && warnings.length === 0) {
      warnings.push(
        `Redis has \`appendfsync ${fsync}\`: when Redis is killed or the machine loses power, the messages of the last second or two can be lost. Set \`appendfsync always\` to lose none.`,
      );
    }
    return warnings;
  }

  /** Undefined where the service does not tell. */
  async #fsyncPolicy(): Promise<string | undefined> {
    try {
      const answer: unknown = await this.#link.command("config", (r) => r.config("GET", "appendfsync"));
      return Array.isArray(answer) ? String(answer[1]) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** What an operator must know, from the text of INFO (which hosted services allow, unlike CONFIG). */
export function redisWarnings(info: string): string[] {
  const facts = new Map(
    info.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
  const warnings: string[] = [];
  const version = facts.get("redis_version") ?? "0";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    warnings.push(`Redis ${version} is too old: the bridge needs ${OLDEST.join(".")} or newer.`);
  if (facts.get("aof_enabled") === "0")
    warnings.push("Redis keeps no append-only file, so a crash of Redis loses messages: set `appendonly yes`.");
  if ((facts.get("aof_last_write_status") ?? "ok") !== "ok")
    warnings.push("Redis could not write its append-only file last time: look at its log and at the free disk space.");
  const policy = facts.get("maxmemory_policy") ?? "noeviction";
  if (policy !== "noeviction")
    warnings.push(`Redis may throw keys away when memory is short (maxmemory-policy ${policy}): set \`noeviction\`.`);
  return warnings;
}
