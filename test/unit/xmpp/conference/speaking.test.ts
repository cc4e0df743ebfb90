import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../../src/bridge/secret.ts";
import { History } from "../../../../src/xmpp/conference/history.ts";
import { copyOf, pack, unpack } from "../../../../src/xmpp/conference/packed.ts";
import { Room } from "../../../../src/xmpp/conference/room.ts";
import { el, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { cases } from "../../../support/property.ts";
import { ALICE, BOB, bodies, body, error, FREE, full, jid, MUC, ROOM, Scene, to } from "./scene.ts";

const RUNS = cases(200, 5000);
const SID = "urn:xmpp:sid:0";
const OCCUPANT = "urn:xmpp:occupant-id:0";
const stanzaId = (one: XmlElement | undefined): string | undefined => one?.getChild("stanza-id", SID)?.attrs.id;
const occupantId = (one: XmlElement | undefined): string | undefined =>
  one?.getChild("occupant-id", OCCUPANT)?.attrs.id;
const asking = (): Scene => Scene.peopled({ rules: {} });
const lastWish = (scene: Scene): string => {
  const event = scene.events.at(-1);
  return event && "wish" in event ? (event.wish ?? "") : "";
};
const history = (scene: Scene, wish?: Record<string, string>): string[] =>
  bodies(to(scene.enter("mike@example.org/new", "Mike", wish), "mike@example.org/new"));

test("what is said comes back to all, the speaker too, with the room's id for it and the speaker's in the room", () => {
  const scene = Scene.peopled();
  const got = scene.say("mike", "hello");
  expect(got.map(({ attrs }) => attrs)).toEqual(
    ["olga", "mike"].map((name) => ({ from: `${ROOM}/Mike`, to: full(name), id: "of-hello", type: "groupchat" })),
  );
  expect(new Set(got.map(stanzaId)).size).toBe(1);
  expect(occupantId(got[0])).toMatch(/^[\w-]{43}$/);
  const [said] = scene.events;
  expect(said).toMatchObject({ kind: "said", by: { who: jid("mike"), nick: "Mike" }, stanzaId: stanzaId(got[0]) });
});

test("somebody's id in the room stays theirs under another name, and is none by which they are known elsewhere", () => {
  const scene = Scene.peopled();
  const before = occupantId(scene.say("mike", "one")[0]);
  scene.presence("mike", "Michael");
  expect(occupantId(scene.say("mike", "two")[0])).toBe(before);
  expect(occupantId(scene.say("olga", "three")[0])).not.toBe(before);
  const elsewhere = Scene.peopled({ secret: new Secret("of another installation") });
  expect(occupantId(elsewhere.say("mike", "one")[0])).not.toBe(before);
});

test("what is said goes out when the network's side has taken it, under the id that was told", () => {
  const scene = asking();
  expect(scene.say("mike", "hello")).toEqual([]);
  const id = lastWish(scene);
  scene.leave("mike");
  const got = scene.did(scene.room.grant(id, scene.now));
  expect(got.map((one) => [one.attrs.from, body(one), stanzaId(one)])).toEqual([[`${ROOM}/Mike`, "hello", id]]);
  expect(scene.room.grant(id, scene.now).stanzas).toEqual([]);
});

test("what the network's side does not take comes back with the reason", () => {
  const scene = asking();
  scene.say("mike", "hello");
  const refusal = { type: "wait", condition: "resource-constraint", text: "Too much waits." } as const;
  const [got] = scene.did(scene.room.refuse(lastWish(scene), refusal));
  expect(got?.attrs).toMatchObject({ type: "error", to: full("mike"), from: ROOM, id: "of-hello" });
  expect(error(got)).toBe("wait resource-constraint");
  expect(history(scene)).toEqual([]);
});

test("wishes that nobody answers are refused after a while, and only so many wait", () => {
  const scene = Scene.peopled({ rules: {}, limits: { wishes: 3, sayMs: 1000 } });
  const answers = ["a", "b", "c", "d"].map((text) => error(scene.say("mike", text)[0]));
  expect(answers).toEqual([undefined, undefined, undefined, "wait resource-constraint"]);
  scene.now += 1000;
  expect(scene.did(scene.room.expire(scene.now)).map(error)).toEqual(Array(3).fill("wait remote-server-timeout"));
  expect(scene.say("mike", "e")).toEqual([]);
});

test("who does not sit there is not heard, who may only listen neither, and encrypted words are none", () => {
  const scene = Scene.peopled();
  expect(error(scene.say("eve", "psst")[0])).toBe("modify not-acceptable");
  expect(error(scene.say("mike@example.org/other", "psst")[0])).toBe("modify not-acceptable");
  scene.admin("olga", { nick: "Mike", role: "visitor" });
  expect(error(scene.say("mike", "psst")[0])).toBe("auth forbidden");
  const omemo = scene.say("olga", "psst", el("encrypted", { xmlns: "eu.siacs.conversations.axolotl" }));
  expect(error(omemo[0])).toBe("modify not-acceptable");
  expect(error(scene.say("olga", "x".repeat(70_000))[0])).toBe("modify policy-violation");
});

test("ids, times and ranks that people write themselves are taken out; everything else goes through", () => {
  const scene = Scene.peopled();
  const got = scene.say(
    "mike",
    "hello",
    el("stanza-id", { xmlns: SID, by: ROOM, id: "forged" }),
    el("stanza-id", { xmlns: SID, by: "other.example", id: "kept" }),
    el("occupant-id", { xmlns: OCCUPANT, id: "forged" }),
    el("delay", { xmlns: "urn:xmpp:delay", from: ROOM, stamp: "2001-01-01T00:00:00Z" }),
    el("x", { xmlns: `${MUC}#user` }, el("item", { affiliation: "owner" })),
    el("markable", { xmlns: "urn:xmpp:chat-markers:0" }),
  );
  const text = got[0]?.toString() ?? "";
  expect(text).not.toMatch(/forged|2001|owner/);
  expect(text).toMatch(/kept/);
  expect(text).toMatch(/markable/);
});

test("an attribute whose prefix nobody knows any more is left out: with it the server would end the stream", () => {
  const odd = el("thing", { xmlns: "urn:x", "odd:a": "1", "xml:lang": "en", plain: "2" }, el("in", { "odd:b": "3" }));
  const text = Scene.peopled().say("mike", "hello", odd)[0]?.toString();
  expect(text).toContain('<thing xmlns="urn:x" xml:lang="en" plain="2"><in/></thing>');
});

test("corrections, answers, reactions, deletions and attention are told in neutral words", () => {
  const scene = Scene.peopled();
  scene.say("mike", "helo", el("reply", { xmlns: "urn:xmpp:reply:0", id: "m0", to: `${ROOM}/Olga` }));
  scene.say("mike", "hello", el("replace", { xmlns: "urn:xmpp:message-correct:0", id: "of-helo" }));
  scene.say("mike", "", el("attention", { xmlns: "urn:xmpp:attention:0" }));
  const send = (...parts: XmlElement[]) =>
    scene.ask(el("message", { from: full("mike"), to: ROOM, type: "groupchat" }, parts));
  send(
    el("reactions", { xmlns: "urn:xmpp:reactions:0", id: "m1" }, el("reaction", {}, "👍"), el("reaction", {}, "🎉")),
  );
  send(el("retract", { xmlns: "urn:xmpp:message-retract:1", id: "m2" }));
  const words = scene.events.map((event) => (event.kind === "said" ? event.words : undefined));
  expect(words).toMatchObject([
    { body: "helo", repliesTo: "m0" },
    { body: "hello", corrects: "of-helo" },
    { body: "", isNudge: true },
    { body: "", reacts: { to: "m1", emoji: ["👍", "🎉"] } },
    { body: "", retracts: "m2" },
  ]);
  expect(to(scene.sent, "olga")).toHaveLength(5);
});

test("typing goes to all, is told, and is in nobody's history", () => {
  const scene = Scene.peopled();
  const state = (name: string) => el(name, { xmlns: "http://jabber.org/protocol/chatstates" });
  const got = scene.ask(el("message", { from: full("mike"), to: ROOM, type: "groupchat" }, state("composing")));
  expect(to(got, "olga")).toHaveLength(1);
  scene.did(scene.room.passOn(ALICE, [state("composing")]));
  expect(scene.events).toMatchObject([{ kind: "typing", isTyping: true, by: { who: jid("mike") } }]);
  expect(scene.room.snapshot().history).toEqual([]);
});

test("ghosts speak, late words have their time, and the same said again is kept once", () => {
  const scene = Scene.peopled();
  const speech = { who: ALICE, name: "Alice", id: "k1", parts: [el("body", {}, "hi")], saidAt: scene.now - 60_000 };
  const [first] = scene.did(scene.room.speak(speech, scene.now));
  scene.did(scene.room.speak(speech, scene.now));
  expect(first?.getChild("delay", "urn:xmpp:delay")?.attrs.stamp).toBe("2026-03-01T11:59:00.000Z");
  expect(stanzaId(first)).toBe("k1");
  expect(history(scene)).toEqual(["hi"]);
  const late = { who: BOB, name: "Olga", id: "k2", parts: [el("body", {}, "bye")] };
  expect(scene.did(scene.room.speak(late, scene.now))[0]?.attrs.from).toBe(`${ROOM}/Olga (2)`);
});

test("history comes by number, by size, by age and by time, the narrowest of them", () => {
  const scene = Scene.peopled();
  for (const text of ["one", "two", "three", "four"]) {
    scene.say("mike", text);
    scene.now += 60_000;
  }
  const since = new Date(scene.now - 130_000).toISOString();
  expect(history(scene)).toEqual(["one", "two", "three", "four"]);
  expect(history(scene, { maxstanzas: "2" })).toEqual(["three", "four"]);
  expect(history(scene, { maxstanzas: "0" })).toEqual([]);
  expect(history(scene, { maxchars: "0" })).toEqual([]);
  expect(history(scene, { seconds: "70" })).toEqual(["four"]);
  expect(history(scene, { since })).toEqual(["three", "four"]);
  expect(history(scene, { since, seconds: "70", maxstanzas: "9" })).toEqual(["four"]);
  const length =
    to(scene.enter("mike", "Mike"), "mike")
      .find((one) => body(one) === "four")
      ?.toString().length ?? 0;
  expect(history(scene, { maxchars: `${length + 10}` })).toEqual(["four"]);
});

test("late words are in the history of who asks for what came since, and stand in nobody's way", () => {
  const scene = Scene.peopled();
  scene.say("mike", "before");
  scene.now += 600_000;
  scene.say("mike", "now");
  const saidAt = scene.now - 3_600_000;
  scene.did(
    scene.room.speak({ who: ALICE, name: "Alice", id: "k1", parts: [el("body", {}, "late")], saidAt }, scene.now),
  );
  expect(history(scene, { seconds: "60" })).toEqual(["now", "late"]);
  scene.room = Room.restore(JSON.parse(JSON.stringify(scene.room.snapshot())), scene.options);
  expect(history(scene, { seconds: "60" })).toEqual(["now", "late"]);
});

test("words that are not to be kept are not", () => {
  const scene = Scene.peopled();
  scene.say("mike", "gone", el("no-store", { xmlns: "urn:xmpp:hints" }));
  expect(history(scene)).toEqual([]);
});

test("the history is bounded in number and size, whatever is said", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 60 }), { maxLength: 40 }), (texts) => {
      const ring = new History({ history: 10, historyChars: 900 });
      texts.forEach((text, i) => {
        const parts = [pack(el("body", {}, text))];
        ring.add({ stanzaId: `${i}`, id: undefined, nick: "n", occupantId: "o", at: i, parts });
      });
      expect(ring.all.length).toBeLessThanOrEqual(10);
      expect(JSON.stringify(ring.all.map(({ parts }) => parts)).length).toBeLessThanOrEqual(900 + 30);
      expect(ring.all.map(({ stanzaId }) => Number(stanzaId))).toEqual(
        texts.map((_, i) => i).slice(texts.length - ring.all.length),
      );
    }),
    RUNS,
  );
});

