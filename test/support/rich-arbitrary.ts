import fc from "fast-check";
import { type Look, type RichText, rich } from "../../src/bridge/text/model.ts";
import { cases, isLong } from "./property.ts";

export const RUNS = cases(40, 5000);

/** Pieces that converters could stumble over, and any other characters. */
export const words = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        ..."* _ ~ ` ``` > < & \" ' [ ] [b] [/b] [c=4] [/c] · ·# ·$4 :) (y) 8-) | \\ / <b> </b> <br> &lt; mx-reply".split(
          " ",
        ),
        ..."[u] [/u] [i] [s] [a=1] [/a] [/c=12] · ·& ·0 (%) :-P (H) <3 </p> <p> <pre> <li> <hr> <tr><td> &#x3c; &#0; &nbsp; :// @ #".split(
          " ",
        ),
        ..."\u200E|\u061C|\u202E|\u2066|\u2069|\u200B|\uFEFF|\u00AD|\u2028|\u0085|\v|\f|\r|\0|\u3000|\u{1F3FD}|\u20E3|#️⃣|مرحبا|한글|ß|İ|mailto:a@b.cd".split(
          "|",
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

/** All that fits into a message only in the long runs. */
const many = (count: number): number => (isLong ? count : Math.ceil(count / 4));

/** What reading or writing one of {@link BOMBS} may take of the processor, ms: several times what it takes on a busy machine. */
export const NO_TIME = isLong ? 4000 : 1000;

/** What a hostile sender would send to keep a converter busy. */
export const BOMBS: readonly string[] = [
  "<b>".repeat(many(20_000)),
  `${"<b>".repeat(90)}${"</i>".repeat(many(15_000))}`,
  "<li>".repeat(many(15_000)),
  `${"<blockquote>".repeat(90)}${"x<br>".repeat(many(10_000))}`,
  "<br>".repeat(many(17_000)),
  "<a href='".repeat(many(7000)),
  "&amp;".repeat(many(14_000)),
  "<!--".repeat(many(17_000)),
  `<p style="${"color:red;".repeat(many(6900))}">x`,
  "*a ".repeat(many(23_000)),
  "*a* _b_ ~c~ ".repeat(many(5800)),
  "*_~`".repeat(many(17_000)),
  "```\n".repeat(many(17_000)),
  "> ".repeat(many(35_000)),
  "[b]".repeat(many(23_000)),
  `${"[c=4]".repeat(many(7000))}x${"[/c]".repeat(many(7000))}`,
  `${"[b]x".repeat(many(8000))}${"y[/b]".repeat(many(8000))}`,
  `${"[c=1]x".repeat(many(6000))}${"y[/c=2]".repeat(many(6000))}`,
  `[c=#ff0000]${"x".repeat(many(69_000))}[/c=#0000ff]`,
  "·$4,5x".repeat(many(10_000)),
  ":)".repeat(many(35_000)),
  "(".repeat(many(70_000)),
  "👨‍👩‍👧‍👦".repeat(many(6000)),
  `a${"\u0301".repeat(many(69_000))}`,
  "🇩".repeat(many(35_000)),
  " ".repeat(many(70_000)),
  "\n".repeat(many(70_000)),
  "x".repeat(many(70_000)),
  "http://x ".repeat(many(7000)),
];
