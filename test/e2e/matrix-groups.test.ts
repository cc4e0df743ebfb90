import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GroupView } from "../../src/bridge/groups/model.ts";
import { type MessageId, parseHomeName, type RoomId, residentId } from "../../src/bridge/model.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { Registration } from "../../src/matrix/registration.ts";
import {
  contact,
  enter,
  groupWords,
  kick,
  levelOf,
  member,
  newGroup,
  state,
  upgrade,
  viewOf,
} from "../support/matrix-groups.ts";
import {
  ghostOf,
  makeRegistration,
  type RunningHome,
  resident,
  startHome,
  writeRegistration,
} from "../support/matrix-home.ts";
import { useSynapse } from "../support/synapse.ts";

const DOMAIN = "matrix.test";
const BOB = "bob@example.com";
const CAROL = "carol@example.com";

let made: { text: string; registration: Registration; port: number };
let running: RunningHome;
let anna: MatrixPerson;
let ben: MatrixPerson;

const synapse = useSynapse({
  serverName: DOMAIN,
  // What the homeserver takes by itself is version 12; the one before gives creators their power in another way.
  ...(process.env.MSNBRIDGE_LONG === "1" ? { overrides: { default_room_version: "11" } } : {}),
  registration: async (dir) => {
    made = await makeRegistration(DOMAIN);
    return writeRegistration(dir, made.text);
  },
});

/** A Matrix side that remembers what it has stored. */
async function restart(): Promise<void> {
  const { registration, port } = made;
  const profiles = running?.profiles;
  const options = { homeserverUrl: synapse.server.url, domain: DOMAIN, registration, port };
  running = await startHome({ ...options, ...(profiles && { profiles }) });
  await running.home.attached();
}

beforeAll(async () => {
  await restart();
  anna = await synapse.newPerson("anna");
  ben = await synapse.newPerson("ben");
});
afterAll(async () => {
  await running?.home.stop();
});

const bot = (): string => running.home.bot;
const ghost = (address: string): string => running.home.ghostLabel(ghostOf(address));
const speaker = (address: string, name: string) => ({ kind: "ghost", ghost: ghostOf(address), name }) as const;

function people(...more: GroupView["people"]): GroupView["people"] {
  return [contact(BOB, "Bob"), contact(CAROL, "Carol"), member(anna.userId), ...more];
}

/** The room of a group, which those people have entered. */
async function open(view: GroupView, ...who: readonly MatrixPerson[]): Promise<RoomId> {
  const room = await running.home.openGroup(view);
  running.host.groups.add(room);
  for (const person of who) await enter(person, room);
  return room;
}

async function say(room: RoomId, view: GroupView, address: string, text: string): Promise<MessageId> {
  const key = `${room} ${text}`;
  return running.home.deliverToGroup(
    room,
    view.id,
    speaker(address, address === BOB ? "Bob" : "Carol"),
    groupWords(address, text),
    key,
  );
}

/** A room of people's own, tied to the group; anna has made it. */
async function plumb(view: GroupView, options: { botPower?: number; content?: object } = {}): Promise<RoomId> {
  const { room_id } = await anna.client.call<{ room_id: string }>("POST", "/_matrix/client/v3/createRoom", {
    body: {
      preset: "private_chat",
      name: "Our own",
      topic: "About us",
      invite: [bot(), ben.userId],
      ...options.content,
    },
  });
  const room = room_id as RoomId;
  await enter(anna, room);
  await enter(ben, room);
  await anna.waitForMessage(room, /!msn bridge/, bot());
  running.host.groups.add(room);
  if (options.botPower !== undefined) {
    const levels = anna.room(room).state("m.room.power_levels");
    const users = { ...(levels?.users as object), [bot()]: options.botPower };
    await state(anna, room, "m.room.power_levels", { ...levels, users });
  }
  await running.home.shapeGroup(room, view);
  return room;
}

/** What has been stored of a room, from now on. */
function eventsIn(room: string) {
  const from = running.host.events.length;
  return () => running.host.events.slice(from).filter((event) => "room" in event && event.room === room);
}

