import { afterAll, beforeAll, expect, test } from "vitest";
import type { GroupId, GroupMember } from "../../../src/bridge/groups/model.ts";
import { seatOf } from "../../../src/bridge/groups/model.ts";
import type { Fence, LaneRef } from "../../../src/bridge/model.ts";
import { accountParts, laneName, messageId, portalParts, roomId, shardOf } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import {
  account,
  address,
  Fixture,
  group,
  inGroup,
  inward,
  matrix,
  person,
  portalOf,
  record,
  said,
  textsIn,
  toRead,
  xmpp,
} from "./fixture.ts";

let fixture: Fixture;
let store: Store;
const ann = person("ann");

beforeAll(async () => {
  fixture = await Fixture.start();
  store = await fixture.open();
});
afterAll(() => fixture.stop());

function member(name: string, role: GroupMember["role"] = "member"): GroupMember {
  return { address: address(`${name}@msn.test`), name, role };
}

async function made(name: string): Promise<GroupId> {
  return (await store.saveGroup(group(name), { kind: "several" })).id;
}

/** A linked account of that name. */
async function linked(name: string) {
  await store.link(record(name, person(name)), new Secret("x"));
  return account(name);
}

const keysOf = async (part: string) => (await fixture.admin.keys("*")).filter((key) => key.includes(part));

test("a group is made with its kind, and what is not said of it is empty", async () => {
  const id = group("new");
  expect(await store.group(id)).toBeUndefined();
  const empty = { id, kind: "several", name: "", topic: "", members: [], seats: [], rooms: [] };
  expect(await store.saveGroup(id, { kind: "several" })).toEqual(empty);
  expect(await store.group(id)).toEqual(empty);
});

test("a new group without its kind is refused, and nothing of it is kept", async () => {
  await expect(store.saveGroup(group("kindless"), { name: "x" })).rejects.toMatchObject({ code: "bad-input" });
  expect(await keysOf(group("kindless"))).toEqual([]);
  expect(await store.allGroups()).not.toContain(group("kindless"));
});

test("what is given of a group is replaced, the rest stays, and the relay can be taken away", async () => {
  const id = group("fields");
  const members = [member("bob", "admin"), { address: address("carol@msn.test"), role: "pending" } as const];
  const relay = { account: account("fields"), by: ann, prefix: true };
  const whole = { kind: "circle", circle: "00000000-0009", name: "Böök \u{1F4DA}", topic: "on\ntwo lines" } as const;
  const before = await store.saveGroup(id, { ...whole, members, relay });
  expect(before).toEqual({ id, ...whole, members, relay, seats: [], rooms: [] });
  const { relay: _, ...rest } = before;
  const after = { ...rest, name: "", members: [member("dave")] };
  expect(await store.saveGroup(id, { name: "", members: [member("dave")], relay: null })).toEqual(after);
  expect(await store.saveGroup(id, {})).toEqual(after);
  expect(await store.group(id)).toEqual(after);
});

test("two workers that save different things of a group at once both have their way", async () => {
  const id = await made("both-save");
  const other = await fixture.open();
  await Promise.all([store.saveGroup(id, { name: "name" }), other.saveGroup(id, { topic: "topic" })]);
  expect(await store.group(id)).toMatchObject({ name: "name", topic: "topic" });
});

test("of more than 1 000 members and of longer names and topics the first thousand are kept", async () => {
  const members = Array.from({ length: 1001 }, (_, i) => ({ ...member(`m${i}`), name: "n".repeat(1001) }));
  const long = `${"x".repeat(998)}\u{1F600}x`;
  const saved = await store.saveGroup(group("large"), {
    kind: "several",
    members,
    name: long,
    topic: "t".repeat(1001),
  });
  expect(saved.members).toHaveLength(1000);
  expect(saved.members[999]).toEqual({ ...member("m999"), name: `${"n".repeat(999)}…` });
  // Not with half a character at its end.
  expect(saved.name).toBe(`${"x".repeat(998)}…`);
  expect(saved.topic).toBe(`${"t".repeat(999)}…`);
});

