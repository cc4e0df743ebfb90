import fc from "fast-check";
import { type Look, type RichText, rich } from "../../src/bridge/text/model.ts";

export const RUNS = { numRuns: process.env.MSNBRIDGE_LONG === "1" ? 5000 : 60 };

/** Pieces that converters could stumble over, and any other characters. */
export const words = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        ..."* _ ~ ` ``` > < & \" ' [ ] [b] [/b] [c=4] [/c] · ·# ·$4 :) (y) 8-) | \\ / <b> </b> <br> &lt; mx-reply".split(
          " ",
        ),
        ..." |  |\n|\n\n|\t|\u00A0|\u200F|\u200D|\uFE0F|\u0301|\r\n|👍|👨‍👩‍👧‍👦|🇩🇪|❤️|שלום|a|word|https://x.org/(y)".split(
          "|",
        ),
      ),
      { maxLength: 25 },
    )
    .map((pieces) => pieces.join("")),
);

const look: fc.Arbitrary<Look> = fc.record(
  {
    bold: fc.constant(true as const),
    italic: fc.constant(true as const),
    underline: fc.constant(true as const),
    strike: fc.constant(true as const),
    code: fc.constant(true as const),
    color: fc.constantFrom("#ff0000" as const, "#0000ff" as const),
    background: fc.constantFrom("#ffff00" as const),
    font: fc.constantFrom("Arial", "Comic Sans MS", "';}"),
    link: fc.constantFrom("https://example.com/?a&b", "mailto:bob@example.com"),
  },
  { requiredKeys: [] },
);

export const richText: fc.Arbitrary<RichText> = fc
  .tuple(fc.array(fc.tuple(words, look), { maxLength: 12 }), fc.boolean())
  .map(([runs, rightToLeft]) =>
    rich(
      runs.map(([text, of]) => ({ text, ...of })),
      { rightToLeft },
    ),
  );

/** Ordinary words: nothing in them has a meaning to any side. */
export const proseLine: fc.Arbitrary<string> = fc
  .array(fc.stringMatching(/^[a-zA-Zäéßñ,.!?-]{1,8}$/), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.join(" "));

export const prose: fc.Arbitrary<string> = fc
  .array(fc.oneof(proseLine, proseLine, fc.constant("")), { minLength: 1, maxLength: 4 })
  .map((lines) => lines.join("\n").replace(/^\n+|\n+$/g, ""));

/** What a hostile sender would send to keep a converter busy. */
export const BOMBS: readonly string[] = [
  "<b>".repeat(20_000),
  `${"<b>".repeat(90)}${"</i>".repeat(15_000)}`,
  "<li>".repeat(15_000),
  `${"<blockquote>".repeat(90)}${"x<br>".repeat(10_000)}`,
  "<br>".repeat(17_000),
  "<a href='".repeat(7000),
  "&amp;".repeat(14_000),
  "<!--".repeat(17_000),
  `<p style="${"color:red;".repeat(6900)}">x`,
  "*a ".repeat(23_000),
  "*a* _b_ ~c~ ".repeat(5800),
  "*_~`".repeat(17_000),
  "```\n".repeat(17_000),
  "> ".repeat(35_000),
  "[b]".repeat(23_000),
  `${"[c=4]".repeat(7000)}x${"[/c]".repeat(7000)}`,
  `[c=#ff0000]${"x".repeat(69_000)}[/c=#0000ff]`,
  "·$4,5x".repeat(10_000),
  ":)".repeat(35_000),
  "(".repeat(70_000),
  "👨‍👩‍👧‍👦".repeat(6000),
  `a${"\u0301".repeat(69_000)}`,
  "🇩".repeat(35_000),
  " ".repeat(70_000),
  "\n".repeat(70_000),
  "x".repeat(70_000),
  "http://x ".repeat(7000),
];
