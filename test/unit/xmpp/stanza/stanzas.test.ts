import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { ERROR_CODES } from "../../../../src/bridge/errors.ts";
import { capsElement, capsHash, gatewayInfo, infoQuery, isCapsNode } from "../../../../src/xmpp/stanza/disco.ts";
import { CONDITIONS, errorCondition, failureElement } from "../../../../src/xmpp/stanza/errors.ts";
import { form, readForm } from "../../../../src/xmpp/stanza/form.ts";
import { chatMessage, errorMessage, readMessage, readTune, tuneMessage } from "../../../../src/xmpp/stanza/message.ts";
import { presence, readPresence, subscription } from "../../../../src/xmpp/stanza/presence.ts";
import { answerToPerson, asPerson, asPersonAsks, mayAsk, readGrants } from "../../../../src/xmpp/stanza/privilege.ts";
import { readRoster, rosterQuery } from "../../../../src/xmpp/stanza/roster.ts";
import { vcard4, vcardTemp } from "../../../../src/xmpp/stanza/vcard.ts";
import { el, NS, wire } from "../../../../src/xmpp/stanza/xml.ts";
import { annaJid, annaPhone, bob, gateway } from "../support.ts";

const toAnna = { from: bob, to: annaJid };

test("words carry their id twice, their name and their time", () => {
  const said = Date.UTC(2024, 0, 2, 3, 4, 5);
  const text = wire(chatMessage({ ...toAnna, id: "x1", body: "a < b & c", nick: "Bob", saidAt: said }));
  expect(text).toBe(
    `<message from="${bob}" to="${annaJid}" id="x1" type="chat"><body>a &lt; b &amp; c</body>` +
      `<active xmlns="${NS.chatStates}"/><origin-id xmlns="${NS.sid}" id="x1"/>` +
      `<delay xmlns="${NS.delay}" from="${bob}" stamp="2024-01-02T03:04:05.000Z"/><nick xmlns="${NS.nick}">Bob</nick></message>`,
  );
});

test("what XML cannot say becomes the sign for that", () => {
  expect(wire(el("body", {}, "a\u0000b\u{FFFF}c\uD800d 😀\ttab"))).toBe("<body>a\uFFFDb\uFFFDc\uFFFDd 😀\ttab</body>");
});

test("a message is read with all that hangs on it", () => {
  const read = readMessage(
    el(
      "message",
      { from: annaPhone, to: bob, id: "m", type: "chat" },
      el("body", {}, "hi"),
      el("composing", { xmlns: NS.chatStates }),
      el("request", { xmlns: NS.receipts }),
      el("replace", { xmlns: NS.correct, id: "before" }),
      el("origin-id", { xmlns: NS.sid, id: "o" }),
      el("attention", { xmlns: NS.attention }),
      el("delay", { xmlns: NS.delay, stamp: "2024-01-02T03:04:05Z" }),
    ),
  );
  expect(read).toEqual({
    from: annaPhone,
    to: bob,
    id: "m",
    type: "chat",
    body: "hi",
    unstyled: false,
    state: "composing",
    isNudge: true,
    corrects: "before",
    wantsReceipt: true,
    originId: "o",
    isEncrypted: false,
    carried: [],
    isFallback: false,
    saidAt: Date.UTC(2024, 0, 2, 3, 4, 5),
  });
});

test("a message without a sender that can be read is none", () => {
  expect(readMessage(el("message", { to: bob }, el("body", {}, "hi")))).toBeUndefined();
  expect(readMessage(el("message", { from: "a b@c", to: bob }, el("body", {}, "hi")))).toBeUndefined();
});

test("what is playing comes back as it went, and its end as nothing", () => {
  expect(readTune(tuneMessage(toAnna, "Nina - Sinnerman"))).toBe("Nina - Sinnerman");
  expect(readTune(tuneMessage(toAnna, undefined))).toBe("");
  expect(readTune(chatMessage({ ...toAnna, id: "x", body: "hi" }))).toBeUndefined();
});

test("presence says show, status and name; somebody who is gone says nothing", () => {
  const here = presence(
    toAnna,
    { show: "away", status: "Tea" },
    { nick: "Bob", caps: capsElement(gatewayInfo("MSN")) },
  );
  expect(readPresence(here)).toMatchObject({ type: "available", show: "away", status: "Tea", priority: 0 });
  expect(here.getChildText("nick", NS.nick)).toBe("Bob");
  expect(wire(presence(toAnna, undefined))).toBe(`<presence from="${bob}" to="${annaJid}" type="unavailable"/>`);
  expect(wire(subscription(toAnna, "subscribe", { nick: "Bob" }))).toContain('type="subscribe"');
});

