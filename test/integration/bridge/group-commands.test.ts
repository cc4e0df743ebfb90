/** What people ask for by commands, with the core and the store, two homes and a network. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ResidentId, RoomId } from "../../../src/bridge/model.ts";
import { portalParts, residentId, roomId } from "../../../src/bridge/model.ts";
import type { GroupHosting, RoomPower } from "../../../src/bridge/ports/groups.ts";
import type { ToyGroupHome } from "../../support/toy-group-home.ts";
import { ALICE, BOB, CAROL, DAVE, EMILY, GroupWorld } from "./groups-world.ts";
import { alice, Redis, until } from "./world.ts";

let redis: Redis;
let world: GroupWorld;
/** Rooms of the first home in which people have the power to tie them. */
const powers = new Map<RoomId, RoomPower>();

beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
beforeEach(() => {
  powers.clear();
  world = new GroupWorld(redis);
  const mayBridge: GroupHosting["mayBridge"] = async (room) =>
    powers.get(room) ?? { allowed: false, because: "You may not change this room; its moderators may." };
  Object.assign(world.home, { mayBridge });
});
afterEach(() => world.stop());

const boards = () => world.network.boards;

/** Somebody says a command in a room, and the bot's answer there. */
async function asked(home: ToyGroupHome, resident: ResidentId, room: RoomId, line: string): Promise<string> {
  const before = home.replies(room).length;
  const message = home.write(resident, roomId("!elsewhere"), "x");
  home.push([{ ...home.item({ kind: "command", resident, room, message, line }), control: true }]);
  return until(`an answer to "${line}"`, () => home.replies(room)[before]);
}

/** What has failed on its way into the rooms of bob's, alice's and carol's group. */
const parkedWords = () => world.store.parked(portalParts(world.group(BOB, ALICE, CAROL)).account);

/** A room of the people's own. */
function lobby(home: ToyGroupHome = world.home, name = "!lobby"): RoomId {
  const room = roomId(name);
  home.rooms.set(room, []);
  return room;
}

test("an existing room is tied to a circle by who has the power on both sides, and given back at their word", async () => {
  await world.begin();
  const circle = boards().circle("Book club", ALICE, BOB, CAROL);
  circle.say(BOB, "first");
  const own = await world.groupRoom();
  await until("the words", () => world.home.chat(own).length === 1);
  const room = lobby();
  expect(await asked(world.home, alice, room, 'bridge "Book club"')).toBe(
    "That was not done: You may not change this room; its moderators may.",
  );
  powers.set(room, { allowed: true });
  expect(await asked(world.home, alice, room, 'bridge "Book club"')).toMatch(
    /"Book club" is tied to the room in which you said that/,
  );
  expect(world.home.chat(own).at(-1)).toMatch(/The group "Book club" goes on in !lobby/);
  expect(world.home.released).toEqual([`unbridge ${own}`]);
  await until("the people", () => world.home.people(room).length > 0);
  circle.say(CAROL, "here now");
  await until("carol in the lobby", () => world.home.chat(room).includes(`${CAROL}: here now`));
  world.home.write(alice, room, "and back");
  await until("alice's words", () => boards().heard.get(BOB)?.at(-1) === `${ALICE}: and back`);
  expect(await asked(world.home, alice, room, "unbridge")).toMatch(/are apart now/);
  expect(world.home.released.at(-1)).toBe(`unbridge ${room}`);
  circle.say(BOB, "after it");
  await until("a room of its own again", () => {
    const again = world.home.groupRoom();
    return again !== undefined && world.home.chat(again).includes(`${BOB}: after it`);
  });
  expect(world.home.chat(room).some((line) => line.includes("after it"))).toBe(false);
});