test("all groups of all shards are found, until they are dropped", async () => {
  const ids = await Promise.all(Array.from({ length: 150 }, (_, i) => made(`all-${i}`)));
  expect(new Set(ids.map((id) => shardOf(portalParts(id).account))).size).toBeGreaterThan(10);
  const all = await store.allGroups();
  expect(all).toEqual(expect.arrayContaining(ids));
  expect(new Set(all).size).toBe(all.length);
  await store.dropGroup(group("all-7"));
  expect(await store.allGroups()).not.toContain(group("all-7"));
});

test("a room is tied to a group, in each home one, and found from both ends", async () => {
  const id = await made("tied");
  const rooms = [
    { home: matrix, room: roomId("!tied") },
    { home: xmpp, room: roomId("tied@muc"), by: person("op"), parked: "The bot was thrown out." },
  ];
  for (const room of rooms) await store.tieRoom(id, room);
  expect((await store.group(id))?.rooms).toEqual(rooms);
  expect(await store.portalOfRoom(matrix, roomId("!tied"))).toBe(id);
  expect(await store.portalOfRoom(xmpp, roomId("tied@muc"))).toBe(id);
  expect(await store.portalOfRoom(xmpp, roomId("!tied"))).toBeUndefined();
});

test("a room that is tied again is what was said of it last", async () => {
  const id = await made("parked");
  const tie = { home: matrix, room: roomId("!parked") };
  await store.tieRoom(id, { ...tie, by: ann, parked: "No." });
  expect((await store.tieRoom(id, { ...tie, by: ann })).rooms).toEqual([{ ...tie, by: ann }]);
  expect(await store.portalOfRoom(matrix, tie.room)).toBe(id);
});

test("another room of the same home takes the place of the first", async () => {
  const id = await made("moved");
  await store.tieRoom(id, { home: matrix, room: roomId("!old") });
  await store.tieRoom(id, { home: xmpp, room: roomId("stays@muc") });
  const { rooms } = await store.tieRoom(id, { home: matrix, room: roomId("!new") });
  expect(rooms.map(({ room }) => room)).toEqual(["!new", "stays@muc"]);
  expect(await store.portalOfRoom(matrix, roomId("!old"))).toBeUndefined();
  expect(await keysOf("!old")).toEqual([]);
  expect(await store.portalOfRoom(matrix, roomId("!new"))).toBe(id);
});

test("a room leaves the group, or the chat, that it was tied to before", async () => {
  const [first, second] = [await made("first"), await made("second")];
  const chat = portalOf(account("chat"), "bob");
  const room = roomId("!shared");
  await store.bind(chat, { home: matrix, room, resident: ann });
  await store.tieRoom(first, { home: matrix, room });
  expect(await store.portal(chat)).toBeUndefined();
  await store.tieRoom(second, { home: matrix, room });
  expect((await store.group(first))?.rooms).toEqual([]);
  expect(await store.portalOfRoom(matrix, room)).toBe(second);
  await store.bind(chat, { home: matrix, room, resident: ann });
  expect((await store.group(second))?.rooms).toEqual([]);
  expect(await store.portalOfRoom(matrix, room)).toBe(chat);
});

