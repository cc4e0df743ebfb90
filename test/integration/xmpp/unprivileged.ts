import { afterAll, beforeAll, expect, test } from "vitest";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { bare } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { type MsnClient, parseEmail } from "../../../src/msnp/index.ts";
import { otherPlaceHasCome, XmppWorld, type XmppWorldOptions } from "./world.ts";

/** Other people's machines are slower. */
const SOON = { interval: 100 };

/** Contact lists, requests, nudges, tunes and sign-ins, where the server lets nothing be set in people's names. */
export function playUnprivileged(options: XmppWorldOptions): void {
  let world: XmppWorld;

  beforeAll(async () => {
    world = await XmppWorld.start(options);
  });

  afterAll(async () => {
    await world.stop();
  });

  /** Somebody at an MSN client, with all that it can do. */
  async function messenger(name: string): Promise<{ client: MsnClient; heard: string[] }> {
    const client = await world.messenger(name);
    const heard: string[] = [];
    client.on("message", ({ body, from }) =>
      heard.push(`${from} ${body.kind}${body.kind === "text" ? `: ${body.text}` : ""}`),
    );
    return { client, heard };
  }

  /** A person with a linked account that has a friend on MSN, and has agreed to everything. */
  async function pair(name: string): Promise<{ person: XmppPerson; friend: string; ghost: string; own: string }> {
    const [own, friend] = [world.msnAccount(name), world.msnAccount(`${name}-friend`)];
    world.msn.befriend(own, friend);
    const person = await world.person(name);
    await world.link(person.jid, own);
    await person.waitForPresence(
      world.gateway,
      "signed in",
      ({ type, show }) => type === "available" && show === undefined,
    );
    return { person, friend, ghost: world.ghost(friend), own };
  }

  /** Agrees to see one of ours and to be seen by it, as clients do in one step. */
  async function agree(person: XmppPerson, jid: string): Promise<void> {
    await person.waitFor(`${jid} to ask`, () =>
      person.presences.find(({ from, type }) => bare(from) === jid && type === "subscribe"),
    );
    await person.sendPresence(jid, "subscribed");
    await person.sendPresence(jid, "subscribe");
    await person.waitFor(`${jid} on the roster`, () => person.roster.get(jid)?.subscription === "both");
  }

  test("without the privilege, each contact asks once, and is on the roster when that is agreed to", async () => {
    const { person, ghost } = await pair("anna");
    await agree(person, world.gateway);
    await agree(person, ghost);
    const seen = person.presences.length;
    await world.stopBridge();
    await person.waitForPresence(ghost, "gone", ({ type }) => type === "unavailable");
    await world.startBridge();
    await person.waitForPresence(
      world.gateway,
      "there",
      ({ type, show }) => type === "available" && show === undefined,
    );
    await person.say(world.gateway, "status");
    await person.waitForMessage(/signed in/, world.gateway);
    expect(person.presences.slice(seen).filter(({ type }) => type === "subscribe")).toEqual([]);
  });

  test("nudges go both ways", async () => {
    const { person, ghost, friend, own } = await pair("ben");
    const { client, heard } = await messenger("ben-friend");
    await person.nudge(ghost);
    await expect.poll(() => heard, SOON).toContain(`${own} nudge`);
    await client.conversation(parseEmail(own)).sendNudge();
    const seen = await person.waitForMessage("/me sent you a nudge", ghost);
    expect(seen.attention).toBe(true);
    expect(friend).toBe("ben-friend@msn.test");
  });

  test("what a person says in their own Messenger comes with a mark", async () => {
    const { person, ghost, friend } = await pair("carl");
    const { heard } = await messenger("carl-friend");
    const trace: string[] = [];
    const own = await world.messenger("carl", (_direction, _connection, line) => trace.push(line));
    const chat = own.conversation(parseEmail(friend));
    await chat.sendTyping();
    await expect.poll(() => otherPlaceHasCome(trace, "carl@msn.test"), SOON).toBe(true);
    await chat.sendText("from my desk");
    await expect.poll(() => heard, SOON).toContain("carl@msn.test text: from my desk");
    await person.waitForMessage(/^\[You, .*\] from my desk$/, ghost);
  });

  test("a friend request from MSN is a request on XMPP, and its answer goes back", async () => {
    const { person, own } = await pair("dora");
    world.msnAccount("stranger");
    const { client: stranger } = await messenger("stranger");
    const ghost = world.ghost("stranger@msn.test");
    await stranger.roster.add(parseEmail(own));
    await person.waitFor("the request", () =>
      person.presences.find(({ from, type }) => bare(from) === ghost && type === "subscribe"),
    );
    await person.sendPresence(ghost, "subscribed");
    await person.say(world.gateway, "contacts stranger");
    await expect
      .poll(async () => {
        await person.say(world.gateway, "requests");
        return person.textsFrom(world.gateway).at(-1);
      }, SOON)
      .toBe("Nobody waits for an answer.");
    await expect.poll(() => stranger.contacts.get(parseEmail(own))?.status, SOON).not.toBe("FLN");
  });

  test("who cannot be added is told why, and is not on the roster as seen", async () => {
    const { person } = await pair("emil");
    const ghost = world.ghost("nobody-at-all@msn.test");
    await person.sendPresence(ghost, "subscribe");
    const refusal = await person.waitFor("the refusal", () =>
      person.presences.find(({ from, type }) => bare(from) === ghost && type === "unsubscribed"),
    );
    expect(refusal.status).toContain("knows nobody of that address");
    await person.waitForMessage(/nobody-at-all@msn.test/, world.gateway);
  });

  test("what is playing goes both ways", async () => {
    const { person, ghost, own } = await pair("fred");
    await agree(person, world.gateway);
    const { client } = await messenger("fred-friend");
    await client.setPersonalMessage({
      text: "",
      media: { application: "WMP", type: "Music", enabled: true, format: "{0} - {1}", args: ["Blue", "Miles"] },
    });
    await person.waitFor("the tune", () =>
      person.messages.find(
        ({ from, event }) =>
          bare(from) === ghost && event?.items.some((item) => item.toString().includes("Blue - Miles")),
      ),
    );
    await person.ask.publishTune({ artist: "Nina", title: "Feeling Good" });
    await expect.poll(() => client.contacts.get(parseEmail(own))?.media?.args[0], SOON).toBe("Nina - Feeling Good");
  });

  test("an account that follows its owner signs out and in with them; what was signed out by hand stays so", async () => {
    const { person, own } = await pair("gina");
    await agree(person, world.gateway);
    const { client: friend } = await messenger("gina-friend");
    const isOn = () => friend.contacts.get(parseEmail(own))?.status !== "FLN";
    await expect.poll(isOn, SOON).toBe(true);
    await person.say(world.gateway, "session follow");
    await person.waitForMessage(/signs in and out with you/, world.gateway);
    await person.goOffline();
    await expect.poll(isOn, SOON).toBe(false);
    await person.setPresence();
    await expect.poll(isOn, SOON).toBe(true);
    await person.say(world.gateway, "presence offline");
    await expect.poll(isOn, SOON).toBe(false);
    await person.goOffline();
    await person.setPresence({ status: "here" });
    await person.say(world.gateway, "status");
    await person.waitForMessage(/signed out/, world.gateway);
    expect(isOn()).toBe(false);
  });

  test("unlinking takes everything away, and who links again is asked again", async () => {
    const { person, ghost, own } = await pair("hugo");
    await agree(person, world.gateway);
    await agree(person, ghost);
    await messenger("hugo-friend");
    await person.waitForPresence(ghost, "there", ({ type }) => type === "available");
    await person.ask.unregister(world.gateway);
    await person.waitForMessage(/is unlinked/, world.gateway);
    await person.waitForPresence(ghost, "gone", ({ type }) => type === "unavailable");
    for (const jid of [ghost, world.gateway])
      await person.waitFor(`${jid} to be let go`, () => person.roster.get(jid)?.subscription === "none");
    const seen = person.presences.length;
    await world.link(person.jid, own);
    await person.waitFor("to be asked again", () =>
      person.presences.slice(seen).find(({ from, type }) => bare(from) === ghost && type === "subscribe"),
    );
  });

  test("who is taken off the list on MSN is let go on XMPP", async () => {
    const { person, ghost, friend } = await pair("jana");
    await agree(person, ghost);
    await person.say(world.gateway, `remove ${friend}`);
    await person.waitFor("the end of it", () => person.roster.get(ghost)?.subscription === "none");
  });

  test("a friend request that is turned down by a command is asked about no more", async () => {
    const { person, own } = await pair("kurt");
    world.msnAccount("pest");
    const { client: pest } = await messenger("pest");
    const ghost = world.ghost("pest@msn.test");
    await pest.roster.add(parseEmail(own));
    await person.waitFor("the request", () =>
      person.presences.find(({ from, type }) => bare(from) === ghost && type === "subscribe"),
    );
    await person.say(world.gateway, "decline pest@msn.test");
    await person.waitForMessage(/is turned down/, world.gateway);
    // Too late: nobody asks any more.
    await person.sendPresence(ghost, "subscribed");
    await person.say(world.gateway, "contacts pest");
    await person.waitForMessage('No contact matches "pest".', world.gateway);
  });

  test("who was taken off while the bridge was away, and asks to be a contact, is not let in unasked", async () => {
    const { person, ghost, own, friend } = await pair("mona");
    await agree(person, world.gateway);
    await agree(person, ghost);
    await world.stopBridge();
    const { client } = await messenger("mona-friend");
    const { client: mona } = await messenger("mona");
    await mona.roster.remove(parseEmail(friend));
    await client.roster.remove(parseEmail(own));
    await mona.signOut();
    const seen = person.presences.length;
    await world.startBridge();
    await person.waitForPresence(world.gateway, "there", ({ type }) => type === "available");
    await client.roster.add(parseEmail(own));
    await person.waitForMessage(/mona-friend.* would like to be a contact/, world.gateway);
    await person.waitFor("the request", () =>
      person.presences.slice(seen).find(({ from, type }) => bare(from) === ghost && type === "subscribe"),
    );
    await person.say(world.gateway, "requests");
    await person.waitForMessage(/mona-friend@msn.test/, world.gateway);
  });

  test("words of somebody whom a person blocks at their own server do not wait for ever", async () => {
    const { person, ghost, own } = await pair("lena");
    await agree(person, world.gateway);
    const { client } = await messenger("lena-friend");
    await person.ask.block(ghost);
    await client.conversation(parseEmail(own)).sendText("can you hear me?");
    await person.waitForMessage(/lena-friend@msn.test could not be shown\..*as if you had blocked them/, world.gateway);
    await person.ask.unblock(ghost);
    await client.conversation(parseEmail(own)).sendText("and now?");
    await person.waitForMessage("and now?", ghost);
  });

  test("a message that cannot be sent comes back with the reason, and can be sent again", async () => {
    const { person, ghost } = await pair("ivan");
    await messenger("ivan-friend");
    await person.say(world.gateway, "presence offline");
    await person.waitForMessage(/is signed out/, world.gateway);
    const id = await person.say(ghost, "anybody?");
    const { error } = await person.waitForError(id);
    expect(error?.text).toContain("signed out here");
    await person.say(world.gateway, "resume");
    await person.waitForMessage(/is signing in/, world.gateway);
    await person.say(world.gateway, "retry");
    await person.waitForMessage(/Sending 1 message/, world.gateway);
    await person.waitForReceipt(id);
  });
}
