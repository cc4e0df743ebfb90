import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BridgeError } from "../../src/bridge/errors.ts";
import type { RoomId } from "../../src/bridge/model.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { Registration } from "../../src/matrix/registration.ts";
import { enter, kick, upgrade } from "../support/matrix-groups.ts";
import {
  ghostOf,
  makeRegistration,
  portalOf,
  portalRoom,
  type RunningHome,
  resident,
  startHome,
  words,
  writeRegistration,
} from "../support/matrix-home.ts";
import { type SynapseFixture, useSynapse } from "../support/synapse.ts";

const DOMAIN = "matrix.test";

interface Scene {
  readonly synapse: SynapseFixture;
  readonly running: RunningHome;
}

/** A Synapse and a Matrix side that know each other. */
function useScene(overrides: Record<string, unknown> = {}): Scene {
  let made: { text: string; registration: Registration; port: number } | undefined;
  let running: RunningHome | undefined;
  const synapse = useSynapse({
    serverName: DOMAIN,
    overrides,
    registration: async (dir) => {
      made = await makeRegistration(DOMAIN);
      return writeRegistration(dir, made.text);
    },
  });
  beforeAll(async () => {
    if (!made) throw new Error("no registration");
    const { registration, port } = made;
    running = await startHome({ homeserverUrl: synapse.server.url, domain: DOMAIN, registration, port });
    await running.home.attached();
  });
  afterAll(async () => {
    await running?.home.stop();
  });
  return {
    synapse,
    get running() {
      if (!running) throw new Error("only inside tests");
      return running;
    },
  };
}

async function openRoom(scene: Scene, person: MatrixPerson, contact: string, name = contact): Promise<RoomId> {
  const { home } = scene.running;
  const room = await home.openDirect(portalOf(contact), resident(person.userId), ghostOf(contact), name);
  await person.waitForInvite(home.ghostLabel(ghostOf(contact)));
  await person.join(room);
  await person.waitFor("being in the room", () => person.rooms.get(room)?.joined === true);
  scene.running.host.portals.add(room);
  return room;
}

