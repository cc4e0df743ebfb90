import { expect, test } from "vitest";
import { Conference, type ConferenceOptions } from "../../../../src/xmpp/conference/conference.ts";
import type { RoomEvent } from "../../../../src/xmpp/conference/types.ts";
import { parseBareJid } from "../../../../src/xmpp/jid.ts";
import { StanzaRefusal } from "../../../../src/xmpp/link/requests.ts";
import { el, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { silent } from "../support.ts";
import { ALICE, BOB, bodies, error, FREE, full, jid, MUC, presences, ROOM, SECRET } from "./scene.ts";

class Desk {
  readonly sent: XmlElement[] = [];
  readonly events: RoomEvent[] = [];
  readonly pinged: string[] = [];
  now = 1_000_000;
  #ids = 0;
  /** What a ping of a client comes to; no answer when it is `undefined`. */
  answer: (client: string) => string | undefined = () => "result";
  readonly options: ConferenceOptions = {
    domain: parseBareJid("msn.example.org"),
    link: {
      sendLoosely: (stanza) => void this.sent.push(stanza),
      sendSurely: async (...stanzas) => void this.sent.push(...stanzas),
      request: async ({ to }) => {
        this.pinged.push(to);
        const condition = this.answer(to);
        if (condition === "result") return el("iq");
        throw condition === undefined ? new Error("no answer") : new StanzaRefusal(condition, undefined);
      },
    },
    secret: SECRET,
    newId: () => {
      this.#ids += 1;
      return `id-${this.#ids}`;
    },
    told: (_room, event) => void this.events.push(event),
    now: () => this.now,
    log: silent,
  };
  conference: Conference;

  constructor(options: Partial<ConferenceOptions> = {}) {
    this.options = { ...this.options, ...options };
    this.conference = new Conference(this.options);
  }

  enter(client: string, nick: string, room: string = ROOM): boolean {
    return this.conference.take(el("presence", { from: full(client), to: `${room}/${nick}` }, el("x", { xmlns: MUC })));
  }

  say(client: string, text: string): boolean {
    return this.conference.take(
      el("message", { from: full(client), to: ROOM, type: "groupchat" }, el("body", {}, text)),
    );
  }

  take(): XmlElement[] {
    return this.sent.splice(0);
  }
}

const OPEN = { rules: FREE, config: { membersOnly: false } };

test("stanzas find their room; what is for a ghost, the gateway or another domain is left to others", () => {
  const desk = new Desk();
  desk.conference.room(ROOM, OPEN);
  expect(desk.enter("mike", "Mike")).toBe(true);
  expect(presences(desk.take())).toEqual(["Mike 110 100"]);
  const chat = (to: string) =>
    desk.conference.take(el("message", { from: full("mike"), to, type: "chat" }, el("body")));
  expect([ALICE, "msn.example.org", "circle-1@rooms.example.org/x"].map(chat)).toEqual([false, false, false]);
  expect(desk.conference.take(el("presence", { from: full("mike"), to: ALICE, type: "subscribe" }))).toBe(false);
  expect(desk.sent).toEqual([]);
});

test("a room that is none cannot be entered or spoken in, unless it may be made: by its owner to be, with 201", () => {
  const desk = new Desk({ make: (room, by) => (room.startsWith("group-") && by === jid("mike") ? OPEN : undefined) });
  expect(desk.enter("mike", "Mike")).toBe(true);
  expect(desk.say("mike", "hello?")).toBe(true);
  expect(desk.take().map(error)).toEqual(["cancel item-not-found", "cancel item-not-found"]);
  desk.enter("mike", "Mike", "group-1@msn.example.org");
  expect(presences(desk.take())).toEqual(["Mike 110 100 201"]);
  expect(
    desk.conference.rooms.get(parseBareJid("group-1@msn.example.org"))?.members.get(jid("mike"))?.affiliation,
  ).toBe("owner");
});

test("a ghost that is asked into a room from person to person is asked by the room", () => {
  const desk = new Desk();
  desk.conference.room(ROOM, OPEN);
  desk.enter("mike", "Mike");
  desk.events.length = 0;
  const x = el("x", { xmlns: "jabber:x:conference", jid: ROOM, reason: "come" });
  expect(desk.conference.take(el("message", { from: full("mike"), to: BOB, id: "i" }, x))).toBe(true);
  expect(desk.events).toMatchObject([
    { kind: "invited", by: { who: jid("mike") }, invitees: [{ to: BOB, isGhost: true, reason: "come" }] },
  ]);
  const elsewhere = el("x", { xmlns: "jabber:x:conference", jid: "tea@rooms.example.org" });
  expect(desk.conference.take(el("message", { from: full("mike"), to: BOB }, elsewhere))).toBe(false);
});

test("the service lists rooms that all may know, and each member theirs", () => {
  const desk = new Desk();
  const room = desk.conference.room(ROOM, { config: { name: "Family" } });
  room?.rank(jid("mike"), "member");
  desk.conference.room(parseBareJid("lobby@msn.example.org"), { config: { listed: true } });
  const names = (name: string) => desk.conference.items(jid(name)).map(({ attrs }) => attrs.jid);
  expect(names("mike")).toEqual([ROOM, "lobby@msn.example.org"]);
  expect(names("eve")).toEqual(["lobby@msn.example.org"]);
});

test("rooms that have changed are named once, with those that are no more", () => {
  const desk = new Desk();
  const room = desk.conference.room(ROOM, OPEN);
  const other = parseBareJid("other@msn.example.org");
  const gone = desk.conference.room(other, OPEN);
  const names = () => {
    const { rooms, gone } = desk.conference.changed();
    return [rooms.map(({ jid }) => jid), gone];
  };
  expect(names()).toEqual([[ROOM, other], []]);
  expect(names()).toEqual([[], []]);
  desk.enter("mike", "Mike");
  expect(names()).toEqual([[ROOM], []]);
  desk.conference.take(
    el("iq", { from: full("mike"), to: ROOM, type: "get", id: "p" }, el("ping", { xmlns: "urn:xmpp:ping" })),
  );
  expect(names()).toEqual([[], []]);
  if (gone) desk.conference.loosely(gone, (one) => one.destroy("over"));
  expect(names()).toEqual([[], [other]]);
  expect([...desk.conference.rooms.values()]).toEqual([room]);
});

test("after a restart everybody sits where they sat; who has gone meanwhile is found by asking", async () => {
  const desk = new Desk();
  desk.conference.room(ROOM, OPEN);
  for (const name of ["mike", "anna", "carl"]) desk.enter(name, name);
  const stored = JSON.parse(JSON.stringify(desk.conference.snapshot()));
  desk.conference = new Conference(desk.options);
  desk.conference.restore(stored, () => OPEN);
  expect(desk.conference.changed().rooms).toEqual([]);
  desk.take();
  desk.answer = (client) =>
    client === full("anna") ? "service-unavailable" : client === full("carl") ? undefined : "result";
  await desk.conference.check(0);
  expect(desk.pinged.sort()).toEqual(["anna", "carl", "mike"].map(full));
  expect(presences(desk.take())).toContain("-anna 333");
  desk.say("mike", "still here");
  expect(bodies(desk.take())).toEqual(["still here", "still here"]);
});

test("what came and went while the link was down is shown when it is back; a room in which nothing was, is not", async () => {
  const desk = new Desk();
  const other = parseBareJid("other@msn.example.org");
  const [room] = [desk.conference.room(ROOM, OPEN), desk.conference.room(other, OPEN)];
  desk.enter("mike", "Mike");
  desk.enter("mike", "Mike", other);
  for (const who of [ALICE, BOB]) room?.seatGhost({ who, name: who.slice(0, 3), shown: [] });
  desk.now += 10 * 60_000;
  desk.conference.offline();
  if (room) desk.conference.loosely(room, (one) => one.putOut(ALICE, "left"));
  desk.take();
  await desk.conference.online();
  expect(presences(desk.take())).toEqual(["-ali", "Mike 110", "bob"]);
  expect(desk.pinged).toHaveLength(2);
});

test("words that were granted while the link broke are said again under their id", async () => {
  const desk = new Desk();
  const room = desk.conference.room(ROOM, { config: { membersOnly: false } });
  desk.enter("mike", "Mike");
  desk.say("mike", "hello");
  const event = desk.events.at(-1);
  const wish = event?.kind === "said" ? (event.wish ?? "") : "";
  desk.take();
  if (!room) throw new Error("no room");
  await desk.conference.grant(room, wish);
  const [first] = desk.take();
  await desk.conference.grant(room, wish);
  expect(desk.take().map(String)).toEqual([String(first)]);
  expect(bodies(first ? [first] : [])).toEqual(["hello"]);
});

test("only clients that were quiet for long are asked", async () => {
  const desk = new Desk();
  desk.conference.room(ROOM, OPEN);
  desk.enter("mike", "Mike");
  desk.enter("anna", "Anna");
  desk.now += 11 * 60_000;
  desk.say("mike", "hello");
  await desk.conference.check();
  expect(desk.pinged).toEqual([full("anna")]);
  await desk.conference.check();
  expect(desk.pinged).toEqual([full("anna")]);
});

test("wishes that nobody answers come back with the tick", () => {
  const desk = new Desk();
  desk.conference.room(ROOM, { config: { membersOnly: false } });
  desk.enter("mike", "Mike");
  desk.say("mike", "hello");
  desk.take();
  desk.conference.tick();
  expect(desk.take()).toEqual([]);
  desk.now += 60_000;
  desk.conference.tick();
  expect(desk.take().map(error)).toEqual(["wait remote-server-timeout"]);
});

test("there are only so many rooms", () => {
  const desk = new Desk({ limits: { rooms: 1 } });
  expect(desk.conference.room(ROOM)).toBeDefined();
  expect(desk.conference.room(parseBareJid("other@msn.example.org"))).toBeUndefined();
  expect(desk.conference.room(ROOM)).toBeDefined();
});
