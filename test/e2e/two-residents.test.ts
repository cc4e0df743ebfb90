/** Two linked people on Matrix who are in the same conversations with two on MSN: Synapse, an MSN network and the bridge, all real. */
import { expect, test } from "vitest";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnGroup } from "../../src/cli/sandbox/msn-group.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import { parseEmail } from "../../src/msnp/index.ts";
import { acceptCircle, BotTalk, CROSS_MS, reads } from "../support/bot-talk.ts";
import { useWorld } from "../support/world.ts";

const there = useWorld({
  matrixUsers: ["anna", "ben"],
  msnNames: ["alice", "benny", "carol", "dave"],
  dialects: ["MSNP18"],
});

/** Anna, linked as alice, and Ben, linked as benny. */
let alice: BotTalk;
let benny: BotTalk;
let carol: MsnPerson;
let dave: MsnPerson;
let anna: MatrixPerson;
let ben: MatrixPerson;
const EACH = 15;
const email = (name: string): string => `${name}@msn.test`;
const ghost = (name: string): string => there.world.ghost(name);

/** One conversation of the four, wherever they are. */
interface Conversation {
  readonly room: string;
  readonly carols: MsnGroup;
  readonly daves: MsnGroup;
}
let board: Conversation;
let circle: Conversation;

/** Both come into the same room. */
async function enterBoth(...known: readonly string[]): Promise<string> {
  const rooms = await Promise.all([alice.enter(...known), benny.enter(...known)]);
  expect(rooms[1]).toBe(rooms[0]);
  return rooms[0];
}

/** Who is in a room, and that both linked people are there as themselves alone. */
async function expectTheFour({ room }: Conversation): Promise<void> {
  const people = [anna.userId, ben.userId, there.world.bridge.setup.bot, ghost("carol"), ghost("dave")];
  for (const person of [anna, ben])
    await expect.poll(() => person.room(room).members().toSorted()).toEqual(people.toSorted());
}

/** All four talk at once; then every reader has each word once, each speaker's in order, and under the right name. */
async function talkAtOnce({ room, carols, daves }: Conversation, round: string): Promise<void> {
  const onMatrix: Record<string, string> = {
    anna: anna.userId,
    ben: ben.userId,
    carol: ghost("carol"),
    dave: ghost("dave"),
  };
  const onMsn: Record<string, string> = {
    anna: email("alice"),
    ben: email("benny"),
    carol: email("carol"),
    dave: email("dave"),
  };
  const talking = {
    anna: (text: string) => anna.sendText(room, text),
    ben: (text: string) => ben.sendText(room, text),
    carol: (text: string) => carols.say(text),
    dave: (text: string) => daves.say(text),
  };
  const texts = (name: string): string[] => Array.from({ length: EACH }, (_, i) => `${name} ${round}${i}`);
  await Promise.all(
    Object.entries(talking).map(async ([name, say]) => {
      for (const text of texts(name)) await say(text);
    }),
  );
  const ofRound = (all: readonly string[]): string[] => all.filter((text) => new RegExp(` ${round}\\d+$`).test(text));
  for (const name of Object.keys(talking)) {
    for (const person of [anna, ben]) {
      const read = (): string[] => ofRound(person.room(room).texts(onMatrix[name]));
      await person.waitFor(`all that ${name} says`, () => read().length >= EACH, CROSS_MS);
      expect(read(), `${name} to ${person.userId}`).toEqual(texts(name));
    }
    for (const [person, group] of [
      [carol, carols],
      [dave, daves],
    ] as const) {
      if (onMsn[name] === person.email) continue;
      const read = (): string[] => ofRound(group.texts(onMsn[name]));
      await person.waitFor(`all that ${name} says`, () => read().length >= EACH, CROSS_MS);
      expect(read(), `${name} to ${person.email}`).toEqual(texts(name));
    }
  }
  // Both look into one room, in which nothing else was said.
  const seen = (person: MatrixPerson): string[] => ofRound(person.room(room).texts());
  expect(seen(anna)).toHaveLength(4 * EACH);
  expect(seen(ben)).toEqual(seen(anna));
  for (const group of [carols, daves]) expect(ofRound(group.texts())).toHaveLength(3 * EACH);
}

test("Carol calls the other three together: Anna and Ben are asked into one room", async () => {
  const { world } = there;
  alice = await BotTalk.link(world, "anna", "alice");
  benny = await BotTalk.link(world, "ben", "benny");
  [anna, ben] = [alice.person, benny.person];
  [carol, dave] = await Promise.all([world.messenger("carol"), world.messenger("dave")]);
  const others = ["alice", "benny", "dave"].map(email);
  const carols = await carol.startGroup(...others);
  await carol.waitFor("all to be there", () => carols.members.length === others.length, CROSS_MS);
  await carols.say("Hello everybody");
  const daves = await dave.waitFor("Carol's call", () => dave.groupWith(...["alice", "benny", "carol"].map(email)));
  board = { room: await enterBoth(), carols, daves };
  for (const person of [anna, ben]) await person.waitForMessage(board.room, "Hello everybody", ghost("carol"));
  await expectTheFour(board);
});

