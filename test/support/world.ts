import { copyFileSync, mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import type { TraceRecorder } from "../../src/cli/sandbox/trace.ts";
import { World, type WorldOptions } from "../../src/cli/sandbox/world.ts";
import { SYNAPSE_VENV } from "./synapse.ts";
import { traceOfTest } from "./traces.ts";

const TRACES = fileURLToPath(new URL("../../var/traces/", import.meta.url));

/**
 * One whole world (Redis, Synapse, an MSN network, the bridge as a process) for a test file. At the end it asserts that
 * no process is left. When a test fails, both protocols' lines and the bridge's log are in var/traces/.
 */
export function useWorld(options: Partial<WorldOptions> = {}): {
  readonly world: World;
  readonly trace: TraceRecorder;
} {
  let world: World | undefined;
  let trace: TraceRecorder | undefined;
  let dir = "";
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "msnbridge-world-"));
    world = await World.start({
      dir,
      venv: SYNAPSE_VENV,
      trace: (source, line) => trace?.add(source, line),
      ...options,
    });
  });
  beforeEach((context) => {
    trace = traceOfTest(context);
    context.onTestFailed(() => {
      mkdirSync(TRACES, { recursive: true });
      if (world)
        copyFileSync(
          world.bridge.logFile,
          join(TRACES, `${context.task.name.replaceAll(/[^\p{L}\p{N}]+/gu, "-").slice(0, 120)}.bridge.log`),
        );
    });
  });
  afterAll(async () => {
    const left = await world?.stop();
    await rm(dir, { recursive: true, force: true });
    // A world that did not come up has ended its processes itself.
    expect(left ?? []).toEqual([]);
  });
  return {
    get world() {
      if (world === undefined) throw new Error("the world is there only inside tests and hooks");
      return world;
    },
    get trace() {
      if (trace === undefined) throw new Error("the trace is there only inside tests");
      return trace;
    },
  };
}
