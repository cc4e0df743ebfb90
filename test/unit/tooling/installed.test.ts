import { resolve } from "node:path";
import { expect, test } from "vitest";
import { isInstalled } from "../../../scripts/lib/npm.mjs";
import { tempProject } from "../../support/temp-project.ts";

type Packages = Record<string, { version: string; integrity?: string; optional?: boolean; os?: string; cpu?: string }>;

function installed(wanted: Packages, present: Packages | undefined): boolean {
  const lock = JSON.stringify({ packages: { "": { version: "0.1.0" }, ...wanted } });
  const files = { "package-lock.json": lock };
  if (present === undefined) return isInstalled(tempProject(files));
  const hidden = JSON.stringify({ packages: present });
  return isInstalled(tempProject({ ...files, "node_modules/.package-lock.json": hidden }));
}

const PINO = { "node_modules/pino": { version: "10.4.0", integrity: "sha512-a" } };

test("the packages that these tests run with count as installed", () => {
  expect(isInstalled(resolve(import.meta.dirname, "../../.."))).toBe(true);
});

test("a bare clone has nothing installed", () => {
  expect(installed(PINO, undefined)).toBe(false);
});

test("packages as the lock file wants them need no npm run", () => {
  expect(installed(PINO, PINO)).toBe(true);
});

test("another version, or other bytes under the same version, need one", () => {
  expect(installed(PINO, { "node_modules/pino": { version: "10.3.0", integrity: "sha512-a" } })).toBe(false);
  expect(installed(PINO, { "node_modules/pino": { version: "10.4.0", integrity: "sha512-b" } })).toBe(false);
});

test("a new dependency needs one", () => {
  expect(installed({ ...PINO, "node_modules/zod": { version: "4.6.7" } }, PINO)).toBe(false);
});

test("a binary for another platform may be missing, the one for this machine may not", () => {
  const binary = (os: string, cpu: string): Packages => ({
    ...PINO,
    "node_modules/binary": { version: "1.0.0", optional: true, os, cpu },
  });
  expect(installed(binary("sunos", "x64"), PINO)).toBe(true);
  expect(installed(binary(process.platform, process.arch), PINO)).toBe(false);
});

test("an optional package for no platform in particular may be missing", () => {
  expect(installed({ ...PINO, "node_modules/extra": { version: "1.0.0", optional: true } }, PINO)).toBe(true);
});
