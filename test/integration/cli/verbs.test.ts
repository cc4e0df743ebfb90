/** The program as an operator starts it: `bin/msnbridge.mjs`, its output and its exit codes. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { init } from "../../../src/cli/init/init.ts";
import { freePorts } from "../../../src/cli/sandbox/ports.ts";
import { profileEnvironment } from "../../../src/cli/sandbox/profile-env.ts";
import { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { startForgetfulRedis, startHomeserver, startSilentServer } from "./servers.ts";

const PROGRAM = new URL("../../../bin/msnbridge.mjs", import.meta.url).pathname;
const TEMPLATE = new URL("../../../registration.yaml", import.meta.url).pathname;

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function msnbridge(args: readonly string[], env: Record<string, string> = {}, cwd = folder()): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [PROGRAM, ...args],
      { cwd, env: { ...process.env, ...env } },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, err });
      },
    );
    child.stdin?.end();
  });
}

const folder = (): string => mkdtempSync(join(tmpdir(), "msnbridge-cli-"));

/** A folder with what `init` writes, made without starting a process for it. */
async function initialised(homeserverUrl: string): Promise<{ dir: string; env: Record<string, string> }> {
  const dir = folder();
  const [appservice, web, metrics] = await freePorts(3);
  const answers = {
    serverName: "example.test",
    homeserverUrl,
    bridgeUrl: `http://127.0.0.1:${appservice}`,
    publicUrl: `http://127.0.0.1:${web}`,
    networks: "sandbox",
    admin: "@you:example.test",
  };
  const nobody = { prompt: async () => undefined, say: () => {}, close: () => {} };
  expect(await init({ folder: dir, ...answers }, nobody)).toBe(0);
  return {
    dir,
    env: { MSNBRIDGE_WEB_BIND_PORT: String(web), MSNBRIDGE_METRICS_BIND_PORT: String(metrics) },
  };
}

async function network(): Promise<{ env: Record<string, string>; net: MsnNetwork }> {
  const net = await MsnNetwork.start({ accounts: [] });
  onTestFinished(() => net.close());
  return { env: profileEnvironment(net.services), net };
}

const onPorts = (appservice = 0, web = 0, metrics = 0): Record<string, string> => ({
  MSNBRIDGE_APPSERVICE_BIND_PORT: String(appservice),
  MSNBRIDGE_WEB_BIND_PORT: String(web),
  MSNBRIDGE_METRICS_BIND_PORT: String(metrics),
});

/** `msnbridge run`, once its log says that it is ready; ended by SIGTERM after the test, with exit code 0. */
async function serving(cwd: string, env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, "run"], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  onTestFinished(async () => {
    child.kill();
    expect(await exit).toEqual([0, null]);
  }, 20_000);
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) if (line.includes('"msg":"ready"')) break;
  child.stdout.resume();
  return child;
}

describe("init", () => {
  test("writes config, registration and key for its owner only, and says what to paste", async () => {
    const homeserver = await startHomeserver("example.test");
    const { dir } = await initialised(homeserver.url);
    for (const file of ["config.yaml", "registration.yaml", "sealing.key"]) {
      expect(statSync(join(dir, file)).mode & 0o777, file).toBe(0o600);
    }
    const registration = parse(readFileSync(join(dir, "registration.yaml"), "utf8")) as Record<string, unknown>;
    expect(registration).toMatchObject({ sender_localpart: "_msnbot", receive_ephemeral: true });
    expect(registration.as_token).toMatch(/^[0-9a-f]{64}$/);
  });

  test("prints the lines for homeserver.yaml and the next commands", async () => {
    const dir = folder();
    const { code, out } = await msnbridge(
      ["init", "--server-name", "example.test", "--homeserver-url", "http://127.0.0.1:9", "--networks", "sandbox"],
      {},
      dir,
    );
    expect(code).toBe(0);
    expect(out).toContain(`app_service_config_files:\n  - ${join(dir, "registration.yaml")}`);
    expect(out).toContain(`msnbridge check --config ${join(dir, "config.yaml")}`);
  });

  test("never overwrites without --force, and never a sealing key", async () => {
    const homeserver = await startHomeserver("example.test");
    const { dir } = await initialised(homeserver.url);
    const before = readFileSync(join(dir, "registration.yaml"), "utf8");
    const key = readFileSync(join(dir, "sealing.key"), "utf8");
    const args = ["init", "--server-name", "other.test", "--homeserver-url", homeserver.url, "--networks", "sandbox"];
    const refused = await msnbridge(args, {}, dir);
    expect(refused.code).toBe(73);
    expect(refused.err).toContain("already there: config.yaml, registration.yaml, sealing.key");
    expect(readFileSync(join(dir, "registration.yaml"), "utf8")).toBe(before);
    expect((await msnbridge([...args, "--force"], {}, dir)).code).toBe(0);
    expect(readFileSync(join(dir, "config.yaml"), "utf8")).toContain("other.test");
    expect(readFileSync(join(dir, "sealing.key"), "utf8")).toBe(key);
  });

  test("with nobody to ask and no server name, it says which flag is missing", async () => {
    const { code, err } = await msnbridge(["init"]);
    expect(code).toBe(64);
    expect(err).toContain("--server-name is needed");
  });
});

