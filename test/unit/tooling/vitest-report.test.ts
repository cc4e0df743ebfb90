import { expect, test } from "vitest";
import { countTests, describeFailures, formatCounts, sumCounts } from "../../../scripts/lib/vitest-report.ts";

function report(counts: { passed?: number; failed?: number; pending?: number; files?: object[] }): string {
  const { passed = 0, failed = 0, pending = 0, files = [] } = counts;
  return JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: 0,
    testResults: files,
  });
}

test("a clean run is counted as vitest counts it", () => {
  expect(countTests(report({ passed: 7, pending: 2 }), 0)).toEqual({ passed: 7, failed: 0, skipped: 2 });
});

test("a test file that cannot be loaded is a failure, though none of its tests failed", () => {
  const files = [
    { status: "failed", assertionResults: [] },
    { status: "failed", assertionResults: [{ status: "passed" }] },
    { status: "failed", assertionResults: [{ status: "failed" }] },
    { status: "passed", assertionResults: [{ status: "passed" }] },
  ];
  expect(countTests(report({ passed: 2, failed: 1, files }), 1)).toEqual({ passed: 2, failed: 3, skipped: 0 });
});

test("a run that ends badly is a failure, with or without a report", () => {
  expect(countTests(report({ passed: 5 }), 1)).toEqual({ passed: 5, failed: 1, skipped: 0 });
  expect(countTests(undefined, 137)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("counts add up and name what was skipped only when something was", () => {
  const total = sumCounts([
    { passed: 1, failed: 0, skipped: 0 },
    { passed: 2, failed: 1, skipped: 0 },
  ]);
  expect(formatCounts(total)).toBe("3 passed, 1 failed");
  expect(formatCounts({ ...total, skipped: 4 })).toBe("3 passed, 1 failed, 4 skipped");
});

test("what failed is told by file and name, with the beginning of its message", () => {
  const files = [
    {
      name: "test/unit/a.test.ts",
      status: "failed",
      assertionResults: [
        { status: "passed", fullName: "holds" },
        { status: "failed", fullName: "breaks", failureMessages: ["expected 1 to be 2\n    at a.test.ts:3"] },
      ],
    },
    { name: "test/unit/b.test.ts", status: "failed", message: "cannot find c.ts", assertionResults: [] },
    { name: "test/unit/d.test.ts", status: "passed", assertionResults: [{ status: "passed", fullName: "holds" }] },
  ];
  expect(describeFailures(report({ failed: 1, files }))).toEqual([
    "FAILED test/unit/a.test.ts > breaks\n  expected 1 to be 2\n      at a.test.ts:3",
    "FAILED test/unit/b.test.ts > (the file itself)\n  cannot find c.ts",
  ]);
  expect(describeFailures(undefined)).toEqual([]);
});
