import fc from "fast-check";
import { expect, test } from "vitest";
import { parseBareJid } from "../../../../src/xmpp/jid.ts";
import { Recall } from "../../../../src/xmpp/recall.ts";
import { readMessage } from "../../../../src/xmpp/stanza/message.ts";
import { el, NS, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { cases } from "../../../support/property.ts";
import { annaPhone, bob } from "../support.ts";

const NAMES = ["file-sharing", "file", "name", "sources", "url-data", "sticker", "geoloc", "lat", "lon", "propose"];
const OTHERS = ["reactions", "reaction", "reply", "fallback", "body", "x", "url", "desc", "media-type", "retract"];
const SPACES = [NS.sfs, NS.fileMetadata, NS.urlData, NS.stickers, NS.geoloc, NS.jingleMessage, NS.reactions, NS.oob];

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("52.5", "geo:1,2", "https://example.com/a", "👍"));
const { element } = fc.letrec<{ element: XmlElement; child: XmlElement | string }>((tie) => ({
  child: fc.oneof({ depthSize: "small" }, text, tie("element")),
  element: fc
    .record({
      name: fc.constantFrom(...NAMES, ...OTHERS),
      xmlns: fc.option(fc.constantFrom(...SPACES, NS.reply, NS.fallback, NS.retract), { nil: undefined }),
      id: fc.option(text, { nil: undefined }),
      target: fc.option(text, { nil: undefined }),
      children: fc.array(tie("child"), { maxLength: 4 }),
    })
    .map(({ name, children, ...attrs }) => el(name, attrs, ...children)),
}));

test("whatever a message carries is taken in without an error, and what is stored of it has a bound", () => {
  const recall = new Recall();
  recall.note({ chat: `${bob} anna@example.org`, speaker: bob, names: ["1", "👍"] }, "hi");
  fc.assert(
    fc.property(fc.array(element, { maxLength: 5 }), (children) => {
      const message = readMessage(el("message", { from: annaPhone, to: bob, id: "m", type: "chat" }, ...children));
      const all = message === undefined ? [] : recall.stored(message, bob);
      const room = parseBareJid("friends@rooms.test");
      if (message) recall.stored(message, room, { speaker: "Anna", names: ["s"] });
      expect(all.length).toBeLessThanOrEqual(41);
      for (const one of all) expect(one.from).toBe(annaPhone);
    }),
    cases(300, 20_000),
  );
});

test("a thousand reactions are twenty, and a name of a megabyte is a name", () => {
  const many = Array.from({ length: 1000 }, (_, i) => el("reaction", {}, `r${i}`));
  const recall = new Recall();
  recall.note({ chat: `${bob} anna@example.org`, speaker: bob, names: ["1"] }, "x".repeat(100_000));
  const reacts = el("reactions", { xmlns: NS.reactions, id: "1" }, ...many);
  const heard = readMessage(el("message", { from: annaPhone, to: bob, id: "m" }, reacts));
  const all = heard === undefined ? [] : recall.stored(heard, bob);
  expect(all).toHaveLength(20);
  expect(JSON.stringify(all).length).toBeLessThan(20 * 1000);
  const name = el("name", {}, "y".repeat(1_000_000));
  const file = el("file-sharing", { xmlns: NS.sfs }, el("file", { xmlns: NS.fileMetadata }, name));
  const files = readMessage(el("message", { from: annaPhone, to: bob, id: "n" }, ...Array(100).fill(file)));
  expect(JSON.stringify(files === undefined ? [] : recall.stored(files, bob)).length).toBeLessThan(5000);
});