describe("registration", () => {
  test("--update follows the config and keeps the tokens; without it nothing is overwritten", async () => {
    const homeserver = await startHomeserver("example.test");
    const { dir, env } = await initialised(homeserver.url);
    const file = join(dir, "registration.yaml");
    const tokens = () => {
      const { as_token, hs_token, url } = parse(readFileSync(file, "utf8")) as Record<string, string>;
      return { as_token, hs_token, url };
    };
    const before = tokens();
    expect((await msnbridge(["registration"], env, dir)).code).toBe(73);
    const moved = { ...env, MSNBRIDGE_APPSERVICE_PUBLIC_URL: "http://bridge:29340" };
    expect((await msnbridge(["registration", "--update"], moved, dir)).code).toBe(0);
    expect(tokens()).toEqual({ ...before, url: "http://bridge:29340" });
    expect((await msnbridge(["registration", "--force"], moved, dir)).code).toBe(0);
    expect(tokens().as_token).not.toBe(before.as_token);
  });

  test("the template is replaced by a real one", async () => {
    const homeserver = await startHomeserver("example.test");
    const { dir, env } = await initialised(homeserver.url);
    copyFileSync(TEMPLATE, join(dir, "registration.yaml"));
    expect((await msnbridge(["registration"], env, dir)).code).toBe(0);
    expect(readFileSync(join(dir, "registration.yaml"), "utf8")).not.toContain("<64");
  });
});

