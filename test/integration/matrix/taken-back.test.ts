/** What is taken back, and reacted to, is told of to those alone who were told of it. */
import { expect, it } from "vitest";
import type { RoomId } from "../../../src/bridge/model.ts";
import { ANNA, BOT, cleanScenes, DOMAIN, scene } from "../../support/stub-scene.ts";

cleanScenes();

const BEN = `@ben:${DOMAIN}`;
const BOB = `@_msn_escargot_bob=40example.com:${DOMAIN}`;
const text = (body: string, more: Record<string, unknown> = {}) => ({ msgtype: "m.text", body, ...more });
const edit = (of: unknown, body: string) =>
  text(`* ${body}`, { "m.new_content": text(body), "m.relates_to": { rel_type: "m.replace", event_id: of } });
const press = (on: unknown, key: string) => ({ "m.relates_to": { rel_type: "m.annotation", event_id: on, key } });

/** A room in which the bot sits with Anna and Ben, tied to nothing yet. */
async function room() {
  const s = await scene();
  s.stub.users.add(BOB);
  const { id } = s.stub.makeRoom({ [ANNA]: "join", [BEN]: "join", [BOT]: "join" });
  const does = async (content: Record<string, unknown>, type = "m.room.message", sender = ANNA) => {
    const event = s.stub.event(id, sender, type, content);
    expect(await s.stub.push([event])).toBe(200);
    await s.host.settled();
    return event.event_id;
  };
  const heard = () =>
    s.host.events.map((event) => {
      if (event.kind === "reaction") return `${event.removed ? "-" : "+"}${event.key} to ${event.text}`;
      return event.kind === "text" ? event.text : event.kind;
    });
  const tie = () => {
    s.host.portals.add(id as RoomId);
    s.host.groups.add(id as RoomId);
  };
  const redacts = (redacted: unknown) => does({ redacts: redacted }, "m.room.redaction");
  return { ...s, id, does, heard, tie, redacts };
}

it("what was said before the room was tied is quoted by no removal and no reaction", async () => {
  const { does, heard, tie, redacts } = await room();
  const secret = await does(text("between us: Bob must not know about the party"));
  tie();
  await does(text("hello Bob"));
  const heart = await does(press(secret, "❤️"), "m.reaction", BEN);
  await does({ redacts: heart }, "m.room.redaction", BEN);
  await redacts(secret);
  expect(heard()).toEqual(["hello Bob"]);
});

it("neither is what is for the bridge alone, and what programs say", async () => {
  const { does, heard, tie, redacts } = await room();
  tie();
  const command = await does(text("!msn invite carol@example.com"));
  const notice = await does({ msgtype: "m.notice", body: "build 5 failed, token=abc" });
  for (const one of [command, notice]) {
    await does(press(one, "👍"), "m.reaction", BEN);
    await redacts(one);
  }
  expect(heard()).toEqual(["command"]);
});

it("what became a command was told as it was before, and what was one is told as it is now", async () => {
  const { does, heard, tie, redacts } = await room();
  tie();
  const [words, command] = [await does(text("invite carol?")), await does(text("!msn invite carol@example.com"))];
  await does(edit(words, "!msn invite carol@example.com"));
  await does(edit(command, "good evening everybody"));
  await redacts(words);
  await redacts(command);
  expect(heard()).toEqual([
    "invite carol?",
    "command",
    "* good evening everybody",
    "(deleted: “invite carol?”)",
    "(deleted: “good evening everybody”)",
  ]);
});

