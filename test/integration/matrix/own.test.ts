import { describe, expect, it } from "vitest";
import type { RoomId } from "../../../src/bridge/model.ts";
import { ghostOf, portalOf, resident } from "../../support/matrix-home.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, type StubScene, scene } from "../../support/stub-scene.ts";

cleanScenes();

const SECRET = "tr0ub4dor&3";
const BOB_ID = `@_msn_escargot_bob=40example.com:${DOMAIN}`;

async function say(s: StubScene, room: string, body: string): Promise<string> {
  const event = s.stub.event(room, ANNA, "m.room.message", { msgtype: "m.text", body });
  expect(await s.stub.push([event])).toBe(200);
  await s.host.settled();
  return String(event.event_id);
}

function notices(s: StubScene, room: string): string[] {
  return s.stub
    .room(room)
    .events.filter((e) => e.type === "m.room.message")
    .map((e) => String(e.content.body));
}

async function member(s: StubScene, room: string, membership: string, whom: string, more: object = {}): Promise<void> {
  const event = { ...s.stub.event(room, ANNA, "m.room.member", { membership, is_direct: true }, whom), ...more };
  expect(await s.stub.push([event])).toBe(200);
  await s.host.settled();
}

describe("a password typed to the bot", () => {
  it("is taken back, answered, and nowhere kept", async () => {
    const s = await scene();
    const room = await s.management();
    const event = await say(s, room, `link anna@example.com ${SECRET}`);
    expect(s.stub.room(room).events.some((e) => e.content.redacts === event)).toBe(true);
    expect(notices(s, room).at(-1)).toContain("I have removed that message");
    expect(JSON.stringify([s.host.items, [...s.profiles.residents], s.logged, s.stub.calls])).not.toContain(SECRET);
  });

  it("that cannot be taken back is told so", async () => {
    const s = await scene();
    const room = await s.management();
    s.stub.room(room).state.set("power ", { redact: false });
    await say(s, room, `password ${SECRET}`);
    expect(notices(s, room).at(-1)).toContain("please remove it yourself");
  });

  it("in a room that the store has forgotten is not kept either, but in a chat it is words to a friend", async () => {
    const s = await scene();
    const room = await s.management();
    s.profiles.residents.clear();
    const forgetful = await scene({ profiles: s.profiles });
    await say(forgetful, room, `link anna@example.com ${SECRET}`);
    const [elsewhere] = [...forgetful.stub.rooms.values()];
    expect(elsewhere?.events.at(-1)?.content.body).toContain("looked like a password");
    expect(JSON.stringify(forgetful.host.items)).not.toContain(SECRET);
    forgetful.host.portals.add("!chat:stub.test" as RoomId);
    await say(forgetful, "!chat:stub.test", `my password is ${SECRET}`);
    expect(forgetful.host.events.at(-1)).toMatchObject({ kind: "text", text: `my password is ${SECRET}` });
  });

  it("is answered once, however often the lane tries", async () => {
    const s = await scene();
    const room = await s.management();
    await say(s, room, `password ${SECRET}`);
    const raw = s.host.items.at(-1)?.raw;
    await s.home.perform(raw);
    await s.home.perform(raw);
    expect(notices(s, room).filter((text) => text.includes("looked like a password"))).toHaveLength(1);
  });
});

describe("an invitation of the bot", () => {
  it("to a direct chat makes a management room, greeted once", async () => {
    const s = await scene();
    const room = await s.management();
    await s.home.perform(s.host.items[0]?.raw);
    expect(notices(s, room)).toEqual([expect.stringContaining("Hello!")]);
    await say(s, room, "status");
    expect(s.host.events.at(-1)).toMatchObject({ kind: "command", line: "status" });
  });

  it("to a room of several is answered once, and the bot stays and listens to nobody", async () => {
    const s = await scene();
    const { id } = s.stub.makeRoom({ [ANNA]: "join", "@ben:stub.test": "join", [BOT]: "invite" });
    const event = s.stub.event(id, ANNA, "m.room.member", { membership: "invite" }, BOT);
    await s.stub.push([event]);
    await s.host.settled();
    await member(s, id, "invite", BOT);
    expect(notices(s, id)).toEqual([expect.stringContaining("say `!msn bridge`")]);
    expect(s.stub.room(id).members.get(BOT)).toBe("join");
    await say(s, id, "hello everybody");
    expect(s.host.events.filter((event) => event.kind !== "own")).toEqual([]);
    await say(s, id, "!msn bridge friends");
    expect(s.host.events.at(-1)).toMatchObject({ kind: "command", line: "bridge friends" });
  });

  it("to a room full of strangers makes it nobody's own chat, although it says that it is a direct chat", async () => {
    const s = await scene();
    const { id } = s.stub.makeRoom({ [ANNA]: "join", "@ben:stub.test": "join", [BOT]: "invite" });
    await member(s, id, "invite", BOT);
    expect(notices(s, id)).toEqual([expect.stringContaining("say `!msn bridge`")]);
    await s.home.say(resident(ANNA), undefined, "for Anna alone", "k");
    expect(notices(s, id)).toHaveLength(1);
  });

  it("that was taken back is nothing", async () => {
    const s = await scene();
    const { id } = s.stub.makeRoom({ [ANNA]: "join" });
    await member(s, id, "invite", BOT);
    expect(s.stub.room(id).events).toEqual([]);
  });

  it("waits for the homeserver when that is down", async () => {
    const s = await scene();
    const { id } = s.stub.makeRoom({ [ANNA]: "join", [BOT]: "invite" });
    s.stub.fail("join", { kind: "html", status: 502 });
    const raw = {
      kind: "own",
      act: "bot-invited",
      encrypted: false,
      room: id,
      sender: ANNA,
      event: "$i",
    };
    await expect(s.home.perform(raw)).rejects.toMatchObject({ code: "home-down" });
    await s.home.perform(raw);
    expect(notices(s, id)).toHaveLength(1);
  });
});

