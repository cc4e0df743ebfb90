import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withInstallLock } from "./lock.mjs";
import { ROOT } from "./paths.mjs";
import { runQuietly } from "./run.mjs";
import { say } from "./say.mjs";

/** Runs `npm ci` when what is installed is not what package-lock.json names. */
export async function installPackages() {
  if (isInstalled(ROOT)) return;
  await withInstallLock(async () => {
    if (isInstalled(ROOT)) return;
    say("installing npm packages (about half a minute)");
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    const npm = process.env.npm_execpath;
    const [command, ...before] = npm?.endsWith("npm-cli.js") ? [process.execPath, npm] : ["npm"];
    await runQuietly("npm ci", command, [...before, "ci", ...options]);
  });
}

/**
 * Compares package-lock.json with the copy that npm leaves in node_modules when it has finished: `npm install` by hand
 * counts, too, and an interrupted run does not. Optional packages (other platforms') may be missing.
 */
export function isInstalled(root) {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const present = packagesOf(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/")) return true;
    const got = present[path];
    if (got === undefined) return entry.optional === true || entry.devOptional === true || entry.peer === true;
    return got.version === entry.version && got.integrity === entry.integrity;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}
