import { expect, test } from "vitest";
import { spokenBy } from "../../../src/bridge/speaker.ts";

test.each([
  ["Anna", "hello", "[Anna] hello"],
  ["A very long name with a heart and more", "x", "[A very long name with a…] x"],
  ["[Bert]\n", "x", "[Bert] x"],
  ["  ", "x", "[?] x"],
  ["Anna", "one\n[Bert] two\r\n  [Carl] three\nfour", "[Anna] one\n> [Bert] two\r\n>   [Carl] three\nfour"],
])("%j says %j: it reads %j", (speaker, text, shown) => {
  expect(spokenBy(speaker, text)).toBe(shown);
});
