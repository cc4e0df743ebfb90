import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StoreSetupError } from "./setup-error.ts";

const TRIES = 6;

/**
 * The right to use a data folder, held by one process. Each contender puts a file named after itself (pid and the time
 * it was started) into `lock/` and then looks at the others: of two that come at once at least one sees the other, so
 * never both go on. Files of dead processes, also of those ended by SIGKILL, are swept away.
 *
 * Processes in another container (another pid namespace) cannot be seen: give each its own data folder.
 */
export class FolderLock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /** @throws StoreSetupError when a living process has the folder; it names the pid. */
  static async take(folder: string): Promise<FolderLock> {
    const dir = join(folder, "lock");
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const name = `${process.pid}.${await startOf(process.pid)}.${randomBytes(4).toString("hex")}`;
    const file = join(dir, name);
    let holder: number | undefined;
    for (let i = 0; i < TRIES; i++) {
      await writeFile(file, "", { mode: 0o600 });
      holder = await otherHolder(dir, name);
      if (holder === undefined) return new FolderLock(file);
      await rm(file, { force: true });
      // Both of two that came at once give way; the one that waits less gets it.
      await pause(20 + Math.random() * 100);
    }
    throw new StoreSetupError(
      `The data folder ${folder} is in use by the process with pid ${holder}.`,
      "Stop that bridge first, or give this one a data folder of its own.",
    );
  }

  async release(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}

/** The pid of a living process that has a file here; the files of dead ones are removed. */
async function otherHolder(dir: string, own: string): Promise<number | undefined> {
  for (const name of await readdir(dir)) {
    if (name === own) continue;
    const [pid = "", start = ""] = name.split(".");
    if (await isAlive(Number(pid), start)) return Number(pid);
    await rm(join(dir, name), { force: true });
  }
  return undefined;
}

/** Whether the process that was started at `start` still runs; a pid alone may have been given out again. */
async function isAlive(pid: number, start: string): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid < 1 || !exists(pid)) return false;
  return (await startOf(pid)) === start;
}

/** Whether a process with this pid runs. One that has ended and that nobody has waited for (a zombie) does not. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}

/** When a process was started: boot and clock ticks on Linux; elsewhere `x`, so that the pid alone decides. */
async function startOf(pid: number): Promise<string> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    ]);
    // Field 22, counted behind the program's name, which may hold blanks and brackets (man 5 proc).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return `${boot.slice(0, 8)}-${fields[19] ?? "x"}`;
  } catch {
    return "x";
  }
}