test("who is no admin of a circle does not tie it, and is told who could; the operator's admin does", async () => {
  const olga = residentId(world.home.name, "@olga:toy");
  world.options = { ...world.options, isAdmin: (resident) => resident === olga };
  await world.begin(false);
  const circle = boards().circle("Book club", BOB, ALICE, CAROL);
  circle.say(BOB, "first");
  await world.groupRoom();
  const room = lobby();
  powers.set(room, { allowed: true });
  expect(await asked(world.home, alice, room, 'bridge "Book club"')).toBe(
    "That was not done: you are no admin of this circle, so an admin of it (Bob <bob@msn.test>) has to do it.",
  );
  expect(await asked(world.home, olga, room, `bridge ${circle.id}`)).toMatch(/no MSN account linked/);
  await world.network.account(DAVE);
  await world.link(olga, "dave");
  expect(await asked(world.home, olga, room, `bridge ${circle.id}`)).toMatch(
    /is tied to the room in which you said that/,
  );
  const news = /@olga:toy has tied the group "Book club" to the room !lobby/;
  await until("alice to be told", () => world.home.told(alice).some((text) => news.test(text)));
});

test("power that is lost without a word, while the circle has no room, is gone for commands at once", async () => {
  await world.begin(false);
  const circle = boards().circle("Book club", ALICE, BOB, CAROL);
  const room = lobby();
  powers.set(room, { allowed: true });
  expect(await world.ask("portals")).toMatch(/Book club: circle/);
  expect(await asked(world.home, alice, room, 'relay set "Book club"')).toMatch(/speaks in "Book club"/);
  expect(await world.ask("relay unset 1")).toMatch(/speaks for nobody else/);
  circle.join(BOB, "admin");
  circle.join(ALICE, "member");
  await expect
    .poll(async () => await world.ask("portals"))
    .toMatch(/with Alice <alice@msn\.test>, Bob <bob@msn\.test> \(admin\)/);
  const refusal =
    "That was not done: you are no admin of this circle, so an admin of it (Bob <bob@msn.test>) has to do it.";
  expect(await asked(world.home, alice, room, 'bridge "Book club"')).toBe(refusal);
  expect(await world.ask("relay set 1")).toBe(refusal);
  circle.join(ALICE, "admin");
  await expect
    .poll(async () => await asked(world.home, alice, room, 'bridge "Book club"'))
    .toMatch(/is tied to the room/);
});

