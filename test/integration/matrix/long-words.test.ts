import { describe, expect, it } from "vitest";
import type { GroupMessage, MessageId, NetworkMessage, RoomId } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import type { PuppetRegistration } from "../../../src/matrix/registration.ts";
import { contact, groupWords, member, newGroup, viewOf } from "../../support/matrix-groups.ts";
import { ghostOf, portalOf, portalRoom, resident, startHome, words } from "../../support/matrix-home.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, type StubScene, scene, stopLater } from "../../support/stub-scene.ts";

cleanScenes();

const BOB = "bob@example.com";
const BOB_ID = `@_msn_escargot_bob=40example.com:${DOMAIN}`;
const OPERATOR: PuppetRegistration = { asToken: new Secret("operator-token"), covers: (mxid) => mxid === ANNA };

/** 200 000 characters that swell to six times that as HTML, and do not look the same twice. */
const LONG = Array.from({ length: 20_000 }, (_, n) => `<${n}>`.padEnd(9, "<"))
  .join(" ")
  .slice(0, 200_000);
const EVENT_BYTES = 61_000;

type Posted = StubScene["stub"] extends { room(id: string): { events: readonly (infer E)[] } } ? E : never;

function posted(s: StubScene, room: string): Posted[] {
  return s.stub.room(room).events.filter(({ type }) => type === "m.room.message");
}

function bodies(events: readonly Posted[]): string {
  return events.map(({ content }) => String(content.body)).join("");
}

function expectToFit(events: readonly Posted[]): void {
  for (const { content } of events) expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThanOrEqual(EVENT_BYTES);
}

/** What of a room is to be read by who knows edits and removals. */
function shown(s: StubScene, room: string): { id: string; body: string }[] {
  const { events } = s.stub.room(room);
  const gone = new Set(events.map(({ content }) => content.redacts));
  const isEdit = (event: Posted): boolean => relationOf(event).rel_type === "m.replace";
  return events.flatMap((event) => {
    if (event.type !== "m.room.message" || isEdit(event) || gone.has(event.id)) return [];
    const edit = events.findLast((one) => isEdit(one) && relationOf(one).event_id === event.id);
    const content = (edit?.content["m.new_content"] ?? event.content) as { body: string };
    return [{ id: event.id, body: content.body }];
  });
}

function relationOf({ content }: Posted): { rel_type?: unknown; event_id?: unknown } {
  return (content["m.relates_to"] ?? {}) as { rel_type?: unknown; event_id?: unknown };
}