test("a room that must be free is not taken from another group or chat, but from one that has it no more", async () => {
  const [first, second] = [await made("has-it"), await made("wants-it")];
  const [room, index] = [roomId("!wanted"), "msnb:*:room:matrix:!wanted"];
  const taken = { code: "group-refused" };
  await store.tieRoom(first, { home: matrix, room }, true);
  await store.tieRoom(first, { home: matrix, room, by: ann }, true);
  await expect(store.tieRoom(second, { home: matrix, room }, true)).rejects.toMatchObject(taken);
  expect(await store.portalOfRoom(matrix, room)).toBe(first);
  expect((await store.group(second))?.rooms).toEqual([]);
  await store.untieRoom(first, matrix);
  const chat = portalOf(account("has-it"), "bob");
  await store.bind(chat, { home: matrix, room, resident: ann });
  await expect(store.tieRoom(second, { home: matrix, room }, true)).rejects.toMatchObject(taken);
  expect(await store.portalOfRoom(matrix, room)).toBe(chat);
  await store.unbind(matrix, room);
  await store.tieRoom(first, { home: matrix, room });
  const [key = ""] = await fixture.admin.keys(index);
  await store.untieRoom(first, matrix);
  // As a crash leaves it.
  await fixture.admin.set(key, first);
  expect((await store.tieRoom(second, { home: matrix, room }, true)).rooms).toEqual([{ home: matrix, room }]);
  expect(await store.portalOfRoom(matrix, room)).toBe(second);
});

test("of many groups that take one free room at once, in two workers, one has it at most, and the others keep theirs", async () => {
  const other = await fixture.open();
  const room = roomId("!rush");
  const groups = await Promise.all(Array.from({ length: 12 }, (_, i) => made(`rush-${i}`)));
  const own = groups.map((_, i) => ({ home: matrix, room: roomId(`!own-${i}`), by: ann, parked: "Thrown out." }));
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(own.map((tie, i) => store.tieRoom(groups[i] ?? expect.fail(), tie)));
    const results = await Promise.allSettled(
      groups.map((id, i) => (i % 2 === 0 ? store : other).tieRoom(id, { home: matrix, room }, true)),
    );
    const told = groups.filter((_, i) => results[i]?.status === "fulfilled");
    expect(told.length).toBeLessThanOrEqual(1);
    expect(await store.portalOfRoom(matrix, room)).toBe(told[0]);
    for (const [i, id] of groups.entries()) {
      const isTold = told.includes(id);
      expect((await store.group(id))?.rooms).toEqual(isTold ? [{ home: matrix, room }] : [own[i]]);
      expect(await store.portalOfRoom(matrix, own[i]?.room ?? expect.fail())).toBe(isTold ? undefined : id);
    }
  }
});

test("a room is untied by its home or by itself; doing it again is nothing", async () => {
  const id = await made("untied");
  await store.tieRoom(id, { home: matrix, room: roomId("!untied") });
  await store.tieRoom(id, { home: xmpp, room: roomId("untied@muc") });
  for (let i = 0; i < 2; i += 1) await store.untieRoom(id, matrix);
  for (let i = 0; i < 2; i += 1) await store.unbind(xmpp, roomId("untied@muc"));
  expect((await store.group(id))?.rooms).toEqual([]);
  for (const home of [matrix, xmpp]) expect(await store.portalOfRoom(home, roomId("!untied"))).toBeUndefined();
  expect(await keysOf("untied@muc")).toEqual([]);
  expect(await keysOf("!untied")).toEqual([]);
});

test("an index entry that a crash left behind is not believed", async () => {
  const id = await made("stale");
  await store.tieRoom(id, { home: matrix, room: roomId("!stale") });
  const [index = ""] = await fixture.admin.keys("msnb:*:room:matrix:!stale");
  await store.tieRoom(id, { home: matrix, room: roomId("!fresh") });
  await fixture.admin.set(index, id);
  expect(await store.portalOfRoom(matrix, roomId("!stale"))).toBeUndefined();
  // Untying by it does not hurt the room that stands there now.
  await store.unbind(matrix, roomId("!stale"));
  expect(await store.portalOfRoom(matrix, roomId("!fresh"))).toBe(id);
});

