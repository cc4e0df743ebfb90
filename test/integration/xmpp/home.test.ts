import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MsnPerson } from "../../../src/cli/sandbox/msn-person.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { otherPlaceHasCome, XmppWorld } from "./world.ts";

let world: XmppWorld;
let anna: XmppPerson;
let bob: MsnPerson;
let ghost: string;

beforeAll(async () => {
  world = await XmppWorld.start();
  const [alice, bobs] = [world.msnAccount("alice"), world.msnAccount("bob")];
  world.msn.befriend(alice, bobs);
  [anna, bob] = await Promise.all([world.person("anna"), world.friend("bob")]);
  await world.link(anna.jid, alice);
  ghost = world.ghost(bobs);
  await anna.waitForPresence(ghost, "online", ({ type }) => type === "available");
});

afterAll(async () => {
  await world.stop();
});

const settled = (person: MsnPerson, text: string): number =>
  person.messages.filter((message) => message.text === text).length;

test("the gateway is found as what it is, and lists its commands", async () => {
  const info = await anna.ask.discoInfo(world.gateway);
  expect(info.identities).toContainEqual(expect.objectContaining({ category: "gateway", type: "msn" }));
  expect(info.features).toContain("jabber:iq:register");
  const commands = await anna.ask.commands(world.gateway);
  expect(commands.map(({ node }) => node)).toEqual(expect.arrayContaining(["link", "contacts", "presence", "help"]));
  expect((await anna.ask.discoInfo(ghost)).features).toContain("urn:xmpp:receipts");
});

test("registration hands out the private page", async () => {
  const form = await anna.ask.registration(world.gateway);
  expect(JSON.stringify(form)).toContain("https://bridge.test/link/token");
});

test("with the privilege, contacts are on the roster under their names, nobody is asked", async () => {
  const item = await anna.waitFor("bob on the roster", () => anna.roster.get(ghost));
  expect(item).toMatchObject({ name: "bob", subscription: "both", groups: ["MSN"] });
  const gateway = await anna.waitFor("the gateway there", () => anna.roster.get(world.gateway));
  expect(gateway).toMatchObject({ subscription: "both" });
  expect(anna.presences.filter(({ type }) => type === "subscribe")).toEqual([]);
});

test("anna's typing is seen before anything was said", async () => {
  await anna.showChatState(ghost, "composing");
  await bob.waitFor("anna typing", () => bob.typists.length > 0);
  await anna.showChatState(ghost, "paused");
});

test("anna: hi bob / bob: hi anna", async () => {
  const id = await anna.say(ghost, "hi bob");
  await bob.waitForText("hi bob");
  await anna.waitForReceipt(id);
  await bob.say("alice@msn.test", "hi anna ☺ <&>");
  const seen = await anna.waitForMessage("hi anna ☺ <&>", ghost);
  expect(seen.originId).toBe(seen.id);
  expect(seen.delayedSince).toBeUndefined();
  expect(settled(bob, "hi bob")).toBe(1);
});

test("typing is seen on both sides, and fades", async () => {
  const told = bob.typists.length;
  await anna.showChatState(ghost, "composing");
  await bob.waitFor("anna typing", () => bob.typists.length > told);
  await bob.type("alice@msn.test");
  await anna.waitFor("bob typing", () => anna.messages.find(({ chatState }) => chatState === "composing"));
  await anna.waitFor("bob to have stopped", () => anna.messages.find(({ chatState }) => chatState === "paused"));
});

test.each([
  ["BSY", "dnd", "At work"],
  ["AWY", "away", "At work"],
  ["IDL", "xa", "At work"],
  ["BRB", "away", "Be right back – At work"],
  ["PHN", "dnd", "On the phone – At work"],
  ["LUN", "away", "Out to lunch – At work"],
  ["NLN", undefined, "At work"],
] as const)("bob is %s: anna sees %s, %s", async (status, show, text) => {
  await bob.setPersonalMessage("At work");
  await bob.setStatus(status);
  await anna.waitForPresence(ghost, status, (seen) => seen.show === show && seen.status === text);
});

