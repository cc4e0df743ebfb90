import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ejabberdSnippet, prosodySnippet, xmppSteps } from "../../../src/cli/init/xmpp.ts";

const ANSWER = { component: "msn.example.org", domain: "example.org", secret: "a-long-random-text" };

test("docs/xmpp.md shows what init says", () => {
  const docs = readFileSync(new URL("../../../docs/xmpp.md", import.meta.url), "utf8");
  const { host, components } = prosodySnippet(ANSWER);
  for (const part of [host, components, ejabberdSnippet(ANSWER)]) {
    expect(docs).toContain(`\n${part}\n`);
    expect(xmppSteps(ANSWER)).toContain(`\n${part}\n`);
  }
});
