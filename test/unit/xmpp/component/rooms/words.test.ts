import { describe, expect, test } from "vitest";
import { type GroupMessage, messageId, parseContactAddress, type Relation } from "../../../../../src/bridge/model.ts";
import { Talk } from "../../../../../src/xmpp/component/rooms/talk.ts";
import { foreignSpeech, reacted } from "../../../../../src/xmpp/component/rooms/words.ts";
import { parseBareJid } from "../../../../../src/xmpp/jid.ts";
import { type RoomMessage, readRoomMessage } from "../../../../../src/xmpp/muc/room-words.ts";
import { Recall } from "../../../../../src/xmpp/recall.ts";
import { readMessage } from "../../../../../src/xmpp/stanza/message.ts";
import { el, NS, type XmlElement } from "../../../../../src/xmpp/stanza/xml.ts";

const ROOM = parseBareJid("room@muc.test");
const BOB = "bob\\40msn.test@msn.example.org";
const ZOE = "xmpp:zoe@xmpp.test";
const EVE = "xmpp:eve@xmpp.test";

/** Something in the room, under the ids `o-<name>` of its sender and `s-<name>` of the room. */
function message(nick: string, name: string, body: string | undefined, ...more: XmlElement[]): RoomMessage {
  const attrs = { from: `${ROOM}/${nick}`, to: "msn.example.org/bridge", type: "groupchat", id: `o-${name}` };
  const named = el("stanza-id", { xmlns: NS.sid, by: ROOM, id: `s-${name}` });
  const said = el("message", attrs, body === undefined ? undefined : el("body", {}, body), named, ...more);
  const read = readRoomMessage(said, "MSN", "live");
  if (read === undefined) throw new Error("nothing was said");
  return read;
}

function talk() {
  const memory = new Talk(new Recall());
  const hear = async (speaker: string, ...said: Parameters<typeof message>) => {
    const one = message(...said);
    const read = readMessage(one.stanza);
    if (read === undefined) throw new Error("nothing was said");
    return (await memory.hear(one, read, speaker)?.words()) ?? [];
  };
  return { memory, hear };
}

describe("what people say about other words", () => {
  test("a message is called as the room calls it", async () => {
    const [said] = await talk().hear(ZOE, "zoe", "1", "hello");
    expect(said).toMatchObject({ kind: "message", body: "hello", room: ROOM, resident: ZOE, as: "s-1" });
  });

  test("one corrects one's own words, by one's own name of them", async () => {
    const { hear } = talk();
    await hear(ZOE, "zoe", "1", "helo");
    const [edit] = await hear(ZOE, "zoe", "2", "hello", el("replace", { xmlns: NS.correct, id: "o-1" }));
    expect(edit).toMatchObject({ relation: { kind: "edit", target: "s-1" }, about: "helo", as: "s-2" });
  });

  test("one corrects an answer without what it quotes", async () => {
    const { hear } = talk();
    const quote = "> bob: who comes?\n";
    const range = el("body", { start: "0", end: `${quote.length}` });
    const more = [
      el("reply", { xmlns: NS.reply, id: "s-0" }),
      el("fallback", { xmlns: NS.fallback, for: NS.reply }, range),
    ];
    await hear(ZOE, "zoe", "1", `${quote}*I* dont`, ...more);
    const replace = el("replace", { xmlns: NS.correct, id: "o-1" });
    const [edit] = await hear(ZOE, "zoe", "2", `${quote}*I* do not`, ...more, replace);
    expect(edit).toMatchObject({ body: "*I* do not", relation: { kind: "edit", target: "s-1" }, about: "I dont" });
  });

  test("what was said to the bridge alone is nothing to answer, to correct, to take back or to react to", async () => {
    const { memory, hear } = talk();
    memory.note(message("zoe", "1", "!msn portals"), ZOE, "!msn");
    const like = el("reactions", { xmlns: "urn:xmpp:reactions:0", id: "s-1" }, el("reaction", {}, "👍"));
    expect(await hear(EVE, "eve", "2", undefined, like)).toEqual([]);
    const [answer] = await hear(EVE, "eve", "3", "not here", el("reply", { xmlns: NS.reply, id: "s-1" }));
    const [said] = await hear(ZOE, "zoe", "4", "portals!", el("replace", { xmlns: NS.correct, id: "o-1" }));
    for (const words of [answer, said])
      for (const relation of ["relation", "about", "of", "fixes"]) expect(words).not.toHaveProperty(relation);
    memory.note(message("zoe", "5", "!msn help"), ZOE, "!msn");
    expect(await hear(ZOE, "zoe", "6", undefined, el("retract", { xmlns: NS.retract, id: "s-5" }))).toEqual([]);
  });

  test("who counts their messages as somebody else does, who has said something to the bridge, takes their own words back", async () => {
    const { memory, hear } = talk();
    memory.note(message("eve", "1", "!msn help"), EVE, "!msn");
    await hear(ZOE, "zoe", "1", "hello");
    const [gone] = await hear(ZOE, "zoe", "2", undefined, el("retract", { xmlns: NS.retract, id: "o-1" }));
    expect(gone).toMatchObject({ relation: { kind: "removal" }, body: expect.stringContaining("hello") });
  });

  test("what a guest says who may give no commands, all have had: it can be taken back, and reacted to", async () => {
    const { hear } = talk();
    expect(await hear(ZOE, "zoe", "1", "!msn help")).toMatchObject([{ kind: "message", body: "!msn help" }]);
    const like = el("reactions", { xmlns: "urn:xmpp:reactions:0", id: "s-1" }, el("reaction", {}, "👍"));
    expect(await hear(EVE, "eve", "2", undefined, like)).toMatchObject([{ kind: "reaction", target: "s-1" }]);
    const [gone] = await hear(ZOE, "zoe", "3", undefined, el("retract", { xmlns: NS.retract, id: "s-1" }));
    expect(gone).toMatchObject({ relation: { kind: "removal", target: "s-1" } });
  });

  test("one takes one's own words back", async () => {
    const { hear } = talk();
    await hear(ZOE, "zoe", "1", "hello");
    const [gone] = await hear(ZOE, "zoe", "2", undefined, el("retract", { xmlns: NS.retract, id: "s-1" }));
    expect(gone).toMatchObject({ relation: { kind: "removal", target: "s-1" } });
  });

  test("nobody corrects or takes back what others have said, under whatever nick", async () => {
    const { hear } = talk();
    await hear(ZOE, "zoe", "1", "hello");
    const [edit] = await hear(EVE, "zoe", "2", "I hate you", el("replace", { xmlns: NS.correct, id: "o-1" }));
    expect(edit).not.toHaveProperty("relation");
    const [gone] = await hear(EVE, "zoe", "3", undefined, el("retract", { xmlns: NS.retract, id: "s-1" }));
    expect(gone).not.toHaveProperty("relation");
  });

  test("anybody answers anybody", async () => {
    const { hear } = talk();
    await hear(ZOE, "zoe", "1", "who comes?");
    const [answer] = await hear(EVE, "eve", "2", "I do", el("reply", { xmlns: NS.reply, id: "s-1" }));
    expect(answer).toMatchObject({ relation: { kind: "reply", target: "s-1" }, about: "who comes?", of: "zoe" });
  });

  test("a reaction names what it is about as the core does", async () => {
    const { hear } = talk();
    await hear(ZOE, "zoe", "1", "hello");
    const like = el("reactions", { xmlns: "urn:xmpp:reactions:0", id: "s-1" }, el("reaction", {}, "👍"));
    expect(await hear(EVE, "eve", "2", undefined, like)).toMatchObject([
      { kind: "reaction", target: "s-1", key: "👍" },
    ]);
  });
});

