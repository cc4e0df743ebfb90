import { describe, expect, it } from "vitest";
import type { GroupView } from "../../../src/bridge/groups/model.ts";
import { type RoomId, roomId } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import type { PuppetRegistration } from "../../../src/matrix/registration.ts";
import { contact, groupWords, member, newGroup, viewOf } from "../../support/matrix-groups.ts";
import { ghostOf, portalOf, resident } from "../../support/matrix-home.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, type StubScene, scene } from "../../support/stub-scene.ts";

cleanScenes();

const BOB = "bob@example.com";
const BOB_ID = `@_msn_escargot_bob=40example.com:${DOMAIN}`;
const BEN = `@ben:${DOMAIN}`;
const OPERATOR: PuppetRegistration = { asToken: new Secret("operator-token"), covers: (mxid) => mxid === ANNA };

const group = (more: Partial<GroupView> = {}): GroupView =>
  viewOf(newGroup("set"), [contact(BOB, "Bob"), member(ANNA)], more);
const bob = { kind: "ghost", ghost: ghostOf(BOB), name: "Bob" } as const;

/** A room of people's own, with the bot in it. */
function theirs(s: StubScene): RoomId {
  const { id } = s.stub.makeRoom({ [ANNA]: "join", [BEN]: "join", [BOT]: "join" });
  s.host.groups.add(id as RoomId);
  return id as RoomId;
}

function lines(s: StubScene, room: string): string[] {
  return s.stub.room(room).events.map(({ sender, content }) => `${sender}: ${String(content.body)}`);
}

describe("the room of a group", () => {
  it("is made once, also when the answer was lost and the bridge asks again", async () => {
    const s = await scene();
    const view = group();
    s.stub.fail("create-room", { kind: "lose-answer" });
    await expect(s.home.openGroup(view)).rejects.toMatchObject({ code: "home-down" });
    const room = await s.home.openGroup(view);
    expect([...s.stub.rooms.keys()]).toEqual([room]);
    expect(Object.fromEntries(s.stub.room(room).members)).toEqual({
      [BOT]: "join",
      [BOB_ID]: "join",
      [ANNA]: "invite",
    });
  });

  it("that is as it should be costs one look", async () => {
    const s = await scene();
    const view = group({ topic: "Holidays" });
    const room = await s.home.openGroup(view);
    s.stub.forgetCalls();
    await s.home.shapeGroup(room, view);
    expect(s.stub.calls.map(({ name }) => name)).toEqual(["whole-state"]);
  });

  it("that could not be shaped to the end is shaped the next time", async () => {
    const s = await scene();
    const view = group();
    const room = await s.home.openGroup(view);
    const more = { ...view, people: [...view.people, contact("carol@example.com", "Carol")] };
    s.stub.fail("join", { kind: "html", status: 502 });
    await expect(s.home.shapeGroup(room, more)).rejects.toMatchObject({ code: "home-down" });
    await s.home.shapeGroup(room, more);
    expect(s.stub.room(room).state.get("m.room.name ")).toEqual({ name: "Bob and Carol" });
    expect(s.stub.room(room).members.get(`@_msn_escargot_carol=40example.com:${DOMAIN}`)).toBe("join");
  });

  it("whose people have taken power from the bot is shaped as far as that goes", async () => {
    const s = await scene();
    const view = group();
    const room = await s.home.openGroup(view);
    s.stub.fail("state", { kind: "answer", status: 403, body: { errcode: "M_FORBIDDEN" } });
    await s.home.shapeGroup(room, { ...view, name: "Friends", topic: "News" });
    expect(s.stub.room(room).state.get("m.room.name ")).toEqual({ name: "Bob" });
    expect(s.stub.room(room).state.get("m.room.topic ")).toEqual({ topic: "News" });
  });

  it("has a contact back whom somebody has banned, as long as the network keeps them", async () => {
    const s = await scene();
    const view = group();
    const room = await s.home.openGroup(view);
    s.stub.room(room).members.set(BOB_ID, "ban");
    await s.home.shapeGroup(room, view);
    expect(s.stub.room(room).members.get(BOB_ID)).toBe("join");
  });

  it("asks in no more whom the network has refused, so that they can be asked again; others go on waiting", async () => {
    const s = await scene();
    const view = group();
    const room = await s.home.openGroup(view);
    const [carol, dave] = ["carol", "dave"].map((name) => `@_msn_escargot_${name}=40example.com:${DOMAIN}`);
    for (const user of [carol, dave]) {
      s.stub.users.add(user ?? "");
      s.stub.room(room).members.set(user ?? "", "invite");
      s.stub.setState(room, ANNA, `m.room.member ${user}`, { membership: "invite" });
    }
    await s.home.shapeGroup(room, { ...view, refused: ghostOf("carol@example.com") });
    expect(s.stub.room(room).members.get(carol ?? "")).toBe("leave");
    expect(s.stub.room(room).members.get(dave ?? "")).toBe("invite");
  });

  it("of people who let nobody of ours write their topic is told once what the topic cannot say", async () => {
    const s = await scene();
    const room = theirs(s);
    s.stub.fail("PUT state", { kind: "answer", status: 403, body: { errcode: "M_FORBIDDEN" } }, 99);
    const view = group({ plumbed: true, topic: "Whoever has no account speaks through anna@example.com." });
    await s.home.shapeGroup(room, view);
    await s.home.shapeGroup(room, { ...view, name: "Friends" });
    expect(lines(s, room)).toEqual([`${BOT}: ⇄ Whoever has no account speaks through anna@example.com.`]);
  });

  it("of people has their topic as it was when it is let go, also when that fails half way", async () => {
    const s = await scene();
    const room = theirs(s);
    s.stub.setState(room, ANNA, "m.room.topic ", { topic: "About us" });
    const view = group({ plumbed: true, topic: "Whoever has no account speaks through anna@example.com." });
    await s.home.shapeGroup(room, view);
    s.stub.failBehind("PUT state", 2, { kind: "html", status: 502 });
    await expect(s.home.releaseGroup(room, view, "unbridge")).rejects.toMatchObject({ code: "home-down" });
    await s.home.releaseGroup(room, view, "unbridge");
    expect(s.stub.room(room).state.get("m.room.topic ")).toEqual({ topic: "About us" });
  });

  it("in which the bot is not can neither be shaped nor spoken in", async () => {
    const s = await scene();
    const { id } = s.stub.makeRoom({ [ANNA]: "join" });
    const view = group();
    await expect(s.home.shapeGroup(id as RoomId, view)).rejects.toMatchObject({ code: "room-gone" });
    const words = s.home.deliverToGroup(id as RoomId, view.id, bob, groupWords(BOB, "hello"), "k");
    await expect(words).rejects.toMatchObject({ code: "room-gone" });
    await s.home.releaseGroup(id as RoomId, view, "delete");
  });
});

