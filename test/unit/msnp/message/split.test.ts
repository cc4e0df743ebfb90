import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_TEXT_BYTES, splitText } from "../../../../src/msnp/message/split.ts";
import { cases } from "../../../support/property.ts";

const RUNS = cases(200, 20_000);

function wireBytes(text: string): number {
  return Buffer.byteLength(text.replace(/\r\n|\r|\n/g, "\r\n"));
}

describe("splitting a text", () => {
  it("leaves alone what fits", () => {
    expect(splitText("")).toEqual([""]);
    expect(splitText("hello")).toEqual(["hello"]);
    expect(splitText("x".repeat(MAX_TEXT_BYTES))).toHaveLength(1);
  });

  it("cuts after words, and after lines before words", () => {
    expect(splitText("aaa bbb ccc ddd", 8)).toEqual(["aaa bbb ", "ccc ddd"]);
    expect(splitText("aaaa bbb\nc dd", 12)).toEqual(["aaaa bbb\n", "c dd"]);
  });

  it("cuts a word that is longer than a part", () => {
    expect(splitText("abcdefghij", 4)).toEqual(["abcd", "efgh", "ij"]);
  });

  it("does not cut a family or an accent apart where it can help it", () => {
    expect(splitText("xx👨‍👩‍👧", 18)).toEqual(["xx", "👨‍👩‍👧"]);
    expect(splitText("abce\u0301", 5)).toEqual(["abc", "e\u0301"]);
    expect(splitText("ab🇫🇷🇩🇪", 12)).toEqual(["ab🇫🇷", "🇩🇪"]);
  });

  it("cuts inside a heap of accents rather than not at all", () => {
    const zalgo = `e${"\u0301".repeat(100)}`;
    const parts = splitText(zalgo, 16);
    expect(parts.join("")).toBe(zalgo);
    for (const part of parts) expect(wireBytes(part)).toBeLessThanOrEqual(16);
  });

  it("counts a line break as the two bytes it is sent as", () => {
    const parts = splitText("\n".repeat(20), 8);
    expect(parts.map((part) => part.length)).toEqual([4, 4, 4, 4, 4]);
  });

  it("does not cut behind a blank that carries an accent", () => {
    const parts = splitText(`12345678 \u0301abcdefgh`, 12);
    expect(parts).toEqual(["12345678 \u0301a", "bcdefgh"]);
  });

  it("keeps flags whole, however many stand side by side", () => {
    const parts = splitText("🇩🇪".repeat(100), 62);
    expect(parts.every((part) => /^(?:🇩🇪)+$/u.test(part))).toBe(true);
  });

  it("gives parts that fit, are whole characters, and join to the text", () => {
    const anyText = fc
      .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 12 })
      .map((points) => String.fromCodePoint(...points));
    const text = fc.array(
      fc.oneof(fc.string({ unit: "grapheme" }), anyText, fc.constantFrom("\r\n", "\n", " ", "👩🏽‍🚀")),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 60 }), (pieces, limit) => {
        const whole = pieces.join("").toWellFormed();
        const parts = splitText(whole, limit);
        expect(parts.join("")).toBe(whole);
        for (const part of parts) {
          expect(part.isWellFormed()).toBe(true);
          expect(wireBytes(part)).toBeLessThanOrEqual(limit);
        }
        expect(parts.slice(0, -1).every((part) => part !== "")).toBe(true);
      }),
      RUNS,
    );
  });
});
