import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { noMeter } from "../../../src/bridge/metrics.ts";
import { parseHomeName } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { spokenBy } from "../../../src/bridge/speaker.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { RoomsClient } from "../../../src/xmpp/client/rooms.ts";
import { parseBareJid } from "../../../src/xmpp/jid.ts";
import type { ClientService } from "../../../src/xmpp/link/client-stream.ts";
import type { MucRoom } from "../../../src/xmpp/muc/muc.ts";
import type { RoomMessage } from "../../../src/xmpp/muc/room-words.ts";
import type { MucLimits } from "../../../src/xmpp/muc/types.ts";
import { el } from "../../../src/xmpp/stanza/xml.ts";
import { type CutProxy, cutProxy } from "../../support/cut-proxy.ts";
import { useXmppServer } from "../../support/xmpp.ts";

const fixture = useXmppServer("prosody");
const numbers = (length: number): string[] => Array.from({ length }, (_, i) => `${i}`);

interface Rig {
  readonly client: RoomsClient;
  readonly room: MucRoom;
  readonly proxy: CutProxy;
  /** What others said, as it was told. */
  readonly heard: RoomMessage[];
  readonly sessions: string[];
  readonly changes: { isIn: boolean; why: string; triesAgain: boolean }[];
}

async function rig(room: string, service: Partial<ClientService> = {}, limits: Partial<MucLimits> = {}): Promise<Rig> {
  const { server } = fixture;
  const account = await fixture.newAccount("relay");
  const proxy = await cutProxy(server.c2sPort);
  const heard: RoomMessage[] = [];
  const sessions: string[] = [];
  const changes: Rig["changes"] = [];
  const client = new RoomsClient({
    service: {
      host: server.host,
      port: proxy.port,
      jid: parseBareJid(account.jid),
      password: new Secret(account.password),
      resource: "bridge",
      tls: "starttls",
      ca: server.ca,
      ...service,
    },
    home: parseHomeName("xmpp"),
    online: (how) => sessions.push(how),
    offline: () => sessions.push("offline"),
    meter: noMeter,
    log: pino({ level: "silent" }),
    limits: { firstWaitMs: 50, longestWaitMs: 200, freshMs: 4000 },
  });
  client.start();
  onTestFinished(async () => {
    await client.stop();
    await proxy.close();
  });
  await client.link.attached();
  const muc = client.put({
    room: parseBareJid(room),
    nick: "relay",
    isOurs: () => false,
    said: (message) => void heard.push(message),
    changed: (change) => changes.push(change),
    log: pino({ level: "silent" }),
    limits: { firstWaitMs: 50, longestWaitMs: 200, ...limits },
  });
  await muc.enterOrReturn();
  return { client, room: muc, proxy, heard, sessions, changes };
}

async function annaIn(nick = "anna"): Promise<{ anna: XmppPerson; jid: string }> {
  const anna = await fixture.newPerson("anna");
  const jid = `room-${randomUUID().slice(0, 8)}@${fixture.server.muc}`;
  await anna.joinRoom(jid, nick);
  return { anna, jid };
}

const spoken = (anna: XmppPerson, room: string): readonly string[] => anna.rooms.get(room)?.texts("relay") ?? [];
const bodies = (heard: readonly RoomMessage[]): string[] => heard.map(({ body }) => body);

test("the relay speaks for others in a room, hears who is there, and does not hear itself", async () => {
  const { anna, jid } = await annaIn();
  await anna.say(jid, "before anybody came", { type: "groupchat" });
  await anna.waitForMessage("before anybody came");
  const { room, heard } = await rig(jid);
  const said = await room.speak("id-1", spokenBy("Bert", "hello"));
  expect(said.stanzaId).toBeDefined();
  expect(await room.speak("id-1", spokenBy("Bert", "hello"))).toBe(said);
  await anna.say(jid, "hello Bert", { type: "groupchat" });
  await expect.poll(() => heard.length).toBe(1);
  expect(heard[0]).toMatchObject({ nick: "anna", body: "hello Bert", isOwnNick: false });
  await anna.waitForMessage("hello Bert", jid);
  expect(spoken(anna, jid)).toEqual(["[Bert] hello"]);
});