test("people without an account are heard through a relay once it is set, with their names when that is asked for", async () => {
  await world.begin(false);
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "hello");
  const own = await world.groupRoom();
  await until("the words", () => world.home.chat(own).length === 1);
  const room = lobby();
  powers.set(room, { allowed: true });
  expect(await world.ask(`bridge 1 ${room}`)).toMatch(/is tied to !lobby now.*`relay set`/);
  await until("the people", () => world.home.people(room).length > 0);
  expect(await asked(world.home, alice, room, "relay set")).toMatch(/alice@msn\.test speaks/);
  await until("the topic", () => world.home.shapes.get(room)?.topic.includes("speaks through alice@msn.test"));
  world.home.write(world.ben, room, "may I?");
  await until("ben's words", () => boards().heard.get(BOB)?.at(-1) === `${ALICE}: may I?`);
  expect(await asked(world.home, alice, room, "relay prefix on")).toMatch(/begins with the speaker's name/);
  world.home.write(world.ben, room, "now with a name");
  await until("his words with his name", () => boards().heard.get(BOB)?.at(-1) === `${ALICE}: [ben] now with a name`);
  expect(await world.ask("relay")).toMatch(/^1\. .*relay alice@msn\.test, with the speaker's name in front/);
  expect(await asked(world.home, alice, room, "relay unset")).toMatch(/speaks for nobody else/);
  await until("the topic", () => world.home.shapes.get(room)?.topic === "");
});

test("`chat` with several calls them together and opens the room; one who was away is invited later", async () => {
  await world.begin(false);
  world.network.away.add(DAVE);
  expect(await world.ask(`chat ${BOB} ${CAROL} ${DAVE}`)).toMatch(
    /room with Bob, Carol is open.*dave@msn\.test did not/,
  );
  const room = await world.groupRoom();
  world.home.write(alice, room, "hello you two");
  await until("the words", () => boards().heard.get(CAROL)?.length === 1);
  expect(boards().started).toBe(1);
  world.network.away.delete(DAVE);
  expect(await asked(world.home, alice, room, `invite ${DAVE}`)).toMatch(/dave@msn\.test has been called into/);
  world.home.write(alice, room, "hello dave");
  await until("it", () => boards().heard.get(DAVE)?.length === 1);
  await until("dave in the room", () => world.home.people(room).includes(DAVE));
  expect(await world.ask("portals")).toMatch(/^1\. Bob, Carol, Dave: several people \(set-[0-9a-f]{8}\)/);
});

test("the bridge thrown out of a room: `portals` says so, and `portal resume` brings what has waited", async () => {
  await world.begin(false);
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "hello");
  const room = await world.groupRoom();
  await until("the words", () => world.home.chat(room).length === 1);
  world.home.gone.add(room);
  world.home.event({ kind: "shut-out", resident: alice, room });
  await until("it to be noted", async () => (await world.record(BOB, ALICE, CAROL))?.rooms[0]?.parked);
  board.say(CAROL, "is anybody there?");
  await until("her words to wait", async () => (await parkedWords()).length === 1);
  expect(await world.ask("portals")).toMatch(/stopped: the bridge was removed from it.*`portal resume`/);
  expect(await world.ask("portal resume 1")).toMatch(/still not in .*Invite its bot/);
  world.home.gone.delete(room);
  expect(await world.ask("portal resume 1")).toMatch(/goes on in/);
  await until("what has waited", () => world.home.chat(room).includes(`${CAROL}: is anybody there?`));
});

test("`portal resume` right behind the news of a stop, which is not noted yet, is about that stop", async () => {
  await world.begin(false);
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "hello");
  const room = await world.groupRoom();
  await until("the words", () => world.home.chat(room).length === 1);
  const { store } = world;
  const markRoom = store.markRoom.bind(store);
  store.markRoom = async (...given) => {
    await pause(300);
    return await markRoom(...given);
  };
  world.home.event({ kind: "shut-out", resident: alice, room });
  await until("the news", () => world.home.told(alice).some((text) => text.includes("cannot be used any more")));
  expect(await world.ask("portal resume 1")).toMatch(/goes on in/);
  board.say(CAROL, "is anybody there?");
  await until("her words", () => world.home.chat(room).includes(`${CAROL}: is anybody there?`));
});

test("a room that is given up for lost: what has waited comes into a new one", async () => {
  await world.begin(false);
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "hello");
  const room = await world.groupRoom();
  await until("the words", () => world.home.chat(room).length === 1);
  world.home.gone.add(room);
  board.say(CAROL, "is anybody there?");
  await until("her words to wait", async () => (await parkedWords()).length === 1);
  expect(await world.ask("unbridge 1")).toMatch(/are apart now/);
  await until("it in a new room", () => {
    const now = world.home.groupRoom();
    return now !== undefined && now !== room && world.home.chat(now).includes(`${CAROL}: is anybody there?`);
  });
});

test("`portal delete` says what would go, does it for the code, and the next word opens a new room", async () => {
  await world.begin();
  const board = boards().gather(BOB, ALICE, CAROL);
  board.say(BOB, "hello");
  const room = await world.groupRoom();
  await until("the words", () => world.home.chat(room).length === 1);
  const plan = await world.ask("portal delete 1");
  expect(plan).toMatch(/^This would go: the room in Toyhome: .*, which its one person and 2 contacts leave\. You stay/);
  const code = /`portal delete \S+ (\S+)`/.exec(plan)?.[1];
  expect(await world.ask("portal delete 1 nono")).toMatch(/^Nothing was deleted/);
  expect(await world.ask(`portal delete 1 ${code}`)).toMatch(/is deleted here/);
  expect(world.home.released).toEqual([`delete ${room}`]);
  expect(await world.record(BOB, ALICE, CAROL)).toBeUndefined();
  board.say(CAROL, "still here");
  await until("a new room", () => {
    const now = world.home.groupRoom();
    return now !== undefined && now !== room && world.home.chat(now).includes(`${CAROL}: still here`);
  });
});

