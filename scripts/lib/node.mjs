import { existsSync } from "node:fs";
import { join } from "node:path";
import { MODULES } from "./paths.mjs";
import { Problem } from "./say.mjs";

const NEEDED = 24;

/** The npm package that holds Node for this platform (there are such for Linux only). */
export function nodePackage() {
  return `node-${process.platform}-${process.arch}`;
}

/** A Node that runs TypeScript directly: this one when it is new enough, else the one that came with the packages. */
export function findNode() {
  if (Number(process.versions.node.split(".")[0]) >= NEEDED) return process.execPath;
  // Not node_modules/.bin/node: npm 10 leaves that link out.
  const own = join(MODULES, nodePackage(), "bin", "node");
  if (existsSync(own)) return own;
  throw new Problem(
    `this machine's Node is ${process.version} and ${NEEDED} or newer is needed; one is brought along for Linux on x64 ` +
      `and arm64 only (this is ${process.platform} on ${process.arch}, or npm left optional packages out). ` +
      `Install Node ${NEEDED}, then try again.`,
  );
}
