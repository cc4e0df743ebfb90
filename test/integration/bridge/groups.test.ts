/** Groups: several people on the network, residents of two homes, one conversation. */
import { expect, test } from "vitest";
import type { MessageId } from "../../../src/bridge/model.ts";
import { residentId } from "../../../src/bridge/model.ts";
import { b, r } from "../../support/golden.ts";
import { ToyHome } from "../../support/toy-home.ts";
import { ALICE, BOB, CAROL, DAVE, EMILY, type GroupWorld, texts, useGroupWorlds } from "./groups-world.ts";
import { alice, until } from "./world.ts";

let world: GroupWorld;
const there = useGroupWorlds((made) => {
  world = made;
});

const boards = () => world.network.boards;

test("the first word opens one room per home, with everybody in it: residents as themselves, others as ghosts", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  expect([world.home.roomsMade, world.house.roomsMade]).toEqual([0, 0]);
  const { here, there } = await world.talking(board);
  expect(world.home.chat(here)).toEqual([`${BOB}: hello all`]);
  expect(world.house.chat(there)).toEqual([`${BOB}: hello all`]);
  expect(world.home.people(here)).toEqual([alice, BOB, CAROL, EMILY].sort());
  expect(world.house.people(there)).toEqual([world.emma, ALICE, BOB, CAROL].sort());
  const record = await world.record(BOB, ALICE, EMILY, CAROL);
  expect(record?.seats.toSorted()).toEqual([world.account(), world.account("emily")]);
});

test("words of residents reach the network and the other home, each once, with no echo", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  const first = world.home.write(alice, here, "from alice");
  await until("it there", () => world.house.chat(there).length === 2);
  const second = world.house.write(world.emma, there, "from emma");
  await until("it here", () => world.home.chat(here).length === 3);
  board.say(CAROL, "from carol");
  await until("it in both", () => world.home.chat(here).length === 4 && world.house.chat(there).length === 4);
  expect(world.home.chat(here)).toEqual([
    `${BOB}: hello all`,
    `${alice}: from alice`,
    `${EMILY}: from emma`,
    `${CAROL}: from carol`,
  ]);
  expect(world.house.chat(there)).toEqual([
    `${BOB}: hello all`,
    `${ALICE}: from alice`,
    `${world.emma}: from emma`,
    `${CAROL}: from carol`,
  ]);
  expect(boards().heard.get(CAROL)).toEqual([`${BOB}: hello all`, `${ALICE}: from alice`, `${EMILY}: from emma`]);
  await until("the receipts", () => world.home.confirmed.length === 1 && world.house.confirmed.length === 1);
  expect([world.home.confirmed, world.house.confirmed]).toEqual([[first], [second]]);
});

test("the same people come back to the same room, whoever calls them together, also after a restart", async () => {
  await world.begin();
  const { here } = await world.talking(boards().gather(BOB, ALICE, EMILY, CAROL));
  await world.restart();
  await world.on();
  await world.on("emily");
  boards().gather(CAROL, EMILY, BOB, ALICE).say(CAROL, "again");
  await until("it in the same room", () => world.home.chat(here).length === 2);
  expect([world.home.roomsMade, world.house.roomsMade]).toEqual([1, 1]);
});

test("who joins a running conversation is in the room before they speak; those people come back to that room", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "we two");
  const here = await world.groupRoom();
  board.join(DAVE);
  board.say(DAVE, "and I");
  await until("dave's words", () => world.home.chat(here).length === 2);
  expect(world.home.people(here)).toContain(DAVE);
  boards().gather(DAVE, CAROL, BOB, ALICE).say(CAROL, "all four again");
  await until("it", () => world.home.chat(here).length === 3);
  boards().gather(CAROL, BOB, ALICE).say(CAROL, "only three");
  await until("it", () => world.home.chat(here).length === 4);
  expect(world.home.people(here)).not.toContain(DAVE);
  expect(world.home.roomsMade).toBe(1);
});

test("who is linked after they have been called into a group comes back to its room with the others, whoever hears it first", async () => {
  await world.begin(false);
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "we three");
  const here = await world.groupRoom();
  board.join(EMILY);
  board.say(EMILY, "and I");
  await until("emily's words", () => world.home.chat(here).length === 2);
  for (const one of [...board.members.keys()]) board.leave(one);
  await world.link(world.ben, "emily");
  // Emily is seen there first, and hears the first words.
  boards().gather(EMILY, CAROL, BOB, ALICE).say(CAROL, "all four again");
  await until("it", () => world.home.chat(here).length === 3 || world.home.roomsMade > 1);
  expect(world.home.roomsMade).toBe(1);
});

