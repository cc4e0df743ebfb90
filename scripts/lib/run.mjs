import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { COMPILE_CACHE, MODULES, ROOT } from "./paths.mjs";
import { Problem } from "./say.mjs";

const SETPRIV = "/usr/bin/setpriv";
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"];
const PARENT_POLL_MS = 1_000;
const TAIL_CHARACTERS = 3_000;

/**
 * Runs a program quietly; what it printed is shown only when it fails. A signal to this process ends both.
 *
 * @throws Problem with `what` and the end of its output
 */
export async function runQuietly(what, command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk) => {
    output = (output + chunk).slice(-TAIL_CHARACTERS);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const end = (signal) => {
    child.kill("SIGTERM");
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of FORWARDED) process.on(signal, end);
  const ended = await new Promise((resolve) => {
    child.once("error", (error) => resolve(String(error.message)));
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : `exit ${code ?? signal}`));
  });
  for (const signal of FORWARDED) process.off(signal, end);
  if (ended !== undefined)
    throw new Problem(`${what} failed (${ended}): ${command} ${args.join(" ")}\n${output.trim()}`);
}

/**
 * Runs the verb in the foreground and ends as it ends. Signals are passed on; when this process or the npm above it is
 * killed, the verb gets SIGTERM. A verb may get the same signal more than once (npm passes it on, too, and some send
 * it to the whole process group): it must bear that. Compiled sources are kept for the next process: without that, a bridge
 * that runs from TypeScript takes 2 s of processor time to start, with it 1.2 s.
 */
export async function runAndForward(node, args, env = {}) {
  const bound = existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "TERM", "--", node] : [node];
  const [command, ...before] = bound;
  // So that "node" means the same one everywhere below.
  const path = [join(MODULES, ".bin"), dirname(node), process.env.PATH ?? ""].join(delimiter);
  const child = spawn(command, [...before, "--disable-warning=DEP0060", ...args], {
    cwd: ROOT,
    stdio: "inherit",
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env, ...env, PATH: path },
  });
  // Ctrl-C in a terminal reaches the verb by itself.
  const forward = (signal) => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal));
  for (const signal of FORWARDED) process.on(signal, forward);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) child.kill("SIGTERM");
  }, PARENT_POLL_MS);
  const { code, signal } = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  clearInterval(watch);
  for (const name of FORWARDED) process.off(name, forward);
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
}
