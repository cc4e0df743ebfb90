/** Redis: the operator's own, or the program that the bridge would start. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { noMeter } from "../../bridge/metrics.ts";
import { createLogger } from "../../config/logger.ts";
import type { Config } from "../../config/schema.ts";
import { openStore, SealingKeys } from "../../store/index.ts";
import { type Finding, fail, ok, warn } from "./report.ts";

export async function checkStore(config: Config): Promise<Finding[]> {
  const url = config.redis.url?.open();
  return url === undefined ? [await checkRedisServer()] : checkRedis(url);
}

async function checkRedis(url: string): Promise<Finding[]> {
  const where = withoutPassword(url);
  // Nothing is sealed or opened by a check.
  const keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
  try {
    const store = await openStore({ url, keys, meter: noMeter, log: createLogger("silent") });
    try {
      const ms = await store.ping();
      const warnings = await store.warnings();
      const found = warnings.map((text) => {
        const [what = text, how = "See docs/operators.md."] = text.split(/: (?=set |look |the bridge needs )/);
        return warn("redis", what, how.charAt(0).toUpperCase() + how.slice(1));
      });
      return [ok("redis", `${where} answers in ${ms.toFixed(1)} ms`), ...found];
    } finally {
      await store.close();
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [
      fail(
        "redis",
        `${where}: ${why}`,
        "Start Redis, or correct redis.url (host, port, password); without redis.url the bridge runs one of its own.",
      ),
    ];
  }
}

function withoutPassword(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? "redis" : `${parsed.protocol}//${parsed.host}`;
}

async function checkRedisServer(): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)("redis-server", ["--version"], { timeout: 5000 });
    const version = /v=(\S+)/.exec(stdout)?.[1] ?? "unknown version";
    return ok("redis", `the bridge will run its own redis-server (${version})`);
  } catch {
    return fail(
      "redis",
      "no redis.url is set and there is no redis-server on this machine",
      "Install redis-server (Debian: apt install redis-server), or set redis.url.",
    );
  }
}