describe("200 000 characters of a contact", () => {
  async function chat(): Promise<StubScene & { room: RoomId; say(message: NetworkMessage): Promise<MessageId> }> {
    const s = await scene();
    const room = await s.home.openDirect(portalOf(BOB), resident(ANNA), ghostOf(BOB), "Bob");
    return { ...s, room, say: (message) => s.home.deliver(portalRoom(room, ANNA), ghostOf(BOB), message, "k1") };
  }

  it("are all said, by the contact, in events that fit, each with the time", async () => {
    const c = await chat();
    const first = await c.say(words(BOB, LONG, 1_115_000_000_000));
    const events = posted(c, c.room);
    expect(bodies(events)).toBe(LONG);
    expectToFit(events);
    expect(events[0]?.id).toBe(first);
    for (const event of events) expect(event).toMatchObject({ sender: BOB_ID, ts: 1_115_000_000_000 });
  });

  it("keep their looks", async () => {
    const c = await chat();
    const text = LONG.slice(0, 90_000);
    await c.say({ ...words(BOB, text), rich: { runs: [{ text, italic: true }] } });
    const events = posted(c, c.room);
    expect(bodies(events)).toBe(text);
    expectToFit(events);
    for (const { content } of events) expect(content.formatted_body).toMatch(/^<em>.*<\/em>$/);
  });

  it("are said once when an answer in the middle was lost, and go on from there", async () => {
    const c = await chat();
    const message = words(BOB, LONG);
    for (let lost = 0; lost < 3; lost++) {
      c.stub.failBehind("send", lost, { kind: "lose-answer" });
      await expect(c.say(message)).rejects.toMatchObject({ code: "home-down" });
    }
    await c.say(message);
    expect(bodies(posted(c, c.room))).toBe(LONG);
  });

  it("that are answered and reacted to in the middle are answered as one message", async () => {
    const c = await chat();
    const first = await c.say(words(BOB, LONG));
    c.host.portals.add(c.room);
    const events = posted(c, c.room).map(({ id, sender, type, content }) => ({
      ...c.stub.event(c.room, sender, type, content),
      event_id: id,
    }));
    const [, second] = events;
    const answer = {
      msgtype: "m.text",
      body: "what?",
      "m.relates_to": { "m.in_reply_to": { event_id: second?.event_id } },
    };
    const reaction = { "m.relates_to": { rel_type: "m.annotation", event_id: second?.event_id, key: "👍" } };
    await c.stub.push([
      ...events,
      c.stub.event(c.room, ANNA, "m.room.message", answer),
      c.stub.event(c.room, ANNA, "m.reaction", reaction),
    ]);
    expect(await c.host.event("text")).toMatchObject({ about: { kind: "reply", target: first, text: "what?" } });
    expect(await c.host.event("reaction")).toMatchObject({ target: first, key: "👍" });
  });

  it("that the owner said at another place are the owner's, and none of their events comes back", async () => {
    const s = await scene({ doublePuppet: OPERATOR });
    s.stub.tokens.set("operator-token", undefined);
    const room = await s.home.openDirect(portalOf(BOB), resident(ANNA), ghostOf(BOB), "Bob");
    s.stub.room(room).members.set(ANNA, "join");
    s.host.portals.add(room);
    const own = { ...words("anna@example.com", LONG), own: {} };
    await s.home.deliverOwn(portalRoom(room, ANNA), ghostOf(BOB), ghostOf("anna@example.com"), own, "k1");
    const events = posted(s, room);
    expect(bodies(events)).toBe(LONG);
    for (const { sender } of events) expect(sender).toBe(ANNA);
    const back = events.map(({ id, content }) => ({
      ...s.stub.event(room, ANNA, "m.room.message", content),
      event_id: id,
    }));
    await s.stub.push([...back, s.stub.event(room, ANNA, "m.room.message", { msgtype: "m.text", body: "and this" })]);
    expect(await s.host.event("text")).toMatchObject({ text: "and this" });
    expect(s.host.events).toHaveLength(1);
  });
});

