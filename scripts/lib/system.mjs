import { accessSync, constants, existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { withInstallLock } from "./lock.mjs";
import { runQuietly } from "./run.mjs";
import { Problem, say } from "./say.mjs";

/** Programs (or files) by the Debian package that brings them, any of them will do. */
const PROGRAMS = {
  "redis-server": ["redis-server"],
  chromium: ["chromium", "chromium-browser", "google-chrome"],
  openssl: ["openssl"],
  prosody: ["prosody"],
  "prosody-modules": ["/usr/lib/prosody/modules/mod_privilege/mod_privilege.lua"],
  ejabberd: ["ejabberdctl"],
};
/** Services that would listen on all interfaces, by the program that comes with them; tests start their own servers. */
const SERVICES = {
  prosody: ["prosody.service"],
  ejabberdctl: ["ejabberd.service"],
  // Erlang's port mapper; comes along with ejabberd.
  epmd: ["epmd.socket", "epmd.service"],
};
const POLICY = "/usr/sbin/policy-rc.d";

/** Installs the Debian packages whose programs are missing. */
export async function installSystemPackages(packages) {
  const isMissing = (name) => !PROGRAMS[name].some(isThere);
  if (packages.some(isMissing)) await installByApt(packages, isMissing);
}

function isThere(wanted) {
  return wanted.startsWith("/") ? existsSync(wanted) : findProgram(wanted) !== undefined;
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
    const absent = Object.keys(SERVICES).filter((program) => findProgram(program) === undefined);
    await withoutStartingServices(async () => {
      const install = ["install", "-y", "-qq", "--no-install-recommends", ...wait, ...missing];
      await runQuietly("apt-get install", apt, install, env);
      await disableServices(absent.filter((program) => findProgram(program) !== undefined));
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

/** What was not started now is not to be started at the next boot either. @param programs installed just now */
async function disableServices(programs) {
  const systemctl = findProgram("systemctl");
  const services = programs.flatMap((program) => SERVICES[program]);
  if (systemctl === undefined || services.length === 0) return;
  await runQuietly("systemctl disable", systemctl, ["disable", "--quiet", ...services]).catch((error) => {
    say(`${error.message}\n${services.join(" and ")} may start at the next boot: disable by hand what you do not use`);
  });
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
