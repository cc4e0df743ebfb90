import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { TraceRecorder } from "../../../src/cli/sandbox/trace.ts";
import { tempProject } from "../../support/temp-project.ts";
import { dumpTrace } from "../../support/traces.ts";

test("lines of several sources keep their order, each on one line", () => {
  const trace = new TraceRecorder();
  trace.add("msn bob", "MSG bob@msn.test Bob 5\r\nhello");
  trace.add("matrix anna", "hello");
  expect(trace.lines().map((line) => line.trim().replace(/^[\d.]+ /, ""))).toEqual([
    "msn bob          MSG bob@msn.test Bob 5 | hello",
    "matrix anna      hello",
  ]);
});

test("the record is bounded: the oldest lines go, and long lines are cut", () => {
  const trace = new TraceRecorder(100, 10);
  for (let n = 0; n < 1000; n++) trace.add("x", `line ${n}`);
  expect(trace.lines().length).toBeLessThanOrEqual(100);
  expect(trace.lines(1)[0]).toContain("line 999");
  expect(trace.text()).toMatch(/^\(\d+ older lines dropped\)\n/);
  trace.add("x", "12345678901234");
  expect(trace.lines(1)[0]).toContain("1234567890 [14 characters]");
});

test("a dump is a file named after its test", () => {
  const trace = new TraceRecorder();
  trace.add("bridge", "started");
  const file = dumpTrace(trace, "drill > kills, 20 of them / again", tempProject({}));
  expect(basename(file)).toBe("drill-kills-20-of-them-again.log");
  expect(readFileSync(file, "utf8")).toContain("bridge           started\n");
});
