import { expect, test } from "vitest";
import { html } from "../../../src/web/html.ts";

test("what is put in cannot break out", () => {
  const evil = `"><script>alert('x')</script>&`;
  expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
    '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</p>',
  );
});

test("pieces and lists of pieces go in as they are; undefined and false are nothing", () => {
  const items = ["a", "<b>"].map((text) => html`<li>${text}</li>`);
  expect(html`<ul ${false}>${items}${undefined}</ul>`.text).toBe("<ul ><li>a</li><li>&lt;b&gt;</li></ul>");
});
