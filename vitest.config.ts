import { defineConfig } from "vitest/config";

const long = process.env.MSNBRIDGE_LONG === "1";

if (Number(process.versions.node.split(".")[0]) < 24) {
  throw new Error(`tests run on Node 24, this is ${process.version}: start them with "npm test"`);
}

export default defineConfig({
  test: {
    reporters: ["default"],
    retry: 0,
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: long ? 600_000 : 10_000 } },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: long ? 600_000 : 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: long ? 3_600_000 : 300_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
    ],
  },
});
