import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { findImports } from "../../../scripts/lib/source-scan.ts";

const CORE = resolve(import.meta.dirname, "../../../src/bridge");

/** What only somebody says who knows which homes there are: their names, also within other words, and their own terms. */
const TELLTALE =
  /matrix|xmpp|jabber|synapse|prosody|ejabberd|homeserver|mxid|m\.room\.|\bjids?\b|\bstanzas?\b|\bXEP-?\d*\b|\bMSC\d+\b/i;
const files = globSync("**/*.ts", { cwd: CORE }).sort();

test.each(files)("src/bridge/%s does not know which homes there are, not even in a comment", (file) => {
  const named = readFileSync(join(CORE, file), "utf8")
    .split("\n")
    .flatMap((line, i) => {
      const word = TELLTALE.exec(line)?.[0];
      return word === undefined ? [] : [`${i + 1}: ${word} (${line.trim()})`];
    });
  expect(named).toEqual([]);
});

test.each(files)("src/bridge/%s imports nothing of a home", (file) => {
  const source = readFileSync(join(CORE, file), "utf8");
  const foreign = findImports(source)
    .map(({ specifier }) => specifier ?? "computed")
    .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:") && specifier !== "pino");
  expect(foreign).toEqual([]);
});
