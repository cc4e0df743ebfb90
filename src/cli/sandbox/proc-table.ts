import { readdirSync, readFileSync } from "node:fs";

/** A live process as the kernel lists it. */
export interface Tracked {
  readonly pid: number;
  readonly command: string;
}

/**
 * Live processes (zombies do not count) that are one of `pids`, belong to a process group or session led by one, or
 * carry `environmentMark` ("NAME=value") in their environment. Reads /proc; without it (not Linux) it asks only for `pids`.
 */
export function findProcesses(pids: ReadonlySet<number>, environmentMark: string): readonly Tracked[] {
  let entries: string[];
  try {
    entries = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [...pids].filter(isAlive).map((pid) => ({ pid, command: "?" }));
  }
  const found: Tracked[] = [];
  for (const entry of entries) {
    const stat = statOf(entry);
    if (stat === undefined || stat.state === "Z" || stat.state === "X") continue;
    const pid = Number(entry);
    if (pid === process.pid) continue;
    if (pids.has(pid) || pids.has(stat.group) || pids.has(stat.session) || hasMark(entry, environmentMark)) {
      found.push({ pid, command: commandOf(entry) });
    }
  }
  return found;
}

/** True when a process with this id runs; one that has ended but whose parent has not noticed (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const state = statOf(String(pid))?.state;
  return state !== "Z" && state !== "X";
}

/** Fields of /proc/<pid>/stat after the program's name, which may itself hold spaces and brackets (man 5 proc). */
function statOf(pid: string): { state: string; group: number; session: number } | undefined {
  const text = read(pid, "stat");
  const [state, , group, session] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (state === undefined || group === undefined || session === undefined) return undefined;
  return { state, group: Number(group), session: Number(session) };
}

function hasMark(pid: string, mark: string): boolean {
  return read(pid, "environ").split("\0").includes(mark);
}

function commandOf(pid: string): string {
  return read(pid, "cmdline").replaceAll("\0", " ").trim();
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // ended meanwhile, or not ours to read
  }
}
