import { describe, expect, it, test } from "vitest";
import { firstStrong, markDirection, readDirection } from "../../../../src/bridge/text/direction.ts";
import { graphemes } from "../../../../src/bridge/text/graphemes.ts";
import {
  isPlain,
  MAX_CHARACTERS,
  MAX_RUNS,
  plainRich,
  readColor,
  readLink,
  rich,
  textOf,
} from "../../../../src/bridge/text/model.ts";
import { plainText } from "../../../../src/bridge/text/plain.ts";
import { splitRich } from "../../../../src/bridge/text/split.ts";
import { b, i, link, r, rtl } from "../../../support/golden.ts";

const bytes = (text: ReturnType<typeof rich>): number => Buffer.byteLength(textOf(text));
const split = (text: string, limit: number): string[] => splitRich(plainRich(text), limit, bytes).map(textOf);

describe("rich text", () => {
  it("joins neighbours of one look, and has no empty run", () => {
    expect(rich([b("a"), b(""), b("b"), { text: "" }, i("c")]).runs).toEqual([b("ab"), i("c")]);
  });

  it("has no half characters, no control characters and one kind of line break", () => {
    expect(textOf(plainRich("a\uD83D\r\nb\rc\u0000\u009f\td"))).toBe("a\uFFFD\nb\nc\td");
  });

  it("is cut where no side takes more, not within a character", () => {
    const text = textOf(plainRich("🙂".repeat(MAX_CHARACTERS)));
    expect(text).toHaveLength(MAX_CHARACTERS);
    expect(text.isWellFormed()).toBe(true);
  });

  it("has so many looks and no more: what follows is plain, and nothing of it is lost", () => {
    const runs = Array.from({ length: MAX_RUNS * 2 }, (_, n) => (n % 2 === 0 ? b("a") : i("b")));
    const text = rich(runs);
    expect(text.runs).toHaveLength(MAX_RUNS);
    expect(textOf(text)).toBe("ab".repeat(MAX_RUNS));
    expect(isPlain({ runs: text.runs.slice(-1) })).toBe(true);
  });

  it("is plain words with the addresses behind what leads somewhere else", () => {
    const text = r(
      "a ",
      link("https://x.org/", "x"),
      { text: "y", link: "https://x.org/", bold: true },
      " ",
      link("mailto:a@b.c", "a@b.c"),
    );
    expect(plainText(text)).toBe("a xy (https://x.org/) a@b.c");
  });
});

test.each([
  ["#F00", "#ff0000"],
  ["#aBcDeF", "#abcdef"],
  [" Navy ", "#000080"],
  ["rgb(1, 2,300)", "#0102ff"],
  ["f00", undefined],
  ["constructor", undefined],
  ["url(x)", undefined],
])("the colour %j is %j", (text, color) => {
  expect(readColor(text)).toBe(color);
});

test.each([
  ["https://example.com/?a=b#c", true],
  ["mailto:bob@example.com", true],
  ["javascript:alert(1)", false],
  ["java\nscript:x", false],
  ["https://example.com/ x", false],
  ["//example.com", false],
  ["https:", false],
  [`https://example.com/${"x".repeat(2000)}`, false],
])("whether %j may be led to: %j", (text, may) => {
  expect(readLink(text) !== undefined).toBe(may);
});

describe("the direction", () => {
  it.each([
    ["123 abc", "ltr"],
    ["(שלום) abc", "rtl"],
    ["مرحبا", "rtl"],
    ["\u200Fabc", "rtl"],
    ["123 👍", undefined],
  ])("of %j is %j", (text, direction) => {
    expect(firstStrong(text)).toBe(direction);
  });

  it("is put into each line that would run the other way, and taken out again", () => {
    const text = rtl("OK\n", b("שלום\nabc"), "\n\n1");
    expect(textOf(markDirection(text))).toBe("\u200FOK\nשלום\n\u200Fabc\n\n\u200F1");
    expect(readDirection(rich(markDirection(text).runs))).toEqual(text);
  });
});

describe("splitting", () => {
  it("cuts after a line or a word near the end of a part", () => {
    expect(split("one two three four", 10)).toEqual(["one two ", "three four"]);
    expect(split("one two x\nthree four", 12)).toEqual(["one two x\n", "three four"]);
  });

  it("cuts no emoji, no flag and no letter with its accents", () => {
    for (const whole of ["👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "e\u0301\u0323", "각"]) {
      const size = Buffer.byteLength(whole);
      const parts = split(whole.repeat(50), size * 3 + 1);
      expect(parts.map((part) => graphemes(part).length)).toEqual([...Array(16).fill(3), 2]);
      expect(new Set(parts.flatMap(graphemes))).toEqual(new Set([whole]));
    }
  });

  it("cuts behind no blank that carries an accent", () => {
    expect(split("aaaa \u0301bbbb", 8)).toEqual(["aaaa \u0301b", "bbb"]);
    expect(split("aaaaa \u0301bbb", 7)).toEqual(["aaaaa", " \u0301bbb"]);
  });

  it("goes on when one character alone is too large", () => {
    expect(split("a👨‍👩‍👧‍👦b", 8).join("")).toBe("a👨‍👩‍👧‍👦b");
    expect(split("🙂🙂", 1)).toEqual(["🙂", "🙂"]);
    expect(split(`a${"\u0301".repeat(50)}`, 10).every((part) => Buffer.byteLength(part) <= 10)).toBe(true);
  });

  it("keeps the looks, and counts what they take", () => {
    const text = r("aaa ", b("bbb ccc"), " ddd");
    const parts = splitRich(text, 12, (part) => bytes(part) + part.runs.length * 2);
    expect(parts).toEqual([r("aaa ", b("bbb ")), r(b("ccc"), " ddd")]);
  });

  it("leaves the shortest and the empty text alone", () => {
    expect(split("", 10)).toEqual([""]);
    expect(split("a", 10)).toEqual(["a"]);
  });
});