test("bob hides: anna sees him gone; he comes back", async () => {
  await bob.setStatus("HDN");
  await anna.waitForPresence(ghost, "gone", ({ type }) => type === "unavailable");
  await bob.setStatus("NLN");
  await anna.waitForPresence(ghost, "there", ({ type }) => type === "available");
});

test.each([
  [{ show: "dnd", status: "In a meeting" }, "BSY", "In a meeting"],
  [{ show: "away", status: "Tea" }, "AWY", "Tea"],
  [{ show: "away", status: "out to lunch - pasta" }, "LUN", "pasta"],
  [{ status: "Back" }, "NLN", "Back"],
] as const)("anna is %j: bob sees %s", async (shown, status, text) => {
  await anna.setPresence(shown);
  await bob.waitFor(`alice ${status}`, () => {
    const seen = bob.contact("alice@msn.test");
    return seen?.status === status && seen.personalMessage === text;
  });
});

test("anna has two clients: the one with the higher priority speaks for her", async () => {
  const phone = await world.person("anna", { resource: "phone", available: false });
  await phone.setPresence({ show: "away", status: "On the road", priority: 10 });
  await bob.waitFor("alice away", () => bob.contact("alice@msn.test")?.status === "AWY");
  await phone.close();
  await bob.waitFor("alice online", () => bob.contact("alice@msn.test")?.status === "NLN");
});

test("a client that comes later is told how bob is, because its server asks", async () => {
  await bob.setPersonalMessage("Still here");
  await anna.waitForPresence(ghost, "still here", ({ status }) => status === "Still here");
  const tablet = await world.person("anna", { resource: "tablet" });
  await tablet.waitForPresence(ghost, "online", ({ status }) => status === "Still here");
  await tablet.close();
});

test("a correction goes to MSN with a star", async () => {
  const id = await anna.say(ghost, "see you at fife");
  await anna.correct(ghost, id, "see you at five");
  await bob.waitForText("* fife → five");
});

test("an action goes both ways as an action", async () => {
  await anna.say(ghost, "/me waves");
  await bob.waitForText("* waves");
});

const reactions = (id: string | undefined, ...emoji: string[]) =>
  xml("message", { to: ghost, type: "chat", id: `r-${emoji.join("")}` }, [
    xml(
      "reactions",
      { xmlns: "urn:xmpp:reactions:0", id: id ?? "" },
      emoji.map((one) => xml("reaction", {}, one)),
    ),
  ]);

test("looks and emoticons go both ways", async () => {
  await bob.say("alice@msn.test", "[b]well[/b] done :D");
  const seen = await anna.waitForMessage("*well* done 😃", ghost);
  expect(seen.id).toBeDefined();
  const html = xml("html", { xmlns: "http://jabber.org/protocol/xhtml-im" }, [
    xml("body", { xmlns: "http://www.w3.org/1999/xhtml" }, [xml("em", {}, "thanks 👍")]),
  ]);
  await anna.say(ghost, "_thanks 👍_", { extra: [html] });
  await bob.waitForText("thanks (Y)");
});

test("anna reacts to bob's words and her own: bob reads it in one line, before what she says behind it", async () => {
  await bob.say("alice@msn.test", "the train is late");
  const { id } = await anna.waitForMessage("the train is late", ghost);
  const own = await anna.say(ghost, "I bring cake");
  await anna.send(reactions(id, "👍"));
  await anna.send(reactions(id, "👍", "❤️"));
  await anna.send(reactions(own, "🎉"));
  await anna.send(reactions(id, "❤️"));
  await anna.say(ghost, "see you");
  await bob.waitForText("see you");
  expect(bob.messages.at(-2)?.text).toBe("(L) to “the train is late”\n🎉 to “I bring cake”");
});

