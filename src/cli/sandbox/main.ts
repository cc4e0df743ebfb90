import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { playConversation } from "./conversation.ts";
import { description, welcome } from "./description.ts";
import { isAlive } from "./proc-table.ts";
import { TraceRecorder } from "./trace.ts";
import { Transcript } from "./transcript.ts";
import { World } from "./world.ts";
import { playXmppConversation } from "./xmpp-conversation.ts";

const VAR = fileURLToPath(new URL("../../../var/", import.meta.url));
const FOLDER = join(VAR, "sandbox");
const DESCRIPTION = join(VAR, "sandbox.json");
const MSN_NAMES = ["alice", "bob", "carol", "dave", "emily", "fred"];
const XMPP_USERS = ["emma", "felix"];

/**
 * `npm run sandbox`: Redis, Synapse, Prosody, an MSN network and the bridge on loopback, until Ctrl-C; with `check` scripted
 * conversations through all of it. Writes var/sandbox.json, so that any other client can join in.
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
    msnNames: MSN_NAMES,
    xmppUsers: XMPP_USERS,
    trace: recorder.add,
    handleSignals: false,
    onProgress: (what) => console.log(`  ${seconds(started)} s  ${what}`),
  });
  writeFileSync(DESCRIPTION, `${JSON.stringify(description(world), null, 2)}\n`);
  const interrupted = new Promise<"interrupted">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve("interrupted"));
  });
  let code = 0;
  if (options.check) code = await Promise.race([check(world, recorder), interrupted.then(() => 1)]);
  else {
    console.log(welcome(world));
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
  // At the same time, and each told from its beginning to its end.
  const conversations = [playConversation, playXmppConversation].map((play) => {
    const transcript = new Transcript();
    return { transcript, played: play(world, transcript) };
  });
  const played = await Promise.allSettled(conversations.map((conversation) => conversation.played));
  for (const { transcript } of conversations) console.log(`\n${transcript.render()}\n`);
  const failures = played.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  if (failures.length === 0) {
    console.log("All of it was seen on all sides.");
    return 0;
  }
  const file = join(VAR, "sandbox-trace.log");
  writeFileSync(file, recorder.text());
  for (const failure of failures)
    console.error(`Not all of it was seen: ${failure instanceof Error ? failure.message : String(failure)}`);
  console.error(`All protocols' lines are in ${file}; the end of the bridge's log:\n${world.bridge.logTail(15)}`);
  return 1;
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
