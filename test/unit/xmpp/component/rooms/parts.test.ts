import { describe, expect, test } from "vitest";
import { circleKey, groupId } from "../../../../../src/bridge/groups/model.ts";
import { residentId } from "../../../../../src/bridge/model.ts";
import { roomAddress } from "../../../../../src/xmpp/component/rooms/find.ts";
import { readTie, type TieNote, writeTie } from "../../../../../src/xmpp/component/rooms/notes.ts";
import { powerIn, whyNotIn } from "../../../../../src/xmpp/component/rooms/power.ts";
import { cardInRoom } from "../../../../../src/xmpp/component/rooms/questions.ts";
import { noteFor, ownSubject, subjectWithNote } from "../../../../../src/xmpp/component/rooms/subject.ts";
import { guestName, presentOne, type RoomSight, speakerOf } from "../../../../../src/xmpp/component/rooms/who.ts";
import { parseBareJid } from "../../../../../src/xmpp/jid.ts";
import { StanzaRefusal } from "../../../../../src/xmpp/link/requests.ts";
import { type Occupant, readRoomMessage } from "../../../../../src/xmpp/muc/room-words.ts";
import { XMPP } from "../../../../../src/xmpp/name.ts";
import { errorCondition } from "../../../../../src/xmpp/stanza/errors.ts";
import { el, NS, type XmlElement } from "../../../../../src/xmpp/stanza/xml.ts";
import { NET } from "../../support.ts";

const ROOM = parseBareJid("room@muc.test");
const BOT = parseBareJid("msn.example.org");
const USER = "http://jabber.org/protocol/muc#user";

describe("the address of a conference", () => {
  test.each([
    ["room@muc.test", "room@muc.test"],
    ["  Room@MUC.test ", "room@muc.test"],
    ["xmpp:room@muc.test?join", "room@muc.test"],
    ["xmpp:r%C3%A4um@muc.test?join;password=x", "räum@muc.test"],
    ["muc.test", undefined],
    ["room@muc.test/nick", undefined],
    ["not an address", undefined],
    ["%", undefined],
    ["", undefined],
  ])("%j is %j", (text, address) => expect(roomAddress(text)).toBe(address));
});

describe("the subject of a tied conference", () => {
  test.each([
    ["", "Ask Anna.", "[⇄ Ask Anna.]"],
    ["Holidays", "Ask Anna.", "Holidays [⇄ Ask Anna.]"],
    ["Holidays", "Holidays | Ask Anna.", "Holidays [⇄ Ask Anna.]"],
    ["Holidays", "Holidays", "Holidays"],
    ["a [b]", "c ] d", "a [b] [⇄ c d]"],
  ])("%j with the note %j is %j", (subject, note, whole) => {
    expect(subjectWithNote(subject, note)).toBe(whole);
    expect(subjectWithNote(whole, note)).toBe(whole);
    expect(ownSubject(whole)).toBe(ownSubject(subject));
  });

  test.each([
    ["Holidays [⇄ old]", "Ask Anna.", "Holidays [⇄ Ask Anna.]"],
    ["Holidays [⇄ old]", "", "Holidays"],
    ["[⇄ old]", "", ""],
  ])("%j with the note %j in the place of the old one is %j", (subject, note, whole) => {
    expect(subjectWithNote(subject, note, "old")).toBe(whole);
    expect(subjectWithNote(whole, note, "old")).toBe(whole);
  });

  test("a note of one bridge stands beside that of another: neither takes the other's away, and neither begins again", () => {
    const first = subjectWithNote("Our holidays", "Zoe speaks.");
    const both = subjectWithNote(first, "Dora speaks.");
    expect(both).toBe("Our holidays [⇄ Zoe speaks.] [⇄ Dora speaks.]");
    expect([subjectWithNote(both, "Zoe speaks."), subjectWithNote(both, "Dora speaks.")]).toEqual([both, both]);
    expect(subjectWithNote(both, "")).toBe(both);
    expect(ownSubject(both)).toBe("Our holidays");
  });

  test("a note comes in the place of the one before it, and goes alone", () => {
    const both = "Our holidays [⇄ Zoe speaks.] [⇄ Dora speaks.]";
    expect(subjectWithNote(both, "Zoe is silent.", "Zoe speaks.")).toBe(
      "Our holidays [⇄ Zoe is silent.] [⇄ Dora speaks.]",
    );
    expect(subjectWithNote(both, "", "Zoe speaks.")).toBe("Our holidays [⇄ Dora speaks.]");
    expect(subjectWithNote(both, "Dora speaks.", "Zoe speaks.")).toBe("Our holidays [⇄ Dora speaks.]");
  });

  test("a subject as long as a stanza that is full of notes is read at once", () => {
    const subject = `${"[⇄ ]".repeat(100_000)}x`;
    expect(ownSubject(subject)).toBe(subject);
    expect(ownSubject(`${subject} [⇄ Ask Anna.]`)).toBe(subject);
  });

  test("a note of any length stays short", () => expect(noteFor("", "x".repeat(5000)).length).toBeLessThanOrEqual(500));
});

