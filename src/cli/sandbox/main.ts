import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { playConversation } from "./conversation.ts";
import { isAlive } from "./proc-table.ts";
import { TraceRecorder } from "./trace.ts";
import { Transcript } from "./transcript.ts";
import { World } from "./world.ts";
import type { XmppServer } from "./xmpp-server.ts";

const VAR = fileURLToPath(new URL("../../../var/", import.meta.url));
const FOLDER = join(VAR, "sandbox");
const DESCRIPTION = join(VAR, "sandbox.json");

/**
 * `npm run sandbox`: Redis, Synapse, an MSN network and the bridge on loopback, until Ctrl-C; with `check` a scripted
 * conversation through all of it. Writes var/sandbox.json, so that any other client can join in.
 * @returns the exit code: 0 when all that was asked for was seen
 */
export async function sandbox(options: { readonly check: boolean }): Promise<number> {
  const other = runningSandbox();
  if (other !== undefined) {
    console.error(`A sandbox is running already (pid ${other}). End it with Ctrl-C, or: kill ${other}`);
    return 1;
  }
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const started = performance.now();
  const recorder = new TraceRecorder(20_000);
  console.log("Starting the sandbox …");
  const world = await World.start({
    dir: FOLDER,
    venv: join(VAR, "synapse-venv"),
    trace: recorder.add,
    handleSignals: false,
    onProgress: (what) => console.log(`  ${seconds(started)} s  ${what}`),
  });
  describe(world);
  const interrupted = new Promise<"interrupted">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve("interrupted"));
  });
  let code = 0;
  if (options.check) code = await Promise.race([check(world, recorder), interrupted.then(() => 1)]);
  else {
    welcome(world);
    await interrupted;
    console.log("\nStopping …");
  }
  rmSync(DESCRIPTION, { force: true });
  const left = await world.stop();
  if (left.length === 0) return code;
  console.error(`Still running, which is a defect: ${left.map(({ pid }) => pid).join(", ")}`);
  return 1;
}

async function check(world: World, recorder: TraceRecorder): Promise<number> {
  const transcript = new Transcript();
  let failure: unknown;
  try {
    await playConversation(world, transcript);
  } catch (error) {
    failure = error;
  }
  console.log(`\n${transcript.render()}\n`);
  if (failure === undefined) {
    console.log("All of it was seen on both sides.");
    return 0;
  }
  const file = join(VAR, "sandbox-trace.log");
  writeFileSync(file, recorder.text());
  console.error(`Not all of it was seen: ${failure instanceof Error ? failure.message : String(failure)}`);
  console.error(`Both protocols' lines are in ${file}; the end of the bridge's log:\n${world.bridge.logTail(15)}`);
  return 1;
}

function describe(world: World): void {
  const { setup } = world.bridge;
  const { ns, http } = world.msn.ports;
  const description = {
    homeserver: {
      url: world.synapse.url,
      serverName: world.synapse.serverName,
      bot: setup.bot,
      users: world.users.map(({ id, password }) => ({ id, password })),
    },
    msn: { host: "127.0.0.1", port: ns, http: `http://127.0.0.1:${http}`, accounts: world.accounts },
    ...(world.xmpp === undefined ? {} : { xmpp: describeXmpp(world.xmpp) }),
    redis: world.redis.url,
    bridge: { url: setup.webUrl, metrics: setup.metricsUrl },
    pids: { sandbox: process.pid, ...world.pids() },
  };
  writeFileSync(DESCRIPTION, `${JSON.stringify(description, null, 2)}\n`);
}

function describeXmpp(server: XmppServer): Record<string, unknown> {
  const { host, c2sPort, domain, component, muc, users, caFile } = server;
  return { host, port: c2sPort, domain, component, muc, users, ca: caFile };
}

function welcome(world: World): void {
  const { setup } = world.bridge;
  console.log(`
Matrix: sign in at ${world.synapse.url} as
${world.users.map(({ id, password }) => `  ${id}  (password ${password})`).join("\n")}
  and write "link" to ${setup.bot}.

MSN: notification server 127.0.0.1:${world.msn.ports.ns}, web services http://127.0.0.1:${world.msn.ports.http}; MSNP11 and MSNP18
${world.accounts.map(({ email, password, name }) => `  ${email}  (password ${password}, ${name})`).join("\n")}
${welcomeXmpp(world.xmpp)}
Health ${setup.webUrl}/ready, figures ${setup.metricsUrl}, all of it in var/sandbox.json.
Ctrl-C ends everything.`);
}

function welcomeXmpp(server: XmppServer | undefined): string {
  if (server === undefined) return "";
  const users = server.users.map(({ jid, password }) => `  ${jid}  (password ${password})`).join("\n");
  return `
XMPP: ${server.host}:${server.c2sPort} (STARTTLS, certificate in ${server.caFile}), the bridge is ${server.component}
${users}
`;
}

function runningSandbox(): number | undefined {
  try {
    const { pids } = JSON.parse(readFileSync(DESCRIPTION, "utf8")) as { pids?: { sandbox?: unknown } };
    const pid = Number(pids?.sandbox);
    return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1).padStart(5);
}