test("who closes the window has not left until something is said without them", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, CAROL, DAVE);
  board.say(BOB, "hello");
  const here = await world.groupRoom();
  board.leave(DAVE);
  board.say(BOB, "bye dave");
  await until("the words", () => world.home.chat(here).length === 2);
  expect(world.home.people(here)).toEqual([alice, BOB, CAROL].sort());
});

test("a linked account that is called into a running conversation shares its room at once", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "before");
  const here = await world.groupRoom();
  await until("it", () => world.home.chat(here).length === 1);
  board.join(EMILY);
  board.say(BOB, "welcome emily");
  const there = await world.groupRoom(world.house);
  await until("it in both", () => world.home.chat(here).length === 2 && world.house.chat(there).length === 1);
  world.house.write(world.emma, there, "thanks");
  await until("it here", () => world.home.chat(here).length === 3);
  expect(world.home.chat(here).at(-1)).toBe(`${EMILY}: thanks`);
  expect([world.home.roomsMade, world.house.roomsMade]).toEqual([1, 1]);
});

test("two residents of one home share the room; each one's words are their own there, without doubles", async () => {
  await world.begin(false);
  await world.link(world.ben, "emily");
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  board.say(BOB, "hello both");
  const here = await world.groupRoom();
  await until("it", () => world.home.chat(here).length === 1);
  world.home.write(alice, here, "from alice");
  world.home.write(world.ben, here, "from ben");
  await until("carol has all", () => boards().heard.get(CAROL)?.length === 3);
  board.say(CAROL, "done");
  await until("the last", () => world.home.chat(here).at(-1) === `${CAROL}: done`);
  expect(world.home.chat(here)).toEqual([
    `${BOB}: hello both`,
    `${alice}: from alice`,
    `${world.ben}: from ben`,
    `${CAROL}: done`,
  ]);
  expect(world.home.people(here)).toEqual([alice, world.ben, BOB, CAROL].sort());
  expect(boards().heard.get(CAROL)).toEqual([`${BOB}: hello both`, `${ALICE}: from alice`, `${EMILY}: from ben`]);
});

test("words typed in one's own Messenger are one's own at home, and one's ghost's elsewhere", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  board.sayElsewhere(ALICE, "from my laptop");
  board.sayElsewhere(EMILY, "from mine");
  await until("both", () => world.home.chat(here).length === 3 && world.house.chat(there).length === 3);
  expect(world.home.chat(here).slice(1)).toEqual([`${alice} (own): from my laptop`, `${EMILY}: from mine`]);
  expect(world.house.chat(there).slice(1)).toEqual([`${ALICE}: from my laptop`, `${world.emma} (own): from mine`]);
});

test("when the reader's session goes, the other one reads on", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  world.network.down = true;
  world.network.drop(ALICE);
  board.say(BOB, "alice is gone");
  await until("it in the house", () => world.house.chat(there).length === 2);
  expect(world.house.people(there)).toEqual([world.emma, ALICE, BOB, CAROL].sort());
  world.network.down = false;
  await world.on();
  board.join(ALICE);
  board.say(BOB, "she is back");
  await until(
    "it in both",
    () => world.house.chat(there).length === 3 && world.home.chat(here).at(-1)?.endsWith("back"),
  );
});

test("with no conversation the people of the group are called together once, also when two speak at once", async () => {
  await world.begin();
  const { here, there } = await world.talking(boards().gather(BOB, ALICE, EMILY, CAROL));
  await world.restart();
  await world.on();
  await world.on("emily");
  world.home.write(alice, here, "anybody?");
  world.house.write(world.emma, there, "me");
  await until("both at carol's", () => boards().heard.get(CAROL)?.length === 3);
  expect(boards().started).toBe(1);
  expect(texts(boards().heard.get(CAROL) ?? []).toSorted()).toEqual(["anybody?", "hello all", "me"]);
  await until("both in both", () => world.home.chat(here).length === 3 && world.house.chat(there).length === 3);
});

