import fc from "fast-check";
import { expect, test } from "vitest";
import { AVAILABILITIES, messageId } from "../../../../src/bridge/model.ts";
import { Secret } from "../../../../src/bridge/secret.ts";
import { isOwnId, ownId } from "../../../../src/xmpp/convert/echo.ts";
import { messageName, nameMessage, quoteOf, senderOf } from "../../../../src/xmpp/convert/message-id.ts";
import { fromPresence, mergeResources, toShown } from "../../../../src/xmpp/convert/presence.ts";
import { readStored } from "../../../../src/xmpp/convert/stored.ts";
import { failureText, saidAt, splitText, stanzaId } from "../../../../src/xmpp/convert/text.ts";
import { ownWords, wordsOf } from "../../../../src/xmpp/convert/words.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import { cases } from "../../../support/property.ts";
import { anna, annaJid, annaPhone, bob, gateway, names } from "../support.ts";

const RUNS = cases(200, 20_000);

test.each(AVAILABILITIES.filter((one) => one !== "offline" && one !== "hidden" && one !== "idle"))(
  "%s survives the way to XMPP and back",
  (availability) => {
    const shown = toShown({ availability, text: "At work" });
    expect(fromPresence({ type: "available", show: shown?.show, status: shown?.status ?? "" })).toEqual({
      availability,
      text: "At work",
    });
  },
);

test("who is hidden or offline is not there; invisible is hidden; idle is away for long", () => {
  expect(toShown({ availability: "hidden", text: "x" })).toBeUndefined();
  expect(toShown({ availability: "offline", text: "x" })).toBeUndefined();
  expect(toShown({ availability: "idle", text: "" })).toEqual({ show: "xa", status: "" });
  expect(fromPresence({ type: "invisible", show: undefined, status: "" }).availability).toBe("hidden");
  expect(fromPresence({ type: "unavailable", show: undefined, status: "bye" })).toEqual({
    availability: "offline",
    text: "",
  });
});

test("words that only begin like a state are words", () => {
  expect(fromPresence({ type: "available", show: undefined, status: "On the phonebook" })).toEqual({
    availability: "online",
    text: "On the phonebook",
  });
});

const resource = (availability: (typeof AVAILABILITIES)[number], priority: number, seq: number) => ({
  presence: { availability, text: `${seq}` },
  priority,
  seq,
});

test.each([
  [[resource("away", 5, 1), resource("online", 0, 2)], "1"],
  [[resource("away", 0, 1), resource("online", 0, 2), resource("busy", 0, 3)], "2"],
  [[resource("away", 0, 1), resource("away", 0, 2)], "2"],
  [[], ""],
])("of several clients %#, one speaks", (resources, text) => {
  expect(mergeResources(resources).text).toBe(text);
});

test("a message's name holds what an answer needs, whatever client and id", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "grapheme", maxLength: 300 }),
      fc.boolean(),
      (where, id, wantsReceipt) => {
        const resource = where.toWellFormed() === "" ? undefined : where.toWellFormed();
        const name = { id: id.slice(0, 300), resource, wantsReceipt };
        expect(messageName(nameMessage(name))).toEqual(name);
      },
    ),
    RUNS,
  );
  expect(messageName(messageId("msn-abc"))).toBeUndefined();
  expect(senderOf({ id: "x", resource: "phone", wantsReceipt: false }, annaJid)).toBe(annaPhone);
  expect(senderOf({ id: "x", resource: undefined, wantsReceipt: false }, annaJid)).toBe(annaJid);
});

test("an entry has one id for each try, and each part another", () => {
  expect(stanzaId("in:xmpp|a>b|1")).toBe(stanzaId("in:xmpp|a>b|1"));
  expect(new Set([stanzaId("a"), stanzaId("a", 1), stanzaId("b")]).size).toBe(3);
});

test("a long text is split between characters and nothing is lost", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.integer({ min: 4, max: 40 }), (raw, bytes) => {
      const text = raw.toWellFormed();
      const parts = splitText(text, bytes);
      expect(parts.join("")).toBe(text);
      for (const part of parts) {
        expect(Buffer.byteLength(part)).toBeLessThanOrEqual(bytes);
        expect(part.isWellFormed()).toBe(true);
      }
    }),
    RUNS,
  );
});

