import { correctionLine } from "../../../../src/bridge/text/correction.ts";
import { type RichText, textOf } from "../../../../src/bridge/text/model.ts";
import { type Other, otherLine } from "../../../../src/bridge/text/others.ts";
import { plainText } from "../../../../src/bridge/text/plain.ts";
import { deletionNote, quotedReply } from "../../../../src/bridge/text/quote.ts";
import { type Reaction, reactionText } from "../../../../src/bridge/text/reactions.ts";
import { splitRich } from "../../../../src/bridge/text/split.ts";
import { b, link, type OneWayTable, r, showRich } from "../../../support/golden.ts";

interface Edit {
  readonly before: string;
  readonly after: string;
}

export const EDITS: OneWayTable<Edit> = {
  title: "An edit, as a line for who knows no edits",
  about: "edits",
  from: "an edit",
  loss: "MSN knows no edits: the line is a message of its own, and the first words stay",
  convert: ({ before, after }) => correctionLine(before, after),
  showFrom: ({ before, after }) => `${before} ⇒ ${after}`,
  cases: [
    { name: "one word", from: { before: "I am over their now", after: "I am over there now" }, to: "* their → there" },
    {
      name: "two words side by side",
      from: { before: "meet me at the old house", after: "meet me in a old house" },
      to: "* at the → in a",
    },
    {
      name: "two places",
      from: { before: "see you at 8 in the old house then", after: "see you at 9 in the new house then" },
      to: "* 8 → 9, old → new",
    },
    {
      name: "places with one word between are one",
      from: { before: "we go to town by bus at noon", after: "we go in town on bus at noon" },
      to: "* to town by → in town on",
    },
    {
      name: "a word more",
      from: { before: "that is a big house over there", after: "that is a very big house over there" },
      to: "* big → very big",
    },
    {
      name: "a word more at the end",
      from: { before: "let us meet tomorrow at noon", after: "let us meet tomorrow at noon sharp" },
      to: "* noon → noon sharp",
    },
    {
      name: "a word less",
      from: { before: "that is a very very big house", after: "that is a very big house" },
      to: "* very big → big",
    },
    {
      name: "a mark at the end",
      from: { before: "are you coming to the party tonight", after: "are you coming to the party tonight?" },
      to: "* tonight → tonight?",
    },
    {
      name: "another text",
      from: { before: "hello", after: "good evening everybody" },
      to: "* good evening everybody",
    },
    {
      name: "most words are others",
      from: { before: "one two three four", after: "one zwei drei vier" },
      to: "* one zwei drei vier",
    },
    { name: "a short text is said anew", from: { before: "on moday", after: "on monday" }, to: "* on monday" },
    {
      name: "many places",
      from: { before: "a 1 b c d 2 e f g 3 h i j 4 k", after: "a 5 b c d 6 e f g 7 h i j 8 k" },
      to: "* a 5 b c d 6 e f g 7 h i j 8 k",
    },
    { name: "only other blanks", from: { before: "a  b\nc", after: "a b c" }, to: undefined },
    { name: "nothing at all", from: { before: "a", after: "a" }, to: undefined },
    {
      name: "emoji",
      from: { before: "see you at the party tonight 👍", after: "see you at the party tonight 👍🏽" },
      to: "* 👍 → 👍🏽",
    },
  ],
};

interface Reply {
  readonly name: string;
  readonly said: RichText | string;
  readonly answer: RichText;
}

