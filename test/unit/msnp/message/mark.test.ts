import { describe, expect, it } from "vitest";
import { encodeNudge, encodeText } from "../../../../src/msnp/message/body.ts";
import { MARK_BYTES, markHeaders, markIn } from "../../../../src/msnp/message/mark.ts";
import { parseMime } from "../../../../src/msnp/message/mime.ts";
import { MAX_MESSAGE_BYTES, MAX_TEXT_BYTES } from "../../../../src/msnp/message/split.ts";

describe("a mark", () => {
  it.each(["a", "AZaz09_.-", "m".repeat(64)])("of %s is read as it was written, in texts and nudges", (mark) => {
    for (const payload of [encodeText("hi", {}, markHeaders(mark)), encodeNudge(markHeaders(mark))])
      expect(markIn(parseMime(payload).headers)).toBe(mark);
  });

  it.each(["", "m".repeat(65), "a b", "é", "a\r\nX-Other: b", "a;b"])(
    "that is %j is neither written nor read",
    (mark) => {
      expect(() => markHeaders(mark)).toThrow("A mark is");
      expect(markIn([["X-Bridge-Id", mark]])).toBeUndefined();
    },
  );

  it("is found in any case, the first of several, and missing where there is none", () => {
    const twice: [string, string][] = [
      ["x-bridge-id", "one"],
      ["X-Bridge-Id", "two"],
    ];
    expect(markIn(twice)).toBe("one");
    expect(markIn([["Message-ID", "x"]])).toBeUndefined();
    expect(markHeaders(undefined)).toEqual([]);
  });

  it("has room beside the longest text and its look", () => {
    const format = { font: "é".repeat(20), bold: true, italic: true, underline: true, strike: true, color: "#123456" };
    const text = "x".repeat(MAX_TEXT_BYTES - MARK_BYTES);
    const payload = encodeText(text, { ...format, rightToLeft: true }, markHeaders("m".repeat(64)));
    expect(payload.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  });
});
