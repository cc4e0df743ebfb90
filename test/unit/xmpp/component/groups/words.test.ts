import { expect, test } from "vitest";
import { type GroupMessage, messageId, parseContactAddress } from "../../../../../src/bridge/model.ts";
import { heardInRoom } from "../../../../../src/xmpp/component/groups/heard.ts";
import { RoomMemory } from "../../../../../src/xmpp/component/groups/memory.ts";
import { reactionsAfter, speechOf } from "../../../../../src/xmpp/component/groups/words.ts";
import { Room, type RoomEvent } from "../../../../../src/xmpp/conference/index.ts";
import { readRequest } from "../../../../../src/xmpp/conference/read.ts";
import { readStored } from "../../../../../src/xmpp/convert/stored.ts";
import { XMPP } from "../../../../../src/xmpp/name.ts";
import { Recall } from "../../../../../src/xmpp/recall.ts";
import { el, type XmlElement } from "../../../../../src/xmpp/stanza/xml.ts";
import { ROOM, SECRET } from "../../conference/scene.ts";
import { annaJid, bob, gateway, names } from "../../support.ts";

const MUC = "http://jabber.org/protocol/muc";
const REPLY = "urn:xmpp:reply:0";

function says(text: string, more: Partial<GroupMessage> = {}): GroupMessage {
  return { kind: "text", from: parseContactAddress("bob@msn.test"), fromName: "Bob", text, at: 0, ...more };
}

const known = {
  find: (id: string) => (id === "q" ? { stanzaId: "q", nick: "Anna B", text: "> old\nshall we?\nyes" } : undefined),
  reactions: () => ["👍"],
};
const printed = (message: GroupMessage): string[] =>
  speechOf(ROOM, message, known).map(({ parts }) => parts.map((part) => part.toString()).join(""));
const target = messageId("q");

test.each<[string, GroupMessage, string[]]>([
  ["words", says("hi"), ["<body>hi</body>"]],
  ["an action", says("waves", { kind: "notice" }), ["<body>/me waves</body>"]],
  ["signs that are none", says("2*3*4"), ["<body>2*3*4</body>"]],
  [
    "a nudge",
    says("Bob nudges", { nudge: true }),
    ['<body>Bob nudges</body><attention xmlns="urn:xmpp:attention:0"/>'],
  ],
  [
    "an answer: the quotation, which those who know answers leave out, ends before the words",
    says("> Anna: …\nno", { about: { kind: "reply", target, text: "no" } }),
    [
      `<body>&gt; Anna B: shall we? yes\nno</body><reply xmlns="${REPLY}" to="${ROOM}/Anna B" id="q"/><fallback xmlns="urn:xmpp:fallback:0" for="${REPLY}"><body start="0" end="24"/></fallback>`,
    ],
  ],
  [
    "an answer to what nobody remembers goes as words",
    says("> Anna: …\nno", { about: { kind: "reply", target: messageId("?"), text: "no" } }),
    ["<body>&gt; Anna: …\nno</body>"],
  ],
  [
    "a correction: all the new words",
    says("* a → b", { about: { kind: "edit", target, text: "b c" } }),
    ['<body>b c</body><replace xmlns="urn:xmpp:message-correct:0" id="q"/>'],
  ],
  [
    "a removal",
    says("(deleted)", { about: { kind: "removal", target } }),
    [
      '<retract xmlns="urn:xmpp:message-retract:1" id="q"/><fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:message-retract:1"/><body>(deleted)</body><store xmlns="urn:xmpp:hints"/>',
    ],
  ],
  [
    "a reaction, with those before",
    says("reacts", { about: { kind: "reaction", target, key: "🎉" } }),
    [
      '<reactions xmlns="urn:xmpp:reactions:0" id="q"><reaction>👍</reaction><reaction>🎉</reaction></reactions><store xmlns="urn:xmpp:hints"/>',
    ],
  ],
  [
    "a reaction taken back",
    says("reacts", { about: { kind: "reaction", target, key: "👍", removed: true } }),
    ['<reactions xmlns="urn:xmpp:reactions:0" id="q"/><store xmlns="urn:xmpp:hints"/>'],
  ],
  ...["ℹ️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "🇩🇪", "™️", "Ⓜ️"].map((key): [string, GroupMessage, string[]] => [
    `the reaction ${key}, whatever else its characters are`,
    says("reacts", { about: { kind: "reaction", target, key } }),
    [
      `<reactions xmlns="urn:xmpp:reactions:0" id="q"><reaction>👍</reaction><reaction>${key}</reaction></reactions><store xmlns="urn:xmpp:hints"/>`,
    ],
  ]),
  [
    "an emoji with a word",
    says("Bob: 👍 yes", { about: { kind: "reaction", target, key: "👍 yes" } }),
    ["<body>Bob: 👍 yes</body>"],
  ],
  [
    "a reaction in words",
    says("Bob: lol", { about: { kind: "reaction", target, key: "lol" } }),
    ["<body>Bob: lol</body>"],
  ],
  [
    "a reaction in words that is taken back: nothing",
    says("", { about: { kind: "reaction", target, key: ":party:", removed: true } }),
    [],
  ],
  ["words in which nothing is to be seen", says(""), []],
])("%s", (_, message, expected) => {
  expect(printed(message)).toEqual(expected);
});

