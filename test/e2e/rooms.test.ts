/** What people do to their rooms: friends asked in, leaving and coming back, throwing the bot or the contact out. */
import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { linkAccount, openChat } from "../../src/cli/sandbox/conversation.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { parseRegistration } from "../../src/matrix/registration.ts";
import { useWorld } from "../support/world.ts";

const there = useWorld({
  matrixUsers: ["anna", "ben"],
  msnNames: ["alice", "bob", "carol", "dave", "erin"],
  bridge: { permissions: { link: ["@anna:matrix.test"] } },
});

let anna: MatrixPerson;
let ben: MatrixPerson;
let bob: MsnPerson;
let management = "";
let room = "";

const bot = (): string => there.world.bridge.setup.bot;
const alice = (): string => there.world.account("alice").email;
const fromAlice = (body: string): boolean => bob.messages.some(({ text }) => text === body);

test("Anna links, and her chat with Bob shows as Bob: direct, without a name or picture of its own", async () => {
  const { world } = there;
  anna = await world.matrix("anna");
  ben = await world.matrix("ben");
  bob = await world.messenger("bob");
  management = await linkAccount(world, anna, "alice");
  room = await openChat(world, anna, management, "bob");
  const view = anna.room(room);
  await anna.waitFor("all three", () => view.members().length === 3);
  await expect.poll(() => view.members().toSorted()).toEqual([world.ghost("bob"), bot(), anna.userId].toSorted());
  for (const type of ["m.room.name", "m.room.avatar", "m.room.topic", "m.room.encryption"])
    expect(view.state(type), type).toBeUndefined();
  await expect.poll(() => view.state("m.room.canonical_alias")?.alias).toBeUndefined();
  await expect.poll(() => view.state("io.element.functional_members")).toEqual({ service_members: [bot()] });
  expect(view.texts(bot())).toEqual([]);
});

test("what is said before the bot or a contact has come in is not lost", async () => {
  const carol = await messenger("carol");
  const first = await ownRoom("carol");
  for (const text of ["One", "Two", "Three"]) await anna.sendText(first, text);
  await carol.waitForText("Three");
  expect(carol.textsFrom(alice())).toEqual(["One", "Two", "Three"]);
  await carol.signOut();
  const direct = await anna.startDirect(bot());
  await anna.sendText(direct, "accounts");
  await anna.waitForMessage(direct, /alice@msn\.test on Sandbox: signed in/, bot());
  await anna.leave(direct);
});

test("someone whom the operator did not name gets no link page", async () => {
  const direct = await ben.startDirect(bot());
  await ben.waitForMessage(direct, /Hello!/, bot());
  await ben.sendText(direct, "link");
  await ben.waitForMessage(direct, /You may not link accounts on this bridge/, bot());
  expect(ben.room(direct).texts(bot()).join()).not.toContain("/link/");
});

test("a friend in the chat is told, once, that only Anna's words go; Bob hears nothing of him, and Anna's answers go elsewhere", async () => {
  await anna.invite(room, ben.userId);
  await ben.waitFor("the invitation", () => ben.invites.has(room));
  await ben.join(room);
  await ben.sendText(room, "Hello Bob, this is Ben");
  await ben.waitForMessage(room, /words of anyone but the owner/, bot());
  await ben.sendText(room, "Bob?");
  await anna.sendText(room, "Ben is here");
  await bob.waitForText("Ben is here");
  expect(ben.room(room).texts(bot())).toHaveLength(1);
  expect(fromAlice("Hello Bob, this is Ben")).toBe(false);
  expect(fromAlice("Bob?")).toBe(false);
  await anna.sendText(room, "!msn status");
  await anna.waitForMessage(management, /alice@msn\.test on Sandbox: signed in/, bot());
  expect(ben.room(room).texts(bot()).join()).not.toContain("signed in");
  await ben.leave(room);
  await anna.sendText(room, "Ben is gone");
  await bob.waitForText("Ben is gone");
});