test("60 texts by all four: no doubles, no echoes, and everybody's words are their own", async () => {
  await talkAtOnce(board, "a");
  await expectTheFour(board);
});

test("in a circle it is the same: one room for both, and 60 texts by all four, each once", async () => {
  const { room: boards } = board;
  const id = await carol.circles.create("Quartet");
  for (const name of ["alice", "benny", "dave"]) await carol.circles.invite(id, parseEmail(email(name)));
  const daves = await acceptCircle(dave, "Quartet");
  for (const one of [alice, benny]) {
    await one.hear(/into the circle "Quartet"/);
    await one.command("circle accept Quartet", /You are in the circle "Quartet" now/);
  }
  const carols = carol.circle(id);
  await carol.waitFor("all to be there", () => carols.members.length === 3, CROSS_MS);
  await dave.waitFor("all to be there", () => daves.members.length === 3, CROSS_MS);
  await carols.say("And here");
  circle = { room: await enterBoth(boards), carols, daves };
  for (const person of [anna, ben]) await person.waitForMessage(circle.room, "And here", ghost("carol"));
  expect(circle.room).not.toBe(boards);
  await talkAtOnce(circle, "b");
  await expectTheFour(circle);
});

test("what Anna says in her own Messenger is hers, once: in the circle's room, and for the others on MSN", async () => {
  const { room, carols, daves } = circle;
  const messenger = await there.world.messenger("alice");
  const own = await messenger.waitFor("to be in the circle", () =>
    messenger.groups.find(({ kind, name }) => kind === "circle" && name === "Quartet"),
  );
  await own.say("From my Messenger");
  await Promise.all([
    anna.waitForMessage(room, "From my Messenger", ghost("alice"), CROSS_MS),
    ben.waitForMessage(room, "From my Messenger", ghost("alice"), CROSS_MS),
    reads(carol, carols, "From my Messenger", email("alice")),
    reads(dave, daves, "From my Messenger", email("alice")),
  ]);
  await anna.waitFor("whose words they are", () => anna.room(room).displayName(ghost("alice"))?.startsWith("Alice ("));
  await anna.sendText(room, "And from my phone");
  await reads(messenger, own, "And from my phone");
  await ben.sendText(room, "I see");
  await reads(messenger, own, "I see", email("benny"));
  await messenger.signOut();
  await carols.say("So do I");
  await Promise.all([anna, ben].map((person) => person.waitForMessage(room, "So do I", ghost("carol"))));
  for (const person of [anna, ben])
    expect(
      person
        .room(room)
        .texts()
        .filter((text) => !/ b\d+$/.test(text)),
    ).toEqual(["And here", "From my Messenger", "And from my phone", "I see", "So do I"]);
  for (const group of [carols, daves])
    expect(group.texts().filter((text) => text === "From my Messenger")).toHaveLength(1);
});

test("what she says in her Messenger to all of them at once is hers, once, in their room", async () => {
  const { room } = board;
  const messenger = await there.world.messenger("alice");
  const others = ["benny", "carol", "dave"].map(email);
  const own = await messenger.startGroup(...others);
  await messenger.waitFor("all to be there", () => others.every((one) => own.members.includes(one)), CROSS_MS);
  await own.say("I have called you");
  await Promise.all(
    [anna, ben].map((person) => person.waitForMessage(room, "I have called you", ghost("alice"), CROSS_MS)),
  );
  await ben.sendText(room, "What is it?");
  await reads(messenger, own, "What is it?", email("benny"));
  await Promise.all([anna, ben].map((person) => person.waitForMessage(room, "What is it?", ben.userId)));
  const calls = ({ groups }: MsnPerson): MsnGroup[] =>
    groups.filter((group) => group.texts().includes("I have called you"));
  for (const person of [carol, dave]) {
    await person.waitFor("her call", () => calls(person).length > 0);
    expect(calls(person)).toHaveLength(1);
  }
  expect(anna.room(room).texts().slice(-2)).toEqual(["I have called you", "What is it?"]);
  expect(ben.room(room).texts().slice(-2)).toEqual(["I have called you", "What is it?"]);
  expect([...anna.invites.values(), ...ben.invites.values()].filter(({ space }) => !space)).toEqual([]);
});
