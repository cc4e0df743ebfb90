import { expect, test } from "vitest";
import { StreamReader } from "../../../../src/xmpp/link/stream-reader.ts";

const HEADER =
  "<?xml version='1.0'?><s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' version='1.0'>";

function read(...chunks: string[]): string[] {
  const seen: string[] = [];
  const reader = new StreamReader({ element: (one) => seen.push(one.toString()), ended: () => seen.push("end") });
  for (const chunk of [HEADER, ...chunks]) reader.write(chunk);
  return seen;
}

test("elements come whole, with their namespaces and without prefixes, however the bytes are cut", () => {
  const text = "<s:features><a xmlns='urn:x'/></s:features> <message id='1'><body>a &lt; b</body></message></s:stream>";
  const whole = [
    '<features xmlns="http://etherx.jabber.org/streams"><a xmlns="urn:x"/></features>',
    '<message id="1" xmlns="jabber:client"><body>a &lt; b</body></message>',
    "end",
  ];
  expect(read(text)).toEqual(whole);
  expect(read(...text)).toEqual(whole);
});

test.each([
  ["a comment", "<!-- x -->"],
  ["a processing instruction", "<?x y?>"],
  ["an entity of its own", "<message>&x;</message>"],
  ["tags that do not match", "<a></b>"],
  ["elements without end", "<a>".repeat(200)],
])("a stream with %s is ended", (_, text) => {
  expect(() => read(text)).toThrow();
});

test("a stanza of more than two MiB is not collected", () => {
  expect(() => read("<message><body>", ...Array.from({ length: 3 }, () => "x".repeat(1024 * 1024)))).toThrow("2 MiB");
});

test("what is no stream is not read", () => {
  const reader = new StreamReader({ element: () => {}, ended: () => {} });
  expect(() => reader.write("<html><body>")).toThrow("begins with <html/>");
});
