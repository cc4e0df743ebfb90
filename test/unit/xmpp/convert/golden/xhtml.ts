import { plainRich, type RichText } from "../../../../../src/bridge/text/model.ts";
import { plainText } from "../../../../../src/bridge/text/plain.ts";
import { richOfXhtml, xhtmlOfRich } from "../../../../../src/xmpp/convert/xhtml.ts";
import { StreamReader } from "../../../../../src/xmpp/link/stream-reader.ts";
import type { XmlElement } from "../../../../../src/xmpp/stanza/xml.ts";
import { b, code, type GoldenTable, i, ink, link, r, rtl, s, showRich, u, w } from "../../../../support/golden.ts";

const SPELLED = "other tags for the same look";
const TEXT = "without a look the `body` alone is sent";
const LINES = "what was laid out by tags comes back as lines of text";

/** As it comes over a stream. */
function parse(inner: string): XmlElement {
  const found: XmlElement[] = [];
  const reader = new StreamReader({ element: (element) => found.push(element), ended: () => undefined });
  reader.write("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
  const html = `<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>${inner}</body></html>`;
  reader.write(`<message>${html}</message>`);
  const element = found[0]?.getChild("html");
  if (element === undefined) throw new Error(`no html was read: ${inner}`);
  return element;
}

/** What is within the `body` of XHTML-IM; words alone where there is no such element. */
export function print(text: RichText): string {
  const html = xhtmlOfRich(text)?.toString();
  if (html === undefined) return plainText(text);
  return html.replace(/^<html [^>]*><body [^>]*>/, "").replace(/<\/body><\/html>$/, "");
}

export const read = (inner: string): RichText => richOfXhtml(parse(inner)) ?? plainRich("(the body)");

export const READING_XHTML: GoldenTable<string, RichText> = {
  title: "XHTML-IM (XEP-0071)",
  from: "XHTML-IM",
  to: "rich text",
  convert: read,
  convertBack: print,
  showFrom: (xml) => xml,
  showTo: showRich,
  cases: [
    { about: "plain text", name: "words", from: "hello", to: r("hello") },
    { about: "plain text", name: "paragraphs", from: "<p>a</p><p>b</p>", to: r("a\n\nb"), back: "a\n\nb", alike: TEXT },
    { about: "plain text", name: "a line break", from: "a<br/>b", to: r("a\nb"), back: "a\nb", alike: TEXT },
    { about: "bold", name: "strong", from: "a <strong>b</strong>", to: r("a ", b("b")) },
    {
      about: "bold",
      name: "by its style",
      from: "<span style='font-weight: bold'>a</span>",
      to: r(b("a")),
      back: "<strong>a</strong>",
      alike: SPELLED,
    },
    { about: "italic", name: "em", from: "<em>a</em>", to: r(i("a")) },
    {
      about: "italic",
      name: "by its style",
      from: "<p style='font-style:italic'>a</p>",
      to: r(i("a")),
      back: "<em>a</em>",
      alike: SPELLED,
    },
    {
      about: "underline",
      name: "underlined",
      from: '<span style="text-decoration: underline">a</span>',
      to: r(u("a")),
    },
    { about: "strike", name: "struck", from: '<span style="text-decoration: line-through">a</span>', to: r(s("a")) },
    {
      about: "underline",
      name: "underlined and struck",
      from: '<span style="text-decoration: underline line-through">a</span>',
      to: r(w("a", { underline: true, strike: true })),
    },
    { about: "colour", name: "a colour", from: '<span style="color: #ff0000">a</span>', to: r(ink("#ff0000", "a")) },
    {
      about: "colour",
      name: "a colour by name",
      from: "<span style='color: blue;'>a</span>",
      to: r(ink("#0000ff", "a")),
      back: '<span style="color: #0000ff">a</span>',
      alike: SPELLED,
    },
    {
      about: "colour",
      name: "a colour by its parts",
      from: "<span style='COLOR:rgb(0, 128,0)'>a</span>",
      to: r(ink("#008000", "a")),
      back: '<span style="color: #008000">a</span>',
      alike: SPELLED,
    },
    {
      about: "background",
      name: "a background",
      from: '<span style="color: #ffffff; background-color: #000000">a</span>',
      to: r(w("a", { color: "#ffffff", background: "#000000" })),
    },
    {
      about: "font",
      name: "a font",
      from: '<span style="font-family: Arial">a</span>',
      to: r(w("a", { font: "Arial" })),
    },
    {
      about: "font",
      name: "a font of several words, and what else would do",
      from: "<span style=\"font-family: 'Comic Sans MS', sans-serif\">a</span>",
      to: r(w("a", { font: "Comic Sans MS" })),
      back: "<span style=\"font-family: 'Comic Sans MS'\">a</span>".replaceAll("'", "&apos;"),
      loss: "the fonts to take where that one is missing",
    },
    {
      about: "font size",
      name: "a size",
      from: "<span style='font-size: large'>a</span>",
      to: r("a"),
      back: "a",
      loss: "sizes: nobody but XHTML-IM has them",
    },
    {
      about: "code",
      name: "a font of fixed width",
      from: '<span style="font-family: monospace">a</span>',
      to: r(code("a")),
    },
    {
      about: "code",
      name: "code",
      from: "<code>a</code>",
      to: r(code("a")),
      back: '<span style="font-family: monospace">a</span>',
      alike: SPELLED,
    },
    {
      about: "links",
      name: "words that lead somewhere",
      from: '<a href="https://example.com/a">the page</a>',
      to: r(link("https://example.com/a", "the page")),
    },
    {
      about: "links",
      name: "a script",
      from: "<a href='javascript:alert(1)'>a</a>",
      to: r("a"),
      back: "a",
      loss: "addresses of scripts and of data, on purpose",
    },
    {
      about: "lists",
      name: "bullets and numbers",
      from: "<ul><li>a</li></ul><ol><li>b</li><li>c</li></ol>",
      to: r("- a\n1. b\n2. c"),
      back: "- a\n1. b\n2. c",
      alike: LINES,
    },
    {
      about: "quotations",
      name: "a quotation",
      from: "<blockquote>a<br/>b</blockquote>c",
      to: r("> a\n> b\nc"),
      back: "> a\n> b\nc",
      alike: LINES,
    },
    {
      about: "emoji",
      name: "a picture in the text",
      from: "<img alt=':blob:' src='cid:x@bob.xmpp.org'/>",
      to: r(":blob:"),
      back: ":blob:",
      loss: "the picture",
    },
    {
      about: "plain text",
      name: "scripts, styles and classes",
      from: "a<script>b()</script><style>c{}</style><span class='x' onclick='y()'>d</span>",
      to: r("ad"),
      back: "ad",
      alike: "left out on purpose",
    },
    {
      about: "plain text",
      name: "a style nobody knows",
      from: "<span style='position:fixed;color:;:red'>a</span>",
      to: r("a"),
      back: "a",
      alike: TEXT,
    },
    { about: "right to left", name: "Hebrew", from: "<strong>שלום</strong>", to: rtl(b("שלום")) },
  ],
};

export const WRITING_XHTML: GoldenTable<RichText, string> = {
  title: "Rich text as XHTML-IM",
  from: "rich text",
  to: "XHTML-IM",
  convert: print,
  convertBack: read,
  showFrom: showRich,
  showTo: (xml) => xml,
  cases: [
    {
      about: "plain text",
      name: "what looks like XML, among looks",
      from: r(b("<i>&")),
      to: "<strong>&lt;i&gt;&amp;</strong>",
    },
    {
      about: "plain text",
      name: "several lines, among looks",
      from: r(b("a\nb"), "\n\nc"),
      to: "<strong>a<br/>b</strong><br/><br/>c",
    },
    { about: "plain text", name: "blanks among looks", from: r(b("a"), "  b"), to: "<strong>a</strong> \u00A0b" },
    {
      about: "bold",
      name: "looks that overlap",
      from: r(b("a"), w("b", { bold: true, italic: true }), i("c")),
      to: "<strong>a<em>b</em></strong><em>c</em>",
    },
    {
      about: "bold",
      name: "all of them",
      from: r(
        w("a", {
          bold: true,
          italic: true,
          underline: true,
          strike: true,
          color: "#ff0000",
          background: "#ffff00",
          font: "Arial",
        }),
      ),
      to: '<span style="color: #ff0000; background-color: #ffff00; font-family: Arial; text-decoration: underline line-through"><strong><em>a</em></strong></span>',
    },
    {
      about: "font",
      name: "a font whose name would end the style",
      from: r(w("a", { font: "x;color:red" })),
      to: '<span style="font-family: xcolorred">a</span>',
      back: r(w("a", { font: "xcolorred" })),
      loss: "signs that no font's name needs",
    },
    {
      about: "code",
      name: "code in a font",
      from: r(w("a", { code: true, font: "Courier New" })),
      to: '<span style="font-family: monospace">a</span>',
      back: r(code("a")),
      loss: "the font of code",
    },
    {
      about: "code",
      name: "a block of code",
      from: r("x\n", code("a\n  b"), "\ny"),
      to: 'x<br/><span style="font-family: monospace">a<br/>\u00A0\u00A0b</span><br/>y',
    },
    {
      about: "links",
      name: "a link in bold",
      from: r(w("page", { link: "https://example.com/?a&b", bold: true })),
      to: '<a href="https://example.com/?a&amp;b"><strong>page</strong></a>',
    },
    {
      about: "colour",
      name: "a gradient",
      from: r(ink("#ff0000", "a"), ink("#0000ff", "b")),
      to: '<span style="color: #ff0000">a</span><span style="color: #0000ff">b</span>',
    },
    {
      about: "right to left",
      name: "a Latin line that runs from the right",
      from: rtl(b("OK"), "!"),
      to: "<strong>\u200FOK</strong>!",
    },
    { about: "emoji", name: "emoji", from: r(b("👍🏽"), " ❤️‍🔥"), to: "<strong>👍🏽</strong> ❤️‍🔥" },
  ],
};
