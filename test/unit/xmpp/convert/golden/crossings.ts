/** The whole way from MSN to clients with XHTML-IM and back, and from XMPP to MSN: what people at either end see. */
import { richOfStyling, stylingOfRich } from "../../../../../src/xmpp/convert/styling.ts";
import type { GoldenTable } from "../../../../support/golden.ts";
import { effects, fromWire, m, PLAIN, showWire, toWire, type WireText } from "../../../msn/convert/golden/wire.ts";
import { print, read } from "./xhtml.ts";

const SIGNS = "MSN has one look for a whole message: the words come back with signs in place of theirs";
const ONE_LOOK = "MSN has one look for a whole message: what only some words have is lost";
const CODES = "codes are read and not written: who has no Messenger Plus! would see them";
const BACKGROUND = "MSN has no background colours";
const LINK = "MSN has no links behind words: the address stands in the text";

const font = (name: string): string => `FN=${name}; EF=; CO=0; CS=0; PF=22`;
const red = (letters: string): string => `FN=Segoe%20UI; EF=${letters}; CO=ff; CS=0; PF=22`;
const span = (style: string, text: string): string => `<span style="${style}">${text}</span>`;

export const MSN_TO_XHTML: GoldenTable<WireText, string> = {
  title: "From MSN to an XMPP client with XHTML-IM and back",
  from: "MSN",
  to: "XMPP",
  convert: (wire) => print(fromWire(wire)),
  convertBack: (inner) => toWire(read(inner)),
  showFrom: showWire,
  showTo: (inner) => inner,
  cases: [
    { about: "plain text", name: "words", from: m("hello you"), to: "hello you" },
    { about: "bold", name: "a bold message", from: m("hello", effects("B")), to: "<strong>hello</strong>" },
    { about: "italic", name: "an italic message", from: m("hello", effects("I")), to: "<em>hello</em>" },
    {
      about: "underline",
      name: "an underlined one",
      from: m("hi", effects("U")),
      to: span("text-decoration: underline", "hi"),
    },
    {
      about: "strike",
      name: "a struck one",
      from: m("hi", effects("S")),
      to: span("text-decoration: line-through", "hi"),
    },
    {
      about: "underline",
      name: "all effects, in red",
      from: m("hi", red("BISU")),
      to: span("color: #ff0000; text-decoration: underline line-through", "<strong><em>hi</em></strong>"),
    },
    { about: "colour", name: "in red", from: m("hi", red("")), to: span("color: #ff0000", "hi") },
    {
      about: "font",
      name: "a font",
      from: m("hi", font("Comic%20Sans%20MS")),
      to: span("font-family: &apos;Comic Sans MS&apos;", "hi"),
    },
    { about: "emoticons", name: "emoticons in bold", from: m("yes (Y)", effects("B")), to: "<strong>yes 👍</strong>" },
    {
      about: "Messenger Plus!",
      name: "a bold word",
      from: m("a [b]b[/b]"),
      to: "a <strong>b</strong>",
      back: m("a *b*"),
      loss: CODES,
    },
    {
      about: "Messenger Plus!",
      name: "colours",
      from: m("[c=4][a=8]hi[/a][/c]"),
      to: span("color: #ff0000; background-color: #ffff00", "hi"),
      back: m("hi", red("")),
      loss: BACKGROUND,
    },
    {
      about: "right to left",
      name: "Hebrew in italics",
      from: m("שלום", `${effects("I")}; RL=1`),
      to: "<em>שלום</em>",
    },
    { about: "links", name: "an address", from: m("see http://example.com/a"), to: "see http://example.com/a" },
  ],
};

export const XHTML_TO_MSN: GoldenTable<string, WireText> = {
  title: "From an XMPP client with XHTML-IM to MSN and back",
  from: "XMPP",
  to: "MSN",
  convert: (inner) => toWire(read(inner)),
  convertBack: (wire) => print(fromWire(wire)),
  showFrom: (inner) => inner,
  showTo: showWire,
  cases: [
    { about: "plain text", name: "words", from: "hello *you*", to: m("hello *you*") },
    { about: "bold", name: "a bold message", from: "<strong>hi</strong>", to: m("hi", effects("B")) },
    { about: "bold", name: "a bold word", from: "a <strong>b</strong>", to: m("a *b*"), back: "a *b*", loss: SIGNS },
    {
      about: "strike",
      name: "a struck word",
      from: `a ${span("text-decoration: line-through", "b")}`,
      to: m("a ~b~"),
      back: "a ~b~",
      loss: SIGNS,
    },
    {
      about: "underline",
      name: "an underlined word",
      from: `a ${span("text-decoration: underline", "b")}`,
      to: m("a b"),
      back: "a b",
      loss: ONE_LOOK,
    },
    { about: "colour", name: "all in red", from: span("color: #ff0000", "hi"), to: m("hi", red("")) },
    {
      about: "background",
      name: "on yellow",
      from: span("background-color: #ffff00", "hi"),
      to: m("hi"),
      back: "hi",
      loss: BACKGROUND,
    },
    { about: "font", name: "a font", from: span("font-family: Verdana", "hi"), to: m("hi", font("Verdana")) },
    {
      about: "code",
      name: "code",
      from: span("font-family: monospace", "a :)"),
      to: m("a :)", font("Courier%20New")),
      back: span("font-family: &apos;Courier New&apos;", "a 🙂"),
      loss: "code comes back as a font",
    },
    {
      about: "links",
      name: "words that lead somewhere",
      from: '<a href="https://example.com/a">x</a>',
      to: m("x (https://example.com/a)"),
      back: "x (https://example.com/a)",
      loss: LINK,
    },
    { about: "emoji", name: "emoji", from: "👍 🦀", to: m("(Y) 🦀") },
    { about: "right to left", name: "Hebrew", from: "שלום", to: m("שלום", `${PLAIN}; RL=1`) },
  ],
};

export const STYLING_TO_MSN: GoldenTable<string, WireText> = {
  title: "From an XMPP client with Message Styling to MSN and back",
  from: "XMPP",
  to: "MSN",
  convert: (body) => toWire(richOfStyling(body)),
  convertBack: (wire) => stylingOfRich(fromWire(wire)).body,
  showFrom: (body) => body,
  showTo: showWire,
  cases: [
    { about: "plain text", name: "words", from: "hello\nyou", to: m("hello\nyou") },
    { about: "bold", name: "a bold message", from: "*hi you*", to: m("hi you", effects("B")) },
    { about: "bold", name: "a bold word", from: "a *b* c", to: m("a *b* c") },
    { about: "italic", name: "bold and italic", from: "*_hi_*", to: m("hi", effects("BI")) },
    { about: "strike", name: "a struck word", from: "~a~ b", to: m("~a~ b") },
    {
      about: "code",
      name: "a word of code",
      from: "run `a -b` now",
      to: m("run a -b now"),
      back: "run a -b now",
      loss: ONE_LOOK,
    },
    {
      about: "code",
      name: "a block of code",
      from: "```\na\n b\n```",
      to: m("a\n b", font("Courier%20New")),
      back: "a\n b",
      loss: "code comes back as a font, which Message Styling has not",
    },
    { about: "quotations", name: "a quotation", from: "> coming?\nyes", to: m("> coming?\nyes") },
    { about: "emoji", name: "emoji", from: "👍 🦀", to: m("(Y) 🦀") },
    { about: "right to left", name: "Hebrew", from: "_שלום_", to: m("שלום", `${effects("I")}; RL=1`) },
  ],
};