test("an answer is a short quote, also where anna's client sends none", async () => {
  const { id = "" } = await anna.waitForMessage("the train is late", ghost);
  await anna.say(ghost, "by how much?", { extra: [xml("reply", { xmlns: "urn:xmpp:reply:0", id, to: ghost })] });
  await bob.waitForText("> the train is late\nby how much?");
});

test("of a sticker a line goes out that names it, and the gateway says so once", async () => {
  const sticker = xml("sticker", { xmlns: "urn:xmpp:stickers:0", pack: "p" });
  await anna.say(ghost, "👋", { extra: [sticker] });
  await anna.say(ghost, "🎉", { extra: [sticker] });
  await anna.say(ghost, "that was stickers");
  await bob.waitForText("that was stickers");
  expect(bob.messages.slice(-3, -1).map(({ text }) => text)).toEqual([
    "[sent a sticker: “👋”]",
    "[sent a sticker: “🎉”]",
  ]);
  await anna.waitForMessage(/cannot be given a sticker/, world.gateway);
  expect(anna.messages.filter(({ body }) => body?.includes("cannot be given a sticker"))).toHaveLength(1);
});

test("an encrypted message comes back with the reason", async () => {
  const extra = [xml("encryption", { xmlns: "urn:xmpp:eme:0", namespace: "urn:xmpp:omemo:2" })];
  const id = await anna.say(ghost, "I sent you an OMEMO encrypted message", { extra });
  const { error } = await anna.waitForError(id);
  expect(error).toMatchObject({ condition: "not-acceptable", text: expect.stringContaining("an encrypted message") });
});

test("a person without an account is told to link one", async () => {
  const mallory = await world.person("mallory");
  const id = await mallory.say(ghost, "who are you?");
  const { error } = await mallory.waitForError(id);
  expect(error).toMatchObject({ condition: "registration-required", text: expect.stringContaining("Say `link`") });
});

test("a JID that is nobody's comes back", async () => {
  const id = await anna.say(`nonsense@${world.gateway}`, "hello?");
  expect((await anna.waitForError(id)).error?.condition).toBe("item-not-found");
});

test("commands are text to the gateway, and forms", async () => {
  await anna.say(world.gateway, "contacts");
  await anna.waitForMessage(/bob <bob@msn.test>: online/, world.gateway);
  const step = await anna.ask.command(world.gateway, "status");
  expect(step).toMatchObject({ status: "completed" });
  expect(step.notes[0]?.text).toContain("alice@msn.test on Testnet: signed in");
  const asking = await anna.ask.command(world.gateway, "presence");
  expect(asking.status).toBe("executing");
  const done = await anna.ask.commandStep(asking, "complete", { state: "busy" });
  expect(done.notes[0]?.text).toContain("is now busy");
  await bob.waitFor("alice busy", () => bob.contact("alice@msn.test")?.status === "BSY");
  await anna.ask.commandStep(await anna.ask.command(world.gateway, "presence"), "complete", { state: "automatic" });
});

test("a visiting card says who bob is", async () => {
  const card = await anna.ask.vcard(ghost);
  expect(card.toString()).toContain("bob@msn.test");
});

test("anna blocks bob and unblocks him", async () => {
  await anna.say(world.gateway, "block bob@msn.test");
  await anna.waitForMessage(/bob@msn.test is blocked/, world.gateway);
  await anna.waitForPresence(ghost, "gone", ({ type }) => type === "unavailable");
  await anna.say(world.gateway, "unblock bob@msn.test");
  await anna.waitForPresence(ghost, "there", ({ type }) => type === "available");
});

test("anna blocks bob with her client's own words for it, and sees whom she blocks", async () => {
  const ask = async (type: string, what: ReturnType<typeof xml>) =>
    anna.send(xml("iq", { type, id: randomUUID(), to: world.gateway }, what));
  const blocking = { xmlns: "urn:xmpp:blocking" };
  await ask("set", xml("block", blocking, xml("item", { jid: ghost })));
  await anna.waitForPresence(ghost, "gone", ({ type }) => type === "unavailable");
  await anna.say(world.gateway, "contacts bob");
  await anna.waitForMessage(/bob <bob@msn.test>: blocked/, world.gateway);
  await ask("set", xml("unblock", blocking));
  await anna.waitForPresence(ghost, "there", ({ type }) => type === "available");
});

