import { expect, test } from "vitest";
import { parseBareJid } from "../../../../src/xmpp/jid.ts";
import {
  directInvitation,
  invitedTo,
  MUC_USER,
  mediatedInvitation,
  readRoomMessage,
} from "../../../../src/xmpp/muc/room-words.ts";
import { el, NS } from "../../../../src/xmpp/stanza/xml.ts";

test("only the room itself may give a message its name", () => {
  const said = (by: string) =>
    el(
      "message",
      { from: "room@muc.test/anna", to: "relay@xmpp.test/x", type: "groupchat", id: "1" },
      el("body", {}, "hello"),
      el("stanza-id", { xmlns: NS.sid, by, id: "name" }),
    );
  expect(readRoomMessage(said("room@muc.test"), "relay", "live")?.stanzaId).toBe("name");
  expect(readRoomMessage(said("anna@xmpp.test"), "relay", "live")?.stanzaId).toBeUndefined();
});

test("what has no speaker is no message, and what has no words says nothing", () => {
  const attrs = { from: "room@muc.test", to: "relay@xmpp.test/x", type: "groupchat" };
  expect(readRoomMessage(el("message", attrs, el("body", {}, "x")), "relay", "live")).toBeUndefined();
  const wordless = el("message", { ...attrs, from: "room@muc.test/a" });
  expect(readRoomMessage(wordless, "relay", "live")).toMatchObject({ nick: "a", saysSomething: false });
});

test("an address counts only when the archive has kept it: the last one, which is the room's own", () => {
  const item = (jid: string) => el("x", { xmlns: MUC_USER }, el("item", { jid }));
  const attrs = { from: "room@muc.test/eve", to: "relay@xmpp.test/x", type: "groupchat" };
  const said = el("message", attrs, el("body", {}, "x"), item("anna@xmpp.test"), item("eve@xmpp.test"));
  expect(readRoomMessage(said, "relay", "archive")?.archivedJid).toBe("eve@xmpp.test");
  expect(readRoomMessage(said, "relay", "history")?.archivedJid).toBeUndefined();
  expect(readRoomMessage(said, "relay", "live")?.archivedJid).toBeUndefined();
});

test("of several times the room's own counts, and none of what comes live", () => {
  const attrs = { from: "room@muc.test/eve", to: "relay@xmpp.test/x", type: "groupchat" };
  const delay = (from: string, year: number) =>
    el("delay", { xmlns: NS.delay, from, stamp: `${year}-01-01T00:00:00Z` });
  const stamps = [delay("eve@xmpp.test", 2099), delay("room@muc.test", 2024), delay("eve@xmpp.test", 2098)];
  const said = el("message", attrs, el("body", {}, "x"), ...stamps);
  expect(readRoomMessage(said, "relay", "history")?.saidAt).toBe(Date.UTC(2024));
  expect(readRoomMessage(said, "relay", "live")?.saidAt).toBeUndefined();
});

test("a nudge and an encrypted message are messages without a body", () => {
  const attrs = { from: "room@muc.test/anna", to: "relay@xmpp.test/x", type: "groupchat" };
  const nudge = el("message", attrs, el("attention", { xmlns: NS.attention }));
  const secret = el("message", attrs, el("encrypted", { xmlns: "urn:xmpp:omemo:2" }));
  for (const stanza of [nudge, secret])
    expect(readRoomMessage(stanza, "relay", "live")).toMatchObject({ body: "", saysSomething: true });
});

test("invitations are understood, by oneself and by way of the room", () => {
  const [room, to] = [parseBareJid("room@muc.test"), parseBareJid("anna@xmpp.test")];
  expect(invitedTo(directInvitation(room, to, "1", "come"))).toBe(room);
  const sent = mediatedInvitation(room, to, "1", "come");
  const passedOn = el("message", { from: room, to }, ...sent.children);
  expect(invitedTo(passedOn)).toBe(room);
  expect(invitedTo(el("message", { from: to }, el("body", {}, "hello")))).toBeUndefined();
});
