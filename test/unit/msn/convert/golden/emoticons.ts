import type { RichText } from "../../../../../src/bridge/text/model.ts";
import { EMOTICONS } from "../../../../../src/msn/convert/emoticon-table.ts";
import { msnOfRich, richOfMsn } from "../../../../../src/msn/convert/rich.ts";
import { type GoldenTable, r, showRich } from "../../../../support/golden.ts";

const same = "the same picture, by its first shortcut";

/** The sender's own picture in these cases. */
const OWN = ["(tux)", ":)x", "(y)", "lol"];

const common = {
  from: "MSN",
  to: "rich text",
  convertBack: (text: RichText): string => msnOfRich(text).text,
  showFrom: (text: string): string => text,
  showTo: showRich,
} as const;

/** Every row of the table, as its first shortcut. */
export const PICTURES: GoldenTable<string, RichText> = {
  ...common,
  title: "MSN's emoticons",
  convert: (text) => richOfMsn({ text, format: {} }),
  cases: EMOTICONS.map(({ name, shortcuts: [first], emoji }) => ({
    about: "emoticons",
    name,
    from: first,
    to: r(emoji),
  })),
};

export const EMOTICON_RULES: GoldenTable<string, RichText> = {
  ...common,
  title: "Where emoticons are read",
  convert: PICTURES.convert,
  cases: [
    { about: "emoticons", name: "with a nose", from: "hi :-)", to: r("hi 🙂"), back: "hi :)", alike: same },
    { about: "emoticons", name: "in small letters", from: "ok (y)", to: r("ok 👍"), back: "ok (Y)", alike: same },
    { about: "emoticons", name: "another spelling", from: "(nah)", to: r("🐐"), back: "(nnh)", alike: same },
    {
      about: "emoticons",
      name: "a small letter in a face",
      from: ":p :d :s",
      to: r("😛 😃 😕"),
      back: ":P :D :S",
      alike: same,
    },
    { about: "emoticons", name: "a face that touches its word", from: "hello:)", to: r("hello🙂") },
    { about: "emoticons", name: "two in a row", from: ":):(", to: r("🙂🙁") },
    {
      about: "emoticons",
      name: "the longer one wins",
      from: "|-) :-| 8-|",
      to: r("😴 😐 🤓"),
      back: "|-) :| 8-|",
      alike: same,
    },
    { about: "emoticons", name: "before a full stop", from: "Great :D.", to: r("Great 😃.") },
    { about: "emoticons", name: "a function", from: "f(x) = (x)", to: r("f(x) = 👧"), back: "f(x) = (X)", alike: same },
    { about: "emoticons", name: "a drive of a computer", from: "C:Docs D:(x86)", to: r("C:Docs D:(x86)") },
    { about: "emoticons", name: "a time", from: "18-) at 8:30", to: r("18-) at 8:30") },
    {
      about: "emoji",
      name: "in an address",
      from: "see https://example.com/😀?a=👍 (Y)",
      to: r("see https://example.com/😀?a=👍 👍"),
    },
    {
      about: "emoticons",
      name: "in an address",
      from: "http://example.com/(y):p www.example.com/(a)",
      to: r("http://example.com/(y):p www.example.com/(a)"),
    },
    {
      about: "emoticons",
      name: "behind an address",
      from: "http://example.com (y)",
      to: r("http://example.com 👍"),
      back: "http://example.com (Y)",
      alike: same,
    },
    { about: "emoticons", name: "unknown letters", from: "(qq) (tux)", to: r("(qq) (tux)") },
  ],
};

export const OWN_EMOTICONS: GoldenTable<string, RichText> = {
  ...common,
  title: "The sender's own emoticons, (tux), :)x, (y) and lol",
  convert: (text) => richOfMsn({ text, format: {} }, OWN),
  cases: [
    { about: "own emoticons", name: "stays as it is written", from: "look (tux)!", to: r("look (tux)!") },
    { about: "own emoticons", name: "goes before one of MSN's", from: "(y) :)", to: r("(y) 🙂") },
    { about: "own emoticons", name: "as long as it is", from: ":)x :)", to: r(":)x 🙂") },
    { about: "own emoticons", name: "in other capitals it is another one", from: "(Y)", to: r("👍") },
    {
      about: "own emoticons",
      name: "in an address it is no picture, and the address stays whole",
      from: "HTTP://lol.example.com/(Y):p lol :)",
      to: r("HTTP://lol.example.com/(Y):p lol 🙂"),
    },
    {
      about: "own emoticons",
      name: "right before an address",
      from: "lolhttp://example.com/:p",
      to: r("lolhttp://example.com/:p"),
    },
  ],
};