describe("with a real Synapse", () => {
  const scene = useScene();

  it("is ready once both directions have worked", () => {
    console.log(`Synapse ${scene.synapse.server.version}`);
    expect(scene.running.home.health()).toEqual({ ready: true, reasons: [] });
  });

  it("opens a room that looks like a direct chat with the contact", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home } = scene.running;
    const room = await home.openDirect(
      portalOf("bob@example.com"),
      resident(anna.userId),
      ghostOf("bob@example.com"),
      "Bob ☀",
    );
    const invite = await anna.waitForInvite("@_msn_escargot_bob=40example.com:matrix.test");
    expect(invite).toMatchObject({ roomId: room, direct: true });
    await anna.join(room);
    await anna.waitFor("being in the room", () => anna.room(room).joined);
    const view = anna.room(room);
    await expect.poll(() => view.displayName(invite.from)).toBe("Bob ☀");
    expect(view.state("m.room.name")).toBeUndefined();
    await expect.poll(() => view.state("m.room.canonical_alias")).toEqual({});
    await expect.poll(() => view.state("io.element.functional_members")).toEqual({ service_members: [home.bot] });
    await expect
      .poll(() => view.state("m.bridge", "msn://escargot/bob@example.com"))
      .toMatchObject({ bridgebot: home.bot });
    await expect.poll(() => view.state("uk.half-shot.bridge", "msn://escargot/bob@example.com")).toBeDefined();
    await expect.poll(() => [...view.members()].sort()).toEqual([anna.userId, home.bot, invite.from].sort());
  });

  it("finds the room it made before a crash, instead of a second one", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home } = scene.running;
    const open = () =>
      home.openDirect(portalOf("twice@example.com"), resident(anna.userId), ghostOf("twice@example.com"), "T");
    const first = await open();
    expect(await open()).toBe(first);
    await anna.waitForInvite();
    expect(anna.invites.size).toBe(1);
  });

  it("makes a new room after the resident has left the old one", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    const room = await openRoom(scene, anna, "gone@example.com");
    await anna.leave(room);
    await host.waitFor("the leave", () => host.events.some((e) => e.kind === "left" && e.room === room));
    await host.settled();
    const again = await home.openDirect(
      portalOf("gone@example.com"),
      resident(anna.userId),
      ghostOf("gone@example.com"),
      "G",
    );
    expect(again).not.toBe(room);
  });

  it("carries words both ways, with the time they were said and the bot's read receipt", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    const room = await openRoom(scene, anna, "carol@example.com");
    const said = Date.parse("2005-05-01T12:00:00Z");
    await home.deliver(
      portalRoom(room, anna.userId),
      ghostOf("carol@example.com"),
      words("carol@example.com", "hi\nanna", said),
      "k1",
    );
    const seen = await anna.waitForMessage(room, "hi\nanna", home.ghostLabel(ghostOf("carol@example.com")));
    expect(seen.origin_server_ts).toBe(said);
    const sent = await anna.sendText(room, "hello carol");
    const event = await host.waitFor("anna's words", () =>
      host.events.find((e) => e.kind === "text" && e.message === sent),
    );
    expect(event).toMatchObject({ resident: `matrix:${anna.userId}`, room, text: "hello carol" });
    await home.confirm(room, seen.event_id as never);
    await anna.waitFor("the receipt", () => anna.room(room).receipts.get(home.bot) === seen.event_id);
  });

  it("leaves one message for one key, even when Synapse was killed in between", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, asToken } = scene.running;
    const ghost = ghostOf("dave@example.com");
    const room = await openRoom(scene, anna, "dave@example.com");
    const send = () =>
      home.deliver(portalRoom(room, anna.userId), ghost, words("dave@example.com", "once"), "in|dave|1");
    /** The same without a device, as the library sends: Synapse forgets it, which is why ghosts have one. */
    const sendBare = async () => {
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/bare`;
      const answer = await fetch(
        `${scene.synapse.server.url}${path}?user_id=${encodeURIComponent(home.ghostLabel(ghost))}`,
        {
          method: "PUT",
          headers: { authorization: `Bearer ${asToken}` },
          body: JSON.stringify({ msgtype: "m.text", body: "bare" }),
        },
      );
      return ((await answer.json()) as { event_id: string }).event_id;
    };
    const first = await send();
    expect(await send()).toBe(first);
    const bare = await sendBare();
    const mark = await home.say(resident(anna.userId), room, "from the bot", "say|1");
    await scene.synapse.server.kill();
    await expect(send()).rejects.toMatchObject({ code: "home-down" });
    await scene.synapse.server.restart();
    expect(await send()).toBe(first);
    expect(await home.say(resident(anna.userId), room, "from the bot", "say|1")).toBe(mark);
    expect(await sendBare()).not.toBe(bare);
  });

  it("shows typing and sees it", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    const ghost = ghostOf("erin@example.com");
    const room = await openRoom(scene, anna, "erin@example.com");
    await home.showTyping(room, ghost, true, 10_000);
    await anna.waitFor("typing", () => anna.room(room).typing.includes(home.ghostLabel(ghost)));
    await home.showTyping(room, ghost, false, 0);
    await anna.waitFor("no typing", () => anna.room(room).typing.length === 0);
    await anna.type(room, true);
    await host.waitFor("typing", () => host.typings.find((t) => t.room === room && t.typing));
    await anna.type(room, false);
    await host.waitFor("no typing", () => host.typings.find((t) => t.room === room && !t.typing));
  });

  it("shows presence and personal message, and sees the resident's", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    const ghost = ghostOf("frank@example.com");
    await openRoom(scene, anna, "frank@example.com");
    await home.showPresence(ghost, { availability: "be-right-back", text: "gone fishing" });
    const seen = await anna.waitFor("presence", () => {
      const now = anna.presenceOf(home.ghostLabel(ghost));
      return now?.presence === "unavailable" ? now : undefined;
    });
    expect(seen.statusMsg).toBe("Be right back – gone fishing");
    await anna.setPresence("unavailable", "Out to lunch – pasta");
    const told = await host.waitFor("anna's presence", () =>
      host.presences.find((p) => p.resident === `matrix:${anna.userId}` && p.presence.availability === "out-to-lunch"),
    );
    expect(told.presence.text).toBe("pasta");
  });

  it("renames a ghost once, and only when the name is another", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home } = scene.running;
    const ghost = ghostOf("gina@example.com");
    const room = await openRoom(scene, anna, "gina@example.com", "Gina");
    await home.nameGhost(ghost, "Gina ♥");
    await anna.waitFor("the name", () => anna.room(room).displayName(home.ghostLabel(ghost)) === "Gina ♥");
  });

  it("takes an invitation of the bot as a management room and answers there", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    const room = await anna.startDirect(home.bot);
    await anna.waitForMessage(room, /^Hello!/, home.bot);
    const sent = await anna.sendText(room, "status");
    const command = await host.waitFor("the command", () =>
      host.events.find((e) => e.kind === "command" && e.message === sent),
    );
    expect(command).toMatchObject({ line: "status", room });
    await home.say(resident(anna.userId), undefined, "all is well", "say|status");
    await anna.waitForMessage(room, "all is well", home.bot);
  });

  it("makes a management room by itself when it has something to say, and again after the person left", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    await home.say(resident(anna.userId), undefined, "your account signed in elsewhere", "elsewhere|1");
    const { roomId } = await anna.waitForInvite(home.bot);
    await anna.join(roomId);
    await anna.waitForMessage(roomId, "your account signed in elsewhere", home.bot);
    const before = host.events.length;
    await anna.leave(roomId);
    await host.waitFor("the leave", () => host.events.slice(before).some((e) => e.kind === "own"));
    await host.settled();
    await home.say(resident(anna.userId), undefined, "again", "elsewhere|2");
    await anna.waitFor("a new invitation", () => [...anna.invites.keys()].some((id) => id !== roomId));
  });

  it("removes a password from the room, tells so, and keeps nothing of it", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host, logged } = scene.running;
    const room = await anna.startDirect(home.bot);
    await anna.waitForMessage(room, /^Hello!/, home.bot);
    const sent = await anna.sendText(room, "link anna@example.com tr0ub4dor&3");
    const told = await anna.waitForMessage(room, /Passwords belong only on the page/, home.bot);
    expect(told.content.body).toContain("removed that message");
    await anna.waitFor("the redaction", () => anna.room(room).timeline.some((e) => e.type === "m.room.redaction"));
    expect(JSON.stringify(host.items)).not.toContain("tr0ub4dor");
    expect(logged.join("")).not.toContain("tr0ub4dor");
    expect(host.items.some((item) => (item.raw as { event?: unknown }).event === sent)).toBe(true);
  });

  it("says honestly that it could not remove a password where it has no power", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home } = scene.running;
    const made = await anna.client.call<{ room_id: string }>("POST", "/_matrix/client/v3/createRoom", {
      body: { preset: "private_chat", is_direct: true, invite: [home.bot] },
    });
    await anna.waitForMessage(made.room_id, /^Hello!/, home.bot);
    await anna.sendText(made.room_id, "password hunter2");
    const told = await anna.waitForMessage(made.room_id, /Passwords belong only on the page/, home.bot);
    expect(told.content.body).toContain("please remove it yourself");
  });

  it("comes into a direct room that a resident asks a ghost into", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    const ghost = ghostOf("hana@example.com");
    const room = await anna.startDirect(home.ghostLabel(ghost));
    const invited = await host.waitFor("the invitation", () =>
      host.events.find((e) => e.kind === "invited" && e.room === room),
    );
    expect(invited).toMatchObject({ ghost, direct: true });
    await home.adopt(portalOf("hana@example.com"), portalRoom(room, anna.userId), ghost, "Hana");
    await home.deliver(portalRoom(room, anna.userId), ghost, words("hana@example.com", "here I am"), "adopt|1");
    await anna.waitForMessage(room, "here I am", home.ghostLabel(ghost));
    await anna.waitFor("the bot", () => anna.room(room).members().includes(home.bot));
    await expect.poll(() => anna.room(room).displayName(home.ghostLabel(ghost))).toBe("Hana");
  });

  it("declines with a reason and leaves", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    const ghost = ghostOf("ida@example.com");
    const room = await anna.startDirect(home.ghostLabel(ghost));
    await host.waitFor("the invitation", () => host.events.find((e) => e.kind === "invited" && e.room === room));
    await home.decline(room as RoomId, ghost, new BridgeError("not-linked"));
    await anna.waitForMessage(room, /no MSN account linked/, home.ghostLabel(ghost));
    await anna.waitFor("the ghost gone", () => anna.room(room).members("leave").includes(home.ghostLabel(ghost)));
  });

  it.each([
    ["a ghost", "encrypted", (home: RunningHome["home"]) => home.ghostLabel(ghostOf("jan@example.com"))],
    ["the bot", "encrypted", (home: RunningHome["home"]) => home.bot],
  ])("refuses an encrypted room that %s is asked into, in clear text", async (_who, word, whom) => {
    const anna = await scene.synapse.newPerson("anna");
    const { home } = scene.running;
    const room = await anna.createRoom({ invite: [whom(home)], direct: true, encrypted: true });
    await anna.waitForMessage(room, new RegExp(word), whom(home));
    await anna.waitFor("being alone", () => anna.room(room).members("leave").includes(whom(home)));
  });

  it("leaves a chat when encryption is switched on later", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    const room = await openRoom(scene, anna, "kim@example.com");
    await anna.client.call("PUT", `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/state/m.room.encryption`, {
      body: { algorithm: "m.megolm.v1.aes-sha2" },
    });
    await anna.waitForMessage(room, /encrypted/, home.bot);
    await anna.waitFor("everyone gone", () => anna.room(room).members().length === 1);
    await host.waitFor("the portal's end", () => host.events.some((e) => e.kind === "shut-out" && e.room === room));
  });

  it("does not come into a room of several", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home } = scene.running;
    const ghost = home.ghostLabel(ghostOf("lea@example.com"));
    const room = await anna.createRoom({ invite: [ghost], name: "party" });
    await anna.waitForMessage(room, /not marked as a direct chat/, ghost);
    await anna.waitFor("the ghost gone", () => anna.room(room).members("leave").includes(ghost));
  });

  it("reports a failure as an answer to the message, and hears 'again'", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    const room = await openRoom(scene, anna, "mia@example.com");
    const sent = await anna.sendText(room, "are you there?");
    const failure = {
      code: "contact-offline" as const,
      text: new BridgeError("contact-offline").person,
      certainty: "not-sent" as const,
    };
    const notice = await home.reportFailure(portalRoom(room, anna.userId), sent as never, failure, "fail|1");
    const seen = await anna.waitFor("the notice", () => anna.room(room).timeline.find((e) => e.event_id === notice));
    expect(seen.content).toMatchObject({
      msgtype: "m.notice",
      "m.relates_to": { "m.in_reply_to": { event_id: sent } },
    });
    await anna.react(room, notice, "🔁");
    const again = await host.waitFor("the retry", () => host.events.find((e) => e.kind === "retry" && e.room === room));
    expect(again).toMatchObject({ target: notice });
  });

  it("brings a ghost back whose device is gone", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home } = scene.running;
    const ghost = ghostOf("nora@example.com");
    const room = await openRoom(scene, anna, "nora@example.com");
    const as = scene.running.home.ghostLabel(ghost);
    const token = scene.running.asToken;
    const url = `${scene.synapse.server.url}/_matrix/client/v3/devices/MSNBRIDGE?user_id=${encodeURIComponent(as)}`;
    const gone = await fetch(url, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
    expect(gone.status).toBe(200);
    await home.deliver(portalRoom(room, anna.userId), ghost, words("nora@example.com", "back"), "nora|1");
    await anna.waitForMessage(room, "back", as);
  });

  it("gets a backlog at once after the store was away", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { host } = scene.running;
    const room = await openRoom(scene, anna, "olga@example.com");
    host.failure = new BridgeError("store-down");
    const sent = await anna.sendText(room, "while away");
    await host.waitFor("a refused batch", () => host.refused >= 2);
    host.failure = undefined;
    await host.waitFor("the words", () => host.events.some((e) => e.kind === "text" && e.message === sent));
  });

  it("goes on in a chat's new room, and in the chat without a bot that was thrown out; its ban is told", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home, host } = scene.running;
    const [fay, ghost] = [ghostOf("fay@example.com"), home.ghostLabel(ghostOf("fay@example.com"))];
    const room = (await anna.startDirect(ghost)) as RoomId;
    await host.waitFor("the invitation", () => host.events.some((one) => one.kind === "invited" && one.room === room));
    await home.adopt(portalOf("fay@example.com"), portalRoom(room, anna.userId), fay, "Fay");
    host.portals.add(room);
    const to = await upgrade(anna, room, home.bot, ghost);
    await host.waitFor("the move", () => host.events.some((one) => one.kind === "moved" && one.room === room));
    await enter(anna, to);
    await anna.waitFor("Fay", () => anna.room(to).members().includes(ghost));
    host.portals.add(to);
    const heard = (sent: string) =>
      host.waitFor("her words", () => host.events.some((one) => one.kind === "text" && one.message === sent));
    // It has not become the room in which she talks with the bot.
    await heard(await anna.sendText(to, "hello Fay"));
    await kick(anna, to, home.bot);
    await heard(await anna.sendText(to, "without the bot"));
    const shutOut = () => host.events.filter((one) => one.kind === "shut-out" && one.room === to);
    expect(shutOut()).toEqual([]);
    await anna.client.call("POST", `/_matrix/client/v3/rooms/${encodeURIComponent(to)}/ban`, {
      body: { user_id: home.bot },
    });
    await host.waitFor("the news", () => shutOut().length === 1);
  });

  it("finds a chat where it goes on", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home } = scene.running;
    const gus = ghostOf("gus@example.com");
    const room = await openRoom(scene, anna, "gus@example.com");
    const to = await upgrade(anna, room, home.bot, home.ghostLabel(gus));
    await enter(anna, to);
    expect(await home.openDirect(portalOf("gus@example.com"), resident(anna.userId), gus, "Gus")).toBe(to);
  });
});

describe("with rooms of version 12", () => {
  const scene = useScene({ default_room_version: "12" });

  it("opens a room, speaks, and finds it again", async () => {
    const anna = await scene.synapse.newPerson("anna");
    const { home } = scene.running;
    const ghost = ghostOf("pia@example.com");
    const room = await openRoom(scene, anna, "pia@example.com");
    expect(room).not.toContain(":");
    await home.deliver(portalRoom(room, anna.userId), ghost, words("pia@example.com", "in twelve"), "pia|1");
    await anna.waitForMessage(room, "in twelve");
    await home.say(resident(anna.userId), room, "me too", "pia|bot");
    await anna.waitForMessage(room, "me too", home.bot);
    expect(await home.openDirect(portalOf("pia@example.com"), resident(anna.userId), ghost, "Pia")).toBe(room);
  });
});
