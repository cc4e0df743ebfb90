/**
 * The bridge without a component: the real process, signed in to ordinary accounts of a Prosody that knows nothing of it,
 * over a connection that is cut.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BridgeProcess, prepareBridge } from "../../src/cli/sandbox/bridge-process.ts";
import { findLink, linkByPage } from "../../src/cli/sandbox/link-page.ts";
import { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { type RedisServer, startRedis } from "../../src/cli/sandbox/redis.ts";
import type { XmppPerson } from "../../src/cli/sandbox/xmpp-person.ts";
import { NS, xml } from "../../src/cli/sandbox/xmpp-stanza.ts";
import { MsnNetwork } from "../../src/msnp/server/index.ts";
import { type CutProxy, cutProxy } from "../support/cut-proxy.ts";
import { traceOfTest } from "../support/traces.ts";
import { useXmppServer } from "../support/xmpp.ts";

const PASSWORD = "pw";
const NAMES = ["alice", "bob", "emily"];
/** For what takes several steps of the bridge. */
const PATIENTLY = { timeout: 60_000 };
const email = (name: string): string => `${name}@msn.test`;

const xmpp = useXmppServer("prosody", { hasComponent: false });
let msn: MsnNetwork;
let redis: RedisServer;
let store: Redis;
let proxy: CutProxy;
let bob: MsnPerson;
let anna: XmppPerson;
let carl: XmppPerson;
let relay: BridgeProcess;
let account = "";
let room = "";

/** A bridge that signs in to an account through the proxy. */
async function bridgeOn(name: string, database: number, client: Record<string, unknown>): Promise<BridgeProcess> {
  const { host, caFile, domain } = xmpp.server;
  const setup = await prepareBridge({ dir: join(xmpp.dir, name), serverName: domain });
  const bridge = new BridgeProcess({
    setup,
    redisUrl: redis.url.replace(/\/\d+$/, `/${database}`),
    msn: msn.services,
    group: xmpp.group,
    overrides: { xmpp: { client: { host, port: proxy.port, caFile, ...client } } },
  });
  await bridge.start();
  return bridge;
}

async function link(person: XmppPerson, to: string, name: string): Promise<void> {
  await person.say(to, "link");
  const page = await person.waitFor("the page", () =>
    person.messages.map(({ body }) => findLink(body ?? "")).find((url) => url !== undefined),
  );
  await linkByPage(page, { email: email(name), password: PASSWORD });
}

/** How often the account has come back, by how. */
function returns(bridge: BridgeProcess, kind: "resumed" | "fresh"): number {
  const lines = readFileSync(bridge.logFile, "utf8").split("\n");
  return lines.filter((line) => line.includes("signed in to the XMPP server") && line.includes(`"kind":"${kind}"`))
    .length;
}

/** What the relay's lanes still hold. */
async function waiting(): Promise<readonly string[]> {
  const held: string[] = [];
  for (const key of await store.keys("*:lane:*"))
    if ((await store.type(key)) === "stream") held.push(...(await store.xrange(key, "-", "+")).map(String));
  return held;
}

/** Rooms that the account's clients open by themselves (XEP-0402). */
async function bookmarks(person: XmppPerson): Promise<readonly string[]> {
  const ask = xml("pubsub", { xmlns: NS.pubsub }, xml("items", { node: "urn:xmpp:bookmarks:1" }));
  const answer = await person.ask.query("get", person.jid, ask).catch(() => undefined);
  const items = answer?.getChild("items")?.getChildren("item") ?? [];
  return items.flatMap(({ attrs: { id } }) => (id === undefined ? [] : [id]));
}

beforeAll(async () => {
  const accounts = NAMES.map((name) => ({ email: email(name), password: PASSWORD, displayName: name }));
  [msn, redis, proxy] = await Promise.all([
    MsnNetwork.start({ accounts }),
    startRedis({ dir: join(xmpp.dir, "redis"), group: xmpp.group }),
    cutProxy(xmpp.server.c2sPort),
  ]);
  store = new Redis(redis.url);
  for (const name of ["alice", "emily"]) msn.befriend(email(name), email("bob"));
  const { jid, password } = await xmpp.newAccount("msn");
  account = jid;
  room = `lobby@${xmpp.server.muc}`;
  [anna, carl, bob] = await Promise.all([
    xmpp.newPerson("anna"),
    xmpp.newPerson("carl"),
    MsnPerson.signIn({ email: email("bob"), password: PASSWORD, services: msn.services, dialect: "MSNP18" }),
  ]);
  await carl.joinRoom(room, "Carl");
  relay = await bridgeOn("relay", 0, { jid, password, relays: [{ room, owner: anna.jid, contact: email("bob") }] });
});