test("the room with one contact is deleted the same way", async () => {
  await world.begin(false);
  const room = await world.chat("bob");
  const plan = await asked(world.home, alice, room, "portal delete");
  const code = /`portal delete \S+ (\S+)`/.exec(plan)?.[1];
  expect(plan).toMatch(/your room with Bob \(Toyhome\), which Bob leaves/);
  expect(await world.ask(`portal delete ${BOB} ${code}`)).toMatch(/Your room with Bob is deleted here/);
  expect(world.home.chat(room).at(-1)).toMatch(/^bob@msn\.test: \(left\) This chat has ended here/);
  expect(await world.ask("portals")).toMatch(/You have no rooms yet/);
});

test("an invitation into a circle is told once, answered by its name, and the circle is changed by commands", async () => {
  await world.begin(false);
  const circle = boards().circle("Rowing", BOB, CAROL);
  const invitation = { circle: circle.id, name: "Rowing", inviter: BOB };
  boards().invitations.set(ALICE, [invitation]);
  world.network.sessions.get(ALICE)?.hooks.groups?.invited(invitation);
  await until("the news", () => world.home.told(alice).some((text) => text.includes('into the circle "Rowing"')));
  expect(await world.ask("circles")).toMatch(/• Rowing: bob@msn\.test invites alice@msn\.test/);
  expect(await world.ask("circle accept Rowing")).toMatch(/You are in the circle "Rowing" now/);
  expect(await world.ask("circles")).toBe("• Rowing: 3 in it");
  expect(await world.ask(`circle invite ${DAVE} Rowing`)).toMatch(/invited into the circle "Rowing"/);
  expect(await world.ask("circle rename Rowing Sailing")).toMatch(/"Sailing" now/);
  expect(circle.name).toBe("Sailing");
  expect(await world.ask(`circle role ${BOB} member Sailing`)).toMatch(/member of the circle/);
  expect(await world.ask(`circle remove ${CAROL} Sailing`)).toMatch(/taken out/);
  expect([...circle.members.keys()]).toEqual([BOB, ALICE, DAVE]);
  expect(await world.ask("leave Sailing")).toMatch(/left the circle "Sailing" for good/);
  expect([...circle.members.keys()]).toEqual([BOB, DAVE]);
});

test("a nudge by command rings the group once, shows in the other home as its sender's, and not sooner again", async () => {
  await world.begin();
  const { here, there } = await world.talking(boards().gather(BOB, ALICE, EMILY, CAROL));
  expect(await asked(world.home, alice, here, "nudge")).toMatch(/You have nudged everybody/);
  await until("it there", () => world.house.chat(there).includes(`${ALICE}: sent a nudge`));
  expect(boards().heard.get(BOB) ?? []).toEqual([`${ALICE}: sent a nudge`]);
  expect(await asked(world.home, alice, here, "nudge")).toMatch(/was not nudged again.*Nudge again in \d+ s/);
  const message = world.home.write(alice, here, "and then a word");
  world.home.event({ kind: "nudge", resident: alice, room: here, message });
  const refusal = () => world.home.chat(here).find((line) => line.includes("Not nudged"));
  expect(await until("the refusal", refusal)).toMatch(/: Not nudged\. MSN takes.*Nudge again in \d+ s\.$/);
  await until("the word", () => boards().heard.get(BOB)?.length === 2);
  expect(boards().heard.get(BOB)).toEqual([`${ALICE}: sent a nudge`, `${ALICE}: and then a word`]);
});
