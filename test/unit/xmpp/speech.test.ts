import { expect, test, vi } from "vitest";
import { type NetworkMessage, parseContactAddress, roomId } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { AdHocCommands } from "../../../src/xmpp/component/commands.ts";
import { nameOf } from "../../../src/xmpp/convert/message-id.ts";
import { parseJid } from "../../../src/xmpp/jid.ts";
import type { ComponentLink } from "../../../src/xmpp/link/component-link.ts";
import { XMPP } from "../../../src/xmpp/name.ts";
import { Recall } from "../../../src/xmpp/recall.ts";
import { Speech } from "../../../src/xmpp/speech.ts";
import { type ErrorType, errorCondition, errorElement } from "../../../src/xmpp/stanza/errors.ts";
import { readMessage } from "../../../src/xmpp/stanza/message.ts";
import type { Grants } from "../../../src/xmpp/stanza/privilege.ts";
import { el, NS, type XmlElement } from "../../../src/xmpp/stanza/xml.ts";
import { anna, annaJid, annaPhone, bob, gateway, NET, names, silent } from "./support.ts";

const ghost = { network: NET, contact: parseContactAddress("bob@msn.test") };
const room = { home: XMPP, room: names.room(bob, annaJid), resident: anna };
const words = (change: Partial<NetworkMessage> = {}): NetworkMessage => ({
  kind: "text",
  from: ghost.contact,
  fromName: "Bob",
  text: "hi",
  at: Date.now(),
  ...change,
});

/** A link whose server sends everything back with a condition, or takes it. */
function stage(refuses?: string, grants?: Grants, isOn = true, type: ErrorType = "cancel") {
  const sent: XmlElement[] = [];
  const link = {
    isOnline: true,
    send: (stanza: XmlElement) => sent.push(stanza),
    sendLoosely: (stanza: XmlElement) => sent.push(stanza),
    sendSurely: async (...stanzas: XmlElement[]) => {
      for (const stanza of stanzas) {
        sent.push(stanza);
        if (refuses === undefined) continue;
        const { from, to, id } = stanza.attrs;
        const error = errorElement({ type, condition: refuses });
        speech.refused(el("message", { type: "error", from: to, to: from, id }, error));
      }
    },
  };
  const commands = new AdHocCommands({ names, accounts: () => [], run: async () => {}, waitMs: 100 });
  const speech: Speech = new Speech({
    home: XMPP,
    link: link as unknown as ComponentLink,
    names,
    secret: new Secret("s"),
    commands,
    recall: new Recall(),
    grants: () => grants,
    isOn: () => isOn,
    hears: () => isOn,
    log: silent,
  });
  return { speech, sent, link };
}

test("two tries of one entry are one message", async () => {
  const { speech, sent } = stage();
  const one = await speech.deliver(room, ghost, words(), "key");
  const two = await speech.deliver(room, ghost, words(), "key");
  expect(one).toBe(two);
  expect(sent[0]?.attrs.id).toBe(sent[1]?.attrs.id);
  expect(readMessage(sent[0] ?? el("x"))).toMatchObject({ from: bob, to: annaJid, body: "hi", originId: one });
});

test("words longer than a stanza come in parts, in order", async () => {
  const { speech, sent } = stage();
  const text = "ä".repeat(70_000);
  await speech.deliver(room, ghost, words({ text }), "key");
  expect(sent.map((stanza) => stanza.getChildText("body")).join("")).toBe(text);
  expect(new Set(sent.map(({ attrs }) => attrs.id)).size).toBe(3);
});

test.each([
  ["service-unavailable", "home-down"],
  ["remote-server-not-found", "home-down"],
  ["forbidden", "home-refused"],
  ["not-acceptable", "home-refused"],
])("words that come back with %s are %s", async (condition, code) => {
  await expect(stage(condition).speech.deliver(room, ghost, words(), "key")).rejects.toMatchObject({ code });
});

