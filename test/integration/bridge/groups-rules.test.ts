/** What people do to a group in its rooms, who may speak there, and what becomes of the rooms. */
import { expect, test, vi } from "vitest";
import type { HomeEvent, MessageId, ResidentId } from "../../../src/bridge/model.ts";
import { portalParts, residentId, roomId } from "../../../src/bridge/model.ts";
import { out } from "../../unit/bridge/support.ts";
import { ALICE, BOB, CAROL, DAVE, EMILY, type GroupWorld, texts, useGroupWorlds } from "./groups-world.ts";
import { alice, ghost, until } from "./world.ts";

let world: GroupWorld;
useGroupWorlds((made) => {
  world = made;
});

const boards = () => world.network.boards;
const PEOPLE = [BOB, ALICE, EMILY, CAROL] as const;
const group = () => world.group(...PEOPLE);
let n = 0;
const id = (): MessageId => {
  n += 1;
  return `$rule-${n}` as MessageId;
};
type Done = HomeEvent & { resident: ResidentId; room: ReturnType<typeof roomId> };

/** Ties and relays are made by commands; here the store is written as they do. */
async function relay(prefix: boolean): Promise<void> {
  await world.store.saveGroup(group(), { relay: { account: world.account(), by: alice, prefix } });
  await world.restart();
  await world.on();
  await world.on("emily");
}

test("people without an account speak through the relay: in other homes as guests, on the network with their name in front", async () => {
  await world.begin();
  const { here, there } = await world.talking(boards().gather(...PEOPLE));
  await relay(true);
  const message = world.home.write(world.ben, here, "hello from ben");
  await until("it there", () => world.house.chat(there).length === 2);
  await until("it at carol's", () => boards().heard.get(CAROL)?.length === 2);
  expect(world.house.chat(there).at(-1)).toBe("ben (guest): hello from ben");
  expect(boards().heard.get(CAROL)?.at(-1)).toBe(`${ALICE}: [ben] hello from ben`);
  await until("the receipt", () => world.home.confirmed.includes(message));
  expect(world.home.chat(here)).toHaveLength(2);
});

test("reactions of people without an account are one line, with all their names", async () => {
  await world.begin();
  const { here } = await world.talking(boards().gather(...PEOPLE));
  await relay(true);
  const [target] = world.home.rooms.get(here) ?? [];
  const dan = residentId(world.home.name, "@dan:toy");
  for (const resident of [world.ben, dan])
    world.home.event({
      kind: "reaction",
      resident,
      room: here,
      message: id(),
      target: target?.id ?? id(),
      text: "hello all",
      key: "👍",
    });
  world.home.write(world.ben, here, "that was all");
  await until("all at carol's", () => boards().heard.get(CAROL)?.at(-1)?.endsWith("that was all") === true);
  expect(boards().heard.get(CAROL)?.slice(-2)).toEqual([
    `${ALICE}: 👍 ben, dan to “hello all”`,
    `${ALICE}: [ben] that was all`,
  ]);
});

test("without the prefix the words go as they are; the room's topic names the relay", async () => {
  await world.begin();
  const { here } = await world.talking(boards().gather(...PEOPLE));
  await relay(false);
  world.home.write(world.ben, here, "plain");
  await until("it at carol's", () => boards().heard.get(CAROL)?.at(-1) === `${ALICE}: plain`);
  const board = boards().of(CAROL).at(-1);
  board?.join(DAVE);
  await until("the shape", () => world.home.people(here).includes(DAVE));
  expect(world.home.shapes.get(here)?.topic).toMatch(/speaks through alice@msn.test, without their name/);
});

test("a topic that is changed with what the bridge has put behind it does not have that twice", async () => {
  await world.begin();
  const { here } = await world.talking(boards().gather(...PEOPLE));
  await relay(false);
  const rename = (text: string) =>
    world.home.event({ kind: "reshaped", resident: alice, room: here, message: id(), change: { what: "topic", text } });
  rename("Holidays");
  const shown = () => world.home.shapes.get(here)?.topic ?? "";
  await until("the topic", () => shown().startsWith("Holidays | Whoever"));
  rename(shown().replace("Holidays", "Winter"));
  await until("the next", () => shown().startsWith("Winter | Whoever"));
  expect(shown().match(/Whoever/g)).toHaveLength(1);
  expect((await world.store.group(group()))?.topic).toBe("Winter");
  rename(shown().replace("Winter | ", ""));
  await until("none", () => shown().startsWith("Whoever"));
  expect((await world.store.group(group()))?.topic).toBe("");
});

