/** Every check that needs no server, one after the other: `npm run check`. All are run, also after one has failed. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkImports, type Violation } from "./check-imports.ts";
import { checkFileLengths, checkTests } from "./lib/house-rules.ts";
import { MODULES, ROOT } from "./lib/paths.mjs";

interface Check {
  readonly name: string;
  /** True when it holds; says on stdout what does not. */
  readonly holds: () => boolean;
}

const GENERATE = join(ROOT, "scripts", "generate.ts");

const checks: readonly Check[] = [
  {
    name: "lint and format",
    holds: () => runs(join(MODULES, "@biomejs", "biome", "bin", "biome"), "ci", "--error-on-warnings"),
  },
  { name: "types", holds: () => runs(join(MODULES, "typescript", "bin", "tsc"), "--noEmit", "-p", ".") },
  { name: "imports", holds: () => none(checkImports(ROOT)) },
  { name: "generated files", holds: () => !existsSync(GENERATE) || runs(GENERATE, "--check") },
  { name: "file lengths", holds: () => none(checkFileLengths(ROOT)) },
  { name: "tests that hide failures", holds: () => none(checkTests(ROOT)) },
];

const failed: string[] = [];
for (const { name, holds } of checks) {
  const ok = holds();
  if (!ok) failed.push(name);
  console.log(`${ok ? "ok    " : "FAILED"} ${name}`);
}
console.log(failed.length === 0 ? "all checks hold" : `failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function runs(script: string, ...args: readonly string[]): boolean {
  return spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: "inherit" }).status === 0;
}

function none(violations: readonly Violation[]): boolean {
  for (const { file, line, text } of violations) console.log(`${file}:${line} ${text}`);
  return violations.length === 0;
}