describe("what ghosts say about other words", () => {
  const words = (text: string, about?: Relation): GroupMessage => ({
    kind: "text",
    from: parseContactAddress("bob@msn.test"),
    fromName: "Bob",
    text,
    at: Date.now(),
    ...(about && { about }),
  });
  const speech = (memory: Talk, one: GroupMessage) => {
    const { own, spokenFor } = foreignSpeech(memory, ROOM, BOB, "Bob", one);
    const shown = (parts: readonly XmlElement[] = []) => parts.map(String).join("");
    return { own: shown(own[0]?.parts), spokenFor: shown(spokenFor[0]?.parts) };
  };
  const target = messageId("s-1");

  test("the bot names whom it speaks for", () => {
    const { own, spokenFor } = speech(talk().memory, words("hello"));
    expect([own, spokenFor]).toEqual(["<body>hello</body>", "<body>[Bob] hello</body>"]);
  });

  test("their own words are corrected by the name that they went out under; the bot says it in words", () => {
    const { memory } = talk();
    memory.note(message("Bob", "1", "helo"), BOB, "helo");
    const { own, spokenFor } = speech(memory, words("* hello", { kind: "edit", target, text: "hello" }));
    expect(own).toContain('<replace xmlns="urn:xmpp:message-correct:0" id="o-1"/>');
    expect(own).toContain("<body>hello</body>");
    expect(spokenFor).toBe("<body>[Bob] * hello</body>");
  });

  test("words that the bot has said for them are not theirs to correct", () => {
    const { memory } = talk();
    memory.note(message("MSN", "1", "[Bob] helo"), "msn.example.org", "helo");
    expect(speech(memory, words("* hello", { kind: "edit", target, text: "hello" })).own).toBe("<body>* hello</body>");
  });

  test("an answer quotes what it is about", async () => {
    const { memory, hear } = talk();
    await hear(ZOE, "zoe", "1", "who comes?");
    const { own } = speech(memory, words("> zoe: who comes?\nI do", { kind: "reply", target, text: "I do" }));
    expect(own).toContain("<body>&gt; zoe: who comes?\nI do</body>");
    expect(own).toContain('id="s-1"');
  });

  test("reactions add up, and are taken back one by one", () => {
    const { memory } = talk();
    const react = (key: string, removed?: true) => {
      const one = words("", { kind: "reaction", target, key, ...(removed && { removed }) });
      const { own } = speech(memory, one);
      reacted(memory, ROOM, BOB, one);
      return own.match(/<reaction>(.*?)<\/reaction>/g)?.join("") ?? "";
    };
    expect(react("👍")).toBe("<reaction>👍</reaction>");
    expect(react("🎉")).toBe("<reaction>👍</reaction><reaction>🎉</reaction>");
    expect(react("👍", true)).toBe("<reaction>🎉</reaction>");
  });

  test("a reaction in words that is taken back is nothing, and so is any that the bot would have to take back for them", () => {
    const { memory } = talk();
    const back = (key: string) => words("", { kind: "reaction", target, key, removed: true });
    const said = (key: string) => foreignSpeech(memory, ROOM, BOB, "Bob", back(key));
    expect(said(":party:")).toEqual({ own: [], spokenFor: [] });
    expect(said("👍").own).toHaveLength(1);
    expect(said("👍").spokenFor).toEqual([]);
  });

  test("words in which nothing is to be seen are no message, under nobody's name and of no time", () => {
    const { memory } = talk();
    for (const text of ["", " \n"])
      for (const at of [Date.now(), 0])
        expect(foreignSpeech(memory, ROOM, BOB, "Bob", { ...words(text), at })).toEqual({ own: [], spokenFor: [] });
  });
});