test.each([
  ["5", 5],
  ["-300", -128],
  ["many", 0],
])("the priority %s counts as %i", (text, priority) => {
  const stanza = el("presence", { from: annaPhone, to: gateway }, el("priority", {}, text));
  expect(readPresence(stanza)?.priority).toBe(priority);
});

test("every error of the catalogue is a stanza error that is read back", () => {
  for (const code of ERROR_CODES) {
    const stanza = errorMessage(toAnna, "m", failureElement(code, "It went wrong."));
    expect(errorCondition(stanza)).toEqual({ ...CONDITIONS[code], text: "It went wrong." });
  }
});

test("an error without a condition is an undefined one", () => {
  expect(errorCondition(el("iq", { type: "error" }))).toEqual({
    condition: "undefined-condition",
    text: undefined,
    type: "cancel",
  });
});

test("the capabilities' hash is that of XEP-0115 §5.2", () => {
  const exodus = {
    identities: [{ category: "client", type: "pc", name: "Exodus 0.9.1" }],
    features: [
      "http://jabber.org/protocol/muc",
      "http://jabber.org/protocol/caps",
      "http://jabber.org/protocol/disco#items",
      "http://jabber.org/protocol/disco#info",
    ],
  };
  expect(capsHash(exodus)).toBe("QgayPKawpkPSDYmwT/WM94uAlu0=");
});

test("what presence announces can be asked for", () => {
  const info = gatewayInfo("MSN");
  const { node, ver } = capsElement(info).attrs;
  expect(isCapsNode(`${node}#${ver}`, info)).toBe(true);
  expect(isCapsNode(`${node}#other`, info)).toBe(false);
  expect(infoQuery(info, `${node}#${ver}`).attrs.node).toBe(`${node}#${ver}`);
});

test("a form that is filled in is read; one that is not sent is not", () => {
  const asked = form("Title", "Do this", [{ name: "a", type: "list-single", options: [{ value: "1", label: "One" }] }]);
  expect(readForm(el("command", {}, asked))).toBeUndefined();
  const field = (name: string, ...values: string[]) =>
    el(
      "field",
      { var: name },
      values.map((value) => el("value", {}, value)),
    );
  const sent = el("x", { xmlns: NS.data, type: "submit" }, field("a", "1"), field("b", "one", "two"));
  expect(readForm(el("command", {}, sent))).toEqual(
    new Map([
      ["a", "1"],
      ["b", "one\ntwo"],
    ]),
  );
});

// XEP-0356 0.4.1 example 2 (version 2), and the form of version 1.
test.each(NS.privilege)("what a server grants is read (%s)", (namespace) => {
  const iq = namespace.endsWith("2")
    ? el("perm", { access: "iq" }, el("namespace", { ns: NS.blocking, type: "both" }))
    : undefined;
  const message = el(
    "message",
    { from: "example.org", to: gateway },
    el(
      "privilege",
      { xmlns: namespace },
      el("perm", { access: "roster", type: "both" }),
      el("perm", { access: "message", type: "outgoing" }),
      el("perm", { access: "presence", type: "strange" }),
      iq,
    ),
  );
  expect(readGrants(message)).toMatchObject({ namespace, roster: "both", message: "outgoing", presence: "none" });
  expect(readGrants(message)?.iq.get(NS.blocking)).toBe(iq && "both");
  expect(readGrants(el("message", {}, el("body", {}, "hi")))).toBeUndefined();
});

test("what Prosody nests by mistake is read all the same; what may be asked is known", () => {
  const nested = el("namespace", { ns: NS.blocking, type: "both" }, el("namespace", { ns: NS.vcard, type: "get" }));
  const perm = el("perm", { access: "iq" }, nested);
  const grants = readGrants(el("message", {}, el("privilege", { xmlns: NS.privilege[0] }, perm)));
  expect([...(grants?.iq ?? [])]).toEqual([
    [NS.blocking, "both"],
    [NS.vcard, "get"],
  ]);
  expect(mayAsk(grants, "set", NS.blocking)).toBe(true);
  expect(mayAsk(grants, "set", NS.vcard)).toBe(false);
  expect(mayAsk(undefined, "get", NS.vcard)).toBe(false);
});