describe("a room in which others listen", () => {
  it("does not get what the bot has to say to one person: a new room does", async () => {
    const s = await scene();
    const room = await s.management();
    s.stub.room(room).members.set("@ben:stub.test", "join");
    await s.home.say(resident(ANNA), room, "https://bridge.test/link/for-anna-alone", "k");
    expect(notices(s, room)).toEqual([
      expect.stringContaining("Hello!"),
      expect.stringContaining("my answer is in our own chat"),
    ]);
    const said = [...s.stub.rooms.values()].filter((one) =>
      one.events.some((e) => String(e.content.body).includes("for-anna-alone")),
    );
    expect(said).toHaveLength(1);
    expect(said[0]?.members.has("@ben:stub.test")).toBe(false);
    expect(said[0]?.members.get(ANNA)).toBe("invite");
  });
});

describe("a chat with a contact into which a friend was asked", () => {
  it("hears only that the answer is elsewhere", async () => {
    const s = await scene();
    const room = await s.home.openDirect(
      portalOf("bob@example.com"),
      resident(ANNA),
      ghostOf("bob@example.com"),
      "Bob",
    );
    s.stub.room(room).members.set(ANNA, "join").set("@ben:stub.test", "join");
    await s.home.say(resident(ANNA), room, "https://bridge.test/link/for-anna-alone", "k");
    expect(notices(s, room)).toEqual([expect.stringContaining("in our own chat")]);
    expect(s.stub.room(room).members.get(BOT)).toBe("join");
    await s.home.say(resident(ANNA), room, "again", "k2");
    expect(s.stub.rooms.size).toBe(2);
  });
});

describe("an encrypted room", () => {
  it("is left with a word by all of ours, once", async () => {
    const s = await scene();
    const room = await s.home.openDirect(
      portalOf("bob@example.com"),
      resident(ANNA),
      ghostOf("bob@example.com"),
      "Bob",
    );
    s.stub.room(room).members.set(ANNA, "join");
    const encrypted = () =>
      s.stub.event(room, ANNA, "m.room.encrypted", { algorithm: "m.megolm.v1.aes-sha2", ciphertext: "x" });
    await s.stub.push([encrypted(), encrypted()]);
    await s.host.settled();
    expect(notices(s, room)).toEqual([expect.stringContaining("encrypted")]);
    expect([...s.stub.room(room).members]).toEqual([
      [BOB_ID, "leave"],
      [ANNA, "join"],
      [BOT, "leave"],
    ]);
    expect(JSON.stringify(s.host.items)).not.toContain("ciphertext");
  });

  it("that the store has as management room is forgotten", async () => {
    const s = await scene();
    const room = await s.management();
    await s.stub.push([s.stub.event(room, ANNA, "m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" }, "")]);
    await s.host.settled();
    await s.home.say(resident(ANNA), undefined, "over here", "k");
    expect(notices(s, room)).not.toContain("over here");
  });
});

describe("a room that people leave", () => {
  it("is left by ghost and bot when nobody is in it any more", async () => {
    const s = await scene();
    const room = await s.home.openDirect(
      portalOf("bob@example.com"),
      resident(ANNA),
      ghostOf("bob@example.com"),
      "Bob",
    );
    s.stub.room(room).members.set(ANNA, "leave");
    await member(s, room, "leave", ANNA);
    expect([...s.stub.room(room).members.values()]).toEqual(["leave", "leave", "leave"]);
  });

  it("is left by the bot when the contact is thrown out, so that what is said there is for nobody of ours", async () => {
    const s = await scene();
    const { id } = s.stub.makeRoom({ [ANNA]: "join", [BOT]: "join" });
    await member(s, id, "leave", BOB_ID);
    expect(s.stub.room(id).members.get(BOT)).toBe("leave");
  });

  it("is not kept by the ghost of the owner's own account when the contact is thrown out", async () => {
    const s = await scene();
    const own = `@_msn_escargot_anna=40example.com:${DOMAIN}`;
    s.stub.users.add(own);
    const room = s.stub.makeRoom({ [ANNA]: "join", [BOT]: "join", [own]: "join" });
    room.state.set("io.element.functional_members ", { service_members: [BOT, own] });
    await member(s, room.id, "leave", BOB_ID);
    expect([BOT, own].map((user) => s.stub.room(room.id).members.get(user))).toEqual(["leave", "leave"]);
  });

  it("is kept while somebody is", async () => {
    const s = await scene();
    const room = await s.home.openDirect(
      portalOf("bob@example.com"),
      resident(ANNA),
      ghostOf("bob@example.com"),
      "Bob",
    );
    s.stub.room(room).members.set(ANNA, "leave").set("@ben:stub.test", "join");
    await member(s, room, "leave", ANNA);
    expect(s.stub.room(room).members.get(BOB_ID)).toBe("join");
  });
});

describe("the room in which one talks with the bot", () => {
  it("is not tied to a group", async () => {
    const s = await scene();
    const room = await s.management();
    expect(await s.home.mayBridge(room as RoomId, resident(ANNA))).toEqual({
      allowed: false,
      because: expect.stringContaining("where you talk with the bridge itself"),
    });
  });
});