test("anna renames bob on MSN, and her roster shows it", async () => {
  await anna.say(world.gateway, "rename bob@msn.test Bobby");
  await anna.waitFor("Bobby", () => anna.roster.get(ghost)?.name === "Bobby");
  await anna.say(world.gateway, "groups new Friends");
  await anna.say(world.gateway, "groups put bob@msn.test Friends");
  await anna.waitFor("Friends", () => anna.roster.get(ghost)?.groups.includes("Friends"));
});

test("anna adds carol by her JID, and removes her again", async () => {
  world.msnAccount("carol");
  const carol = world.ghost("carol@msn.test");
  await anna.setContact(carol, "Carol");
  await anna.sendPresence(carol, "subscribe");
  await anna.waitFor("carol to agree", () => anna.roster.get(carol)?.subscription === "both");
  await anna.say(world.gateway, "contacts carol");
  await anna.waitForMessage(/carol@msn.test/, world.gateway);
  await anna.removeContact(carol);
  await expect
    .poll(
      async () => {
        await anna.say(world.gateway, "contacts carol");
        return anna.textsFrom(world.gateway).at(-1);
      },
      { interval: 200 },
    )
    .toBe('No contact matches "carol".');
  expect(anna.roster.has(carol)).toBe(false);
});

test("with the privilege, what anna says in her own Messenger is hers on XMPP, and goes nowhere again", async () => {
  const trace: string[] = [];
  const desk = await world.friend("alice", (_, line) => void trace.push(line));
  await desk.type("bob@msn.test");
  await expect.poll(() => otherPlaceHasCome(trace, "alice@msn.test")).toBe(true);
  await desk.say("bob@msn.test", "from my desk");
  await bob.waitForText("from my desk");
  const seen = await anna.waitForMessage("from my desk");
  expect(seen).toMatchObject({ from: anna.jid, to: ghost, carbon: "sent" });
  await anna.say(ghost, "and from here");
  await bob.waitForText("and from here");
  expect(bob.messages.filter(({ text }) => text === "from my desk")).toHaveLength(1);
  await desk.signOut();
});

test("anna renames and regroups bob on XMPP, and MSN knows", async () => {
  await anna.setContact(ghost, "Robert", ["Work"]);
  await expect
    .poll(
      async () => {
        await anna.say(world.gateway, "contacts bob");
        await anna.say(world.gateway, "groups");
        return anna.textsFrom(world.gateway).join("\n");
      },
      { interval: 500 },
    )
    .toMatch(/Robert \(bob\)[\s\S]*Work: bob@msn.test/);
});

test("words that were left while the bridge was away come with their time", async () => {
  await world.stopBridge();
  const said = Date.now();
  world.msn.leaveOfflineMessages("alice@msn.test", [{ from: "bob@msn.test", text: "call me", at: said - 3_600_000 }]);
  await world.startBridge();
  const seen = await anna.waitForMessage("call me", ghost);
  expect(seen.delayedSince?.getTime()).toBeLessThan(said - 3_000_000);
});

test("the XMPP server restarts: what bob says meanwhile arrives, once", async () => {
  await world.server.kill();
  await bob.say("alice@msn.test", "are you there?");
  await world.server.restart();
  await anna.reconnect();
  await anna.waitForMessage("are you there?", ghost);
  const id = await anna.say(ghost, "I am back");
  await bob.waitForText("I am back");
  await anna.waitForReceipt(id);
  expect(new Set(anna.messages.filter(({ body }) => body === "are you there?").map(({ id: one }) => one)).size).toBe(1);
});
