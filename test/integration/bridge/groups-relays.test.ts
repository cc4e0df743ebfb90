/** People who have no account in a group, and the relay through which they speak: when it is away, and when it is another. */
import { beforeEach, expect, test } from "vitest";
import { circleKey, groupId } from "../../../src/bridge/groups/model.ts";
import { type MessageId, messageId, type RoomId } from "../../../src/bridge/model.ts";
import { NET } from "../../unit/bridge/support.ts";
import { ALICE, BOB, CAROL, EMILY, type GroupWorld, texts, useGroupWorlds } from "./groups-world.ts";
import { alice, until } from "./world.ts";

let world: GroupWorld;
useGroupWorlds((made) => {
  world = made;
});

const PEOPLE = [BOB, ALICE, EMILY, CAROL] as const;
const carol = () => world.network.boards.heard.get(CAROL) ?? [];
const LOST = 'alice@msn.test is in the group no more, so it speaks no more for those in "Club"';
let here: RoomId;
let there: RoomId;

/** Alice's account is the relay. */
beforeEach(async () => {
  await world.begin();
  ({ here, there } = await world.talking(world.network.boards.gather(...PEOPLE)));
  expect(await world.ask("relay set 1")).toMatch(/^alice@msn.test speaks/);
});

function outOfReach(): void {
  world.network.down = true;
  world.network.drop(ALICE);
}

/** Alice's sign-in is ended for good, and she knows. */
async function elsewhere(): Promise<void> {
  world.network.drop(ALICE, { kind: "elsewhere", detail: "signed in somewhere else" });
  await until("the news", () => world.home.told(alice).some((text) => text.includes("resume")));
}

/** Ben says it, and it is on its way. */
async function ben(...words: string[]): Promise<MessageId[]> {
  const messages = words.map((text) => world.home.write(world.ben, here, text));
  const last = `ben (guest): ${words.at(-1)}`;
  await until("it in the house", () => world.house.chat(there).at(-1) === last);
  return messages;
}

const notices = () => world.home.chat(here).filter((line) => line.startsWith("bot: "));

test("another relay is set while words of guests wait for the first: it says them all, in their order, before what is said later", async () => {
  outOfReach();
  await ben("one", "two", "three");
  expect(await world.ask("relay set 1", world.emma)).toMatch(/^emily@msn.test speaks/);
  await until("them at carol's", () => carol().length === 4);
  await ben("four");
  await until("it, too", () => carol().length === 5);
  expect(carol().slice(1)).toEqual(["one", "two", "three", "four"].map((text) => `${EMILY}: ${text}`));
  expect(notices()).toEqual([]);
});

test("the relay is taken away while words of guests wait for it: each of them is told", async () => {
  outOfReach();
  await ben("one", "two", "three");
  expect(await world.ask("relay unset 1", world.emma)).toMatch(/speaks for nobody else/);
  await until("three notices", () => notices().length === 3);
  expect(new Set(notices())).toEqual(
    new Set([expect.stringMatching(/^bot: Not sent: .*nobody speaks .*`relay set`.*say it again\.$/)]),
  );
  world.home.write(world.ben, here, "hello?");
  await until("the usual", () => notices().some((line) => line.includes("once an hour")));
});

test("the relay is signed out: its guest hears whose account that is, and who can help", async () => {
  await elsewhere();
  await ben("anybody?");
  await until("the notice", () => notices().length === 1);
  expect(notices()[0]).toBe(
    `bot: Not sent: alice@msn.test, which speaks here for those without an account, has signed in somewhere else. It is not yours to mend: ask @alice:toy, who has set it. Say it again when it is back.`,
  );
});

test("what failed for a relay goes through the next one, when it is asked for again", async () => {
  await elsewhere();
  const [message] = await ben("anybody?");
  await until("the notice", () => notices().length === 1);
  expect(await world.ask("relay set 1", world.emma)).toMatch(/^emily@msn.test speaks/);
  if (message) world.home.event({ kind: "retry", resident: world.ben, room: here, target: message });
  await until("it at carol's", () => carol().at(-1) === `${EMILY}: anybody?`);
  expect(texts(carol())).toEqual(["hello all", "anybody?"]);
});