describe("the room of a group", () => {
  it("has its people, a name made of them, and knows its group; it is found again", async () => {
    const view = viewOf(newGroup("set"), people(member(ben.userId)), { topic: "Holidays" });
    const room = await open(view, anna, ben);
    await say(room, view, BOB, "hello");
    await anna.waitForMessage(room, "hello", ghost(BOB));
    const seen = anna.room(room);
    await expect
      .poll(() => [...seen.members()].sort())
      .toEqual([anna.userId, ben.userId, bot(), ghost(BOB), ghost(CAROL)].sort());
    await expect.poll(() => seen.state("m.room.name")).toEqual({ name: "Bob, Carol, anna and ben" });
    await expect.poll(() => seen.state("m.room.topic")).toMatchObject({ topic: "Holidays" });
    await expect.poll(() => seen.displayName(ghost(CAROL))).toBe("Carol");
    const key = view.id.replace(/^([^/]+)\/(.*)>group$/, "msn://$1/$2");
    for (const type of ["m.bridge", "uk.half-shot.bridge"])
      await expect
        .poll(() => seen.state(type, key))
        .toMatchObject({
          "msnbridge.group": { id: view.id, members: [BOB, CAROL], residents: [anna.userId, ben.userId].sort() },
        });
    expect(await running.home.openGroup(view)).toBe(room);
  });

  it("follows the group: people, roles, name and topic; who has declined is not asked again", async () => {
    const id = newGroup("circle");
    const view = viewOf(id, people(member(ben.userId)), { kind: "circle", name: "Friends" });
    const room = await open(view, anna);
    await ben.waitFor("the invitation", () => ben.invites.has(room));
    await ben.leave(room);
    const now = viewOf(
      id,
      [
        contact(BOB, "Bob", "admin"),
        contact("dora@example.com", "Dora"),
        member(anna.userId, "admin"),
        member(ben.userId),
      ],
      { kind: "circle", name: "Best friends", topic: "News" },
    );
    await running.home.shapeGroup(room, now);
    await anna.waitFor("Dora", () => anna.room(room).members().includes(ghost("dora@example.com")));
    await anna.waitFor("Carol gone", () => !anna.room(room).members().includes(ghost(CAROL)));
    await anna.waitFor("the topic", () => anna.room(room).state("m.room.topic")?.topic === "News");
    await expect.poll(() => anna.room(room).state("m.room.name")).toEqual({ name: "Best friends" });
    await anna.waitFor(
      "the roles",
      () => levelOf(anna, room, ghost(BOB)) === 50 && levelOf(anna, room, anna.userId) === 50,
    );
    await expect.poll(() => anna.room(room).members("invite")).toEqual([]);
    // Nothing is different: nothing is done.
    await say(room, now, BOB, "so far");
    await anna.waitForMessage(room, "so far");
    const before = anna.room(room).timeline.length;
    await running.home.shapeGroup(room, now);
    await say(room, now, BOB, "still here");
    await anna.waitForMessage(room, "still here");
    expect(
      anna
        .room(room)
        .timeline.slice(before)
        .map(({ type }) => type),
    ).toEqual(["m.room.message"]);
    // Ben has left the group, and comes into it anew.
    await running.home.shapeGroup(room, { ...now, people: now.people.slice(0, 3) });
    await running.home.shapeGroup(room, now);
    await ben.waitFor("a new invitation", () => ben.invites.has(room));
    // And is thrown out of it again.
    await enter(ben, room);
    await running.home.shapeGroup(room, { ...now, people: now.people.slice(0, 3) });
    await ben.waitFor("being out", () => ben.rooms.get(room)?.joined === false);
  });

  it("is deleted with everything in it", async () => {
    const view = viewOf(newGroup("gone"), people());
    const room = await open(view, anna);
    await running.home.releaseGroup(room, view, "delete");
    await anna.waitFor("being out", () => anna.room(room).joined === false);
    await running.home.releaseGroup(room, view, "delete");
    expect(await running.home.openGroup(view)).not.toBe(room);
  });

  it("is left to its people, who have all power there", async () => {
    const view = viewOf(newGroup("freed"), people());
    const room = await open(view, anna);
    await running.home.releaseGroup(room, view, "unbridge");
    await anna.waitForMessage(room, /no longer tied/, bot());
    await anna.waitFor("being alone", () => anna.room(room).members().length === 1);
    expect(levelOf(anna, room, anna.userId)).toBe(100);
    expect(await running.home.openGroup(view)).not.toBe(room);
  });
});