test("words that come back because there are too many of them wait, whatever the server calls it", async () => {
  const busy = stage("policy-violation", undefined, true, "wait");
  await expect(busy.speech.deliver(room, ghost, words(), "key")).rejects.toMatchObject({ code: "home-down" });
});

test("news wait for a person to come back, an answer does not", async () => {
  const { speech } = stage("service-unavailable");
  await expect(speech.say(anna, undefined, "news", "k")).rejects.toMatchObject({ code: "home-down" });
  await speech.say(anna, names.room(gateway, annaJid), "answer", "k");
});

test("words that come back when they count as said are said again; to who is away, when they are back", async () => {
  vi.useFakeTimers();
  const there = stage();
  const id = await there.speech.deliver(room, ghost, words(), "key");
  const back = (from: string, condition = "service-unavailable") =>
    el("message", { type: "error", id, from, to: bob }, errorElement({ type: "cancel", condition }));
  expect(there.speech.refused(back("mallory@example.org"))).toBe(false);
  for (let i = 0; i < 5; i += 1) {
    expect(there.speech.refused(back(annaJid))).toBe(true);
    vi.runAllTimers();
  }
  expect(there.sent.map(({ attrs }) => attrs.id)).toEqual(Array.from({ length: 6 }, () => id));
  there.speech.refused(back(annaJid));
  await vi.waitFor(() =>
    expect(there.sent.at(-1)?.getChildText("body")).toMatch(/^A message from bob@msn.test could not be shown/),
  );
  vi.useRealTimers();
  const away = stage(undefined, undefined, false);
  await away.speech.deliver(room, ghost, words(), "key");
  expect(away.speech.refused(back(annaJid))).toBe(true);
  expect(away.sent).toHaveLength(1);
  away.speech.came(anna);
  away.speech.came(anna);
  expect(away.sent).toHaveLength(2);
});

test("what one of several clients does not like has been heard by the others", async () => {
  const { speech, sent, link } = stage();
  link.sendSurely = async (...stanzas: XmlElement[]) => {
    sent.push(...stanzas);
    const error = errorElement({ type: "cancel", condition: "service-unavailable" });
    const { from, id } = stanzas[0]?.attrs ?? {};
    expect(speech.refused(el("message", { type: "error", from: annaPhone, to: from, id }, error))).toBe(false);
  };
  await speech.deliver(room, ghost, words(), "key");
  expect(sent).toHaveLength(1);
});

test("words for somebody who is there come back again and again: their server takes nothing from that contact", async () => {
  const { speech } = stage("service-unavailable");
  const tries = Array.from({ length: 5 }, () => speech.deliver(room, ghost, words(), "key"));
  const codes = (await Promise.allSettled(tries)).map((one) => one.status === "rejected" && one.reason.code);
  expect(codes).toEqual(["home-down", "home-down", "home-down", "home-down", "home-refused"]);
  const away = stage("service-unavailable", undefined, false);
  for (let i = 0; i < 6; i += 1)
    await expect(away.speech.deliver(room, ghost, words(), "key")).rejects.toMatchObject({ code: "home-down" });
});

test("an address that stands alone on its line can be opened with a click", async () => {
  const { speech, sent } = stage();
  await speech.say(anna, undefined, "Open this:\nhttps://x.test/link/1\nNever write it here.", "k");
  expect(sent[0]?.getChild("x", NS.oob)?.getChildText("url")).toBe("https://x.test/link/1");
});

test("a failure is the message itself, sent back to the client that sent it", async () => {
  const { speech, sent } = stage();
  const failure = { code: "contact-offline", text: "Not sent. Say `retry` later.", certainty: "not-sent" } as const;
  await speech.reportFailure(room, nameOf(annaPhone, "m1", true), failure, "k");
  expect(sent).toHaveLength(1);
  expect(sent[0]?.attrs).toMatchObject({ type: "error", id: "m1", from: bob, to: annaPhone });
  expect(errorCondition(sent[0] ?? el("x"))).toMatchObject({
    condition: "recipient-unavailable",
    text: "Not sent. Say `retry` to msn.example.org later.",
  });
});

