import { afterAll, beforeAll, expect, test } from "vitest";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import type { XmppAccount } from "../../../src/cli/sandbox/xmpp-server.ts";
import { NS, xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { befriend, useXmppServer } from "../../support/xmpp.ts";
import { ClientWorld, soon } from "./client-world.ts";

const fixture = useXmppServer("prosody");
const BOOKMARKS = "urn:xmpp:bookmarks:1";
let world: ClientWorld;
let account: XmppAccount;
/** Anna at her own client; the bridge is signed in to the same account. */
let anna: XmppPerson;

beforeAll(async () => {
  account = await fixture.newAccount("anna");
  anna = await fixture.newPerson(account, undefined, { resource: "desk" });
  const limits = { lookBackMs: 200, inviteMs: 0 };
  world = await ClientWorld.start({ server: fixture.server, account, personal: true, limits });
});

afterAll(async () => {
  await world.stop();
});

/** What the bridge said in the chat with oneself, each once, as clients show it. */
const answers = (who: XmppPerson): string[] => {
  const seen = new Map(
    who.messages
      .filter(({ from, body }) => from === `${account.jid}/msnbridge` && body !== undefined)
      .map(({ id, body }) => [id, body ?? ""]),
  );
  return [...seen.values()];
};

/** Rooms that the account's clients are to open. */
async function bookmarks(): Promise<string[]> {
  const ask = xml("pubsub", { xmlns: NS.pubsub }, xml("items", { node: BOOKMARKS }));
  const answer = await anna.ask.query("get", account.jid, ask);
  const items = answer.getChild("items")?.getChildren("item") ?? [];
  return items
    .filter((item) => item.getChild("conference")?.attrs.autojoin === "true")
    .map(({ attrs }) => attrs.id ?? "");
}

test("anna talks to herself, and the bridge answers; it does not hear itself", async () => {
  await anna.say(account.jid, "status", { receipt: false });
  await anna.waitFor("the answer", () => answers(anna).length > 0);
  expect(answers(anna)).toEqual(["The bridge is running. You have no account linked; say `link`."]);
  await anna.say(`${account.jid}/msnbridge`, "status", { receipt: false });
  await anna.waitFor("the second answer", () => answers(anna).length > 1);
  expect(answers(anna)).toHaveLength(2);
});

test("what others write to anna is none of the bridge's business, and comes to her clients", async () => {
  const eve = await fixture.newPerson("eve");
  await eve.say(account.jid, "help");
  await anna.waitForMessage("help", eve.jid);
  await anna.say(eve.jid, "status");
  await eve.waitForMessage("status");
  expect(answers(anna)).toHaveLength(2);
  expect(eve.messages.filter(({ body }) => body !== undefined)).toHaveLength(1);
});

test("bob writes: the room is noted so that anna's clients open it; she talks there from two of them", async () => {
  await world.link(account.jid, "alice", "bob");
  await world.hear("alice", "bob", "hi anna");
  await soon(async () => (await bookmarks()).length).toBe(1);
  const [room = ""] = await bookmarks();
  await anna.joinRoom(room, "anna");
  await anna.waitForMessage("hi anna");
  const phone = await fixture.newPerson(account, undefined, { resource: "phone" });
  await phone.joinRoom(room, "anna on the road");
  await anna.sayInRoom(room, "from my desk");
  await soon(() => world.received("alice", "bob")).toEqual(["from my desk"]);
  await phone.sayInRoom(room, "from my phone");
  await soon(() => world.received("alice", "bob")).toEqual(["from my desk", "from my phone"]);
  await anna.waitForMessage("from my phone", room);
  expect(anna.rooms.get(room)?.nicks()).toEqual(["anna", "anna on the road", "bob"]);
  expect(anna.rooms.get(room)?.texts("bob")).toEqual(["hi anna"]);
  await phone.close();
});

test("the bridge goes for a while: what anna says in the room meanwhile goes out when it is back", async () => {
  const [room = ""] = await bookmarks();
  await world.stopBridge();
  await anna.sayInRoom(room, "while you were out");
  await world.startBridge();
  await soon(() => world.received("alice", "bob").at(-1)).toBe("while you were out");
  expect(world.received("alice", "bob")).toHaveLength(3);
});

test("anna destroys the room: when bob writes again, there is another, and they go on", async () => {
  const [room = ""] = await bookmarks();
  const destroy = xml("query", { xmlns: "http://jabber.org/protocol/muc#owner" }, xml("destroy"));
  await anna.send(xml("iq", { type: "set", to: room, id: "destroy" }, destroy));
  await anna.waitFor("the end of the room", () => anna.rooms.get(room)?.joined === false);
  await world.hear("alice", "bob", "where did you go?");
  await soon(async () => (await bookmarks()).filter((jid) => jid !== room).length).toBe(1);
  const another = (await bookmarks()).find((jid) => jid !== room) ?? "";
  await soon(bookmarks).toEqual([another]);
  await anna.joinRoom(another, "anna");
  await anna.waitForMessage("where did you go?");
  await anna.sayInRoom(another, "here I am");
  await soon(() => world.received("alice", "bob").at(-1)).toBe("here I am");
});

test("anna leaves the room and forgets it: when bob writes again, it is among her bookmarks again", async () => {
  const [joined = ""] = await bookmarks();
  await anna.leaveRoom(joined);
  const retract = xml("retract", { node: BOOKMARKS, notify: "true" }, xml("item", { id: joined }));
  await anna.send(xml("iq", { type: "set", id: "forget" }, xml("pubsub", { xmlns: NS.pubsub }, retract)));
  await soon(bookmarks).not.toContain(joined);
  await world.hear("alice", "bob", "still friends?");
  await soon(bookmarks).toContain(joined);
  await anna.joinRoom(joined, "anna");
  await anna.waitForMessage("still friends?");
});

test("anna's own state is that of her other clients", async () => {
  await anna.setPresence({ show: "away", status: "Tea" });
  const away = { availability: "away", text: "Tea" };
  await soon(async () => (await world.session("alice")).shown).toEqual(away);
});

test("when only the bridge is there, anna is away to her contacts, and what they write waits for her", async () => {
  const eve = await fixture.newPerson("eve");
  await befriend(eve, anna);
  await anna.close();
  await eve.waitForPresence(anna.fullJid, "gone", ({ type }) => type === "unavailable");
  expect(eve.presenceOf(`${account.jid}/msnbridge`)?.show).toBe("xa");
  await eve.say(account.jid, "where are you?");
  const back = await fixture.newPerson(account, undefined, { resource: "desk" });
  await back.waitForMessage("where are you?", eve.jid);
});
