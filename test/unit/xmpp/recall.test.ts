import { describe, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { XMPP } from "../../../src/xmpp/name.ts";
import { chatOf, Recall } from "../../../src/xmpp/recall.ts";
import { RecallNotes } from "../../../src/xmpp/recall-notes.ts";
import { readMessage } from "../../../src/xmpp/stanza/message.ts";
import { el, NS, type XmlElement } from "../../../src/xmpp/stanza/xml.ts";
import { annaJid, annaPhone, bob, silent } from "./support.ts";

/** A bridge that is started again and again with the same store. */
class Runs {
  readonly kept = new Map<string, string[]>();
  isDown = false;
  /** How often all that was kept of a chat was read. */
  reads = 0;

  #before: Recall | undefined;

  start(): Recall {
    void this.#before?.stop();
    const expectUp = (): void => {
      if (this.isDown) throw new BridgeError("store-down");
    };
    const store = {
      keepRecall: async (_: string, chat: string, pieces: readonly string[]) => {
        expectUp();
        this.kept.set(chat, [...(this.kept.get(chat) ?? []), ...pieces]);
      },
      recall: async (_: string, chat: string) => {
        expectUp();
        this.reads += 1;
        return this.kept.get(chat) ?? [];
      },
      dropRecall: async () => {},
    };
    const recall = new Recall(new RecallNotes({ home: XMPP, store, log: silent }));
    this.#before = recall;
    return recall;
  }
}

async function hears(recall: Recall, id: string, ...children: XmlElement[]) {
  const message = readMessage(el("message", { from: annaPhone, to: bob, id, type: "chat" }, ...children));
  const heard = message && recall.hear(message, bob);
  const words = (await heard?.words()) ?? [];
  heard?.keep();
  return words;
}

const body = (text: string): XmlElement => el("body", {}, text);
const react = (to: string, ...emoji: string[]): XmlElement =>
  el("reactions", { xmlns: NS.reactions, id: to }, ...emoji.map((one) => el("reaction", {}, one)));

/** A store each of whose writings ends when the test says so. */
function slowStore() {
  const kept: string[] = [];
  const writings: PromiseWithResolvers<void>[] = [];
  const store = {
    keepRecall: async (_home: string, _chat: string, pieces: readonly string[]) => {
      const writing = Promise.withResolvers<void>();
      writings.push(writing);
      await writing.promise;
      kept.push(...pieces);
    },
    recall: async () => kept,
    dropRecall: async () => {},
  };
  return { kept, writings, notes: new RecallNotes({ home: XMPP, store, log: silent }) };
}

test("what a store that is away did not take goes to it before what was said later", async () => {
  const { kept, writings, notes } = slowStore();
  notes.keep("bob", "first");
  await notes.kept("bob");
  notes.keep("bob", "second");
  writings[0]?.reject(new BridgeError("store-down"));
  await new Promise((resolve) => setImmediate(resolve));
  const stopped = notes.stop();
  for (const writing of writings) writing.resolve();
  await stopped;
  expect(kept).toEqual(["first", "second"]);
});

test("the end of the program waits for what is on its way to the store", async () => {
  const { kept, writings, notes } = slowStore();
  notes.keep("bob", "first");
  await notes.kept("bob");
  const stopped = notes.stop().then(() => kept.push("stopped"));
  await new Promise((resolve) => setImmediate(resolve));
  writings[0]?.resolve();
  await stopped;
  expect(kept).toEqual(["first", "stopped"]);
});

test("what is said in a while goes to the store together, and at the end of the program at once", async () => {
  const runs = new Runs();
  const recall = runs.start();
  await hears(recall, "m1", body("one"));
  await hears(recall, "m2", body("two"));
  expect(runs.kept.size).toBe(0);
  await expect.poll(() => runs.kept.values().next().value).toHaveLength(2);
  await recall.stop();
  await hears(recall, "m3", body("three"));
  expect(runs.kept.values().next().value).toHaveLength(3);
});

describe("after a restart", () => {
  test("what anna takes back is told with its words", async () => {
    const runs = new Runs();
    await hears(runs.start(), "m1", body("I love you"));
    const gone = await hears(runs.start(), "m2", el("retract", { xmlns: NS.retract, id: "m1" }));
    expect(gone).toMatchObject([{ body: "(deleted: “I love you”)" }]);
  });

  test("a correction tells the difference, and so does one of the correction", async () => {
    const runs = new Runs();
    const corrects = el("replace", { xmlns: NS.correct, id: "m1" });
    await hears(runs.start(), "m1", body("over their"));
    expect(await hears(runs.start(), "m2", body("over there"), corrects)).toMatchObject([{ about: "over their" }]);
    expect(await hears(runs.start(), "m3", body("over then"), corrects)).toMatchObject([{ about: "over there" }]);
  });

  test("an answer to bob's words quotes them", async () => {
    const runs = new Runs();
    runs.start().note({ chat: chatOf(bob, annaJid), speaker: bob, names: ["b1"] }, "coming?");
    const answer = await hears(runs.start(), "m1", body("yes"), el("reply", { xmlns: NS.reply, id: "b1" }));
    expect(answer).toMatchObject([{ body: "yes", about: "coming?" }]);
  });

  test("a reaction to bob's words is told, and one that anna has given before is not told again", async () => {
    const runs = new Runs();
    const recall = runs.start();
    recall.note({ chat: chatOf(bob, annaJid), speaker: bob, names: ["b1"] }, "coming?");
    await hears(recall, "m1", react("b1", "👍"));
    expect(await hears(runs.start(), "m2", react("b1", "👍", "🎉"))).toMatchObject([{ key: "🎉", text: "coming?" }]);
    expect(await hears(runs.start(), "m3", react("b1", "🎉"))).toMatchObject([{ key: "👍", removed: true }]);
  });

  test("a reaction and a correction that were not stored yet are news when they are given again", async () => {
    const runs = new Runs();
    const recall = runs.start();
    recall.note({ chat: chatOf(bob, annaJid), speaker: bob, names: ["b1"] }, "coming?");
    await hears(recall, "m1", body("over their"));
    const corrects = [body("over there"), el("replace", { xmlns: NS.correct, id: "m1" })];
    for (const killed of [recall, runs.start()])
      for (const children of [[react("b1", "👍")], corrects]) {
        const message = readMessage(el("message", { from: annaPhone, to: bob, id: "m2", type: "chat" }, ...children));
        expect(await (message && killed.hear(message, bob))?.words()).toHaveLength(1);
      }
    expect(await hears(runs.start(), "m2", react("b1", "👍"))).toMatchObject([{ key: "👍", text: "coming?" }]);
    expect(await hears(runs.start(), "m3", ...corrects)).toMatchObject([{ about: "over their" }]);
  });

  test("nobody takes back what bob has said", async () => {
    const runs = new Runs();
    runs.start().note({ chat: chatOf(bob, annaJid), speaker: bob, names: ["b1"] }, "coming?");
    const gone = await hears(runs.start(), "m2", el("retract", { xmlns: NS.retract, id: "b1" }));
    expect(gone).toMatchObject([{ body: "(a message was deleted)" }]);
  });
});

test("what was said while the store was away is kept with what is said next", async () => {
  const runs = new Runs();
  const recall = runs.start();
  runs.isDown = true;
  await hears(recall, "m1", body("I love you"));
  await recall.stop();
  expect(runs.kept.size).toBe(0);
  runs.isDown = false;
  await hears(recall, "m2", body("hello"));
  const gone = await hears(runs.start(), "m3", el("retract", { xmlns: NS.retract, id: "m1" }));
  expect(gone).toMatchObject([{ body: "(deleted: “I love you”)" }]);
});

test("what is tried again and again is kept once", async () => {
  const runs = new Runs();
  const recall = runs.start();
  for (let i = 0; i < 10; i += 1) {
    recall.note({ chat: chatOf(bob, annaJid), speaker: bob, names: ["b1"] }, "coming?");
    await hears(recall, "m1", react("b1", "👍"));
  }
  await recall.stop();
  expect(runs.kept.get(chatOf(bob, annaJid))).toHaveLength(2);
});

test("while the store is away, words about what nobody remembers wait", async () => {
  const runs = new Runs();
  await hears(runs.start(), "m1", body("I love you"));
  const stanza = el("message", { from: annaPhone, to: bob, id: "m2" }, el("retract", { xmlns: NS.retract, id: "m1" }));
  const message = readMessage(stanza);
  const stored = message && runs.start().hear(message, bob);
  runs.isDown = true;
  await expect(stored?.words()).rejects.toThrow("store-down");
  runs.isDown = false;
  expect(await stored?.words()).toMatchObject([{ body: "(deleted: “I love you”)" }]);
});

test("what may be a stranger's is not kept before it is asked for and stored", async () => {
  const runs = new Runs();
  const message = readMessage(el("message", { from: annaPhone, to: bob, id: "m1", type: "chat" }, body("hello")));
  const recall = runs.start();
  await recall.stop();
  const stored = message && recall.hear(message, bob);
  stored?.keep();
  await stored?.words();
  await stored?.words();
  expect(runs.kept.size).toBe(0);
  stored?.keep();
  stored?.keep();
  expect(runs.kept.get(chatOf(bob, annaJid))).toHaveLength(1);
});

test("what is said about words that nobody knows does not have all that was kept read each time", async () => {
  const runs = new Runs();
  await hears(runs.start(), "m1", body("hello"));
  const recall = runs.start();
  for (let i = 0; i < 10; i += 1)
    await hears(recall, `r${i}`, body("yes"), el("reply", { xmlns: NS.reply, id: `x${i}` }));
  expect(runs.reads).toBe(1);
});

test("after a restart, a name that two have used means what was called so first, as it is now", async () => {
  const runs = new Runs();
  const chat = "room@muc.example.org";
  const recall = runs.start();
  recall.note({ chat, speaker: "anna", names: ["1"] }, "from Anna");
  recall.note({ chat, speaker: "zoe", names: ["1"] }, "from Zoe");
  recall.note({ chat, speaker: "anna", names: ["1"] }, "from Anna, corrected");
  const later = runs.start();
  await later.recollect(chat, "1");
  expect(later.find(chat, "1")?.text).toBe("from Anna, corrected");
  expect(later.find(chat, "1", "zoe")?.text).toBe("from Zoe");
});

test("typing is nothing to store", () => {
  const typing = el("message", { from: annaPhone, to: bob }, el("composing", { xmlns: NS.chatStates }));
  const message = readMessage(typing);
  expect(message && new Runs().start().hear(message, bob)).toBeUndefined();
});

test("in a room, words that others call by the same name stay theirs", () => {
  const recall = new Recall();
  const said = { chat: "room@muc.example.org", names: ["1"] };
  recall.note({ ...said, speaker: "anna" }, "from Anna");
  recall.note({ ...said, speaker: "zoe" }, "from Zoe");
  expect(recall.find(said.chat, "1", "anna")?.text).toBe("from Anna");
  expect(recall.find(said.chat, "1", "zoe")?.text).toBe("from Zoe");
});
