import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { NS, xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import type { Stage } from "./stage.ts";
import { address } from "./stage.ts";

export function sceneTalk(on: () => Stage): void {
  /** Has sent again what has failed: it is put aside when the server has surely taken the error, a little behind that. */
  const sentAgain = async (person: XmppPerson): Promise<void> => {
    const retry = async () => await on().command(person, "retry", /^Sending \d+ message|^Nothing has failed/);
    await expect.poll(retry).toContain("Sending 1 message");
  };

  test("Anna: hi Bob / Bob: hi Anna / each once, under an id that stays", async () => {
    const { anna, bob, bobs } = on();
    const id = await anna.say(bobs, "hi Bob, can you read <this> & ☕?");
    await bob.waitForText("hi Bob, can you read <this> & (C)?");
    expect((await anna.waitForReceipt(id)).from).toContain(bobs);
    await bob.say(on().email("anna"), "loud and clear <3 😀");
    const heard = await anna.waitForMessage("loud and clear <3 😀", bobs);
    expect(heard).toMatchObject({ type: "chat", chatState: "active", nick: "Bob", delayedSince: undefined });
    expect(heard.originId).toBe(heard.id);
    expect(heard.stanzaId).toBeDefined();
    expect(anna.textsFrom(bobs)).toEqual(["loud and clear <3 😀"]);
    expect(bob.textsFrom(on().email("anna"))).toEqual(["hi Bob, can you read <this> & (C)?"]);
  });

  test("what Anna's client sends twice under one id, as after a break, goes to Bob once", async () => {
    const { anna, bob, bobs } = on();
    const id = randomUUID();
    const extra = [xml("origin-id", { xmlns: NS.sid, id })];
    for (const _ of [1, 2]) await anna.say(bobs, "said once", { id, extra });
    await anna.waitForReceipt(await anna.say(bobs, "said after it"));
    await bob.waitForText("said after it");
    expect(bob.textsFrom(on().email("anna")).slice(-2)).toEqual(["said once", "said after it"]);
  });

  test("Anna types: Bob sees it / Bob types: Anna sees it, and that it is over when he has written", async () => {
    const { anna, bob, bobs } = on();
    const before = bob.typists.length;
    await anna.showChatState(bobs, "composing");
    await bob.waitFor("Anna to type", () => bob.typists.slice(before).some(({ from }) => from === on().email("anna")));
    await anna.showChatState(bobs, "paused");
    await bob.type(on().email("anna"));
    await anna.waitFor("Bob to type", () => anna.messages.some(({ chatState }) => chatState === "composing"));
    await bob.say(on().email("anna"), "written");
    expect((await anna.waitForMessage("written", bobs)).chatState).toBe("active");
  });

  test("a receipt comes when MSN has acknowledged, and not before", async () => {
    const { anna, bobs, world } = on();
    const account = on().email("anna");
    world.msn.faults.arm({ place: "SB", at: "MSG", account, fault: { kind: "delay", ms: 600 } });
    const saidAt = Date.now();
    const id = await anna.say(bobs, "MSN is slow today");
    expect((await anna.waitForReceipt(id)).at - saidAt).toBeGreaterThanOrEqual(600);
  });

  test("what MSN refuses gets no receipt, but an error with the reason; `retry` sends it after all", async () => {
    const { anna, bob, bobs, world } = on();
    const account = on().email("anna");
    const nak = world.msn.faults.arm({ place: "SB", at: "MSG", account, times: "always", fault: { kind: "nak" } });
    const id = await anna.say(bobs, "nobody wants this");
    const { error } = await anna.waitForError(id);
    expect(error?.text).toBe("Not sent: bob@msn.test does not take messages from you.");
    expect(anna.messages.some(({ receiptOf }) => receiptOf === id)).toBe(false);
    nak.disarm();
    await sentAgain(anna);
    await anna.waitForReceipt(id);
    await bob.waitForText("nobody wants this");
    expect(bob.messages.filter(({ text }) => text === "nobody wants this")).toHaveLength(1);
  });

  test("a nudge goes both ways", async () => {
    const { anna, bob, bobs } = on();
    await anna.nudge(bobs);
    await bob.waitFor("Anna's nudge", () => bob.nudges.includes(bob.contact(on().email("anna"))?.email ?? bob.email));
    await bob.nudge(on().email("anna"));
    const { attention, body } = await anna.waitForMessage("/me sent you a nudge", bobs);
    expect({ attention, body }).toEqual({ attention: true, body: "/me sent you a nudge" });
  });

  test("a correction goes to MSN with a star, an action as one", async () => {
    const { anna, bob, bobs } = on();
    const id = await anna.say(bobs, "see you at fife");
    await anna.correct(bobs, id, "see you at five");
    await bob.waitForText("* fife → five");
    await anna.say(bobs, "/me waves");
    await bob.waitForText("* waves");
  });

  test("what is longer than MSN takes at once comes in parts, in order, and whole", async () => {
    const { anna, bob, bobs } = on();
    const long = `Start ${"äöü☕ words and more words ".repeat(150)}end`;
    const before = bob.messages.length;
    await anna.say(bobs, long);
    await bob.waitFor("its end", () => bob.messages.at(-1)?.text.endsWith("end"));
    const parts = bob.messages.slice(before).map(({ text }) => text);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.join("")).toBe(long.replaceAll("☕", "(C)"));
  });

  test("what is encrypted comes back: the bridge cannot read it", async () => {
    const { anna, bobs } = on();
    const extra = [xml("encrypted", { xmlns: "eu.siacs.conversations.axolotl" })];
    const id = await anna.say(bobs, "I sent you an OMEMO encrypted message", { extra });
    const { error } = await anna.waitForError(id);
    expect(error).toMatchObject({ type: "modify", condition: "not-acceptable" });
    expect(error?.text).toBe("Not sent: an encrypted message cannot go to MSN.");
  });

  test("what is said to somebody whom MSN does not know comes back", async () => {
    const { anna, world } = on();
    const id = await anna.say(world.ghost("nobody-at-all"), "is there anybody?");
    const { error } = await anna.waitForError(id);
    expect(error).toMatchObject({ type: "wait", condition: "recipient-unavailable" });
    expect(error?.text).toMatch(
      /^Not sent: nobody-at-all@msn\.test is not to be reached.* Say `add nobody-at-all@msn\.test`/,
    );
    expect(anna.messages.some(({ receiptOf }) => receiptOf === id)).toBe(false);
  });

  test("what is said to a JID that no contact can have comes back", async () => {
    const { anna, gateway } = on();
    const id = await anna.say(`nonsense@${gateway}`, "hello?");
    expect((await anna.waitForError(id)).error).toMatchObject({ type: "cancel", condition: "item-not-found" });
  });

  test("what is said to somebody whom one has blocked comes back: from the bridge, or from one's server, where it blocks them too", async () => {
    const { ben, bobs, bob, world } = on();
    await on().command(ben, "block bob@msn.test", /is blocked/);
    await bob.waitFor("Ben to be gone", () => on().bobSees("ben") === "FLN");
    if (world.mirrorsBlocks) await expect.poll(() => ben.ask.blocked()).toEqual([bobs]);
    const { error } = await ben.waitForError(await ben.say(bobs, "can you hear me?"));
    if (world.mirrorsBlocks) expect(error?.condition).toBe("not-acceptable");
    else {
      expect(error).toMatchObject({ type: "auth", condition: "forbidden" });
      expect(error?.text).toMatch(/^Not sent: you have blocked bob@msn\.test\. Say `unblock bob@msn\.test`/);
    }
    await on().command(ben, "unblock bob@msn.test", /no longer blocked/);
    await bob.waitFor("Ben to be back", () => on().bobSees("ben") !== "FLN");
    await ben.waitForPresence(bobs, "back", ({ type }) => type === "available");
  });

  test("what is said while the account is signed out comes back; what was left meanwhile comes with its time", async () => {
    const { cleo, bob, bobs, world } = on();
    await on().command(cleo, "presence offline", /is signed out/);
    const id = await cleo.say(bobs, "anybody?");
    const { error } = await cleo.waitForError(id);
    expect(error).toMatchObject({ type: "auth", condition: "not-authorized" });
    expect(error?.text).toMatch(/^Not sent: your MSN account is signed out here\. Say `resume` to msn\.xmpp\.test/);
    const at = Date.now() - 3_600_000;
    const left = ["call me", "please"].map((text, i) => ({ from: address("bob"), text, at: at + i * 1000 }));
    world.msn.leaveOfflineMessages(on().email("cleo"), left);
    await on().command(cleo, "resume", /is signing in/);
    await cleo.waitForMessage("please", bobs);
    const heard = cleo.messages.filter(({ body }) => body === "call me" || body === "please");
    expect(heard.map(({ body, delayedSince }) => [body, delayedSince?.getTime()])).toEqual(
      left.map(({ text, at: time }) => [text, Math.floor(time / 1000) * 1000]),
    );
    await sentAgain(cleo);
    await cleo.waitForReceipt(id);
    await bob.waitForText("anybody?");
    expect(bob.messages.filter(({ text }) => text === "anybody?")).toHaveLength(1);
  });

  test("what Bob says while Ben has no client on comes when he is back, with its time, once", async () => {
    const { ben, bob, bobs, world } = on();
    await ben.goOffline();
    // Behind it on his own stream: his server knows that he is gone before Bob says anything.
    await ben.ask.ping(world.server.domain);
    const saidAt = Date.now();
    await bob.say(on().email("ben"), "for later");
    // By another client: one that has read the archive is not told again by Prosody.
    const reader = await world.person("ben", { resource: "reader", available: false });
    onTestFinished(async () => await reader.close());
    const kept = async () => (await reader.ask.archive({ with: bobs })).map(({ body }) => body);
    await expect.poll(kept).toContain("for later");
    expect(ben.textsFrom(bobs)).not.toContain("for later");
    await ben.setPresence();
    const { delayedSince } = await ben.waitForMessage("for later", bobs);
    expect(Math.abs((delayedSince?.getTime() ?? 0) - saidAt)).toBeLessThan(30_000);
    expect(ben.textsFrom(bobs).filter((text) => text === "for later")).toHaveLength(1);
  });
}

