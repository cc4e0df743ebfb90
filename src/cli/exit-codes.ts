/** Exit codes of every verb, after sysexits.h; docs/operators.md lists them from this table. */
import { BridgeError } from "../bridge/errors.ts";
import { ConfigError } from "../config/yaml.ts";
import { StoreSetupError } from "../store/setup-error.ts";

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "all is well",
  failed:
    "`check` or `probe` found something that does not work, `rebuild` found a room that it could not restore, or `run` had to be cut short while it was stopping",
  usage: "the command line was not understood, or an answer was missing",
  unavailable:
    "something it needs is not there or is taken: Redis, a port, the data folder (another bridge has it), a new enough Node",
  software: "a defect of the bridge; please report it with the text it printed",
  cannotCreate: "a file that it should write is there already, or cannot be written; for `rebuild`: Redis is not empty",
  config: "the config, a network profile or the registration is faulty; every fault is printed with its line",
};

/** An end that is not a defect: what to print, and the code. */
export class Exit extends Error {
  override readonly name = "Exit";
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string) {
    super(message);
    this.code = code;
  }
}

const SYSTEM_ERRORS: Readonly<Record<string, readonly [ExitCode, string]>> = {
  EADDRINUSE: [EXIT.unavailable, "the port is taken by another program; change the port or stop the other program"],
  EADDRNOTAVAIL: [EXIT.config, "this machine does not have the address to listen on; change `bind.host`"],
  EEXIST: [EXIT.cannotCreate, "something of that name is there and is no folder; move it, or change `data.folder`"],
  ENOTDIR: [EXIT.cannotCreate, "a part of that path is a file; move it, or change the path"],
  EACCES: [EXIT.cannotCreate, "this user may not do that; look at the owner and mode of the file or folder"],
  ENOSPC: [EXIT.cannotCreate, "the disk is full"],
  EROFS: [EXIT.cannotCreate, "the file system is read-only"],
};

/** What to print for an error that ends the program, and the exit code. Only a defect shows its stack. */
export function explainExit(error: unknown): { code: ExitCode; text: string } {
  if (error instanceof Exit) return { code: error.code, text: error.message };
  if (error instanceof ConfigError) {
    const count = error.problems.length === 1 ? "a fault" : `${error.problems.length} faults`;
    return { code: EXIT.config, text: `the settings have ${count}:\n${error.message.replaceAll(/^/gm, "  ")}` };
  }
  if (error instanceof StoreSetupError) return { code: EXIT.unavailable, text: error.message };
  if (error instanceof BridgeError) {
    const cause = systemError(error.cause);
    if (cause !== undefined) return { code: cause[0], text: `${error.context.detail ?? error.message}: ${cause[1]}` };
    if (error.code === "store-down") {
      const text = `${error.message}. Start Redis, or correct redis.url; without redis.url the bridge runs one of its own.`;
      return { code: EXIT.unavailable, text };
    }
    if (error.code === "bad-input") return { code: EXIT.config, text: error.context.detail ?? error.message };
    if (error.code !== "internal") return { code: EXIT.unavailable, text: error.message };
  }
  const system = systemError(error);
  if (system !== undefined) return { code: system[0], text: `${(error as Error).message}: ${system[1]}` };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: EXIT.software, text: `this is a defect of msnbridge:\n${stack}` };
}

function systemError(error: unknown): readonly [ExitCode, string] | undefined {
  return error instanceof Error && "code" in error ? SYSTEM_ERRORS[String(error.code)] : undefined;
}
