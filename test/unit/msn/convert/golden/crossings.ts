/** The whole way from MSN to a home and back: what people at either end see of one message. */
import { contentOfRich, type Formatted, richOfContent } from "../../../../../src/matrix/convert/html.ts";
import { richOfStyling, stylingOfRich } from "../../../../../src/xmpp/convert/styling.ts";
import type { GoldenTable } from "../../../../support/golden.ts";
import { effects, fromWire, m, PLAIN, showWire, toWire, type WireText } from "./wire.ts";

const f = (body: string, html: string): Formatted => ({ body, format: "org.matrix.custom.html", formatted_body: html });
const show = ({ body, formatted_body: html }: Formatted): string => html ?? body;

const CODES = "codes are read and not written: who has no Messenger Plus! would see them";
const SIGNS = "MSN has one look for a whole message: the words come back with signs in place of theirs";

export const MSN_TO_MATRIX: GoldenTable<WireText, Formatted> = {
  title: "From MSN to Matrix and back",
  from: "MSN",
  to: "Matrix",
  convert: (wire) => contentOfRich(fromWire(wire)),
  convertBack: (content) => toWire(richOfContent(content)),
  showFrom: showWire,
  showTo: show,
  cases: [
    { about: "plain text", name: "words", from: m("hello\nyou"), to: { body: "hello\nyou" } },
    { about: "bold", name: "a bold message", from: m("hello", effects("B")), to: f("hello", "<strong>hello</strong>") },
    {
      about: "underline",
      name: "all effects, in red",
      from: m("hi", "FN=Segoe%20UI; EF=BISU; CO=ff; CS=0; PF=22"),
      to: f("hi", '<span data-mx-color="#ff0000"><strong><em><u><del>hi</del></u></em></strong></span>'),
    },
    {
      about: "font",
      name: "a font",
      from: m("hi", "FN=Verdana; EF=I; CO=0; CS=0; PF=22"),
      to: f("hi", "<em>hi</em>"),
      back: m("hi", effects("I")),
      loss: "Matrix has no fonts",
    },
    {
      about: "emoticons",
      name: "emoticons in bold",
      from: m("yes (Y) :D", effects("B")),
      to: f("yes 👍 😃", "<strong>yes 👍 😃</strong>"),
    },
    {
      about: "Messenger Plus!",
      name: "a bold word",
      from: m("a [b]b[/b]"),
      to: f("a b", "a <strong>b</strong>"),
      back: m("a *b*"),
      loss: CODES,
    },
    {
      about: "Messenger Plus!",
      name: "colours",
      from: m("[c=4][a=8]hi[/a][/c]"),
      to: f("hi", '<span data-mx-color="#ff0000" data-mx-bg-color="#ffff00">hi</span>'),
      back: m("hi", "FN=Segoe%20UI; EF=; CO=ff; CS=0; PF=22"),
      loss: "MSN has no background colours",
    },
    { about: "right to left", name: "Hebrew", from: m("שלום", `${PLAIN}; RL=1`), to: { body: "שלום" } },
    {
      about: "right to left",
      name: "a Latin line in bold that runs from the right",
      from: m("OK", `${effects("B")}; RL=1`),
      to: f("\u200FOK", "<strong>\u200FOK</strong>"),
    },
    {
      about: "right to left",
      name: "Hebrew without the mark for it",
      from: m("שלום"),
      to: { body: "שלום" },
      back: m("שלום", `${PLAIN}; RL=1`),
      alike: "clients go by the first letter",
    },
    {
      about: "links",
      name: "an address",
      from: m("see http://example.com/a_b_c"),
      to: { body: "see http://example.com/a_b_c" },
    },
  ],
};