test("a nick that is taken is given a number", async () => {
  const { jid } = await annaIn("relay");
  const { room } = await rig(jid);
  expect(room.isIn).toBe(true);
  expect(room.nick).toBe("relay2");
});

test("the socket is cut again and again while they talk: each word once, in order, both ways", async () => {
  const { anna, jid } = await annaIn();
  const { client, room, proxy, heard, sessions } = await rig(jid);
  const speaks: Promise<RoomMessage>[] = [];
  for (const [i, text] of numbers(120).entries()) {
    await client.link.attached();
    speaks.push(room.speak(`cut-${i}`, spokenBy("Bert", text)));
    await anna.say(jid, text, { type: "groupchat" });
    if (i % 30 === 15) proxy.cut();
    if (i % 30 === 25) await Promise.all(speaks);
  }
  await Promise.all(speaks);
  await expect.poll(() => heard.length).toBe(120);
  await expect.poll(() => spoken(anna, jid).length).toBe(120);
  expect(bodies(heard)).toEqual(numbers(120));
  expect(spoken(anna, jid)).toEqual(numbers(120).map((text) => `[Bert] ${text}`));
  expect(sessions.filter((state) => state !== "offline")).toEqual(["fresh", ...numbers(4).map(() => "resumed")]);
});

test("a session that is lost: what was missed comes from the archive, what was being said is said once", async () => {
  const { anna, jid } = await annaIn();
  const { room, proxy, heard, sessions } = await rig(jid, { streamManagement: false });
  await anna.say(jid, "first", { type: "groupchat" });
  await expect.poll(() => heard.length).toBe(1);
  await room.speak("before", spokenBy("Bert", "before"));
  proxy.swallow(true);
  const speaks = numbers(5).map((text) => room.speak(`lost-${text}`, spokenBy("Bert", text)));
  proxy.cut();
  // More than a room's history shows.
  for (const text of numbers(60)) await anna.say(jid, text, { type: "groupchat" });
  await anna.waitFor("its own words", () => anna.rooms.get(jid)?.texts("anna").length === 61);
  proxy.swallow(false);
  proxy.cut();
  await Promise.all(speaks);
  await anna.say(jid, "last", { type: "groupchat" });
  await expect.poll(() => heard.length).toBe(62);
  expect(bodies(heard)).toEqual(["first", ...numbers(60), "last"]);
  await anna.waitForMessage("last", jid);
  expect(spoken(anna, jid)).toEqual(["before", ...numbers(5)].map((text) => `[Bert] ${text}`));
  expect(sessions.filter((state) => state !== "offline")).toEqual(["fresh", "fresh"]);
});

test("what had been said when the answer was lost is found in the archive, and not said again", async () => {
  const { anna, jid } = await annaIn();
  const { client, room, proxy } = await rig(jid, { streamManagement: false });
  await room.speak("before", spokenBy("Bert", "before"));
  proxy.swallow("answers");
  const speak = room.speak("half", spokenBy("Bert", "half heard"));
  await anna.waitForMessage("[Bert] half heard");
  proxy.swallow(false);
  proxy.cut();
  const said = await speak;
  await client.link.attached();
  await room.speak("after", spokenBy("Bert", "after"));
  await anna.waitForMessage("[Bert] after");
  expect(said.saidAt).toBeDefined();
  expect(spoken(anna, jid)).toEqual(["before", "half heard", "after"].map((text) => `[Bert] ${text}`));
});

test("who is kicked stays out and hears why; the words come back", async () => {
  const { anna, jid } = await annaIn();
  const { room, changes } = await rig(jid);
  const item = xml("item", { nick: "relay", role: "none" }, xml("reason", {}, "too loud"));
  const query = xml("query", { xmlns: "http://jabber.org/protocol/muc#admin" }, item);
  await anna.send(xml("iq", { type: "set", to: jid, id: "kick" }, query));
  await expect
    .poll(() => changes.at(-1))
    .toMatchObject({ isIn: false, why: "too loud", triesAgain: false, by: { nick: "anna" } });
  await expect(room.speak("x", spokenBy("Bert", "still here"))).rejects.toThrow("not in the room");
});

