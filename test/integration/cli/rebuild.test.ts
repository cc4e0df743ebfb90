/** A rebuild of a real store from the rooms of a stub homeserver, which the Matrix side itself has made. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { GroupId } from "../../../src/bridge/groups/model.ts";
import { groupId, parseGroupKey, setKey } from "../../../src/bridge/groups/model.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import { accountId, parseHomeName, type RoomId, roomId, type Shard } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { type RestoreOptions, restore } from "../../../src/cli/rebuild/restore.ts";
import { MATRIX } from "../../../src/matrix/index.ts";
import { createMatrixRebuilding } from "../../../src/matrix/rebuild/rebuild.ts";
import { contact, member, viewOf } from "../../support/matrix-groups.ts";
import { ghostOf, NETWORK, PREFIX, portalOf, portalRoom, resident } from "../../support/matrix-home.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, type StubScene, scene } from "../../support/stub-scene.ts";
import { Fixture, record } from "../store/fixture.ts";

const BEN = `@ben:${DOMAIN}`;
const XMPP = parseHomeName("xmpp");
const BOB = "bob@msn.test";
const GHOST = `@${PREFIX}escargot_bob=40msn.test:${DOMAIN}`;
const BRIDGE_KEY = `m.bridge msn://escargot/${BOB}`;

cleanScenes();
let redis: Fixture;
let store: Store;

beforeAll(async () => {
  redis = await Fixture.start();
  store = await redis.open();
});
beforeEach(() => redis.admin.flushall());
afterAll(() => redis.stop());

async function rebuilt(s: StubScene, how: Partial<RestoreOptions> = {}, networks = [NETWORK]) {
  const matrix = createMatrixRebuilding({
    homeserverUrl: s.stub.url,
    domain: DOMAIN,
    registration: s.registration,
    ghostPrefix: PREFIX,
    networks,
    profiles: store,
    meter: noMeter,
  });
  try {
    const homes = { homes: [matrix], has: (home: string) => home === MATRIX || home === XMPP };
    return await restore({ store, ...homes, dryRun: false, unfinished: false, step: () => {}, ...how });
  } finally {
    await matrix.close();
  }
}

/** Anna's chat with Bob, as the bridge makes it. */
async function chat(s: StubScene, who = ANNA): Promise<RoomId> {
  const room = await s.home.openDirect(portalOf(BOB), resident(who), ghostOf(BOB), "Bob");
  s.stub.room(room).members.set(who, "join");
  return room;
}

const roomsOfBob = async () => (await store.portal(portalOf(BOB)))?.rooms;
const claim = (who: string, portal: string = portalOf(BOB)) => ({ "msnbridge.portal": { portal, resident: who } });

it("a chat is tied to its room again, and its contact is known by the name that they have", async () => {
  const s = await scene();
  const room = await chat(s);
  const report = await rebuilt(s);
  expect(report.lines).toEqual([`restored    ${room}: chat of ${ANNA} with ${BOB}`]);
  expect(await roomsOfBob()).toEqual([portalRoom(room, ANNA)]);
  expect(await store.portalOfRoom(MATRIX, room)).toBe(portalOf(BOB));
  expect(await store.ghost(MATRIX, ghostOf(BOB))).toEqual({ ready: "1", name: "Bob" });
  expect(report.losses).toBe(0);
});

it("looking changes nothing on the homeserver", async () => {
  const s = await scene();
  await chat(s);
  s.stub.forgetCalls();
  await rebuilt(s, { dryRun: true });
  expect(s.stub.calls.map(({ method }) => method).filter((method) => method !== "GET")).toEqual([]);
  expect(await roomsOfBob()).toBeUndefined();
});

it("what a member of the room has written over the bridge's own words is not believed", async () => {
  const s = await scene();
  const room = await chat(s);
  for (const type of ["m.bridge", "uk.half-shot.bridge"])
    s.stub.setState(room, ANNA, `${type} msn://escargot/${BOB}`, claim(ANNA, portalOf(BOB, "ben@msn.test")));
  const report = await rebuilt(s);
  expect(report.lines).toEqual([expect.stringMatching(new RegExp(`^NOT .*${ANNA} has written there`))]);
  expect(await roomsOfBob()).toBeUndefined();
  expect(await store.portal(portalOf(BOB, "ben@msn.test"))).toBeUndefined();
  expect(report.losses).toBe(1);
});