test("long words go in parts, and what they are goes with the first", () => {
  const parts = printed(says("x", { about: { kind: "reply", target, text: "word ".repeat(30_000) } }));
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.map((part) => part.includes(REPLY))).toEqual(parts.map((_, i) => i === 0));
});

test("a reaction that is given twice is there once", () => {
  expect(reactionsAfter(["a", "b"], { kind: "reaction", target, key: "a" })).toEqual(["b", "a"]);
});

/** A room in which Anna sits, and what is stored of what she says. */
class Ears {
  readonly room: Room;
  memory = new RoomMemory(new Recall());
  #ids = 0;

  constructor() {
    const newId = (): string => {
      this.#ids += 1;
      return `s${this.#ids}`;
    };
    this.room = Room.make({ jid: ROOM, secret: SECRET, newId, config: { membersOnly: false } });
    this.take(el("presence", { from: `${annaJid}/phone`, to: `${ROOM}/Anna` }, el("x", { xmlns: MUC })));
    this.room.speak({ who: bob, name: "Bob", id: "b1", parts: [el("body", {}, "shall we?")] }, 0);
  }

  take(stanza: XmlElement): readonly RoomEvent[] {
    const request = readRequest(stanza, 0);
    return request === undefined ? [] : this.room.take(request, 0).events;
  }

  hears(id: string, ...children: XmlElement[]) {
    const stanza = el("message", { from: `${annaJid}/phone`, to: ROOM, type: "groupchat", id }, ...children);
    const said = this.take(stanza).find((event) => event.kind === "said");
    if (said === undefined) throw new Error("nothing was said");
    const all = heardInRoom(this.room, said, this.memory, gateway);
    this.room.grant(said.stanzaId, 0);
    return all.map((raw) => readStored(JSON.parse(JSON.stringify(raw)), XMPP, names));
  }
}

const body = (text: string): XmlElement => el("body", {}, text);

test("words of anna, under the room's name of them", () => {
  expect(new Ears().hears("a1", body("*hi*"))).toMatchObject([
    {
      kind: "text",
      resident: `xmpp:${annaJid}`,
      room: ROOM,
      message: "s1",
      text: "hi",
      rich: { runs: [{ bold: true }] },
    },
  ]);
});

test("an answer without a quotation in it is quoted from the room's history", () => {
  const reply = el("reply", { xmlns: REPLY, to: `${ROOM}/Bob`, id: "b1" });
  expect(new Ears().hears("a1", body("yes"), reply)).toMatchObject([
    { text: "> Bob: shall we?\nyes", about: { kind: "reply", target: "b1", text: "yes" } },
  ]);
});