describe("what is kept of a tied conference", () => {
  const note: TieNote = {
    kind: "tied",
    group: groupId(NET, circleKey("5")),
    since: 1000,
    position: { id: "s-1", at: 2000 },
    voices: [{ jid: parseBareJid("bob\\40msn.test@msn.example.org"), name: "Bob", nick: "Bob (2)" }],
    told: "Ask Anna.",
    shutOut: "kicked",
  };

  test("comes back as it was", () => expect(readTie(writeTie(note))).toEqual(note));

  test("fits the store, however many ghosts there are", () => {
    const [one] = note.voices;
    const voices = Array.from({ length: 500 }, () => one).filter((voice) => voice !== undefined);
    const text = writeTie({ ...note, voices });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
    expect(readTie(text)?.voices.length).toBeGreaterThan(10);
  });

  test.each(["", "{", "[]", '{"kind":"chat"}', '{"kind":"tied","group":"x","since":1,"position":{"at":1}}'])(
    "%j is no note of one",
    (text) => expect(readTie(text)).toBeUndefined(),
  );
});

const somebody = (change: Partial<Occupant>): Occupant => ({
  jid: undefined,
  affiliation: "none",
  role: "participant",
  occupantId: undefined,
  ...change,
});

describe("who somebody in a conference is", () => {
  const zoe = parseBareJid("zoe@xmpp.test");
  const here: Readonly<Record<string, Occupant>> = {
    zoe: somebody({ jid: zoe, occupantId: "o-zoe" }),
    nobody: somebody({ occupantId: "o-nobody" }),
  };
  const sight = (change: Partial<RoomSight> = {}): RoomSight => ({
    home: XMPP,
    room: ROOM,
    server: "test",
    isOpen: false,
    namesOccupants: false,
    occupant: (nick) => here[nick],
    byId: (id) => Object.values(here).find(({ occupantId }) => occupantId === id),
    ...change,
  });
  const said = (nick: string, origin: "live" | "history" | "archive", ...more: XmlElement[]) => {
    const stamp = el("delay", { xmlns: "urn:xmpp:delay", stamp: "2020-01-01T00:00:00Z" });
    const attrs = { from: `${ROOM}/${nick}`, to: `${BOT}/bridge`, type: "groupchat", id: "1" };
    const message = readRoomMessage(el("message", attrs, el("body", {}, "hi"), stamp, ...more), "MSN", origin);
    if (message === undefined) throw new Error("nothing was said");
    return message;
  };
  const occupantId = (id: string): XmlElement => el("occupant-id", { xmlns: "urn:xmpp:occupant-id:0", id });
  const claim = (jid: string): XmlElement => el("x", { xmlns: USER }, el("item", { jid }));
  const guest = (called: string) => residentId(XMPP, `${ROOM}/${called}`);

  test("a person, where the room shows their address", () =>
    expect(speakerOf(sight(), said("zoe", "live"))).toBe(residentId(XMPP, zoe)));

  test("nobody whom a service names that is neither of their server nor of ours: it could say that of anybody", () => {
    const [room, known] = [parseBareJid("room@muc.evil.example"), { here: here.zoe }];
    const there = sight({ room, isOpen: true, namesOccupants: true, server: "xmpp.test" });
    expect(speakerOf(there, said("zoe", "live"))).toBe(residentId(XMPP, `${room}/zoe`));
    expect(speakerOf(there, said("zoe", "archive", claim(zoe)))).toBe(residentId(XMPP, `${room}/zoe`));
    expect(presentOne({ ...there, occupant: () => known.here }, "zoe")).toBe(residentId(XMPP, `${room}/o-zoe`));
  });

  test("a person of another server whom a service of that server names", () => {
    const eve = parseBareJid("eve@evil.example");
    const room = parseBareJid("room@muc.evil.example");
    const there = sight({ room, server: "xmpp.test", occupant: () => somebody({ jid: eve }) });
    expect(presentOne(there, "eve")).toBe(residentId(XMPP, eve));
  });

  test("a guest by nick, where it shows nothing", () =>
    expect(speakerOf(sight(), said("nobody", "live"))).toBe(guest("nobody")));

  test("a guest by their lasting name, where the room gives such", () =>
    expect(speakerOf(sight({ namesOccupants: true }), said("nobody", "live", occupantId("o-nobody")))).toBe(
      guest("o-nobody"),
    ));

  test("nobody by a name of theirs that the room does not give", () =>
    expect(speakerOf(sight(), said("eve", "live", occupantId("o-zoe")))).toBe(guest("eve")));

  test("nobody by an address that they claim to have", () => {
    expect(speakerOf(sight(), said("eve", "live", claim(zoe)))).toBe(guest("eve"));
    expect(speakerOf(sight({ isOpen: true }), said("eve", "live", claim(zoe)))).toBe(guest("eve"));
    expect(speakerOf(sight(), said("eve", "archive", claim(zoe)))).toBe(guest("eve"));
  });

  test("in the archive of a room that shows addresses, whom it names itself, which is the last", () =>
    expect(speakerOf(sight({ isOpen: true }), said("zoe", "archive", claim("eve@xmpp.test"), claim(zoe)))).toBe(
      residentId(XMPP, zoe),
    ));

  test("in its history, who had that nick then is not who has it now", () =>
    expect(speakerOf(sight({ isOpen: true }), said("zoe", "history"))).toBe(guest("zoe")));

  test("in its history, who has the lasting name is the same", () =>
    expect(speakerOf(sight({ namesOccupants: true }), said("was-zoe", "history", occupantId("o-zoe")))).toBe(
      residentId(XMPP, zoe),
    ));

  test("now, by nick", () => {
    expect(presentOne(sight(), "zoe")).toBe(residentId(XMPP, zoe));
    expect(presentOne(sight({ namesOccupants: true }), "nobody")).toBe(guest("o-nobody"));
    expect(presentOne(sight(), "nobody")).toBe(guest("nobody"));
  });

  test("a guest's name tells what the room calls them", () => {
    expect(guestName(`${ROOM}/a/b`, ROOM)).toBe("a/b");
    expect(guestName("zoe@xmpp.test", ROOM)).toBeUndefined();
  });
});