describe("check", () => {
  test("all is well: every stage is named, and the exit code is 0", async () => {
    const homeserver = await startHomeserver("example.test");
    const { env: networkEnv } = await network();
    const { dir, env } = await initialised(homeserver.url);
    homeserver.registration = readFileSync(join(dir, "registration.yaml"), "utf8");
    const { code, out } = await msnbridge(["check"], { ...env, ...networkEnv }, dir);
    expect(out).not.toContain("FAIL");
    expect(out).toContain("ok    bridge -> homeserver: the homeserver knows the bridge as @_msnbot:example.test");
    expect(out).toContain("ok    homeserver -> bridge: the homeserver reaches a stand-in for the bridge");
    expect(out).toContain("ok    Sandbox: dialect: the server takes MSNP18");
    expect(out).toContain("ok    Sandbox: rst: ");
    expect(out).toContain("All that matters works");
    expect(code).toBe(0);
  });

  test("a homeserver that was not given the registration: what to paste, and exit code 1", async () => {
    const homeserver = await startHomeserver("example.test");
    const { env: networkEnv } = await network();
    const { dir, env } = await initialised(homeserver.url);
    const { code, out } = await msnbridge(["check"], { ...env, ...networkEnv }, dir);
    expect(code).toBe(1);
    expect(out).toContain("FAIL  bridge -> homeserver: the homeserver does not know the as_token");
    expect(out).toMatch(/1\. bridge -> homeserver: Give the homeserver the registration .*app_service_config_files/);
  });

  test("a homeserver with an older copy of the registration: its hs_token is wrong", async () => {
    const homeserver = await startHomeserver("example.test");
    const { env: networkEnv } = await network();
    const { dir, env } = await initialised(homeserver.url);
    const mine = readFileSync(join(dir, "registration.yaml"), "utf8");
    homeserver.registration = mine.replace(/hs_token: .*/, `hs_token: ${"f".repeat(64)}`);
    const { code, out } = await msnbridge(["check"], { ...env, ...networkEnv }, dir);
    expect(code).toBe(1);
    expect(out).toContain("FAIL  homeserver -> bridge: the homeserver uses another hs_token");
  });

  test("a Redis that would lose data is a warning with the setting to change", async () => {
    const homeserver = await startHomeserver("example.test");
    const { env: networkEnv } = await network();
    const { dir, env } = await initialised(homeserver.url);
    homeserver.registration = readFileSync(join(dir, "registration.yaml"), "utf8");
    const url = await startForgetfulRedis();
    const { code, out } = await msnbridge(["check"], { ...env, ...networkEnv, MSNBRIDGE_REDIS_URL: url }, dir);
    expect(out).toMatch(/ok {4}redis: redis:\/\/127\.0\.0\.1:\d+ answers in/);
    expect(out).toContain("WARN  redis: Redis keeps no append-only file");
    expect(out).toContain("redis: Set `appendonly yes`.");
    expect(out).toContain("redis: Set `noeviction`.");
    expect(code).toBe(0);
  });

  test("everything down: one numbered fix for each, and no secret among them", async () => {
    const { dir, env } = await initialised("http://127.0.0.1:9");
    const silent = await startSilentServer();
    const { code, out } = await msnbridge(
      ["check"],
      {
        ...env,
        MSNBRIDGE_REDIS_URL: "redis://:hunter2@127.0.0.1:9/0",
        MSNBRIDGE_NETWORK_SANDBOX_DISPATCH_PORT: String(silent),
        MSNBRIDGE_NETWORK_SANDBOX_LIMITS_REQUEST_SECONDS: "1",
        MSNBRIDGE_NETWORK_SANDBOX_SERVICES_RST: "http://127.0.0.1:9/RST.srf",
      },
      dir,
    );
    expect(code).toBe(1);
    expect(out).toContain("FAIL  redis: redis://127.0.0.1:9");
    expect(out).toContain("FAIL  homeserver: http://127.0.0.1:9: ");
    expect(out).toContain("FAIL  Sandbox: dialect: the server says nothing (no answer within 1 s)");
    expect(out).toContain("FAIL  Sandbox: rst: http://127.0.0.1:9/RST.srf");
    const failures = out.split("\n").filter((line) => line.startsWith("FAIL")).length;
    for (let n = 1; n <= failures; n++) expect(out).toMatch(new RegExp(`^${n}\\. `, "m"));
    expect(out).not.toContain("hunter2");
  });

  test("a misspelt key: file, line, the right spelling, and 78", async () => {
    const dir = folder();
    writeFileSync(
      join(dir, "config.yaml"),
      "homeserver:\n  url: http://127.0.0.1:8008\n  domian: example.test\nweb:\n  publicUrl: http://x\n",
    );
    for (const verb of ["check", "run"]) {
      const { code, err } = await msnbridge([verb], {}, dir);
      expect(code).toBe(78);
      expect(err).toContain('config.yaml:3: homeserver.domian: there is no such key; did you mean "domain"?');
    }
  });
});