test("a subject is set by who may, and comes with who set it", () => {
  const scene = Scene.peopled();
  const got = scene.subject("mike", "Holidays");
  expect(got.map((one) => [one.attrs.from, one.getChildText("subject")])).toEqual([
    [`${ROOM}/Mike`, "Holidays"],
    [`${ROOM}/Mike`, "Holidays"],
  ]);
  expect(scene.events).toMatchObject([{ kind: "subject", subject: "Holidays", by: { who: jid("mike") } }]);
  scene.did(scene.room.configure({ changeSubject: false }));
  expect(error(scene.subject("mike", "mine")[0])).toBe("auth forbidden");
  expect(error(scene.subject("olga", "x".repeat(1001))[0])).toBe("modify policy-violation");
  expect(scene.room.subject).toBe("Holidays");
});

test("a subject that the network cannot keep is refused in its words; else it waits for it", () => {
  const refused = { refused: "A conversation on MSN has no subject." };
  const fixed = Scene.peopled({ rules: { ...FREE, subject: refused } });
  const [answer] = fixed.subject("olga", "Holidays");
  expect(error(answer)).toBe("cancel not-allowed");
  expect(answer?.getChild("error")?.getChildText("text")).toBe(refused.refused);
  const scene = asking();
  expect(scene.subject("mike", "Holidays")).toEqual([]);
  scene.did(scene.room.grant(lastWish(scene), scene.now));
  expect(scene.room.subject).toBe("Holidays");
});

