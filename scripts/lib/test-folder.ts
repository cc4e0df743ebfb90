import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** statfs(2). */
const TMPFS_MAGIC = 0x01021994;
const ROOM_BYTES = 4 * 2 ** 30;
const NAME = "msnbridge-test-";

/**
 * Makes a folder for everything that a run of tests writes; who made it removes it. In memory where there is room, for
 * Synapse's SQLite and Redis wait for the disk at each message: with it the end-to-end tests take a quarter less processor
 * time. What a killed process has written stays there as it would on a disk.
 */
export function makeTestFolder(): string {
  if (existsSync(MEMORY)) removeOrphans();
  if (!hasRoom()) return makeFolder(tmpdir());
  const inMemory = makeFolder(MEMORY);
  if (canRunPrograms(inMemory)) return inMemory;
  rmSync(inMemory, { recursive: true });
  return makeFolder(tmpdir());
}

function makeFolder(parent: string): string {
  return mkdtempSync(join(parent, `${NAME}${process.pid}-`));
}

/** What a run left that was killed: it would take memory until the next boot. */
function removeOrphans(): void {
  for (const name of readdirSync(MEMORY)) {
    const pid = name.startsWith(NAME) ? /^\d+/.exec(name.slice(NAME.length))?.[0] : undefined;
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      rmSync(join(MEMORY, name), { recursive: true, force: true });
    } catch {
      // Another user's, who will do it.
    }
  }
}

function hasRoom(): boolean {
  try {
    const { type, bavail, bsize } = statfsSync(MEMORY);
    return type === TMPFS_MAGIC && bavail * bsize >= ROOM_BYTES;
  } catch {
    return false; // no such folder on this system
  }
}

/** Some tests write programs of their own; containers often mount the folder "noexec". */
function canRunPrograms(folder: string): boolean {
  const program = join(folder, "program");
  writeFileSync(program, "#!/bin/sh\nexit 0\n");
  chmodSync(program, 0o700);
  try {
    execFileSync(program, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(program);
  }
}