describe("words in a group's room", () => {
  it("are answered, edited, removed and reacted to as Matrix does it", async () => {
    const view = viewOf(newGroup("words"), people());
    const room = await open(view, anna);
    const asked = (await anna.sendText(room, "who comes?")) as MessageId;
    const by = (about: Parameters<typeof groupWords>[2], text: string, key: string) =>
      running.home.deliverToGroup(room, view.id, speaker(BOB, "Bob"), groupWords(BOB, text, about), key);
    const reply = await by({ kind: "reply", target: asked, text: "me" }, "“who comes?”\nme", "words 1");
    const seen = await anna.waitForMessage(room, "me", ghost(BOB));
    expect(seen.content).toMatchObject({
      "m.relates_to": { "m.in_reply_to": { event_id: asked } },
      "m.mentions": { user_ids: [anna.userId] },
    });
    await by({ kind: "edit", target: reply, text: "me, too" }, "* me, too", "words 2");
    const edit = await anna.waitForMessage(room, "* me, too", ghost(BOB));
    expect(edit.content).toMatchObject({
      "m.new_content": { body: "me, too" },
      "m.relates_to": { rel_type: "m.replace", event_id: reply },
    });
    const like = { kind: "reaction", target: asked, key: "👍" } as const;
    const reaction = await by(like, "Bob: 👍", "words 3");
    expect(await by(like, "Bob: 👍", "words 3")).toBe(reaction);
    expect(await by(like, "Bob: 👍", "words 4")).toBe(reaction);
    await anna.waitFor("the reaction", () => anna.room(room).reactions(asked)[0]?.key === "👍");
    await by({ ...like, removed: true }, "", "words 5");
    await by({ kind: "removal", target: reply }, "(removed)", "words 6");
    const gone = () =>
      anna.room(room).timeline.flatMap((e) => (e.type === "m.room.redaction" ? [e.redacts ?? e.content.redacts] : []));
    await anna.waitFor("both gone", () => gone().includes(reaction) && gone().includes(reply));
    // As after a restart: the homeserver knows it.
    const old = await running.home.deliverToGroup(
      room,
      view.id,
      speaker(CAROL, "Carol"),
      groupWords(CAROL, "x", like),
      "words 8",
    );
    await running.home.stop();
    await restart();
    const removed = groupWords(CAROL, "", { ...like, removed: true });
    await running.home.deliverToGroup(room, view.id, speaker(CAROL, "Carol"), removed, "words 9");
    await anna.waitFor("that gone, too", () => gone().includes(old));
    // What somebody else has said is not theirs to change.
    await by({ kind: "edit", target: asked, text: "nobody comes" }, "✎ nobody comes", "words 7");
    await anna.waitForMessage(room, "✎ nobody comes", ghost(BOB));
  });

  it("of somebody in another home come from a user who is nobody's contact", async () => {
    const view = viewOf(newGroup("guests"), people(), {
      rooms: [{ home: parseHomeName("xmpp"), room: "r@muc" as RoomId }],
    });
    const room = await open(view, anna);
    const guest = { kind: "guest", resident: residentId(parseHomeName("xmpp"), "zoe@xmpp.test"), name: "Zoe" } as const;
    const tell = (key: string) => running.home.deliverToGroup(room, view.id, guest, groupWords(BOB, "from afar"), key);
    expect(await tell("guest 1")).toBe(await tell("guest 1"));
    const { sender } = await anna.waitForMessage(room, "from afar");
    expect(sender).toBe("@_msn_.xmpp_zoe=40xmpp.test:matrix.test");
    await expect.poll(() => anna.room(room).displayName(sender)).toBe("Zoe");
    await running.home.shapeGroup(room, view);
    await say(room, view, BOB, "after shaping");
    await anna.waitForMessage(room, "after shaping");
    await expect.poll(() => anna.room(room).members()).toContain(sender);
    await running.home.shapeGroup(room, { ...view, rooms: [] });
    await anna.waitFor("the guest gone", () => !anna.room(room).members().includes(sender));
  });

  it("of a resident at another place come from the ghost of their own account, where the bridge may not speak as them", async () => {
    const view = viewOf(newGroup("own"), people());
    const room = await open(view, anna);
    const own = {
      kind: "own",
      resident: resident(anna.userId),
      self: ghostOf("anna@example.com"),
      name: "Anna",
    } as const;
    const message = { ...groupWords("anna@example.com", "typed elsewhere"), own: { device: "iPaq" } };
    await running.home.deliverToGroup(room, view.id, own, message, "own 1");
    await anna.waitForMessage(room, "typed elsewhere", ghost("anna@example.com"));
    await anna.waitFor("the name", () => anna.room(room).displayName(ghost("anna@example.com")) === "Anna (on iPaq)");
    await running.home.shapeGroup(room, view);
    await say(room, view, BOB, "noted");
    await anna.waitForMessage(room, "noted");
    await expect.poll(() => anna.room(room).members()).toContain(ghost("anna@example.com"));
  });
});

