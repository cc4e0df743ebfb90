import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The virtual environment with Synapse, as `npm run bench` has made it. */
export const SYNAPSE_VENV = fileURLToPath(new URL("../../var/synapse-venv", import.meta.url));

/** The allocator that the documentation has the bridge run with (docs/operators.md), where it is installed. */
export function findJemalloc(): string | undefined {
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  const folders = [`/usr/lib/${arch}-linux-gnu`, "/usr/lib64", "/usr/lib"];
  return folders.map((folder) => join(folder, "libjemalloc.so.2")).find((file) => existsSync(file));
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly redis: string;
  readonly synapse: string;
  readonly commit: string;
  /** Of the last minute, before the first measurement: what others do on the machine. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  const model = cpus()[0]?.model ?? "unknown";
  const [load = 0] = loadavg();
  return {
    cpu: model,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: firstLine("uname", ["-sr"]),
    node: process.version,
    redis: /v=(\S+)/.exec(firstLine("redis-server", ["--version"]))?.[1] ?? "unknown",
    synapse: synapseVersion(),
    commit: firstLine("git", ["describe", "--always", "--dirty"]),
    loadBefore: load,
  };
}

export function machineText(machine: Machine): string {
  const { cpu, cores, memoryGiB, kernel, node, redis, synapse, commit, loadBefore } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}`,
    `Node ${node}, Redis ${redis}, Synapse ${synapse}, commit ${commit}, load ${loadBefore.toFixed(2)} before the start`,
  ].join("\n");
}

function synapseVersion(): string {
  const python = join(SYNAPSE_VENV, "bin", "python");
  if (!existsSync(python)) return "not installed";
  return firstLine(python, ["-c", "from importlib.metadata import version; print(version('matrix-synapse'))"]);
}

function firstLine(command: string, args: readonly string[]): string {
  try {
    return (
      execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n", 1)[0] ??
      "unknown"
    );
  } catch {
    return "unknown";
  }
}
