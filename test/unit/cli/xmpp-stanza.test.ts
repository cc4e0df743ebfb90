import { expect, test } from "vitest";
import { readForm } from "../../../src/cli/sandbox/xmpp-form.ts";
import { describeMessage, NS, readMessage, readPresence, xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";

const ANNA = "anna@xmpp.test";

test("a carbon of the own account is read as what it carries, one of anybody else is not", () => {
  const inner = xml("message", { from: `${ANNA}/desk`, to: "bert@xmpp.test", type: "chat" }, xml("body", {}, "hi"));
  const carbon = (from: string) =>
    xml(
      "message",
      { from, to: ANNA },
      xml("sent", { xmlns: NS.carbons }, xml("forwarded", { xmlns: NS.forward }, inner)),
    );
  expect(readMessage(carbon(ANNA), ANNA)).toMatchObject({ carbon: "sent", from: `${ANNA}/desk`, body: "hi" });
  const forged = readMessage(carbon("mallory@xmpp.test"), ANNA);
  expect(forged).toMatchObject({ carbon: undefined, from: "mallory@xmpp.test", body: undefined });
});

test("a message is read with its marks: state, receipt, correction, date, ids, nudge", () => {
  const message = readMessage(
    xml(
      "message",
      { from: "bert@xmpp.test/x", to: ANNA, type: "chat", id: "m1" },
      xml("body", {}, "late"),
      xml("paused", { xmlns: NS.chatStates }),
      xml("received", { xmlns: NS.receipts, id: "m0" }),
      xml("replace", { xmlns: NS.correction, id: "old" }),
      xml("attention", { xmlns: NS.attention }),
      xml("delay", { xmlns: NS.delay, stamp: "2026-01-02T03:04:05Z" }),
      xml("origin-id", { xmlns: NS.sid, id: "o1" }),
    ),
    ANNA,
  );
  expect(message).toMatchObject({
    id: "m1",
    chatState: "paused",
    receiptOf: "m0",
    replaces: "old",
    attention: true,
    originId: "o1",
    delayedSince: new Date("2026-01-02T03:04:05Z"),
  });
  expect(describeMessage(message)).toBe(
    `bert@xmpp.test/x -> ${ANNA} (chat, paused, receipt of m0, attention, replaces old, of 2026-01-02T03:04:05.000Z): late`,
  );
});

test("an error is read with its condition and text", () => {
  const text = xml("text", { xmlns: NS.stanzas }, "Bob is offline");
  const condition = xml("recipient-unavailable", { xmlns: NS.stanzas });
  const bounce = xml("presence", { type: "error", from: "bob@msn" }, xml("error", { type: "wait" }, condition, text));
  expect(readPresence(bounce).error).toEqual({
    type: "wait",
    condition: "recipient-unavailable",
    text: "Bob is offline",
    by: undefined,
  });
});

test("a presence says whether there is a picture, none, or nothing about it", () => {
  const photo = (...children: ReturnType<typeof xml>[]) =>
    readPresence(xml("presence", {}, xml("x", { xmlns: NS.vcardUpdate }, children))).avatar;
  expect([photo(xml("photo", {}, "abc")), photo(xml("photo")), photo()]).toEqual(["abc", "", undefined]);
});

test("a form is read with its fields, their values and options", () => {
  const option = (value: string) => xml("option", {}, xml("value", {}, value));
  const field = xml("field", { var: "status", type: "list-single", label: "Status" }, xml("required"), [
    xml("value", {}, "away"),
    option("online"),
    option("away"),
  ]);
  const form = readForm(
    xml("command", {}, xml("x", { xmlns: NS.data, type: "form" }, xml("title", {}, "State"), field)),
  );
  expect(form).toMatchObject({ type: "form", title: "State", instructions: undefined });
  expect(form?.fields).toEqual([
    {
      name: "status",
      type: "list-single",
      label: "Status",
      required: true,
      values: ["away"],
      options: ["online", "away"],
    },
  ]);
});
