import { describe, expect, it } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { MessageId } from "../../../src/bridge/model.ts";
import { ghostOf, portalOf, portalRoom, resident, words } from "../../support/matrix-home.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, type StubScene, scene } from "../../support/stub-scene.ts";

cleanScenes();

const BOB = ghostOf("bob@example.com");
const SELF = ghostOf("anna@example.com");
const BOB_ID = `@_msn_escargot_bob=40example.com:${DOMAIN}`;

async function chat(
  wish = {},
): Promise<StubScene & { room: string; deliver(text: string, key: string): Promise<MessageId> }> {
  const s = await scene(wish);
  const room = await s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
  s.stub.forgetCalls();
  const deliver = (text: string, key: string) =>
    s.home.deliver(portalRoom(room, ANNA), BOB, words("bob@example.com", text, 1_115_000_000_000), key);
  return { ...s, room, deliver };
}

describe("delivering", () => {
  it("is one request with the time it was said", async () => {
    const c = await chat();
    await c.deliver("hello", "k1");
    await c.deliver("again", "k2");
    expect(c.stub.calls.map((call) => call.name)).toEqual(["send", "send"]);
    expect(c.stub.room(c.room).events).toMatchObject([
      { sender: BOB_ID, ts: 1_115_000_000_000, content: { msgtype: "m.text", body: "hello" } },
      { content: { body: "again" } },
    ]);
  });

  it("leaves one message when the answer was lost and the lane tries again", async () => {
    const c = await chat();
    c.stub.fail("send", { kind: "lose-answer" });
    await expect(c.deliver("once", "k1")).rejects.toMatchObject({ code: "home-down", retry: "wait" });
    const id = await c.deliver("once", "k1");
    expect(c.stub.room(c.room).events).toMatchObject([{ id }]);
  });

  it.each([
    ["a proxy's page", { kind: "html", status: 502 }, "home-down"],
    ["a proxy's page that says not found", { kind: "html", status: 404 }, "home-down"],
    ["an error of the server", { kind: "answer", status: 500, body: { errcode: "M_UNKNOWN" } }, "home-down"],
    ["a broken connection", { kind: "reset" }, "home-down"],
    ["silence", { kind: "hang" }, "home-down"],
    ["an answer that is no object", { kind: "answer", status: 200, body: [] }, "home-down"],
    ["an answer without an event", { kind: "answer", status: 200, body: {} }, "home-down"],
    ["an unknown token", { kind: "answer", status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } }, "home-down"],
    ["too large", { kind: "answer", status: 413, body: { errcode: "M_TOO_LARGE" } }, "home-refused"],
    ["bad content", { kind: "answer", status: 400, body: { errcode: "M_BAD_JSON" } }, "home-refused"],
  ] as const)("that meets %s says so by its code", async (_what, fault, code) => {
    const c = await chat(fault.kind === "hang" ? { limits: { requestTimeoutMs: 3000 } } : {});
    c.stub.fail("send", fault);
    await expect(c.deliver("x", "k1")).rejects.toMatchObject({ code });
    expect(c.stub.count("send")).toBe(1);
  });

  it.each([
    ["in the body", { body: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 1234 } }, 1234],
    ["in the header", { body: { errcode: "M_LIMIT_EXCEEDED" }, headers: { "retry-after": "2" } }, 2000],
    ["nowhere", { body: { errcode: "M_LIMIT_EXCEEDED" } }, 1000],
  ])("that is asked to wait passes on how long, told %s", async (_where, answer, retryAfterMs) => {
    const c = await chat();
    c.stub.fail("send", { kind: "answer", status: 429, ...answer });
    await expect(c.deliver("x", "k1")).rejects.toMatchObject({ code: "home-busy", retryAfterMs });
  });

  it("rejoins once when the ghost has fallen out of the room", async () => {
    const c = await chat();
    c.stub.room(c.room).members.set(BOB_ID, "leave");
    await c.deliver("back", "k1");
    expect(c.stub.room(c.room).members.get(BOB_ID)).toBe("join");
    expect(c.stub.room(c.room).events).toHaveLength(1);
  });

  it("tells that the room is gone when there is no way back in", async () => {
    const c = await chat();
    c.stub.room(c.room).members.set(BOB_ID, "leave").set(BOT, "leave");
    await expect(c.deliver("x", "k1")).rejects.toMatchObject({ code: "room-gone" });
    c.stub.rooms.delete(c.room);
    await expect(c.deliver("x", "k2")).rejects.toMatchObject({ code: "room-gone" });
  });

  it("is refused for good where the contact is and may not speak", async () => {
    const c = await chat();
    const forbidden = { kind: "answer", status: 403, body: { errcode: "M_FORBIDDEN" } } as const;
    c.stub.fail("send", forbidden, 2);
    await expect(c.deliver("x", "k1")).rejects.toMatchObject({ code: "home-refused", retry: "never" });
  });

  it("registers a ghost that the homeserver has forgotten, with its name", async () => {
    const c = await chat();
    c.stub.users.delete(BOB_ID);
    c.stub.devices.clear();
    c.stub.names.clear();
    await c.deliver("new life", "k1");
    expect(c.stub.names.get(BOB_ID)).toBe("Bob");
    expect(c.stub.room(c.room).events).toMatchObject([{ content: { body: "new life" } }]);
  });

  it("works without devices on a homeserver that has none for application services", async () => {
    const s = await scene();
    s.stub.fail("device", { kind: "answer", status: 404, body: { errcode: "M_NOT_FOUND" } });
    const room = await s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
    await s.home.deliver(portalRoom(room, ANNA), BOB, words("bob@example.com", "hi"), "k1");
    expect(s.stub.callsOf("send").map((call) => call.device)).toEqual([undefined]);
    expect(s.logged.join("")).toContain("MSC4190");
  });
});