/** What the owner says at another place. */
export function sceneOwnWords(on: () => Stage): void {
  test("what Anna says in her own Messenger is in her chat with Bob once, and does not go to Bob again", async () => {
    const { anna, bob, bobs, world } = on();
    const laptop = await on().visitor("alice");
    // What is said before the bridge has come into the conversation reaches Bob alone (docs/delivery.md).
    const isIn = (): boolean => anna.messages.some(({ body }) => body?.includes("can you see me?") === true);
    await expect.poll(async () => await laptop.say(bob.email, "can you see me?").then(isIn)).toBe(true);
    await laptop.say(bob.email, "from my laptop");
    await bob.waitForText("from my laptop");
    if (world.speaksForPeople) {
      const seen = await anna.waitForMessage("from my laptop");
      expect(seen).toMatchObject({ from: anna.jid, to: bobs, carbon: "sent" });
    } else {
      const { body, carbon } = await anna.waitForMessage(/from my laptop$/, bobs);
      expect(body).toMatch(/^\[You, .+\] from my laptop$/);
      expect(carbon).toBeUndefined();
    }
    const id = await anna.say(bobs, "and from here");
    await anna.waitForReceipt(id);
    await bob.waitForText("and from here");
    expect(bob.textsFrom(on().email("anna")).slice(-2)).toEqual(["from my laptop", "and from here"]);
    expect(anna.messages.filter(({ body }) => body?.includes("from my laptop"))).toHaveLength(1);
  });
}
