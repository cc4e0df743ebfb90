import { expect, test } from "vitest";
import { BridgeError } from "../../../../../src/bridge/errors.ts";
import { circleKey, groupId } from "../../../../../src/bridge/groups/model.ts";
import type { HomeName, RoomId } from "../../../../../src/bridge/model.ts";
import { RoomNotes } from "../../../../../src/xmpp/component/groups/notes.ts";
import type { Tie } from "../../../../../src/xmpp/component/groups/rules.ts";
import { Room } from "../../../../../src/xmpp/conference/index.ts";
import { readRequest } from "../../../../../src/xmpp/conference/read.ts";
import { parseBareJid } from "../../../../../src/xmpp/jid.ts";
import { XMPP } from "../../../../../src/xmpp/name.ts";
import { el } from "../../../../../src/xmpp/stanza/xml.ts";
import { SECRET } from "../../conference/scene.ts";
import { annaJid, bob, gateway, NET, silent } from "../../support.ts";

const ROOM = parseBareJid(`msntest.circle-1@${gateway}`);
const MUC = "http://jabber.org/protocol/muc";
const tie: Tie = { group: groupId(NET, circleKey("1")), kind: "circle", plumbed: false };

/** Counts what is written. */
class Store {
  readonly notes = new Map<RoomId, string>();
  writes: string[] = [];
  fails = false;

  async keepRoomNote(_: HomeName, room: RoomId, note: string): Promise<void> {
    if (this.fails) throw new BridgeError("store-down");
    if (Buffer.byteLength(note) > 256 * 1024) throw new BridgeError("bad-input", { detail: "too long" });
    this.writes.push(room);
    this.notes.set(room, note);
  }

  async dropRoomNote(_: HomeName, room: RoomId): Promise<void> {
    this.writes.push(`-${room}`);
    this.notes.delete(room);
  }

  async roomNotes(): Promise<ReadonlyMap<RoomId, string>> {
    return this.notes;
  }
}

function scene() {
  const store = new Store();
  const notes = new RoomNotes({ home: XMPP, domain: gateway, store, log: silent });
  let ids = 0;
  const newId = (): string => {
    ids += 1;
    return `id-${ids}`;
  };
  const room = Room.make({ jid: ROOM, secret: SECRET, newId });
  room.rank(annaJid, "owner");
  room.seatGhost({ who: bob, name: "Bob", shown: [] });
  const take = (stanza: ReturnType<typeof el>) => {
    const request = readRequest(stanza, 1);
    if (request) room.take(request, 1);
  };
  const keep = () =>
    notes.keep({ snapshot: room.snapshot(), tie, asked: new Set([annaJid]), lodgers: new Set([annaJid]) });
  const load = () => new RoomNotes({ home: XMPP, domain: gateway, store, log: silent }).load();
  const enter = (client: string) =>
    take(el("presence", { from: `${annaJid}/${client}`, to: `${ROOM}/Anna` }, el("x", { xmlns: MUC })));
  const say = (text: string) => {
    take(
      el("message", { from: `${annaJid}/phone`, to: ROOM, type: "groupchat", id: `of ${text}` }, el("body", {}, text)),
    );
    const { wish = "" } = room.wishes.at(-1) ?? {};
    return wish;
  };
  return { store, notes, room, take, keep, load, enter, say };
}

test("a room comes back as it was: settings, people, who sits there, words, what waits", async () => {
  const { notes, room, keep, load, enter, say } = scene();
  enter("phone");
  room.setSubject("Holidays", 5);
  room.grant(say("hi"), 1);
  for (const said of room.history) await notes.keepSaid(ROOM, said);
  const wish = room.packedWish(say("on its way"));
  if (wish) await notes.keepWish(ROOM, wish);
  await keep();
  const [memo] = await load();
  const now = room.snapshot();
  expect(memo).toMatchObject({ tie, snapshot: { config: now.config, subject: now.subject, history: now.history } });
  expect([memo?.asked, memo?.lodgers].map((set) => [...(set ?? [])])).toEqual([[annaJid], [annaJid]]);
  expect(memo?.snapshot.members).toEqual(now.members);
  expect(memo?.snapshot.seats.map(({ who, nick, clients }) => [who, nick, clients.map(([client]) => client)])).toEqual([
    [annaJid, "Anna", [`${annaJid}/phone`]],
    [bob, "Bob", []],
  ]);
  expect(memo?.snapshot.wishes).toEqual(JSON.parse(JSON.stringify(now.wishes)));
});

