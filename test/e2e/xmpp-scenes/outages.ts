import { expect, test } from "vitest";
import type { Stage } from "./stage.ts";

const numbered = (word: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${word} ${from + i}`);

/** The bridge dies, the server dies, in the middle of a talk. */
export function sceneOutages(on: () => Stage): void {
  test("the bridge is killed while Anna's words wait for MSN: they reach Bob once and in order, and she has her receipts", async () => {
    const { anna, bob, bobs, world } = on();
    const account = on().email("anna");
    const lines = numbered("line", 1, 10);
    const first = await anna.say(bobs, "line 0");
    await anna.waitForReceipt(first);
    const deaf = world.msn.faults.arm({ place: "SB", at: "MSG", account, times: "always", fault: { kind: "ignore" } });
    const ids: string[] = [];
    for (const line of lines) ids.push(await anna.say(bobs, line));
    // Answered in its turn: what she said before it is stored.
    await on().command(anna, "status", /signed in/);
    await expect.poll(() => deaf.strikes).toBeGreaterThan(0);
    await world.bridge.kill();
    deaf.disarm();
    await world.bridge.start();
    await bob.waitForText("line 10");
    for (const id of ids) await anna.waitForReceipt(id);
    expect(bob.textsFrom(account).filter((text) => text.startsWith("line "))).toEqual(["line 0", ...lines]);
    await everybodyIsBack();
  });

  test("the bridge is killed before it knows that Bob's words have arrived: what comes again has the same id. What Anna says while it is away comes back to her", async () => {
    const { anna, bob, bobs, world } = on();
    world.wire.swallow("answers");
    await bob.say(on().email("anna"), "did you get this?");
    await anna.waitForMessage("did you get this?", bobs);
    await world.bridge.kill();
    // What the server hands over before it has seen the end of the link is lost with the bridge (docs/xmpp.md).
    await expect.poll(() => world.wire.open).toBe(0);
    await expect(anna.ask.ping(on().gateway)).rejects.toThrow();
    await anna.waitForError(await anna.say(bobs, "nobody hears this"));
    world.wire.swallow(false);
    await world.bridge.start();
    await everybodyIsBack();
    await bob.say(on().email("anna"), "and this?");
    await anna.waitForMessage("and this?", bobs);
    const heard = anna.messages.filter(({ from, body }) => from.startsWith(bobs) && body === "did you get this?");
    expect(new Set(heard.map(({ originId }) => originId)).size).toBe(1);
    expect(bob.messages.map(({ text }) => text)).not.toContain("nobody hears this");
  });

  test("the server is killed in mid-talk: what Bob says meanwhile arrives once and in order; everybody is back, and the talk goes on", async () => {
    const { anna, bob, bobs, world } = on();
    const words = numbered("word", 0, 9);
    for (const [i, word] of words.entries()) {
      if (i === 3) {
        // What the server had not handed on yet would be lost with it (docs/delivery.md).
        await anna.waitForMessage("word 2", bobs);
        world.wire.hold(true);
        await world.server.kill();
      }
      await bob.say(on().email("anna"), word);
    }
    await world.server.restart();
    await Promise.all(
      on()
        .residents()
        .map(async ({ person }) => {
          await person.waitFor("the connection to be gone", () => !person.online);
          await person.reconnect();
        }),
    );
    world.wire.hold(false);
    await anna.waitForMessage("word 9", bobs);
    await everybodyIsBack();
    const byId = new Map(anna.messages.map(({ id, from, body }) => [id, from.startsWith(bobs) ? body : undefined]));
    expect([...byId.values()].filter((body) => body?.startsWith("word "))).toEqual(words);
    const id = await anna.say(bobs, "here again");
    await anna.waitForReceipt(id);
    await bob.waitForText("here again");
    expect(bob.messages.filter(({ text }) => text === "here again")).toHaveLength(1);
  });

  /** Everybody sees Bob, Bob sees everybody, and each has the gateway signed in. */
  async function everybodyIsBack(): Promise<void> {
    const { bob, bobs } = on();
    await Promise.all(
      on()
        .residents()
        .map(async ({ person, email }) => {
          await on().signedIn(person);
          await person.waitForPresence(bobs, "there", ({ type }) => type === "available");
          await bob.waitFor(`${email} to be there`, () => bob.contact(email)?.status === "NLN");
        }),
    );
  }

  test("the link between bridge and server breaks and Bob goes meanwhile: when it is back, Anna sees him gone", async () => {
    const { anna, bob, bobs, world } = on();
    world.wire.swallow(true);
    await bob.signOut();
    world.wire.cut();
    world.wire.swallow(false);
    await anna.waitForPresence(bobs, "gone", ({ type }) => type === "unavailable");
    await bob.signInAgain();
    await anna.waitForPresence(bobs, "there", ({ type }) => type === "available");
  });
}
