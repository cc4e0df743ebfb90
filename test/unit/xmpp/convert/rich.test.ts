import { expect, test } from "vitest";
import { wordsOfRich } from "../../../../src/xmpp/convert/rich.ts";
import { richOfStyling } from "../../../../src/xmpp/convert/styling.ts";
import { richOfXhtml } from "../../../../src/xmpp/convert/xhtml.ts";
import { b, ink, r } from "../../../support/golden.ts";

test("words with looks go out with signs and as XHTML-IM, and come back with all of them", () => {
  const text = r("a ", b("b"), " ", ink("#ff0000", "c"));
  const { html, ...words } = wordsOfRich(text);
  expect(words).toEqual({ body: "a *b* c", unstyled: false });
  expect(html && richOfXhtml(html)).toEqual(text);
  expect(richOfStyling(words.body)).toEqual(r("a ", b("b"), " c"));
});

test("plain words bring no XHTML-IM along", () => {
  expect(wordsOfRich(r("*a*"))).toEqual({ body: "*a*", unstyled: true });
});