test("what failed for a relay, and is said once more by a client that does not know, goes through the next one", async () => {
  await elsewhere();
  const [message] = await ben("anybody?");
  await until("the notice", () => notices().length === 1);
  expect(await world.ask("relay set 1", world.emma)).toMatch(/^emily@msn.test speaks/);
  if (message) world.home.event({ kind: "again", resident: world.ben, room: here, message, is: () => true });
  await until("it at carol's, or a false word", () => carol().length > 1 || world.home.confirmed.length > 0);
  expect(texts(carol())).toEqual(["hello all", "anybody?"]);
});

test("the relay's owner unlinks while words of guests wait: each of them is told, those who were told already once more", async () => {
  await elsewhere();
  await ben("anybody?");
  await until("the notice", () => notices().length === 1);
  expect(await world.ask("resume")).toMatch(/./);
  await world.on();
  outOfReach();
  await ben("one", "two");
  expect(await world.ask("unlink")).toMatch(/^alice@msn.test is unlinked/);
  await until("the notices", () => notices().filter((line) => line.includes("does so no more")).length === 3);
});

test("the relay's owner unlinks while words of guests wait behind theirs, and another relay is there: it says them", async () => {
  outOfReach();
  world.home.write(alice, here, "mine");
  await until("it in the house", () => world.house.chat(there).length === 2);
  await ben("one", "two");
  expect(await world.ask("relay set 1", world.emma)).toMatch(/^emily@msn.test speaks/);
  expect(await world.ask("unlink")).toMatch(/^alice@msn.test is unlinked/);
  await until("them at carol's", () => carol().at(-1) === `${EMILY}: two`);
  expect(texts(carol())).toEqual(["hello all", "one", "two"]);
  expect(notices()).toEqual([]);
});

test.each([
  ["their own session", true],
  ["another session alone", false],
])("the relay is out of a circle, as %s sees: whoever set it hears so, and the circle has none", async (_, isTold) => {
  const circle = world.network.boards.circle("Club", ALICE, EMILY, BOB);
  circle.say(BOB, "hello");
  const id = groupId(NET, circleKey(circle.id));
  await until("the rooms", async () => (await world.store.group(id))?.rooms.length === 2);
  expect(await world.ask('relay set "Club"')).toMatch(/^alice@msn.test speaks/);
  if (isTold) circle.leave(ALICE);
  else {
    circle.members.delete(ALICE);
    circle.tell();
  }
  await until("the news", () => world.home.told(alice).some((text) => text.includes(LOST)));
  await until("no relay", async () => (await world.store.group(id))?.relay === undefined);
  await until("a topic without it", () => world.house.shapes.get(world.house.groupRoom(1) ?? here)?.topic === "");
  expect(world.home.told(alice).filter((text) => text.includes(LOST))).toHaveLength(1);
});

test("ben nudges while the relay's account is signed in elsewhere: he hears whose it is, and nothing that only alice can do", async () => {
  await elsewhere();
  const message = messageId("$nudge");
  world.home.event({ kind: "nudge", resident: world.ben, room: here, message });
  await until("the notice", () => notices().length === 1);
  expect(notices()[0]).toMatch(
    /^bot: Not nudged: alice@msn\.test, which speaks here for those without an account, has/,
  );
  expect(notices()[0]).not.toContain("`");
});

test("the relay is out of a circle after another worker has set another one: that one speaks on", async () => {
  const circle = world.network.boards.circle("Club", ALICE, EMILY, BOB);
  circle.say(BOB, "hello");
  const id = groupId(NET, circleKey(circle.id));
  await until("the rooms", async () => (await world.store.group(id))?.rooms.length === 2);
  expect(await world.ask('relay set "Club"')).toMatch(/^alice@msn.test speaks/);
  const relay = { account: world.account("emily"), by: world.emma, prefix: true };
  await world.store.saveGroup(id, { relay });
  circle.members.delete(ALICE);
  circle.tell();
  await until("the end of her room", async () => (await world.store.group(id))?.rooms.length === 1);
  expect((await world.store.group(id))?.relay).toEqual(relay);
  expect(world.home.told(alice).filter((text) => text.includes(LOST))).toEqual([]);
});
