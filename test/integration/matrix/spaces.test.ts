import { describe, expect, it } from "vitest";
import { portalParts } from "../../../src/bridge/model.ts";
import type { SpaceView } from "../../../src/bridge/ports/home.ts";
import { ghostOf, portalOf, resident } from "../../support/matrix-home.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, type StubScene, scene } from "../../support/stub-scene.ts";

cleanScenes();

const { account: ACCOUNT } = portalParts(portalOf("bob@example.com"));
const OWNER = resident(ANNA);
const TITLE = "Escargot: owner@example.com";

/** A chat of Anna's, in which the bot is. */
async function chat(s: StubScene, name: string): Promise<SpaceView["loose"][number]> {
  const ghost = ghostOf(`${name}@example.com`);
  const room = await s.home.openDirect(portalOf(`${name}@example.com`), OWNER, ghost, name);
  s.stub.room(room).members.set(ANNA, "join");
  return { room, ghost, order: name };
}

const show = (s: StubScene, folders: SpaceView["folders"], loose: SpaceView["loose"] = []): Promise<void> =>
  s.home.showSpace(ACCOUNT, OWNER, { title: TITLE, folders, loose });

function spaces(s: StubScene) {
  return [...s.stub.rooms.values()].filter(({ state }) => state.get("m.room.create ")?.type === "m.space");
}

const nameOf = (room: ReturnType<typeof spaces>[number]): unknown => room.state.get("m.room.name ")?.name;

function spaceNamed(s: StubScene, name: string): ReturnType<typeof spaces>[number] {
  const found = spaces(s).find((one) => nameOf(one) === name && one.members.get(BOT) === "join");
  if (!found) throw new Error(`no space ${name} among ${spaces(s).map(nameOf).join(", ")}`);
  return found;
}

function pieces(state: ReadonlyMap<string, Record<string, unknown>>, type: string): string[] {
  const there = [...state].filter(([key, content]) => key.startsWith(`${type} `) && content.via !== undefined);
  return there.map(([key]) => key.slice(type.length + 1)).sort();
}

/** Rooms in a space, by its name. */
const inside = (s: StubScene, name: string): string[] => pieces(spaceNamed(s, name).state, "m.space.child");
/** Spaces that a room names. */
const parents = (s: StubScene, room: string): string[] => pieces(s.stub.room(room).state, "m.space.parent");

/** What was asked of the homeserver, but for looking. */
const written = (s: StubScene): string[] =>
  s.stub.calls.filter(({ method }) => method !== "GET").map(({ name }) => name);

