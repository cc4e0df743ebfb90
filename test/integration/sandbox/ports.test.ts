import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { freePort, takePort } from "../../../src/cli/sandbox/ports.ts";

const PORTS = fileURLToPath(new URL("../../../src/cli/sandbox/ports.ts", import.meta.url));

/** Another process that looks for a port, and lives until it is ended. */
async function another(): Promise<{ readonly port: number; end(): Promise<void> }> {
  const look = `const { freePort } = await import(${JSON.stringify(PORTS)}); console.log(await freePort()); process.stdin.resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", look], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  onTestFinished(() => void child.kill());
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    port: Number(String(line)),
    end: async () => {
      child.kill();
      await exited;
    },
  };
}

test("a port is given out once", async () => {
  expect(await takePort(await freePort())).toBe(false);
});

test("a port on which somebody listens is none, until they are gone", async () => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen({ port: 0, host: "127.0.0.1" }, listening));
  const { port } = server.address() as { port: number };
  expect(await takePort(port)).toBe(false);
  await new Promise((closed) => server.close(closed));
  expect(await takePort(port)).toBe(true);
});

test("a port that another process was given is its own while it lives, though nobody listens there", async () => {
  const { port, end } = await another();
  expect(await takePort(port)).toBe(false);
  await end();
  expect(await takePort(port)).toBe(true);
});