it("what a member writes beside the bridge's own words, with another key, changes nothing", async () => {
  const s = await scene();
  const room = await chat(s);
  s.stub.setState(room, ANNA, "m.bridge msn://escargot/ben", claim(BEN, portalOf(BOB, "ben@msn.test")));
  const report = await rebuilt(s);
  expect(report.lines).toEqual([`restored    ${room}: chat of ${ANNA} with ${BOB}`]);
});

it("a room into which somebody has asked the bot and the contact is nobody's chat, whatever they write there", async () => {
  const s = await scene();
  await chat(s);
  const trap = s.stub.makeRoom({ [BEN]: "join", [BOT]: "join", [GHOST]: "join" });
  s.stub.setState(trap.id, BEN, BRIDGE_KEY, claim(ANNA));
  s.stub.setState(trap.id, BEN, "m.room.name ", { name: "Lottery" });
  const group = { id: "escargot/~set-0123>group", kind: "several", members: [], residents: [], rooms: [] };
  s.stub.setState(trap.id, BEN, "m.bridge msn://escargot/~set-0123", { "msnbridge.group": group });
  const report = await rebuilt(s);
  expect((await roomsOfBob())?.map(({ room }) => room)).not.toContain(trap.id);
  expect(await store.allGroups()).toEqual([]);
  expect(report.lines.join("\n")).toContain(`NOT         ${trap.id}: ${BEN} has written there`);
});

it("another contact's ghost does not say whose chat it is", async () => {
  const s = await scene();
  await chat(s);
  const room = s.stub.makeRoom({ [ANNA]: "join", [BOT]: "join", [GHOST]: "join" });
  s.stub.setState(room.id, `@${PREFIX}escargot_eve=40msn.test:${DOMAIN}`, BRIDGE_KEY, claim(ANNA));
  const report = await rebuilt(s);
  expect((await roomsOfBob())?.map((tied) => tied.room)).not.toContain(room.id);
  expect(report.losses).toBe(1);
});

it("who has left their room gets a new one when somebody writes", async () => {
  const s = await scene();
  const room = await chat(s);
  s.stub.room(room).members.set(ANNA, "leave");
  const report = await rebuilt(s);
  expect(report.lines).toEqual([expect.stringMatching(/^left .*has left it/)]);
  expect(await roomsOfBob()).toBeUndefined();
  expect(report.losses).toBe(0);
});

it("of two rooms of one chat it is the newer, in which it went on", async () => {
  const s = await scene();
  const old = await chat(s);
  const newer = s.stub.makeRoom({ [ANNA]: "join", [GHOST]: "invite" });
  await s.home.adopt(portalOf(BOB), portalRoom(newer.id, ANNA), ghostOf(BOB), "Bob");
  const report = await rebuilt(s);
  expect(await roomsOfBob()).toEqual([portalRoom(newer.id, ANNA)]);
  expect(report.lines).toContain(`left        ${old}: the conversation has gone on in ${newer.id} since`);
});

it("a room from which the bot was taken is found by way of the contact", async () => {
  const s = await scene();
  const room = await chat(s);
  const other = await s.home.openDirect(portalOf(BOB, "ben@msn.test"), resident(BEN), ghostOf(BOB), "Bob");
  s.stub.room(other).members.set(BOT, "leave");
  await rebuilt(s);
  expect(await store.portalOfRoom(MATRIX, room)).toBe(portalOf(BOB));
  expect(await store.portalOfRoom(MATRIX, other)).toBe(portalOf(BOB, "ben@msn.test"));
});

