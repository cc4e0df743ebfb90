import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Violation } from "../check-imports.ts";
import { lineAt, maskLiterals } from "./source-scan.ts";

const MOST_LINES = 500;
const SOURCES = ["{src,test,scripts,bench,bin}/**/*.{ts,mts,js,mjs}", "*.ts", ".ci/*"];
const TESTS = ["test/**/*.ts"];

/** Files that have grown over the limit. */
export function checkFileLengths(root: string): Violation[] {
  return sources(root, SOURCES).flatMap(({ file, text }) => {
    const lines = text.trimEnd().split("\n").length;
    if (lines <= MOST_LINES) return [];
    return [{ file, line: MOST_LINES + 1, text: `${lines} lines, the limit is ${MOST_LINES}: split it by subject` }];
  });
}

const RETRY = /\bretry\s*:\s*(?:[1-9]|\{)/g;
const ONLY = /\b(?:test|it|describe|suite)(?:\.\w+)*\.only\b/g;
const SKIP = /\b(?:test|it|describe|suite)(?:\.\w+)*\.(?:skip|todo|fails|skipIf|runIf)\b|\bctx\.skip\b/g;
const PROPERTY = /\bfc\.(?:assert|sample|check)\(/g;
const SEEDED = /\b(?:cases\(|RUNS\b|seed:)/;

/**
 * Tests that hide failures: retries and .only always; a skip unless a comment on its line or the one above says why
 * ("skipped: …"). And tests that fail only on some days: random inputs that come again by no seed.
 */
export function checkTests(root: string): Violation[] {
  return sources(root, TESTS).flatMap(({ file, text }) => {
    const { code } = maskLiterals(text);
    const lines = text.split("\n");
    const hits = (pattern: RegExp, say: string): Violation[] =>
      [...code.matchAll(pattern)].map((match) => ({ file, line: lineAt(text, match.index), text: say }));
    const hasReason = ({ line }: Violation): boolean =>
      /skipped: \S/.test(`${lines[line - 2] ?? ""}\n${lines[line - 1] ?? ""}`);
    return [
      ...hits(RETRY, "retries hide failures: make the test wait for the event itself"),
      ...hits(ONLY, ".only leaves the other tests out"),
      ...hits(SKIP, 'a skip needs its reason in a comment: "// skipped: …"').filter((hit) => !hasReason(hit)),
      ...[...code.matchAll(PROPERTY)]
        .filter(({ index }) => !SEEDED.test(callAt(code, index)))
        .map(({ index }) => ({ file, line: lineAt(text, index), text: "random inputs need cases() for their seed" })),
    ];
  });
}

/** A call from its name to its last bracket. */
function callAt(code: string, start: number): string {
  let depth = 0;
  for (let at = code.indexOf("(", start); at < code.length; at++) {
    if (code[at] === "(") depth += 1;
    if (code[at] === ")") depth -= 1;
    if (depth === 0) return code.slice(start, at + 1);
  }
  return code.slice(start);
}

function sources(root: string, patterns: readonly string[]): { file: string; text: string }[] {
  const files = globSync(patterns, { cwd: root, exclude: (name) => name === "node_modules" || name === "var" });
  return files.sort().map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
}
