import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { withInstallLock } from "./lock.mjs";
import { nodePackage } from "./node.mjs";
import { ROOT, VAR } from "./paths.mjs";
import { runQuietly } from "./run.mjs";
import { say } from "./say.mjs";

const QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
/** npm silently leaves out optional packages, platform binaries among them, that name a newer Node than it runs on. */
const OLDEST_FOR_NPM = [20, 19];

/** Runs `npm ci` when what is installed is not what package-lock.json names. */
export async function installPackages() {
  if (isInstalled(ROOT)) return;
  await withInstallLock(async () => {
    if (isInstalled(ROOT)) return;
    say("installing npm packages (about half a minute)");
    await npmCi(isTooOldForNpm() ? await installNodeApart() : process.execPath, ROOT);
  });
}

/**
 * Compares package-lock.json with the copy that npm leaves in node_modules when it has finished: `npm install` by hand
 * counts, too, and an interrupted run does not. Optional packages of other platforms may be missing.
 */
export function isInstalled(root) {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const present = packagesOf(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/")) return true;
    const got = present[path];
    if (got === undefined) return (entry.optional || entry.devOptional || entry.peer) && !isForThisMachine(entry);
    return got.version === entry.version && got.integrity === entry.integrity;
  });
}

function isForThisMachine({ os, cpu, libc }) {
  const fits = (allowed, here) => [allowed].flat().includes(here);
  if (os === undefined || cpu === undefined) return false;
  return fits(os, process.platform) && fits(cpu, process.arch) && (libc === undefined || fits(libc, libcHere()));
}

function libcHere() {
  // Without this a report looks up host names.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined ? "musl" : "glibc";
}

async function npmCi(node, folder) {
  const script = process.env.npm_execpath?.endsWith("npm-cli.js") ? process.env.npm_execpath : undefined;
  const [command, ...before] = script === undefined ? ["npm"] : [node, script];
  const env = { PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` };
  await runQuietly("npm ci", command, [...before, "ci", "--prefix", folder, ...QUIET], env);
}

/** Puts the Node that package-lock.json pins for this platform into var/node, and gives its path. */
async function installNodeApart() {
  const name = nodePackage();
  const folder = join(VAR, "node");
  const node = join(folder, "node_modules", name, "bin", "node");
  const { version, integrity } = packagesOf(join(ROOT, "package-lock.json"))[`node_modules/${name}`] ?? {};
  if (version === undefined) return process.execPath;
  const dependencies = { [name]: version };
  const packages = { "": { dependencies }, [`node_modules/${name}`]: { version, integrity } };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
  await npmCi(process.execPath, folder);
  return existsSync(node) ? node : process.execPath;
}

function isTooOldForNpm() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_FOR_NPM;
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}