it("a chat in a room that was upgraded goes on in the new one", async () => {
  const s = await scene();
  const old = await chat(s);
  const next = s.stub.makeRoom({ [ANNA]: "join", [BOT]: "join", [GHOST]: "join" });
  s.stub.setState(next.id, ANNA, "m.room.create ", { predecessor: { room_id: old } });
  s.stub.setState(old, ANNA, "m.room.tombstone ", { replacement_room: next.id });
  await rebuilt(s);
  expect(await roomsOfBob()).toEqual([portalRoom(next.id, ANNA)]);
});

it("a room that is somebody's chat is not taken by another chat that is said to go on in it", async () => {
  const s = await scene();
  const old = await chat(s);
  const bens = await s.home.openDirect(portalOf(BOB, "ben@msn.test"), resident(BEN), ghostOf(BOB), "Bob");
  s.stub.room(bens).members.set(ANNA, "join");
  s.stub.setState(bens, ANNA, "m.room.create ", { predecessor: { room_id: old } });
  s.stub.setState(old, ANNA, "m.room.tombstone ", { replacement_room: bens });
  const report = await rebuilt(s);
  expect(await store.portalOfRoom(MATRIX, bens)).toBe(portalOf(BOB, "ben@msn.test"));
  expect(await roomsOfBob()).toBeUndefined();
  expect(report.lines).toContain(`left        ${bens}: Redis has it as the room of another conversation`);
});

it("a room that is said to go on in one that knows nothing of it is left alone", async () => {
  const s = await scene();
  const old = await chat(s);
  const next = s.stub.makeRoom({ [ANNA]: "join", [BOT]: "join", [GHOST]: "join", [BEN]: "join" });
  s.stub.setState(old, ANNA, "m.room.tombstone ", { replacement_room: next.id });
  const report = await rebuilt(s);
  expect(await roomsOfBob()).toBeUndefined();
  expect(report.lines).toContain(`NOT         ${old}: it goes on in ${next.id}, where the bridge is not`);
});

it("a chat on a network that the config does not have is said to be left out", async () => {
  const s = await scene();
  await chat(s);
  const report = await rebuilt(s, {}, []);
  expect(report.lines).toEqual([expect.stringContaining("its network, escargot, is not in the config")]);
  expect(report.losses).toBe(1);
});

it("what the store has stays as it is", async () => {
  const s = await scene();
  const room = await chat(s);
  const theirs = portalRoom("!other:stub.test", ANNA);
  await store.bind(portalOf(BOB), theirs);
  const report = await rebuilt(s);
  expect(await roomsOfBob()).toEqual([theirs]);
  expect(report.lines).toEqual([expect.stringContaining(`Redis has another room of the chat of ${ANNA}`)]);
  expect(await store.portalOfRoom(MATRIX, room)).toBeUndefined();
});

it("the newest of a person's rooms with the bot is where it speaks to them", async () => {
  const s = await scene();
  const first = await s.management();
  const second = s.stub.makeRoom({ [ANNA]: "join", [BOT]: "join" });
  s.stub.setState(first, ANNA, "m.room.create ", {});
  s.stub.setState(second.id, ANNA, "m.room.create ", {});
  s.stub.makeRoom({ [ANNA]: "join", [BEN]: "join", [BOT]: "join" });
  await rebuilt(s);
  expect(await store.resident(resident(ANNA))).toEqual({ "matrix.management": `${second.id} ${first}` });
  await rebuilt(s);
  expect(await store.resident(resident(ANNA))).toEqual({ "matrix.management": `${second.id} ${first}` });
});

it("a homeserver that is too busy is asked again", async () => {
  const s = await scene();
  const room = await chat(s);
  const busy = { errcode: "M_LIMIT_EXCEEDED", error: "Too Many Requests", retry_after_ms: 5 };
  s.stub.fail("whole-state", { kind: "answer", status: 429, body: busy }, 3);
  s.stub.fail("joined-rooms", { kind: "answer", status: 429, body: busy }, 2);
  await rebuilt(s);
  expect(await roomsOfBob()).toEqual([portalRoom(room, ANNA)]);
});

it("a homeserver that does not know the bot ends it: nothing is taken for restored", async () => {
  const s = await scene();
  const refusal = { errcode: "M_FORBIDDEN", error: "Application service cannot masquerade as this user" };
  s.stub.fail("joined-rooms", { kind: "answer", status: 403, body: refusal });
  await expect(rebuilt(s)).rejects.toMatchObject({ code: "home-refused" });
});

