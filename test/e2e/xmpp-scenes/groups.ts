import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { MsnGroup } from "../../../src/cli/sandbox/msn-group.ts";
import type { MsnPerson } from "../../../src/cli/sandbox/msn-person.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import type { XmppRoom } from "../../../src/cli/sandbox/xmpp-room.ts";
import { xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import type { Stage } from "./stage.ts";

const MUC = "http://jabber.org/protocol/muc";

/** The rooms that somebody was asked into, the last one last. */
export function invitedTo({ messages }: XmppPerson): string[] {
  return messages.flatMap(({ element }) => element.getChild("x", "jabber:x:conference")?.attrs.jid ?? []);
}

/** What a client shows of a room: what comes again under its id, because it may have been lost, is the same. */
function shown({ messages }: XmppRoom): (string | undefined)[] {
  const firsts = new Map(messages.map(({ stanzaId, body }) => [stanzaId, body]));
  return [...firsts.values()];
}

export async function seen(person: XmppPerson, room: XmppRoom, text: string): Promise<void> {
  await person.waitFor(`"${text}" in the room`, () => room.messages.some(({ body }) => body === text));
}

async function heard(person: MsnPerson, group: MsnGroup, text: string): Promise<void> {
  await person.waitFor(`"${text}" in the conversation`, () => group.texts().includes(text));
}

/** All that somebody has said to another on MSN: a conversation begun anew is one of two until the others are back. */
function saidTo(person: MsnPerson, from: string): string[] {
  const ofSeveral = person.groups.flatMap(({ messages }) => messages).filter((one) => one.from === from);
  const ofTwo = person.messages.filter((one) => one.from === from);
  return [...ofSeveral, ...ofTwo].sort((one, other) => one.at - other.at).map(({ text }) => text);
}

/** Anna and Ben on XMPP and Bob on MSN in one conversation of several, which is a room at the component's own domain. */
export function sceneGroups(on: () => Stage): void {
  let room: string;
  let group: MsnGroup;

  test("Bob calls Anna and Ben together: nobody is asked anywhere before he says something; then both are, once", async () => {
    const { anna, ben, bob } = on();
    group = await bob.startGroup(on().email("anna"), on().email("ben"));
    await bob.waitFor("both to be there", () => group.members.length === 2);
    const asked = [anna, ben].map((person) => invitedTo(person).length);
    await group.say("hello you two");
    room = await anna.waitFor("the invitation", () => invitedTo(anna)[asked[0] ?? 0]);
    expect(await ben.waitFor("the invitation", () => invitedTo(ben)[asked[1] ?? 0])).toBe(room);
    const annas = await anna.joinRoom(room, "Anna");
    const bens = await ben.joinRoom(room, "Ben");
    await anna.waitFor("Ben to come", () => annas.occupants.has("Ben"));
    expect(annas.nicks()).toEqual(["Anna", "Ben", "Bob"]);
    for (const [person, one] of [
      [anna, annas],
      [ben, bens],
    ] as const) {
      await seen(person, one, "hello you two");
      expect(shown(one)).toEqual(["hello you two"]);
    }
  });

  test("each says something: everybody has each word once, in the order of its speaker", async () => {
    const { anna, ben, bob } = on();
    const rooms = [anna.rooms.get(room), ben.rooms.get(room)] as const;
    const words = (who: string) => [1, 2, 3].map((i) => `${who} ${i} ${randomUUID().slice(0, 4)}`);
    const [annas, bens, bobs] = [words("anna"), words("ben"), words("bob")];
    const speak = async (texts: readonly string[], say: (text: string) => Promise<unknown>) => {
      for (const text of texts) await say(text);
    };
    await Promise.all([
      speak(annas, (text) => anna.sayInRoom(room, text)),
      speak(bens, (text) => ben.sayInRoom(room, text)),
      speak(bobs, (text) => group.say(text)),
    ]);
    for (const [i, person] of [anna, ben].entries()) {
      const own = rooms[i];
      if (own === undefined) throw new Error("the room is not there");
      for (const text of [annas[2], bens[2], bobs[2]]) await seen(person, own, text ?? "");
      for (const texts of [annas, bens, bobs])
        expect(shown(own).filter((text) => texts.some((one) => one === text))).toEqual(texts);
    }
    for (const text of [annas[2], bens[2]]) await heard(bob, group, text ?? "");
    expect(group.texts(on().email("anna")).filter((text) => text.startsWith("anna"))).toEqual(annas);
    expect(group.texts(on().email("ben")).filter((text) => text.startsWith("ben"))).toEqual(bens);
  });

  test("typing is seen on both sides", async () => {
    const { anna, bob } = on();
    const before = bob.typists.length;
    await anna.send(
      xml(
        "message",
        { to: room, type: "groupchat" },
        xml("composing", { xmlns: "http://jabber.org/protocol/chatstates" }),
      ),
    );
    await bob.waitFor("Anna to type", () => bob.typists.slice(before).some(({ from }) => from === on().email("anna")));
    await group.type();
    await anna.waitFor("Bob to type", () =>
      anna.rooms.get(room)?.messages.some(({ from, chatState }) => from === `${room}/Bob` && chatState === "composing"),
    );
  });

  test("what a conversation on MSN cannot do is refused with the reason", async () => {
    const { anna } = on();
    const kick = xml("query", { xmlns: `${MUC}#admin` }, xml("item", { nick: "Bob", role: "none" }));
    await expect(anna.ask.query("set", room, kick)).rejects.toThrow("Nobody can be put out");
    expect(anna.rooms.get(room)?.nicks()).toContain("Bob");
  });

  test("the topic is the room's: who comes later finds it", async () => {
    const { anna, ben } = on();
    await anna.send(xml("message", { to: room, type: "groupchat" }, xml("subject", {}, "Weekend")));
    await ben.waitFor("the topic", () => ben.rooms.get(room)?.subject === "Weekend");
    await ben.leaveRoom(room);
    const again = await ben.joinRoom(room, "Ben");
    await ben.waitFor("the topic", () => again.subject === "Weekend");
    expect(shown(again)).toContain("hello you two");
  });

  test("Anna asks Carol in: she comes to the conversation and to the room", async () => {
    const { anna, ben, world } = on();
    const carol = await on().visitor("carol");
    const invite = xml("invite", { to: world.ghost("carol") });
    await anna.send(xml("message", { to: room, id: randomUUID() }, xml("x", { xmlns: `${MUC}#user` }, invite)));
    await carol.waitFor("to be in the conversation", () => carol.groups.length > 0);
    const carols = carol.groups[0];
    if (carols === undefined) throw new Error("Carol is in no conversation");
    await carols.say("thanks for having me");
    for (const person of [anna, ben]) {
      const one = person.rooms.get(room);
      if (one === undefined) throw new Error("the room is not there");
      await seen(person, one, "thanks for having me");
      expect(one.texts("Carol")).toEqual(["thanks for having me"]);
    }
    await anna.sayInRoom(room, "hello Carol");
    await heard(carol, carols, "hello Carol");
  });

  test("the bridge is killed while Anna talks: nobody leaves the room, and what one sees of it all see, once and in order", async () => {
    const { anna, ben, bob, world } = on();
    const [annas, bens] = [anna.rooms.get(room), ben.rooms.get(room)];
    if (annas === undefined || bens === undefined) throw new Error("the room is not there");
    const presences = anna.presences.length;
    const words = Array.from({ length: 9 }, (_, i) => `through it all ${i}`);
    for (const [i, text] of words.entries()) {
      await anna.sayInRoom(room, text);
      if (i === 3) await seen(anna, annas, text);
      // What the server has handed over and the bridge has not stored is lost with it; she sees that it has not come.
      if (i === 5) await world.bridge.kill();
      if (i === 6) await world.bridge.start();
    }
    await on().signedIn(anna);
    await anna.sayInRoom(room, "still there?");
    await seen(anna, annas, "still there?");
    await seen(ben, bens, "still there?");
    await bob.waitFor("it on MSN", () => saidTo(bob, on().email("anna")).includes("still there?"));
    const ofThem = (texts: readonly (string | undefined)[]) =>
      texts.filter((text) => text?.startsWith("through it all"));
    const arrived = ofThem(shown(annas));
    expect(arrived).toEqual(expect.arrayContaining(words.slice(0, 4)));
    expect(arrived).toEqual(words.filter((text) => arrived.includes(text)));
    expect(ofThem(shown(bens))).toEqual(arrived);
    // MSN has no ids: the one that was under way may have come twice.
    const atBob = ofThem(saidTo(bob, on().email("anna")));
    expect([...new Set(atBob)]).toEqual(arrived);
    expect(atBob.length - arrived.length).toBeLessThanOrEqual(1);
    const left = anna.presences
      .slice(presences)
      .filter(({ from, type }) => from.startsWith(`${room}/`) && type === "unavailable");
    expect(left).toEqual([]);
  });

  test("Anna leaves for good by a word to the bridge: she is out, and the others stay", async () => {
    const { anna, ben } = on();
    await anna.sayInRoom(room, "!msn leave");
    await anna.waitFor("to be out", () => anna.rooms.get(room)?.left);
    await ben.waitFor("Anna to be gone", () => !ben.rooms.get(room)?.occupants.has("Anna"));
    await expect(anna.joinRoom(room, "Anna")).rejects.toThrow("registration-required");
    await ben.sayInRoom(room, "bye Anna");
    const bens = ben.rooms.get(room);
    if (bens !== undefined) await seen(ben, bens, "bye Anna");
    expect(anna.rooms.get(room)?.texts()).toEqual([]);
  });
}
