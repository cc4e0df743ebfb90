/** What people in rooms of groups see when the bridge or its link is away for a while. */
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { messageId } from "../../../src/bridge/model.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { invitations, reply, seen, texts } from "./group-sights.ts";
import type { GroupRoomScene, GroupWorld } from "./group-world.ts";

export interface OutageStage {
  readonly world: GroupWorld;
  readonly circle: (
    more?: Parameters<typeof GroupRoomScene.open>[3],
  ) => Promise<{ scene: GroupRoomScene; anna: XmppPerson; bert: XmppPerson }>;
  readonly textsOf: (room: string) => string[];
}

export function groupRoomOutages({ world, circle, textsOf }: OutageStage): void {
  const { fixture } = world;

  test("nobody notices a restart: they sit where they sat, words and topic are there, self-pings are answered", async () => {
    const { scene, anna, bert } = await circle({ topic: "Still here" });
    const room = await anna.joinRoom(scene.jid, "Anna");
    await bert.joinRoom(scene.jid, "Bert");
    const key = scene.nextKey();
    const name = await scene.says("bob", "before", {}, key);
    await anna.sayInRoom(scene.jid, "mine");
    await seen(anna, room, "mine");
    const presences = anna.presences.length;
    await world.restart();
    await anna.ask.ping(`${scene.jid}/Anna`);
    expect(await scene.says("bob", "before", {}, key)).toBe(name);
    await scene.says("bob", "after");
    await seen(anna, room, "after");
    expect(texts(room)).toEqual(["before", "mine", "after"]);
    expect(anna.presences.slice(presences).filter(({ type }) => type === "unavailable")).toEqual([]);
    const dave = await fixture.newPerson({ jid: bert.jid, password: "correct horse battery" });
    const late = await dave.joinRoom(scene.jid, "Bert");
    await seen(dave, late, "after");
    expect(late.texts()).toEqual(["before", "mine", "after"]);
    await dave.waitFor("the topic", () => late.subject === "Still here");
    expect(late.nicks()).toEqual(["Alice", "Anna", "Bert", "Bob"]);
    await dave.close();
    const asked = invitations(anna, scene.jid).length;
    await scene.shape({});
    expect(invitations(anna, scene.jid)).toHaveLength(asked);
  });

  test("what was said before a restart is taken back by who said it, however much was said since; bob corrects his own", async () => {
    const { scene, anna } = await circle();
    const room = await anna.joinRoom(scene.jid, "Anna");
    await anna.sayInRoom(scene.jid, "I love you");
    const mine = await seen(anna, room, "I love you");
    const his = await scene.says("bob", "over their");
    for (let i = 0; i < 35; i += 1) await scene.says("bob", `word ${i}`);
    await world.restart();
    const retract = xml("retract", { xmlns: "urn:xmpp:message-retract:1", id: mine.stanzaId });
    await anna.sayInRoom(scene.jid, "This person attempted to retract a message", { extra: [retract] });
    await anna.waitFor("the removal", () => world.host.of("text").at(-1)?.about?.kind === "removal");
    expect(world.host.of("text").at(-1)).toMatchObject({
      text: "(deleted: “I love you”)",
      about: { kind: "removal", target: mine.stanzaId },
    });
    await anna.sayInRoom(scene.jid, "where?", { extra: [reply(`${scene.jid}/Bob`, his)] });
    await seen(anna, room, "where?");
    expect(world.host.of("text").at(-1)).toMatchObject({ text: "> Bob: over their\nwhere?" });
    const thumb = { kind: "reaction", target: messageId(mine.stanzaId ?? ""), key: "👍" } as const;
    await scene.says("bob", "👍", { about: thumb });
  });

  test("long words that were on their way to the store when the bridge ended are shown whole", async () => {
    const { scene, anna } = await circle();
    const room = await anna.joinRoom(scene.jid, "Anna");
    const gate = Promise.withResolvers<void>();
    world.host.held = gate.promise;
    const long = "just in time, ".repeat(1000);
    await anna.sayInRoom(scene.jid, long);
    await anna.ask.ping(`${scene.jid}/Anna`);
    const stopping = world.restart();
    world.host.held = undefined;
    gate.resolve();
    await stopping;
    await seen(anna, room, long);
    expect(room.texts().filter((text) => text === long)).toHaveLength(1);
  });

  test("words that were on their way to the store when the bridge ended are stored once, and shown", async () => {
    const { scene, anna, bert } = await circle();
    const room = await anna.joinRoom(scene.jid, "Anna");
    await bert.joinRoom(scene.jid, "Bert");
    const gate = Promise.withResolvers<void>();
    world.host.held = gate.promise;
    await anna.sayInRoom(scene.jid, "just in time");
    // Behind it in the same stream: the home has it when this is answered.
    await anna.ask.ping(`${scene.jid}/Anna`);
    expect(room.texts()).toEqual([]);
    const stopping = world.restart();
    world.host.held = undefined;
    gate.resolve();
    await stopping;
    await seen(anna, room, "just in time");
    expect(textsOf(scene.jid)).toEqual(["just in time"]);
  });

  test("the link breaks while bob speaks: said again, it has the same id; all sit where they sat", async () => {
    const { scene, anna } = await circle();
    const room = await anna.joinRoom(scene.jid, "Anna");
    const key = scene.nextKey();
    world.wire.swallow("answers");
    const lost = scene.says("bob", "hello?", {}, key);
    const failed = expect(lost).rejects.toThrow("home-down");
    await seen(anna, room, "hello?");
    world.wire.cut();
    await failed;
    world.wire.swallow(false);
    await world.home.attached();
    const name = await scene.says("bob", "hello?", {}, key);
    await scene.says("bob", "there you are");
    await seen(anna, room, "there you are");
    expect(texts(room)).toEqual(["hello?", "there you are"]);
    expect(room.messages.filter(({ body }) => body === "hello?").every(({ stanzaId }) => stanzaId === name)).toBe(true);
    await anna.ask.ping(`${scene.jid}/Anna`);
    expect(room.nicks()).toEqual(["Alice", "Anna", "Bob"]);
  });

  test("the link breaks when anna's words are stored and not known to be shown: they are shown again under their id", async () => {
    const { scene, anna } = await circle();
    const room = await anna.joinRoom(scene.jid, "Anna");
    const gate = Promise.withResolvers<void>();
    world.host.held = gate.promise;
    await anna.sayInRoom(scene.jid, "in between");
    await anna.ask.ping(`${scene.jid}/Anna`);
    world.wire.cut();
    world.host.held = undefined;
    gate.resolve();
    await world.home.attached();
    await seen(anna, room, "in between");
    await anna.sayInRoom(scene.jid, "and on");
    await seen(anna, room, "and on");
    expect(texts(room)).toEqual(["in between", "and on"]);
    expect(textsOf(scene.jid)).toEqual(["in between", "and on"]);
  });

  test("a client that says the same again under its id hears itself once more, and nobody else does", async () => {
    const { scene, anna, bert } = await circle();
    const annas = await anna.joinRoom(scene.jid, "Anna");
    const berts = await bert.joinRoom(scene.jid, "Bert");
    const id = randomUUID();
    await anna.sayInRoom(scene.jid, "did you get this?", { id });
    await seen(anna, annas, "did you get this?");
    await anna.sayInRoom(scene.jid, "did you get this?", { id });
    await anna.waitFor("it again", () => annas.texts().length === 2);
    await anna.sayInRoom(scene.jid, "fine");
    await seen(bert, berts, "fine");
    expect(berts.texts()).toEqual(["did you get this?", "fine"]);
    expect(textsOf(scene.jid)).toEqual(["did you get this?", "fine"]);
  });
}