it("broken off in between and run again, it restores all the same", async () => {
  const s = await scene();
  const room = await chat(s);
  const group = await aGroup(s);
  let steps = 0;
  const stop = () => {
    if (++steps > 8) throw new Error("broken off");
  };
  await expect(rebuilt(s, { step: stop })).rejects.toThrow("broken off");
  await rebuilt(s, { unfinished: true });
  expect(await roomsOfBob()).toEqual([portalRoom(room, ANNA)]);
  expect((await store.group(group.id))?.rooms.map((tied) => tied.room)).toEqual([group.room, MUC]);
});

const MUC = roomId("escargot.set-1@msn.test");
const EMILY = "emily@msn.test";
const OWN = "owner@example.com";
const addresses = (...all: string[]) => all.map((one) => ghostOf(one).contact);

/** A group that began as another set of people than it is now. */
async function aGroup(
  s: StubScene,
  more = {},
): Promise<{ id: GroupId; room: RoomId; view: ReturnType<typeof viewOf> }> {
  const id = groupId(NETWORK, parseGroupKey("set-1"));
  const people = [contact(BOB, "Bob"), contact(EMILY, "Emily"), member(ANNA)];
  const kept = { topic: "Plans", accounts: addresses(EMILY, OWN) };
  const rooms = [{ home: XMPP, room: MUC }];
  const view = viewOf(id, people, { topic: "Plans", kept, rooms, ...more });
  const room = await s.home.openGroup(view);
  s.stub.room(room).members.set(ANNA, "join");
  return { id, room, view };
}

it("a group comes back with its people, its rooms in all homes, and seats that wait for their accounts", async () => {
  const s = await scene();
  const { id, room } = await aGroup(s);
  const report = await rebuilt(s);
  const known = await store.group(id);
  expect(known).toMatchObject({
    kind: "several",
    topic: "Plans",
    rooms: [
      { home: MATRIX, room },
      { home: XMPP, room: MUC },
    ],
  });
  expect(known?.members.map(({ address }) => address).toSorted()).toEqual([BOB, EMILY, OWN]);
  expect(known?.seats).toEqual(addresses(EMILY, OWN).map((address) => accountId(NETWORK, address)));
  expect(report.lines[0]).toBe(`restored    ${room}: group of 3 people on escargot, also xmpp: ${MUC}`);
  expect(report.summary().join("\n")).toContain(`escargot/${OWN}`);
});

it("an account that is linked again finds its group, also by the people who were there last", async () => {
  const s = await scene();
  const { id } = await aGroup(s);
  await rebuilt(s);
  const own = { ...record("x", resident(ANNA)), id: accountId(NETWORK, ghostOf(OWN).contact) };
  await store.link({ ...own, network: NETWORK, address: ghostOf(OWN).contact }, new Secret("pw"));
  expect((await store.groupsOf(own.id)).map((one) => one.id)).toEqual([id]);
  expect(await store.groupKeys(own.id)).toEqual(new Map([[setKey(addresses(BOB, EMILY, OWN)), id]]));
});

it("an account that is linked and unlinked has no seat any more", async () => {
  const s = await scene();
  const { id } = await aGroup(s);
  await rebuilt(s);
  const account = accountId(NETWORK, ghostOf(OWN).contact);
  const own = { ...record("x", resident(ANNA)), id: account, network: NETWORK, address: ghostOf(OWN).contact };
  await store.link(own, new Secret("pw"));
  await store.unlink(account);
  expect((await store.group(id))?.seats).toEqual([accountId(NETWORK, ghostOf(EMILY).contact)]);
});

it("the MUC of a group is made again before anything is said in it", async () => {
  const s = await scene();
  const { id } = await aGroup(s);
  await rebuilt(s);
  await rebuilt(s, { unfinished: true });
  const lanes = (await Promise.all(Array.from({ length: 64 }, (_, shard) => store.waiting(shard as Shard)))).flat();
  expect(lanes).toMatchObject([{ kind: "in", portal: id, home: XMPP }]);
  expect(await Promise.all(lanes.map((lane) => store.depth(lane)))).toEqual([1]);
});

