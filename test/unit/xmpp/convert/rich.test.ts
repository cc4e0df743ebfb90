import { expect, test } from "vitest";
import { richOfWords, wordsOfRich } from "../../../../src/xmpp/convert/rich.ts";
import { XHTML_IM } from "../../../../src/xmpp/convert/xhtml.ts";
import { el } from "../../../../src/xmpp/stanza/xml.ts";
import { b, ink, r } from "../../../support/golden.ts";

test("words with looks go out with signs and as XHTML-IM, and come back with all of them", () => {
  const text = r("a ", b("b"), " ", ink("#ff0000", "c"));
  const words = wordsOfRich(text);
  expect(words).toMatchObject({ body: "a *b* c", unstyled: false });
  expect(richOfWords(words)).toEqual(text);
  expect(richOfWords({ body: words.body, unstyled: false })).toEqual(r("a ", b("b"), " c"));
});

test("plain words bring no XHTML-IM along", () => {
  expect(wordsOfRich(r("*a*"))).toEqual({ body: "*a*", unstyled: true });
  expect(richOfWords({ body: "*a*", unstyled: true })).toEqual(r("*a*"));
});

test("XHTML-IM that cannot be read leaves the body to count", () => {
  expect(richOfWords({ body: "*a*", unstyled: false, html: el("html", { xmlns: XHTML_IM }) })).toEqual(r(b("a")));
});
