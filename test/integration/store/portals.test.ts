import { afterAll, beforeAll, expect, test } from "vitest";
import type { PortalRoom, ResidentId } from "../../../src/bridge/model.ts";
import { roomId } from "../../../src/bridge/model.ts";
import type { Store, StoredContact } from "../../../src/bridge/ports/store.ts";
import { account, address, Fixture, matrix, network, person, portalOf, xmpp } from "./fixture.ts";

let fixture: Fixture;
let store: Store;
const ann = person("ann");

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});
afterAll(() => fixture.stop());

function tie(room: string, resident: ResidentId = ann, home = matrix): PortalRoom {
  return { home, room: roomId(room), resident };
}

test("a room is tied to a portal and found from both ends", async () => {
  const portal = portalOf(account("both"), "bob");
  const bound = await store.bind(portal, tie("!both"));
  expect(bound).toEqual({ id: portal, account: account("both"), conversation: "bob@msn.test", rooms: [tie("!both")] });
  expect(await store.portal(portal)).toEqual(bound);
  expect(await store.portalOfRoom(matrix, roomId("!both"))).toBe(portal);
  expect(await store.portalOfRoom(xmpp, roomId("!both"))).toBeUndefined();
  expect(await store.portalsOf(account("both"))).toEqual([bound]);
});

test("tying the same room again changes nothing", async () => {
  const portal = portalOf(account("same"), "bob");
  const first = await store.bind(portal, tie("!same"));
  expect(await store.bind(portal, tie("!same"))).toEqual(first);
});

test("a resident's new room for the portal takes the place of the old one", async () => {
  const portal = portalOf(account("moved"), "bob");
  await store.bind(portal, tie("!old"));
  expect((await store.bind(portal, tie("!new"))).rooms).toEqual([tie("!new")]);
  expect(await store.portalOfRoom(matrix, roomId("!old"))).toBeUndefined();
  expect(await store.portalOfRoom(matrix, roomId("!new"))).toBe(portal);
});

test("a room that is tied to another portal leaves the first", async () => {
  const [first, second] = ["bob", "carol"].map((contact) => portalOf(account("switch"), contact));
  if (!first || !second) throw new Error("two portals");
  await store.bind(first, tie("!switch"));
  await store.bind(second, tie("!switch"));
  expect(await store.portal(first)).toBeUndefined();
  expect(await store.portalOfRoom(matrix, roomId("!switch"))).toBe(second);
  expect((await store.portalsOf(account("switch"))).map(({ id }) => id)).toEqual([second]);
});

test("a portal has a room in each home and for each resident", async () => {
  const portal = portalOf(account("several"), "bob");
  const rooms = [tie("!one"), tie("room@muc", ann, xmpp), tie("!two", person("ben"))];
  for (const room of rooms) await store.bind(portal, room);
  const record = await store.portal(portal);
  expect(record?.rooms).toHaveLength(3);
  expect(record?.rooms).toEqual(expect.arrayContaining(rooms));
  await store.unbind(matrix, roomId("!one"));
  expect((await store.portal(portal))?.rooms).toEqual(expect.arrayContaining(rooms.slice(1)));
});

test("the last room takes its portal with it; untying again is nothing", async () => {
  const portal = portalOf(account("last"), "bob");
  await store.bind(portal, tie("!last"));
  await store.unbind(matrix, roomId("!last"));
  await store.unbind(matrix, roomId("!last"));
  expect(await store.portal(portal)).toBeUndefined();
  expect(await store.portalsOf(account("last"))).toEqual([]);
  expect(await store.portalOfRoom(matrix, roomId("!last"))).toBeUndefined();
});

test("an index entry that a crash left behind is not believed", async () => {
  const portal = portalOf(account("stale"), "bob");
  await store.bind(portal, tie("!stale"));
  const [index] = await fixture.admin.keys("msnb:*:room:matrix:!stale");
  await store.unbind(matrix, roomId("!stale"));
  await fixture.admin.set(index ?? "", portal);
  expect(await store.portalOfRoom(matrix, roomId("!stale"))).toBeUndefined();
});

