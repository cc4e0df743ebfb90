/** Words of people and of the network on XMPP, as far as the golden tables do not tell of them. */
import { expect, test } from "vitest";
import type { NetworkMessage } from "../../../../src/bridge/model.ts";
import { readStored } from "../../../../src/xmpp/convert/stored.ts";
import { splitText } from "../../../../src/xmpp/convert/text.ts";
import { dated, ownWords, partsOf, spoken, wordsOf } from "../../../../src/xmpp/convert/words.ts";
import { parseBareJid } from "../../../../src/xmpp/jid.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import { chatOf, Recall } from "../../../../src/xmpp/recall.ts";
import { chatMessage, readMessage } from "../../../../src/xmpp/stanza/message.ts";
import { el, NS, wire, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { b, i, r, rtl, w } from "../../../support/golden.ts";
import { annaJid, annaPhone, bob, contact, NET, names } from "../support.ts";

const carol = names.jid({ network: NET, contact: contact("carol").address });
const XHTML = "http://www.w3.org/1999/xhtml";
const html = (...children: (XmlElement | string)[]) =>
  el("html", { xmlns: NS.xhtmlIm }, el("body", { xmlns: XHTML }, ...children));

/** Anna's client says something; what the core reads of it after it was stored. */
function hears(recall: Recall, ...children: XmlElement[]) {
  return hearsAs(recall, "m1", ...children);
}

function hearsAs(recall: Recall, id: string, ...children: XmlElement[]) {
  const message = readMessage(el("message", { from: annaPhone, to: bob, id, type: "chat" }, ...children));
  const [stored] = message === undefined ? [] : recall.stored(message, bob);
  return stored && readStored(JSON.parse(JSON.stringify(stored)), XMPP, names);
}

const body = (text: string): XmlElement => el("body", {}, text);

test.each([
  ["plain", [body("hi")], { text: "hi" }],
  ["with signs", [body("*hi* you")], { text: "hi you", rich: r(b("hi"), " you") }],
  ["with signs that are none", [body("*hi*"), el("unstyled", { xmlns: NS.styling })], { text: "*hi*" }],
  ["as XHTML-IM", [body("*hi*"), html(el("em", {}, "hi"))], { text: "hi", rich: r(i("hi")) }],
  [
    "as XHTML-IM that cannot be read",
    [body("*hi*"), el("html", { xmlns: NS.xhtmlIm })],
    { text: "hi", rich: r(b("hi")) },
  ],
  ["as XHTML-IM without any look", [body("*hi*"), html("*hi*")], { text: "*hi*" }],
  ["from right to left", [body("שלום")], { text: "שלום", rich: rtl("שלום") }],
  ["of an action", [body("/me waves *much*")], { text: "* waves much", rich: r("* waves ", b("much")) }],
])("words %s", (_what, children, words) => {
  const { kind, text, ...more } = hears(new Recall(), ...children) as { kind: string; text: string; rich?: unknown };
  expect({ text, ...("rich" in more ? { rich: more.rich } : {}) }).toEqual(words);
  expect(kind).toBe("text");
});

const corrects = (id: string): XmlElement => el("replace", { xmlns: NS.correct, id });

test("a correction tells the difference, also when its stanza comes again", () => {
  const recall = new Recall();
  hears(recall, body("I am over their now"));
  const fixed = [body("I am over there now"), corrects("m1")];
  expect(hearsAs(recall, "m2", ...fixed)).toMatchObject({ text: "* their → there" });
  expect(hearsAs(recall, "m2", ...fixed)).toMatchObject({ text: "* their → there" });
  expect(hearsAs(recall, "m3", body("I am over there then"), corrects("m1"))).toMatchObject({ text: "* now → then" });
});

test.each([
  ["code", "run `make test` there, not their", "run `make test` here, not their", "* there, → here,"],
  ["bold words", "*all* of you know him, to", "*all* of you know him, too", "* to → too"],
  ["an action", "/me waves at them all, to", "/me waves at them all, too", "* to → too"],
])("a correction of words with %s tells only what differs in the words", (_what, before, after, line) => {
  const recall = new Recall();
  hears(recall, body(before));
  expect(hearsAs(recall, "m2", body(after), corrects("m1"))).toMatchObject({ text: line });
});

test("the correction of an answer is about its words, not about what it quotes", () => {
  const recall = new Recall();
  const quote = "> shall we?\n";
  const range = el("body", { start: "0", end: `${quote.length}` });
  const answers = (text: string) => [
    body(`${quote}${text}`),
    el("reply", { xmlns: NS.reply, id: "x" }),
    el("fallback", { xmlns: NS.fallback, for: NS.reply }, range),
  ];
  hears(recall, ...answers("yes, at nein"));
  expect(hearsAs(recall, "m2", ...answers("yes, at nine"), corrects("m1"))).toMatchObject({ text: "* nein → nine" });
  expect(hearsAs(recall, "m3", ...answers("at ten"), corrects("m0"))).toMatchObject({ text: "* at ten" });
});

test("a correction of what nobody remembers is said whole, with its looks", () => {
  expect(hears(new Recall(), body("see *you*"), corrects("m0"))).toMatchObject({
    text: "* see you",
    rich: r("* see ", b("you")),
  });
});

test("a correction of looks alone is for homes alone that know what it corrects", () => {
  const said = {
    kind: "message",
    from: annaPhone,
    to: bob,
    id: "m2",
    body: "see *you*",
    fixes: true,
    about: "see you",
  };
  expect(readStored(said, XMPP, names)).toBeUndefined();
  expect(readStored({ ...said, relation: { kind: "edit", target: "m1" } }, XMPP, names)).toMatchObject({
    looksAlone: true,
    about: { kind: "edit", target: "m1", text: "see you", rich: r("see ", b("you")) },
  });
});

test("what is taken back is told, with its words while they are remembered", () => {
  const recall = new Recall();
  hears(recall, body("I love you"));
  const retract = (id: string) => [el("retract", { xmlns: NS.retract, id }), body("This person attempted to retract")];
  expect(hearsAs(recall, "m2", ...retract("m1"))).toMatchObject({ text: "(deleted: “I love you”)" });
  expect(hearsAs(recall, "m3", ...retract("m0"))).toMatchObject({ text: "(a message was deleted)" });
});

test("an answer carries a short quote", () => {
  const quote = "> see you at eight in the old house behind the church, as we have said the other day\n";
  const fallback = el(
    "fallback",
    { xmlns: NS.fallback, for: NS.reply },
    el("body", { start: "0", end: String(quote.length) }),
  );
  const answers = el("reply", { xmlns: NS.reply, id: "x" });
  expect(hears(new Recall(), body(`${quote}yes`), answers, fallback)).toMatchObject({
    text: "> see you at eight in the old house behind the church, as we…\nyes",
  });
});

test("an answer without a quote of its own quotes what is remembered, whoever said it", () => {
  const recall = new Recall();
  recall.note({ chat: chatOf(bob, annaJid), speaker: bob, names: ["msn-1"] }, "coming?");
  const answers = (id: string) => el("reply", { xmlns: NS.reply, id });
  expect(hears(recall, body("yes"), answers("msn-1"))).toMatchObject({ text: "> coming?\nyes" });
  expect(hearsAs(recall, "m2", body("sure"), answers("m1"))).toMatchObject({ text: "> yes\nsure" });
  expect(hearsAs(recall, "m3", body("what?"), answers("m0"))).toMatchObject({ text: "what?" });
});

test("what anna says in one chat is nothing to answer in another", () => {
  const recall = new Recall();
  recall.note({ chat: chatOf(carol, annaJid), speaker: carol, names: ["msn-1"] }, "my secret");
  expect(hears(recall, body("yes"), el("reply", { xmlns: NS.reply, id: "msn-1" }))).toMatchObject({ text: "yes" });
  expect(reacts(recall, "r1", "msn-1", "👍")).toEqual([]);
});

/** Anna reacts with all of these to a message, as her client says it. */
function reacts(recall: Recall, id: string, to: string, ...emoji: string[]): string[] {
  return reactsWith(recall, id, reactions(to, ...emoji)).map((event) => {
    if (event?.kind !== "reaction") throw new Error("no reaction");
    return `${event.removed ? "-" : "+"}${event.key} to ${event.target}: ${event.text}`;
  });
}

function reactions(to: string, ...emoji: string[]): XmlElement {
  return el("reactions", { xmlns: NS.reactions, id: to }, ...emoji.map((one) => el("reaction", {}, one)));
}

function reactsWith(recall: Recall, id: string, ...children: XmlElement[]) {
  const message = readMessage(el("message", { from: annaPhone, to: bob, id, type: "chat" }, ...children));
  const all = message === undefined ? [] : recall.stored(message, bob);
  return all.map((stored) => readStored(JSON.parse(JSON.stringify(stored)), XMPP, names));
}

test("of reactions what is new is given, and what is missing is taken back; a repeat says the same", () => {
  const recall = new Recall();
  recall.note({ chat: chatOf(bob, annaJid), speaker: bob, names: ["msn-1"] }, "see you at eight");
  const text = "msn-1: see you at eight";
  expect(reacts(recall, "r1", "msn-1", "👍")).toEqual([`+👍 to ${text}`]);
  expect(reacts(recall, "r1", "msn-1", "👍")).toEqual([`+👍 to ${text}`]);
  expect(reacts(recall, "r2", "msn-1", "👍", "❤️", "❤️", " ")).toEqual([`+❤️ to ${text}`]);
  expect(reacts(recall, "r3", "msn-1", "🎉", "❤️")).toEqual([`-👍 to ${text}`, `+🎉 to ${text}`]);
  expect(reacts(recall, "r4", "msn-1")).toEqual([`-🎉 to ${text}`, `-❤️ to ${text}`]);
  expect(reacts(recall, "r5", "msn-1")).toEqual([]);
});

test("a reaction to words of her own, too; to what nobody remembers it says what her client says beside it", () => {
  const recall = new Recall();
  hears(recall, body("I have passed"));
  expect(reacts(recall, "r1", "m1", "🎉")).toEqual(["+🎉 to m1: I have passed"]);
  const beside = body("> see you\n👍");
  expect(reactsWith(recall, "r2", reactions("m1", "🎉", "👍"), beside)).toMatchObject([
    { kind: "reaction", key: "👍" },
  ]);
  expect(reactsWith(recall, "r3", reactions("m0", "👍"), beside)).toMatchObject([
    { kind: "text", text: "> see you\n👍" },
  ]);
  expect(reacts(recall, "r4", "m00", "👍")).toEqual([]);
});

test("in a room each person has reactions of their own", () => {
  const recall = new Recall();
  const room = parseBareJid("friends@rooms.test");
  recall.note({ chat: room, speaker: "Bob", names: ["s1"] }, "hi all");
  const press = (nick: string, id: string, ...emoji: string[]) => {
    const message = readMessage(
      el("message", { from: `${room}/${nick}`, to: annaJid, id, type: "groupchat" }, reactions("s1", ...emoji)),
    );
    const all = message === undefined ? [] : recall.stored(message, room, { speaker: nick, names: [`s-${id}`] });
    return all.map((one) => (one.kind === "reaction" ? `${one.removed ? "-" : "+"}${one.key}` : one.kind));
  };
  expect(press("Anna", "r1", "👍")).toEqual(["+👍"]);
  expect(press("Carl", "r1", "👍", "❤️")).toEqual(["+👍", "+❤️"]);
  expect(press("Anna", "r2")).toEqual(["-👍"]);
});

test("what is no text is named, and its sender hears so unless there is an address to have it by", () => {
  const recall = new Recall();
  const file = (...sources: XmlElement[]) =>
    el(
      "file-sharing",
      { xmlns: NS.sfs },
      el("file", { xmlns: NS.fileMetadata }, el("name", {}, "cat.jpg"), el("media-type", {}, "image/jpeg")),
      el("sources", {}, ...sources),
    );
  expect(hears(recall, file())).toMatchObject({ text: "[sent a picture: “cat.jpg”]", instead: "a picture" });
  const url = "https://up.example.org/x/cat.jpg";
  const linked = hearsAs(recall, "m2", file(el("url-data", { xmlns: NS.urlData, target: url })), body(url));
  expect(linked).toMatchObject({ text: `[sent a picture: “cat.jpg” ${url}]` });
  expect(linked).not.toHaveProperty("instead");
  const answers = el("reply", { xmlns: NS.reply, id: "m1" });
  expect(hearsAs(recall, "m3", body("mine"), answers)).toMatchObject({
    text: "> [sent a picture: “cat.jpg”]\nmine",
  });
});

const message: NetworkMessage = { kind: "text", from: "bob@msn.test" as never, fromName: "Bob", text: "hi you", at: 0 };
const rich = r(b("hi"), " you");

test("looks go in both of XMPP's ways, also behind what is put in front of them", () => {
  const [said] = partsOf(wordsOf({ ...message, rich }));
  const text = wire(chatMessage({ from: bob, to: annaPhone, id: "x", ...(said ?? { body: "" }) }));
  expect(text).toContain(
    `<body>*hi* you</body><html xmlns="${NS.xhtmlIm}"><body xmlns="${XHTML}"><strong>hi</strong> you`,
  );
  expect(text).not.toContain("unstyled");
  const own = { ...message, rich, own: { device: "Laptop" } };
  expect(partsOf(ownWords(own))[0]?.body).toBe("[You, at Laptop] *hi* you");
  expect(partsOf(dated(wordsOf(own), own))[0]?.body).toBe("(1970-01-01 00:00 UTC) *hi* you");
  expect(partsOf(spoken("Bob", wordsOf(own)))[0]?.body).toBe("[Bob] *hi* you");
});

test("signs that bob has typed are marked as none", () => {
  const [said] = partsOf({ text: "2 * 3 * 4 and *so* on" });
  expect(said).toEqual({ body: "2 * 3 * 4 and *so* on", unstyled: true });
  expect(wire(chatMessage({ from: bob, to: annaPhone, id: "x", ...(said ?? { body: "" }) }))).toContain(
    `<unstyled xmlns="${NS.styling}"/>`,
  );
  expect(partsOf({ text: "2 * 3 = 6" })).toEqual([{ body: "2 * 3 = 6", unstyled: false }]);
});

test("long words with looks come in parts that servers take", () => {
  const long = r(w("ä".repeat(50_000), { color: "#ff0000" }), b("ö".repeat(20_000)));
  const parts = partsOf({ text: "unused", rich: long });
  expect(parts.map((part) => part.body.replaceAll("*", "")).join("")).toBe("ä".repeat(50_000) + "ö".repeat(20_000));
  for (const part of parts) expect(Buffer.byteLength(part.body + String(part.html))).toBeLessThanOrEqual(60_000);
  expect(splitText("ä".repeat(70_000))).toHaveLength(3);
});

test("words in which nothing is to be seen need no message, and nothing is put in front of them", () => {
  const nothing: NetworkMessage = { ...message, kind: "notice", text: " " };
  for (const words of [
    wordsOf(nothing),
    ownWords(nothing),
    dated(wordsOf(nothing), nothing),
    spoken("Bob", { text: "" }),
  ])
    expect(partsOf(words)).toEqual([]);
  expect(partsOf({ text: "unused", rich: r("") })).toEqual([]);
});
