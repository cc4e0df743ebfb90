import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { noMeter } from "../../../src/bridge/metrics.ts";
import { freePort } from "../../../src/cli/sandbox/ports.ts";
import { exists } from "../../../src/store/folder-lock.ts";
import { openStore, PrivateRedis } from "../../../src/store/index.ts";
import { account, listeningLog, out, quiet, said, sealingKeys, tempFolder, textsIn } from "./fixture.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function folder(): Promise<string> {
  const path = await tempFolder();
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function started(
  o: Partial<Parameters<typeof PrivateRedis.start>[0]> & { folder: string },
): Promise<PrivateRedis> {
  const redis = await PrivateRedis.start({ log: quiet, ...o });
  cleanups.push(() => redis.close());
  return redis;
}

async function opened(redis: PrivateRedis) {
  const store = await openStore({ options: redis.options, keys: sealingKeys(), meter: noMeter, log: quiet });
  cleanups.push(() => store.close());
  return store;
}

function isRunning(pid: number | undefined): boolean {
  return pid !== undefined && exists(pid);
}

/** A bridge in a process of its own that has started its private Redis; killed at the end of the test. */
async function otherBridge(path: string): Promise<{ pid: number; redis: number; kill(): Promise<void> }> {
  const script = fileURLToPath(new URL("./hold-folder.ts", import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  };
  const redis = Number(String(line));
  cleanups.push(async () => {
    await kill();
    // Nobody else ends what it leaves behind, unless a later bridge of the test has.
    if ((await readlink(`/proc/${redis}/cwd`).catch(() => "")) === path) process.kill(redis, "SIGKILL");
  });
  return { pid: child.pid ?? 0, redis, kill };
}

test("a store on a private Redis has nothing to warn of", async () => {
  const redis = await started({ folder: await folder() });
  const store = await opened(redis);
  expect(await store.warnings()).toEqual([]);
  expect(await store.ping()).toBeLessThan(5000);
});

test("a store on a Redis that may lose its last second says so", async () => {
  const store = await opened(await started({ folder: await folder(), fsync: "everysec" }));
  expect(await store.warnings()).toEqual([expect.stringContaining("`appendfsync everysec`")]);
});

test("what is stored is there after a clean stop and a new start", async () => {
  const path = await folder();
  const lane = out(account("kept"), "bob");
  const first = await PrivateRedis.start({ folder: path, log: quiet });
  const before = await openStore({ url: first.url, keys: sealingKeys(), meter: noMeter, log: quiet });
  await before.append(lane, said("a"), "1");
  await before.close();
  const { pid } = first;
  await first.close();
  expect(isRunning(pid)).toBe(false);
  expect(await textsIn(await opened(await started({ folder: path })), lane)).toEqual(["a"]);
});

test("it listens on loopback only and lets nobody in without the password, which only the owner can read", async () => {
  const path = await folder();
  const redis = await started({ folder: path });
  const stranger = new Redis({ port: redis.port, host: "127.0.0.1", retryStrategy: () => null, lazyConnect: true });
  stranger.on("error", () => {});
  cleanups.push(async () => stranger.disconnect());
  await expect(stranger.get("x")).rejects.toThrow(/NOAUTH/);
  expect((await stat(join(path, "redis.conf"))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(path, "redis.conf"), "utf8")).toContain("\nbind 127.0.0.1\n");
  expect(await readFile(`/proc/${redis.pid}/cmdline`, "utf8")).not.toContain(new URL(redis.url).password);
});

test("it is started again by itself when it dies", async () => {
  const { log, lines } = listeningLog();
  const redis = await started({ folder: await folder(), log, port: await freePort() });
  const store = await opened(redis);
  const lane = out(account("revived"), "bob");
  await store.append(lane, said("a"), "1");
  const { pid } = redis;
  process.kill(pid ?? 0, "SIGKILL");
  await expect.poll(() => redis.pid !== undefined && redis.pid !== pid).toBe(true);
  await expect.poll(() => textsIn(store, lane).catch(() => [])).toEqual(["a"]);
  expect(lines.map((line) => line.msg)).toContain("the private Redis has died");
});

test("a killed one stays dead until it is told to start, on the same port", async () => {
  const redis = await started({ folder: await folder(), port: await freePort() });
  const { port, url } = redis;
  await redis.kill();
  expect(redis.pid).toBeUndefined();
  await redis.restart();
  expect(isRunning(redis.pid)).toBe(true);
  expect([redis.port, redis.url]).toEqual([port, url]);
});

test("a second bridge on the same data folder is refused by name of the first one's pid", async () => {
  const path = await folder();
  const other = await otherBridge(path);
  const problem = expect(PrivateRedis.start({ folder: path, log: quiet }));
  await problem.rejects.toThrow(`in use by the process with pid ${other.pid}`);
  expect(isRunning(other.redis)).toBe(true);
});

test("of several bridges that start on one folder at the same moment one gets it", async () => {
  const path = await folder();
  const starts = await Promise.allSettled(
    Array.from({ length: 5 }, () => PrivateRedis.start({ folder: path, log: quiet })),
  );
  const running = starts.filter((start) => start.status === "fulfilled").map((start) => start.value);
  cleanups.push(() => Promise.all(running.map((redis) => redis.close())));
  expect(running).toHaveLength(1);
});

test("the Redis of a bridge that was killed is ended cleanly, and nothing it acknowledged is lost", async () => {
  const path = await folder();
  const other = await otherBridge(path);
  await other.kill();
  expect(isRunning(other.redis)).toBe(true);
  const redis = await started({ folder: path });
  expect(isRunning(other.redis)).toBe(false);
  expect(redis.pid).not.toBe(other.redis);
  expect(await textsIn(await opened(redis), out(account("held"), "bob"))).toEqual(["from the other bridge"]);
});

test("the Redis of a killed bridge that has lost its address is found by its pid file", async () => {
  const path = await folder();
  const other = await otherBridge(path);
  await other.kill();
  const conf = await readFile(join(path, "redis.conf"), "utf8");
  const nobody = createServer().listen(0, "127.0.0.1");
  await once(nobody, "listening");
  const { port } = nobody.address() as AddressInfo;
  nobody.close();
  await writeFile(join(path, "redis.conf"), conf.replace(/^port \d+$/m, `port ${port}`));
  const redis = await started({ folder: path });
  expect(isRunning(other.redis)).toBe(false);
  expect(await textsIn(await opened(redis), out(account("held"), "bob"))).toEqual(["from the other bridge"]);
});

test("a pid file that names a stranger harms nobody", async () => {
  const path = await folder();
  await writeFile(join(path, "redis.pid"), `${process.pid}\n`);
  await writeFile(join(path, "redis.conf"), "port 1\nrequirepass x\n");
  const redis = await started({ folder: path });
  expect(isRunning(redis.pid)).toBe(true);
});

test("when another program has taken the folder's port it moves to a new one, with its data", async () => {
  const path = await folder();
  const lane = out(account("moved"), "bob");
  const first = await PrivateRedis.start({ folder: path, log: quiet, port: await freePort() });
  const before = await openStore({ options: first.options, keys: sealingKeys(), meter: noMeter, log: quiet });
  await before.append(lane, said("a"), "1");
  await before.close();
  await first.close();
  const squatter = createServer((socket) => socket.destroy()).listen(first.port, "127.0.0.1");
  await once(squatter, "listening");
  cleanups.push(async () => squatter.close());
  const second = await started({ folder: path });
  expect(second.port).not.toBe(first.port);
  expect(await textsIn(await opened(second), lane)).toEqual(["a"]);
});

test("a machine without redis-server is told how to get it, and the folder is free again", async () => {
  const path = await folder();
  const missing = PrivateRedis.start({ folder: path, log: quiet, program: "no-redis-server-here" });
  await expect(missing).rejects.toThrow("apt-get install redis-server");
  await started({ folder: path });
});

test("data that Redis cannot read stop the start with Redis' own words", async () => {
  const path = await folder();
  await mkdir(join(path, "appendonlydir"));
  await writeFile(join(path, "appendonlydir", "appendonly.aof.manifest"), "nonsense\n");
  await expect(PrivateRedis.start({ folder: path, log: quiet })).rejects.toThrow(/redis-server ended at its start: .+/);
});

test("a folder with blanks and quotes in its name is a folder like others", async () => {
  const redis = await started({ folder: join(await folder(), `da"ta of 'mine' \\ #1`) });
  expect(isRunning(redis.pid)).toBe(true);
});
