import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findProcesses, type Tracked } from "./proc-table.ts";

/** A program to start. Its output goes to `logFile` (appended); its standard input is empty. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly cwd?: string;
  /** Added to (or, when undefined, taken from) the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How long SIGTERM may take before SIGKILL follows, in milliseconds. */
  readonly stopDeadlineMs?: number;
}

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const MARKER = "MSNBRIDGE_PROCESS_GROUP";
const STOP_DEADLINE_MS = 8_000;
/** How long what was killed may take to be gone, ms. */
const GONE_MS = 10_000;
const SETPRIV = "/usr/bin/setpriv";

/** A running child of a {@link ProcessGroup}. */
export class ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process has ended, however it ended; never rejects. */
  readonly exited: Promise<ExitStatus>;
  readonly #child: ChildProcess;
  readonly #stopDeadlineMs: number;

  constructor(child: ChildProcess, pid: number, spec: ProcessSpec) {
    this.name = spec.name;
    this.pid = pid;
    this.logFile = spec.logFile;
    this.#child = child;
    this.#stopDeadlineMs = spec.stopDeadlineMs ?? STOP_DEADLINE_MS;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        // What the program left behind in its own process group goes with it.
        killGroup(pid);
        resolve({ code, signal });
      });
    });
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal to this process alone; false when it has already ended. */
  signal(signal: NodeJS.Signals): boolean {
    return this.running && this.#child.kill(signal);
  }

  /** Asks it to end (SIGTERM), kills it when it has not ended by the deadline, and waits until it is gone. */
  async stop(deadlineMs = this.#stopDeadlineMs): Promise<ExitStatus> {
    if (!this.signal("SIGTERM")) return await this.exited;
    const timer = setTimeout(() => killGroup(this.pid), deadlineMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it at once (SIGKILL, with its children of the same process group) and waits until it is gone. */
  async kill(): Promise<ExitStatus> {
    if (this.running) killGroup(this.pid);
    return await this.exited;
  }

  /** The last lines of its log, for error texts. */
  logTail(lines = 20): string {
    return tailOf(this.logFile, lines);
  }
}

/**
 * Child processes that live and die together with this process: stopped in reverse order of their start, and killed
 * when this process exits. Where Linux's `setpriv` is there they also die when this process is killed with SIGKILL.
 * Each runs in a session of its own, so that a Ctrl-C in the terminal reaches only this process, which then stops them
 * in order.
 */
export class ProcessGroup {
  readonly #mark = randomUUID();
  readonly #started: ManagedProcess[] = [];
  #stopping: Promise<void> | undefined;

  /** @param options.handleSignals false when the caller handles SIGINT and SIGTERM and calls {@link stopAll} itself */
  constructor(options: { readonly handleSignals?: boolean } = {}) {
    liveGroups.add(this);
    process.on("exit", this.#killAllNow);
    if (options.handleSignals !== false) watchSignals();
  }

  /** @throws Error when the program cannot be started (not found, no right to run it) or the group is being stopped */
  async start(spec: ProcessSpec): Promise<ManagedProcess> {
    if (this.#stopping !== undefined) throw new Error(`${spec.name} is not started: its group is being stopped`);
    mkdirSync(dirname(spec.logFile), { recursive: true });
    const log = openSync(spec.logFile, "a");
    try {
      const [command, args] = boundToParent(spec.command, spec.args);
      const child = spawn(command, args, {
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
        env: { ...process.env, ...spec.env, [MARKER]: this.#mark },
        stdio: ["ignore", log, log],
        detached: true,
      });
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", (cause) => reject(new Error(`cannot start ${spec.name} (${spec.command})`, { cause })));
      });
      // A later "error" is a failed kill of a process that has just ended.
      child.on("error", () => {});
      if (child.pid === undefined) throw new Error(`${spec.name} started without a process id`);
      const managed = new ManagedProcess(child, child.pid, spec);
      this.#started.push(managed);
      return managed;
    } finally {
      closeSync(log);
    }
  }

  /** Name and process id of each child that still runs. */
  running(): readonly { readonly name: string; readonly pid: number }[] {
    return this.#started.filter((child) => child.running).map(({ name, pid }) => ({ name, pid }));
  }

  /** Stops all, the last started first. Safe to call again. Afterwards nothing can be started in this group. */
  stopAll(): Promise<void> {
    this.#stopping ??= this.#stopInReverse();
    return this.#stopping;
  }

  /**
   * Processes that came from this group and are alive: the children, what shares their process group or session, and
   * whatever inherited this group's mark in its environment. Empty after {@link stopAll}: the proof that none is left.
   */
  survivors(): readonly Tracked[] {
    const known = new Set(this.#started.map((child) => child.pid));
    return findProcesses(known, `${MARKER}=${this.#mark}`);
  }

  async #stopInReverse(): Promise<void> {
    for (const child of this.#started.toReversed()) await child.stop();
    for (const { pid } of this.survivors()) killOne(pid);
    const deadline = performance.now() + GONE_MS;
    while (this.survivors().length > 0 && performance.now() < deadline) await pause(20);
    process.off("exit", this.#killAllNow);
    liveGroups.delete(this);
    if (liveGroups.size === 0) unwatchSignals();
  }

  readonly #killAllNow = (): void => {
    for (const child of this.#started.toReversed()) if (child.running) killGroup(child.pid);
  };
}

/** The last lines of a log file; empty when it cannot be read. */
export function tailOf(file: string, lines: number): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}

const liveGroups = new Set<ProcessGroup>();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function watchSignals(): void {
  for (const signal of SIGNALS) if (!process.listeners(signal).includes(onSignal)) process.on(signal, onSignal);
}

function unwatchSignals(): void {
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function onSignal(signal: NodeJS.Signals): void {
  void Promise.allSettled([...liveGroups].map((group) => group.stopAll())).then(() => {
    unwatchSignals();
    // Ends with the signal's own status unless someone else handles it.
    process.kill(process.pid, signal);
  });
}

/** Lets the kernel end the child when this process is gone, even by SIGKILL (prctl PR_SET_PDEATHSIG). */
function boundToParent(command: string, args: readonly string[]): [string, readonly string[]] {
  // setpriv would hide that a command is missing: with it "spawn" succeeds and the exec fails afterwards.
  if (!canRun(SETPRIV) || !command.startsWith("/") || !canRun(command)) return [command, args];
  return [SETPRIV, ["--pdeathsig", "KILL", "--", command, ...args]];
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function killGroup(pid: number): void {
  killOne(-pid);
}

function killOne(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ESRCH: already gone, which is what was wanted.
  }
}
