/**
 * Loaded into the bridge's process (`node --import`): answers on a Unix socket what only a process itself can say of
 * itself. One line asks, one line of JSON answers.
 */
import { Session } from "node:inspector/promises";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { writeHeapSnapshot } from "node:v8";
import { collectGarbage } from "./gc.ts";

/** The environment variable with the socket's path. */
export const PROBE = "MSNBRIDGE_BENCH_PROBE";

export interface ProcessMemory {
  readonly rss: number;
  readonly heapUsed: number;
  /** What V8 has taken of the system for its heap, used or not. */
  readonly heapTotal: number;
  readonly external: number;
}

async function leastRss(): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.collectGarbage");
  session.disconnect();
  return process.memoryUsage.rss();
}

let profiling: Session | undefined;

/** RSS as it is, the rest after two collections. `all`: after everything has been given back, RSS too. */
async function memory(all: boolean): Promise<ProcessMemory> {
  const rss = all ? await leastRss() : process.memoryUsage.rss();
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, 100));
  collectGarbage();
  const { heapUsed, heapTotal, external } = process.memoryUsage();
  return { rss, heapUsed, heapTotal, external };
}

async function profile(file: string): Promise<void> {
  if (profiling === undefined) {
    profiling = new Session();
    profiling.connect();
    await profiling.post("Profiler.enable");
    await profiling.post("Profiler.start");
    return;
  }
  const { profile: found } = await profiling.post("Profiler.stop");
  profiling.disconnect();
  profiling = undefined;
  const { writeFileSync } = await import("node:fs");
  writeFileSync(file, JSON.stringify(found));
}

async function say(line: string): Promise<unknown> {
  const [what, value = ""] = line.split(" ");
  if (what === "memory") return await memory(value === "all");
  if (what === "cpu") return process.cpuUsage();
  if (what === "profile") return await profile(value);
  if (what === "heap") return writeHeapSnapshot(value);
  throw new Error(`the probe does not know ${what}`);
}

const path = process.env[PROBE];
if (path !== undefined) {
  // Children of this process are not probed.
  delete process.env[PROBE];
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    createInterface({ input: socket }).on("line", (line) => {
      say(line).then(
        (told) => socket.write(`${JSON.stringify(told ?? null)}\n`),
        () => socket.destroy(),
      );
    });
  });
  server.listen(path);
  server.unref();
}
