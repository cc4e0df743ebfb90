import { afterAll, beforeAll, expect, test } from "vitest";
import type { MsnPerson } from "../../../src/cli/sandbox/msn-person.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { XmppWorld } from "./world.ts";

let world: XmppWorld;
let anna: XmppPerson;
let bob: MsnPerson;
let ghost: string;
const MESSAGES = process.env.MSNBRIDGE_LONG === "1" ? 500 : 80;

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

/** What stands in anna's archive from bob, each stanza once: a repeat has the id of what it repeats. */
async function archived(): Promise<string[]> {
  const byId = new Map<string, string>();
  for (const { from, id, body } of await anna.ask.archive({ with: ghost }))
    if (from.startsWith(ghost) && body !== undefined) byId.set(id ?? "", body);
  return [...byId.values()];
}

test("bob talks on while the XMPP server is killed twice and restarted once: nothing is lost, nothing comes twice, in order", async () => {
  const words = Array.from({ length: MESSAGES }, (_, i) => `word ${i}`);
  const outages = new Map([
    [Math.floor(MESSAGES / 5), () => world.server.kill()],
    [Math.floor((2 * MESSAGES) / 5), () => world.server.stop()],
    [Math.floor((3 * MESSAGES) / 5), () => world.server.kill()],
  ]);
  for (const [i, word] of words.entries()) {
    await bob.say("alice@msn.test", word);
    const outage = outages.get(i);
    if (outage) {
      await outage();
      // Said while there is no server at all.
      await bob.say("alice@msn.test", `${word} and nobody there`);
      await world.server.restart();
      await anna.reconnect();
    }
  }
  const wanted = words.flatMap((word, i) => (outages.has(i) ? [word, `${word} and nobody there`] : [word]));
  await expect.poll(archived, { timeout: 20_000, interval: 500 }).toEqual(wanted);
});

test("anna talks on while the bridge goes and comes: what the server has taken for it arrives, once", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 30; i += 1) {
    ids.push(await anna.say(ghost, `line ${i}`));
    if (i === 10) {
      await anna.waitForReceipt(ids[10] ?? "");
      await world.stopBridge();
      await world.startBridge();
      await anna.waitForPresence(ghost, "back", ({ type }) => type === "available");
    }
  }
  await bob.waitForText("line 29");
  for (const id of ids) await anna.waitForReceipt(id);
  expect(bob.messages.map(({ text }) => text).filter((text) => text.startsWith("line "))).toEqual(
    Array.from({ length: 30 }, (_, i) => `line ${i}`),
  );
});

test("anna corrects, answers and takes back what was said before the bridge was stopped: bob is told what that was", async () => {
  const first = await anna.say(ghost, "I am over their now");
  const second = await anna.say(ghost, "I love you");
  for (const id of [first, second]) await anna.waitForReceipt(id);
  await bob.say("alice@msn.test", "coming?");
  const asked = await anna.waitForMessage("coming?", ghost);
  await world.stopBridge();
  await world.startBridge();
  await anna.waitForPresence(ghost, "back", ({ type }) => type === "available");
  await anna.correct(ghost, first, "I am over there now");
  await bob.waitForText("* their → there");
  const extra = [xml("retract", { xmlns: "urn:xmpp:message-retract:1", id: second })];
  await anna.say(ghost, "This person attempted to retract a message", { extra });
  await bob.waitForText("(deleted: “I love you”)");
  await anna.say(ghost, "yes", { extra: [xml("reply", { xmlns: "urn:xmpp:reply:0", to: ghost, id: asked.id })] });
  await bob.waitForText("> coming?\nyes");
});

test("anna has lost the receipt and says it again under its id: she gets another, and bob hears it once", async () => {
  const id = await anna.say(ghost, "was this heard?");
  await anna.waitForReceipt(id);
  await bob.waitForText("was this heard?");
  const receipts = () => anna.messages.filter(({ receiptOf }) => receiptOf === id).length;
  await anna.say(ghost, "was this heard?", { id });
  await anna.waitFor("another receipt", () => receipts() === 2);
  expect(bob.textsFrom("alice@msn.test").filter((text) => text === "was this heard?")).toHaveLength(1);
});

test("anna says again under its id what has failed: it goes", async () => {
  await anna.say(world.gateway, "presence offline");
  await anna.waitForMessage(/is signed out/, world.gateway);
  const id = await anna.say(ghost, "now or later");
  await anna.waitForError(id);
  await anna.say(world.gateway, "resume");
  await anna.waitForPresence(ghost, "there", ({ type }) => type === "available");
  await anna.say(ghost, "now or later", { id });
  await anna.waitForReceipt(id);
  await bob.waitForText("now or later");
  expect(bob.textsFrom("alice@msn.test").filter((text) => text === "now or later")).toHaveLength(1);
});

test("what anna says while the bridge is away comes back to her", async () => {
  await world.stopBridge();
  const id = await anna.say(ghost, "nobody hears this");
  const { error } = await anna.waitForError(id);
  expect(error?.type).toBe("wait");
  await world.startBridge();
});

test("who went while the bridge was killed is seen as gone when it is back", async () => {
  await anna.waitForPresence(ghost, "there", ({ type }) => type === "available", 20_000);
  // As if it were killed: nothing is said any more.
  world.breakLink();
  await world.stopBridge();
  await bob.signOut();
  await world.startBridge();
  await anna.waitForPresence(ghost, "gone", ({ type }) => type === "unavailable");
});