export const REPLIES: OneWayTable<Reply> = {
  title: "A reply, as a short quote",
  about: "replies",
  from: "a reply",
  loss: "MSN knows no replies: the quote is part of the message",
  convert: ({ name, said, answer }) => plainText(quotedReply(answer, { name, text: said })),
  showFrom: ({ name, said, answer }) =>
    `${showRich(answer)}, to ${name}'s ${typeof said === "string" ? said : showRich(said)}`,
  cases: [
    { name: "a short message", from: { name: "Bob", said: "coming?", answer: r("yes") }, to: "> Bob: coming?\nyes" },
    {
      name: "a long one",
      from: { name: "Bob", said: "word ".repeat(40), answer: r("yes") },
      to: `> Bob: ${"word ".repeat(12).trim().slice(0, 59)}…\nyes`,
    },
    { name: "several lines", from: { name: "Bob", said: "a\n\nb\nc", answer: r("yes") }, to: "> Bob: a b c\nyes" },
    {
      name: "a reply to a reply",
      from: { name: "Bob", said: "> Al: when?\nat eight", answer: r("fine") },
      to: "> Bob: at eight\nfine",
    },
    {
      name: "a reply to a reply to a reply",
      from: { name: "Bob", said: ">> Cy: so?\n> Al: when?\n>\nat eight", answer: r("fine") },
      to: "> Bob: at eight\nfine",
    },
    {
      name: "a face at the beginning of a line",
      from: { name: "Bob", said: ">:( that is mean\n>_< really", answer: r("sorry") },
      to: "> Bob: >:( that is mean >_< really\nsorry",
    },
    {
      name: "nothing but a quotation",
      from: { name: "Bob", said: "> to be or not to be", answer: r("nice") },
      to: "> Bob: > to be or not to be\nnice",
    },
    {
      name: "looks and links of what is quoted",
      from: { name: "Bob", said: r(b("see "), link("https://example.com/a", "this")), answer: r("ok") },
      to: "> Bob: see this (https://example.com/a)\nok",
    },
    {
      name: "nothing that can be shown",
      from: { name: "Bob", said: " \n", answer: r("what?") },
      to: "> Bob: …\nwhat?",
    },
    {
      name: "a name of several lines",
      from: { name: "Bob\nthe great", said: "hi", answer: r("yo") },
      to: "> Bob the great: hi\nyo",
    },
    { name: "nobody's name", from: { name: "", said: "hi", answer: r("yo") }, to: "> hi\nyo" },
    {
      name: "emoji are not cut",
      from: { name: "Bob", said: "👨‍👩‍👧‍👦".repeat(70), answer: r("yo") },
      to: `> Bob: ${"👨‍👩‍👧‍👦".repeat(59)}…\nyo`,
    },
  ],
};

const on = (text: string, by: string, key: string, removed = false): Reaction => ({
  message: text,
  text,
  by,
  key,
  removed,
});

export const REACTIONS: OneWayTable<readonly Reaction[]> = {
  title: "Reactions of a while, as one text",
  about: "reactions",
  from: "reactions",
  loss: "MSN knows no reactions: they are a message of their own, and one taken back later is not told",
  convert: reactionText,
  showFrom: (all) => all.map(({ by, key, removed, text }) => `${by} ${removed ? "−" : "+"}${key} (${text})`).join(", "),
  cases: [
    { name: "one", from: [on("see you at eight", "Alice", "👍")], to: "👍 Alice to “see you at eight”" },
    { name: "the same by two", from: [on("hi", "Alice", "👍"), on("hi", "Bob", "👍")], to: "👍 Alice, Bob to “hi”" },
    {
      name: "two kinds",
      from: [on("hi", "Alice", "👍"), on("hi", "Bob", "❤️"), on("hi", "Carol", "👍")],
      to: "👍 Alice, Carol · ❤️ Bob to “hi”",
    },
    {
      name: "two messages",
      from: [on("a", "Alice", "👍"), on("b", "Bob", "👍"), on("a", "Bob", "👎")],
      to: "👍 Alice · 👎 Bob to “a”\n👍 Bob to “b”",
    },
    {
      name: "taken back within the while",
      from: [on("a", "Alice", "👍"), on("a", "Alice", "👍", true)],
      to: undefined,
    },
    {
      name: "changed within the while",
      from: [on("a", "Alice", "👍"), on("a", "Alice", "👍", true), on("a", "Alice", "🎉")],
      to: "🎉 Alice to “a”",
    },
    { name: "words in place of an emoji", from: [on("a", "Alice", "so true")], to: "so true Alice to “a”" },
    {
      name: "words that look like somebody's name",
      from: [on("a", "Alice", "[Boss] no")],
      to: "Boss  no Alice to “a”",
    },
    {
      name: "many people",
      from: ["Al", "Bo", "Cy", "Di", "Ed", "Flo", "Gus"].map((name) => on("a", name, "👍")),
      to: "👍 Al, Bo, Cy, Di, Ed and 2 more to “a”",
    },
    { name: "none", from: [], to: undefined },
  ],
};

