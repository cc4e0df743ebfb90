/** One conversation on three networks: a room of people on Matrix, a conference on Prosody and a circle, all real. */
import { expect, test } from "vitest";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnGroup } from "../../src/cli/sandbox/msn-group.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { registerAccount } from "../../src/cli/sandbox/xmpp-conversation.ts";
import type { XmppPerson } from "../../src/cli/sandbox/xmpp-person.ts";
import type { XmppRoom } from "../../src/cli/sandbox/xmpp-room.ts";
import { acceptCircle, BotTalk, CROSS_MS, reads } from "../support/bot-talk.ts";
import { enter, kick, state, upgrade } from "../support/matrix-groups.ts";
import { useWorld } from "../support/world.ts";
import { makeRoom } from "../support/xmpp-plumbing.ts";

const there = useWorld({
  matrixUsers: ["anna", "ben", "cleo"],
  xmppUsers: ["emma"],
  msnNames: ["alice", "benny", "emily", "bob"],
  dialects: ["MSNP18"],
});

/** Anna runs the circle as alice, Ben is in it as benny, Cleo has no account. */
let alice: BotTalk;
let benny: BotTalk;
let nobody: BotTalk;
let anna: MatrixPerson;
let ben: MatrixPerson;
let cleo: MatrixPerson;
/** In the circle as emily, with a conference of her own. */
let emma: XmppPerson;
let conference: XmppRoom;
let bob: MsnPerson;
let bobs: MsnGroup;
/** Rooms that Anna and Ben have made; both are in both. */
let annas = "";
let bens = "";
const email = (name: string): string => `${name}@msn.test`;
const ghost = (name: string): string => there.world.ghost(name);
const bot = (): string => there.world.bridge.setup.bot;
const gateway = (): string => there.world.xmpp?.component ?? "";
const topic = (): unknown => anna.room(annas).state("m.room.topic")?.topic;
const ghostsIn = (room: string): readonly string[] =>
  anna
    .room(room)
    .members()
    .filter((user) => user.startsWith("@_msn_"))
    .toSorted();

/** The rooms of the group as one of them names them. */
function noteOf(room: string): readonly string[] {
  const key = /^9:(.*)@live\.com$/.exec(bobs.id ?? "")?.[1] ?? "";
  const note = anna.room(room).state("m.bridge", `msn://sandbox/~circle-${key}`)?.["msnbridge.group"];
  return ((note as { rooms?: readonly { room: string }[] } | undefined)?.rooms ?? []).map((one) => one.room);
}

/** A room that one person rules and others are in. */
async function makeMatrixRoom(owner: MatrixPerson, name: string, ...others: MatrixPerson[]): Promise<string> {
  const { room_id: room } = await owner.client.call<{ room_id: string }>("POST", "/_matrix/client/v3/createRoom", {
    body: {
      preset: "private_chat",
      name,
      topic: `All about ${name}`,
      invite: [...others.map((one) => one.userId), bot()],
    },
  });
  for (const person of others) {
    await person.waitForInvite(owner.userId);
    await enter(person, room);
  }
  await owner.waitFor("the bot", () => owner.room(room).members().includes(bot()));
  const levels = owner.room(room).state("m.room.power_levels");
  await state(owner, room, "m.room.power_levels", { ...levels, users: { ...(levels?.users as object), [bot()]: 50 } });
  return room;
}

/** Emma says a line to the gateway, and it answers. */
async function emmaCommands(line: string, answer: RegExp): Promise<string> {
  const before = emma.textsFrom(gateway()).length;
  await emma.say(gateway(), line);
  return await emma.waitFor(`the gateway to answer "${line}"`, () =>
    emma
      .textsFrom(gateway())
      .slice(before)
      .find((text) => answer.test(text)),
  );
}

async function inConference(text: string, nick?: string): Promise<void> {
  await emma.waitFor(`"${text}" in the conference`, () => conference.texts(nick).includes(text), CROSS_MS);
}

