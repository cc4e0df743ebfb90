import { resolve } from "node:path";
import { expect, test } from "vitest";
import { checkFileLengths, checkTests } from "../../../scripts/lib/house-rules.ts";
import { tempProject } from "../../support/temp-project.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

function faultsOfTest(source: string): string[] {
  return checkTests(tempProject({ "test/unit/a.test.ts": source })).map((fault) => `${fault.line} ${fault.text}`);
}

test("no test of the project hides failures", () => {
  expect(checkTests(ROOT)).toEqual([]);
});

test("a file over 500 lines is named", () => {
  const root = tempProject({ "src/cli/long.ts": "x;\n".repeat(501), "src/cli/short.ts": "x;\n".repeat(500) });
  expect(checkFileLengths(root)).toEqual([
    { file: "src/cli/long.ts", line: 501, text: expect.stringContaining("501 lines") },
  ]);
});

test.each([
  ['test("a", { retry: 3 }, () => {});', "retries hide failures"],
  ['test.only("a", () => {});', ".only leaves the other tests out"],
  ['describe.concurrent.only("a", () => {});', ".only leaves the other tests out"],
  ['it.skip("a", () => {});', "a skip needs its reason"],
  ['test.todo("a");', "a skip needs its reason"],
  ['test.skipIf(true)("a", () => {});', "a skip needs its reason"],
])("%s is refused", (source, fault) => {
  expect(faultsOfTest(`\n${source}\n`)).toEqual([expect.stringContaining(`2 ${fault}`)]);
});

test("random inputs that would be others on each day are refused", () => {
  const property = "fc.property(fc.nat(), (n) => f(n))";
  expect(faultsOfTest(`fc.assert(${property});\n\nfc.assert(${property}, cases(1, 2));`)).toEqual([
    "1 random inputs need cases() for their seed",
  ]);
  expect(faultsOfTest("fc.sample(fc.nat(), { numRuns: 9, seed: toldSeed() });")).toEqual([]);
});

test("a skip with its reason, and words in strings, are fine", () => {
  expect(faultsOfTest('// skipped: needs docker\ntest.skipIf(!docker)("a", () => {});')).toEqual([]);
  expect(faultsOfTest('expect("it.only retry: 3").toBe("test.skip");')).toEqual([]);
});