test("who has neither an account nor a relay is told so once an hour, and nothing of theirs goes anywhere", async () => {
  await world.begin();
  const { here, there } = await world.talking(boards().gather(...PEOPLE));
  world.home.write(world.ben, here, "hello?");
  await until("the reason", () => world.home.chat(here).length === 3);
  expect(world.home.chat(here).at(-1)).toMatch(/^bot: Not sent: you have no MSN account in this group/);
  world.home.write(world.ben, here, "hello??");
  world.home.write(alice, here, "ben has no account");
  await until("alice's words", () => world.house.chat(there).length === 2);
  expect(world.home.chat(here)).toHaveLength(5);
  expect(texts(boards().heard.get(CAROL) ?? [])).toEqual(["hello all", "ben has no account"]);
});

test("a contact asked into the room is called into the conversation, and is in both rooms", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here, there } = await world.talking(board);
  world.home.event({ kind: "invited", resident: alice, room: here, ghost: ghost("dave"), direct: false });
  await until("dave", () => board.members.has(DAVE));
  await until(
    "him in both rooms",
    () => world.home.people(here).includes(DAVE) && world.house.people(there).includes(DAVE),
  );
});

test("a contact who cannot come is refused with the reason, and the room is what the group is again", async () => {
  await world.begin();
  const { here } = await world.talking(boards().gather(...PEOPLE));
  world.network.away.add(DAVE);
  world.home.event({ kind: "invited", resident: alice, room: here, ghost: ghost("dave"), direct: false });
  await until("the reason", () => world.home.chat(here).length === 2);
  expect(world.home.chat(here).at(-1)).toMatch(/^bot: .*dave@msn.test is offline/);
  await until("the shape", () => world.home.shapes.get(here)?.refused?.contact === DAVE);
});

test("who is not in the group and asks a contact into its room is told once an hour that it is not theirs to do", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here } = await world.talking(board);
  const asks = { kind: "invited", resident: world.ben, room: here, ghost: ghost("dave"), direct: false } as const;
  for (const _ of ["once", "twice"]) {
    const { shapings } = world.home;
    world.home.event(asks);
    await until(
      "the shape",
      () => world.home.shapings > shapings && world.home.shapes.get(here)?.refused !== undefined,
    );
  }
  expect(world.home.chat(here).filter((line) => line.startsWith("bot: "))).toEqual([
    expect.stringContaining("only somebody with an account of their own in the group can do that"),
  ]);
  expect(board.members.has(DAVE)).toBe(false);
});

test.each([
  ["throwing somebody out", (): Partial<Done> => ({ kind: "removed", ghost: ghost("carol"), message: id() })],
  ["a name", (): Partial<Done> => ({ kind: "reshaped", message: id(), change: { what: "name", text: "Friends" } })],
])("%s is not for a loose conversation: said with the reason, and the room is shaped back", async (_, event) => {
  await world.begin();
  const { here } = await world.talking(boards().gather(...PEOPLE));
  const { shapings } = world.home;
  world.home.event({ resident: alice, room: here, ...event() } as Done);
  await until("the reason", () => world.home.chat(here).length === 2);
  expect(world.home.chat(here).at(-1)).toMatch(/^bot: .*cannot do that/);
  await until("the shape", () => world.home.shapings > shapings);
});

