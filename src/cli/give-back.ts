import { Session } from "node:inspector/promises";
import { type EventLoopUtilization, performance } from "node:perf_hooks";
import type { Logger } from "pino";

/** How often it is looked; a look is also how long it must have been quiet. */
const LOOK_MS = 10_000;
/** Share of the time that the event loop may be busy in a quiet while: more than idle puppets take, less than a wave. */
const QUIET = 0.12;
/** Growth that is worth a pause of some tenths of a second, in bytes and against what there was. */
const WORTH_BYTES = 48 * 1024 * 1024;
const WORTH_SHARE = 1.25;
/** Looks between two pauses at least: one minute. */
const REST = 6;

/** Whether memory is worth giving back. `kept`: RSS after the last time, or at the start. Pure. */
export function worthGivingBack(rss: number, kept: number, utilization: number): boolean {
  return utilization < QUIET && rss > kept + WORTH_BYTES && rss > kept * WORTH_SHARE;
}

/**
 * Gives memory back to the system after a wave of work, such as the sign-in of thousands after a restart, when things are
 * quiet again. V8 by itself keeps the pages that it has freed: 2.5 times what idle puppets need, and for good.
 * @returns ends it
 */
export function giveMemoryBack(log: Logger): () => Promise<void> {
  let kept = process.memoryUsage.rss();
  let rest = 0;
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  const look = async (): Promise<void> => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    const rss = process.memoryUsage.rss();
    rest -= 1;
    if (rest > 0 || !worthGivingBack(rss, kept, utilization)) return;
    rest = REST;
    await collectAll();
    kept = process.memoryUsage.rss();
    log.debug({ before: rss, after: kept }, "memory given back");
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) => log.warn({ err: error }, "memory could not be given back"));
  }, LOOK_MS);
  timer.unref();
  return async () => clearInterval(timer);
}

/** What V8 does when the system is short of memory; the inspector is the way to ask for it from within. */
async function collectAll(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    await session.post("HeapProfiler.collectGarbage");
  } finally {
    session.disconnect();
  }
}