test("actions are actions, own words are marked, old words have their time", () => {
  expect(wordsOf({ kind: "notice", text: "waves" })).toEqual({ text: "/me waves" });
  const own = { kind: "text", from: "a", fromName: "A", text: "hi", at: 0, own: { device: "Laptop" } } as never;
  expect(ownWords(own)).toEqual({ text: "[You, at Laptop] hi" });
  expect(saidAt({ at: 1000 }, 2000)).toBeUndefined();
  expect(saidAt({ at: 1000 }, 100_000)).toBe(1000);
  expect(saidAt({ at: 1000, delayed: true }, 2000)).toBe(1000);
});

test("a failure says where `retry` is said", () => {
  const failure = { code: "send-failed", text: "Not sent. Say `retry` to try again.", certainty: "not-sent" } as const;
  expect(failureText(failure, gateway)).toBe("Not sent. Say `retry` to msn.example.org to try again.");
});

test("only the bridge can make the id of words in a person's name", () => {
  const [secret, other] = [new Secret("one"), new Secret("two")];
  const id = ownId(secret, "key", bob);
  expect(isOwnId(secret, id, bob)).toBe(true);
  expect(isOwnId(secret, id, gateway)).toBe(false);
  expect(isOwnId(other, id, bob)).toBe(false);
  for (const bad of [undefined, "", "x", `${id}x`, "msn-abc."]) expect(isOwnId(secret, bad, bob)).toBe(false);
  expect(ownId(secret, "key", bob)).toBe(id);
});

const room = names.room(bob, annaJid);

test.each([
  [
    { kind: "message", body: "hi", receipt: true },
    { kind: "text", text: "hi" },
  ],
  [
    { kind: "message", body: "/me waves" },
    { kind: "text", text: "* waves" },
  ],
  [
    { kind: "message", body: "hi", fixes: true },
    { kind: "text", text: "* hi" },
  ],
  [{ kind: "nudge" }, { kind: "nudge" }],
  [
    { kind: "unsupported", what: "a sticker" },
    { kind: "unsupported", what: "a sticker" },
  ],
  [{ kind: "open" }, { kind: "invited", direct: true, ghost: names.parse(bob) }],
])("%j is read as %j", (stored, event) => {
  const raw = { from: annaPhone, to: bob, id: "m", ...stored };
  expect(readStored(raw, XMPP, names)).toMatchObject({ resident: anna, room, ...event });
});

test("a command is read with the room that its answer goes to; what concerns the list is the home's own", () => {
  const raw = { kind: "command", from: annaPhone, to: gateway, line: "help", room: `${gateway} ${annaJid}` };
  expect(readStored(raw, XMPP, names)).toMatchObject({ kind: "command", resident: anna, line: "help", room: raw.room });
  expect(readStored({ kind: "act", act: "subscribe", from: annaPhone, to: bob }, XMPP, names)).toEqual({ kind: "own" });
});

test("in a conference somebody may speak for the resident; the message is known again by how it begins", () => {
  const room = "friends@rooms.test";
  const said = { from: `${room}/Carl`, to: room, room, resident: anna, speaker: "Carl", id: "m1" };
  const event = readStored({ kind: "message", body: "hello\nBob", ...said }, XMPP, names);
  expect(event).toMatchObject({ kind: "text", resident: anna, room, speaker: "Carl", text: "hello\nBob" });
  const { message } = event?.kind === "text" ? event : { message: messageId("") };
  expect(quoteOf(message)).toBe("hello Bob");
  expect(messageName(message)).toBeUndefined();
  expect(readStored({ kind: "nudge", ...said }, XMPP, names)).toMatchObject({ kind: "nudge", speaker: "Carl" });
  const ghost = names.parse(bob);
  expect(readStored({ kind: "open", ...said, ghost }, XMPP, names)).toMatchObject({ kind: "invited", room, ghost });
  expect(quoteOf(messageId("r.x.y"))).toBeUndefined();
});

test.each([
  undefined,
  null,
  7,
  {},
  { kind: "message" },
  { kind: "else", from: annaPhone, to: bob },
  { kind: "open", from: "a b@c", to: bob },
])("%j means nothing", (raw) => {
  expect(readStored(raw, XMPP, names)).toBeUndefined();
});
