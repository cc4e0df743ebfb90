import { mkdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { freePort } from "./ports.ts";
import type { ManagedProcess, ProcessGroup } from "./processes.ts";

/** A real redis-server on 127.0.0.1 with its append-only file on, as an operator would run it. */
export interface RedisServer {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data; resolves when it answers. */
  restart(): Promise<void>;
}

const START_DEADLINE_MS = 60_000;

/** @throws Error when redis-server is not installed or does not answer by the deadline */
export async function startRedis(options: {
  readonly dir: string;
  readonly group: ProcessGroup;
  /** Default `always`. */
  readonly fsync?: "always" | "everysec";
}): Promise<RedisServer> {
  const port = await freePort();
  mkdirSync(options.dir, { recursive: true });
  let running: ManagedProcess | undefined;
  let version = "";
  const start = async (): Promise<void> => {
    running = await options.group.start({
      name: "redis",
      command: "redis-server",
      args: [
        "--bind",
        "127.0.0.1",
        "--port",
        String(port),
        "--dir",
        options.dir,
        "--appendonly",
        "yes",
        // With everysec a killed Redis can lose what it has acknowledged (docs/redis.md).
        "--appendfsync",
        options.fsync ?? "always",
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
      ],
      logFile: `${options.dir}/redis.log`,
    });
    version = await answered(port, running);
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}/0`,
    get pid() {
      return running?.pid ?? 0;
    },
    get version() {
      return version;
    },
    kill: async () => {
      await running?.kill();
    },
    restart: start,
  };
}

/** The version, once the server has loaded its data and answers. */
async function answered(port: number, server: ManagedProcess): Promise<string> {
  const client = new Redis({
    port,
    host: "127.0.0.1",
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on("error", () => {});
  const deadline = Date.now() + START_DEADLINE_MS;
  try {
    while (Date.now() < deadline && server.running) {
      try {
        if (client.status !== "ready") await client.connect();
        const info = await client.info("server");
        return /redis_version:(\S+)/.exec(info)?.[1] ?? "unknown";
      } catch {
        await pause(30);
      }
    }
    throw new Error(`redis-server does not answer: ${server.logTail(5)}`);
  } finally {
    client.disconnect();
  }
}
