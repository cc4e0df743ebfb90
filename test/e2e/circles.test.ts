/** Circles in rooms on Matrix, from their making to their end: Synapse, an MSN network and the bridge, all real. */
import { expect, test } from "vitest";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnGroup } from "../../src/cli/sandbox/msn-group.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { parseEmail } from "../../src/msnp/index.ts";
import { acceptCircle, BotTalk, CROSS_MS, reads } from "../support/bot-talk.ts";
import { kick, levelOf, state } from "../support/matrix-groups.ts";
import { useWorld } from "../support/world.ts";

const there = useWorld({ matrixUsers: ["anna"], msnNames: ["alice", "bob", "carol"], dialects: ["MSNP18"] });

/** Anna, linked as alice, and her client. */
let alice: BotTalk;
let anna: MatrixPerson;
let bob: MsnPerson;
let carol: MsnPerson;
/** Anna's circle on Bob's and on Carol's screen, and its room. */
let bobs: MsnGroup;
let carols: MsnGroup;
let room = "";
const ALICE = "alice@msn.test";

const bot = (): string => there.world.bridge.setup.bot;
const ghost = (name: string): string => there.world.ghost(name);
const ghostsIn = (where = room): readonly string[] =>
  anna
    .room(where)
    .members()
    .filter((user) => user !== anna.userId && user !== bot())
    .toSorted();
const nameOf = (where = room): unknown => anna.room(where).state("m.room.name")?.name;
const topicOf = (where = room): unknown => anna.room(where).state("m.room.topic")?.topic;

/** Bob makes a circle and asks Anna into it. */
async function clubOfBob(name: string): Promise<MsnGroup> {
  const id = await bob.circles.create(name);
  await bob.circles.invite(id, parseEmail(ALICE));
  await alice.hear(new RegExp(`bob@msn\\.test invites ${ALICE} into the circle "${name}"`));
  return bob.circle(id);
}

test("Anna makes a circle and asks Bob by a word to the bot; no room is there before somebody speaks", async () => {
  const { world } = there;
  alice = await BotTalk.link(world, "anna", "alice");
  anna = alice.person;
  [bob, carol] = await Promise.all([world.messenger("bob"), world.messenger("carol")]);
  await alice.command("circle create Hikers", /There is a circle "Hikers" now, and you are its admin/);
  await alice.command("circle invite bob@msn.test Hikers", /bob@msn\.test is invited into the circle "Hikers"/);
  bobs = await acceptCircle(bob, "Hikers");
  expect([...anna.invites.values()].filter(({ space }) => !space)).toEqual([]);
});

test("Bob speaks: the room is there, with the circle's name, its people, and power for its admin", async () => {
  await bobs.say("When do we go?");
  room = await alice.enter();
  await anna.waitForMessage(room, "When do we go?", ghost("bob"));
  expect(nameOf()).toBe("Hikers");
  expect(ghostsIn()).toEqual([ghost("bob")]);
  await expect.poll(() => anna.room(room).displayName(ghost("bob"))).toBe("Bob");
  await anna.waitFor("her power", () => levelOf(anna, room, anna.userId) === 50, CROSS_MS);
  expect(levelOf(anna, room, ghost("bob"))).toBeUndefined();
  await alice.ask("circles", /^• Hikers: 2 in it, you are an admin$/);
});

test("they talk, and each reads each word once and in order", async () => {
  for (const day of ["Saturday", "Sunday"]) {
    await anna.sendText(room, `${day}?`);
    await reads(bob, bobs, `${day}?`, ALICE);
    await bobs.say(`Not ${day}`);
    await anna.waitForMessage(room, `Not ${day}`, ghost("bob"));
  }
  expect(bobs.texts(ALICE)).toEqual(["Saturday?", "Sunday?"]);
  expect(anna.room(room).texts()).toEqual(["When do we go?", "Saturday?", "Not Saturday", "Sunday?", "Not Sunday"]);
});

test("Anna asks Carol into the room: that is an invitation into the circle, and Carol is in the room when she accepts", async () => {
  await anna.invite(room, ghost("carol"));
  carols = await acceptCircle(carol, "Hikers");
  await anna.waitFor("Carol to come in", () => ghostsIn().includes(ghost("carol")), CROSS_MS);
  await carols.say("Thanks for having me");
  await anna.waitForMessage(room, "Thanks for having me", ghost("carol"));
  await reads(bob, bobs, "Thanks for having me", "carol@msn.test");
  await anna.sendText(room, "Welcome");
  await reads(carol, carols, "Welcome", ALICE);
  expect(anna.room(room).texts(ghost("carol"))).toEqual(["Thanks for having me"]);
});

test("Carol becomes an admin on MSN: she has the power in the room, until it is taken from her", async () => {
  const { msn } = there.world;
  const id = /^9:(.*)@live\.com$/.exec(bobs.id ?? "")?.[1] ?? "";
  msn.setCircleRole(id, "carol@msn.test", "Admin");
  await anna.waitFor("Carol's power", () => levelOf(anna, room, ghost("carol")) === 50, CROSS_MS);
  msn.setCircleRole(id, "carol@msn.test", "Member");
  await anna.waitFor("no power", () => levelOf(anna, room, ghost("carol")) === undefined, CROSS_MS);
});

