import { afterAll, beforeAll, expect, test } from "vitest";
import { parseNetworkName } from "../../../src/bridge/model.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { bare, xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { type MsnClient, parseEmail } from "../../../src/msnp/index.ts";
import { NET, XmppWorld } from "./world.ts";

const SOON = { interval: 200 };

let world: XmppWorld;
let anna: XmppPerson;
let bob: MsnClient;
let ghost: string;

beforeAll(async () => {
  const networks = [NET, parseNetworkName("crosstalk")];
  world = await XmppWorld.start({
    home: { passwordForm: true, version: "1.2.3", networks, limits: { rosterLookMs: 300 } },
  });
  const [alice, bobs] = [world.msnAccount("alice"), world.msnAccount("bob")];
  world.msn.befriend(alice, bobs);
  [anna, bob] = await Promise.all([world.person("anna"), world.messenger("bob")]);
  ghost = world.ghost(bobs);
});

afterAll(async () => {
  await world.stop();
});

const query = (namespace: string, name = "query", ...children: ReturnType<typeof xml>[]) =>
  xml(name, { xmlns: namespace }, ...children);

test("a stranger is offered what makes sense without an account", async () => {
  const nodes = (await anna.ask.commands(world.gateway)).map(({ node }) => node);
  expect(nodes).toEqual(expect.arrayContaining(["link", "help", "status"]));
  expect(nodes).not.toContain("block");
});

test("registration takes address and password in a form, where the operator allows it", async () => {
  const asked = await anna.ask.registration(world.gateway);
  expect(asked).toMatchObject({ registered: false, url: "https://bridge.test/link/token" });
  expect(asked.form?.fields.map(({ name }) => name)).toEqual(["FORM_TYPE", "network", "username", "password"]);
  const values = { username: "alice@msn.test", password: "wrong" };
  await expect(anna.ask.register(world.gateway, values, asked.form)).rejects.toThrow("not-authorized");
  await anna.ask.register(world.gateway, { ...values, password: "secret" }, asked.form);
  await anna.waitForPresence(ghost, "online", ({ type }) => type === "available");
  expect((await anna.ask.registration(world.gateway)).registered).toBe(true);
});

test("the gateway says which program it is, what time it is, how long it has been up", async () => {
  await anna.ask.ping(world.gateway);
  expect(await anna.ask.version(world.gateway)).toEqual({ name: "msnbridge", version: "1.2.3" });
  const time = await anna.ask.query("get", world.gateway, query("urn:xmpp:time", "time"));
  expect(Date.parse(time.getChildText("utc") ?? "")).toBeGreaterThan(Date.now() - 60_000);
  const last = await anna.ask.query("get", world.gateway, query("jabber:iq:last"));
  expect(Number(last.attrs.seconds)).toBeGreaterThanOrEqual(0);
});

test("an MSN address becomes a JID, and what is none is said to be none", async () => {
  const prompt = (text: string) => query("jabber:iq:gateway", "query", xml("prompt", {}, text));
  const form = await anna.ask.query("get", world.gateway, query("jabber:iq:gateway"));
  expect(form.getChildText("prompt")).toBe("MSN address");
  const answer = await anna.ask.query("set", world.gateway, prompt("Bob@MSN.test"));
  expect(answer.getChildText("jid")).toBe(ghost);
  const other = await anna.ask.query("set", world.gateway, prompt("bob@msn.test%crosstalk"));
  expect(other.getChildText("jid")).toBe(`bob\\40msn.test%crosstalk@${world.gateway}`);
  await expect(anna.ask.query("set", world.gateway, prompt("bob"))).rejects.toThrow("jid-malformed");
});

test("a contact is an account with a client, and has a card and a name where clients look for them", async () => {
  const kinds = async (jid: string) =>
    (await anna.ask.discoInfo(jid)).identities.map(({ category, type }) => `${category}/${type}`);
  expect(await kinds(ghost)).toEqual(["account/registered", "pubsub/pep", "client/pc"]);
  expect(await kinds(`${ghost}/msn`)).toEqual(["client/pc"]);
  expect((await anna.ask.published(ghost, "urn:xmpp:vcard4")).join()).toContain("<text>bob@msn.test</text>");
  expect((await anna.ask.published(ghost, "http://jabber.org/protocol/nick")).join()).toContain(">bob</nick>");
  await expect(anna.ask.published(ghost, "urn:xmpp:avatar:metadata")).rejects.toThrow("item-not-found");
  const caps = anna.presenceOf(ghost)?.caps;
  const told = await anna.ask.discoInfo(`${ghost}/msn`, `${caps?.node}#${caps?.ver}`);
  expect(told.features).toContain("urn:xmpp:receipts");
});

test("what is nobody's is not there, whatever it is asked", async () => {
  const nobody = `nonsense@${world.gateway}`;
  await expect(anna.ask.ping(nobody)).rejects.toThrow("item-not-found");
  await expect(anna.ask.command(world.gateway, "dance")).rejects.toThrow("item-not-found");
  await expect(anna.ask.discoItems(world.gateway, "dance")).rejects.toThrow("item-not-found");
  await expect(anna.ask.query("get", ghost, query("jabber:iq:private"))).rejects.toThrow("service-unavailable");
  await anna.sendPresence(nobody, "subscribe");
  const refusal = await anna.waitFor("the refusal", () =>
    anna.presences.find(({ from, type }) => bare(from) === nobody && type === "unsubscribed"),
  );
  expect(refusal.status).toContain("anna\\40hotmail.com@");
});