test("words to one ghost are told, to one person are passed on, to nobody are refused", () => {
  const scene = Scene.peopled();
  scene.enter("olga@example.org/laptop", "Olga");
  const whisper = (nick: string) =>
    scene.ask(
      el("message", { from: full("mike"), to: `${ROOM}/${nick}`, type: "chat", id: "w" }, el("body", {}, "psst")),
    );
  expect(whisper("Alice")).toEqual([]);
  expect(scene.events).toMatchObject([{ kind: "private", to: ALICE, by: { who: jid("mike") } }]);
  const got = whisper("Olga");
  expect(got.map(({ attrs }) => attrs.to)).toEqual([full("olga"), "olga@example.org/laptop"]);
  expect(got[0]?.attrs).toMatchObject({ from: `${ROOM}/Mike`, type: "chat", id: "w" });
  expect(got[0]?.getChild("x", `${MUC}#user`)).toBeDefined();
  expect(error(whisper("Nobody")[0])).toBe("cancel item-not-found");
  const closed = { ...FREE, "private-ghost": { refused: "Write to them directly." } } as const;
  const other = Scene.peopled({ rules: closed });
  const direct = el("message", { from: full("mike"), to: `${ROOM}/Alice`, type: "chat" }, el("body", {}, "psst"));
  expect(error(other.ask(direct)[0])).toBe("cancel not-allowed");
});

