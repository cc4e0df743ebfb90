import { expect, test } from "vitest";
import {
  directInvitation,
  invitedTo,
  MUC_USER,
  mediatedInvitation,
  readRoomMessage,
} from "../../../../src/xmpp/client/room-words.ts";
import { parseBareJid } from "../../../../src/xmpp/jid.ts";
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

test("an address counts only when the archive has kept it: the last one, which is the room's own", () => {
  const item = (jid: string) => el("x", { xmlns: MUC_USER }, el("item", { jid }));
  const attrs = { from: "room@muc.test/eve", to: "relay@xmpp.test/x", type: "groupchat" };
  const forged = el("message", attrs, el("body", {}, "x"), item("anna@xmpp.test"));
  expect(readRoomMessage(forged, "relay")?.archivedJid).toBeUndefined();
  const delay = el("delay", { xmlns: NS.delay, stamp: "2024-01-01T00:00:00Z" });
  const archived = el("message", attrs, el("body", {}, "x"), item("anna@xmpp.test"), item("eve@xmpp.test"), delay);
  expect(readRoomMessage(archived, "relay")?.archivedJid).toBe("eve@xmpp.test");
});

test("a nudge and an encrypted message are messages without a body", () => {
  const attrs = { from: "room@muc.test/anna", to: "relay@xmpp.test/x", type: "groupchat" };
  const nudge = el("message", attrs, el("attention", { xmlns: NS.attention }));
  const secret = el("message", attrs, el("encrypted", { xmlns: "urn:xmpp:omemo:2" }));
  expect([nudge, secret].map((stanza) => readRoomMessage(stanza, "relay")?.body)).toEqual(["", ""]);
});

test("invitations are understood, by oneself and by way of the room", () => {
  const [room, to] = [parseBareJid("room@muc.test"), parseBareJid("anna@xmpp.test")];
  expect(invitedTo(directInvitation(room, to, "1", "come"))).toBe(room);
  const sent = mediatedInvitation(room, to, "1", "come");
  const passedOn = el("message", { from: room, to }, ...sent.children);
  expect(invitedTo(passedOn)).toBe(room);
  expect(invitedTo(el("message", { from: to }, el("body", {}, "hello")))).toBeUndefined();
});
