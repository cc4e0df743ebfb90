import { expect, test } from "vitest";
import { batchOf, storedOf } from "../../../../src/xmpp/convert/heard.ts";
import { readMessage } from "../../../../src/xmpp/stanza/message.ts";
import { el, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { annaPhone, bob, contact, NET, names } from "../support.ts";

const ben = names.jid({ network: NET, contact: contact("ben").address });

function heard(to: string, ...children: XmlElement[]) {
  const id = "9c0c9b8e-2d2f-4a5b-8d8e-000000000001";
  const message = readMessage(el("message", { from: annaPhone, to, id }, el("body", {}, "hi all"), ...children));
  if (!message) throw new Error("no message");
  return message;
}

test("what is said to several at once under one id is said to each (XEP-0033)", () => {
  expect(batchOf(heard(bob))).toBe(batchOf(heard(bob)));
  expect(batchOf(heard(`${bob}/msn`))).toBe(batchOf(heard(bob)));
  expect(batchOf(heard(ben))).not.toBe(batchOf(heard(bob)));
});

test.each(["eu.siacs.conversations.axolotl", "urn:xmpp:omemo:1", "urn:xmpp:omemo:2"])(
  "the words that stand in for what %s has encrypted are not passed on",
  (xmlns) => {
    expect(storedOf(heard(bob, el("encrypted", { xmlns })), bob)).toMatchObject({ kind: "unsupported" });
  },
);