describe("an account's space", () => {
  it("is private, the bot's alone, with its folders open to who is in it", async () => {
    const s = await scene();
    const bob = await chat(s, "bob");
    await show(s, [{ name: "Friends", rooms: [bob] }]);
    const top = spaceNamed(s, TITLE);
    const friends = spaceNamed(s, "Friends");
    expect([...top.members]).toEqual([
      [BOT, "join"],
      [ANNA, "invite"],
    ]);
    expect([...friends.members]).toEqual([[BOT, "join"]]);
    expect(top.version).toMatchObject({
      visibility: "private",
      preset: "private_chat",
      power_level_content_override: { events_default: 100, state_default: 100, invite: 100 },
    });
    expect(friends.state.get("m.room.join_rules ")).toEqual({
      join_rule: "restricted",
      allow: [{ type: "m.room_membership", room_id: top.id }],
    });
    expect(pieces(friends.state, "m.space.parent")).toEqual([top.id]);
    expect(inside(s, TITLE)).toEqual([friends.id]);
    expect(inside(s, "Friends")).toEqual([bob.room]);
    expect(top.state.get(`m.space.child ${friends.id}`)).toMatchObject({ via: [DOMAIN], order: expect.any(String) });
    expect(parents(s, bob.room)).toEqual([friends.id]);
  });

  it("that is so already costs nothing; a chat more in a folder is told to that folder alone", async () => {
    const s = await scene();
    const [bob, carol, dan] = [await chat(s, "bob"), await chat(s, "carol"), await chat(s, "dan")];
    const folders = [
      { name: "Friends", rooms: [bob] },
      { name: "Work", rooms: [carol] },
    ];
    await show(s, folders);
    s.stub.forgetCalls();
    await show(s, folders);
    expect(s.stub.calls).toEqual([]);
    await show(s, [{ name: "Friends", rooms: [bob, dan] }, folders[1] ?? { name: "", rooms: [] }]);
    expect(s.stub.calls.map(({ name, method }) => `${method} ${name}`)).toEqual([
      "GET whole-state",
      "PUT state",
      "PUT state",
    ]);
    expect(inside(s, "Friends")).toEqual([bob.room, dan.room].sort());
  });

  it("a contact of two groups stands in both, and the chat names the first", async () => {
    const s = await scene();
    const bob = await chat(s, "bob");
    await show(s, [
      { name: "Friends", rooms: [bob] },
      { name: "Work", rooms: [bob] },
    ]);
    expect([inside(s, "Friends"), inside(s, "Work")]).toEqual([[bob.room], [bob.room]]);
    expect(parents(s, bob.room)).toEqual([spaceNamed(s, "Friends").id]);
    await show(s, [{ name: "Work", rooms: [bob] }]);
    expect(parents(s, bob.room)).toEqual([spaceNamed(s, "Work").id]);
    expect(inside(s, TITLE)).toEqual([spaceNamed(s, "Work").id]);
  });

  it("a group with another name is the same folder; one without chats is left and emptied of people", async () => {
    const s = await scene();
    const [bob, carol] = [await chat(s, "bob"), await chat(s, "carol")];
    await show(s, [
      { name: "Friends", rooms: [bob] },
      { name: "Work", rooms: [carol] },
    ]);
    const [friends, work] = [spaceNamed(s, "Friends"), spaceNamed(s, "Work")];
    work.members.set(ANNA, "join");
    await show(s, [{ name: "Pals", rooms: [bob] }], [carol]);
    expect(spaceNamed(s, "Pals").id).toBe(friends.id);
    expect([work.members.get(ANNA), work.members.get(BOT)]).toEqual(["leave", "leave"]);
    expect(inside(s, TITLE)).toEqual([friends.id, carol.room].sort());
    expect(parents(s, carol.room)).toEqual([spaceNamed(s, TITLE).id]);
  });

  it("a new group that has the name of an old one is a folder of its own", async () => {
    const s = await scene();
    const [bob, carol] = [await chat(s, "bob"), await chat(s, "carol")];
    await show(s, [{ name: "Friends", rooms: [bob] }]);
    const first = spaceNamed(s, "Friends").id;
    await show(s, [{ name: "Pals", rooms: [bob] }]);
    await show(s, [
      { name: "Friends", rooms: [carol] },
      { name: "Pals", rooms: [bob] },
    ]);
    expect(spaceNamed(s, "Pals").id).toBe(first);
    expect(spaceNamed(s, "Friends").id).not.toBe(first);
  });

  it("a group's room, which others share, names no space; a room that lets nobody name one is in it all the same", async () => {
    const s = await scene();
    const [bob, us] = [await chat(s, "bob"), await chat(s, "us")];
    await show(s, [], [{ room: us.room, order: "us" }]);
    expect(parents(s, us.room)).toEqual([]);
    const dan = await chat(s, "dan");
    s.stub.room(bob.room).members.set(BOT, "leave");
    s.stub.room(dan.room).members.clear();
    await show(s, [], [bob, dan, { room: us.room, order: "us" }]);
    expect(parents(s, bob.room)).toEqual([spaceNamed(s, TITLE).id]);
    expect(parents(s, dan.room)).toEqual([]);
    expect(inside(s, TITLE)).toEqual([bob.room, dan.room, us.room].sort());
  });
});

