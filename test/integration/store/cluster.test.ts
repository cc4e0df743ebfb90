import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noMeter } from "../../../src/bridge/metrics.ts";
import type { Fence } from "../../../src/bridge/model.ts";
import { messageId, roomId } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { freePorts } from "../../../src/cli/sandbox/ports.ts";
import { openStore, SealingKeys } from "../../../src/store/index.ts";
import { SCRIPTS } from "../../../src/store/scripts/index.ts";
import {
  account,
  address,
  group,
  inGroup,
  inward,
  matrix,
  network,
  out,
  person,
  portalOf,
  quiet,
  record,
  said,
  tempFolder,
  toRead,
  xmpp,
} from "./fixture.ts";

/** A Cluster of one node that has all slots: it refuses keys of different slots as any Cluster does. */
let node: ChildProcess;
let folder: string;
let admin: Redis;
let place: { host: string; port: number };

beforeAll(async () => {
  folder = await tempFolder();
  const [port = 0, bus = 0] = await freePorts(2);
  place = { host: "127.0.0.1", port };
  const options = { bind: place.host, port, "cluster-port": bus, "cluster-enabled": "yes", save: "", dir: folder };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  node = spawn("redis-server", args, { stdio: "ignore" });
  await once(node, "spawn");
  admin = new Redis({ ...place, replyMapping: "legacy", maxRetriesPerRequest: null });
  admin.on("error", () => {});
  await admin.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
});

afterAll(async () => {
  admin.disconnect();
  const exit = once(node, "exit");
  node.kill("SIGKILL");
  await exit;
  await rm(folder, { recursive: true, force: true });
});

async function open(keys: ReadonlyMap<number, Buffer>): Promise<Store> {
  return openStore({ options: place, keys: new SealingKeys(keys), meter: noMeter, log: quiet });
}

const slotTag = (key: string): string => /\{([^}]+)\}/.exec(key)?.[1] ?? key;

/** Collects which scripts ran, and those commands in them whose key is not in the slot of the script's own keys. */
function watch(monitor: Redis): { ran: Set<string>; strays: string[] } {
  const names = new Map(Object.entries(SCRIPTS).map(([name, lua]) => [sha(lua), name]));
  const seen = { ran: new Set<string>(), strays: [] as string[] };
  let script = "";
  let tag = "";
  monitor.on("monitor", (_time: string, [command = "", ...args]: string[], source: string) => {
    if (/^evalsha$|^eval$/i.test(command)) {
      const [lua = "", count, ...keys] = args;
      script = names.get(/^evalsha$/i.test(command) ? lua : sha(plain(lua))) ?? lua;
      tag = slotTag(keys[0] ?? "");
      if (keys.slice(0, Number(count)).some((key) => slotTag(key) !== tag)) seen.strays.push(`${script} ${keys}`);
      seen.ran.add(script);
    } else if (source === "lua" && command.toUpperCase() !== "TIME") {
      const keys = command.toUpperCase() === "DEL" ? args : args.slice(0, 1);
      for (const key of keys) if (slotTag(key) !== tag) seen.strays.push(`${script}: ${command} ${key}`);
    }
  });
  return seen;
}