test("the bot thrown out of a chat is no end of the chat", async () => {
  const { world } = there;
  const dave = await messenger("dave");
  const own = await ownRoom("dave");
  await anna.sendText(own, "Hello Dave");
  await dave.waitForText("Hello Dave");
  await anna.waitFor("the bot", () => anna.room(own).members().includes(bot()));
  await kick(own, bot());
  await anna.sendText(own, "Without the bot");
  await dave.waitForText("Without the bot");
  await dave.say(alice(), "Still here");
  await anna.waitForMessage(own, "Still here", world.ghost("dave"));
});

test("the contact thrown out ends that chat; when they write again there is a new one", async () => {
  const { world } = there;
  const erin = await messenger("erin");
  const own = await ownRoom("erin");
  await anna.sendText(own, "Hello Erin");
  await erin.waitForText("Hello Erin");
  await kick(own, world.ghost("erin"));
  await expect.poll(() => statusOfMembers(own, bot())).toBe(403);
  await erin.say(alice(), "Let me in");
  const { roomId, direct } = await anna.waitForInvite(world.ghost("erin"));
  expect(roomId).not.toBe(own);
  expect(direct).toBe(true);
  await anna.join(roomId);
  await anna.waitForMessage(roomId, "Let me in", world.ghost("erin"));
  await anna.sendText(roomId, "Come in");
  await erin.waitForText("Come in");
});

test("Anna leaves the chat and is asked back in when Bob writes", async () => {
  const { world } = there;
  await anna.leave(room);
  // What is said before the bridge has heard of it goes to the room that she has left.
  await expect.poll(() => statusOfMembers(room, world.ghost("bob"))).toBe(403);
  await bob.say(alice(), "Where are you?");
  const { roomId } = await anna.waitForInvite(world.ghost("bob"));
  await anna.join(roomId);
  await anna.waitForMessage(roomId, "Where are you?", world.ghost("bob"));
  await anna.sendText(roomId, "Back again");
  await bob.waitForText("Back again");
});

test("Anna leaves the management room; what the bot has to say next makes a new one, and commands work there", async () => {
  await anna.leave(management);
  management = await anna.startDirect(bot());
  await anna.waitForMessage(management, /Hello!/, bot());
  await anna.sendText(management, "accounts");
  await anna.waitForMessage(management, /alice@msn\.test on Sandbox: signed in/, bot());
});

test.each([
  ["11", "carol"],
  ["12", "erin"],
])("a chat in a room of version %s works as any other", async (roomVersion, name) => {
  const { world } = there;
  const contact = await messenger(name);
  const own = await anna.createRoom({ invite: [world.ghost(name)], direct: true, roomVersion });
  await anna.sendText(own, `Hello from version ${roomVersion}`);
  await contact.waitForText(`Hello from version ${roomVersion}`);
  await contact.say(alice(), "Hello back");
  await anna.waitForMessage(own, "Hello back", world.ghost(name));
});

/** Somebody at their Messenger until the test ends, however it ends. */
async function messenger(name: string): Promise<MsnPerson> {
  const person = await there.world.messenger(name);
  onTestFinished(() => person.signOut());
  return person;
}

/** How the homeserver answers one of the bridge's users who asks for a room's members; 403: it is not in there. */
async function statusOfMembers(where: string, as: string): Promise<number> {
  const { synapse, bridge } = there.world;
  const { asToken } = parseRegistration(readFileSync(bridge.setup.registrationFile, "utf8"));
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(where)}/joined_members?user_id=${encodeURIComponent(as)}`;
  const answer = await fetch(`${synapse.url}${path}`, { headers: { authorization: `Bearer ${asToken.open()}` } });
  await answer.body?.cancel();
  return answer.status;
}

/** A direct chat of Anna's making, in which only she has power. */
async function ownRoom(name: string): Promise<string> {
  const made = await anna.client.call<{ room_id: string }>("POST", "/_matrix/client/v3/createRoom", {
    body: { preset: "private_chat", is_direct: true, invite: [there.world.ghost(name)] },
  });
  return made.room_id;
}

async function kick(where: string, whom: string): Promise<void> {
  await anna.client.call("POST", `/_matrix/client/v3/rooms/${encodeURIComponent(where)}/kick`, {
    body: { user_id: whom },
  });
  await anna.waitFor(`${whom} to be out`, () => anna.room(where).members("leave").includes(whom));
}
