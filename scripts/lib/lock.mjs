import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { VAR } from "./paths.mjs";
import { Problem, say } from "./say.mjs";

const FILE = join(VAR, "install.lock");
const WAIT_MS = 30 * 60_000;
const POLL_MS = 200;

/** Runs `work` while no other process on this folder installs; a lock left by a process that is gone is taken over. */
export async function withInstallLock(work) {
  mkdirSync(VAR, { recursive: true });
  const own = JSON.stringify({ pid: process.pid, host: hostname(), at: Date.now() });
  const giveUpAt = Date.now() + WAIT_MS;
  let said = false;
  while (!tryTake(own)) {
    removeWhenStale();
    if (Date.now() > giveUpAt) throw new Problem(`another run has held ${FILE} for too long; remove it when none runs`);
    if (!said && read(FILE) !== undefined) {
      say("another run is installing; waiting for it");
      said = true;
    }
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  const release = () => {
    if (read(FILE) === own) rmSync(FILE, { force: true });
  };
  process.on("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

function tryTake(content) {
  try {
    writeFileSync(FILE, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw new Problem(`cannot write to ${VAR} (${error.code}): run this as the user the clone belongs to`);
  }
}

function removeWhenStale() {
  const content = read(FILE);
  if (content === undefined || !isStale(content)) return;
  const aside = `${FILE}.${process.pid}`;
  try {
    renameSync(FILE, aside);
    // Between the look and the rename somebody else may have replaced the stale lock by a live one: put that back.
    if (read(aside) !== content) linkSync(aside, FILE);
  } catch {
    // Somebody else was quicker.
  }
  rmSync(aside, { force: true });
}

function isStale(content) {
  let owner;
  try {
    owner = JSON.parse(content);
  } catch {
    // Cut off while it was written: give its writer a moment.
    return (statSync(FILE, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) < Date.now() - 5_000;
  }
  if (owner.host !== hostname()) return owner.at < Date.now() - WAIT_MS;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