describe("what people do in a group's room", () => {
  it("is told to the core: who is asked in and taken out, names, topics, roles", async () => {
    const view = viewOf(newGroup("doings"), people(member(anna.userId, "admin")), { kind: "circle", name: "Doings" });
    const room = await open(
      { ...view, people: [...view.people.slice(0, 2), member(anna.userId, "admin"), member(ben.userId)] },
      anna,
      ben,
    );
    await anna.waitFor("power", () => levelOf(anna, room, anna.userId) === 50);
    const events = eventsIn(room);
    await anna.invite(room, ghost("erin@example.com"));
    await kick(anna, room, ghost(CAROL));
    await state(anna, room, "m.room.name", { name: "Deeds" });
    await state(anna, room, "m.room.topic", { topic: "What we do" });
    const levels = anna.room(room).state("m.room.power_levels");
    await state(anna, room, "m.room.power_levels", {
      ...levels,
      users: { ...(levels?.users as object), [ghost(BOB)]: 50 },
    });
    await ben.leave(room);
    await running.host.waitFor("all of it", () => events().length >= 6);
    const who = { resident: resident(anna.userId), room };
    expect(events()).toMatchObject([
      { kind: "invited", ...who, ghost: ghostOf("erin@example.com"), direct: false },
      { kind: "removed", ...who, ghost: ghostOf(CAROL) },
      { kind: "reshaped", ...who, change: { what: "name", text: "Deeds" } },
      { kind: "reshaped", ...who, change: { what: "topic", text: "What we do" } },
      { kind: "reshaped", ...who, change: { what: "role", ghost: ghostOf(BOB), role: "admin" } },
      { kind: "left", resident: resident(ben.userId), room },
    ]);
    // Shaped back, without an echo; the one who is asked in waits for the network's answer.
    await running.home.shapeGroup(room, {
      ...view,
      people: [contact(BOB, "Bob"), contact(CAROL, "Carol"), member(anna.userId, "admin")],
    });
    await anna.waitFor("Carol back", () => anna.room(room).members().includes(ghost(CAROL)));
    await anna.waitFor("the name back", () => anna.room(room).state("m.room.name")?.name === "Doings");
    await anna.waitFor("the role back", () => levelOf(anna, room, ghost(BOB)) === undefined);
    await expect.poll(() => anna.room(room).members("invite")).toEqual([ghost("erin@example.com")]);
    const sent = await anna.sendText(room, "the last word");
    await running.host.waitFor("it", () => events().some((event) => event.kind === "text" && event.message === sent));
    expect(
      events()
        .map(({ kind }) => kind)
        .slice(6),
    ).toEqual(["text"]);
  });

  it("is not theirs to do among several: there are no roles, and MSN takes nobody out", async () => {
    const view = viewOf(newGroup("several"), people());
    const room = await open(view, anna);
    await expect(kick(anna, room, ghost(BOB))).rejects.toThrow(/M_FORBIDDEN|403/);
    await state(anna, room, "m.room.name", { name: "Us" });
    const event = await running.host.waitFor("the name", () =>
      running.host.events.find((one) => one.kind === "reshaped" && one.room === room),
    );
    expect(event).toMatchObject({ change: { what: "name", text: "Us" } });
  });
});

