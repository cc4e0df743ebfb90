/** How one vitest project ended. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The parts of vitest's JSON report that are counted. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/**
 * Counts from vitest's JSON report. A test file that fails outside its tests (an import, a hook) counts as one failure,
 * and so does a run that ended badly without any: an unhandled rejection, a crash before the report was written.
 *
 * @param json the report's text; undefined when there is none
 * @param exitCode vitest's
 */
export function countTests(json: string | undefined, exitCode: number): Counts {
  const report = json === undefined ? undefined : (JSON.parse(json) as Report);
  if (report === undefined) return { passed: 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Lines of a failure's message that are shown again at the end of the run. */
const SHOWN = 6;

/**
 * What failed, by file and test, each with the beginning of its message: for the end of the run, where it is read first
 * and where a log that was cut still has it.
 */
export function describeFailures(json: string | undefined): string[] {
  const report = json === undefined ? undefined : (JSON.parse(json) as Report);
  return (report?.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0) return status === "failed" ? [entry(name, "(the file itself)", message)] : [];
    return failed.map((test) => entry(name, test.fullName, test.failureMessages?.[0]));
  });
}

function entry(file: string, test: string, message = "no message"): string {
  const lines = message.split("\n").slice(0, SHOWN);
  return [`FAILED ${file} > ${test}`, ...lines.map((line) => `  ${line.trimEnd().slice(0, 300)}`)].join("\n");
}

/** "12 passed, 0 failed", with ", 3 skipped" only when there are. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

export function sumCounts(all: readonly Counts[]): Counts {
  const sum = (field: keyof Counts): number => all.reduce((total, counts) => total + counts[field], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}