interface Long {
  readonly text: RichText;
  /** Bytes of a part. */
  readonly limit: number;
}

const bytesOf = (text: RichText): number => Buffer.byteLength(textOf(text));

export const SPLITS: OneWayTable<Long> = {
  title: "A long message, in parts",
  about: "long messages",
  from: "a message, and the bytes that fit into one",
  loss: "The parts are messages of their own, in their order; behind one another they are the message. On MSN from version 21 on a message of several parts is one message there",
  convert: ({ text, limit }) => splitRich(text, limit, bytesOf).map(showRich).join(" │ "),
  showFrom: ({ text, limit }) => `${limit}: ${showRich(text)}`,
  cases: [
    { name: "it fits", from: { text: r("one two"), limit: 10 }, to: "one two" },
    { name: "behind a word", from: { text: r("one two three four"), limit: 10 }, to: "one two  │ three four" },
    {
      name: "behind a line, rather",
      from: { text: r("one two x\nthree four"), limit: 12 },
      to: "one two x\n │ three four",
    },
    { name: "within a word that is too long", from: { text: r("abcdefghijkl"), limit: 5 }, to: "abcde │ fghij │ kl" },
    {
      name: "each part keeps its looks",
      from: { text: r("a ", b("bold words")), limit: 8 },
      to: "a {bold|bold } │ {bold|words}",
    },
    { name: "no emoji is torn", from: { text: r("👨‍👩‍👧 👨‍👩‍👧"), limit: 30 }, to: "👨‍👩‍👧  │ 👨‍👩‍👧" },
    { name: "an accent stays with its letter", from: { text: r("aaaa e\u0301bb"), limit: 6 }, to: "aaaa  │ e\u0301bb" },
    { name: "an emoji that alone is too long", from: { text: r("👍🏽"), limit: 4 }, to: "👍 │ 🏽" },
  ],
};

export const OTHERS: OneWayTable<Other> = {
  title: "What no text can be, in a line",
  about: "other kinds",
  from: "what was sent",
  loss: "MSN gets no more than the line",
  convert: otherLine,
  showFrom: (other) => JSON.stringify(other),
  cases: [
    { name: "nothing but that", from: { act: "sent a picture" }, to: "[sent a picture]" },
    { name: "with its name", from: { act: "sent a file", name: "a.pdf" }, to: "[sent a file: “a.pdf”]" },
    {
      name: "with a place to have it from",
      from: { act: "sent a file", name: "a.pdf", where: "https://example.com/a.pdf" },
      to: "[sent a file: “a.pdf” https://example.com/a.pdf]",
    },
    { name: "with words", from: { act: "sent a picture", words: "look\nhere " }, to: "[sent a picture] look\nhere" },
    { name: "a name of nothing", from: { act: "sent a file", name: "\u200B\n" }, to: "[sent a file]" },
    { name: "a name of several lines", from: { act: "sent a file", name: "a\n]b" }, to: "[sent a file: “a ]b”]" },
    {
      name: "an address that is too long",
      from: { act: "sent a file", where: `https://example.com/${"x".repeat(2000)}` },
      to: "[sent a file]",
    },
  ],
};

export const DELETIONS: OneWayTable<string | undefined> = {
  title: "A deletion, as a note",
  about: "deletions",
  from: "a deleted message",
  loss: "MSN takes nothing back: the words stay, and the note says that they were meant to go",
  convert: deletionNote,
  showFrom: (text) => text ?? "(not known any more)",
  cases: [
    { name: "a face at the beginning", from: ">:( that is mean", to: "(deleted: “>:( that is mean”)" },
    { name: "known words", from: "I hate mondays", to: "(deleted: “I hate mondays”)" },
    { name: "long words", from: "x".repeat(80), to: `(deleted: “${"x".repeat(59)}…”)` },
    { name: "forgotten words", from: undefined, to: "(a message was deleted)" },
  ],
};