describe("who may tie a conference", () => {
  const zoe = residentId(XMPP, "zoe@xmpp.test");
  const ask = (
    there: Readonly<Record<string, Occupant>>,
    lists: (rank: string) => readonly string[] | StanzaRefusal = () => new StanzaRefusal("forbidden", undefined),
  ) =>
    powerIn({
      link: {
        request: async (_, query) => {
          const rank = query.getChild("item")?.attrs.affiliation ?? "";
          const listed = lists(rank);
          if (listed instanceof StanzaRefusal) throw listed;
          const items = listed.map((jid) => el("item", { jid, affiliation: rank }));
          return el("iq", {}, el("query", { xmlns: "http://jabber.org/protocol/muc#admin" }, items));
        },
      },
      room: ROOM,
      resident: zoe,
      bot: BOT,
      occupants: Object.entries(there),
    });
  const jid = parseBareJid("zoe@xmpp.test");
  const us = somebody({ jid: BOT });

  test.each(["owner", "admin"])("an %s who is there", async (affiliation) =>
    expect(await ask({ zoe: somebody({ jid, affiliation }) })).toEqual({ allowed: true }),
  );

  test.each(["member", "none", "outcast"])("not a moderator whose affiliation is %s", async (affiliation) =>
    expect(await ask({ zoe: somebody({ jid, affiliation, role: "moderator" }) })).toMatchObject({ allowed: false }),
  );

  test("an owner who is not there, when the room tells us its lists", async () =>
    expect(await ask({}, (rank) => (rank === "owner" ? ["zoe@xmpp.test"] : []))).toEqual({ allowed: true }));

  test("who is on no list is told who could do it", async () =>
    expect(await ask({ boss: somebody({ affiliation: "owner" }) }, () => [])).toMatchObject({
      because: expect.stringMatching(/neither an owner nor an admin.*boss/),
    }));

  test("who is not there is told to enter, where the room shows addresses", async () =>
    expect(await ask({ MSN: us, yan: somebody({ jid: parseBareJid("yan@xmpp.test") }) })).toMatchObject({
      because: expect.stringContaining("enter it"),
    }));

  test("where the room hides addresses, what would help is said", async () =>
    expect(await ask({ MSN: us, zoe: somebody({ affiliation: "owner" }) })).toMatchObject({
      because: expect.stringContaining(`make ${BOT} an admin of it`),
    }));

  test.each(["registration-required", "forbidden", "not-authorized", "service-unavailable", "not-allowed"])(
    "where a room says %s, why the bridge is not in it is said",
    (condition) => expect(whyNotIn(condition, ROOM, BOT)).toContain(ROOM),
  );

  test("a room that is not there is none that refuses", () =>
    expect(whyNotIn("item-not-found", ROOM, BOT)).toBeUndefined());
});