describe("after a restart or a failure", () => {
  /** Another Matrix side that knows nothing of what the first did. */
  async function again(s: StubScene): Promise<StubScene> {
    const fresh = await scene();
    // No id twice.
    while (fresh.stub.next() < 1000);
    for (const [id, room] of s.stub.rooms) fresh.stub.rooms.set(id, room);
    for (const [alias, room] of s.stub.aliases) fresh.stub.aliases.set(alias, room);
    for (const user of s.stub.users) fresh.stub.users.add(user);
    fresh.stub.forgetCalls();
    return fresh;
  }

  it("the space is looked at once, and nothing is written", async () => {
    const s = await scene();
    const bob = await chat(s, "bob");
    await show(s, [{ name: "Friends", rooms: [bob] }]);
    const fresh = await again(s);
    await show(fresh, [{ name: "Friends", rooms: [bob] }]);
    expect(written(fresh)).toEqual(["join"]);
    fresh.stub.forgetCalls();
    await show(fresh, [{ name: "Friends", rooms: [bob] }]);
    expect(fresh.stub.calls).toEqual([]);
  });

  it.each(["create-room", "state", "whole-state", "alias"])(
    "what a broken %s has left undone is done, and nothing is made twice",
    async (call) => {
      const s = await scene();
      const [bob, carol] = [await chat(s, "bob"), await chat(s, "carol")];
      const folders = [{ name: "Friends", rooms: [bob] }];
      s.stub.fail(call, { kind: "lose-answer" });
      await show(s, folders, [carol]).catch(() => {});
      const fresh = await again(s);
      await show(fresh, folders, [carol]);
      expect(spaces(fresh)).toHaveLength(2);
      expect(inside(fresh, TITLE)).toEqual([spaceNamed(fresh, "Friends").id, carol.room].sort());
      expect(inside(fresh, "Friends")).toEqual([bob.room]);
      expect(parents(fresh, bob.room)).toEqual([spaceNamed(fresh, "Friends").id]);
      expect(spaceNamed(fresh, TITLE).members.get(ANNA)).toBe("invite");
    },
  );

  it("a homeserver that is away is an error to be tried again", async () => {
    const s = await scene();
    const bob = await chat(s, "bob");
    s.stub.fail("alias", { kind: "html", status: 502 });
    await expect(show(s, [], [bob])).rejects.toMatchObject({ code: "home-down" });
    await show(s, [], [bob]);
    expect(inside(s, TITLE)).toEqual([bob.room]);
  });

  it("a folder that an administrator has taken from the bot is made anew", async () => {
    const s = await scene();
    const [bob, carol] = [await chat(s, "bob"), await chat(s, "carol")];
    await show(s, [{ name: "Friends", rooms: [bob] }]);
    const lost = spaceNamed(s, "Friends");
    lost.members.set(BOT, "leave");
    await show(s, [{ name: "Friends", rooms: [bob, carol] }]);
    expect(spaceNamed(s, "Friends").id).not.toBe(lost.id);
    expect(inside(s, TITLE)).toEqual([spaceNamed(s, "Friends").id]);
  });
});

describe("people and their space", () => {
  it("who leaves it is not asked again, and nothing is done for it any more", async () => {
    const s = await scene();
    const [bob, carol] = [await chat(s, "bob"), await chat(s, "carol")];
    await show(s, [], [bob]);
    const top = spaceNamed(s, TITLE);
    top.members.set(ANNA, "leave");
    await s.stub.push([s.stub.event(top.id, ANNA, "m.room.member", { membership: "leave" }, ANNA)]);
    await s.host.waitFor("the leaving", () => s.host.items.length === 2);
    await s.host.settled();
    expect(top.members.get(BOT)).toBe("join");
    s.stub.forgetCalls();
    await show(s, [{ name: "Friends", rooms: [carol] }], [bob]);
    await show(s, [{ name: "Friends", rooms: [carol, bob] }]);
    expect(written(s)).toEqual([]);
    expect(top.members.get(ANNA)).toBe("leave");
  });

  it("unlinked, it is gone: nobody is in it or in its folders, chats name it no more, and the next one is new", async () => {
    const s = await scene();
    const [bob, carol] = [await chat(s, "bob"), await chat(s, "carol")];
    await show(s, [{ name: "Friends", rooms: [bob] }], [carol]);
    const [top, friends] = [spaceNamed(s, TITLE), spaceNamed(s, "Friends")];
    for (const space of [top, friends]) space.members.set(ANNA, "join");
    await s.home.dropSpace(ACCOUNT, OWNER);
    for (const { members } of [top, friends]) expect([members.get(ANNA), members.get(BOT)]).toEqual(["leave", "leave"]);
    expect([...parents(s, bob.room), ...parents(s, carol.room)]).toEqual([]);
    await s.home.dropSpace(ACCOUNT, OWNER);
    await show(s, [], [bob]);
    expect(spaceNamed(s, TITLE).id).not.toBe(top.id);
    expect(spaceNamed(s, TITLE).members.get(ANNA)).toBe("invite");
  });

  it("without spaces there are none", async () => {
    const s = await scene({ spaces: false });
    expect(s.home.hasSpaces).toBe(false);
  });
});
