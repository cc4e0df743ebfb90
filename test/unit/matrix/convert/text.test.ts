import { describe, expect, it } from "vitest";
import { ghostName, textContent, withoutReplyFallback } from "../../../../src/matrix/convert/text.ts";

describe("an answer's words", () => {
  it.each([
    ["> <@a:b> one\n> two\n\nmine", "mine"],
    ["> <@a:b> one\n\nmine\n\nmore", "mine\n\nmore"],
    ["> <@a:b> one\nmine", "mine"],
    ["> only quoted", "> only quoted"],
    ["plain", "plain"],
    [">no blank", ">no blank"],
    ["", ""],
  ])("%j are %j", (body, words) => {
    expect(withoutReplyFallback(body)).toBe(words);
  });
});

describe("a contact's name", () => {
  it.each([
    ["Bob", "Bob"],
    ["  Bob\u0000\r\nthe \u2028great ", "Bob the  great"],
    ["", "bob@example.com"],
    ["\u0007", "bob@example.com"],
    ["Bob \u202Emoc.elpmaxe@ecila\u202C", "Bob moc.elpmaxe@ecila"],
    ["\u2066Bob\u2069\u200F", "Bob"],
    ["\u200B\u2060\uFEFF", "bob@example.com"],
    ["\u3164\u00AD", "bob@example.com"],
    ["👩\u200D👧 Ünal", "👩\u200D👧 Ünal"],
    ["می\u200Cخواهم", "می\u200Cخواهم"],
    ["half \uD83D", "half \uFFFD"],
  ])("%j is shown as %j", (name, shown) => {
    expect(ghostName(name, "bob@example.com")).toBe(shown);
  });

  it("is cut to what Matrix takes, never inside a character", () => {
    const name = ghostName("🙂".repeat(400), "x");
    expect([...name]).toHaveLength(256);
    expect(name.isWellFormed()).toBe(true);
  });
});

describe("a message", () => {
  it("keeps its words and its kind", () => {
    expect(textContent("text", "a\nb")).toEqual({ msgtype: "m.text", body: "a\nb" });
    expect(textContent("notice", "x")).toEqual({ msgtype: "m.notice", body: "x" });
  });

  it.each(["x", "ü", "🙂", '"', "\u0001"])("of very many %j fits into an event", (char) => {
    const { body } = textContent("text", char.repeat(100_000));
    expect(body).toMatch(/…$/);
    expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(61_000);
    expect(body.isWellFormed()).toBe(true);
  });
});