/** A text as it was before MONITOR wrote it on one line. */
function plain(text: string): string {
  return text.replace(/\\(n|"|\\)/g, (_, letter: string) => (letter === "n" ? "\n" : letter));
}

function sha(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

test("every script works on a Cluster, and touches nothing outside the slot of its keys", async () => {
  const state = async () => /cluster_state:(\w+)/.exec(String(await admin.call("CLUSTER", "INFO")))?.[1];
  await expect.poll(state).toBe("ok");
  const monitor = await admin.monitor();
  const seen = watch(monitor);
  const old = Buffer.alloc(32, 1);
  const first = await open(new Map([[1, old]]));
  const second = await open(new Map([[1, old]]).set(2, Buffer.alloc(32, 2)));
  await chats(first);
  await groups(first);
  const mark = await first.markSecret();
  // With a new sealing key each secret is sealed anew.
  expect((await second.password(account("ann")))?.open()).toBe("x");
  expect((await second.secret(person("ann"), "puppet"))?.open()).toBe("y");
  expect(await second.markSecret()).toBe(mark);
  await tickets(first);
  await first.unlink(account("ann"));
  expect(await first.groupsOf(account("ann"))).toEqual([]);
  await Promise.all([first.close(), second.close()]);
  await expect.poll(() => [...seen.ran].toSorted()).toEqual(Object.keys(SCRIPTS).toSorted());
  monitor.disconnect();
  expect(seen.strays).toEqual([]);
});

async function chats(store: Store): Promise<void> {
  const [id, ann, lane] = [account("ann"), person("ann"), out(account("ann"), "bob")];
  const failure = { code: "internal", text: "", certainty: "not-sent" } as const;
  await store.link(record("ann", ann), new Secret("x"));
  await store.update(id, { halt: "elsewhere" });
  await store.keepSecret(ann, "puppet", new Secret("y"));
  await store.intake(matrix, "txn", [
    { lane, body: said("a") },
    { lane: inward(account("other"), "bob"), body: said("b") },
  ]);
  await store.append(lane, said("c"), "c");
  await store.append(lane, said("d"), "d");
  await store.appendOnce(inward(id, "bob"), said("e"), "e");
  const [a, c, d] = await store.read(lane, undefined, 3);
  if (!a || !c || !d) throw new Error("three entries were appended");
  const fence = (await store.acquire(lane.shard, "me", 60_000)) ?? (0 as Fence);
  await store.renew(lane.shard, "me", fence, 60_000);
  await store.done(a, fence, [{ lane: inward(id, "bob"), body: said("copy") }]);
  await store.done(c, fence);
  await store.park(d, messageId("$d"), ann, failure, fence);
  await store.aliasParked(lane, messageId("$d"), messageId("$notice"));
  expect(await store.parked(id)).toHaveLength(1);
  expect(await store.retry(id, messageId("$notice"))).toEqual(lane);
  await store.dropLane(lane);
  await store.release(lane.shard, "me", fence);
  for (const room of ["!a", "!b"])
    await store.bind(portalOf(id, "bob"), { home: matrix, room: roomId(room), resident: ann });
  await store.unbind(matrix, roomId("!b"));
  await store.saveContacts(id, []);
  await store.updateGhost(matrix, { network, contact: address("bob@msn.test") }, { name: "Bob" });
  await store.tell(id, "request|carol@msn.test");
  await store.keepRecall(xmpp, roomId("bob@msn.test"), ["hello"]);
}

async function groups(store: Store): Promise<void> {
  const id = group("cluster");
  const seat = account("ann");
  await store.saveGroup(id, { kind: "several", relay: { account: seat, by: person("ann"), prefix: true } });
  for (const key of ["set-1", "set-2", "set-1"]) await store.takeSeat(seat, id, key);
  for (const room of ["!c", "!d"]) await store.tieRoom(id, { home: matrix, room: roomId(room) });
  await store.tieRoom(id, { home: matrix, room: roomId("!d") }, true);
  await store.markRoom(id, matrix, roomId("!d"), "Thrown out.");
  expect(await store.portalOfRoom(matrix, roomId("!d"))).toBe(id);
  await store.appendRead(toRead(id, [inGroup(id), inGroup(id, xmpp)], said("a"), "read"));
  const more = { ...toRead(id, [inGroup(id)], said("b"), "more"), after: "", print: "b" };
  expect(await store.appendRead(more)).toMatchObject({ kind: "read" });
  expect(await store.appendRead({ ...more, reader: "you boot", once: "theirs" })).toMatchObject({ kind: "other" });
  await store.releaseReader(id, "", "me boot");
  expect(await store.appendRead({ ...more, reader: "you boot", once: "theirs" })).toMatchObject({ kind: "behind" });
  await store.releaseReader(id, "", "you boot");
  const now = Date.now();
  expect(await store.talked(id, now)).toBe(true);
  expect(await store.claimCall(id, "me 1", now)).toBe(true);
  const names = [
    { home: matrix, message: messageId("$1") },
    { home: xmpp, message: messageId("x1") },
  ];
  for (const name of names) await store.sameMessage(id, [name]);
  await store.sameMessage(id, names);
  expect(await store.messageIn(id, xmpp, messageId("x1"), matrix)).toBe("$1");
  await store.untieRoom(id, matrix);
  expect(await store.allGroups()).toEqual([id]);
  await store.dropGroup(id);
  const { id: left } = await store.saveGroup(group("left"), { kind: "several" });
  await store.takeSeat(seat, left);
}

async function tickets(store: Store): Promise<void> {
  const [one, two] = [new Secret("one"), new Secret("two")];
  for (const token of [one, two]) await store.issueTicket(token, { resident: person("ann") }, 60_000);
  expect(await store.tryTicket(one)).toBe(1);
  expect(await store.consumeTicket(one)).toBe(true);
  await store.takeSignIn(network, 1, 1);
}