test("when nobody of the group is there it is told, kept, and goes with `retry`", async () => {
  await world.begin();
  const { here } = await world.talking(boards().gather(BOB, ALICE, EMILY, CAROL));
  await world.restart();
  await world.on();
  await world.on("emily");
  for (const one of [BOB, CAROL, EMILY]) world.network.away.add(one);
  world.network.drop(EMILY, { kind: "elsewhere", detail: "" });
  const message = world.home.write(alice, here, "anybody?");
  await until("the reason", () => world.home.chat(here).length === 3);
  expect(world.home.chat(here).at(-1)).toMatch(/^bot: Not sent: nobody of the group is there.*`retry`/);
  world.network.away.clear();
  world.home.event({ kind: "retry", resident: alice, room: here, target: message });
  await until("it at carol's", () => boards().heard.get(CAROL)?.includes(`${ALICE}: anybody?`));
});

test("an answer, an edit and a reaction stay what they are between homes; the network reads them as text", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  const [target] = world.home.rooms.get(here) ?? [];
  const said = { resident: alice, room: here } as const;
  const about = { kind: "reply", target: target?.id ?? ("" as MessageId), text: "yes" } as const;
  world.home.event({ kind: "text", ...said, message: "$r" as MessageId, text: "“hello all” yes", about });
  await until("it there", () => world.house.relations.length === 1);
  const [known] = world.house.rooms.get(there) ?? [];
  expect(world.house.relations[0]?.about).toEqual({ ...about, target: known?.id });
  const unknown = { ...about, target: "$nobody" as MessageId };
  world.home.event({ kind: "text", ...said, message: "$u" as MessageId, text: "> old\nyes", about: unknown });
  await until("its text", () => world.house.chat(there).length === 3);
  expect(world.house.relations).toHaveLength(1);
  const reaction = { kind: "reaction", ...said, target: "$r" as MessageId, text: "yes", key: "👍" } as const;
  world.home.event({ ...reaction, message: "$x" as MessageId });
  await until("the reaction", () => world.house.relations.length === 2);
  const [, answer] = world.house.rooms.get(there) ?? [];
  expect(world.house.relations[1]?.about).toEqual({ kind: "reaction", target: answer?.id, key: "👍" });
  const looks = { kind: "edit", target: "$r" as MessageId, text: "yes", rich: r(b("yes")) } as const;
  const bold = { kind: "text", ...said, text: "* yes", rich: r("* ", b("yes")), looksAlone: true } as const;
  world.home.event({ ...bold, message: "$b" as MessageId, about: looks });
  await until("its looks", () => world.house.relations.length === 3);
  expect(world.house.relations[2]?.about).toEqual({ ...looks, target: answer?.id });
  world.home.event({ ...bold, message: "$c" as MessageId, about: { ...looks, target: "$nobody" as MessageId } });
  world.home.write(alice, here, "that was all");
  await until("the last words there", () => world.house.chat(there).at(-1)?.endsWith("that was all") === true);
  expect(world.house.relations).toHaveLength(3);
  expect(world.house.chat(there)).toHaveLength(6);
  await until("all at carol's", () => boards().heard.get(CAROL)?.length === 5);
  expect(texts(boards().heard.get(CAROL) ?? [])).toEqual([
    "hello all",
    "“hello all” yes",
    "> old\nyes",
    "👍 to “yes”",
    "that was all",
  ]);
});

test("what shows nothing is not told in other homes; that a reaction is gone has no words, and is told as what it is", async () => {
  await world.begin();
  const { here, there } = await world.talking(boards().gather(BOB, ALICE, EMILY, CAROL));
  const [hello] = world.home.rooms.get(here) ?? [];
  const target = hello?.id ?? ("" as MessageId);
  const said = { resident: alice, room: here } as const;
  const reaction = { kind: "reaction", ...said, target, text: "hello all" } as const;
  world.home.event({ kind: "text", ...said, message: "$1" as MessageId, text: "\u0007" });
  const answer = { kind: "reply", target, text: "\u200b" } as const;
  world.home.event({ kind: "text", ...said, message: "$2" as MessageId, text: "> hello all\n\u200b", about: answer });
  world.home.event({ ...reaction, message: "$3" as MessageId, key: "\u200b" });
  world.home.event({ ...reaction, message: "$4" as MessageId, key: ":party:", removed: true });
  world.home.write(alice, here, "that was all");
  await until("the last words there", () => world.house.chat(there).at(-1)?.endsWith("that was all") === true);
  expect(world.house.relations).toMatchObject([{ about: { kind: "reaction", key: ":party:", removed: true } }]);
  expect(texts(world.house.chat(there)).filter((text) => text !== "")).toEqual(["hello all", "that was all"]);
});

test("a nudge rings the group and the other home, once", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  world.home.event({ kind: "nudge", resident: alice, room: here, message: "$n" as MessageId });
  await until("it", () => world.house.nudges.length === 1 && boards().heard.get(CAROL)?.length === 2);
  expect(world.house.chat(there).at(-1)).toBe(`${ALICE}: sent a nudge`);
});