describe("words in a group's room", () => {
  it("are one message for one key, also when the answer was lost", async () => {
    const s = await scene();
    const view = group();
    const room = await s.home.openGroup(view);
    const say = () => s.home.deliverToGroup(room, view.id, bob, groupWords(BOB, "hello"), "k1");
    s.stub.fail("send", { kind: "lose-answer" });
    await expect(say()).rejects.toMatchObject({ code: "home-down" });
    expect(await say()).toBe(s.stub.room(room).events[0]?.id);
    expect(lines(s, room)).toEqual([`${BOB_ID}: hello`]);
  });

  it("of somebody whom the room refuses are the bot's for a while, without asking each time", async () => {
    const s = await scene();
    const room = theirs(s);
    const view = group({ plumbed: true });
    s.stub.fail("invite", { kind: "answer", status: 403, body: { errcode: "M_FORBIDDEN" } }, 9);
    await s.home.deliverToGroup(room, view.id, bob, groupWords(BOB, "one"), "k1");
    s.stub.forgetCalls();
    await s.home.deliverToGroup(room, view.id, bob, groupWords(BOB, "two"), "k2");
    expect(lines(s, room)).toEqual([`${BOT}: Bob: one`, `${BOT}: Bob: two`]);
    expect(s.stub.calls.map(({ name }) => name)).toEqual(["send"]);
  });

  it("of somebody whose address no user of Matrix can have are the bot's, and the room is shaped without them", async () => {
    const s = await scene();
    const long = `${"ü".repeat(50)}@example.com`;
    const view = viewOf(newGroup("long"), [contact(BOB, "Bob"), contact(long, "Zoë"), member(ANNA)]);
    const room = await s.home.openGroup(view);
    expect([...s.stub.room(room).members.keys()].sort()).toEqual([ANNA, BOT, BOB_ID].sort());
    const zoe = { kind: "ghost", ghost: ghostOf(long), name: "Zoë" } as const;
    await s.home.deliverToGroup(room, view.id, zoe, groupWords(long, "hello"), "k1");
    expect(lines(s, room)).toEqual([`${BOT}: Zoë: hello`]);
  });

  it("of a resident at another place are their own where the operator lets the bridge speak as them", async () => {
    const s = await scene({ doublePuppet: OPERATOR });
    s.stub.tokens.set("operator-token", undefined);
    const view = group();
    const room = await s.home.openGroup(view);
    s.stub.room(room).members.set(ANNA, "join");
    s.host.groups.add(room);
    const own = { kind: "own", resident: resident(ANNA), self: ghostOf("anna@example.com"), name: "Anna" } as const;
    const message = { ...groupWords("anna@example.com", "from my phone"), own: {} };
    const id = await s.home.deliverToGroup(room, view.id, own, message, "k1");
    expect(lines(s, room)).toEqual([`${ANNA}: from my phone`]);
    const [posted] = s.stub.room(room).events;
    const echo = { ...s.stub.event(room, ANNA, "m.room.message", posted?.content ?? {}), event_id: id };
    const said = s.stub.event(room, ANNA, "m.room.message", { msgtype: "m.text", body: "and this" });
    await s.stub.push([echo, said]);
    expect(await s.host.event("text")).toMatchObject({ text: "and this" });
    expect(s.host.events).toHaveLength(1);
  });

  it("of a resident at another place that say nothing, as when a reaction goes, are no message of theirs", async () => {
    const s = await scene({ doublePuppet: OPERATOR });
    s.stub.tokens.set("operator-token", undefined);
    const view = group();
    const room = await s.home.openGroup(view);
    s.stub.room(room).members.set(ANNA, "join");
    const own = { kind: "own", resident: resident(ANNA), self: ghostOf("anna@example.com"), name: "Anna" } as const;
    const target = await s.home.deliverToGroup(room, view.id, bob, groupWords(BOB, "hello"), "k1");
    const gone = { kind: "reaction", target, key: "👍", removed: true } as const;
    const message = { ...groupWords("anna@example.com", "", gone), own: {} };
    expect(await s.home.deliverToGroup(room, view.id, own, message, "k2")).toBe(target);
    expect(lines(s, room)).toEqual([`${BOB_ID}: hello`]);
  });

  it("are none when a reaction goes of somebody who is not in the room any more", async () => {
    const s = await scene();
    const view = group();
    const room = await s.home.openGroup(view);
    const target = await s.home.deliverToGroup(room, view.id, bob, groupWords(BOB, "hello"), "k1");
    const about = { kind: "reaction", target, key: "👍" } as const;
    await s.home.deliverToGroup(room, view.id, bob, groupWords(BOB, "reacts with 👍", about), "k2");
    s.stub.fail("redact", { kind: "answer", status: 403, body: { errcode: "M_FORBIDDEN" } });
    await s.home.deliverToGroup(room, view.id, bob, groupWords(BOB, "", { ...about, removed: true }), "k3");
    expect(s.stub.room(room).events.map(({ type }) => type)).toEqual(["m.room.message", "m.reaction"]);
  });

  it("that ring are marked as a nudge", async () => {
    const s = await scene();
    const view = group();
    const room = await s.home.openGroup(view);
    const nudge = { ...groupWords(BOB, "Bob sent a nudge"), nudge: true } as const;
    await s.home.deliverToGroup(room, view.id, bob, nudge, "k1");
    expect(s.stub.room(room).events[0]?.content).toMatchObject({ body: "Bob sent a nudge", "msnbridge.nudge": true });
  });

  it("that ring ring the people in the room, once in a while", async () => {
    const s = await scene();
    const view = group();
    const room = await s.home.openGroup(view);
    s.stub.room(room).members.set(ANNA, "join");
    const nudge = { ...groupWords(BOB, "sent a nudge"), kind: "notice", nudge: true } as const;
    for (const key of ["k1", "k2"]) await s.home.deliverToGroup(room, view.id, bob, nudge, key);
    const common = { body: "sent a nudge", "msnbridge.nudge": true };
    expect(s.stub.room(room).events.map(({ content }) => content)).toEqual([
      { ...common, msgtype: "m.text", "m.mentions": { user_ids: [ANNA] } },
      { ...common, msgtype: "m.notice", "m.mentions": {} },
    ]);
  });
});

