import fc from "fast-check";
import { expect, test } from "vitest";
import { correctionLine } from "../../../../src/bridge/text/correction.ts";
import { markDirection, readDirection } from "../../../../src/bridge/text/direction.ts";
import { graphemes } from "../../../../src/bridge/text/graphemes.ts";
import { concat, plainRich, rich, textOf } from "../../../../src/bridge/text/model.ts";
import { linksAsText, plainText } from "../../../../src/bridge/text/plain.ts";
import { excerpt } from "../../../../src/bridge/text/quote.ts";
import { hugging, withSigns } from "../../../../src/bridge/text/signs.ts";
import { splitRich } from "../../../../src/bridge/text/split.ts";
import { processorTime } from "../../../support/processor-time.ts";
import { BOMBS, NO_TIME, RUNS, richText, words } from "../../../support/rich-arbitrary.ts";

const bytes = (text: Parameters<typeof textOf>[0]): number => Buffer.byteLength(textOf(text));

test("the canonical form is its own canonical form", () => {
  fc.assert(
    fc.property(richText, (text) => {
      expect(rich(text.runs, { rightToLeft: text.rightToLeft === true })).toEqual(text);
    }),
    RUNS,
  );
});

test("splitting loses nothing, keeps the limit and cuts no grapheme that would fit", () => {
  fc.assert(
    fc.property(richText, fc.integer({ min: 64, max: 300 }), (text, limit) => {
      const parts = splitRich(text, limit, bytes);
      expect(concat(...parts)).toEqual(text);
      const whole = graphemes(textOf(text));
      if (whole.some((one) => Buffer.byteLength(one) > limit)) return;
      expect(parts.every((part) => bytes(part) <= limit)).toBe(true);
      expect(parts.flatMap((part) => graphemes(textOf(part)))).toEqual(whole);
    }),
    RUNS,
  );
});

test("a direction that is put in comes out again", () => {
  fc.assert(
    fc.property(richText, (text) => {
      const clean = readDirection(rich(text.runs));
      const marked = rich(markDirection(clean).runs);
      expect(readDirection(marked).rightToLeft).toBe(clean.rightToLeft);
      expect(textOf(readDirection(marked)).replaceAll("\u200F", "")).toBe(textOf(clean).replaceAll("\u200F", ""));
    }),
    RUNS,
  );
});

test("links as text and plain text say the same", () => {
  fc.assert(
    fc.property(richText, (text) => {
      expect(
        linksAsText(text)
          .map((run) => run.text)
          .join(""),
      ).toBe(plainText(text));
    }),
    RUNS,
  );
});

test("signs are added to the words, and nothing else happens to them", () => {
  fc.assert(
    fc.property(richText, (text) => {
      expect(
        hugging(text.runs)
          .map((run) => run.text)
          .join(""),
      ).toBe(textOf(text));
      const bare = (said: string): string => said.replace(/[*_~]/g, "");
      expect(bare(withSigns(text.runs))).toBe(bare(textOf(text)));
    }),
    RUNS,
  );
});

test("a correction is never longer than the new words by more than its sign, and there for each other word", () => {
  fc.assert(
    fc.property(words, words, (before, after) => {
      const line = correctionLine(before, after);
      const same = before.trim().split(/\s+/u).join(" ") === after.trim().split(/\s+/u).join(" ");
      expect(line === undefined).toBe(same);
      if (line !== undefined && !after.includes("\n")) expect(line.length).toBeLessThanOrEqual(after.length + 2);
    }),
    RUNS,
  );
});

test("an excerpt is one short line of something", () => {
  fc.assert(
    fc.property(richText, (text) => {
      const line = excerpt(text);
      expect(line).not.toMatch(/[\n\r]/);
      expect(line).not.toBe("");
      expect(graphemes(line).length).toBeLessThanOrEqual(60);
    }),
    RUNS,
  );
});

test.each(BOMBS.map((bomb, n) => [n, bomb] as const))(
  "hostile text %i is split, excerpted and corrected in no time",
  (_n, bomb) => {
    const text = plainRich(bomb);
    const took = processorTime(() => {
      expect(textOf(concat(...splitRich(text, 1400, bytes)))).toBe(textOf(text));
      excerpt(text);
      correctionLine(bomb, `${bomb} x`);
      correctionLine(bomb, bomb.slice(1));
    });
    expect(took).toBeLessThan(NO_TIME);
  },
);

test.each(["x\n", "word ", "> ", "👍🏽", "a\u0301 "])(
  "a long text of %j is measured few times to be split",
  (piece) => {
    const text = plainRich(piece.repeat(40_000 / piece.length));
    let measured = 0;
    const parts = splitRich(text, 1400, (part) => {
      measured += textOf(part).length;
      return bytes(part);
    });
    expect(parts.length).toBeGreaterThan(20);
    expect(measured).toBeLessThan(8 * textOf(text).length);
  },
);