test("nothing is tied to a group that is not known, and nobody sits down there", async () => {
  const id = group("unknown");
  const seat = await linked("unknown");
  const gone = { code: "group-gone" };
  await expect(store.tieRoom(id, { home: matrix, room: roomId("!unknown") })).rejects.toMatchObject(gone);
  await expect(store.takeSeat(seat, id, "set-1")).rejects.toMatchObject(gone);
  expect(await store.group(id)).toBeUndefined();
  expect(await store.portalOfRoom(matrix, roomId("!unknown"))).toBeUndefined();
  expect(await store.groupsOf(seat)).toEqual([]);
  expect(await store.groupKeys(seat)).toEqual(new Map());
});

test("accounts take seats in groups and leave them, each by itself", async () => {
  const [one, two] = [await linked("seat-one"), await linked("seat-two")];
  const [a, b] = [await made("seats-a"), await made("seats-b")];
  for (let i = 0; i < 2; i += 1) await store.takeSeat(one, a);
  await store.takeSeat(two, a);
  await store.takeSeat(one, b);
  expect((await store.group(a))?.seats).toEqual([one, two]);
  expect((await store.groupsOf(one)).map(({ id }) => id).toSorted()).toEqual([a, b].toSorted());
  for (let i = 0; i < 2; i += 1) await store.leaveSeat(one, a);
  expect((await store.group(a))?.seats).toEqual([two]);
  expect((await store.groupsOf(one)).map(({ id }) => id)).toEqual([b]);
  expect((await store.groupsOf(two)).map(({ id }) => id)).toEqual([a]);
});

test("an account has all its groups, however many", async () => {
  const seat = await linked("busy");
  const ids = await Promise.all(Array.from({ length: 50 }, (_, i) => made(`busy-${i}`)));
  for (const id of ids) await store.takeSeat(seat, id);
  expect((await store.groupsOf(seat)).map(({ id }) => id)).toEqual(ids.toSorted());
});

test("an account that is not linked has no seat", async () => {
  const id = await made("stranger");
  await store.takeSeat(account("stranger"), id, "set-stranger");
  expect((await store.group(id))?.seats).toEqual([]);
  expect(await store.groupsOf(account("stranger"))).toEqual([]);
  expect(await store.groupKeys(account("stranger"))).toEqual(new Map());
});

test("an account knows its groups under further keys; a key leads to one group, the last", async () => {
  const seat = await linked("keyed");
  const [a, b] = [await made("keyed-a"), await made("keyed-b")];
  await store.takeSeat(seat, a, "keyed-a");
  expect(await store.groupKeys(seat)).toEqual(new Map());
  await store.takeSeat(seat, a, "set-1");
  await store.takeSeat(seat, a, "set-2");
  await store.takeSeat(seat, b, "set-2");
  expect(await store.groupKeys(seat)).toEqual(new Map([["set-1", a]]).set("set-2", b));
  await expect(store.takeSeat(seat, a, "Not a key")).rejects.toMatchObject({ code: "bad-input" });
});

test("keys outlive the seat: the same people come back to the same group", async () => {
  const seat = await linked("back");
  const id = await made("back");
  await store.takeSeat(seat, id, "set-back");
  await store.leaveSeat(seat, id);
  expect(await store.groupKeys(seat)).toEqual(new Map([["set-back", id]]));
});

test("the last 64 keys of a group are known, and one that is used again is young again", async () => {
  const seat = await linked("many-keys");
  const [id, other] = [await made("many-keys"), await made("other-keys")];
  await store.takeSeat(seat, other, "other-1");
  for (let i = 0; i < 64; i += 1) await store.takeSeat(seat, id, `set-${i}`);
  await store.takeSeat(seat, id, "set-0");
  await store.takeSeat(seat, id, "set-64");
  const keys = await store.groupKeys(seat);
  expect(keys.size).toBe(65);
  expect([keys.get("set-0"), keys.get("set-1"), keys.get("set-64")]).toEqual([id, undefined, id]);
  expect(keys.get("other-1")).toBe(other);
});