afterAll(async () => {
  store.disconnect();
  await relay.stop();
  await bob.signOut();
  await proxy.close();
  await msn.close();
});

const toBob = (name = "alice"): readonly string[] => bob.textsFrom(email(name));
const inRoom = (): readonly string[] => carl.rooms.get(room)?.texts("MSN") ?? [];

test("Anna links by writing to the account, and the room that the operator tied to Bob talks with him", async () => {
  traceOfTest();
  await link(anna, account, "alice");
  await anna.waitForMessage(/is linked/, account);
  await carl.waitFor("the relay", () => carl.rooms.get(room)?.occupants.get("MSN"));
  await carl.sayInRoom(room, "Hello Bob, it is all of us");
  await bob.waitForText("[Carl] Hello Bob, it is all of us");
  await bob.say(email("alice"), "Hello all");
  await carl.waitFor("Bob's words", () => inRoom().includes("[bob] Hello all"));
});

test("the socket is cut in mid-talk, three times: resumed, nothing lost, nothing doubled, in order", async () => {
  const [before, shown, came] = [toBob().length, inRoom().length, returns(relay, "resumed")];
  const numbers = Array.from({ length: 60 }, (_, i) => `${i}`);
  for (const [i, text] of numbers.entries()) {
    await carl.sayInRoom(room, `to Bob ${text}`);
    await bob.say(email("alice"), `to all ${text}`);
    if (i % 20 === 10) {
      const back = returns(relay, "resumed") + 1;
      proxy.cut();
      // The next cut must find a session to break.
      if (i < 40) await expect.poll(() => returns(relay, "resumed"), PATIENTLY).toBe(back);
    }
  }
  await bob.waitFor("all of Carl's", () => toBob().includes("[Carl] to Bob 59"));
  await carl.waitFor("all of Bob's", () => inRoom().includes("[bob] to all 59"));
  expect(toBob().slice(before)).toEqual(numbers.map((text) => `[Carl] to Bob ${text}`));
  expect(inRoom().slice(shown)).toEqual(numbers.map((text) => `[bob] to all ${text}`));
  await expect.poll(() => returns(relay, "resumed") - came).toBe(3);
  expect(returns(relay, "fresh")).toBe(1);
});

test("the bridge is killed and started again: what was said meanwhile arrives once, both ways", async () => {
  const [before, shown] = [toBob().length, inRoom().length];
  // What MSN has and the bridge has not noted yet would be said once more (docs/delivery.md).
  await expect.poll(waiting).toEqual([]);
  await relay.kill();
  await carl.sayInRoom(room, "while you were away");
  await relay.start();
  await bob.waitForText("[Carl] while you were away");
  await bob.say(email("alice"), "back again");
  await carl.waitFor("Bob's words", () => inRoom().includes("[bob] back again"));
  await carl.sayInRoom(room, "so are we");
  await bob.waitForText("[Carl] so are we");
  expect(toBob().slice(before)).toEqual(["[Carl] while you were away", "[Carl] so are we"]);
  expect(inRoom().slice(shown)).toEqual(["[bob] back again"]);
});

test("Emma's own account is the home of her MSN account: she talks to the bridge by talking to herself", async () => {
  const own = await xmpp.newAccount("emma");
  const emma = await xmpp.newPerson(own, traceOfTest());
  const personal = await bridgeOn("personal", 1, { ...own, personal: true });
  await link(emma, emma.jid, "emily");
  await bob.waitFor("Emily to come", () => (bob.contact(email("emily"))?.status ?? "FLN") !== "FLN");
  await bob.say(email("emily"), "Hi Emily");
  // Her clients open it by themselves: it is among the account's bookmarks.
  await expect.poll(() => bookmarks(emma), PATIENTLY).toHaveLength(1);
  const [chat = ""] = await bookmarks(emma);
  await emma.joinRoom(chat, "Emma");
  await emma.waitForMessage("Hi Emily", chat);
  await emma.sayInRoom(chat, "Hi Bob, from my own account");
  await bob.waitForText("Hi Bob, from my own account");
  proxy.cut();
  await bob.say(email("emily"), "Are you still there?");
  await emma.waitForMessage("Are you still there?", chat);
  expect(toBob("emily")).toEqual(["Hi Bob, from my own account"]);
  expect(await personal.stop()).toBe(0);
});
