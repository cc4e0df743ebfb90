import { expect, test } from "vitest";
import { redisWarnings } from "../../../src/store/health.ts";

function info(facts: Record<string, string>): string {
  const all = {
    redis_version: "7.0.15",
    aof_enabled: "1",
    aof_last_write_status: "ok",
    maxmemory_policy: "noeviction",
    ...facts,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}:${value}`);
  return `# Server\r\n${lines.join("\r\n")}\r\n`;
}

test("a Redis that keeps what it is given has no warnings", () => {
  expect(redisWarnings(info({}))).toEqual([]);
});

test.each([
  ["6.0.16", true],
  ["5.0.7", true],
  ["6.2.0", false],
  ["8.2.1", false],
])("Redis %s is too old: %s", (version, old) => {
  expect(redisWarnings(info({ redis_version: version })).some((text) => text.includes("too old"))).toBe(old);
});

test.each([
  [{ aof_enabled: "0" }, "appendonly yes"],
  [{ aof_last_write_status: "err" }, "disk space"],
  [{ maxmemory_policy: "allkeys-lru" }, "noeviction"],
])("%o is warned of, with what to set", (facts, remedy) => {
  expect(redisWarnings(info(facts as Record<string, string>))).toEqual([expect.stringContaining(remedy)]);
});