describe("run", () => {
  test("refuses the template of the registration with 78", async () => {
    const { dir, env } = await initialised("http://127.0.0.1:9");
    copyFileSync(TEMPLATE, join(dir, "registration.yaml"));
    const { code, err } = await msnbridge(["run"], env, dir);
    expect(code).toBe(78);
    expect(err).toContain("placeholder");
  });

  test("refuses a registration that claims other ghosts than the config names, and one that is not there", async () => {
    const { dir, env } = await initialised("http://127.0.0.1:9");
    const other = await msnbridge(["run"], { ...env, MSNBRIDGE_APPSERVICE_GHOST_PREFIX: "_other_" }, dir);
    expect(other).toMatchObject({ code: 78, err: expect.stringContaining("@_other_…:example.test") });
    expect(other.err).toContain("registration --update");
    const missing = { ...env, MSNBRIDGE_APPSERVICE_REGISTRATION: "elsewhere.yaml" };
    const { code, err } = await msnbridge(["run"], missing, dir);
    expect(code).toBe(78);
    expect(err).toContain("msnbridge registration");
  });

  test("a second bridge on one data folder ends with 69 and names the first, which goes on", {
    timeout: 180_000,
  }, async () => {
    const { dir, env } = await initialised("http://127.0.0.1:9");
    const first = await serving(dir, env);
    const [appservice, web, metrics] = await freePorts(3);
    const second = await msnbridge(["run"], onPorts(appservice, web, metrics), dir);
    expect(second.code).toBe(69);
    expect(second.err).toContain(`is in use by the process with pid ${first.pid}`);
    expect(second.err).toContain("a data folder of its own");
    expect((await fetch(`http://127.0.0.1:${env.MSNBRIDGE_WEB_BIND_PORT}/live`)).status).toBe(200);
  });

  test("a port that is taken ends with 69 and is named, whichever it is", async () => {
    const { dir, env } = await initialised("http://127.0.0.1:9");
    const taken = await startSilentServer();
    const [a, b] = await freePorts(2);
    for (const ports of [onPorts(taken, a, b), onPorts(a, taken, b), onPorts(a, b, taken)]) {
      const { code, err } = await msnbridge(["run"], { ...env, ...ports }, dir);
      expect(err).toContain(`127.0.0.1:${taken}`);
      expect(err).toContain("stop the other program");
      expect(code).toBe(69);
    }
  });

  test("a Redis that is not there ends with 69 and without its password", async () => {
    const { dir, env } = await initialised("http://127.0.0.1:9");
    const { code, err, out } = await msnbridge(
      ["run"],
      { ...env, MSNBRIDGE_REDIS_URL: "redis://:hunter2@127.0.0.1:9/0" },
      dir,
    );
    expect(code).toBe(69);
    expect(err).toContain("redis.url");
    expect(out + err).not.toContain("hunter2");
  });

  test("a homeserver that is not there is waited for, and /ready says so", async () => {
    const { dir, env } = await initialised("http://127.0.0.1:9");
    await serving(dir, env);
    const ready = await fetch(`http://127.0.0.1:${env.MSNBRIDGE_WEB_BIND_PORT}/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain("http://127.0.0.1:9");
  });

  test("without any config it says how to get one", async () => {
    const { code, err } = await msnbridge(["run"]);
    expect(code).toBe(78);
    expect(err).toContain("msnbridge init");
  });
});

describe("the program", () => {
  test("an unknown verb is answered with the nearest one and 64", async () => {
    const { code, err } = await msnbridge(["chekc"]);
    expect(code).toBe(64);
    expect(err).toContain("Did you mean check?");
  });

  test("help and version are no faults", async () => {
    expect(await msnbridge(["--help"])).toMatchObject({ code: 0, out: expect.stringContaining("registration") });
    expect((await msnbridge(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("as an installed package it runs from dist, where Node strips no types", () => {
    const root = new URL("../../../", import.meta.url).pathname;
    const modules = join(folder(), "node_modules");
    const home = join(modules, "msnbridge");
    const sh = (command: string, args: readonly string[], cwd = root) =>
      spawnSync(command, args, { cwd, encoding: "utf8" });
    expect(sh("mkdir", ["-p", home]).status).toBe(0);
    expect(sh(process.execPath, ["scripts/build.mjs", join(home, "dist")])).toMatchObject({ status: 0, stderr: "" });
    // As npm packs it: what package.json lists, dist being there already.
    const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: string[] };
    const copied = sh("cp", ["-r", ...files.filter((file) => file !== "dist"), "package.json", home]);
    expect(copied).toMatchObject({ status: 0, stderr: "" });
    sh("ln", ["-s", join(root, "node_modules"), join(home, "node_modules")]);
    const cwd = folder();
    const program = join(home, "bin", "msnbridge.mjs");
    expect(sh(process.execPath, [program, "--version"], cwd).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const made = sh(
      process.execPath,
      [
        program,
        "init",
        "--server-name",
        "example.test",
        "--homeserver-url",
        "http://127.0.0.1:9",
        "--networks",
        "sandbox",
      ],
      cwd,
    );
    expect(made).toMatchObject({ status: 0, stderr: "" });
    // Loads everything that run needs, and gets as far as the registration.
    copyFileSync(TEMPLATE, join(cwd, "registration.yaml"));
    expect(sh(process.execPath, [program, "run"], cwd)).toMatchObject({
      status: 78,
      stderr: expect.stringContaining("placeholder"),
    });
  });
});
