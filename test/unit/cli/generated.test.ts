import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { staleFiles } from "../../../scripts/generate.ts";
import { mappingDocs } from "../../../scripts/lib/generate/mapping.ts";
import { between, comment } from "../../../scripts/lib/generate/text.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { envName, leaves, outline } from "../../../src/config/outline.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { parseRegistration } from "../../../src/matrix/registration.ts";

const root = (path: string): string => new URL(`../../../${path}`, import.meta.url).pathname;
const SAMPLE = readFileSync(root("config/config.sample.yaml"), "utf8");

test("no generated file is stale (else: node scripts/generate.ts)", () => {
  expect(staleFiles()).toEqual([]);
});

test("docs/mapping.md has at least 150 cases, each with its way back or what is lost", () => {
  const sections = mappingDocs().split("\n### ").slice(1);
  const rowsOf = (section: string): string[] => section.match(/^\| .*\|$/gm)?.slice(2) ?? [];
  const bothWays = sections.filter((section) => section.includes("| back to "));
  const others = sections.filter((section) => !section.includes("| back to "));
  const cases = bothWays.flatMap(rowsOf);
  expect(cases.length).toBeGreaterThanOrEqual(150);
  expect(cases.filter((row) => !/the same \|$|\*\*lost:\*\* \S.*\|$|`: \S.*\|$/.test(row))).toEqual([]);
  expect(others.filter((section) => !/\n\nNo way back\. \S/.test(section))).toEqual([]);
});

test("the sample loads as it is", () => {
  const { config } = loadConfig(root("config/config.sample.yaml"), {});
  expect(config.homeserver?.domain).toBe("example.org");
});

test("the sample with every default taken in still loads, and says the same", () => {
  const folder = mkdtempSync(join(tmpdir(), "msnbridge-sample-"));
  const file = join(folder, "config.yaml");
  // A commented key has no blank after its name's colon or a value; words of a description do not look like that.
  const keys = new Set(
    outline(configSchema)
      .flatMap((key) => [key, ...leaves([key])])
      .flatMap(({ path }) => path),
  );
  // The account is in place of the component.
  const either = SAMPLE.replace(/^ {2}# client:\n(?: {4}.*\n)+/m, "");
  expect(either).not.toBe(SAMPLE);
  const open = either.split("\n").map((line) => {
    const [, indent = "", name = "", value = ""] = /^( +)# (\w+):(.*)$/.exec(line) ?? [];
    return keys.has(name) && value.trim() !== ""
      ? `${indent}${name}:${value}`
      : keys.has(name) && name === "bind"
        ? `${indent}bind:`
        : line;
  });
  writeFileSync(file, open.join("\n"));
  const { permissions: _p, appservice: _a, xmpp, ...all } = loadConfig(file, {}).config;
  writeFileSync(file, SAMPLE);
  const { permissions: _q, appservice: _b, ...plain } = loadConfig(file, {}).config;
  expect(all).toEqual(plain);
  // Commented out it is not there at all.
  expect(xmpp).toMatchObject({ component: "msn.example.org", stayOn: true });
  expect(open.filter((line) => !line.trimStart().startsWith("#")).length).toBeGreaterThan(30);
});

test("every key and its environment variable is in the docs", () => {
  const docs = readFileSync(root("docs/config.md"), "utf8");
  for (const { path } of leaves(outline(configSchema))) {
    expect(docs).toContain(`\`${path.join(".")}\``);
    expect(docs).toContain(`\`${envName("MSNBRIDGE", path)}\``);
  }
});

test("every key says what it is", () => {
  for (const { path, description } of leaves(outline(configSchema))) {
    expect(description, path.join(".")).toMatch(/^[A-Z].{5,}\.$/s);
  }
});

test("the template of the registration is refused, and says how to make a real one", () => {
  expect(() => parseRegistration(readFileSync(root("registration.yaml"), "utf8"))).toThrow(
    /placeholder of the template at "as_token"; make a real one with "msnbridge registration"/,
  );
});

test("marks that are missing are an error, not a silent loss", () => {
  expect(() => between("no marks here", "exit codes", "x")).toThrow("missing");
});

test("comments are broken between words", () => {
  expect(comment("one two three", "  ", 12)).toEqual(["  # one two", "  # three"]);
});
