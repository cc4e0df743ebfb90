import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withInstallLock } from "./lock.mjs";
import { ROOT, SYNAPSE_VENV } from "./paths.mjs";
import { runQuietly } from "./run.mjs";
import { Problem, say } from "./say.mjs";
import { findProgram, installByApt } from "./system.mjs";

const REQUIREMENTS = join(ROOT, "scripts", "synapse-requirements.txt");
const STAMP = join(SYNAPSE_VENV, ".installed");
const PYTHON = join(SYNAPSE_VENV, "bin", "python");
/** Succeeds where a virtual environment with pip can be made; Debian keeps ensurepip in python3-venv. */
const CAN_MAKE_VENV = "import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)";

/** Puts the pinned Synapse into a virtual environment under var/. */
export async function installSynapse() {
  const wanted = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex");
  // The environment's python is a link to the one that made it, which may have been removed.
  const isDone = () => existsSync(PYTHON) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted;
  if (isDone()) return;
  const python = await pythonWithVenv();
  await withInstallLock(async () => {
    if (isDone()) return;
    say("installing Synapse into var/synapse-venv (about half a minute)");
    rmSync(SYNAPSE_VENV, { recursive: true, force: true });
    await runQuietly("python -m venv", python, ["-m", "venv", SYNAPSE_VENV]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--prefer-binary"];
    await runQuietly("pip install", PYTHON, [...pip, "-r", REQUIREMENTS]);
    writeFileSync(STAMP, wanted);
  });
}

async function pythonWithVenv() {
  const found = findPython();
  if (found !== undefined) return found;
  await installByApt(["python3-venv"], () => findPython() === undefined);
  const installed = findPython();
  if (installed === undefined) throw new Problem("needs Python 3.10 or newer with its venv module (for Synapse)");
  return installed;
}

function findPython() {
  const candidates = [findProgram("python3"), "/usr/bin/python3"].filter((file) => file !== undefined);
  return candidates.find((file) => spawnSync(file, ["-c", CAN_MAKE_VENV], { stdio: "ignore" }).status === 0);
}