test("a group that is over goes only when nothing waits for a home behind the entry in hand", async () => {
  const id = await made("over");
  const [first, second] = [inGroup(id), inGroup(id, xmpp)];
  await store.tieRoom(id, { home: matrix, room: roomId("!over") });
  await store.append(first, said("in hand"), "over-1");
  const [inHand] = await store.read(first, undefined, 1);
  expect(await store.dropIfOver(id, inHand)).toBe(false);
  await store.untieRoom(id, matrix);
  await store.append(second, said("for the other home"), "over-2");
  expect(await store.dropIfOver(id, inHand)).toEqual(second);
  await store.dropLane(second);
  await store.append(first, said("behind it"), "over-3");
  expect(await store.dropIfOver(id, inHand)).toEqual(first);
  expect(await textsIn(store, first)).toEqual(["in hand", "behind it"]);
  const [, behind] = await store.read(first, undefined, 2);
  expect(await store.dropIfOver(id, behind)).toBe(true);
  expect(await store.group(id)).toBeUndefined();
  expect(await store.waiting(shardOf(portalParts(id).account))).not.toContainEqual(first);
});

test("a dropped group is forgotten with its rooms, seats, lanes, messages, reader and what is parked", async () => {
  const seat = await linked("dropped");
  const [id, stays] = [await made("dropped"), await made("dropped2")];
  for (const one of [id, stays]) await store.takeSeat(seat, one, `set-${groupName(one)}`);
  await store.tieRoom(id, { home: matrix, room: roomId("!dropped") });
  const mine: LaneRef[] = [inGroup(id), inGroup(id, xmpp), laneOut(id)];
  const seatLane = { kind: "out", shard: shardOf(seat), portal: seatOf(seat, id) } as const;
  for (const lane of [...mine, inGroup(stays), seatLane]) await store.append(lane, said("x"), laneName(lane));
  const words = { ...toRead(id, [inGroup(id)], said("parked"), "dropped-1"), after: "", print: "p" };
  for (const reader of ["me boot", "you boot"]) await store.appendRead({ ...words, reader, once: `dropped-${reader}` });
  const [entry] = await store.read(inGroup(id), undefined, 1);
  if (entry) await store.park(entry, messageId("$p"), ann, FAILURE, 0 as Fence);
  await store.sameMessage(id, [{ home: matrix, message: messageId("$p") }]);

  for (let i = 0; i < 2; i += 1) await store.dropGroup(id);

  expect(await store.group(id)).toBeUndefined();
  expect(await store.portalOfRoom(matrix, roomId("!dropped"))).toBeUndefined();
  expect((await store.groupsOf(seat)).map((one) => one.id)).toEqual([stays]);
  expect(await store.groupKeys(seat)).toEqual(new Map([["set-dropped2", stays]]));
  expect(await store.waiting(shardOf(portalParts(id).account))).not.toContainEqual(inGroup(id));
  expect(await store.parked(portalParts(id).account)).toEqual([]);
  // Places have names that only the network knows; who reads there, and what was read, is forgotten within a minute.
  const left = await keysOf("~dropped>");
  expect(left.filter((key) => !/:(reading|heirs|read):/.test(key))).toEqual([]);
  for (const key of left) expect(await fixture.admin.pttl(key)).toBeLessThanOrEqual(60_000);
  for (const key of left) expect(await fixture.admin.pttl(key)).not.toBe(-1);
  expect(await keysOf("!dropped")).toEqual([]);
  expect(await textsIn(store, inGroup(stays))).toEqual(["x"]);
  // What a person has said to the network is answered for in its own lane.
  expect(await textsIn(store, seatLane)).toEqual(["x"]);
});