describe("a room that goes on elsewhere", () => {
  const follow = (room: string, to: string, at = Date.now(), management = false) => ({
    kind: "own",
    act: "follow",
    room,
    to,
    at,
    management,
    sender: ANNA,
    event: "$t",
  });

  function next(s: StubScene, room: string, bot: "join" | "invite" | undefined): string {
    const { id, state } = s.stub.makeRoom({ [ANNA]: "join", ...(bot && { [BOT]: bot }) });
    state.set("m.room.create ", { predecessor: { room_id: room } });
    s.stub.room(room).state.set("m.room.tombstone ", { replacement_room: id });
    return id;
  }

  it("is followed by the bot and by those of ours who are in it", async () => {
    const s = await scene();
    const room = theirs(s);
    await s.home.deliverToGroup(room, group().id, bob, groupWords(BOB, "hello"), "k1");
    const to = next(s, room, "invite");
    await s.home.perform(follow(room, to));
    expect(s.stub.room(to).members.get(BOT)).toBe("join");
    expect(s.stub.room(to).members.get(BOB_ID)).toBe("join");
  });

  it("is waited for until the bot is asked in, but not for ever", async () => {
    const s = await scene();
    const room = theirs(s);
    const to = next(s, room, undefined);
    await expect(s.home.perform(follow(room, to))).rejects.toMatchObject({ code: "home-busy" });
    await s.home.perform(follow(room, to, Date.now() - 61_000));
    expect(s.stub.room(to).members.has(BOT)).toBe(false);
  });

  it("is none of the bridge's when the other room knows nothing of it", async () => {
    const s = await scene();
    const room = theirs(s);
    const { id } = s.stub.makeRoom({ [BEN]: "join", [BOT]: "invite" });
    s.stub.room(room).state.set("m.room.tombstone ", { replacement_room: id });
    await s.home.perform(follow(room, id));
    expect(s.stub.room(id).members.get(BOT)).toBe("leave");
  });

  it("takes the bot out of no room in which it was before", async () => {
    const s = await scene();
    const room = theirs(s);
    const { id } = s.stub.makeRoom({ [BEN]: "join", [BOT]: "join" });
    s.stub.room(room).state.set("m.room.tombstone ", { replacement_room: id });
    await s.home.perform(follow(room, id));
    expect(s.stub.room(id).members.get(BOT)).toBe("join");
  });

  it("is known to by what both rooms say", async () => {
    const s = await scene();
    const room = theirs(s);
    const to = next(s, room, "join");
    const { id } = s.stub.makeRoom({ [BEN]: "join", [BOT]: "join" });
    expect(await s.home.goesOn(room, roomId(to))).toBe(true);
    expect(await s.home.goesOn(room, roomId(id))).toBe(false);
    expect(await s.home.goesOn(room, roomId("!unknown:example.org"))).toBe(false);
  });

  it("is not looked for in a room that knows nothing of it: the chat gets a new one, and no contact comes there", async () => {
    const s = await scene();
    const open = () => s.home.openDirect(portalOf(BOB), resident(ANNA), ghostOf(BOB), "Bob");
    let room = await open();
    for (const bot of ["join", undefined] as const) {
      const { id } = s.stub.makeRoom({ [BEN]: "join", ...(bot ? { [BOT]: bot } : { [BOB_ID]: "invite" }) });
      s.stub.room(room).state.set("m.room.tombstone ", { replacement_room: id });
      const next = await open();
      expect([room, id]).not.toContain(next);
      room = next;
      expect(s.stub.room(id).members.get(BOB_ID)).not.toBe("join");
      s.stub.room(id).members.delete(BOB_ID);
    }
  });

  it("and was somebody's own chat with the bot stays one", async () => {
    const s = await scene();
    const room = await s.management();
    const to = next(s, room, "invite");
    const tombstone = s.stub.event(room, ANNA, "m.room.tombstone", { replacement_room: to }, "");
    await s.stub.push([tombstone]);
    await s.host.settled();
    await s.stub.push([s.stub.event(to, ANNA, "m.room.message", { msgtype: "m.text", body: "status" })]);
    expect(await s.host.event("command")).toMatchObject({ room: to, line: "status" });
    expect(lines(s, to)).toEqual([]);
  });
});

describe("somebody's own room with the bot that became a group's", () => {
  it("is no place for bare commands any more", async () => {
    const s = await scene();
    const room = await s.management();
    s.host.groups.add(room);
    await s.stub.push([s.stub.event(room, ANNA, "m.room.message", { msgtype: "m.text", body: "status" })]);
    expect(await s.host.event("text")).toMatchObject({ text: "status" });
  });
});
