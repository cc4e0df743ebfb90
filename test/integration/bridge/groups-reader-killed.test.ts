/** Two workers hear one conversation of an MSN network, and the one that reads it is killed. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inLane } from "../../../src/bridge/groups/groups.ts";
import type { GroupId } from "../../../src/bridge/groups/model.ts";
import { groupId, setKey } from "../../../src/bridge/groups/model.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import { portalParts, shardOf } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { MsnClient, parseEmail, parseMachineGuid } from "../../../src/msnp/index.ts";
import { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { openStore, PrivateRedis, SealingKeys } from "../../../src/store/index.ts";
import { account, contact, HOME, NET, record, silent, until } from "../../unit/bridge/support.ts";
import type { ReaderWorker } from "./reader-worker.ts";

const OURS = ["alice", "emily"] as const;
const OTHERS = ["bob", "carol"] as const;
const EVERYBODY = [...OURS, ...OTHERS];
const emailOf = (name: string) => parseEmail(`${name}@msn.test`);

let folder: string;
let redis: PrivateRedis;
let admin: Redis;
let store: Store;
let network: MsnNetwork;
const key = randomBytes(32);
const workers = new Map<string, ChildProcess>();
const people: MsnClient[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "msnb-reader-"));
  redis = await PrivateRedis.start({ folder, log: silent, supervise: false });
  admin = new Redis({ ...redis.options, replyMapping: "legacy" });
  const keys = new SealingKeys(new Map([[1, key]]));
  store = await openStore({ options: redis.options, keys, meter: noMeter, log: silent });
  const accounts = EVERYBODY.map((name) => ({
    email: emailOf(name),
    password: "secret",
    displayName: name,
    contacts: EVERYBODY.filter((other) => other !== name).map((other) => ({ email: emailOf(other) })),
  }));
  network = await MsnNetwork.start({ accounts });
});
afterEach(async () => {
  const gone = [...workers.values()].map((worker) => worker.exitCode ?? worker.signalCode ?? once(worker, "exit"));
  for (const worker of workers.values()) worker.kill("SIGKILL");
  await Promise.all(gone);
  workers.clear();
  await Promise.all(people.splice(0).map((client) => client.signOut()));
  await network.close();
  await store.close();
  admin.disconnect();
  await redis.close();
  await rm(folder, { recursive: true, force: true });
});

/** A worker that has this account alone. */
async function work(name: string): Promise<void> {
  await store.link(record(name), new Secret("secret"));
  const id = account(name);
  const { services } = network;
  const told: ReaderWorker = { url: redis.url, key: key.toString("base64"), account: id, shard: shardOf(id), services };
  const script = fileURLToPath(new URL("./reader-worker.ts", import.meta.url));
  workers.set(name, spawn(process.execPath, [script, JSON.stringify(told)], { stdio: "inherit" }));
}

async function person(name: string): Promise<MsnClient> {
  const client = new MsnClient({
    services: network.services,
    dialects: ["MSNP18"],
    email: emailOf(name),
    password: () => "secret",
    machineGuid: parseMachineGuid(`00000000-0000-4000-8000-00000000000${people.length}`),
    initialPresence: "NLN",
  });
  people.push(client);
  await client.signIn();
  return client;
}

async function wordsIn(group: GroupId): Promise<string[]> {
  const entries = await store.read(inLane(group, HOME), undefined, 10_000);
  return entries.flatMap(({ body }) => (body.from === "network" ? [body.message.text] : []));
}

/** Whose worker reads, as the store has it. */
async function reader(): Promise<string> {
  const [lease = ""] = await admin.keys("msnb:*:reading:*");
  const [owner = ""] = ((await admin.get(lease)) ?? "").split(" ");
  return OURS.find((name) => owner === account(name)) ?? "";
}

test("the worker that reads is killed under traffic: every word is read once, in order, and soon", async () => {
  const bob = await person("bob");
  await person("carol");
  for (const name of OURS) await work(name);
  await until(
    "both to be there",
    () => OURS.every((name) => bob.contacts.get(emailOf(name))?.status === "NLN"),
    60_000,
  );
  const talk = await bob.startGroup([...OURS, "carol"].map(emailOf));
  await until("all", () => talk.members.size === 3);
  const group = groupId(NET, setKey(EVERYBODY.map(contact)));
  expect(OURS.map((name) => shardOf(account(name)))).not.toContain(shardOf(portalParts(group).account));
  const said: string[] = [];
  const say = async (text: string): Promise<void> => {
    said.push(text);
    await talk.sendText(text);
  };
  // Of each two words one is the same as the last but one.
  for (let i = 0; i < 40; i += 1) await say(i % 2 === 0 ? "ok" : `${i}`);
  const first = await until("a reader", reader);
  workers.get(first)?.kill("SIGKILL");
  const killedAt = performance.now();
  for (let i = 40; i < 120; i += 1) await say(i % 2 === 0 ? "ok" : `${i}`);
  const saidAt = performance.now();
  await until("all words", async () => (await wordsIn(group)).length >= said.length);
  const took = performance.now() - Math.max(killedAt, saidAt);
  await say("the last");
  await until("the last", async () => (await wordsIn(group)).at(-1) === "the last");
  expect(await wordsIn(group)).toEqual(said);
  expect(await reader()).not.toBe(first);
  // Not the bound: that is the lease, and what the machine takes.
  expect(took).toBeLessThan(15_000);
});
