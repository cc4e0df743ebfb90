#!/usr/bin/env node
// The program's entrance. Plain JavaScript, so that a Node that is too old gets a sentence instead of a stack trace.
import { existsSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `msnbridge needs Node 22.19 or newer (24 is best); this is ${process.version}.\n` +
      "From a clone, start it with `npm run -s msnbridge -- <verb>`: that brings a Node 24 along.\n",
  );
  process.exit(69);
}

// The published package holds dist/: Node runs no TypeScript from node_modules. A clone runs its sources.
const built = new URL("../dist/cli/main.js", import.meta.url);
const source = new URL("../src/cli/main.ts", import.meta.url);
const entry = existsSync(built) && !existsSync(source) ? built : source;
const { main } = await import(entry.href);
process.exitCode = await main(process.argv.slice(2));