test("a circle's name, roles and members travel both ways", async () => {
  await world.begin();
  const circle = boards().circle("Club", ALICE, EMILY, BOB, CAROL);
  circle.say(BOB, "hello club");
  const [here, there] = [await world.groupRoom(), await world.groupRoom(world.house)];
  await until("the words", () => world.home.chat(here).length === 1 && world.house.chat(there).length === 1);
  expect(world.home.shapes.get(here)).toMatchObject({ kind: "circle", name: "Club", circle: circle.id });
  const said = { resident: alice, room: here } as const;
  world.home.event({ kind: "reshaped", ...said, message: id(), change: { what: "name", text: "The Club" } });
  await until("the name", () => circle.name === "The Club" && world.house.shapes.get(there)?.name === "The Club");
  world.home.event({ kind: "reshaped", ...said, message: id(), change: { what: "topic", text: "chess" } });
  await until("the topic", () => world.house.shapes.get(there)?.topic === "chess");
  const role = { what: "role", ghost: ghost("bob"), role: "admin" } as const;
  world.home.event({ kind: "reshaped", ...said, message: id(), change: role });
  await until("the role", () => circle.members.get(BOB) === "admin");
  world.home.event({
    kind: "reshaped",
    ...said,
    message: id(),
    change: { what: "role", whom: alice, role: "admin" },
  });
  await until("alice's own role", () => circle.members.get(ALICE) === "admin");
  world.home.event({
    kind: "reshaped",
    ...said,
    message: id(),
    change: { what: "role", whom: world.ben, role: "admin" },
  });
  world.home.event({ kind: "removed", ...said, message: id(), ghost: ghost("carol") });
  await until(
    "her going",
    () => !world.home.people(here).includes(CAROL) && !world.house.people(there).includes(CAROL),
  );
  circle.rename("Chess");
  await until("the new name", () => world.home.shapes.get(here)?.name === "Chess");
});

test("who leaves the room leaves the group; the other home's room goes on, their own ends", async () => {
  await world.begin();
  const circle = boards().circle("Club", ALICE, EMILY, BOB);
  circle.say(BOB, "hello");
  const [here, there] = [await world.groupRoom(), await world.groupRoom(world.house)];
  await until("the words", () => world.home.chat(here).length === 1 && world.house.chat(there).length === 1);
  world.home.event({ kind: "left", resident: alice, room: here });
  await until("the leaving", () => !circle.members.has(ALICE) && !world.house.people(there).includes(ALICE));
  await until("the room's end", () => world.home.released.length === 1);
  circle.say(BOB, "alice has gone");
  await until("it there", () => world.house.chat(there).length === 2);
  expect(world.home.chat(here)).toHaveLength(1);
});

test("who is out of a circle while their home is away: their room ends when it is back, also over a restart", async () => {
  await world.begin();
  const circle = boards().circle("Club", ALICE, EMILY, BOB);
  circle.say(BOB, "hello");
  const [here, there] = [await world.groupRoom(), await world.groupRoom(world.house)];
  await until("the words", () => world.home.chat(here).length === 1 && world.house.chat(there).length === 1);
  world.home.mode = "down";
  circle.leave(ALICE);
  await until("her to be a contact", () => !world.house.people(there).includes(ALICE));
  await world.restart();
  await world.on("emily");
  expect(world.home.released).toEqual([]);
  world.home.mode = "up";
  await until("the room's end", () => world.home.released.includes(`delete ${here}`));
  await until("the tie's", async () => (await world.store.portalOfRoom(world.home.name, here)) === undefined);
  expect((await world.store.allGroups()).length).toBe(1);
});

test("the bridge is thrown out of the room: those in it are told once, the words wait, and come when it goes on", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here, there } = await world.talking(board);
  const told = world.home.told(alice).length;
  world.home.event({ kind: "shut-out", resident: world.ben, room: here });
  await until("the news", () => world.home.told(alice).length === told + 1);
  world.home.gone.add(here);
  expect(world.home.told(alice).at(-1)).toMatch(/cannot be used any more: the bridge was removed.*`portal resume`/);
  for (const text of ["one", "two"]) board.say(BOB, text);
  await until("them there", () => world.house.chat(there).length === 3);
  await until("both to wait", async () => (await world.store.parked(portalParts(group()).account)).length === 2);
  world.home.gone.clear();
  expect(await world.ask("portal resume 1")).toMatch(/goes on in/);
  await until("them here", () => world.home.chat(here).length === 3);
  expect(texts(world.home.chat(here))).toEqual(["hello all", "one", "two"]);
  expect(world.home.told(alice).filter((text) => text.includes("cannot be used"))).toHaveLength(1);
});

