import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(resolve(ROOT, file), "utf8");

const KINDS = ["dependencies", "devDependencies", "optionalDependencies"] as const;
const manifest: Partial<Record<(typeof KINDS)[number], Record<string, string>>> = JSON.parse(read("package.json"));
const packages = KINDS.flatMap((kind) => Object.entries(manifest[kind] ?? {}));

/** Rows "| `name` | reason |" of docs/dependencies.md. */
const reasons = new Map(
  [...read("docs/dependencies.md").matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, name, reason]) => [name, reason]),
);

test.each(packages)("%s has its reason in docs/dependencies.md", (name) => {
  expect(reasons.get(name)?.length ?? 0).toBeGreaterThan(20);
});

test("docs/dependencies.md names no package that is gone", () => {
  const present = new Set([...packages.map(([name]) => name), "matrix-synapse"]);
  expect([...reasons.keys()].filter((name) => name === undefined || !present.has(name))).toEqual([]);
});

test.each(packages)("%s is pinned to one version", (_name, version) => {
  expect(version).toMatch(/^(?:\d+\.\d+\.\d+|file:\.\/vendor\/.+)$/);
});

test("Synapse and everything it needs is pinned", () => {
  const lines = read("scripts/synapse-requirements.txt")
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("#"));
  expect(lines).toContain("matrix-synapse==1.163.2");
  expect(lines.filter((line) => !/^[\w.-]+==[\w.]+$/.test(line))).toEqual([]);
});

test("the lock file names no registry host, so that any registry will do", () => {
  const lock: { packages: Record<string, { resolved?: string }> } = JSON.parse(read("package-lock.json"));
  const resolved = Object.values(lock.packages).flatMap((entry) => entry.resolved ?? []);
  expect(resolved.filter((where) => where.includes("://"))).toEqual([]);
});
