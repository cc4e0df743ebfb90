import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../../src/bridge/", import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

test.each(files)("%s names no home: the core knows the ports, not who implements them", (name) => {
  const words = readFileSync(join(folder, name), "utf8").match(/matrix|synapse|xmpp|prosody|\bmxid\b|\bjid\b/gi);
  expect(words ?? []).toEqual([]);
});