test("what is said to the gateway has arrived when it is stored; what it cannot read comes back", async () => {
  await anna.waitForReceipt(await anna.say(world.gateway, "status"));
  await anna.waitForMessage(/signed in/, world.gateway);
  const extra = [xml("encryption", { xmlns: "urn:xmpp:eme:0", namespace: "urn:xmpp:omemo:2" })];
  const id = await anna.say(world.gateway, "I sent you an OMEMO encrypted message", { extra });
  expect((await anna.waitForError(id)).error).toMatchObject({ condition: "not-acceptable" });
});

test("attention that is called for with words: both arrive", async () => {
  const heard: string[] = [];
  bob.on("message", ({ body }) => heard.push(body.kind === "text" ? body.text : body.kind));
  await anna.nudge(ghost, "wake up!");
  await expect.poll(() => heard, SOON).toEqual(["wake up!", "nudge"]);
});

test("a contact who nudges and nudges rings once", async () => {
  const chat = bob.conversation(parseEmail("alice@msn.test"));
  for (let n = 0; n < 3; n++) await chat.sendNudge();
  await chat.sendText("look here");
  await anna.waitForMessage("look here", ghost);
  const nudges = anna.messages.filter(({ body }) => body?.includes("sent you a nudge"));
  expect(nudges.map(({ attention }) => attention)).toEqual([true, false, false]);
});

test("a form that is filled in wrongly comes again with what was wrong", async () => {
  const asking = await anna.ask.command(world.gateway, "rename");
  const again = await anna.ask.commandStep(asking, "complete", { address: "bob", name: "Bobby" });
  expect(again).toMatchObject({ status: "executing", notes: [{ type: "error" }] });
  const done = await anna.ask.commandStep(again, "complete", { address: ghost, name: "Bobby" });
  expect(done.notes[0]?.text).toContain('is "Bobby" to you now');
  await anna.waitFor("Bobby", () => anna.roster.get(ghost)?.name === "Bobby");
});

test("a client that comes later hears what is playing", async () => {
  await bob.setPersonalMessage({
    text: "",
    media: { application: "WMP", type: "Music", enabled: true, format: "{0} - {1}", args: ["Blue", "Miles"] },
  });
  const tuneOf = (person: XmppPerson) =>
    person.messages.find(({ from, event }) => bare(from) === ghost && event?.items.join().includes("Blue - Miles"));
  await anna.waitFor("the tune", () => tuneOf(anna));
  const tablet = await world.person("anna", { resource: "tablet" });
  await tablet.waitFor("the tune", () => tuneOf(tablet));
  expect((await tablet.ask.published(ghost, "http://jabber.org/protocol/tune")).join()).toContain("Blue - Miles");
  await tablet.close();
});

test("anna blocks bob at her own server, and MSN knows; unblocks him on MSN, and her server knows", async () => {
  const stateOf = async () => {
    await anna.say(world.gateway, "contacts bob");
    return anna.textsFrom(world.gateway).at(-1);
  };
  await anna.ask.block(ghost);
  await expect.poll(stateOf, SOON).toContain("blocked");
  await anna.say(world.gateway, "unblock bob@msn.test");
  await anna.waitForMessage("bob@msn.test is no longer blocked.", world.gateway);
  await expect.poll(() => anna.ask.blocked(), SOON).toEqual([]);
  await anna.say(world.gateway, "block bob@msn.test");
  await expect.poll(() => anna.ask.blocked(), SOON).toEqual([ghost]);
  await anna.ask.unblock(ghost);
  await expect.poll(stateOf, SOON).not.toContain("blocked");
});

test("contacts come onto the roster and leave it as they do on MSN", async () => {
  const dave = world.ghost(world.msnAccount("dave"));
  await anna.say(world.gateway, "add dave@msn.test");
  await anna.waitFor("dave", () => anna.roster.get(dave)?.subscription === "both");
  await anna.say(world.gateway, "remove dave@msn.test");
  await anna.waitFor("dave to leave", () => !anna.roster.has(dave));
});

test("a friend request waits while the server is away, and comes once it is back", async () => {
  world.msnAccount("eve");
  const eve = await world.messenger("eve");
  await world.server.kill();
  await eve.roster.add(parseEmail("alice@msn.test"));
  await world.server.restart();
  await anna.reconnect();
  const from = world.ghost("eve@msn.test");
  await anna.waitFor("eve to ask", () =>
    anna.presences.find((seen) => bare(seen.from) === from && seen.type === "subscribe"),
  );
});

test("registration that is taken back ends everything, the gateway included", async () => {
  await anna.ask.unregister(world.gateway);
  await anna.waitForMessage(/is unlinked/, world.gateway);
  await anna.waitFor("an empty roster", () => !anna.roster.has(ghost) && !anna.roster.has(world.gateway));
  expect((await anna.ask.registration(world.gateway)).registered).toBe(false);
  expect(anna.roster.has(world.gateway)).toBe(false);
});