test("what MSN has no way for is refused with the reason, and the room is what the circle is", async () => {
  const refused = async (reason: RegExp): Promise<void> => {
    await anna.waitForMessage(room, reason, bot());
  };
  await kick(anna, room, ghost("bob"));
  await refused(/cannot do that: circles' members were removed on MSN's web site/);
  await anna.waitFor("Bob back", () => ghostsIn().includes(ghost("bob")));
  await state(anna, room, "m.room.name", { name: "Climbers" });
  await refused(/cannot do that: circles were renamed on MSN's web site/);
  await anna.waitFor("the name back", () => nameOf() === "Hikers");
  const levels = anna.room(room).state("m.room.power_levels");
  const users = { ...(levels?.users as object), [ghost("bob")]: 50 };
  await state(anna, room, "m.room.power_levels", { ...levels, users });
  await refused(/cannot do that: the roles of a circle were given on MSN's web site/);
  await anna.waitFor("the role back", () => levelOf(anna, room, ghost("bob")) === undefined);
  await alice.command("circle remove bob@msn.test Hikers", /web site/);
  await alice.command("circle rename Hikers Climbers", /web site/);
  await alice.command("circle role bob@msn.test admin Hikers", /web site/);
  await alice.command("leave Hikers", /the last admin cannot leave a circle/);
  await bobs.say("I am still here");
  await anna.waitForMessage(room, "I am still here", ghost("bob"));
});

test("the topic is the room's own, and it stays over a restart with the room, its people and all that was said", async () => {
  const { bridge } = there.world;
  await state(anna, room, "m.room.topic", { topic: "Bring boots" });
  const [people, said] = [ghostsIn(), anna.room(room).texts().length];
  await bridge.stop();
  await anna.sendText(room, "Is anybody there?");
  await bridge.start();
  await reads(bob, bobs, "Is anybody there?", ALICE);
  await reads(carol, carols, "Is anybody there?", ALICE);
  await carols.say("We are");
  await anna.waitForMessage(room, "We are", ghost("carol"));
  expect(topicOf()).toBe("Bring boots");
  expect(ghostsIn()).toEqual(people);
  expect(anna.room(room).texts().slice(said)).toEqual(["Is anybody there?", "We are"]);
  expect(bobs.texts().filter((text) => text === "Is anybody there?")).toHaveLength(1);
  expect([...anna.invites.values()].filter(({ space }) => !space)).toEqual([]);
});

test("Carol leaves the circle: she leaves the room, and the topic is as it was", async () => {
  await carol.circles.leave(carols.id ?? "");
  await anna.waitFor("Carol to be gone", () => !ghostsIn().includes(ghost("carol")), CROSS_MS);
  await anna.sendText(room, "Only the two of us");
  await reads(bob, bobs, "Only the two of us", ALICE);
  expect(topicOf()).toBe("Bring boots");
});

test("Bob asks Anna into his circle: she is told once, also over a restart, comes by a word, and leaves by one", async () => {
  const { bridge } = there.world;
  const club = await clubOfBob("Club");
  await bridge.stop();
  await bridge.start();
  await alice.ask("circles", /Club: bob@msn\.test invites alice@msn\.test/);
  await alice.command("circle accept Club", /You are in the circle "Club" now/);
  await bob.waitFor("Anna to be in it", () => club.members.includes(ALICE), CROSS_MS);
  await club.say("Welcome to the club");
  const clubs = await alice.enter();
  await anna.waitForMessage(clubs, "Welcome to the club", ghost("bob"));
  expect(alice.told().filter((text) => text.includes('into the circle "Club"'))).toHaveLength(1);
  expect(nameOf(clubs)).toBe("Club");
  await anna.waitFor("Bob's power", () => levelOf(anna, clubs, ghost("bob")) === 50, CROSS_MS);
  expect(levelOf(anna, clubs, anna.userId)).toBeUndefined();
  await expect(kick(anna, clubs, ghost("bob"))).rejects.toThrow(/403|M_FORBIDDEN/);
  await expect(state(anna, clubs, "m.room.name", { name: "Mine" })).rejects.toThrow(/403|M_FORBIDDEN/);
  await alice.command("circle invite carol@msn.test Club", /only its admins can ask somebody into a circle/);
  await alice.command("leave Club", /You have left the circle "Club" for good/);
  await bob.waitFor("Anna to be gone", () => !club.members.includes(ALICE), CROSS_MS);
  await anna.waitFor("Anna to be out of the room", () => !anna.room(clubs).joined, CROSS_MS);
});

test("Anna turns Bob's next circle down", async () => {
  await clubOfBob("Choir");
  await alice.command("circle decline Choir", /The invitation into "Choir" is turned down/);
  await alice.ask("circles", /^• Hikers: 2 in it, you are an admin$/);
});

test("to leave the room of a circle is to leave the circle", async () => {
  const club = await clubOfBob("Chess");
  await alice.command("circle accept Chess", /You are in the circle "Chess" now/);
  await bob.waitFor("Anna to be in it", () => club.members.includes(ALICE), CROSS_MS);
  await club.say("Your move");
  const clubs = await alice.enter();
  await anna.waitForMessage(clubs, "Your move", ghost("bob"));
  await anna.leave(clubs);
  await bob.waitFor("Anna to be gone", () => !club.members.includes(ALICE), CROSS_MS);
  await club.say("Anna?");
  await anna.sendText(room, "I do not play chess");
  await reads(bob, bobs, "I do not play chess", ALICE);
  await alice.ask("circles", /^• Hikers: 2 in it, you are an admin$/);
  expect([...anna.invites.values()].filter(({ space }) => !space)).toEqual([]);
});

test("the last admin who leaves the room is told that the circle does not let her go", async () => {
  const before = alice.told().length;
  await anna.leave(room);
  await alice.hear(/You have left the room, but alice@msn\.test is still in the group.*last admin/, before);
});
