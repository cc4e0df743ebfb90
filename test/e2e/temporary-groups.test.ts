/** Temporary groups of MSNP21, and a circle there, in rooms on Matrix: Synapse, an MSN network and the bridge, all real. */
import { expect, test } from "vitest";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnGroup } from "../../src/cli/sandbox/msn-group.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { parseEmail } from "../../src/msnp/index.ts";
import { acceptCircle, BotTalk, CROSS_MS, reads } from "../support/bot-talk.ts";
import { kick, state } from "../support/matrix-groups.ts";
import { useWorld } from "../support/world.ts";

const there = useWorld({
  matrixUsers: ["anna"],
  msnNames: ["alice", "bob", "carol", "dave"],
  dialects: ["MSNP21"],
});

/** Anna, linked as alice, and her client. */
let alice: BotTalk;
let anna: MatrixPerson;
let bob: MsnPerson;
let carol: MsnPerson;
let dave: MsnPerson;
/** The rooms of what Bob has begun, and of what Anna has begun. */
let bobsRoom = "";
let annasRoom = "";
const email = (name: string): string => `${name}@msn.test`;
const ghost = (name: string): string => there.world.ghost(name);
const ghostsIn = (room: string): readonly string[] =>
  anna
    .room(room)
    .members()
    .filter((user) => user !== anna.userId && user !== there.world.bridge.setup.bot)
    .toSorted();
const ghosts = (...names: readonly string[]): readonly string[] => names.map(ghost).toSorted();

/** The conversation with just these others on somebody's screen, the newest. */
async function groupOf(person: MsnPerson, ...others: readonly string[]): Promise<MsnGroup> {
  return await person.waitFor(
    `a conversation with ${others.join(", ")}`,
    () => person.groupWith(...others.map(email)),
    CROSS_MS,
  );
}

/** Somebody has been told these words, in whatever conversation of several. */
async function hears(person: MsnPerson, text: string): Promise<void> {
  await person.waitFor(`"${text}"`, () => person.groups.some((group) => group.texts().includes(text)), CROSS_MS);
}

const openInvites = (): readonly unknown[] => [...anna.invites.values()].filter(({ space }) => !space);

test("Bob calls Alice and Carol together: with his first word Anna is asked into one room with the two", async () => {
  const { world } = there;
  alice = await BotTalk.link(world, "anna", "alice");
  anna = alice.person;
  [bob, carol, dave] = await Promise.all([
    world.messenger("bob", "MSNP21"),
    world.messenger("carol", "MSNP21"),
    world.messenger("dave", "MSNP21"),
  ]);
  const group = await bob.startGroup(email("alice"), email("carol"));
  await bob.waitFor("both to be there", () => group.members.length === 2, CROSS_MS);
  expect(openInvites()).toEqual([]);
  await group.say("Hello you two");
  bobsRoom = await alice.enter();
  await anna.waitForMessage(bobsRoom, "Hello you two", ghost("bob"));
  await anna.waitFor("both in the room", () => ghostsIn(bobsRoom).join() === ghosts("bob", "carol").join());
});

test("they talk, and each reads each word once and in order", async () => {
  const [bobs, carols] = [await groupOf(bob, "alice", "carol"), await groupOf(carol, "alice", "bob")];
  await anna.sendText(bobsRoom, "Hello Bob");
  await Promise.all([reads(bob, bobs, "Hello Bob"), reads(carol, carols, "Hello Bob")]);
  await carols.say("And I?");
  await anna.waitForMessage(bobsRoom, "And I?", ghost("carol"));
  await anna.sendText(bobsRoom, "Hello Carol");
  await Promise.all([reads(bob, bobs, "Hello Carol"), reads(carol, carols, "Hello Carol")]);
  await anna.waitForMessage(bobsRoom, "Hello Carol", anna.userId);
  expect(bobs.texts(email("alice"))).toEqual(["Hello Bob", "Hello Carol"]);
  expect(anna.room(bobsRoom).texts()).toEqual(["Hello you two", "Hello Bob", "And I?", "Hello Carol"]);
});

test("Dave is called in: he is in the same room, and comes into it with his words", async () => {
  const bobs = await groupOf(bob, "alice", "carol");
  await bobs.invite(parseEmail(email("dave")));
  const daves = await groupOf(dave, "alice", "bob", "carol");
  await daves.say("What is up?");
  await anna.waitForMessage(bobsRoom, "What is up?", ghost("dave"));
  await anna.sendText(bobsRoom, "Nothing much");
  await reads(dave, daves, "Nothing much");
  expect(ghostsIn(bobsRoom)).toEqual(ghosts("bob", "carol", "dave"));
  expect(openInvites()).toEqual([]);
});

test("nobody can be taken out, and there is no name to be given: each is said with the reason", async () => {
  await expect(kick(anna, bobsRoom, ghost("bob"))).rejects.toThrow(/403|M_FORBIDDEN/);
  await state(anna, bobsRoom, "m.room.name", { name: "The gang" });
  await anna.waitForMessage(bobsRoom, /a group chat has no name/, there.world.bridge.setup.bot);
  await anna.waitFor(
    "the name of its people",
    () => anna.room(bobsRoom).state("m.room.name")?.name === "Bob, Carol and Dave",
  );
});