describe("opening a room", () => {
  it("asks for a direct chat without a name, with an alias that is not shown", async () => {
    const s = await scene();
    const room = await s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
    const made = s.stub.room(room);
    expect(made.version).toMatchObject({ preset: "trusted_private_chat", is_direct: true, invite: [ANNA, BOT] });
    expect(made.version).not.toHaveProperty("name");
    expect(made.version).not.toHaveProperty("power_level_content_override");
    expect(made.state.get("m.room.canonical_alias ")).toEqual({});
    expect(made.members.get(BOT)).toBe("join");
  });

  it.each(["lose-answer", "hang"] as const)("twice leads to one room (%s)", async (kind) => {
    const s = await scene(kind === "hang" ? { limits: { requestTimeoutMs: 3000 } } : {});
    const open = () => s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
    s.stub.fail("join", { kind: kind === "hang" ? "hang" : "lose-answer" });
    await expect(open()).rejects.toMatchObject({ code: "home-down" });
    const room = await open();
    expect(s.stub.rooms.size).toBe(1);
    expect(s.stub.room(room).members.get(BOT)).toBe("join");
  });

  it("gives up an alias whose room is dead", async () => {
    const s = await scene();
    const open = () => s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
    const first = await open();
    for (const user of s.stub.room(first).members.keys()) s.stub.room(first).members.set(user, "leave");
    expect(await open()).not.toBe(first);
  });

  it("that was deleted makes a new one, and nobody of ours stays in the old one", async () => {
    const s = await scene();
    const open = () => s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
    const first = await open();
    s.stub.room(first).members.set(ANNA, "join");
    await s.home.deliverOwn(portalRoom(first, ANNA), BOB, SELF, { ...words("anna@example.com", "hi"), own: {} }, "k1");
    const why = new BridgeError("chat-ended");
    const end = () => s.home.endDirect(portalOf("bob@example.com"), portalRoom(first, ANNA), BOB, why);
    await end();
    const { members, events } = s.stub.room(first);
    expect([...members].filter(([, membership]) => membership === "join")).toEqual([[ANNA, "join"]]);
    expect(events.at(-1)).toMatchObject({ sender: BOB_ID, content: { body: why.person } });
    await end();
    expect(await open()).not.toBe(first);
    expect(members.get(BOB_ID)).toBe("leave");
  });

  it("from which the bot is banned is left by the contact, and is not found again", async () => {
    const s = await scene();
    const open = () => s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
    const first = await open();
    s.stub.room(first).members.set(ANNA, "join").set(BOT, "ban");
    const why = new BridgeError("chat-ended");
    await s.home.endDirect(portalOf("bob@example.com"), portalRoom(first, ANNA), BOB, why);
    expect(s.stub.room(first).members.get(BOB_ID)).toBe("leave");
    expect(await open()).not.toBe(first);
  });

  it("that its owner has left makes a new one, though somebody else keeps the old one", async () => {
    const s = await scene();
    const open = () => s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
    const first = await open();
    s.stub.room(first).members.set(ANNA, "ban").set("@ben:stub.test", "join");
    await s.home.forgetDirect(portalOf("bob@example.com"), resident(ANNA));
    expect(await open()).not.toBe(first);
  });

  it("is known to be of use as long as the contact is in it, or can come back", async () => {
    const s = await scene();
    const room = portalRoom(await s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob"), ANNA);
    const { members } = s.stub.room(room.room);
    expect(await s.home.holdsDirect(room, BOB)).toBe(true);
    members.set(BOB_ID, "leave");
    expect(await s.home.holdsDirect(room, BOB)).toBe(true);
    expect(members.get(BOB_ID)).toBe("join");
    members.set(BOB_ID, "ban");
    expect(await s.home.holdsDirect(room, BOB)).toBe(false);
  });

  it("is declined with a word for each reason", async () => {
    const s = await scene();
    const room = await s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
    const reasons = [new BridgeError("chat-ended"), new BridgeError("chat-ended", { because: "moved" })];
    for (const why of reasons) await s.home.decline(room, BOB, why);
    expect(s.stub.room(room).events.map(({ content }) => content.body)).toEqual(reasons.map(({ person }) => person));
  });

  it("that was deleted leaves the bot where the resident talks with it, and where another contact is", async () => {
    const s = await scene();
    const [own, shared] = [await s.management(), s.stub.makeRoom({ [ANNA]: "join", [BOT]: "join" }).id];
    const carol = ghostOf("carol@example.com");
    s.stub.users.add(s.home.ghostLabel(carol)).add(BOB_ID);
    s.stub.room(shared).members.set(s.home.ghostLabel(carol), "join");
    for (const room of [own, shared]) {
      s.stub.room(room).members.set(BOB_ID, "join");
      const why = new BridgeError("chat-ended");
      await s.home.endDirect(portalOf("bob@example.com"), portalRoom(room, ANNA), BOB, why);
      expect([BOB_ID, BOT].map((user) => s.stub.room(room).members.get(user))).toEqual(["leave", "join"]);
    }
  });

  it("of two owners with one contact makes two rooms with one ghost", async () => {
    const s = await scene();
    const one = await s.home.openDirect(portalOf("bob@example.com"), resident(ANNA), BOB, "Bob");
    const two = await s.home.openDirect(
      portalOf("bob@example.com", "other@example.com"),
      resident("@ben:stub.test"),
      BOB,
      "Bob",
    );
    expect(two).not.toBe(one);
    expect(s.stub.callsOf("register")).toHaveLength(1);
  });
});

describe("names", () => {
  it("are set only when they change, also after a restart", async () => {
    const s = await scene();
    await s.home.nameGhost(BOB, "Bob");
    await s.home.nameGhost(BOB, "Bob");
    await s.home.nameGhost(BOB, "Bob \u0007♥ ");
    expect(s.stub.callsOf("set-name").map((call) => call.body.displayname)).toEqual(["Bob", "Bob  ♥"]);
    const again = await scene({ profiles: s.profiles });
    await again.home.nameGhost(BOB, "Bob \u0007♥ ");
    expect(again.stub.calls).toHaveLength(0);
  });

  it("of several at once register the ghost once", async () => {
    const s = await scene();
    await Promise.all([
      s.home.nameGhost(BOB, "Bob"),
      s.home.nameGhost(BOB, "Bob"),
      s.home.showPresence(BOB, { availability: "online", text: "" }),
    ]);
    expect(s.stub.callsOf("register")).toHaveLength(1);
  });
});

describe("signals", () => {
  it("show typing, and ask for its end only when it was shown", async () => {
    const c = await chat();
    const room = portalRoom(c.room, ANNA).room;
    await c.home.showTyping(room, BOB, false, 0);
    expect(c.stub.calls).toHaveLength(0);
    await c.home.showTyping(room, BOB, true, 8000);
    expect(c.stub.typing.get(`${c.room} ${BOB_ID}`)).toEqual({ typing: true, timeout: 8000 });
    await c.home.showTyping(room, BOB, false, 0);
    await c.home.showTyping(room, BOB, false, 0);
    expect(c.stub.callsOf("typing")).toHaveLength(2);
  });

  it("never reject for typing or a receipt", async () => {
    const c = await chat();
    c.stub.fail("typing", { kind: "reset" });
    c.stub.fail("receipt", { kind: "html", status: 502 });
    const { room } = portalRoom(c.room, ANNA);
    await c.home.showTyping(room, BOB, true, 8000);
    await c.home.confirm(room, "$x" as MessageId);
  });

  it("show presence, pass on that the homeserver is away, and are silent when switched off", async () => {
    const s = await scene();
    await s.home.showPresence(BOB, { availability: "on-the-phone", text: "later", media: "ABBA - SOS" });
    expect(s.stub.presence.get(BOB_ID)).toEqual({
      presence: "unavailable",
      status_msg: "On the phone – later – ♫ ABBA - SOS",
    });
    s.stub.fail("presence", { kind: "html", status: 502 });
    await expect(s.home.showPresence(BOB, { availability: "online", text: "" })).rejects.toMatchObject({
      code: "home-down",
    });
    s.stub.fail("presence", { kind: "answer", status: 400, body: { errcode: "M_UNKNOWN" } });
    await s.home.showPresence(BOB, { availability: "online", text: "" });
    const off = await scene({ presence: false });
    await off.home.showPresence(BOB, { availability: "online", text: "" });
    expect(off.home.presenceRefreshMs).toBe(0);
    expect(off.stub.calls).toHaveLength(0);
  });
});

describe("the bot", () => {
  it("reports a failure as an answer to the message, once for one key", async () => {
    const c = await chat({ messageStatus: true });
    const failure = {
      code: "contact-offline",
      text: new BridgeError("contact-offline").person,
      certainty: "not-sent",
    } as const;
    const report = () => c.home.reportFailure(portalRoom(c.room, ANNA), "$sent" as MessageId, failure, "f1");
    expect(await report()).toBe(await report());
    const [notice, status] = c.stub.room(c.room).events;
    expect(notice).toMatchObject({
      sender: BOT,
      content: {
        msgtype: "m.notice",
        "m.relates_to": { "m.in_reply_to": { event_id: "$sent" } },
        "m.mentions": { user_ids: [ANNA] },
      },
    });
    expect(String(notice?.content.body)).toContain("🔁");
    expect(status).toMatchObject({
      type: "com.beeper.message_send_status",
      content: { status: "FAIL_RETRIABLE", "m.relates_to": { event_id: "$sent" } },
    });
    expect(c.stub.room(c.room).events).toHaveLength(2);
  });

  it("says elsewhere what it may not say in the room", async () => {
    const c = await chat();
    c.stub.room(c.room).members.set(BOT, "leave");
    const failure = { code: "send-failed", text: "Not sent.", certainty: "not-sent" } as const;
    await c.home.reportFailure(portalRoom(c.room, ANNA), "$sent" as MessageId, failure, "f1");
    const other = [...c.stub.rooms.values()].find((room) => room.id !== c.room);
    expect(other?.events).toMatchObject([{ sender: BOT, content: { msgtype: "m.notice" } }]);
    expect(other?.members.get(ANNA)).toBe("invite");
  });

  it("keeps to one management room, and finds it again when the store was lost", async () => {
    const s = await scene();
    await s.home.say(resident(ANNA), undefined, "one", "s1");
    await s.home.say(resident(ANNA), undefined, "two", "s2");
    s.profiles.residents.clear();
    await s.home.say(resident(ANNA), undefined, "three", "s3");
    expect(s.stub.rooms.size).toBe(1);
    expect([...s.stub.rooms.values()][0]?.events.map((event) => event.content.body)).toEqual(["one", "two", "three"]);
  });

  it("makes a new one where it is no longer welcome", async () => {
    const s = await scene();
    const room = await s.management();
    s.stub.room(room).members.set(BOT, "leave");
    await s.home.say(resident(ANNA), undefined, "hello?", "s1");
    const other = [...s.stub.rooms.values()].find((one) => one.id !== room);
    expect(other?.events).toMatchObject([{ content: { body: "hello?" } }]);
  });
});
