import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { messageId, residentId, roomId } from "../../../src/bridge/model.ts";
import { plainRich, rich } from "../../../src/bridge/text/model.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { type Stanza, xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { XMPP } from "../../../src/xmpp/index.ts";
import type { XMPP_SERVERS } from "../../support/xmpp.ts";
import { makeRoom } from "../../support/xmpp-plumbing.ts";
import { groupRoomOutages } from "./group-outages.ts";
import { admin, done, invitations, MUC, reply, seen, texts } from "./group-sights.ts";
import { GroupRoomScene, GroupWorld } from "./group-world.ts";

/** Rooms of groups on the component's own domain, with real people on a real server; the test is the core. */
export function playGroupRooms(kind: keyof typeof XMPP_SERVERS): void {
  const world = new GroupWorld(kind);
  const { fixture } = world;
  let regulars: Promise<[XmppPerson, XmppPerson]> | undefined;

  /** Signing in takes longer than anything else: the two who are in every scene do it once. */
  async function annaAndBert(): Promise<[XmppPerson, XmppPerson]> {
    regulars ??= Promise.all([fixture.newPerson("anna"), fixture.newPerson("bert")]);
    return await regulars;
  }

  async function circle(more: Parameters<typeof GroupRoomScene.open>[3] = {}) {
    const [anna, bert] = await annaAndBert();
    const roles = more.kind === "several" ? (["member", "member"] as const) : (["admin", "member"] as const);
    const scene = await GroupRoomScene.open(
      world,
      { alice: "member", bob: "member" },
      [
        [anna, roles[0]],
        [bert, roles[1]],
      ],
      more,
    );
    return { scene, anna, bert };
  }

  const textsOf = (room: string): string[] =>
    world.host.of("text").flatMap((event) => (event.room === room ? [event.text] : []));

  describe(`rooms of groups on ${kind}`, () => {
    test("those who are in a circle are asked in once, find everybody and the topic there, and nobody else comes in", async () => {
      const { scene, anna, bert } = await circle({ topic: "Holidays" });
      expect(scene.jid).toMatch(/^msntest\.circle-[0-9a-f-]+@/);
      await anna.waitFor("the invitation", () => invitations(anna, scene.jid).length > 0);
      await scene.shape({});
      expect(await world.home.openGroup(scene.view)).toBe(scene.jid);
      const room = await anna.joinRoom(scene.jid, "Anna");
      await anna.waitFor("the topic", () => room.subject === "Holidays");
      await bert.joinRoom(scene.jid, "Bert");
      await anna.waitFor("bert to come", () => room.occupants.has("Bert"));
      expect(room.nicks()).toEqual(["Alice", "Anna", "Bert", "Bob"]);
      expect(room.occupants.get("Anna")).toMatchObject({ affiliation: "owner", role: "moderator" });
      expect(room.occupants.get("Alice")).toMatchObject({ affiliation: "member", jid: world.jid("alice") });
      expect(invitations(anna, scene.jid)).toHaveLength(1);
      const carl = await fixture.newPerson("carl");
      await expect(carl.joinRoom(scene.jid, "Carl")).rejects.toThrow("registration-required");
      const about = await anna.ask.discoInfo(scene.jid);
      expect(about.identities).toEqual([{ category: "conference", type: "text", name: "Family" }]);
      const listed = async (who: XmppPerson) => (await who.ask.discoItems(world.home.gateway)).map(({ jid }) => jid);
      expect(await listed(anna)).toContain(scene.jid);
      expect(await listed(carl)).not.toContain(scene.jid);
    });

    test("anna: hi / bob: hi anna; each word is stored, then shown once to all, under one id", async () => {
      const { scene, anna, bert } = await circle();
      const [annas, berts] = [await anna.joinRoom(scene.jid, "Anna"), await bert.joinRoom(scene.jid, "Bert")];
      await anna.sayInRoom(scene.jid, "hi");
      const own = await seen(anna, annas, "hi");
      const name = await scene.says("bob", "hi anna");
      const answer = await seen(bert, berts, "hi anna");
      expect(answer).toMatchObject({ from: `${scene.jid}/Bob`, stanzaId: name, id: name });
      expect(world.host.of("text").at(-1)).toMatchObject({
        room: scene.jid,
        resident: world.resident(anna),
        text: "hi",
        message: own.stanzaId,
      });
      expect(berts.texts()).toEqual(["hi", "hi anna"]);
      await seen(anna, annas, "hi anna");
      expect(annas.texts()).toEqual(["hi", "hi anna"]);
    });

    test("the same words again, as after a crash, are said once; who comes later finds them", async () => {
      const { scene, anna, bert } = await circle();
      const room = await anna.joinRoom(scene.jid, "Anna");
      const key = scene.nextKey();
      const first = await scene.says("bob", "once", {}, key);
      expect(await scene.says("bob", "once", {}, key)).toBe(first);
      await scene.says("bob", "last");
      await seen(anna, room, "last");
      expect(room.texts()).toEqual(["once", "last"]);
      const late = await bert.joinRoom(scene.jid, "Bert");
      await seen(bert, late, "last");
      expect(late.texts()).toEqual(["once", "last"]);
      expect(late.messages[0]?.delayedSince).toBeDefined();
    });

    test("anna's words from another place come as her own to all; a guest has a place of their own", async () => {
      const { scene, anna, bert } = await circle();
      await anna.joinRoom(scene.jid, "Anna");
      const room = await bert.joinRoom(scene.jid, "Bert");
      await bert.waitFor("anna", () => room.occupants.has("Anna"));
      const before = world.host.items.length;
      const own = { kind: "own", resident: world.resident(anna), self: world.ghost("anna"), name: "Anna M" } as const;
      await world.home.deliverToGroup(scene.roomId, scene.id, own, scene.message("from MSN"), scene.nextKey());
      const guest = { kind: "guest", resident: residentId(XMPP, "@carl:matrix.test"), name: "Carl" } as const;
      await world.home.deliverToGroup(scene.roomId, scene.id, guest, scene.message("from Matrix"), scene.nextKey());
      await seen(bert, room, "from Matrix");
      expect(room.texts("Anna")).toEqual(["from MSN"]);
      expect(room.texts("Carl")).toEqual(["from Matrix"]);
      expect(room.nicks()).toContain("Carl");
      expect(world.host.items).toHaveLength(before);
    });

    test("looks, late words and nudges from MSN", async () => {
      const { scene, anna } = await circle();
      const room = await anna.joinRoom(scene.jid, "Anna");
      const words = rich([{ text: "very", bold: true }, { text: " good" }]);
      await scene.says("bob", "very good", { rich: words });
      const shown = await seen(anna, room, "*very* good");
      expect(shown.element.getChild("html", "http://jabber.org/protocol/xhtml-im")).toBeDefined();
      const at = Date.parse("2026-01-02T03:04:05Z");
      await scene.says("bob", "from yesterday", { at, delayed: true });
      expect((await seen(anna, room, "from yesterday")).delayedSince?.getTime()).toBe(at);
      await scene.says("bob", "Bob sent a nudge", { nudge: true });
      expect((await seen(anna, room, "Bob sent a nudge")).attention).toBe(true);
    });

    test("what is about other words is native both ways: answers, corrections, removals, reactions", async () => {
      const { scene, anna } = await circle();
      const room = await anna.joinRoom(scene.jid, "Anna");
      const target = await scene.says("bob", "shall we meet?");
      await seen(anna, room, "shall we meet?");
      const sent = await anna.sayInRoom(scene.jid, "yes, at fife", { extra: [reply(`${scene.jid}/Bob`, target)] });
      const own = messageId((await seen(anna, room, "yes, at fife")).stanzaId ?? "");
      expect(world.host.of("text").at(-1)).toMatchObject({
        text: "> Bob: shall we meet?\nyes, at fife",
        about: { kind: "reply", target, text: "yes, at fife" },
      });
      await anna.sayInRoom(scene.jid, "yes, at five", { replaces: sent });
      await seen(anna, room, "yes, at five");
      expect(world.host.of("text").at(-1)).toMatchObject({
        text: "* fife → five",
        about: { kind: "edit", target: own, text: "yes, at five" },
      });
      const react = (...emoji: string[]) =>
        xml(
          "reactions",
          { xmlns: "urn:xmpp:reactions:0", id: target },
          emoji.map((one) => xml("reaction", {}, one)),
        );
      const message = (child: Stanza) =>
        anna.send(xml("message", { to: scene.jid, type: "groupchat", id: randomUUID() }, child));
      await message(react("👍", "🎉"));
      await message(react("🎉"));
      await message(xml("retract", { xmlns: "urn:xmpp:message-retract:1", id: own }));
      await expect.poll(() => world.host.of("text").at(-1)?.about).toEqual({ kind: "removal", target: own });
      const reactions = world.host.of("reaction").map(({ key, removed, text }) => ({ key, removed, text }));
      const text = "shall we meet?";
      expect(reactions.slice(-3)).toEqual([
        { key: "👍", removed: undefined, text },
        { key: "🎉", removed: undefined, text },
        { key: "👍", removed: true, text },
      ]);

      const said = await anna.sayInRoom(scene.jid, "who brings the cake?");
      const cake = messageId((await seen(anna, room, "who brings the cake?")).stanzaId ?? "");
      expect(said).not.toBe(cake);
      await scene.says("alice", "> Anna: who brings the cake?\nI do", {
        about: { kind: "reply", target: cake, text: "I do" },
      });
      const answer = await seen(anna, room, "> Anna: who brings the cake?\nI do");
      expect(answer.element.getChild("reply", "urn:xmpp:reply:0")?.attrs).toMatchObject({
        id: cake,
        to: `${scene.jid}/Anna`,
      });
      const typo = await scene.says("alice", "a big won");
      await scene.says("alice", "* won → one", { about: { kind: "edit", target: typo, text: "a big one" } });
      expect((await seen(anna, room, "a big one")).replaces).toBe(typo);
      const up = { kind: "reaction", target: cake, key: "👍" } as const;
      await scene.says("alice", "reacted", { about: up });
      await scene.says("alice", "reacted", { about: { ...up, key: "🎂" } });
      await scene.says("alice", "gone", { about: { kind: "removal", target: typo } });
      const gone = await seen(anna, room, "gone");
      expect(gone.element.getChild("retract", "urn:xmpp:message-retract:1")?.attrs.id).toBe(typo);
      const shown = room.messages.findLast(({ element }) => element.getChild("reactions", "urn:xmpp:reactions:0"));
      const all = shown?.element
        .getChild("reactions")
        ?.getChildren("reaction")
        .map((one) => one.text());
      expect(all).toEqual(["👍", "🎂"]);
    });

    test("the topic is anna's to set, and the core's to keep", async () => {
      const { scene, anna, bert } = await circle();
      await anna.joinRoom(scene.jid, "Anna");
      const room = await bert.joinRoom(scene.jid, "Bert");
      await anna.send(xml("message", { to: scene.jid, type: "groupchat" }, xml("subject", {}, "Cake")));
      await bert.waitFor("the topic", () => room.subject === "Cake");
      expect(world.host.of("reshaped").at(-1)).toMatchObject({
        room: scene.jid,
        resident: world.resident(anna),
        change: { what: "topic", text: "Cake" },
      });
      await scene.shape({ topic: "Cake and tea" });
      await bert.waitFor("the topic of the core", () => room.subject === "Cake and tea");
    });

    test("a kick of a ghost in a circle: asked of MSN, done when that has, refused in its words when it does not", async () => {
      const { scene, anna, bert } = await circle();
      const room = await anna.joinRoom(scene.jid, "Anna");
      await bert.joinRoom(scene.jid, "Bert");
      const kick = (nick: string) => admin(xml("item", { nick, role: "none" }, xml("reason", {}, "bye")));
      await expect(bert.ask.query("set", scene.jid, kick("Bob"))).rejects.toThrow("forbidden");
      const asked = done(anna.ask.query("set", scene.jid, kick("Bob")));
      await expect.poll(() => world.host.of("removed").at(-1)?.ghost).toEqual(world.ghost("bob"));
      expect(room.nicks()).toContain("Bob");
      await scene.shape({ people: scene.people({ alice: "member" }) });
      await asked;
      await anna.waitFor("bob to be gone", () => !room.occupants.has("Bob"));
      const last = anna.presences.findLast(({ from }) => from === `${scene.jid}/Bob`);
      const codes = last?.element
        .getChild("x", `${MUC}#user`)
        ?.getChildren("status")
        .map(({ attrs }) => attrs.code);
      expect(codes).toContain("307");

      const refused = anna.ask.query("set", scene.jid, kick("Alice"));
      refused.catch(() => {});
      await expect.poll(() => world.host.of("removed").at(-1)?.ghost).toEqual(world.ghost("alice"));
      const removal = world.host.of("removed").at(-1);
      const place = { home: XMPP, room: scene.roomId, resident: world.resident(anna) };
      const failure = { code: "group-refused", text: "MSN keeps Alice.", certainty: "not-sent" } as const;
      await world.home.reportFailure(place, removal?.message ?? messageId(""), failure, "why");
      await expect(refused).rejects.toThrow("MSN keeps Alice.");
      expect(room.nicks()).toContain("Alice");
    });

    test("in a conversation nobody is above the others: kicks and names are refused with the reason, invitations go to MSN", async () => {
      const { scene, anna } = await circle({ kind: "several", name: "" });
      const room = await anna.joinRoom(scene.jid, "Anna");
      expect((await anna.ask.discoInfo(scene.jid)).identities[0]?.name).toBe("Alice, Bob");
      const kick = admin(xml("item", { nick: "Bob", role: "none" }));
      await expect(anna.ask.query("set", scene.jid, kick)).rejects.toThrow("Nobody can be put out");
      const form = xml("query", { xmlns: `${MUC}#owner` });
      await expect(anna.ask.query("get", scene.jid, form)).rejects.toThrow("forbidden");
      const invite = (to: string) => xml("x", { xmlns: `${MUC}#user` }, xml("invite", { to }));
      await anna.send(xml("message", { to: scene.jid, id: "inv" }, invite(world.jid("carol"))));
      await expect.poll(() => world.host.of("invited").at(-1)?.ghost).toEqual(world.ghost("carol"));
      expect(world.host.items.at(-1)?.invites).toBeUndefined();
      await scene.shape({ people: scene.people({ alice: "member", bob: "member", carol: "member" }) });
      await anna.waitFor("carol", () => room.occupants.has("Carol"));
    });

    test("somebody without a place in the group is asked in by who has one, stays when the group changes, and is put out again", async () => {
      const { scene, anna, bert } = await circle({ kind: "several", name: "" });
      const room = await anna.joinRoom(scene.jid, "Anna");
      await bert.joinRoom(scene.jid, "Bert");
      const [carl, dora] = [await fixture.newPerson("carl"), await fixture.newPerson("dora")];
      // As clients do that send the invitation themselves.
      await done(anna.ask.query("set", scene.jid, admin(xml("item", { jid: dora.jid, affiliation: "member" }))));
      expect((await dora.joinRoom(scene.jid, "Dora")).nicks()).toContain("Dora");
      const invite = xml("x", { xmlns: `${MUC}#user` }, xml("invite", { to: carl.jid }));
      await anna.send(xml("message", { to: scene.jid }, invite));
      await carl.waitFor("the invitation", () => invitations(carl, scene.jid).length > 0);
      const carls = await carl.joinRoom(scene.jid, "Carl");
      await world.restart();
      await scene.shape({ people: scene.people({ alice: "member" }) });
      await carl.sayInRoom(scene.jid, "still here");
      await seen(anna, room, "still here");
      expect(world.host.of("text").at(-1)).toMatchObject({ resident: world.resident(carl), text: "still here" });
      const out = (jid: string) => admin(xml("item", { jid, affiliation: "none" }));
      await expect(anna.ask.query("set", scene.jid, out(bert.jid))).rejects.toThrow("not-allowed");
      await done(anna.ask.query("set", scene.jid, out(carl.jid)));
      expect((await carl.waitFor("to be out", () => carls.left)).codes).toContain("321");
      await scene.shape({});
      await expect(carl.joinRoom(scene.jid, "Carl")).rejects.toThrow("registration-required");
    });

    test("an owner renames a circle on MSN first; the room cannot be destroyed, and says what to do instead", async () => {
      const { scene, anna } = await circle();
      await anna.joinRoom(scene.jid, "Anna");
      const field = (name: string, value: string) => xml("field", { var: name }, xml("value", {}, value));
      const form = xml(
        "x",
        { xmlns: "jabber:x:data", type: "submit" },
        field("FORM_TYPE", `${MUC}#roomconfig`),
        field("muc#roomconfig_roomname", "Clan"),
      );
      const renamed = done(anna.ask.query("set", scene.jid, xml("query", { xmlns: `${MUC}#owner` }, form)));
      await expect.poll(() => world.host.of("reshaped").at(-1)?.change).toEqual({ what: "name", text: "Clan" });
      await scene.shape({ name: "Clan" });
      await renamed;
      expect((await anna.ask.discoInfo(scene.jid)).identities[0]?.name).toBe("Clan");
      const destroy = xml("query", { xmlns: `${MUC}#owner` }, xml("destroy"));
      await expect(anna.ask.query("set", scene.jid, destroy)).rejects.toThrow("portal delete");
    });

    test("who is in the group no more is put out, whoever had asked them in; who comes back is asked again", async () => {
      const { scene, anna, bert } = await circle();
      await anna.joinRoom(scene.jid, "Anna");
      const room = await bert.joinRoom(scene.jid, "Bert");
      const before = invitations(bert, scene.jid).length;
      await anna.send(
        xml("message", { to: scene.jid }, xml("x", { xmlns: `${MUC}#user` }, xml("invite", { to: bert.jid }))),
      );
      await bert.waitFor("anna's invitation", () => invitations(bert, scene.jid).length === before + 1);
      scene.residents.delete(bert.jid);
      await scene.shape({ people: scene.people({ alice: "member" }) });
      const left = await bert.waitFor("to be out", () => room.left);
      expect(left.codes).toContain("321");
      await expect(bert.joinRoom(scene.jid, "Bert")).rejects.toThrow("registration-required");
      scene.residents.set(bert.jid, "member");
      await scene.shape({ people: scene.people({ alice: "member" }) });
      await bert.waitFor("a new invitation", () => invitations(bert, scene.jid).length === before + 2);
    });

    groupRoomOutages({ world, circle, textsOf });

    test("what MSN does not take goes back to its sender, with the reason kept in the chat with the gateway", async () => {
      const { scene, anna } = await circle();
      const room = await anna.joinRoom(scene.jid, "Anna");
      const words = `into the void, ${"👋".repeat(60)}`;
      const id = await anna.sayInRoom(scene.jid, words);
      const name = messageId((await seen(anna, room, words)).stanzaId ?? "");
      const place = { home: XMPP, room: scene.roomId, resident: world.resident(anna) };
      const failure = { code: "group-gone", text: "Nobody is there.", certainty: "not-sent" } as const;
      await world.home.reportFailure(place, name, failure, `fail ${id}`);
      expect((await anna.waitForError(id)).error?.text).toBe("Nobody is there.");
      await anna.waitForMessage(/In Family, “into the void, 👋+…”: Nobody is there\./u, world.home.gateway);
    });

    test("typing goes both ways; words to one ghost alone go to the chat with it; `!msn` speaks to the bridge", async () => {
      const { scene, anna } = await circle();
      const room = await anna.joinRoom(scene.jid, "Anna");
      const state = (name: string) => xml(name, { xmlns: "http://jabber.org/protocol/chatstates" });
      await anna.send(xml("message", { to: scene.jid, type: "groupchat" }, state("composing")));
      await expect.poll(() => world.host.typists.at(-1)).toBe(`${scene.jid} true`);
      await world.home.showGroupTyping(scene.roomId, world.ghost("bob"), true, 5000);
      await anna.waitFor("bob typing", () =>
        room.messages.some(({ from, chatState }) => from === `${scene.jid}/Bob` && chatState === "composing"),
      );
      const id = await anna.say(`${scene.jid}/Bob`, "just between us");
      await expect
        .poll(() => world.host.of("text").at(-1))
        .toMatchObject({
          text: "just between us",
          room: `${world.jid("bob")} ${anna.jid}`,
        });
      const between = world.host.of("text").at(-1);
      if (between !== undefined) await world.home.confirm?.(between.room, between.message);
      const receipt = await anna.waitFor("the receipt", () => anna.messages.find(({ receiptOf }) => receiptOf === id));
      expect(receipt.from).toBe(`${scene.jid}/Bob`);
      await anna.sayInRoom(scene.jid, "!msn leave");
      await seen(anna, room, "!msn leave");
      expect(world.host.of("command").at(-1)).toMatchObject({ line: "leave", room: scene.jid });
      expect(world.host.items.at(-1)?.control).toBe(true);
      expect((await anna.ask.vcard(`${scene.jid}/Bob`)).toString()).toContain("bob@msn.test");
    });

    test("a room is found by its address or its name, and those who run it may untie it; then it is theirs", async () => {
      const { scene, anna, bert } = await circle({ name: `Clan ${randomUUID()}` });
      const [annas, berts] = [world.resident(anna), world.resident(bert)];
      expect(await world.home.findRoom(`xmpp:${scene.jid}?join`, annas)).toBe(scene.jid);
      expect(await world.home.findRoom(scene.view.name, annas)).toBe(scene.jid);
      const stranger = residentId(XMPP, "stranger@elsewhere.example");
      await expect(world.home.findRoom(scene.jid, stranger)).rejects.toThrow("room-unknown");
      expect(await world.home.mayBridge(scene.roomId, annas)).toEqual({ allowed: true });
      expect(await world.home.mayBridge(scene.roomId, berts)).toMatchObject({
        allowed: false,
        because: expect.stringContaining(`Ask ${anna.jid}`),
      });
      // Said to the gateway, which is where people say commands.
      const gateway = roomId(`${world.fixture.server.component} ${anna.jid}`);
      expect(await world.home.mayBridge(gateway, annas)).toMatchObject({
        allowed: false,
        because: expect.stringContaining("name that room"),
      });
      const room = await anna.joinRoom(scene.jid, "Anna");
      expect(await world.home.nameIn(scene.roomId, annas)).toBe("Anna");
      await world.home.releaseGroup(scene.roomId, scene.view, "unbridge");
      await anna.waitFor("the ghosts to be gone", () => room.nicks().join() === "Anna");
      const before = world.host.items.length;
      await anna.sayInRoom(scene.jid, "among ourselves");
      await seen(anna, room, "among ourselves");
      expect(world.host.items).toHaveLength(before);
      await scene.shape({ plumbed: true, people: scene.people({ alice: "member" }) });
      await anna.waitFor("alice", () => room.occupants.has("Alice"));
      await anna.sayInRoom(scene.jid, "hi alice");
      await expect.poll(() => textsOf(scene.jid)).toEqual(["hi alice"]);
      await world.home.releaseGroup(scene.roomId, scene.view, "delete");
      await anna.waitFor("the end", () => room.left);
      await expect(anna.ask.ping(`${scene.jid}/Anna`)).rejects.toThrow("not-acceptable");
      await expect(anna.joinRoom(scene.jid, "Anna")).rejects.toThrow("item-not-found");
      await world.home.releaseGroup(scene.roomId, scene.view, "delete");
    });

    test("what the bridge answers somebody in a conference of the server, it says to them alone; to a guest, there", async () => {
      const { scene, anna, bert } = await circle();
      const conference = roomId(`lobby-${randomUUID().slice(0, 8)}@${fixture.server.muc}`);
      await makeRoom(anna, conference, "Anna", { whois: "anyone" });
      const room = await bert.joinRoom(conference, "Bert");
      await world.home.shapeGroup(conference, { ...scene.view, plumbed: true });
      await world.home.say(world.resident(anna), conference, "https://bridge.test/link/secret", "answer 1");
      await anna.waitForMessage(/link\/secret/, world.home.gateway);
      await world.home.say(residentId(XMPP, `${conference}/Zoe`), conference, "Not sent.", "answer 2");
      await seen(bert, room, "Not sent.");
      expect(texts(room)).toEqual(["Not sent."]);
      await world.home.releaseGroup(conference, { ...scene.view, plumbed: true }, "unbridge");
    });

    test("plain words cost nothing: a text with signs is what it looks like", async () => {
      const { scene, anna } = await circle();
      const room = await anna.joinRoom(scene.jid, "Anna");
      await scene.says("bob", "2*3*4 _x_", { rich: plainRich("2*3*4 _x_") });
      await seen(anna, room, "2*3*4 _x_");
      await anna.sayInRoom(scene.jid, "*yes*");
      await seen(anna, room, "*yes*");
      expect(world.host.of("text").at(-1)).toMatchObject({ text: "yes", rich: { runs: [{ bold: true }] } });
    });
  });
}
