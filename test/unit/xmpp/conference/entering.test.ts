import fc from "fast-check";
import { expect, test } from "vitest";
import { freeNick, nickKey, readNick } from "../../../../src/xmpp/conference/nicks.ts";
import { readRequest } from "../../../../src/xmpp/conference/read.ts";
import { resourcePrepared } from "../../../../src/xmpp/conference/resourceprep.ts";
import { el, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { cases } from "../../../support/property.ts";
import {
  ALICE,
  BOB,
  body,
  codes,
  error,
  FREE,
  full,
  item,
  jid,
  MUC,
  nickOf,
  presences,
  ROOM,
  Scene,
  to,
} from "./scene.ts";

const OPEN = { config: { membersOnly: false }, rules: FREE };
const RUNS = cases(200, 5000);

test("who enters sees who is there, then themselves, then what was said, then the subject", () => {
  const scene = Scene.peopled();
  scene.say("mike", "hello");
  scene.subject("olga", "Holidays");
  scene.did(scene.room.rank(jid("anna"), "member"));
  const got = to(scene.enter("anna", "Anna"), "anna");
  expect(presences(got)).toEqual(["Alice", "Olga", "Mike", "Anna 110 100"]);
  expect(got.slice(4).map((one) => [nickOf(one), body(one), one.getChildText("subject")])).toEqual([
    ["Mike", "hello", null],
    ["Olga", undefined, "Holidays"],
  ]);
  expect(presences(to(scene.sent, "olga")).at(-1)).toBe("Anna");
  expect(scene.events.at(-1)).toEqual({ kind: "entered", who: jid("anna"), nick: "Anna" });
});

test("a room without a subject says so, that clients know they have heard all", () => {
  const got = to(Scene.peopled().enter("mike@example.org/laptop", "Mike"), "mike@example.org/laptop");
  expect(got.at(-1)?.getChildText("subject")).toBe("");
  expect(got.at(-1)?.attrs.from).toBe(ROOM);
});

test("addresses and ranks are shown to all, or to moderators alone", () => {
  const open = Scene.peopled();
  const seen = to(open.enter("mike@example.org/laptop", "Mike"), "mike@example.org/laptop");
  expect(seen.slice(0, 2).map((one) => item(one)?.attrs)).toEqual([
    { affiliation: "none", role: "participant", jid: ALICE },
    { affiliation: "owner", role: "moderator", jid: "olga@example.org/phone" },
  ]);
  const hidden = Scene.peopled({ config: { whois: "moderators" } });
  const again = hidden.enter("mike", "Mike");
  expect(to(again, "mike").map((one) => item(one)?.attrs.jid)).toEqual([
    undefined,
    undefined,
    "mike@example.org/phone",
    undefined,
  ]);
  expect(to(hidden.enter("olga", "Olga"), "olga").map((one) => item(one)?.attrs.jid)[0]).toBe(ALICE);
});

test("a room for members lets nobody else in, and says what to do", () => {
  const scene = Scene.peopled();
  const [refused] = scene.enter("eve", "Eve");
  expect(error(refused)).toBe("auth registration-required");
  expect(refused?.getChild("error")?.getChildText("text")).toContain("invite you");
  expect(scene.events).toMatchObject([{ kind: "refused", who: jid("eve"), condition: "registration-required" }]);
});

test("who is banned does not come in, nor does anybody without a name or with one that cannot be seen", () => {
  const scene = Scene.peopled(OPEN);
  scene.did(scene.room.rank(jid("eve"), "outcast"));
  expect(error(scene.enter("eve", "Eve")[0])).toBe("auth forbidden");
  expect(error(scene.enter("anna", "\u200B")[0])).toBe("modify not-acceptable");
  expect(error(scene.enter("anna", "x".repeat(65))[0])).toBe("modify not-acceptable");
  const nameless = el("presence", { from: "anna@example.org/x", to: ROOM }, el("x", { xmlns: MUC }));
  expect(error(scene.ask(nameless)[0])).toBe("modify jid-malformed");
});

test("a name that somebody has, however it is written, is theirs alone; so is one that is kept for a member", () => {
  const scene = Scene.peopled(OPEN);
  scene.did(scene.room.rank(jid("carl"), "member", { nick: "Carl" }));
  expect(error(scene.enter("anna", "ALICE")[0])).toBe("cancel conflict");
  expect(error(scene.enter("anna", "carl")[0])).toBe("cancel conflict");
  expect(presences(to(scene.enter("carl", "Carl"), "carl")).at(-1)).toBe("Carl 110 100");
  expect(scene.did(scene.room.seatGhost({ who: BOB, name: "Alice", shown: [] })).map(nickOf)[0]).toBe("Alice (2)");
});

test("a person with two clients sits there once, under one name", () => {
  const scene = Scene.peopled();
  const got = scene.enter("mike@example.org/laptop", "Mike at work");
  expect(presences(to(got, "mike@example.org/laptop"))).toEqual(["Alice", "Olga", "Mike 110 100 210"]);
  expect(presences(to(got, "olga"))).toEqual([]);
  expect(scene.events).toEqual([]);
  expect(scene.room.occupants.map(({ nick }) => nick)).toEqual(["Alice", "Olga", "Mike"]);
  scene.say("olga", "both hear this");
  expect(scene.sent.filter((one) => body(one) === "both hear this").map(({ attrs }) => attrs.to)).toEqual([
    "olga@example.org/phone",
    "mike@example.org/phone",
    "mike@example.org/laptop",
  ]);
});

test("one client leaves and the person stays; with the last one they are gone", () => {
  const scene = Scene.peopled();
  scene.enter("mike@example.org/laptop", "Mike");
  const first = scene.leave("mike");
  expect(presences(first)).toEqual(["-Mike 110"]);
  expect(item(first[0])?.attrs.jid).toBe("mike@example.org/phone");
  const last = scene.leave("mike@example.org/laptop");
  expect(presences(to(last, "olga"))).toEqual(["-Mike"]);
  expect(item(to(last, "olga")[0])?.attrs.role).toBe("none");
  expect(scene.events).toEqual([{ kind: "left", who: jid("mike"), nick: "Mike", how: "left", reason: "" }]);
});

test("a client that is busy leaves: all see how the one that stays is, and so does who comes later", () => {
  const scene = Scene.peopled();
  const shows = (stanzas: readonly XmlElement[], client: string) =>
    to(stanzas, client).flatMap((one) => (nickOf(one) === "Mike" ? [one.getChildText("show") ?? "here"] : []));
  scene.presence("mike", "Mike", el("show", {}, "away"));
  scene.presence("mike@example.org/tablet", "Mike", el("x", { xmlns: MUC }), el("show", {}, "xa"));
  scene.presence("mike@example.org/laptop", "Mike", el("x", { xmlns: MUC }), el("show", {}, "dnd"));
  expect(shows(scene.leave("mike@example.org/tablet"), "olga")).toEqual([]);
  expect(shows(scene.leave("mike@example.org/laptop"), "olga")).toEqual(["away"]);
  expect(shows(scene.enter("olga@example.org/laptop", "Olga"), "olga@example.org/laptop")).toEqual(["away"]);
});

test("who leaves may say why: all see it", () => {
  const scene = Scene.peopled();
  const bye = el("status", {}, "gone to bed");
  const left = scene.ask(el("presence", { from: full("mike"), to: `${ROOM}/Mike`, type: "unavailable" }, bye));
  expect(to(left, "olga")[0]?.getChildText("status")).toBe("gone to bed");
  expect(to(left, "mike")[0]?.getChildText("status")).toBe("gone to bed");
});

test("a client that enters once more is shown everything anew, and nobody else hears of it", () => {
  const scene = Scene.peopled();
  const again = scene.enter("mike", "Mike");
  expect(presences(again)).toEqual(["Alice", "Olga", "Mike 110 100"]);
  expect(new Set(again.map(({ attrs }) => attrs.to))).toEqual(new Set(["mike@example.org/phone"]));
});

test("how somebody is goes to all; what would be forged does not", () => {
  const scene = Scene.peopled();
  const forged = el("x", { xmlns: `${MUC}#user` }, el("status", { code: "301" }));
  const got = scene.presence("mike", "Mike", el("show", {}, "away"), el("status", {}, "lunch"), forged);
  const [seen] = to(got, "olga");
  expect(seen?.getChildText("show")).toBe("away");
  expect(seen?.getChildText("status")).toBe("lunch");
  expect(codes(seen)).toEqual([]);
  expect(scene.presence("mike", "Mike", el("show", {}, "away"), el("status", {}, "lunch"))).toEqual([]);
});

test("who does not sit there cannot show how they are", () => {
  expect(error(Scene.peopled().presence("carl", "Carl")[0])).toBe("modify not-acceptable");
});

test("a new name: the old one goes with 303, the new one comes", () => {
  const scene = Scene.peopled();
  const got = scene.presence("mike", "Michael");
  expect(presences(to(got, "olga"))).toEqual(["-Mike 303", "Michael"]);
  expect(presences(to(got, "mike"))).toEqual(["-Mike 110 303", "Michael 110"]);
  expect(item(to(got, "olga")[0])?.attrs.nick).toBe("Michael");
  expect(scene.events).toEqual([{ kind: "renamed", who: jid("mike"), nick: "Michael", before: "Mike" }]);
  expect(error(scene.presence("mike", "olga")[0])).toBe("cancel conflict");
});

test("where names are given by the network, a new one is refused in its words; or waits for it", () => {
  const fixed = Scene.peopled({ rules: { ...FREE, nick: { refused: "Names come from MSN." } } });
  const [refused] = fixed.presence("mike", "Michael");
  expect(error(refused)).toBe("modify not-acceptable");
  expect(fixed.events).toMatchObject([{ kind: "refused", text: "Names come from MSN." }]);
  const asking = Scene.peopled({ rules: { ...FREE, nick: "ask" } });
  expect(asking.presence("mike", "Michael")).toEqual([]);
  expect(asking.events).toMatchObject([{ kind: "nick", nick: "Michael", by: { nick: "Mike" } }]);
  const [wished] = asking.events;
  const wish = wished?.kind === "nick" ? (wished.wish ?? "") : "";
  expect(presences(to(asking.did(asking.room.grant(wish, asking.now)), "olga"))).toEqual(["-Mike 303", "Michael"]);
});

test("a client whose server sends something back is taken out with 333; a mere refusal changes nothing", () => {
  const scene = Scene.peopled();
  const returned = (condition: string) =>
    el(
      "message",
      { from: "mike@example.org/phone", to: `${ROOM}/Olga`, type: "error" },
      el("error", { type: "cancel" }, el(condition, { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" })),
    );
  expect(scene.ask(returned("not-acceptable"))).toEqual([]);
  // A server says so of a ghost's name that it does not take: no fault of the client's.
  expect(scene.ask(returned("jid-malformed"))).toEqual([]);
  const got = scene.ask(returned("service-unavailable"));
  expect(presences(to(got, "olga"))).toEqual(["-Mike 333"]);
  expect(presences(to(got, "mike"))).toEqual(["-Mike 110 333"]);
  expect(scene.events).toMatchObject([{ kind: "left", how: "lost" }]);
});

test("a room holds so many people, and a person so many clients", () => {
  const scene = Scene.peopled({ ...OPEN, limits: { occupants: 4, clients: 2 } });
  scene.enter("anna", "Anna");
  expect(error(scene.enter("carl", "Carl")[0])).toBe("wait service-unavailable");
  scene.enter("mike@example.org/laptop", "Mike");
  expect(error(scene.enter("mike@example.org/tablet", "Mike")[0])).toBe("wait resource-constraint");
});

test("a room that was made for who enters says so (201), and one that is logged (170)", () => {
  const scene = new Scene({ config: { logged: true } });
  scene.did(scene.room.rank(jid("olga"), "owner"));
  const stanza = el("presence", { from: "olga@example.org/phone", to: `${ROOM}/Olga` }, el("x", { xmlns: MUC }));
  const request = readRequest(stanza, 0);
  const outcome = request && scene.room.take(request, 0, true);
  expect(presences(outcome?.stanzas ?? [])).toEqual(["Olga 110 100 170 201"]);
});

test("ghosts come, go, and are called what they call themselves, with a number where that is taken", () => {
  const scene = Scene.peopled();
  scene.did(
    scene.room.seatGhosts([
      { who: ALICE, name: "Alicia", shown: [] },
      { who: BOB, name: "Olga", shown: [el("show", {}, "away")] },
    ]),
  );
  expect(presences(to(scene.sent, "mike"))).toEqual(["-Alice 303", "Alicia", "Olga (2)"]);
  scene.leave("olga");
  scene.sent = [];
  scene.did(scene.room.seatGhosts([{ who: BOB, name: "Olga", shown: [el("show", {}, "away")] }]));
  expect(presences(to(scene.sent, "mike"))).toEqual(["-Alicia"]);
});

test("whoever subscribes to a room hears that it is nobody's contact", () => {
  const [answer] = Scene.peopled().ask(el("presence", { from: "mike@example.org", to: ROOM, type: "subscribe" }));
  expect(answer?.attrs).toEqual({ type: "unsubscribed", from: ROOM, to: "mike@example.org" });
});

test.each([
  ["Anna \u{1F389}", "Anna"],
  ["Anna \u05E9\u05DC\u05D5\u05DD", "Anna"],
  ["\u05E9\u05DC\u05D5\u05DD Anna 1!", "\u05E9\u05DC\u05D5\u05DD"],
  ["\u05E9\u05DC 7 \u05D5\u05DD", "\u05E9\u05DC 7 \u05D5\u05DD"],
  ["a\uE000b\u200Bc\uFFFDd\u2028e", "abcd e"],
  ["\uFF37ide \uFB01ne", "Wide fine"],
  [
    "(\u00AF`\u00B7.\u00B8\u00C5nn\u00E5\u00B8.\u00B7\u00B4\u00AF)",
    "( \u0304`\u00B7. \u0327\u00C5nn\u00E5 \u0327.\u00B7 \u0301 \u0304)",
  ],
  ["\u{1F389}\u{1F389}", "alice@msn.test"],
])("a ghost called %j is %j in the room: some servers drop all that comes from other names", (name, nick) => {
  const scene = new Scene(OPEN);
  scene.did(scene.room.seatGhost({ who: ALICE, name, shown: [] }));
  expect(scene.room.occupants.map((one) => one.nick)).toEqual([nick]);
});

test("a name from right to left bears no number: the second of that name goes by the address", () => {
  const scene = new Scene(OPEN);
  for (const who of [ALICE, BOB]) scene.did(scene.room.seatGhost({ who, name: "\u05E9\u05DC\u05D5\u05DD", shown: [] }));
  expect(scene.room.occupants.map(({ nick }) => nick)).toEqual(["\u05E9\u05DC\u05D5\u05DD", "bob@msn.test (2)"]);
});

test("any name becomes a nick that fits, is seen, and is nobody else's", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 100 });
  fc.assert(
    fc.property(text, text, fc.array(text, { maxLength: 30 }), (name, other, taken) => {
      const keys = new Set<string>(taken.map(nickKey));
      const nick = freeNick(name, other, 20, (key) => keys.has(key));
      expect(readNick(nick, 20)).toBe(nick);
      expect(resourcePrepared(nick)).toBe(nick);
      expect(keys.has(nickKey(nick))).toBe(false);
    }),
    RUNS,
  );
});

test("whatever people do, nobody sits there twice, no name is two people's, and no bound is passed", () => {
  const names = fc.constantFrom("ann", "ben", "cat", "dan", "eve", "fay");
  const nicks = fc.constantFrom("A", "a", "B", "C", "Alice", "D ", "ｄ");
  const step = fc.record({
    does: fc.constantFrom("enter", "leave", "rename", "ghost", "kick", "keep"),
    name: names,
    device: fc.constantFrom("x", "y", "z"),
    nick: nicks,
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const scene = new Scene({ ...OPEN, limits: { occupants: 4, clients: 2, members: 3 } });
      for (const { does, name, device, nick } of steps) {
        const client = `${name}@example.org/${device}`;
        if (does === "enter") scene.enter(client, nick);
        else if (does === "rename") scene.presence(client, nick);
        else if (does === "leave") scene.leave(client);
        else if (does === "ghost") scene.did(scene.room.seatGhosts([{ who: ALICE, name: nick, shown: [] }]));
        else if (does === "kick") scene.did(scene.room.putOut(jid(name), "kicked"));
        else scene.did(scene.room.rank(jid(name), "member", { nick }));
      }
      const { occupants, members } = scene.room;
      expect(new Set(occupants.map(({ nick }) => nickKey(nick))).size).toBe(occupants.length);
      expect(new Set(occupants.map(({ who }) => who)).size).toBe(occupants.length);
      expect(occupants.filter(({ isGhost }) => !isGhost).length).toBeLessThanOrEqual(4);
      expect(occupants.every(({ clients, isGhost }) => (isGhost ? clients.length === 0 : clients.length <= 2))).toBe(
        true,
      );
      expect(occupants.every(({ clients, isGhost }) => isGhost || clients.length > 0)).toBe(true);
      expect(members.size).toBeLessThanOrEqual(3);
      const kept = [...members].flatMap(([who, { nick }]) => (nick === undefined ? [] : [{ who, key: nickKey(nick) }]));
      for (const { who, key } of kept)
        expect(occupants.every((one) => nickKey(one.nick) !== key || one.who === who)).toBe(true);
    }),
    RUNS,
  );
});