describe("a room of people's own", () => {
  it("keeps its name, people and powers; ghosts come when they speak, and go", async () => {
    const view = viewOf(newGroup("plumbed"), people(), {
      plumbed: true,
      topic: "Dora speaks through bob@example.com.",
      name: "MSN name",
    });
    const room = await plumb(view, {
      botPower: 50,
    });
    await anna.waitFor(
      "the note",
      () => anna.room(room).state("m.room.topic")?.topic === "About us\n⇄ Dora speaks through bob@example.com.",
    );
    await expect.poll(() => anna.room(room).members()).not.toContain(ghost(BOB));
    await say(room, view, BOB, "knock knock");
    await anna.waitForMessage(room, "knock knock", ghost(BOB));
    await running.home.shapeGroup(room, { ...view, topic: "", people: view.people.slice(1) });
    await anna.waitFor("Bob gone", () => !anna.room(room).members().includes(ghost(BOB)));
    await anna.waitFor("no note", () => anna.room(room).state("m.room.topic")?.topic === "About us");
    await running.home.shapeGroup(room, view);
    await say(room, view, CAROL, "me as well");
    await anna.waitForMessage(room, "me as well", ghost(CAROL));
    await running.home.releaseGroup(room, view, "unbridge");
    await anna.waitForMessage(room, /no longer tied/, bot());
    await anna.waitFor("the topic back", () => anna.room(room).state("m.room.topic")?.topic === "About us");
    await expect.poll(() => [...anna.room(room).members()].sort()).toEqual([anna.userId, ben.userId, bot()].sort());
    await expect.poll(() => anna.room(room).state("m.room.name")).toEqual({ name: "Our own" });
  });

  it("that lets no ghost in hears the bot say who speaks", async () => {
    const view = viewOf(newGroup("closed"), people(), { plumbed: true });
    const room = await plumb(view, { content: { power_level_content_override: { invite: 50 } } });
    const said = await say(room, view, BOB, "may I?");
    expect(await say(room, view, BOB, "may I?")).toBe(said);
    const seen = await anna.waitForMessage(room, "Bob: may I?", bot());
    expect(seen.content.formatted_body).toBe("<strong>Bob</strong>: may I?");
    await running.home.deliverToGroup(
      room,
      view.id,
      speaker(BOB, "Bob"),
      groupWords(BOB, "* yes", { kind: "edit", target: said, text: "yes" }),
      "closed 2",
    );
    expect((await anna.waitForMessage(room, "* Bob: yes", bot())).content).toMatchObject({
      "m.new_content": { body: "Bob: yes" },
    });
  });

  it("is tied by those alone who have the power there; others are told who has it", async () => {
    const room = await plumb(viewOf(newGroup("asked"), people(), { plumbed: true }));
    expect(await running.home.mayBridge(room, resident(anna.userId))).toEqual({
      allowed: true,
      but: expect.stringContaining(`gives ${bot()} the power 50 there`),
    });
    expect(await running.home.mayBridge(room, resident(ben.userId))).toEqual({
      allowed: false,
      because: `your power in that room is 0, and it takes 50 there; who could do it: anna (${anna.userId})`,
    });
    expect(await running.home.nameIn(room, resident(ben.userId))).toBe("ben");
    const other = await anna.createRoom({});
    expect(await running.home.mayBridge(other as RoomId, resident(anna.userId))).toMatchObject({
      allowed: false,
      because: expect.stringContaining(`invite ${bot()}`),
    });
    const encrypted = await anna.createRoom({ encrypted: true, invite: [bot()], name: "secret" });
    await anna.waitForMessage(encrypted, /encrypted/, bot());
  });

  it("is found by its address, or is not", async () => {
    const made = await anna.client.call<{ room_id: string }>("POST", "/_matrix/client/v3/createRoom", {
      body: { room_alias_name: "ours" },
    });
    const who = resident(anna.userId);
    expect(await running.home.findRoom("#ours:matrix.test", who)).toBe(made.room_id);
    expect(await running.home.findRoom("https://matrix.to/#/%23ours%3Amatrix.test", who)).toBe(made.room_id);
    expect(await running.home.findRoom(made.room_id, who)).toBe(made.room_id);
    await expect(running.home.findRoom("#theirs:matrix.test", who)).rejects.toMatchObject({ code: "room-unknown" });
    await expect(running.home.findRoom("ours", who)).rejects.toMatchObject({ code: "room-unknown" });
  });

  it("from which the bot is thrown out cannot be used until it is asked back", async () => {
    const view = viewOf(newGroup("kicked"), people(), { plumbed: true });
    const room = await plumb(view);
    await say(room, view, BOB, "before");
    await anna.waitForMessage(room, "before", ghost(BOB));
    await kick(anna, room, bot());
    await running.host.waitFor("the news", () =>
      running.host.events.some((one) => one.kind === "shut-out" && one.room === room),
    );
    await expect(running.home.shapeGroup(room, view)).rejects.toMatchObject({ code: "room-gone" });
    await kick(anna, room, ghost(BOB));
    await expect(say(room, view, BOB, "after")).rejects.toMatchObject({ code: "room-gone" });
    await anna.invite(room, bot());
    await anna.waitFor("the bot", () => anna.room(room).members().includes(bot()));
    await running.home.shapeGroup(room, view);
    await say(room, view, CAROL, "again");
    await anna.waitForMessage(room, "again", ghost(CAROL));
  });

  it("goes on in another room with everybody of ours", async () => {
    const view = viewOf(newGroup("moved"), people(), { plumbed: true });
    const room = await plumb(view);
    await say(room, view, BOB, "in the old room");
    await anna.waitForMessage(room, "in the old room", ghost(BOB));
    const to = await upgrade(anna, room, bot());
    const moved = await running.host.waitFor("the move", () =>
      running.host.events.find((one) => one.kind === "moved" && one.room === room),
    );
    expect(moved).toMatchObject({ to, resident: resident(anna.userId) });
    await enter(anna, to);
    await anna.waitFor("Bob", () => anna.room(to).members().includes(ghost(BOB)));
    running.host.groups.add(to);
    await running.home.shapeGroup(to, view);
    await say(to, view, BOB, "in the new room");
    await anna.waitForMessage(to, "in the new room", ghost(BOB));
    expect(anna.room(to).texts(bot())).toEqual([]);
  });
});
