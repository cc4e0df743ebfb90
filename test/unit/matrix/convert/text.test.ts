import { describe, expect, it } from "vitest";
import { concat, type RichText, textOf } from "../../../../src/bridge/text/model.ts";
import { jsonBytes } from "../../../../src/bridge/text/size.ts";
import { richOfContent } from "../../../../src/matrix/convert/html.ts";
import {
  contentsOf,
  editContent,
  ghostName,
  notice,
  partsOf,
  withoutReplyFallback,
} from "../../../../src/matrix/convert/text.ts";

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
    expect(contentsOf("text", { text: "a\nb" })).toEqual([{ msgtype: "m.text", body: "a\nb" }]);
    expect(contentsOf("notice", { text: "x" })).toEqual([{ msgtype: "m.notice", body: "x" }]);
  });

  const family = "👨\u200D👩\u200D👧";

  it.each(["x", "ü", "🙂", '"', "<", "\u0001", family])("of very many %j is whole in events that fit", (char) => {
    const text = char.repeat(200_000 / char.length);
    const contents = contentsOf("text", { text });
    expect(contents.map(({ body }) => body).join("")).toBe(text);
    for (const content of contents) expect(jsonBytes(content)).toBeLessThanOrEqual(60_000);
    for (const { body } of contents) expect(body.length % char.length).toBe(0);
    // No more events than it takes.
    expect(contents.length).toBeLessThanOrEqual(Math.ceil(jsonBytes(text) / 58_000));
  });

  it.each(["<", '"', "&", family])("of very many %j with looks keeps them in all of its events", (char) => {
    const rich: RichText = { runs: [{ text: char.repeat(99_000 / char.length), bold: true }] };
    const contents = contentsOf("text", { text: textOf(rich), rich });
    expect(contents.map(({ body }) => body).join("")).toBe(textOf(rich));
    expect(textOf(concat(...contents.map((content) => richOfContent(content))))).toBe(textOf(rich));
    for (const content of contents) {
      expect(jsonBytes(content)).toBeLessThanOrEqual(60_000);
      expect(content.formatted_body).toMatch(/^<strong>/);
    }
  });

  it("that somebody else says has the name in front of each of its events", () => {
    const named = contentsOf("text", { text: "words ".repeat(20_000) }, ({ text }) => ({ text: `Zoë: ${text}` }));
    expect(named.length).toBeGreaterThan(2);
    expect(named.map(({ body }) => body.replace(/^Zoë: /, "")).join("")).toBe("words ".repeat(20_000));
    for (const content of named) expect(content.body).toMatch(/^Zoë: words/);
  });

  it("is cut between lines or words where it can be", () => {
    const [first, second] = contentsOf("text", { text: `${"word ".repeat(11_000)}\n${"more ".repeat(11_000)}` });
    expect(first.body).toMatch(/word \n$/);
    expect(second?.body).toMatch(/^more /);
  });

  it("of the bridge's own that is longer than any event ends in dots", () => {
    const { body } = notice("x".repeat(70_000));
    expect(body).toMatch(/x…$/);
    expect(Buffer.byteLength(body)).toBeLessThan(60_100);
  });
});

describe("new words for an event", () => {
  it("are shown with a star to who knows no edits", () => {
    expect(editContent("text", { text: "fine" }, "$e")).toEqual({
      msgtype: "m.text",
      body: "* fine",
      "m.new_content": { msgtype: "m.text", body: "fine" },
      "m.relates_to": { rel_type: "m.replace", event_id: "$e" },
    });
  });

  it("of which there are many are whole, and begin for who knows no edits", () => {
    const [text] = partsOf("text", { text: '"'.repeat(40_000) });
    const content = editContent("text", text, "$e");
    expect(content["m.new_content"]).toEqual({ msgtype: "m.text", body: text.text });
    expect(content.body).toMatch(/^\* "{100,}…$/);
    expect(jsonBytes(content)).toBeLessThan(61_000);
  });
});
