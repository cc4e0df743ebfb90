import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import type { XmppRoom } from "../../../src/cli/sandbox/xmpp-room.ts";
import { xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { b, i, r } from "../../support/golden.ts";
import { useXmppServer } from "../../support/xmpp.ts";
import { accept, address, ClientWorld, soon } from "./client-world.ts";

/** As mod_muc_limits does it, but at words that tests know: too fast once. */
const PACE = `local st, seen = require "util.stanza", {};
module:hook("muc-occupant-groupchat", function (event)
  local body = event.stanza:get_child_text("body");
  if not body or not body:find("in a hurry") or seen[body] then return end
  seen[body] = true;
  event.origin.send(st.error_reply(event.stanza, "wait", "policy-violation", "You speak too fast"));
  return true;
end, 500);`;

const fixture = useXmppServer("prosody", {
  config: (usual, { dir }) => {
    writeFileSync(join(dir, "mod_pace.lua"), PACE);
    return usual
      .replace("/usr/lib/prosody/modules", (known) => `${known}", "${dir}`)
      .replace('"muc_mam"', '"muc_mam", "pace"');
  },
});
let world: ClientWorld;
let anna: XmppPerson;
let eve: XmppPerson;
/** Anna's room with Bob. */
let jid: string;

beforeAll(async () => {
  [anna, eve] = await Promise.all([fixture.newPerson("anna"), fixture.newPerson("eve")]);
  world = await ClientWorld.start({
    server: fixture.server,
    account: await fixture.newAccount("msn"),
    mayLink: (who) => who.startsWith("anna"),
  });
});

afterAll(async () => {
  await world.stop();
});

const room = (): XmppRoom => {
  const known = anna.rooms.get(jid);
  if (known === undefined) throw new Error("anna is not in the room");
  return known;
};
const toBob = (): string[] => world.received("alice", "bob");

test("anna says help and link to the account: it answers, with the page as an address to open", async () => {
  await anna.say(world.jid, "help");
  await anna.waitForMessage(/`chat <address>/, world.jid);
  await anna.say(world.jid, "link");
  const answer = await anna.waitForMessage(/Open this page/, world.jid);
  expect(answer.url).toBe("https://bridge.test/link/token");
});

test("a stranger is refused, politely and once", async () => {
  const id = await eve.say(world.jid, "link");
  const { error } = await eve.waitForError(id);
  expect(error).toMatchObject({ condition: "forbidden", text: expect.stringContaining("operator decides") });
  await eve.say(world.jid, "please");
  await eve.sendPresence(world.jid, "subscribe");
  await eve.waitFor("a no", () => eve.presences.find(({ type }) => type === "unsubscribed"));
  expect(eve.messages.filter((seen) => seen.error !== undefined)).toHaveLength(1);
});

test("bob writes: anna is asked into a room with him, in which they talk", async () => {
  await world.link(anna.jid, "alice", "bob", "carl");
  await world.hear("alice", "bob", "hi anna");
  jid = await accept(anna, "anna");
  await anna.waitForMessage("hi anna");
  expect(jid).toMatch(/^msn-[0-9a-f]{32}@/);
  expect(room().nicks()).toEqual(["anna", "bob"]);
  const info = await anna.ask.discoInfo(jid);
  expect(info.features).toEqual(
    expect.arrayContaining(["muc_membersonly", "muc_nonanonymous", "muc_hidden", "muc_persistent"]),
  );
  await anna.sayInRoom(jid, "hi bob");
  await soon(toBob).toEqual(["hi bob"]);
  expect(room().texts("bob")).toEqual(["hi anna"]);
});

test("nobody else comes in", async () => {
  await expect(eve.joinRoom(jid, "eve")).rejects.toThrow("registration-required");
});

test("anna is told nothing twice: the room is the one that `chat` names", async () => {
  await anna.say(world.jid, "chat bob@toy.test");
  await anna.waitForMessage(/bob@toy.test/, world.jid);
  const invitations = anna.messages.filter(({ element }) => element.getChild("x", "jabber:x:conference"));
  expect(invitations).toHaveLength(1);
});

test("bob's state and personal message are those of the room's occupant", async () => {
  world.network.contact(address("bob"), "busy", "At work", "bob");
  await anna.waitForPresence(`${jid}/bob`, "busy", ({ show, status }) => show === "dnd" && status === "At work");
  world.network.contact(address("bob"), "offline", "", "bob");
  await anna.waitForPresence(`${jid}/bob`, "gone", ({ status }) => status === "Offline");
  world.network.contact(address("bob"), "online", "", "bob");
  await anna.waitForPresence(`${jid}/bob`, "back", ({ show }) => show === undefined);
});

test("bob takes another name, and anna has one of her own for him", async () => {
  world.network.contact(address("bob"), "online", "", "Bob the Builder");
  await anna.waitFor("the new name", () => room().occupants.get("Bob the Builder"));
  await anna.say(world.jid, "rename bob@toy.test Bobby");
  await anna.waitFor("her name for him", () => room().occupants.get("Bobby"));
  await anna.say(world.jid, "rename bob@toy.test");
  await anna.waitFor("his own name", () => room().occupants.get("Bob the Builder"));
  world.network.contact(address("bob"), "online", "", "bob");
  await anna.waitFor("the old name", () => room().occupants.get("bob"));
  expect(room().nicks()).toEqual(["anna", "bob"]);
});

test("typing goes both ways", async () => {
  const session = await world.session("alice");
  session.hooks.typing(address("bob"));
  await anna.waitFor("bob typing", () =>
    room().messages.find(({ chatState, from }) => chatState === "composing" && from === `${jid}/bob`),
  );
  await world.hear("alice", "bob", "typed");
  await anna.waitForMessage("typed");
  await anna.waitFor("bob's pause", () => room().messages.find(({ chatState }) => chatState === "paused"));
  const composing = xml("composing", { xmlns: "http://jabber.org/protocol/chatstates" });
  await anna.send(xml("message", { to: jid, type: "groupchat" }, composing));
  await soon(() => world.network.typed.length).toBeGreaterThan(0);
});

test("a room that says `too fast` is told again, in order: nothing is lost", async () => {
  const before = room().texts("bob").length;
  await world.hear("alice", "bob", "I am in a hurry");
  await world.hear("alice", "bob", "and gone");
  await anna.waitForMessage("and gone");
  expect(room().texts("bob").slice(before)).toEqual(["I am in a hurry", "and gone"]);
});

test("a nudge, a correction and /me", async () => {
  await world.hear("alice", "bob", "bob sent you a nudge!", { nudge: true });
  const nudge = await anna.waitForMessage("bob sent you a nudge!");
  expect(nudge.attention).toBe(true);
  const before = toBob().length;
  const attention = xml("attention", { xmlns: "urn:xmpp:attention:0" });
  await anna.sayInRoom(jid, "Attention!", { extra: [attention] });
  const id = await anna.sayInRoom(jid, "see you at fife");
  await anna.say(jid, "see you at five", { type: "groupchat", replaces: id });
  await anna.sayInRoom(jid, "/me waves");
  await soon(() => toBob().slice(before)).toEqual([
    "Attention!",
    "(nudge)",
    "see you at fife",
    "* fife → five",
    "* waves",
  ]);
});

test("looks go both ways", async () => {
  const { hooks } = await world.session("alice");
  const words = { kind: "text", from: address("bob"), fromName: "bob", at: Date.now() } as const;
  hooks.message({ ...words, text: "well done", rich: r(b("well"), " done") });
  await anna.waitForMessage("*well* done");
  await anna.sayInRoom(jid, "_thank_ you");
  await soon(() => toBob().at(-1)).toBe("thank you");
  expect(world.network.looks.at(-1)).toEqual(r(i("thank"), " you"));
});

test("anna reacts to bob's words and her own, and answers", async () => {
  await world.hear("alice", "bob", "the train is late");
  const his = await anna.waitForMessage("the train is late");
  await anna.sayInRoom(jid, "I bring cake");
  const own = await anna.waitForMessage("I bring cake");
  const react = async (to: string | undefined, ...emoji: string[]): Promise<void> => {
    const all = emoji.map((one) => xml("reaction", {}, one));
    const reactions = xml("reactions", { xmlns: "urn:xmpp:reactions:0", id: to ?? "" }, all);
    await anna.send(xml("message", { to: jid, type: "groupchat", id: `r-${emoji.join("")}` }, [reactions]));
  };
  await react(his.stanzaId, "👍");
  await react(his.stanzaId, "❤️");
  await react(own.stanzaId, "🎉");
  const reply = xml("reply", { xmlns: "urn:xmpp:reply:0", id: his.stanzaId ?? "" });
  await anna.sayInRoom(jid, "by how much?", { extra: [reply] });
  await soon(() => toBob().at(-1)).toBe("> the train is late\nby how much?");
  expect(toBob().at(-2)).toBe("❤️ to “the train is late”\n🎉 to “I bring cake”");
});

test("of a sticker a line goes out that names it, and the room is told so", async () => {
  await anna.sayInRoom(jid, "👋", { extra: [xml("sticker", { xmlns: "urn:xmpp:stickers:0", pack: "p" })] });
  await anna.waitForMessage(/cannot be given a sticker/);
  await soon(() => toBob().at(-1)).toBe("[sent a sticker: “👋”]");
});

test("what anna says in her own Messenger stands in the room, marked; what is old has its time", async () => {
  (await world.session("alice")).hearOwn(address("bob"), "from my laptop");
  await anna.waitForMessage("[You, at Laptop] from my laptop");
  await world.hear("alice", "bob", "are you there?", { delayed: true });
  await anna.waitForMessage("(2009-02-03 10:30 UTC) are you there?");
  expect(toBob()).not.toContain("[You, at Laptop] from my laptop");
});

test("what cannot go is told in the room with its beginning, and goes when anna says retry", async () => {
  world.network.away.add(address("bob"));
  await anna.sayInRoom(jid, "are you still there, dear Bob, or have you left me?");
  const notice = await anna.waitForMessage(/^\[MSN\] Not delivered: “are you still there, dear Bob, or have …”\./);
  expect(notice.body).toContain(`\`retry\` to ${world.jid}`);
  world.network.away.clear();
  await anna.say(world.jid, "retry");
  await soon(() => toBob().at(-1)).toBe("are you still there, dear Bob, or have you left me?");
});

test("encrypted words are refused in the room, and to the account", async () => {
  const omemo = xml("encrypted", { xmlns: "eu.siacs.conversations.axolotl" });
  const hint = "I sent you an OMEMO encrypted message";
  const before = toBob().length;
  await anna.sayInRoom(jid, hint, { extra: [omemo] });
  await anna.waitForMessage(/^\[MSN\] Not delivered.*encrypted/s, jid);
  await anna.say(world.jid, hint, { extra: [omemo] });
  await anna.waitForMessage(/an encrypted message here/, world.jid);
  expect(toBob()).toHaveLength(before);
});

test("the bridge is stopped in mid-talk: what anna says meanwhile arrives once, in order, and nothing of before", async () => {
  const before = toBob();
  await anna.sayInRoom(jid, "before");
  await soon(toBob).toEqual([...before, "before"]);
  await world.stopBridge();
  for (const text of ["while", "you", "were", "out"]) await anna.sayInRoom(jid, text);
  await world.startBridge();
  await anna.sayInRoom(jid, "after");
  await soon(toBob).toEqual([...before, "before", "while", "you", "were", "out", "after"]);
  await world.hear("alice", "bob", "got it all");
  await anna.waitForMessage("got it all");
  expect(
    room()
      .texts("bob")
      .filter((text) => text === "hi anna"),
  ).toHaveLength(1);
  await anna.waitFor("bob back", () => room().occupants.get("bob"));
});

test("a chat that an earlier component had gets a room of the account's own, and goes on there", async () => {
  await world.tie("alice", "carl", `carl\\40toy.test@msn.xmpp.test ${anna.jid}`, anna.jid);
  await world.hear("alice", "carl", "same as ever");
  const moved = await accept(anna, "anna", [jid]);
  await anna.waitForMessage("same as ever", moved);
  await anna.sayInRoom(moved, "not quite");
  await soon(() => world.received("alice", "carl")).toEqual(["not quite"]);
  await world.hear("alice", "carl", "I see");
  await anna.waitForMessage("I see", moved);
});

test("anna's own state is bob's when she has the account among her contacts", async () => {
  await anna.setContact(world.jid);
  await anna.sendPresence(world.jid, "subscribe");
  await anna.waitFor("to be asked in turn", () =>
    anna.presences.find(({ type, from }) => type === "subscribe" && from === world.jid),
  );
  await anna.sendPresence(world.jid, "subscribed");
  await anna.setPresence({ show: "dnd", status: "Exams" });
  const busy = { availability: "busy", text: "Exams" };
  await soon(async () => (await world.session("alice")).shown).toEqual(busy);
});