test("a home without rooms for groups has the words in the chats with those who say them, marked", async () => {
  const hut = new ToyHome("toyhut", "Toyhut");
  world.homes.push(hut);
  await world.start();
  await world.link(residentId(hut.name, "al@hut"));
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "hello");
  board.sayElsewhere(ALICE, "hi bob");
  const room = await world.room("bob", "alice", hut);
  await until("both", () => hut.chat(room).length === 2);
  expect(hut.chat(room)).toEqual([
    `${BOB}: (to 3 people) hello`,
    "alice@msn.test (you, on Laptop): (to 3 people) hi bob",
  ]);
});

test("typing is shown both ways, and to the other home", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  board.type(BOB);
  await until("bob types", () => world.home.groupTyping.length === 1 && world.house.groupTyping.length === 1);
  world.home.types(alice, here, true);
  await until(
    "alice types",
    () => boards().typed.length > 0 && world.house.groupTyping.includes(`${ALICE} in ${there}`),
  );
  expect(world.home.groupTyping).toEqual([`${BOB} in ${here}`]);
});

test("who is in a group is shown as present as they are, though nobody has a chat with them", async () => {
  await world.begin();
  await world.talking(boards().gather(BOB, ALICE, EMILY, CAROL));
  world.network.contact(CAROL, "busy", "on the phone", "Carol");
  await until("carol is busy", () =>
    world.home.presences.some((one) => one.contact === CAROL && one.presence.availability === "busy"),
  );
});

test("one account linked from both homes: what its owner says in one room is theirs in the other", async () => {
  await world.begin(false);
  const alix = residentId(world.house.name, "alix@toy");
  await world.link(alix);
  const { here, there } = await world.talking(boards().gather(BOB, ALICE, CAROL));
  world.home.write(alice, here, "from home");
  await until("it there", () => world.house.chat(there).length === 2);
  world.house.write(alix, there, "from the house");
  await until("it here", () => world.home.chat(here).length === 3);
  expect(world.home.chat(here).slice(1)).toEqual([`${alice}: from home`, `${alice} (own): from the house`]);
  expect(world.house.chat(there).slice(1)).toEqual([`${alix} (own): from home`, `${alix}: from the house`]);
  await until("all at carol's", () => boards().heard.get(CAROL)?.length === 3);
  expect(texts(boards().heard.get(CAROL) ?? [])).toEqual(["hello all", "from home", "from the house"]);
});

test("a mark that the bridge has not made hides nothing, and neither does one from another group", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here } = await world.talking(board);
  world.home.write(alice, here, "marked");
  const mark = await until("a mark", () => board.marks[0]);
  board.say(BOB, "forged", { mark: `${"A".repeat(16)}.${"B".repeat(22)}` });
  await until("it", () => world.home.chat(here).length === 3);
  boards().gather(BOB, ALICE, DAVE).say(BOB, "taken from there", { mark });
  const other = await world.groupRoom(world.home, 1);
  await until("it", () => world.home.chat(other).length === 1);
});

test("what is said in a group of which only two linked accounts are left is no word in their chat of two", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, EMILY, CAROL);
  const { here, there } = await world.talking(board);
  world.home.write(alice, here, "marked");
  await until("it there", () => world.house.chat(there).length === 2);
  const mark = await until("a mark", () => board.marks[0]);
  const heard = world.network.sessions.get(EMILY)?.hooks;
  const said = { kind: "text", from: ALICE, fromName: "Alice", at: Date.now() } as const;
  heard?.message({ ...said, text: "marked", mark });
  heard?.message({ ...said, text: "a word for you" });
  const chat = await world.room("alice", "emily", world.house);
  await until("the word", () => world.house.chat(chat).length === 1);
  expect(world.house.chat(chat)).toEqual([`${ALICE}: a word for you`]);
});

test("words for a group are on their way to the store in the tick in which they were read", async () => {
  const real = await there.redis.open(world.namespace);
  const read: string[] = [];
  const appendRead: typeof real.appendRead = (what) => {
    const { body } = what;
    if (body.from === "network") read.push(body.message.text);
    return real.appendRead(what);
  };
  world.options = { store: { ...real, appendRead } };
  await world.begin(false);
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "first");
  const here = await world.groupRoom();
  await until("the first", () => world.home.chat(here).length === 1);
  board.say(BOB, "second");
  expect(read).toEqual(["first", "second"]);
});
