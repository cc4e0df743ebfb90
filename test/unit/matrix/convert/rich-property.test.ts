import fc from "fast-check";
import { expect, test } from "vitest";
import { firstStrong } from "../../../../src/bridge/text/direction.ts";
import { isPlain, MAX_CHARACTERS, plainRich, type RichText, rich, textOf } from "../../../../src/bridge/text/model.ts";
import { contentOfRich, htmlOfRich, richOfContent, richOfHtml } from "../../../../src/matrix/convert/html.ts";
import { processorTime } from "../../../support/processor-time.ts";
import { BOMBS, NO_TIME, prose, RUNS, richText, words } from "../../../support/rich-arbitrary.ts";

/** The tags that Matrix's specification allows and this bridge writes, with nothing else in them. */
const TAG =
  /<(?:\/?(?:strong|em|u|del|code|pre)|\/span|\/a|br|span(?: data-mx-(?:bg-)?color="#[0-9a-f]{6}"){1,2}|a href="[^"<>]*")>/g;

test("plain words cross to Matrix and back as they are", () => {
  fc.assert(
    fc.property(prose, (text) => {
      expect(contentOfRich(plainRich(text))).toEqual({ body: text });
      expect(richOfContent({ body: text })).toEqual(plainRich(text));
    }),
    RUNS,
  );
});

test("plain words in bold cross to Matrix's HTML and back as they are", () => {
  fc.assert(
    fc.property(prose, (text) => {
      fc.pre(text.trim() !== "");
      const bold = rich([{ text, bold: true }]);
      expect(richOfHtml(htmlOfRich(bold) ?? "")).toEqual(bold);
    }),
    RUNS,
  );
});

test("whatever HTML comes is read, with nothing left of its tags that a second reading would find", () => {
  fc.assert(
    fc.property(words, (html) => {
      const text = richOfHtml(html);
      expect(text === undefined || textOf(text).isWellFormed()).toBe(true);
    }),
    RUNS,
  );
});

test("what is written has allowed tags alone, each one closed, and all the words", () => {
  fc.assert(
    fc.property(richText, (text) => {
      const html = htmlOfRich(text);
      if (html === undefined) return;
      expect(html.replace(TAG, "")).not.toMatch(/[<>]/);
      const bare = (said: string): string => said.replace(/[\s\u200F\u200E]+/gu, "");
      const back = richOfHtml(html);
      expect(back === undefined ? "" : bare(textOf(back))).toBe(bare(textOf(text)));
    }),
    RUNS,
  );
});

test("looks come back as they went, where no blank and no direction is in the way", () => {
  const withoutFonts = (text: RichText): RichText => rich(text.runs.map(({ font: _font, ...run }) => run));
  const solid = richText
    .map((text) => rich(text.runs.map((run) => ({ ...run, text: run.text.replace(/[\s\u200F]+/gu, "x") }))))
    .filter((text) => !isPlain(withoutFonts(text)) && firstStrong(textOf(text)) !== "rtl");
  fc.assert(
    fc.property(solid, (text) => {
      expect(richOfHtml(htmlOfRich(text) ?? "")).toEqual(withoutFonts(text));
    }),
    RUNS,
  );
});

test.each(BOMBS.map((bomb, n) => [n, bomb] as const))("hostile HTML %i is read in no time", (_n, bomb) => {
  const took = processorTime(() => {
    const text = richOfHtml(bomb);
    if (text !== undefined) {
      expect(textOf(text).length).toBeLessThanOrEqual(MAX_CHARACTERS);
      htmlOfRich(text);
    }
  });
  expect(took).toBeLessThan(NO_TIME);
});

test("more HTML than an event can hold is not read", () => {
  expect(richOfHtml("x".repeat(70_001))).toBeUndefined();
});