it("whoever is not linked yet stays in the group's room when it is shaped", async () => {
  const s = await scene();
  const { id, room, view } = await aGroup(s);
  await rebuilt(s);
  const people = [contact(BOB, "Bob"), contact(EMILY, "Emily"), contact(OWN, "Owner")];
  await s.home.shapeGroup(room, viewOf(id, people, { topic: view.topic, rooms: view.rooms }));
  expect(s.stub.room(room).members.get(ANNA)).toBe("join");
});

it("a relay comes back with its account alone; else it is said which it was", async () => {
  const s = await scene();
  const relay = { account: accountId(NETWORK, ghostOf(OWN).contact), by: resident(ANNA), prefix: true };
  const kept = { topic: "", accounts: addresses(OWN), relay };
  const { id, room } = await aGroup(s, { kept });
  const report = await rebuilt(s);
  expect((await store.group(id))?.relay).toBeUndefined();
  expect(report.summary().join("\n")).toContain(`${room}: people without an account spoke through ${relay.account}`);
  await redis.admin.flushall();
  const own = { ...record("x", resident(ANNA)), id: relay.account, network: NETWORK, address: ghostOf(OWN).contact };
  await store.link(own, new Secret("pw"));
  await rebuilt(s);
  expect((await store.group(id))?.relay).toEqual(relay);
});

it("a room of people that was tied to a group is theirs again, with who has tied it", async () => {
  const s = await scene();
  const room = s.stub.makeRoom({ [ANNA]: "join", [BEN]: "join", [BOT]: "join" });
  const id = groupId(NETWORK, parseGroupKey("circle-1"));
  const rooms = [{ home: MATRIX, room: roomId(room.id), by: resident(BEN) }];
  const kept = { topic: "", accounts: addresses(OWN) };
  const view = viewOf(id, [contact(BOB), member(ANNA)], {
    kind: "circle",
    circle: "1",
    name: "Club",
    plumbed: true,
    rooms,
    kept,
  });
  await s.home.shapeGroup(roomId(room.id), view);
  await rebuilt(s);
  expect(await store.group(id)).toMatchObject({ kind: "circle", circle: "1", name: "Club", rooms });
});

it("a group's room in a home that the config does not have is said to be left out", async () => {
  const s = await scene();
  const { id, room } = await aGroup(s);
  const report = await rebuilt(s, { has: (home) => home === MATRIX });
  expect((await store.group(id))?.rooms).toEqual([{ home: MATRIX, room }]);
  expect(report.losses).toBe(1);
  expect(report.lines.join("\n")).toContain("the config has no home called xmpp");
});

it("rooms in which the bridge was not allowed to write what they are are told as what may be lost", async () => {
  const s = await scene();
  const tied = s.stub.makeRoom({ [BEN]: "join", [ANNA]: "join", [BOT]: "join" });
  const spoken = s.stub.makeRoom({ [BEN]: "join", [ANNA]: "join", [BOT]: "join", [GHOST]: "join" });
  const asked = s.stub.makeRoom({ [BEN]: "join", [ANNA]: "join", [BOT]: "join" });
  for (const [room, power] of [
    [tied, 0],
    [spoken, 0],
    [asked, 50],
  ] as const)
    s.stub.setState(room.id, BEN, "m.room.power_levels ", { users: { [BEN]: 100, [BOT]: power } });
  const report = await rebuilt(s);
  const lines = report.lines.join("\n");
  expect(lines).toMatch(
    new RegExp(`^NOT +${tied.id}: the bridge may not change its settings.*say \`bridge\` there`, "m"),
  );
  expect(lines).toMatch(new RegExp(`^NOT +${spoken.id}: ${GHOST} is in it, but the bridge was never allowed`, "m"));
  expect(lines).toMatch(new RegExp(`^left +${asked.id}: it is tied to nothing`, "m"));
  expect(report.losses).toBe(2);
});
