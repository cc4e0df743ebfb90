import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFailed, type TestContext } from "vitest";
import { TraceRecorder } from "../../src/cli/sandbox/trace.ts";

const FOLDER = fileURLToPath(new URL("../../var/traces/", import.meta.url));
const SHOWN_LINES = 60;

/**
 * A recorder for the running test: hand its `add` to Matrix people, MSN clients and bridges. When the test fails, all of
 * it is written to var/traces/<test>.log and the last lines are printed. Call it inside the test (or in a `beforeEach`,
 * with its context).
 */
export function traceOfTest(context?: TestContext): TraceRecorder {
  const recorder = new TraceRecorder(50_000);
  const dump = (failed: TestContext): void => {
    showTrace(recorder, failed);
  };
  if (context === undefined) onTestFailed(dump);
  else context.onTestFailed(dump);
  return recorder;
}

/** Writes the record of a test that has failed to the traces folder and prints the last lines. Gives the test's name. */
export function showTrace(recorder: TraceRecorder, failed: TestContext): string {
  const names = fullName(failed.task);
  const file = dumpTrace(recorder, names);
  console.error(`--- the last of ${names} (all of it in ${file})\n${recorder.lines(SHOWN_LINES).join("\n")}\n---`);
  return names;
}

/** The file in the traces folder for a test's name. */
export function traceFile(testName: string, ending: string, folder = FOLDER): string {
  return join(folder, `${testName.replaceAll(/[^\p{L}\p{N}]+/gu, "-").slice(0, 120)}${ending}`);
}

/** Writes the record to the traces folder under a name made from the test's, and gives the file's path. */
export function dumpTrace(recorder: TraceRecorder, testName: string, folder = FOLDER): string {
  mkdirSync(folder, { recursive: true });
  const file = traceFile(testName, ".log", folder);
  writeFileSync(file, recorder.text());
  return file;
}

function fullName(task: TestContext["task"]): string {
  const suites: string[] = [];
  for (let suite = task.suite; suite !== undefined; suite = suite.suite) suites.unshift(suite.name);
  return [...suites, task.name].join(" > ");
}