test("a client that is gone cannot hear that: the gateway says it", async () => {
  const { speech, sent } = stage(undefined, undefined, false);
  const failure = { code: "internal", text: "It broke.", certainty: "not-sent" } as const;
  await speech.reportFailure(room, nameOf(annaPhone, "m1", true), failure, "k");
  expect(sent.at(-1)?.attrs).toMatchObject({ from: gateway, to: annaJid });
  expect(sent.at(-1)?.getChildText("body")).toBe("To bob@msn.test: It broke.");
});

test("a receipt goes to the client that asked for one, also when the link was down in between", () => {
  const { speech, sent, link } = stage();
  speech.confirm(room.room, nameOf(annaPhone, "m1", true));
  speech.confirm(room.room, nameOf(annaPhone, "m2", false));
  link.isOnline = false;
  speech.confirm(room.room, nameOf(annaPhone, "m3", true));
  expect(sent).toHaveLength(1);
  link.isOnline = true;
  speech.online();
  speech.online();
  expect(sent.map((stanza) => stanza.getChild("received", NS.receipts)?.attrs.id)).toEqual(["m1", "m3"]);
  expect(sent[0]?.attrs).toMatchObject({ from: bob, to: annaPhone });
});

const granted = (namespace: Grants["namespace"]): Grants => ({
  namespace,
  roster: "none",
  message: "outgoing",
  presence: "none",
  iq: new Map(),
});

test("own words are said in the person's name where that works, else they are marked", async () => {
  const own = words({ own: { device: "Laptop" }, from: parseContactAddress("alice@msn.test") });
  const [new2, old1, none] = [
    stage(undefined, granted(NS.privilege[0])),
    stage(undefined, granted(NS.privilege[1])),
    stage(),
  ];
  for (const { speech } of [new2, old1, none]) await speech.deliverOwn(room, ghost, own, "key");
  expect(new2.sent[0]?.getChild("privilege", NS.privilege[0])).toBeDefined();
  for (const { sent } of [old1, none]) expect(sent[0]?.getChildText("body")).toBe("[You, at Laptop] hi");
});

test("a server that does not let them be said after all gets them with the mark", async () => {
  const { speech, sent } = stage("forbidden", granted(NS.privilege[0]));
  await expect(speech.deliverOwn(room, ghost, words({ own: {} }), "key")).rejects.toMatchObject({
    code: "home-refused",
  });
  expect(sent.map((stanza) => stanza.getChildText("body"))).toEqual([null, "[You, elsewhere] hi"]);
});

test("an answer to a command that nobody waits for any more is a message", async () => {
  const { speech, sent } = stage();
  await speech.say(anna, roomId(`${gateway} ${annaJid} gone`), "late", "k");
  expect(sent[0]?.getChildText("body")).toBe("late");
});

test("of words that were said to a ghost in a room, the receipt and the failure come from its place there", async () => {
  const { speech, sent } = stage();
  const place = parseJid("circle-1@msn.example.org/Bob");
  speech.placed(annaPhone, "pm-1", place);
  const [private_, direct] = ["pm-1", "m-1"].map((id) => nameOf(annaPhone, id, true));
  if (private_ === undefined || direct === undefined) throw new Error("there are two names");
  speech.confirm(room.room, private_);
  speech.confirm(room.room, direct);
  expect(sent.splice(0).map(({ attrs }) => attrs.from)).toEqual([place, bob]);
  await speech.reportFailure(room, private_, { code: "send-failed", text: "no", certainty: "not-sent" }, "key");
  expect(sent[0]?.attrs).toMatchObject({ type: "error", from: place, to: annaPhone, id: "pm-1" });
});