function contact(name: string, more: Partial<StoredContact> = {}): StoredContact {
  return {
    address: address(`${name}@msn.test`),
    displayName: name,
    listed: true,
    blocked: false,
    groups: ["Friends"],
    presence: { availability: "online", text: "psm", media: "a song" },
    ...more,
  };
}

test("a contact list is replaced in one step, and its revision grows with each change only", async () => {
  const id = account("list");
  expect(await store.contactsOf(id)).toEqual([]);
  expect(await store.saveContacts(id, [contact("bob"), contact("carol")])).toBe(1);
  expect(await store.saveContacts(id, [contact("bob"), contact("carol")])).toBe(1);
  expect(await store.saveContacts(id, [contact("dave"), contact("carol")])).toBe(2);
  expect(await store.contactsOf(id)).toEqual([contact("carol"), contact("dave")]);
  expect(await store.saveContacts(id, [])).toBe(3);
  expect(await store.contactsOf(id)).toEqual([]);
});

test("one contact is saved among the others", async () => {
  const id = account("one");
  await store.saveContacts(id, [contact("bob"), contact("carol")]);
  const away = contact("bob", { presence: { availability: "away", text: "" } });
  await store.saveContact(id, away);
  await store.saveContact(id, away);
  expect(await store.contactsOf(id)).toEqual([away, contact("carol")]);
  expect(await store.saveContacts(id, [away])).toBe(3);
});

test("contacts have a bound in number and in size", async () => {
  const id = account("bounds");
  const many = Array.from({ length: 10_001 }, (_, i) => contact(`c${i}`));
  await expect(store.saveContacts(id, many)).rejects.toMatchObject({ code: "bad-input" });
  const huge = contact("huge", { displayName: "x".repeat(20_000) });
  await expect(store.saveContact(id, huge)).rejects.toMatchObject({ code: "bad-input" });
  expect(await store.saveContacts(id, many.slice(0, 10_000))).toBe(1);
});

test("a home keeps facts about a ghost, apart from other homes, for all owners", async () => {
  const bob = { network, contact: address("bob@msn.test") };
  await store.updateGhost(matrix, bob, { name: "Bob", picture: "mxc://x" });
  await store.updateGhost(matrix, bob, { name: "Bobby" });
  await store.updateGhost(matrix, bob, {});
  expect(await store.ghost(matrix, bob)).toEqual({ name: "Bobby", picture: "mxc://x" });
  expect(await store.ghost(xmpp, bob)).toEqual({});
});

test("a home keeps facts about a resident", async () => {
  await store.updateResident(ann, { room: "!control" });
  expect(await store.resident(ann)).toEqual({ room: "!control" });
  expect(await store.resident(person("ben"))).toEqual({});
});

test("facts have a bound in number and in length", async () => {
  const cid = person("cid");
  const fields = (from: number, to: number) =>
    Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`f${from + i}`, "x"]));
  await store.updateResident(cid, fields(0, 64));
  await store.updateResident(cid, fields(10, 20));
  await expect(store.updateResident(cid, fields(64, 65))).rejects.toMatchObject({ code: "bad-input" });
  await expect(store.updateResident(cid, { f1: "x".repeat(5000) })).rejects.toMatchObject({ code: "bad-input" });
  expect(Object.keys(await store.resident(cid))).toHaveLength(64);
});

test("what a home keeps about its rooms is found again, replaced and dropped, and has a limit", async () => {
  const store = await fixture.open();
  const rooms = Array.from({ length: 20 }, (_, i) => roomId(`note-${i}@rooms.test`));
  for (const room of rooms) await store.keepRoomNote(matrix, room, `first of ${room}`);
  const [first = roomId(""), second = roomId("")] = rooms;
  await store.keepRoomNote(matrix, first, "second");
  await store.dropRoomNote(matrix, second);
  const notes = await store.roomNotes(matrix);
  expect(notes.size).toBe(19);
  expect(notes.get(first)).toBe("second");
  expect(notes.has(second)).toBe(false);
  await expect(store.keepRoomNote(matrix, first, "x".repeat(300_000))).rejects.toThrow("300000 bytes");
});
