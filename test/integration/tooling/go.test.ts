import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { isAlive } from "../../../src/cli/sandbox/proc-table.ts";
import { tempProject } from "../../support/temp-project.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const LOCK = JSON.stringify({ packages: { "node_modules/pino": { version: "10.4.0" } } });

/** A copy of scripts/ where `msnbridge` runs this program; its packages count as installed. */
function projectWith(main: string): string {
  const root = tempProject({
    "package.json": '{ "type": "module" }',
    "package-lock.json": LOCK,
    "node_modules/.package-lock.json": LOCK,
    "src/cli/main.ts": main,
  });
  cpSync(join(ROOT, "scripts"), join(root, "scripts"), { recursive: true });
  return root;
}

function go(root: string, ...args: string[]): ReturnType<typeof spawnSync> {
  return spawnSync(process.execPath, ["scripts/go.mjs", ...args], { cwd: root, encoding: "utf8" });
}

const WAITS = `process.on("SIGINT", () => end("SIGINT")).on("SIGTERM", () => end("SIGTERM"));
  const end = (why: string) => { console.log("ended by " + why); process.exit(7); };
  setInterval(() => {}, 1000); console.log(process.pid);`;

async function started(root: string): Promise<{ child: ChildProcess; pid: number; said: () => string }> {
  const child = spawn(process.execPath, ["scripts/go.mjs", "msnbridge"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child.stdout, "data");
  return { child, pid: Number(output), said: () => output };
}

test("the verb gets the arguments, writes to stdout alone, and its exit code is passed on", () => {
  const root = projectWith("console.log(JSON.stringify(process.argv.slice(2))); process.exit(42);");
  const done = go(root, "msnbridge", "check", "--config", "a b.yaml");
  expect(done.stdout).toBe('["check","--config","a b.yaml"]\n');
  expect(done.status).toBe(42);
});

test("node_modules/.bin comes first in the verb's PATH", () => {
  const root = projectWith("console.log(process.env.PATH);");
  expect(go(root, "msnbridge").stdout).toMatch(new RegExp(`^${join(root, "node_modules/.bin")}:`));
});

test("an unknown verb is told which there are", () => {
  const done = go(projectWith(""), "dance");
  expect(done.stderr).toContain('unknown verb "dance"; there are: msnbridge, sandbox, test');
  expect(done.status).toBe(1);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s reaches the verb, which ends in its own way", async (signal) => {
  const { child, pid, said } = await started(projectWith(WAITS));
  child.kill(signal);
  // Not `exit`: what it has said may come after that.
  expect(await once(child, "close")).toEqual([7, null]);
  expect(said()).toContain(`ended by ${signal}`);
  expect(isAlive(pid)).toBe(false);
});

test("when the entrance is killed the verb is asked to end", async () => {
  const { child, pid } = await started(projectWith(WAITS));
  child.kill("SIGKILL");
  await once(child, "exit");
  await expect.poll(() => isAlive(pid)).toBe(false);
});

/** Stands for npm: `ci` notes that it ran, and leaves what npm leaves. */
const FAKE_NPM = `const fs = require("node:fs");
  fs.appendFileSync("npm-ran.txt", process.argv.slice(2, 3) + "\\n");
  setTimeout(() => { fs.mkdirSync("node_modules", { recursive: true });
    fs.copyFileSync("package-lock.json", "node_modules/.package-lock.json"); }, 300);`;

test("two first runs at once install the packages once, and a later run not at all", async () => {
  const root = tempProject({ "package-lock.json": LOCK, "src/cli/main.ts": "", "fake/npm-cli.js": FAKE_NPM });
  cpSync(join(ROOT, "scripts"), join(root, "scripts"), { recursive: true });
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  writeFileSync(join(root, "fake/package.json"), '{ "type": "commonjs" }');
  const env = { ...process.env, npm_execpath: join(root, "fake/npm-cli.js") };
  const run = async (): Promise<unknown> => {
    const [code] = await once(spawn(process.execPath, ["scripts/go.mjs", "msnbridge"], { cwd: root, env }), "exit");
    return code;
  };
  // A lock whose owner is gone is no hindrance.
  mkdirSync(join(root, "var"));
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  writeFileSync(join(root, "var/install.lock"), JSON.stringify({ pid: gone, host: hostname() }));

  expect(await Promise.all([run(), run()])).toEqual([0, 0]);
  expect(await run()).toBe(0);

  expect(readFileSync(join(root, "npm-ran.txt"), "utf8")).toBe("ci\n");
  expect(existsSync(join(root, "var/install.lock"))).toBe(false);
});

test("when npm fails, its words are shown", () => {
  const root = tempProject({
    "package.json": "{}",
    "package-lock.json": LOCK,
    "fake/npm-cli.js": 'console.error("registry is on fire"); process.exit(3);',
  });
  cpSync(join(ROOT, "scripts"), join(root, "scripts"), { recursive: true });
  const done = spawnSync(process.execPath, ["scripts/go.mjs", "msnbridge"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, npm_execpath: join(root, "fake/npm-cli.js") },
  });
  expect(done.stderr).toContain("npm ci failed (exit 3)");
  expect(done.stderr).toContain("registry is on fire");
  expect(done.status).toBe(1);
});