describe("who a ghost is to those in a conference that hides addresses", () => {
  const ask = (child: XmlElement, type = "get") =>
    el("iq", { type, id: "1", from: `${ROOM}/eve`, to: `bob\\40msn.test@${BOT}` }, child);
  const items = (node: string) => el("pubsub", { xmlns: NS.pubsub }, el("items", { node }));
  const vcard4 = "<fn><text>Bob</text></fn><nickname><text>Bob</text></nickname></vcard>";

  test.each([
    ["in a vcard", el("vCard", { xmlns: NS.vcard }), "<FN>Bob</FN><NICKNAME>Bob</NICKNAME></vCard>"],
    ["in a vcard of the newer kind", el("vcard", { xmlns: NS.vcard4 }), vcard4],
    ["in one that is published", items(NS.vcard4Node), `${vcard4}</item></items></pubsub>`],
    ["in a nick that is published", items(NS.nick), ">Bob</nick></item></items></pubsub>"],
  ])("is what it is called there, %s", (_, child, expected) => {
    const answer = cardInRoom(ask(child), "Bob");
    expect(answer?.attrs).toMatchObject({ type: "result", id: "1", to: `${ROOM}/eve` });
    expect(answer?.children.join("").endsWith(expected)).toBe(true);
  });

  test("is nothing else, and nothing at all when it is not there", () => {
    for (const [child, nick] of [
      [items(NS.tune), "Bob"],
      [el("vCard", { xmlns: NS.vcard }), undefined],
    ] as const) {
      const answer = cardInRoom(ask(child), nick);
      expect(answer && errorCondition(answer).condition).toBe("item-not-found");
    }
    expect(cardInRoom(ask(el("vCard", { xmlns: NS.vcard }), "set"), "Bob")).toBeUndefined();
    expect(cardInRoom(ask(el("query", { xmlns: NS.version })), "Bob")).toBeUndefined();
  });
});