test("only what has changed is written: a word changes nobody's place", async () => {
  const { store, room, keep, enter, say } = scene();
  enter("phone");
  enter("laptop");
  await keep();
  store.writes = [];
  room.grant(say("hi"), 1);
  await keep();
  expect(store.writes).toEqual([]);
  room.putOut(bob, "left");
  await keep();
  expect(store.writes).toEqual([`-${ROOM} p ${bob}`]);
});

test("the last thirty messages are kept, and what was taken back is not", async () => {
  const { notes, room, keep, load } = scene();
  for (let i = 0; i < 40; i += 1) {
    room.speak({ who: bob, name: "Bob", id: `b${i}`, parts: [el("body", {}, `${i}`)] }, i);
    const said = room.history.at(-1);
    if (said) await notes.keepSaid(ROOM, said);
  }
  const retract = el("retract", { xmlns: "urn:xmpp:message-retract:1", id: "b39" });
  room.speak({ who: bob, name: "Bob", id: "gone", parts: [retract] }, 41);
  await keep();
  const [memo] = await load();
  expect(memo?.snapshot.history.map(({ stanzaId }) => stanzaId)).toEqual(
    Array.from({ length: 29 }, (_, i) => `b${i + 10}`),
  );
});

test("long words are kept as they are: those that were said, and those on their way to the store", async () => {
  const { notes, room, keep, load, say, enter } = scene();
  enter("phone");
  room.seatGhost({ who: bob, name: "Bob", shown: [el("status", {}, "x".repeat(3900))] });
  room.speak({ who: bob, name: "Bob", id: "long", parts: [el("body", {}, "ü".repeat(5000))] }, 1);
  for (const said of room.history) await notes.keepSaid(ROOM, said);
  await keep();
  const wish = room.packedWish(say("y".repeat(30_000)));
  if (wish) await notes.keepWish(ROOM, wish);
  const [memo] = await load();
  expect(memo?.snapshot.seats.find(({ who }) => who === bob)?.shown).toHaveLength(1);
  expect(memo?.snapshot.history).toEqual(room.snapshot().history);
  expect(memo?.snapshot.wishes[0]?.stanza.in).toMatchObject([{ name: "body", in: ["y".repeat(30_000)] }]);
});

test("words with more markup than fits into a note are kept without it", async () => {
  const { notes, room, keep, load, take, enter } = scene();
  enter("phone");
  await keep();
  const text = "漢".repeat(46_000);
  const markup = el("html", {}, ...Array.from({ length: 4300 }, () => el("a", {})));
  const from = `${annaJid}/phone`;
  take(el("message", { from, to: ROOM, type: "groupchat", id: "m" }, el("body", {}, text), markup));
  const [{ wish = "" } = {}] = room.wishes;
  const packed = room.packedWish(wish);
  if (packed) await notes.keepWish(ROOM, packed);
  room.grant(wish, 1);
  for (const said of room.history) await notes.keepSaid(ROOM, said);
  const [memo] = await load();
  expect(memo?.snapshot.wishes[0]?.stanza.in).toMatchObject([{ name: "body", in: [text] }]);
  expect(memo?.snapshot.history[0]?.parts).toMatchObject([{ name: "body", in: [text] }]);
});

test("a room with a long subject and description is kept", async () => {
  const { room, keep, load } = scene();
  room.setSubject("ß漢".repeat(500), 5);
  room.configure({ description: "漢".repeat(1000) });
  await keep();
  const [memo] = await load();
  expect(memo?.snapshot).toMatchObject({ subject: { text: "ß漢".repeat(500) }, config: room.config });
});

test("what could not be written is written the next time", async () => {
  const { store, keep, load, enter } = scene();
  await keep();
  enter("phone");
  store.fails = true;
  await expect(keep()).rejects.toThrow("store-down");
  store.fails = false;
  await keep();
  expect((await load())[0]?.snapshot.seats).toHaveLength(2);
});

test("a room that is given up leaves nothing; notes of other services' rooms and of no room are left alone", async () => {
  const { store, notes, room, keep, load } = scene();
  const other = "room@muc.example.org p x" as RoomId;
  store.notes.set(other, "theirs");
  room.speak({ who: bob, name: "Bob", id: "b1", parts: [el("body", {}, "hi")] }, 1);
  for (const said of room.history) await notes.keepSaid(ROOM, said);
  await keep();
  await notes.drop(ROOM);
  expect([...store.notes.keys()]).toEqual([other]);
  store.notes.set(`${ROOM} s 5` as RoomId, "{}");
  expect(await load()).toEqual([]);
  await expect.poll(() => [...store.notes.keys()]).toEqual([other]);
});