test("a room that is found gone when something is said is parked likewise", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here } = await world.talking(board);
  world.home.gone.add(here);
  for (const text of ["one", "two"]) board.say(BOB, text);
  await until("the news", () => world.home.told(alice).some((text) => text.includes("the bot was thrown out")));
  await until("both to wait", async () => (await world.store.parked(portalParts(group()).account)).length === 2);
  world.home.gone.clear();
  await until("the answer", async () => /goes on in/.test(await world.ask("portal resume 1")));
  await until("them here", () => world.home.chat(here).length === 3);
  expect(texts(world.home.chat(here))).toEqual(["hello all", "one", "two"]);
});

test("a room that goes on elsewhere takes the group with it", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here } = await world.talking(board);
  const to = roomId("!upgraded");
  const shape = world.home.shapes.get(here);
  if (shape) world.home.shapes.set(to, shape);
  world.home.successors.set(here, to);
  world.home.event({ kind: "moved", resident: alice, room: here, to });
  await until("the tie", async () => (await world.store.group(group()))?.rooms.some(({ room }) => room === to));
  world.home.write(alice, to, "nice room");
  await until("it at carol's", () => boards().heard.get(CAROL)?.at(-1) === `${ALICE}: nice room`);
  board.say(BOB, "so it is");
  await until("it", () => world.home.chat(to).length === 2);
});

test("a group does not go into a room that knows nothing of it: it stops, and whoever lives in it hears why", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here } = await world.talking(board);
  const to = roomId("!of-others");
  world.home.event({ kind: "moved", resident: alice, room: here, to });
  await until("the news", () => world.home.told(alice).some((text) => text.includes("not asked in there")));
  const tied = async () => (await world.store.group(group()))?.rooms.find(({ home }) => home === world.home.name);
  await until("the stop", async () => (await tied())?.parked !== undefined);
  expect(await tied()).toMatchObject({ room: here });
});

