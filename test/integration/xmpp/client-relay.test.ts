import { afterAll, beforeAll, expect, test } from "vitest";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { NS, xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { useXmppServer } from "../../support/xmpp.ts";
import { ClientWorld, soon } from "./client-world.ts";

const fixture = useXmppServer("prosody");
const ADMIN = "http://jabber.org/protocol/muc#admin";
const numbers = (length: number): string[] => Array.from({ length }, (_, i) => `${i}`);

let world: ClientWorld;
let anna: XmppPerson;
let carl: XmppPerson;
let jid: string;

beforeAll(async () => {
  [anna, carl] = await Promise.all([fixture.newPerson("anna"), fixture.newPerson("carl")]);
  jid = `friends@${fixture.server.muc}`;
  await carl.joinRoom(jid, "Carl");
  await carl.sayInRoom(jid, "long before the relay came");
  await carl.sayInRoom(jid, "before the relay came");
  await carl.waitForMessage("before the relay came");
  world = await ClientWorld.start({
    server: fixture.server,
    account: await fixture.newAccount("msn"),
    relays: [{ room: jid, resident: anna.jid, contact: "bob" }],
  });
});

afterAll(async () => {
  await world.stop();
});

const toBob = (): string[] => world.received("alice", "bob");
const relayed = (): readonly string[] => carl.rooms.get(jid)?.texts("MSN") ?? [];

test("the room waits for anna to link an account; she is told so once, by herself", async () => {
  await carl.waitFor("the relay in the room", () => carl.rooms.get(jid)?.occupants.get("MSN"));
  const notice = await anna.waitForMessage(/bob@toy.test/, world.jid);
  expect(notice.body).toContain("Say `link`");
  await world.link(anna.jid, "alice", "bob");
  await soon(() => anna.messages.filter(({ body }) => body === notice.body).length).toBe(1);
});

test("everybody in the room talks with bob, each under their name; nothing comes back", async () => {
  await anna.joinRoom(jid, "Anna");
  await carl.sayInRoom(jid, "hello Bob");
  await soon(toBob).toEqual(["[Carl] hello Bob"]);
  await anna.sayInRoom(jid, "hi from me");
  await world.hear("alice", "bob", "hello all\n[Carl] I am Carl");
  await carl.waitForMessage("[bob] hello all\n> [Carl] I am Carl");
  await soon(toBob).toEqual(["[Carl] hello Bob", "[Anna] hi from me"]);
  expect(relayed()).toEqual(["[bob] hello all\n> [Carl] I am Carl"]);
});

test("what is whispered to the relay comes back: it speaks to all", async () => {
  const id = await carl.say(`${jid}/MSN`, "psst");
  const { error } = await carl.waitForError(id);
  expect(error?.text).toContain("said to all");
});

test("the socket is cut in mid-talk, again and again: nothing lost, nothing doubled, in order, both ways", async () => {
  const [before, shown] = [toBob().length, relayed().length];
  for (const [i, text] of numbers(90).entries()) {
    await carl.sayInRoom(jid, text);
    await world.hear("alice", "bob", text);
    if (i % 30 === 10) world.proxy.cut();
  }
  await soon(() => toBob().length - before).toBe(90);
  await soon(() => relayed().length - shown).toBe(90);
  expect(toBob().slice(before)).toEqual(numbers(90).map((text) => `[Carl] ${text}`));
  expect(relayed().slice(shown)).toEqual(numbers(90).map((text) => `[bob] ${text}`));
});

test("the bridge goes while both talk: what was said meanwhile arrives once when it is back", async () => {
  const [before, shown] = [toBob().length, relayed().length];
  world.network.slowMs = 5;
  for (const text of numbers(20)) {
    await carl.sayInRoom(jid, text);
    await world.hear("alice", "bob", text);
  }
  await world.stopBridge();
  for (const text of numbers(40).slice(20)) await carl.sayInRoom(jid, text);
  await world.startBridge();
  await soon(() => toBob().length - before).toBe(40);
  await soon(() => relayed().length - shown).toBe(20);
  expect(toBob().slice(before)).toEqual(numbers(40).map((text) => `[Carl] ${text}`));
  expect(relayed().slice(shown)).toEqual(numbers(20).map((text) => `[bob] ${text}`));
  world.network.slowMs = 0;
});

test("the bridge goes when a message has been said and it does not know: it is not said again", async () => {
  world.proxy.swallow("answers");
  await world.hear("alice", "bob", "only once");
  await carl.waitForMessage("[bob] only once");
  await world.stopBridge();
  world.proxy.swallow(false);
  await world.startBridge();
  await world.hear("alice", "bob", "and then this");
  await carl.waitForMessage("[bob] and then this");
  expect(relayed().slice(-2)).toEqual(["[bob] only once", "[bob] and then this"]);
});

test("put out of the room, it stays out and says why; asked in again, it goes on", async () => {
  const item = xml("item", { nick: "MSN", role: "none" }, xml("reason", {}, "too loud"));
  await carl.send(xml("iq", { type: "set", to: jid, id: "kick" }, xml("query", { xmlns: ADMIN }, item)));
  await anna.waitForMessage(/no longer in .*: too loud/, world.jid);
  await world.hear("alice", "bob", "are you still there?");
  await anna.waitForMessage(/could not be shown.*too loud/, world.jid);
  await carl.sayInRoom(jid, "come back");
  const invite = xml("x", { xmlns: NS.mucUser }, xml("invite", { to: world.jid }));
  await carl.send(xml("message", { to: jid, id: "come" }, invite));
  await carl.waitFor("the relay back", () => carl.rooms.get(jid)?.occupants.get("MSN"));
  await carl.sayInRoom(jid, "there you are");
  await soon(() => toBob().slice(-2)).toEqual(["[Carl] come back", "[Carl] there you are"]);
});

test("the server dies and comes back: the relay sits in its room again and goes on", async () => {
  await fixture.server.kill();
  await world.hear("alice", "bob", "while it was dead");
  await fixture.server.restart();
  await world.home.attached();
  const dora = await fixture.newPerson("dora");
  await dora.joinRoom(jid, "Dora");
  await dora.waitForMessage("[bob] while it was dead");
  await dora.sayInRoom(jid, "alive");
  await soon(() => toBob().at(-1)).toBe("[Dora] alive");
  expect(
    dora.rooms
      .get(jid)
      ?.texts("MSN")
      .filter((text) => text.includes("dead")),
  ).toHaveLength(1);
});
