import fc from "fast-check";
import { expect, test } from "vitest";
import { firstStrong } from "../../../../src/bridge/text/direction.ts";
import { plainRich, type RichText, rich, textOf } from "../../../../src/bridge/text/model.ts";
import { plainText } from "../../../../src/bridge/text/plain.ts";
import { richOfStyling, stylingOfRich } from "../../../../src/xmpp/convert/styling.ts";
import { richOfXhtml, xhtmlOfRich } from "../../../../src/xmpp/convert/xhtml.ts";
import { el, NS } from "../../../../src/xmpp/stanza/xml.ts";
import { processorTime } from "../../../support/processor-time.ts";
import { BOMBS, NO_TIME, prose, RUNS, richText, words } from "../../../support/rich-arbitrary.ts";

const XHTML = "http://www.w3.org/1999/xhtml";
const bare = (said: string): string => said.replace(/[\s\u200F\u200E]+/gu, "");

test("plain words cross to a styled body and back as they are", () => {
  fc.assert(
    fc.property(prose, (text) => {
      expect(stylingOfRich(plainRich(text))).toEqual({ body: text, unstyled: false });
      expect(richOfStyling(text)).toEqual(plainRich(text));
    }),
    RUNS,
  );
});

test("every body is read; unless a reader may look for signs in it, it says exactly the words", () => {
  fc.assert(
    fc.property(richText, words, (text, any) => {
      expect(textOf(richOfStyling(any)).isWellFormed()).toBe(true);
      const { body, unstyled } = stylingOfRich(text);
      const seen = unstyled ? body : textOf(richOfStyling(body));
      expect(seen.replaceAll("\u200F", "")).toBe(plainText(text).replaceAll("\u200F", ""));
    }),
    RUNS,
  );
});

test("what is written as XHTML-IM says all the words with all their looks", () => {
  const solid = (text: RichText): RichText =>
    rich(
      text.runs.map(({ code, font, ...run }) => ({
        ...run,
        ...(code ? { code } : font ? { font: font.replace(/[^\w ]/g, "") } : {}),
        text: run.text.replace(/[\s\u200F]+/gu, "x"),
      })),
    );
  fc.assert(
    fc.property(richText, (text) => {
      const html = xhtmlOfRich(text);
      if (html === undefined) return;
      const back = richOfXhtml(html);
      expect(back === undefined ? "" : bare(textOf(back))).toBe(bare(textOf(text)));
      const looks = firstStrong(textOf(text)) === "rtl" ? undefined : xhtmlOfRich(solid(text));
      if (looks !== undefined) expect(richOfXhtml(looks)).toEqual(solid(text));
    }),
    RUNS,
  );
});

test("elements deeper or more than anybody writes are not read: the body counts", () => {
  let deep = el("span", {}, "x");
  for (let i = 0; i < 150; i++) deep = el("span", {}, deep);
  const many = Array.from({ length: 20_001 }, () => el("br"));
  for (const content of [[deep], many])
    expect(richOfXhtml(el("html", { xmlns: NS.xhtmlIm }, el("body", { xmlns: XHTML }, ...content)))).toBeUndefined();
  expect(richOfXhtml(el("html", { xmlns: NS.xhtmlIm }))).toBeUndefined();
});

test.each(BOMBS.map((bomb, n) => [n, bomb] as const))("hostile body %i is read and written in no time", (_n, bomb) => {
  const took = processorTime(() => {
    const text = richOfStyling(bomb);
    stylingOfRich(text);
    stylingOfRich(plainRich(bomb));
    richOfXhtml(el("html", { xmlns: NS.xhtmlIm }, el("body", { xmlns: XHTML }, bomb)));
  });
  expect(took).toBeLessThan(NO_TIME);
});

test("a text of very many lines is written, too", () => {
  const lines = 50_000;
  const html = xhtmlOfRich(rich([{ text: "x\n".repeat(lines), bold: true }]));
  expect(html?.toString().split("<br/>")).toHaveLength(lines + 1);
});