test("a bot that is asked in late takes the group along at `portal resume`, with what has waited; the closed room stays closed", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here } = await world.talking(board);
  const to = roomId("!upgraded");
  const tied = async () => (await world.store.group(group()))?.rooms.find(({ home }) => home === world.home.name);
  world.home.event({ kind: "moved", resident: alice, room: here, to });
  const news = await until("the news", () =>
    world.home.told(alice).find((text) => text.includes("not asked in there")),
  );
  expect(news).toMatch(
    /Ask the bridge bot into !upgraded and say `portal resume set-\w+`; or say `bridge set-\w+` in the room/,
  );
  await until("the stop", async () => (await tied())?.parked);
  const resume = /`(portal resume \S+)`/.exec(news)?.[1] ?? expect.fail();
  for (const text of ["one", "two"]) board.say(BOB, text);
  expect(await world.ask(resume)).toMatch(
    /is said to go on in !upgraded, but the bridge is not in there.*`bridge set-/,
  );
  expect(await tied()).toMatchObject({ room: here, to });
  world.home.rooms.set(to, []);
  world.home.successors.set(here, to);
  expect(await world.ask(resume)).toMatch(/goes on in !upgraded/);
  await until("what has waited", () => world.home.chat(to).length === 2);
  expect(texts(world.home.chat(to))).toEqual(["one", "two"]);
  expect(await tied()).toEqual({ home: world.home.name, room: to });
  expect(texts(world.home.chat(here))).toEqual(["hello all"]);
});

test("a group does not go into the room of another chat, whatever both rooms say", async () => {
  await world.begin();
  const chat = await world.chat("bob");
  const { here } = await world.talking(boards().gather(...PEOPLE));
  world.home.successors.set(here, chat);
  world.home.event({ kind: "moved", resident: alice, room: here, to: chat });
  await until("the news", () => world.home.told(alice).some((text) => text.includes("not asked in there")));
  expect(await world.room("bob")).toBe(chat);
});

test("who unlinks has no seat any more; their room ends, and the relay through their account with a word", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here, there } = await world.talking(board);
  await world.store.saveGroup(group(), { relay: { account: world.account(), by: world.emma, prefix: true } });
  await world.restart();
  await world.on();
  await world.on("emily");
  expect(await world.ask("unlink")).toMatch(/^alice@msn.test is unlinked/);
  await until("the word", () => world.house.told(world.emma).some((text) => text.includes("speaks no more for those")));
  await until("the room's end", () => world.home.released.includes(`delete ${here}`));
  const record = await world.store.group(group());
  expect(record?.seats).toEqual([world.account("emily")]);
  expect(record?.relay).toBeUndefined();
  boards()
    .gather(...PEOPLE)
    .say(BOB, "still there?");
  await until("it there", () => world.house.chat(there).at(-1) === `${BOB}: still there?`);
  await until("alice as a ghost", () => world.house.people(there).includes(ALICE));
  expect(world.home.chat(here)).toHaveLength(1);
});

test("an invitation into a circle is told to the owner, who answers it", async () => {
  await world.begin(false);
  const circle = boards().circle("Club", BOB, CAROL);
  boards().invitations.set(ALICE, [{ circle: circle.id, name: "Club", inviter: BOB }]);
  world.network.sessions.get(ALICE)?.hooks.groups?.invited({ circle: circle.id, name: "Club", inviter: BOB });
  await until("the news", () => world.home.told(alice).some((text) => text.includes("circle accept Club")));
  await world.ask("circle accept Club");
  await until("her in it", () => circle.members.has(ALICE));
});

test("what cannot be read in a group's lanes is told and goes out of the way", async () => {
  await world.begin();
  const board = boards().gather(...PEOPLE);
  const { here, there } = await world.talking(board);
  world.home.push([
    { resident: alice, room: here, control: false, raw: { kind: "broken", resident: alice, room: here } },
  ]);
  world.home.write(alice, here, "after");
  await until("what follows", () => world.house.chat(there).length === 2);
  await until("it at carol's", () => boards().heard.get(CAROL)?.length === 2);
  await until("the notice", () => world.home.told(alice).some((text) => text.includes("inside the bridge")));
});

test("in a direct chat a bridge thrown out says how it goes on, and the next words open a new room", async () => {
  await world.begin(false);
  const here = await world.chat("bob");
  world.home.event({ kind: "shut-out", resident: alice, room: here });
  await until("the news", () => world.home.told(alice).some((text) => text.includes("next opens a new room")));
  await until("it to be done", async () => (await world.store.depth(out("bob"))) === 0);
  world.network.say(BOB, ALICE, "hello?");
  const next = await until("a new room", async () => {
    const room = await world.room("bob");
    return room === here ? undefined : room;
  });
  await until("his words", () => world.home.chat(next).length === 1);
  expect(world.home.chat(here)).toEqual([expect.stringContaining("(left) This chat has ended here")]);
});

test("a direct chat whose room goes on elsewhere goes on there", async () => {
  await world.begin(false);
  const here = await world.chat("bob");
  const to = roomId("!upgraded");
  world.home.successors.set(here, to);
  world.home.event({ kind: "moved", resident: alice, room: here, to });
  await until("the tie", async () => (await world.room("bob")) === to);
  world.home.write(alice, to, "nice room");
  await until("it at bob's", () => world.network.received.length === 1);
  world.network.say(BOB, ALICE, "so it is");
  await until("it", () => world.home.chat(to).length === 2);
});

test("a direct chat does not go into a room that knows nothing of it", async () => {
  await world.begin(false);
  const here = await world.chat("bob");
  const to = roomId("!of-others");
  world.home.event({ kind: "moved", resident: alice, room: here, to });
  await until("the news", () => world.home.told(alice).some((text) => text.includes("next opens a new room")));
  await until("it to be done", async () => (await world.store.depth(out("bob"))) === 0);
  expect(await world.store.portalOfRoom(world.home.name, to)).toBeUndefined();
});

test("who links an account in the moment in which another's unlinking is done, and unlinks it later, leaves no room behind", async () => {
  await world.begin(false);
  const { unlink } = world.store;
  const spy = vi.spyOn(world.store, "unlink").mockImplementation(async (...about) => {
    const left = await unlink(...about);
    spy.mockRestore();
    await world.link(world.ben, "alice");
    return left;
  });
  expect(await world.ask("unlink")).toMatch(/^alice@msn.test is unlinked/);
  world.network.boards.gather(BOB, ALICE, CAROL).say(BOB, "hello, new one");
  const here = await world.groupRoom();
  await until("it", () => world.home.chat(here).length === 1);
  expect(await world.ask("unlink", world.ben)).toMatch(/^alice@msn.test is unlinked/);
  await until("the end of the room", () => world.home.released.includes(`delete ${here}`));
});
