import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SYNAPSE_VENV } from "./paths.mjs";
import { findProgram } from "./system.mjs";

const SYNAPSE_VERSION = "from importlib.metadata import version; print(version('matrix-synapse'))";

/** One line each: what the tests run on and against, as found on this machine. */
export function describeVersions(): string[] {
  const python = join(SYNAPSE_VENV, "bin", "python");
  const chromium = findProgram("chromium") ?? findProgram("chromium-browser") ?? findProgram("google-chrome");
  return [
    `node          ${process.version}`,
    `redis-server  ${firstMatch(findProgram("redis-server"), ["--version"], /v=([\d.]+)/)}`,
    `Synapse       ${firstMatch(existsSync(python) ? python : undefined, ["-c", SYNAPSE_VERSION], /(\S+)/)}`,
    `Prosody       ${firstMatch(findProgram("dpkg-query"), versionOf("prosody"), /(\S+)/)}`,
    `ejabberd      ${firstMatch(findProgram("dpkg-query"), versionOf("ejabberd"), /(\S+)/)}`,
    `Chromium      ${firstMatch(chromium, ["--version"], /([\d.]{5,})/)}`,
  ];
}

/** Neither server tells its version without being started or asked as root; Debian knows what it has installed. */
function versionOf(debianPackage: string): readonly string[] {
  return ["--show", "--showformat=$" + "{Version}", debianPackage];
}

function firstMatch(program: string | undefined, args: readonly string[], pattern: RegExp): string {
  if (program === undefined) return "not found";
  try {
    const told = execFileSync(program, args, {
      encoding: "utf8",
      timeout: 20_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return pattern.exec(told)?.[1] ?? told.trim();
  } catch {
    return `${program} does not run`;
  }
}
