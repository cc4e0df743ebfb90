import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const long = process.env.MSNBRIDGE_LONG === "1";

if (Number(process.versions.node.split(".")[0]) < 24) {
  throw new Error(`tests run on Node 24, this is ${process.version}: start them with "npm test"`);
}

/** Files that wait more than they work begin first: what is quick is done beside them, and no worker ends alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): number =>
      Number(/\/(drill-|groups-(sb|late)|probe\.|verbs\.)/.test(moduleId));
    return (await super.sort(files)).toSorted((a, b) => isLong(b) - isLong(a));
  }
}

/** An expectation that is polled is one that will come: on a busy machine it takes its time. */
const patience = (ms: number) => ({ poll: { timeout: ms } });

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ["default"],
    retry: 0,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: long ? 600_000 : 60_000,
          expect: patience(10_000),
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: long ? 600_000 : 180_000,
          hookTimeout: 120_000,
          expect: patience(15_000),
          maxWorkers: 4,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: long ? 3_600_000 : 300_000,
          hookTimeout: 180_000,
          expect: patience(15_000),
          maxWorkers: 3,
        },
      },
    ],
  },
});