test("an account that is unlinked leaves its groups, its relays and its seats' lanes", async () => {
  const [leaver, stays] = [await linked("leaver"), await linked("stayer")];
  const [a, b] = [await made("left-a"), await made("left-b")];
  for (const id of [a, b]) await store.saveGroup(id, { relay: { account: leaver, by: ann, prefix: false } });
  await store.saveGroup(b, { relay: { account: stays, by: ann, prefix: false } });
  for (const id of [a, b]) for (const seat of [leaver, stays]) await store.takeSeat(seat, id, `set-${groupName(id)}`);
  const words = { kind: "out", shard: shardOf(leaver), portal: seatOf(leaver, a) } as const;
  await store.append(words, said("x"), "left-1");
  await store.append(inward(leaver, "bob"), said("x"), "left-2");

  for (let i = 0; i < 2; i += 1) await store.unlink(leaver);

  for (const id of [a, b]) expect((await store.group(id))?.seats).toEqual([stays]);
  expect((await store.group(a))?.relay).toBeUndefined();
  expect((await store.group(b))?.relay).toMatchObject({ account: stays });
  expect(await store.groupsOf(leaver)).toEqual([]);
  expect(await store.waiting(words.shard)).not.toContainEqual(words);
  expect(await keysOf(accountParts(leaver).address)).toEqual([]);
  expect((await store.groupsOf(stays)).map(({ id }) => id).toSorted()).toEqual([a, b].toSorted());
});

test("one of two owners goes, and the account keeps its seats", async () => {
  const [id, seat] = [await made("co-owned"), await linked("co-owned")];
  const other = "xmpp:co-owned@home.test" as typeof ann;
  await store.link(record("co-owned", other), new Secret("x"));
  await store.takeSeat(seat, id);
  await store.unlink(seat, other);
  expect((await store.groupsOf(seat)).map((one) => one.id)).toEqual([id]);
});

test("with the last seat a group without rooms goes, and one with a room stays", async () => {
  const [bare, roomy, seat] = [await made("bare"), await made("roomy"), await linked("last-seat")];
  for (const id of [bare, roomy]) await store.takeSeat(seat, id);
  await store.tieRoom(roomy, { home: matrix, room: roomId("!roomy") });
  await store.append(inGroup(bare), said("for nobody"), "bare-1");
  await store.unlink(seat);
  expect(await store.group(bare)).toBeUndefined();
  expect(await keysOf("~bare>")).toEqual([]);
  expect(await store.allGroups()).not.toContain(bare);
  expect(await store.group(roomy)).toMatchObject({ seats: [], rooms: [{ room: "!roomy" }] });
});

test("an unlinking that was cut off before the groups were told is completed by its repeat", async () => {
  const [id, seat] = [await made("cut-off"), await linked("cut-off")];
  await store.tieRoom(id, { home: matrix, room: roomId("!cut-off") });
  await store.takeSeat(seat, id);
  // As after a crash: the account itself is forgotten, and nothing else.
  await fixture.admin.del(`msnb:{s${shardOf(seat)}}:account:${seat}`);
  await store.unlink(seat);
  expect((await store.group(id))?.seats).toEqual([]);
});

test("a seat that is taken while its account is unlinked does not outlive it", async () => {
  const [id, seat] = [await made("race"), await linked("race")];
  await store.tieRoom(id, { home: matrix, room: roomId("!race") });
  const proxy = await fixture.proxy();
  const slow = await fixture.open({ port: proxy.port });
  const caught = proxy.holdAfterAnswer();
  const taken = slow.takeSeat(seat, id);
  await caught;
  expect(await fixture.admin.hlen(`msnb:{s${shardOf(seat)}}:groups:${seat}`)).toBe(1);
  await store.unlink(seat);
  proxy.release();
  await taken;
  expect((await store.group(id))?.seats).toEqual([]);
  expect(await keysOf(seat)).toEqual([]);
});

const FAILURE = { code: "internal", text: "", certainty: "not-sent" } as const;

function laneOut(id: GroupId): LaneRef {
  return { kind: "out", shard: shardOf(portalParts(id).account), portal: id };
}

function groupName(id: GroupId): string {
  return accountParts(portalParts(id).account).address.slice(1);
}