test("a circle of four, a room of Anna's, a room of Ben's, and a conference of Emma's", async () => {
  const { world } = there;
  alice = await BotTalk.link(world, "anna", "alice");
  benny = await BotTalk.link(world, "ben", "benny");
  nobody = await BotTalk.meet(world, "cleo");
  [anna, ben, cleo] = [alice.person, benny.person, nobody.person];
  [emma, bob] = await Promise.all([world.xmppClient("emma"), world.messenger("bob")]);
  await registerAccount(world, emma, "emily");
  await alice.command("circle create Plumbers", /There is a circle "Plumbers" now/);
  for (const name of ["bob", "benny", "emily"])
    await alice.command(`circle invite ${email(name)} Plumbers`, /is invited into the circle/);
  bobs = await acceptCircle(bob, "Plumbers");
  await benny.hear(/into the circle "Plumbers"/);
  await benny.command("circle accept Plumbers", /You are in the circle "Plumbers" now/);
  await emma.waitForMessage(/into the circle "Plumbers"/, gateway());
  await emmaCommands("circle accept Plumbers", /You are in the circle "Plumbers" now/);
  await bob.waitFor("all to be there", () => bobs.members.length === 3, CROSS_MS);
  annas = await makeMatrixRoom(anna, "pipes", ben, cleo);
  bens = await makeMatrixRoom(ben, "taps", anna);
  const muc = `pipes@${world.xmpp?.muc ?? ""}`;
  await makeRoom(emma, muc, "Emma", { whois: "anyone", changesubject: "1" });
  conference = emma.rooms.get(muc) ?? (await emma.joinRoom(muc, "Emma"));
});

test("who lacks the power in the room, in the circle or in both is refused, with the reason and who could", async () => {
  await nobody.command(`bridge Plumbers ${annas}`, /no MSN account linked/);
  await alice.command(
    `bridge Plumbers ${bens}`,
    /your power in that room is 0, and it takes 50 there.*Ben \(@ben:matrix\.test\)/,
  );
  const noAdmin = "you are no admin of this circle, so an admin of it \\(Alice <alice@msn\\.test>\\) has to do it";
  await benny.command(`bridge Plumbers ${bens}`, new RegExp(`^That was not done: ${noAdmin}\\.$`));
  await benny.command(`bridge Plumbers ${annas}`, new RegExp(`${noAdmin}; and your power in that room is 0`));
  await emmaCommands(`bridge Plumbers ${conference.jid}`, new RegExp(noAdmin));
  await alice.command("portals", /Plumbers: circle .*; no room until somebody speaks in it/);
});

test("who rules both ties them: Anna her room, and Emma the conference once she is an admin", async () => {
  const before = benny.told().length;
  await anna.sendText(annas, "!msn bridge Plumbers");
  await anna.waitFor("the answer", () =>
    [annas, alice.management].some((room) =>
      anna
        .room(room)
        .texts(bot())
        .some((text) => /"Plumbers" is tied to the room in which you said that/.test(text)),
    ),
  );
  await benny.hear(/@anna:matrix\.test has tied the group "Plumbers" to the room/, before);
  const id = /^9:(.*)@live\.com$/.exec(bobs.id ?? "")?.[1] ?? "";
  there.world.msn.setCircleRole(id, email("emily"), "Admin");
  await bob.waitFor("her to be an admin", () =>
    bob.circles.people(bobs.id ?? "")?.some(({ email: who, role }) => who === email("emily") && role === "admin"),
  );
  // Her account may hear of it after Bob's.
  await expect
    .poll(() => emmaCommands(`bridge Plumbers ${conference.jid}`, /./), { interval: 250, timeout: CROSS_MS })
    .toMatch(/"Plumbers" is tied to/);
  await alice.command("portals", /Plumbers: circle .*Matrix: !.*XMPP: pipes@/);
});

test("a word on one is once on each of the others, under the speaker's name", async () => {
  await bobs.say("Bob is here");
  for (const person of [anna, ben, cleo]) await person.waitForMessage(annas, "Bob is here", ghost("bob"));
  await inConference("Bob is here", "Bob");
  await anna.sendText(annas, "Anna is here");
  await reads(bob, bobs, "Anna is here", email("alice"));
  await inConference("Anna is here", "Alice");
  await emma.sayInRoom(conference.jid, "Emma is here");
  await reads(bob, bobs, "Emma is here", email("emily"));
  await anna.waitForMessage(annas, "Emma is here", ghost("emily"));
  await ben.sendText(annas, "Ben is here");
  await reads(bob, bobs, "Ben is here", email("benny"));
  await inConference("Ben is here", "Benny");
  const all = ["Bob is here", "Anna is here", "Emma is here", "Ben is here"];
  await anna.waitForMessage(annas, "Ben is here", ben.userId);
  const isOne = (text: string): boolean => text.endsWith("is here");
  expect(anna.room(annas).texts().filter(isOne)).toEqual(all);
  expect(conference.texts().filter(isOne)).toEqual(all);
  expect(bobs.texts()).toEqual(all.slice(1));
});