test("a ghost whispers to one person, on all their clients", () => {
  const scene = Scene.peopled();
  const got = scene.did(scene.room.whisper(ALICE, jid("mike"), "w1", [el("body", {}, "psst")]));
  expect(got.map((one) => [one.attrs.from, one.attrs.to, body(one)])).toEqual([
    [`${ROOM}/Alice`, full("mike"), "psst"],
  ]);
});

test("words to all that are sent to one person, and chat to the room itself, are refused with the reason", () => {
  const scene = Scene.peopled();
  const message = (to: string, type: string) => el("message", { from: full("mike"), to, type }, el("body", {}, "x"));
  expect(error(scene.ask(message(`${ROOM}/Olga`, "groupchat"))[0])).toBe("modify bad-request");
  expect(error(scene.ask(message(ROOM, "chat"))[0])).toBe("modify bad-request");
});

test("a room is the same after it was stored: who sits there, who may what, what was said, what is wished", () => {
  const scene = asking();
  scene.did(scene.room.rank(jid("carl"), "admin", { nick: "Carl" }));
  scene.did(scene.room.setSubject("Holidays", scene.now, ALICE));
  scene.did(scene.room.speak({ who: ALICE, name: "Alice", id: "k1", parts: [el("body", {}, "hi <&>")] }, scene.now));
  scene.presence("mike", "Mike", el("show", {}, "away"));
  scene.say("mike", "not answered yet");
  const wish = lastWish(scene);
  const stored = JSON.parse(JSON.stringify(scene.room.snapshot()));
  const inside = scene.room.occupants;
  scene.room = Room.restore(stored, scene.options);
  expect(JSON.parse(JSON.stringify(scene.room.snapshot()))).toEqual(stored);
  expect(scene.room.occupants).toEqual(inside);
  expect(bodies(to(scene.did(scene.room.grant(wish, scene.now)), "olga"))).toEqual(["not answered yet"]);
  expect(history(scene)).toEqual(["hi <&>", "not answered yet"]);
  expect(error(scene.enter("eve", "carl")[0])).toBe("auth registration-required");
  expect(error(scene.presence("mike", "Carl")[0])).toBe("cancel conflict");
  expect(() => Room.restore({ ...stored, version: 2 }, scene.options)).toThrow("snapshot");
});

test("XML as plain data comes back as it was", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  const tree = fc.letrec<{ node: XmlElement }>((tie) => ({
    node: fc
      .tuple(
        fc.constantFrom("a", "b"),
        fc.dictionary(fc.constantFrom("x", "y"), text),
        fc.array(fc.oneof(text, tie("node")), { maxLength: 3 }),
      )
      .map(([name, attrs, children]) => el(name, attrs, ...children)),
  })).node;
  fc.assert(
    fc.property(tree, (element) => {
      expect(unpack(JSON.parse(JSON.stringify(pack(element)))).toString()).toBe(element.toString());
      expect(copyOf(element).toString()).toBe(element.toString());
    }),
    RUNS,
  );
});