it("what was told is quoted: what people said, also right behind an invitation, and what Bob did", async () => {
  const { stub, host, does, heard, tie, redacts, id } = await room();
  tie();
  const [hers, his] = [await does(text("hi")), await does(text("hello"), "m.room.message", BOB)];
  await does(press(his, "👍"), "m.reaction");
  await redacts(hers);
  expect(heard()).toEqual(["hi", "+👍 to hello", "(deleted: “hi”)"]);
  host.portals.delete(id as RoomId);
  host.events.length = 0;
  const chat = stub.makeRoom({ [ANNA]: "join", [BOB]: "invite" }).id;
  const invitation = stub.event(chat, ANNA, "m.room.member", { membership: "invite", is_direct: true }, BOB);
  const first = stub.event(chat, ANNA, "m.room.message", text("are you there?"));
  await stub.push([invitation, first]);
  host.portals.add(chat as RoomId);
  await stub.push([stub.event(chat, ANNA, "m.room.redaction", { redacts: first.event_id })]);
  await host.settled();
  expect(heard()).toEqual(["invited", "are you there?", "(deleted: “are you there?”)"]);
});

it("after a restart commands and notices are known for what they are as well", async () => {
  const { stub, host, does, heard, tie, id } = await room();
  tie();
  const { history } = stub.room(id);
  const before = (sender: string, content: Record<string, unknown>) => {
    const said = stub.event(id, sender, "m.room.message", content);
    history.push(said);
    return said.event_id;
  };
  const command = before(ANNA, text("!msn invite carol@example.com"));
  const notice = before(BEN, { msgtype: "m.notice", body: "token=abc" });
  const nudge = before(BOB, { msgtype: "m.notice", body: "sent a nudge" });
  for (const one of [command, notice, nudge]) await does(press(one, "👍"), "m.reaction");
  await host.settled();
  expect(heard()).toEqual(["+👍 to sent a nudge"]);
});

it("what was said before the bridge came is no concern of those who came with it", async () => {
  const { stub, does, heard, tie, redacts, id } = await room();
  tie();
  const { history } = stub.room(id);
  const before = (sender: string, content: Record<string, unknown>, membership: string) => {
    const said = stub.event(id, sender, "m.room.message", content);
    history.push({ ...said, unsigned: { membership } });
    return said.event_id;
  };
  const alone = before(ANNA, text("between us: Bob must not know about the party"), "leave");
  const gone = before(ANNA, {}, "invite");
  const told = before(ANNA, text("see you at eight"), "join");
  for (const one of [alone, told]) await does(press(one, "👍"), "m.reaction", BEN);
  await redacts(gone);
  await does(edit(alone, "hello Bob"));
  await redacts(alone);
  expect(heard()).toEqual(["+👍 to see you at eight", "* hello Bob", "(deleted: “hello Bob”)"]);
});

it("an edit is compared with what was told last; of what was told to nobody it says all words", async () => {
  const { does, heard, tie } = await room();
  const early = await does(text("I will be at the station at noon, their"));
  tie();
  const [command, words] = [await does(text("!msn nudge my friend carol")), await does(text("call my friend carol"))];
  await does(edit(early, "I will be at the station at noon, there"));
  await does(edit(early, "I will be at the station at four, there"));
  await does(edit(command, "nudge my friend carol"));
  await does(edit(words, "!msn call my friend carol"));
  await does(edit(words, "please call my friend carol"));
  expect(heard()).toEqual([
    "command",
    "call my friend carol",
    "* I will be at the station at noon, there",
    "* noon, → four,",
    "* nudge my friend carol",
    "* call → please call",
  ]);
});

it("what a guest says in a chat of two stays there: nobody reads it by a reaction to it", async () => {
  const { host, does, heard, redacts, id } = await room();
  host.portals.add(id as RoomId);
  const [guests, bobs, own] = [
    await does(text("Bob must not know that I am here"), "m.room.message", BEN),
    await does(text("hello"), "m.room.message", BOB),
    await does(text("hi")),
  ];
  host.events.length = 0;
  const pressed = await does(press(guests, "👍"), "m.reaction");
  for (const one of [bobs, own]) await does(press(one, "👍"), "m.reaction");
  await redacts(pressed);
  expect(heard()).toEqual(["+👍 to hello", "+👍 to hi"]);
});