test("a server that grants without end fills no memory", () => {
  const many = Array.from({ length: 2000 }, (_, i) => el("namespace", { ns: `urn:x:${i}`, type: "both" }));
  const long = el("namespace", { ns: `urn:${"x".repeat(10_000)}`, type: "both" });
  const perm = el("perm", { access: "iq" }, el("namespace", { ns: NS.blocking, type: "both" }), long, ...many);
  const grants = readGrants(el("message", {}, el("privilege", { xmlns: NS.privilege[0] }, perm)));
  expect(mayAsk(grants, "set", NS.blocking)).toBe(true);
  expect([...(grants?.iq.keys() ?? [])].join("").length).toBeLessThan(20_000);
  expect(grants?.iq.size).toBeLessThanOrEqual(100);
});

// XEP-0356 0.4.1 examples 16 and 19.
test("a request in a person's name is wrapped, and its answer unwrapped", () => {
  const asked = asPersonAsks("get", "i1", el("blocklist", { xmlns: NS.blocking }));
  expect(wire(asked)).toBe(
    `<privileged_iq xmlns="${NS.privilege[0]}"><iq xmlns="jabber:client" type="get" id="i1"><blocklist xmlns="${NS.blocking}"/></iq></privileged_iq>`,
  );
  const inner = el("iq", { xmlns: NS.client, type: "result", id: "i1" });
  const outer = el("privilege", { xmlns: NS.privilege[0] }, el("forwarded", { xmlns: NS.forward }, inner));
  expect(answerToPerson(el("iq", { type: "result" }, outer))).toBe(inner);
  expect(answerToPerson(el("iq", { type: "result" }))).toBeUndefined();
});

test("words in a person's name are wrapped for their server", () => {
  const grants = {
    namespace: NS.privilege[1],
    roster: "none",
    message: "outgoing",
    presence: "none",
    iq: new Map(),
  } as const;
  const inner = chatMessage({ from: annaJid, to: bob, id: "i", body: "hi" });
  const outer = asPerson({ from: gateway, server: gateway, grants, id: "i" }, inner);
  expect(outer.getChild("privilege", NS.privilege[1])?.getChild("forwarded", NS.forward)?.children).toEqual([inner]);
});

test("roster items come back as they went", () => {
  const item = { jid: bob, name: "Bob", groups: ["A", "B"], subscription: "both" };
  expect(readRoster(el("iq", {}, rosterQuery([item])))).toEqual([item]);
  expect(wire(rosterQuery([{ ...item, subscription: "remove" }]))).toContain(
    `<item jid="${bob}" subscription="remove"/>`,
  );
  expect(readRoster(el("iq", {}, el("query", { xmlns: NS.roster }, el("item", { jid: "a b" }))))).toEqual([]);
});

test("both kinds of cards say the same", () => {
  const card = { name: "Bob", nickname: undefined, email: "bob@msn.test", note: "" };
  expect(wire(vcardTemp(card))).toBe(
    '<vCard xmlns="vcard-temp"><FN>Bob</FN><EMAIL><INTERNET/><USERID>bob@msn.test</USERID></EMAIL></vCard>',
  );
  expect(wire(vcard4(card))).toContain("<fn><text>Bob</text></fn><email><text>bob@msn.test</text></email>");
});

test("a picture stands in both kinds of cards, and presence says which it is; without one it says that none is known", () => {
  const picture = { type: "image/png", bytes: Buffer.from("png") };
  const card = { name: "Bob", nickname: undefined, email: undefined, note: undefined, picture };
  expect(wire(vcardTemp(card))).toContain("<PHOTO><TYPE>image/png</TYPE><BINVAL>cG5n</BINVAL></PHOTO>");
  expect(wire(vcard4(card))).toContain("<photo><uri>data:image/png;base64,cG5n</uri></photo>");
  const here = { show: undefined, status: "" };
  const mark = createHash("sha1").update("png").digest("hex");
  expect(wire(presence(toAnna, here, { picture }))).toContain(`<photo>${mark}</photo>`);
  expect(wire(presence(toAnna, here))).toContain('<x xmlns="vcard-temp:x:update"/>');
});

test("an id as long as a book is none", () => {
  const stanza = el("message", { from: annaPhone, to: bob, id: "x".repeat(301) }, el("body", {}, "hi"));
  expect(readMessage(stanza)?.id).toBeUndefined();
});