test("who has no account is told so, and heard when an account speaks for them: the topic says it, and their name stands in front", async () => {
  await cleo.sendText(annas, "Can you hear me?");
  await cleo.waitForMessage(
    annas,
    /you have no MSN account in this group, and nobody speaks for those who have none/,
    bot(),
  );
  await alice.command("relay set Plumbers", /alice@msn\.test speaks in "Plumbers"/);
  await anna.waitFor("the note", () => /speaks through alice@msn\.test, without their name/.test(String(topic())));
  await alice.command("relay prefix Plumbers on", /begins with the speaker/);
  await anna.waitFor("the note", () =>
    /speaks through alice@msn\.test, with their name in front/.test(String(topic())),
  );
  expect(topic()).toMatch(/^All about pipes/);
  await emma.waitFor("the note", () => conference.subject?.includes("speaks through alice@msn.test, with their name"));
  await cleo.sendText(annas, "And now?");
  await reads(bob, bobs, "[Cleo] And now?", email("alice"));
  await inConference("And now?", "Cleo");
  expect(bobs.texts().filter((text) => /hear me|And now/.test(text))).toEqual(["[Cleo] And now?"]);
  expect(conference.texts().filter((text) => /hear me|And now/.test(text))).toEqual(["And now?"]);
  await alice.command("relay unset Plumbers", /Plumbers/);
  await anna.waitFor("no note", () => topic() === "All about pipes");
});

test("Anna upgrades the room: the conversation goes on in the new one", async () => {
  const old = annas;
  annas = await upgrade(anna, old, bot(), ben.userId);
  await enter(anna, annas);
  await anna.waitFor("the bot", () => anna.room(annas).members().includes(bot()), CROSS_MS);
  await anna.waitFor("the group to be tied to it", () => noteOf(annas).includes(annas), CROSS_MS);
  expect(ghostsIn(annas)).toContain(ghost("bob"));
  await bobs.say("Nice new room");
  await anna.waitForMessage(annas, "Nice new room", ghost("bob"));
  await anna.sendText(annas, "Is it not?");
  await reads(bob, bobs, "Is it not?", email("alice"));
  await inConference("Is it not?", "Alice");
  expect(anna.room(old).texts()).not.toContain("Nice new room");
});

test("the bot is thrown out: Anna is told, the others talk on, and with `portal resume` what was said comes after", async () => {
  const before = alice.told().length;
  await kick(anna, annas, bot());
  await alice.hear(
    /The room of "Plumbers" cannot be used any more: the bridge was removed from it.*portal resume/,
    before,
  );
  expect(
    alice
      .told()
      .slice(before)
      .filter((text) => text.includes("cannot be used any more")),
  ).toHaveLength(1);
  // People are told before it is noted.
  await alice.ask("portals", /Plumbers: circle .*stopped: the bridge was removed from it/);
  await bobs.say("Is anybody there?");
  await inConference("Is anybody there?", "Bob");
  await alice.command("portal resume Plumbers", /the bridge is still not in .*Invite its bot there/);
  expect(anna.room(annas).texts()).not.toContain("Is anybody there?");
  await anna.invite(annas, bot());
  await alice.command("portal resume Plumbers", /"Plumbers" goes on in/);
  await anna.waitForMessage(annas, "Is anybody there?", ghost("bob"));
  await anna.sendText(annas, "We are");
  await reads(bob, bobs, "We are", email("alice"));
  await inConference("We are", "Alice");
});

test("`unbridge` is for those who may: then the room is its people's again, and the circle has one of its own", async () => {
  await benny.command(`unbridge ${annas}`, /not done/);
  await state(anna, annas, "m.room.topic", { topic: "Pipes again" });
  await alice.command(`unbridge ${annas}`, /and the group "Plumbers" are apart now/);
  await anna.waitFor("the contacts to leave", () => ghostsIn(annas).length === 0, CROSS_MS);
  expect(topic()).toBe("Pipes again");
  await bobs.say("Where are you?");
  await inConference("Where are you?", "Bob");
  const room = await alice.enter();
  await anna.waitForMessage(room, "Where are you?", ghost("bob"));
  expect(anna.room(annas).texts()).not.toContain("Where are you?");
  await anna.sendText(annas, "Just among us");
  await anna.sendText(room, "Here");
  await reads(bob, bobs, "Here", email("alice"));
  expect(bobs.texts()).not.toContain("Just among us");
  await emmaCommands(`unbridge ${conference.jid}`, /are apart now/);
  await emma.waitFor("the bridge to go", () => conference.nicks().join() === "Emma");
});