test("who was kicked stays out in a new session, too, until it is asked in", async () => {
  const { anna, jid } = await annaIn();
  const { client, room, proxy, changes } = await rig(jid, { streamManagement: false });
  const item = xml("item", { nick: "relay", role: "none" }, xml("reason", {}, "too loud"));
  const query = xml("query", { xmlns: "http://jabber.org/protocol/muc#admin" }, item);
  await anna.send(xml("iq", { type: "set", to: jid, id: "kick" }, query));
  await expect.poll(() => changes.length).toBe(2);
  proxy.cut();
  await expect.poll(() => client.link.isOnline).toBe(false);
  await client.link.attached();
  expect(room.isIn).toBe(false);
  expect(changes).toHaveLength(2);
  await room.enterOrReturn();
  expect(room.isIn).toBe(true);
});

test("a new name and a new state at once: the room knows both", async () => {
  const { anna, jid } = await annaIn();
  const { room } = await rig(jid);
  room.rename("Bert");
  room.show({ show: "dnd", status: "at work" });
  const seen = await anna.waitForPresence(`${jid}/Bert`, "busy", ({ show }) => show === "dnd");
  expect(seen.status).toBe("at work");
  await room.speak("named", "it is me");
  await anna.waitForMessage("it is me");
  expect(room.nick).toBe("Bert");
});

test("a message that only says of itself that it is old, and whose it is, is believed neither", async () => {
  const { anna, jid } = await annaIn();
  const { heard } = await rig(jid);
  const delay = xml("delay", { xmlns: "urn:xmpp:delay", stamp: "2099-01-01T00:00:00Z" });
  const item = xml("x", { xmlns: "http://jabber.org/protocol/muc#user" }, xml("item", { jid: "dora@xmpp.test" }));
  await anna.sayInRoom(jid, "I am Dora", { extra: [delay, item] });
  await expect.poll(() => bodies(heard)).toEqual(["I am Dora"]);
  expect(heard[0]).toMatchObject({ saidAt: undefined, archivedJid: undefined });
});

test("one room that does not get ready keeps nobody from the others", async () => {
  const { anna, jid } = await annaIn();
  const { client, room, proxy } = await rig(jid, { streamManagement: false });
  const never = new Promise<void>(() => {});
  client.put({
    room: parseBareJid(`stuck-${jid}`),
    nick: "relay",
    isOurs: () => false,
    said: () => {},
    entered: () => never,
    log: pino({ level: "silent" }),
  });
  proxy.cut();
  await expect.poll(() => client.link.isOnline).toBe(false);
  await client.link.attached();
  await room.speak("others", "we go on");
  await anna.waitForMessage("we go on");
});

test("a room that forgets the relay is entered again", async () => {
  const { anna, jid } = await annaIn();
  const { client, room, changes } = await rig(jid);
  // As when the room's server loses its memory: the room answers as to a stranger.
  client.link.send(el("presence", { to: `${jid}/relay`, type: "unavailable" }));
  await expect.poll(() => changes.length).toBe(3);
  expect(changes.map(({ isIn }) => isIn)).toEqual([true, false, true]);
  await room.speak("again", spokenBy("Bert", "here again"));
  await anna.waitForMessage("[Bert] here again");
});

test("the server dies and comes back: the relay sits in its room again and goes on", async () => {
  const { jid } = await annaIn();
  const { client, room, sessions, heard } = await rig(jid);
  await fixture.server.kill();
  await expect.poll(() => sessions).toContain("offline");
  await expect(room.speak("down", spokenBy("Bert", "is anybody there"))).rejects.toThrow("home-down");
  await fixture.server.restart();
  await client.link.attached();
  const carl = await fixture.newPerson("carl");
  await carl.joinRoom(jid, "carl");
  await room.speak("down", spokenBy("Bert", "is anybody there"));
  await carl.waitForMessage("[Bert] is anybody there");
  await carl.say(jid, "I am", { type: "groupchat" });
  await expect.poll(() => bodies(heard)).toEqual(["I am"]);
});