test("Carol leaves: she is out of the room when something is said without her", async () => {
  const bobs = await groupOf(bob, "alice", "carol", "dave");
  const carols = await groupOf(carol, "alice", "bob", "dave");
  await carols.leave();
  await bob.waitFor("Carol to be gone", () => !bobs.members.includes(email("carol")), CROSS_MS);
  await bobs.say("There she goes");
  await anna.waitForMessage(bobsRoom, "There she goes", ghost("bob"));
  await anna.waitFor("Carol to be out", () => ghostsIn(bobsRoom).join() === ghosts("bob", "dave").join(), CROSS_MS);
});

test("Anna calls Carol and Dave together by a word to the bot, and they have a room of their own", async () => {
  await alice.command(`chat ${email("carol")} ${email("dave")}`, /Your room with .*Carol.* is open/);
  annasRoom = await alice.enter();
  expect(annasRoom).not.toBe(bobsRoom);
  await anna.sendText(annasRoom, "Just the three of us");
  await Promise.all([hears(carol, "Just the three of us"), hears(dave, "Just the three of us")]);
  const carols = await groupOf(carol, "alice", "dave");
  await carols.say("At last");
  await anna.waitForMessage(annasRoom, "At last", ghost("carol"));
  await expect.poll(() => ghostsIn(annasRoom)).toEqual(ghosts("carol", "dave"));
});

test("the bridge begins anew: the same people are in the same room, whoever of them speaks first", async () => {
  const { bridge } = there.world;
  await bridge.stop();
  await bridge.start();
  await anna.sendText(annasRoom, "Are you still there?");
  await Promise.all([hears(carol, "Are you still there?"), hears(dave, "Are you still there?")]);
  const daves = await groupOf(dave, "alice", "carol");
  await daves.say("Sure");
  await anna.waitForMessage(annasRoom, "Sure", ghost("dave"));
  const again = await bob.startGroup(email("alice"), email("carol"));
  await bob.waitFor("both to be there", () => again.members.length === 2, CROSS_MS);
  await again.say("The old circle");
  await anna.waitForMessage(bobsRoom, "The old circle", ghost("bob"));
  await expect.poll(() => ghostsIn(annasRoom)).toEqual(ghosts("carol", "dave"));
  await expect.poll(() => ghostsIn(bobsRoom)).toEqual(ghosts("bob", "carol"));
  expect(anna.room(bobsRoom).texts(ghost("bob"))).toEqual(["Hello you two", "There she goes", "The old circle"]);
  expect(openInvites()).toEqual([]);
});

test("Anna leaves by a word: she is out of the conversation and of the room, and has a new one when she is called again", async () => {
  const carols = await groupOf(carol, "alice", "dave");
  await alice.command(`leave ${await numberOf("Carol, Dave")}`, /You have left "Carol, Dave"/);
  await carol.waitFor("Anna to be gone", () => !carols.members.includes(email("alice")), CROSS_MS);
  await anna.waitFor("Anna to be out of the room", () => !anna.room(annasRoom).joined, CROSS_MS);
  await carols.say("Gone");
  const again = await carol.startGroup(email("alice"), email("dave"));
  await carol.waitFor("both to be there", () => again.members.length === 2, CROSS_MS);
  await again.say("Come back");
  const room = await alice.enter();
  expect(room).not.toBe(annasRoom);
  await anna.waitForMessage(room, "Come back", ghost("carol"));
  expect(anna.room(room).texts()).not.toContain("Gone");
  annasRoom = room;
});

test("Anna leaves by leaving the room: the others see her go", async () => {
  const carols = await groupOf(carol, "alice", "dave");
  await anna.leave(annasRoom);
  await carol.waitFor("Anna to be gone", () => !carols.members.includes(email("alice")), CROSS_MS);
  await carols.say("Gone again");
  await anna.sendText(bobsRoom, "It is quieter here");
  await hears(bob, "It is quieter here");
  expect(openInvites()).toEqual([]);
});

test("a circle is as at older versions: made by a word, joined, talked in over a restart, and left", async () => {
  const { bridge } = there.world;
  await alice.command("circle create Hikers", /There is a circle "Hikers" now/);
  await alice.command("circle invite bob@msn.test Hikers", /bob@msn\.test is invited into the circle "Hikers"/);
  const bobs = await acceptCircle(bob, "Hikers");
  await bobs.say("When do we go?");
  const room = await alice.enter();
  await anna.waitForMessage(room, "When do we go?", ghost("bob"));
  await expect.poll(() => anna.room(room).state("m.room.name")?.name).toBe("Hikers");
  await bridge.stop();
  await anna.sendText(room, "On Sunday");
  await bridge.start();
  await reads(bob, bobs, "On Sunday", email("alice"));
  await bob.circles.leave(bobs.id ?? "");
  await anna.waitFor("Bob to be gone", () => ghostsIn(room).length === 0, CROSS_MS);
  expect(anna.room(room).texts()).toEqual(["When do we go?", "On Sunday"]);
});

/** The number of a chat in `portals`. */
async function numberOf(name: string): Promise<string> {
  const list = await alice.command("portals", /^1\. /);
  const line = list.split("\n").find((one) => one.includes(name)) ?? "";
  return /^\d+/.exec(line)?.[0] ?? "";
}
