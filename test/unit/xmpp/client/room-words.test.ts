import { expect, test } from "vitest";
import { readRoomMessage } from "../../../../src/xmpp/client/room-words.ts";
import { el, NS } from "../../../../src/xmpp/stanza/xml.ts";

test("only the room itself may give a message its name", () => {
  const said = (by: string) =>
    el(
      "message",
      { from: "room@muc.test/anna", to: "relay@xmpp.test/x", type: "groupchat", id: "1" },
      el("body", {}, "hello"),
      el("stanza-id", { xmlns: NS.sid, by, id: "name" }),
    );
  expect(readRoomMessage(said("room@muc.test"), "relay")?.stanzaId).toBe("name");
  expect(readRoomMessage(said("anna@xmpp.test"), "relay")?.stanzaId).toBeUndefined();
});

test("what has no speaker or no words is no message", () => {
  const attrs = { from: "room@muc.test", to: "relay@xmpp.test/x", type: "groupchat" };
  expect(readRoomMessage(el("message", attrs, el("body", {}, "x")), "relay")).toBeUndefined();
  expect(readRoomMessage(el("message", { ...attrs, from: "room@muc.test/a" }), "relay")).toBeUndefined();
});
