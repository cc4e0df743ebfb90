import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";

// Differences between dialects are data in the tables; nothing else asks for a version (docs/dialects.md).
const ROOT = resolve(import.meta.dirname, "../../../../src/msnp");
const TABLES = /^(dialect|server\/dialects)\//;
/** A number or name compared. Subtractions, which put the newest first, are none; 1 and 2 are versions of RST. */
const COMPARISONS: readonly RegExp[] = [
  /\b(?:version|dialect)\b\s[<>]=?\s\d/i,
  /\d\s[<>]=?\s[\w.]*\b(?:version|dialect)\b/i,
  /\bversion\b\s*[=!]==\s*(?:[3-9]|[12]\d)\b/i,
  /["'`]MSNP\d+["'`]/,
];

function asks(line: string): boolean {
  return !/^\s*(?:\*|\/\*|\/\/)/.test(line) && COMPARISONS.some((one) => one.test(line));
}

it.each([
  "if (live.dialect.version >= 16) {",
  "const late = version > 18;",
  "if (13 <= dialect.version) {",
  'return dialect.name === "MSNP21";',
  "if (version === 18) {",
])("%s is a comparison of versions", (line) => expect(asks(line)).toBe(true));

it.each(globSync("**/*.ts", { cwd: ROOT }).filter((file) => !TABLES.test(file)))("%s has none", (file) => {
  expect(readFileSync(resolve(ROOT, file), "utf8").split("\n").filter(asks)).toEqual([]);
});