test("an answer to what nobody remembers is told with the quotation it brings", () => {
  const reply = el("reply", { xmlns: REPLY, to: `${ROOM}/Bob`, id: "long ago" });
  const quote = "> what?\n";
  const range = el("body", { start: "0", end: `${quote.length}` });
  const fallback = el("fallback", { xmlns: "urn:xmpp:fallback:0", for: REPLY }, range);
  const [event] = new Ears().hears("a1", body(`${quote}that`), reply, fallback);
  expect(event).toMatchObject({ text: "> what?\nthat" });
  expect(event).not.toHaveProperty("about");
});

test("a correction of a correction is compared with what is shown, and names the first", () => {
  const ears = new Ears();
  const replace = el("replace", { xmlns: "urn:xmpp:message-correct:0", id: "a1" });
  ears.hears("a1", body("see you at fife"));
  ears.hears("a2", body("see you at five"), replace);
  expect(ears.hears("a3", body("see you at six"), replace)).toMatchObject([
    { text: "* five → six", about: { kind: "edit", target: "s1", text: "see you at six" } },
  ]);
});

test("a correction of an answer, and of words with looks, is about the words alone, also of what only the history knows", () => {
  const quote = "> Bob: shall we?\n";
  const range = el("body", { start: "0", end: `${quote.length}` });
  const answers = (text: string) => [
    body(`${quote}${text}`),
    el("reply", { xmlns: REPLY, to: `${ROOM}/Bob`, id: "b1" }),
    el("fallback", { xmlns: "urn:xmpp:fallback:0", for: REPLY }, range),
  ];
  const replace = (id: string) => el("replace", { xmlns: "urn:xmpp:message-correct:0", id });
  for (const memory of ["remembered", "gone"]) {
    const ears = new Ears();
    ears.hears("a1", ...answers("yes, at *the* house, at nein"));
    ears.hears("a2", body("/me waves"));
    if (memory === "gone") ears.memory = new RoomMemory(new Recall());
    expect(ears.hears("a3", ...answers("yes, at *the* house, at nine"), replace("a1"))).toMatchObject([
      { text: "* nein → nine", about: { kind: "edit", target: "s1", text: "yes, at the house, at nine" } },
    ]);
    expect(ears.hears("a4", body("/me waves to you all"), replace("a2"))).toMatchObject([
      { about: { kind: "edit", target: "s2", text: "* waves to you all" } },
    ]);
  }
});

test("words with a nudge are two things, words first", () => {
  const attention = el("attention", { xmlns: "urn:xmpp:attention:0" });
  expect(new Ears().hears("a1", body("wake up"), attention)).toMatchObject([
    { kind: "text", message: "s1" },
    { kind: "nudge", message: "s1-1" },
  ]);
});

test("reactions of long ago are known from the history", () => {
  const ears = new Ears();
  const react = (...emoji: string[]) =>
    el(
      "reactions",
      { xmlns: "urn:xmpp:reactions:0", id: "b1" },
      emoji.map((one) => el("reaction", {}, one)),
    );
  ears.hears("a1", react("👍"));
  ears.memory = new RoomMemory(new Recall());
  expect(ears.hears("a2", react("👍", "🎉"))).toMatchObject([
    { kind: "reaction", target: "b1", key: "🎉", text: "shall we?" },
  ]);
});

test("what is said to the bridge in a room is a command there", () => {
  expect(new Ears().hears("a1", body("!msn relay set"))).toMatchObject([
    { kind: "command", line: "relay set", room: ROOM },
  ]);
  expect(new Ears().hears("a1", body("!msnbridge rules"))).toMatchObject([{ kind: "text", text: "!msnbridge rules" }]);
});

