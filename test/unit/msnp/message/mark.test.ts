import { describe, expect, it } from "vitest";
import { encodeNudge, encodeText } from "../../../../src/msnp/message/body.ts";
import { markBytes, markHeaders, markIn } from "../../../../src/msnp/message/mark.ts";
import { parseMime } from "../../../../src/msnp/message/mime.ts";
import { MAX_MESSAGE_BYTES, MAX_TEXT_BYTES } from "../../../../src/msnp/message/split.ts";

describe("a mark", () => {
  it.each(["a", "AZaz09_.-", "m".repeat(64)])("of %s is read as it was written, in texts and nudges", (mark) => {
    for (const payload of [encodeText("hi", {}, markHeaders({ mark })), encodeNudge(markHeaders({ mark }))])
      expect(markIn(parseMime(payload).headers)).toEqual({ mark });
  });

  it.each(["", "m".repeat(65), "a b", "é", "a\r\nX-Other: b", "a;b"])(
    "that is %j is neither written nor read",
    (mark) => {
      expect(() => markHeaders({ mark })).toThrow("A mark is");
      expect(markIn([["X-Bridge-Id", mark]])).toEqual({});
    },
  );

  it("is found in any case, the first of several, and missing where there is none", () => {
    const twice: [string, string][] = [
      ["x-bridge-id", "one"],
      ["X-Bridge-Id", "two"],
    ];
    expect(markIn(twice)).toEqual({ mark: "one" });
    expect(markIn([["Message-ID", "x"]])).toEqual({});
    expect(markHeaders({})).toEqual([]);
  });

  it("has room beside the longest text and its look, with all the places that a message may have been in", () => {
    const format = { font: "é".repeat(20), bold: true, italic: true, underline: true, strike: true, color: "#123456" };
    const marking = { mark: "m".repeat(64), via: places(8) };
    const text = "x".repeat(MAX_TEXT_BYTES - markBytes(marking));
    const payload = encodeText(text, { ...format, rightToLeft: true }, markHeaders(marking));
    expect(payload.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  });
});

describe("places", () => {
  it("go with texts and nudges, beside the mark or alone", () => {
    for (const marking of [{ via: places(1) }, { mark: "m", via: places(8) }])
      for (const payload of [encodeText("hi", {}, markHeaders(marking)), encodeNudge(markHeaders(marking))])
        expect(markIn(parseMime(payload).headers)).toEqual(marking);
  });

  it("stand in one header, and cost what it has", () => {
    const via = ["0123456789ab", "ba9876543210"];
    expect(markHeaders({ via })).toEqual([["X-Bridge-Via", "0123456789ab,ba9876543210"]]);
    expect(markBytes({ via })).toBe("X-Bridge-Via: 0123456789ab,ba9876543210\r\n".length);
    expect(markHeaders({ via: [] })).toEqual([]);
    expect(markBytes({})).toBe(0);
  });

  it.each([[["0123456789AB"]], [["0123"]], [["0123456789ab\r\nX-Other: b"]], [places(9)]])(
    "that are %j are not written",
    (via) => {
      expect(() => markHeaders({ via })).toThrow("places");
    },
  );

  it("that are none are passed over, and no more than eight are read", () => {
    expect(markIn([["X-Bridge-Via", "zz,0123456789ab,,0123456789abc"]])).toEqual({ via: ["0123456789ab"] });
    expect(markIn([["x-bridge-via", places(5000).join(",")]])).toEqual({ via: places(8) });
    expect(markIn([["X-Bridge-Via", ""]])).toEqual({});
  });
});

function places(count: number): string[] {
  return Array.from({ length: count }, (_, i) => i.toString(16).padStart(12, "0"));
}
