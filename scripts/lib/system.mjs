import { accessSync, constants, existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { withInstallLock } from "./lock.mjs";
import { runQuietly } from "./run.mjs";
import { Problem, say } from "./say.mjs";

/** Programs by the Debian package that brings them, any of the names will do. */
const PROGRAMS = {
  "redis-server": ["redis-server"],
  chromium: ["chromium", "chromium-browser", "google-chrome"],
};
const POLICY = "/usr/sbin/policy-rc.d";

/** Installs the Debian packages whose programs are missing. */
export async function installSystemPackages(packages) {
  const isMissing = (name) => !PROGRAMS[name].some((program) => findProgram(program) !== undefined);
  if (packages.some(isMissing)) await installByApt(packages, isMissing);
}

/**
 * Installs those of `packages` for which `isMissing` says so, by apt-get and without starting the services they bring.
 *
 * @throws Problem saying what to install by hand when this is not root on Debian or Ubuntu
 */
export async function installByApt(packages, isMissing) {
  const apt = aptForRoot(packages.filter(isMissing));
  await withInstallLock(async () => {
    const missing = packages.filter(isMissing);
    if (missing.length === 0) return;
    say(`installing ${missing.join(", ")} by apt-get`);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const wait = ["-o", "DPkg::Lock::Timeout=300"];
    // One of several package sources may be out of reach, and the others enough.
    await runQuietly("apt-get update", apt, ["update", "-qq", ...wait], env).catch((error) => say(error.message));
    await withoutStartingServices(async () => {
      const install = ["install", "-y", "-qq", "--no-install-recommends", ...wait, ...missing];
      await runQuietly("apt-get install", apt, install, env);
    });
    const still = missing.filter(isMissing);
    if (still.length > 0) throw new Problem(`apt-get installed ${still.join(", ")}, yet no program of it is found`);
  });
}

function aptForRoot(missing) {
  const apt = findProgram("apt-get");
  const needed = missing.join(" and ");
  if (apt === undefined) throw new Problem(`needs ${needed}, and there is no apt-get here: install by other means`);
  if (process.getuid?.() === 0) return apt;
  const byHand = `apt-get install --no-install-recommends ${missing.join(" ")}`;
  throw new Problem(`needs ${needed}; as root run: ${byHand}\nthen try again`);
}

/** A program's path from PATH and the usual folders, undefined when there is none. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Debian asks policy-rc.d before a package starts its service; 101 forbids it. The bridge starts its own servers. */
async function withoutStartingServices(work) {
  if (existsSync(POLICY)) return await work();
  const remove = () => rmSync(POLICY, { force: true });
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  process.on("exit", remove);
  try {
    return await work();
  } finally {
    process.off("exit", remove);
    remove();
  }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