export const MATRIX_TO_MSN: GoldenTable<Formatted, WireText> = {
  title: "From Matrix to MSN and back",
  from: "Matrix",
  to: "MSN",
  convert: (content) => toWire(richOfContent(content)),
  convertBack: (wire) => contentOfRich(fromWire(wire)),
  showFrom: show,
  showTo: showWire,
  cases: [
    { about: "plain text", name: "words", from: { body: "hello **you**" }, to: m("hello **you**") },
    {
      about: "bold",
      name: "a bold message",
      from: f("**hi**", "<strong>hi</strong>"),
      to: m("hi", effects("B")),
      back: f("hi", "<strong>hi</strong>"),
      alike: "the `body` has no Markdown in it",
    },
    {
      about: "bold",
      name: "a bold word",
      from: f("a **b**", "a <strong>b</strong>"),
      to: m("a *b*"),
      back: { body: "a *b*" },
      loss: SIGNS,
    },
    {
      about: "lists",
      name: "a list",
      from: f("* a\n* b", "<ul><li>a</li><li>b</li></ul>"),
      to: m("- a\n- b"),
      back: { body: "- a\n- b" },
      alike: "the same lines",
    },
    {
      about: "code",
      name: "a block of code",
      from: f("```\na :)\n b\n```", "<pre><code>a :)\n b\n</code></pre>"),
      to: m("a :)\n b", "FN=Courier%20New; EF=; CO=0; CS=0; PF=22"),
      back: { body: "a 🙂\n b" },
      loss: "code is a font on MSN, which Matrix has not, and clients there show pictures in it",
    },
    {
      about: "links",
      name: "words that lead somewhere",
      from: f("[x](https://example.com/a)", '<a href="https://example.com/a">x</a>'),
      to: m("x (https://example.com/a)"),
      back: { body: "x (https://example.com/a)" },
      loss: "MSN has no links behind words: the address stands in the text",
    },
    {
      about: "mentions",
      name: "a person",
      from: f("Bob: hi", '<a href="https://matrix.to/#/@bob:example.org">Bob</a>: hi'),
      to: m("Bob: hi"),
      back: { body: "Bob: hi" },
      loss: "the name stays, the link to somebody's home does not",
    },
    { about: "emoji", name: "emoji", from: { body: "👍 🦀" }, to: m("(Y) 🦀") },
    {
      about: "replies",
      name: "with the quotation of what is answered",
      from: f("yes", "<mx-reply><blockquote>coming?</blockquote></mx-reply>yes"),
      to: m("yes"),
      back: { body: "yes" },
      loss: "the quotation of older clients; a short quote stands for it",
    },
  ],
};

export const MSN_TO_XMPP: GoldenTable<WireText, string> = {
  title: "From MSN to an XMPP client without XHTML-IM and back",
  from: "MSN",
  to: "XMPP",
  convert: (wire) => stylingOfRich(fromWire(wire)).body,
  convertBack: (body) => toWire(richOfStyling(body)),
  showFrom: showWire,
  showTo: (body) => body,
  cases: [
    { about: "plain text", name: "words", from: m("hello\nyou"), to: "hello\nyou" },
    { about: "bold", name: "a bold message", from: m("hello you", effects("B")), to: "*hello you*" },
    { about: "bold", name: "bold, italic and struck", from: m("hello", effects("BIS")), to: "*_~hello~_*" },
    { about: "bold", name: "several bold lines", from: m("a\nb", effects("B")), to: "*a*\n*b*" },
    {
      about: "underline",
      name: "underlined and in red",
      from: m("hi", "FN=Segoe%20UI; EF=U; CO=ff; CS=0; PF=22"),
      to: "hi",
      back: m("hi"),
      loss: "Message Styling has bold, italic, struck and code alone; XHTML-IM beside it has this, too",
    },
    { about: "emoticons", name: "emoticons", from: m("yes (Y)"), to: "yes 👍" },
    {
      about: "Messenger Plus!",
      name: "a bold word",
      from: m("a [b]b[/b]"),
      to: "a *b*",
      back: m("a *b*"),
      loss: CODES,
    },
    { about: "right to left", name: "Hebrew in italics", from: m("שלום", `${effects("I")}; RL=1`), to: "_שלום_" },
  ],
};