test("what was said to the bridge has gone nowhere else: neither has what is said about it", () => {
  const ears = new Ears();
  ears.hears("c1", body("!msn portals"));
  const react = el("reactions", { xmlns: "urn:xmpp:reactions:0", id: "s1" }, el("reaction", {}, "👍"));
  expect(ears.hears("c2", react)).toEqual([]);
  const reply = el("reply", { xmlns: REPLY, to: `${ROOM}/Anna`, id: "s1" });
  const [answer] = ears.hears("c3", body("not here"), reply);
  expect(answer).toMatchObject({ kind: "text", text: "not here" });
  expect(answer).not.toHaveProperty("about");
  const [said] = ears.hears("c4", body("portals!"), el("replace", { xmlns: "urn:xmpp:message-correct:0", id: "c1" }));
  expect(said).toMatchObject({ kind: "text", text: "portals!" });
  expect(said).not.toHaveProperty("about");
  ears.hears("c5", body("!msn help"));
  const retract = el("retract", { xmlns: "urn:xmpp:message-retract:1", id: "c5" });
  expect(ears.hears("c6", body("gone"), retract)).toEqual([]);
});

test("what begins so only behind a quotation, or is bob's, all have had: so have they what is said about it", () => {
  for (const memory of ["fresh", "remembered"]) {
    const ears = new Ears();
    const quote = "> Bob: shall we?\n";
    const range = el("body", { start: "0", end: `${quote.length}` });
    const fallback = el("fallback", { xmlns: "urn:xmpp:fallback:0", for: REPLY }, range);
    const reply = el("reply", { xmlns: REPLY, to: `${ROOM}/Bob`, id: "b1" });
    expect(ears.hears("c1", body(`${quote}!msn help`), reply, fallback)).toMatchObject([{ kind: "text" }]);
    ears.memory.note(ears.room, bob, "b2", { stanzaId: "b2", nick: "Bob", text: "!msn what?" });
    const react = el("reactions", { xmlns: "urn:xmpp:reactions:0", id: "b2" }, el("reaction", {}, "👍"));
    expect(ears.hears("c2", react)).toMatchObject([{ kind: "reaction", target: "b2" }]);
    if (memory === "fresh") ears.memory = new RoomMemory(new Recall());
    const retract = el("retract", { xmlns: "urn:xmpp:message-retract:1", id: "c1" });
    expect(ears.hears("c3", body("gone"), retract)).toMatchObject([{ about: { kind: "removal", target: "s1" } }]);
  }
});

test("a command is one also in the room's history, when nobody remembers it", () => {
  const ears = new Ears();
  ears.hears("c1", body("!msn portals"));
  ears.memory = new RoomMemory(new Recall());
  const react = el("reactions", { xmlns: "urn:xmpp:reactions:0", id: "s1" }, el("reaction", {}, "👍"));
  expect(ears.hears("c2", react)).toEqual([]);
});

test("nobody corrects what another has said: bob's words stay bob's, also in quotations", () => {
  for (const memory of ["fresh", "remembered"]) {
    const ears = new Ears();
    if (memory === "remembered")
      ears.memory.note(ears.room, bob, "b1", { stanzaId: "b1", nick: "Bob", text: "shall we?" });
    const replace = el("replace", { xmlns: "urn:xmpp:message-correct:0", id: "b1" });
    const [correction] = ears.hears("a1", body("I owe anna 100"), replace);
    expect(correction).toMatchObject({ kind: "text", text: "* I owe anna 100" });
    expect(correction).not.toHaveProperty("about");
    const reply = el("reply", { xmlns: REPLY, to: `${ROOM}/Bob`, id: "b1" });
    expect(ears.hears("a2", body("yes"), reply)).toMatchObject([{ text: "> Bob: shall we?\nyes" }]);
  }
});

test("nobody takes back what another has said; their own they do", () => {
  const ears = new Ears();
  const retract = (id: string) => el("retract", { xmlns: "urn:xmpp:message-retract:1", id });
  expect(ears.hears("a1", body("gone"), retract("b1"))).toEqual([]);
  ears.hears("a2", body("never mind"));
  expect(ears.hears("a3", body("gone"), retract("s2"))).toMatchObject([
    { kind: "text", about: { kind: "removal", target: "s2" } },
  ]);
});