describe("many words in a group's room", () => {
  const bob = { kind: "ghost", ghost: ghostOf(BOB), name: "Bob" } as const;
  const view = () => viewOf(newGroup("long"), [contact(BOB, "Bob"), member(ANNA)]);

  interface Group extends StubScene {
    readonly room: RoomId;
    say(text: string, key: string, about?: GroupMessage["about"]): Promise<MessageId>;
    /** As after a restart: nothing is remembered. */
    again(): Promise<Group>;
  }

  async function group(before?: StubScene & { room: RoomId }): Promise<Group> {
    const shape = view();
    const s = before ?? (await scene());
    const room = before?.room ?? (await s.home.openGroup(shape));
    return {
      ...s,
      room,
      say: (text, key, about) => s.home.deliverToGroup(room, shape.id, bob, groupWords(BOB, text, about), key),
      again: async () => {
        await s.home.stop();
        const { stub, registration, profiles } = s;
        const port = Number(new URL(registration.url).port);
        const next = await startHome({ homeserverUrl: stub.url, domain: DOMAIN, registration, port, profiles });
        stopLater(next.home);
        return group({ ...s, ...next, room });
      },
    };
  }

  it.each([
    ["as many", LONG.toLowerCase().replaceAll("<", ">")],
    ["fewer", `${"fewer ".repeat(10_000)}words`],
    ["more", `${LONG}${LONG}`.slice(0, 199_999)],
    ["few", "fine"],
  ])("become %s by an edit, and more or fewer events with them", async (_, text) => {
    const g = await group();
    const target = await g.say(LONG, "k1");
    const rest = { kind: "edit", target } as const;
    await g.say("* …", "k2", { ...rest, text });
    expect(
      shown(g, g.room)
        .map(({ body }) => body)
        .join(""),
    ).toBe(text);
    expectToFit(posted(g, g.room));
    await g.say("* …", "k3", { ...rest, text: LONG });
    expect(
      shown(g, g.room)
        .map(({ body }) => body)
        .join(""),
    ).toBe(LONG);
    await g.say("* …", "k4", { ...rest, text: "short" });
    expect(shown(g, g.room)).toEqual([{ id: target, body: "short" }]);
  });

  it("are edited and taken back as a whole after a restart, too", async () => {
    const g = await group();
    const target = await g.say("short", "k1");
    await g.say("* …", "k2", { kind: "edit", target, text: LONG });
    const next = await g.again();
    await next.say("* …", "k3", { kind: "edit", target, text: LONG.slice(0, 150_000) });
    expect(
      shown(g, g.room)
        .map(({ body }) => body)
        .join(""),
    ).toBe(LONG.slice(0, 150_000));
    const last = await next.again();
    await last.say("(taken back)", "k4", { kind: "removal", target });
    expect(shown(g, g.room)).toEqual([]);
  });

  it("are edited once when that fails in the middle", async () => {
    const g = await group();
    const target = await g.say("short", "k1");
    const edit = { kind: "edit", target, text: LONG } as const;
    g.stub.failBehind("send", 2, { kind: "lose-answer" });
    await expect(g.say("* …", "k2", edit)).rejects.toMatchObject({ code: "home-down" });
    const next = await g.again();
    await next.say("* …", "k2", edit);
    expect(
      shown(g, g.room)
        .map(({ body }) => body)
        .join(""),
    ).toBe(LONG);
    const count = posted(g, g.room).length;
    await (await next.again()).say("* …", "k2", edit);
    expect(posted(g, g.room)).toHaveLength(count);
  });

  it("become few, or none, also when the bridge is killed in the middle of that", async () => {
    const g = await group();
    const target = await g.say(LONG, "k1");
    const edit = { kind: "edit", target, text: "short" } as const;
    g.stub.failBehind("redact", 1, { kind: "html", status: 502 });
    await expect(g.say("* short", "k2", edit)).rejects.toMatchObject({ code: "home-down" });
    const next = await g.again();
    await next.say("* short", "k2", edit);
    expect(shown(g, g.room)).toEqual([{ id: target, body: "short" }]);

    const other = await next.say(LONG, "k3");
    const removal = { kind: "removal", target: other } as const;
    g.stub.failBehind("redact", 1, { kind: "html", status: 502 });
    await expect(next.say("(taken back)", "k4", removal)).rejects.toMatchObject({ code: "home-down" });
    await (await next.again()).say("(taken back)", "k4", removal);
    expect(shown(g, g.room)).toEqual([{ id: target, body: "short" }]);
  });

  it("that the bot says for somebody have the name in front of each event", async () => {
    const s = await scene();
    const { id } = s.stub.makeRoom({ [ANNA]: "join", [BOT]: "join" });
    const g = await group({ ...s, room: id as RoomId });
    g.stub.fail("invite", { kind: "answer", status: 403, body: { errcode: "M_FORBIDDEN" } }, 9);
    await g.say(LONG, "k1");
    const events = posted(g, g.room);
    expectToFit(events);
    for (const { sender, content } of events) {
      expect(sender).toBe(BOT);
      expect(content.body).toMatch(/^Bob: /);
    }
    expect(events.map(({ content }) => String(content.body).replace(/^Bob: /, "")).join("")).toBe(LONG);
  });
});

describe("what the bridge itself has to say", () => {
  it("is whole, however long the list is", async () => {
    const s = await scene();
    const list = Array.from({ length: 4000 }, (_, n) => `contact${n}@example.com (Contact ${n})`).join("\n");
    await s.home.say(resident(ANNA), undefined, list, "k1");
    const [room] = s.stub.rooms.keys();
    expect(bodies(posted(s, room ?? ""))).toBe(list);
    expectToFit(posted(s, room ?? ""));
  });
});
