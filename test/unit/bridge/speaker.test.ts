import { expect, test } from "vitest";
import { spokenBy, spokenRich } from "../../../src/bridge/speaker.ts";
import { textOf } from "../../../src/bridge/text/model.ts";
import { b, r } from "../../support/golden.ts";
import { processorTime } from "../../support/processor-time.ts";

test.each([
  ["Anna", "hello", "[Anna] hello"],
  ["A very long name with a heart and more", "x", "[A very long name with a…] x"],
  ["[Bert]\n", "x", "[Bert] x"],
  ["  ", "x", "[?] x"],
  ["Anna", "one\n\u200b[Bert] two", "[Anna] one\n> \u200b[Bert] two"],
  ["Anna", "one\u0085[Bert] two\u000b[Carl] three", "[Anna] one\u0085> [Bert] two\u000b> [Carl] three"],
  ["Anna", "one\n\uff3bBert\uff3d two", "[Anna] one\n> \uff3bBert\uff3d two"],
  ["Anna", "one\n\u202eowt ]treB[", "[Anna] one\n> \u202eowt ]treB["],
  [
    "Anna",
    "one\n\u2067[Bert] two\n\u05e9\u05dc\u05d5\u05dd",
    "[Anna] one\n> \u2067[Bert] two\n\u05e9\u05dc\u05d5\u05dd",
  ],
  ["Anna\uff3d hi \uff3bBert", "x", "[Anna  hi  Bert] x"],
  ["Anna", "one\n[Bert] two\r\n  [Carl] three\nfour", "[Anna] one\n> [Bert] two\r\n>   [Carl] three\nfour"],
])("%j says %j: it reads %j", (speaker, text, shown) => {
  expect(spokenBy(speaker, text)).toBe(shown);
});

test("words keep their looks in another's mouth, and none of their lines can look as if somebody else had said it", () => {
  const said = spokenRich("Anna", r("one\n", b("[Bert] two"), "\n three\n[", b("Carl]")));
  expect(said).toEqual(r("[Anna] one\n> ", b("[Bert] two"), "\n three\n> [", b("Carl]")));
  expect(textOf(said)).toBe(spokenBy("Anna", "one\n[Bert] two\n three\n[Carl]"));
});

test("very many empty lines take no time", () => {
  const text = "\n".repeat(100_000);
  const took = processorTime(() => {
    expect(spokenBy("Anna", text)).toBe(`[Anna] ${text}`);
  });
  expect(took).toBeLessThan(1000);
});
