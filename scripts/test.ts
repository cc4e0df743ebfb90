/**
 * Runs the vitest projects one after the other and counts them apart. The last line is the total,
 * "N passed, N failed". Arguments go to vitest: paths, -t name, --project unit.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MODULES, ROOT, VAR } from "./lib/paths.mjs";
import { makeTestFolder } from "./lib/test-folder.ts";
import { describeVersions } from "./lib/versions.ts";
import { type Counts, countTests, describeFailures, formatCounts, sumCounts } from "./lib/vitest-report.ts";

const PROJECTS = ["unit", "integration", "e2e"] as const;
const LONG = process.env.MSNBRIDGE_LONG === "1";
const PROJECT_DEADLINE_MS = (LONG ? 12 * 60 : 60) * 60_000;

const { projects, rest } = chooseProjects(process.argv.slice(2));
const filtered = rest.length > 0;

console.log(["running on", ...describeVersions().map((line) => `  ${line}`), ""].join("\n"));
const written = makeTestFolder();
process.on("exit", () => rmSync(written, { recursive: true, force: true }));
const results: { readonly project: string; readonly counts: Counts; readonly seconds: number }[] = [];
const failures: string[] = [];
let interrupted = false;
for (const project of projects) {
  if (interrupted) break;
  const startedAt = performance.now();
  const counts = await runProject(project);
  results.push({ project, counts, seconds: (performance.now() - startedAt) / 1000 });
  console.log(`${project}: ${formatCounts(counts)}\n`);
}

const total = sumCounts(results.map((result) => result.counts));
const empty = results.filter(({ counts }) => counts.passed + counts.failed === 0).map((result) => result.project);
for (const failure of failures) console.log(`${failure}\n`);
for (const { project, counts, seconds } of results) {
  console.log(`${project}: ${formatCounts(counts)} (${seconds.toFixed(1)} s)`);
}
// With a filter a project may well have nothing to run, but not all of them.
const ranNothing = filtered ? empty.length === results.length : empty.length > 0;
if (interrupted) console.log("interrupted before the end");
if (ranNothing) console.log(`nothing was run in: ${empty.join(", ")}`);
console.log(formatCounts(total));
process.exitCode = total.failed > 0 || ranNothing || interrupted ? 1 : 0;

/** Which projects the arguments speak of (all unless a --project or only paths below test/<project> are given). */
function chooseProjects(args: readonly string[]): { projects: readonly string[]; rest: readonly string[] } {
  const named: string[] = [];
  const others: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--project") named.push(args[++i] ?? "");
    else if (arg.startsWith("--project=")) named.push(arg.slice("--project=".length));
    else others.push(arg);
  }
  const paths = others.map((arg) => /^(?:\.\/)?test\/([^/]+)/.exec(arg)?.[1]).filter((name) => name !== undefined);
  const wanted = new Set([...named, ...paths]);
  return { projects: wanted.size === 0 ? PROJECTS : PROJECTS.filter((name) => wanted.has(name)), rest: others };
}

async function runProject(project: string): Promise<Counts> {
  const folder = join(VAR, "test-results");
  const report = join(folder, `${project}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(report, { force: true });
  const reporting = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const exitCode = await run(
    process.execPath,
    ["--disable-warning=DEP0060", join(MODULES, "vitest", "vitest.mjs"), "run", "--project", project].concat(
      reporting,
      filtered ? ["--passWithNoTests"] : [],
      rest,
    ),
  );
  const json = readReport(report);
  failures.push(...describeFailures(json).map((failure) => failure.replaceAll(ROOT, "")));
  return countTests(json, exitCode);
}

function run(command: string, args: readonly string[]): Promise<number> {
  const env = { ...process.env, ...shuffling(), TMPDIR: written };
  const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", env });
  const timer = setTimeout(() => {
    console.log(`ended after ${PROJECT_DEADLINE_MS / 60_000} minutes`);
    child.kill("SIGKILL");
  }, PROJECT_DEADLINE_MS);
  const end = (signal: NodeJS.Signals): void => {
    interrupted = true;
    child.kill(signal);
  };
  process.on("SIGINT", end).on("SIGTERM", end).on("SIGHUP", end);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      process.off("SIGINT", end).off("SIGTERM", end).off("SIGHUP", end);
      resolve(code ?? 1);
    });
  });
}

/** With `MSNBRIDGE_SHUFFLE=<seed>` what independent connections bring comes in any order, in the tests and in what they start. */
function shuffling(): { readonly NODE_OPTIONS?: string } {
  if (!process.env.MSNBRIDGE_SHUFFLE) return {};
  const { href } = new URL("../test/support/shuffled-sockets.ts", import.meta.url);
  return { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${href}`.trim() };
}

function readReport(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // vitest ended before it could write one
  }
}
