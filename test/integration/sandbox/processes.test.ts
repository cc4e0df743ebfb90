import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { freePorts } from "../../../src/cli/sandbox/ports.ts";
import { isAlive } from "../../../src/cli/sandbox/proc-table.ts";
import { ProcessGroup, type ProcessSpec, tailOf } from "../../../src/cli/sandbox/processes.ts";

const dir = mkdtempSync(join(tmpdir(), "msnbridge-processes-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function script(name: string, code: string): ProcessSpec {
  return { name, command: process.execPath, args: ["-e", code], logFile: join(dir, `${name}.log`) };
}

/** A program that says when it is ready and what it is told to do. */
const OBEDIENT = `process.on("SIGTERM", () => { console.log("asked to end " + Date.now()); process.exit(0); });
  setInterval(() => {}, 1000); console.log("ready");`;
const STUBBORN = `process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1000); console.log("ready");`;

async function ready(logFile: string): Promise<void> {
  await expect.poll(() => tailOf(logFile, 100)).toContain("ready");
}

test("children are stopped in reverse order, and none is left", async () => {
  const group = new ProcessGroup();
  const first = await group.start(script("first", OBEDIENT));
  const second = await group.start(script("second", OBEDIENT));
  await Promise.all([ready(first.logFile), ready(second.logFile)]);
  expect(group.running().map((child) => child.name)).toEqual(["first", "second"]);
  expect(new Set(group.survivors().map((found) => found.pid))).toEqual(new Set([first.pid, second.pid]));

  await group.stopAll();
  expect(group.survivors()).toEqual([]);
  const endOf = (log: string): number => Number(/asked to end (\d+)/.exec(log)?.[1]);
  expect(endOf(first.logTail())).toBeGreaterThanOrEqual(endOf(second.logTail()));
  await expect(group.start(script("late", OBEDIENT))).rejects.toThrow("its group is being stopped");
});

test("a child that will not end is killed at the deadline", async () => {
  const group = new ProcessGroup();
  const child = await group.start(script("stubborn", STUBBORN));
  await ready(child.logFile);
  expect(await child.stop(200)).toEqual({ code: null, signal: "SIGKILL" });
  await group.stopAll();
});

test("a grandchild that went its own way (own session) is found and ended too", async () => {
  const group = new ProcessGroup();
  const code = `require("node:child_process").spawn("sleep", ["600"], { detached: true, stdio: "ignore" }).unref();
    ${OBEDIENT}`;
  const child = await group.start(script("parent", code));
  await ready(child.logFile);
  expect(group.survivors().map((found) => found.command)).toContain("sleep 600");
  await group.stopAll();
  await expect.poll(() => group.survivors()).toEqual([]);
});

test("a program that is not there is named", async () => {
  const group = new ProcessGroup();
  const spec = { name: "nothing", command: "/no/such/program", args: [], logFile: join(dir, "nothing.log") };
  await expect(group.start(spec)).rejects.toThrow("cannot start nothing (/no/such/program)");
  await group.stopAll();
});

test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("when the parent gets %s its children go, too", async (signal) => {
  const module = fileURLToPath(new URL("../../../src/cli/sandbox/processes.ts", import.meta.url));
  const logFile = join(dir, `orphan-${signal}.log`);
  const code = `const { ProcessGroup } = await import(${JSON.stringify(module)});
    const child = await new ProcessGroup().start({ name: "child", command: process.execPath,
      args: ["-e", ${JSON.stringify(OBEDIENT)}], logFile: ${JSON.stringify(logFile)} });
    console.log(child.pid);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());
  await ready(logFile);
  expect(isAlive(pid)).toBe(true);

  const ended = once(parent, "exit");
  parent.kill(signal);
  expect(await ended).toEqual([null, signal]);
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test("free ports are different ones, and can be listened on", async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  const servers = ports.map((port) => createServer().listen(port, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  for (const server of servers) server.close();
});
