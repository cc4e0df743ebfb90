import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { residentId } from "../../../src/bridge/model.ts";
import { HOME } from "../../unit/bridge/support.ts";
import { alice, contact, ghost, Redis, until, World } from "./world.ts";

let redis: Redis;
let world: World;
const dora = residentId(HOME, "@dora:toy");
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
afterEach(() => world.stop());

async function linked(): Promise<World> {
  world = new World(redis);
  await world.start();
  await world.link();
  return world;
}

/** The bridge has forgotten bob's room, not only the store. */
const forgotten = () => until("bob to be gone", () => world.home.presences.at(-1)?.presence.availability === "offline");

/** What alice was told of her rooms. */
const told = () =>
  world.home.told(alice).filter((text) => /our room with .*(so nothing|any more)|is encrypted now/.test(text));

test("somebody else throws bob out of alice's room: she hears of it, and his next words open another", async () => {
  const { home, network } = await linked();
  const room = home.invite(alice, ghost("bob"), ["hi"]);
  await until("the chat", () => network.received.length === 1);
  home.event({ kind: "shut-out", resident: dora, room, ghost: ghost("bob") });
  await until("alice to be told", () => told().length === 1);
  expect(told()[0]).toBe(
    "<bob@msn.test> was taken out of your room with them, so nothing can be said there any more. What they say next opens a new room; `chat bob@msn.test` opens it now.",
  );
  await forgotten();
  network.say(contact("bob"), contact("alice"), "still there?");
  const other = await until("another room", () => [...home.rooms.keys()].find((one) => one.startsWith("!room-")));
  await until("his words", () => home.chat(other).includes("bob@msn.test: still there?"));
  expect(told()).toHaveLength(1);
});

test("when alice throws bob out herself she needs no telling", async () => {
  const { home, network } = await linked();
  const room = home.invite(alice, ghost("bob"), ["hi"]);
  await until("the chat", () => network.received.length === 1);
  home.event({ kind: "shut-out", resident: alice, room, ghost: ghost("bob") });
  await forgotten();
  network.say(contact("bob"), contact("alice"), "you there?");
  await until("a new room", () => home.roomsMade === 1);
  expect(told()).toEqual([]);
});

test("the bot is banned from bob's room: bob leaves it, too, and goes on in another", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.event({ kind: "shut-out", resident: alice, room });
  await until("alice to be told", () => told().length === 1);
  await forgotten();
  expect(told()[0]).toContain("The bridge was removed from your room with <bob@msn.test>");
  expect(home.chat(room)).toEqual([
    "bob@msn.test: (left) This chat has ended here: the bridge was removed from it. The next words in it open a new one.",
  ]);
  network.say(contact("bob"), contact("alice"), "still there?");
  await until("a new room", () => home.roomsMade === 2);
});

test("alice leaves a room in which somebody else stays: what bob says to her next is not said to them", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.event({ kind: "left", resident: alice, room });
  await forgotten();
  network.say(contact("bob"), contact("alice"), "for alice alone");
  await until("a new room", () => home.roomsMade === 2);
  expect(home.chat(room)).toEqual([]);
});

test("somebody of the bridge who is not bob is thrown out: the chat goes on", async () => {
  const { home, network } = await linked();
  const room = home.invite(alice, ghost("bob"), ["hi"]);
  home.event({ kind: "shut-out", resident: dora, room, ghost: ghost("alice") });
  home.write(alice, room, "and on");
  await until("both", () => network.received.length === 2);
  network.say(contact("bob"), contact("alice"), "yes");
  await until("bob's answer in that room", () => home.chat(room).includes("bob@msn.test: yes"));
  expect(told()).toEqual([]);
});

test("a guest encrypts alice's room, which the bridge leaves: she hears of it, and the chat goes on in another", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.event({ kind: "shut-out", resident: dora, room, isEncrypted: true });
  await until("alice to be told", () => told().length === 1);
  expect(told()[0]).toContain("is encrypted now");
  await forgotten();
  network.say(contact("bob"), contact("alice"), "still there?");
  await until("a new room", () => home.roomsMade === 2);
});

test("nobody knows that bob's room is gone until he speaks: alice hears of it, and his words come into a new one", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.gone.add(room);
  network.say(contact("bob"), contact("alice"), "one");
  network.say(contact("bob"), contact("alice"), "two");
  const other = await until("another room", () =>
    [...home.rooms.keys()].find((one) => one.startsWith("!room-") && one !== room),
  );
  await until("all his words", () => home.chat(other).length === 2);
  expect(home.chat(other)).toEqual(["bob@msn.test: one", "bob@msn.test: two"]);
  expect(told()).toEqual([
    "The bridge cannot get into your room with <bob@msn.test> any more, so what is said to you there comes in a new one from now on.",
  ]);
  expect(await world.room("bob")).toBe(other);
});

test("`chat` opens a new room when nobody of the bridge can get into the old one", async () => {
  const { home } = await linked();
  const room = await world.chat("bob");
  expect(await world.ask(`chat ${contact("bob")}`)).toMatch(/is open/);
  expect(home.roomsMade).toBe(1);
  home.gone.add(room);
  expect(await world.ask(`chat ${contact("bob")}`)).toMatch(/is open/);
  expect(home.roomsMade).toBe(2);
  expect(await world.room("bob")).not.toBe(room);
});

test("what alice has said elsewhere comes into a new room, too, when the old one is gone", async () => {
  const { home, network } = await linked();
  home.gone.add(await world.chat("bob"));
  network.sessions.get(contact("alice"))?.hearOwn(contact("bob"), "from my phone");
  await until("a new room", () => home.roomsMade === 2);
  const other = await world.room("bob");
  await until("her words", () => home.chat(other).some((line) => line.endsWith("from my phone")));
});

test("where the new room cannot be used either, the words are parked with the reason, once", async () => {
  const { home, network } = await linked();
  home.gone.add(await world.chat("bob"));
  home.losesRooms = true;
  network.say(contact("bob"), contact("alice"), "one");
  await until("alice to be told", () => home.told(alice).some((text) => text.includes("could not be shown")));
  expect(home.roomsMade).toBe(2);
  expect(await world.ask("retry")).toContain("1");
});

test("a chat that alice has deleted comes back in a new room, not in the deleted one", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const code = /`portal delete \S+ (\S+)`/.exec(await world.ask(`portal delete ${contact("bob")}`))?.[1];
  expect(await world.ask(`portal delete ${contact("bob")} ${code}`)).toMatch(/is deleted here/);
  network.say(contact("bob"), contact("alice"), "the next word");
  await until("a new room", () => home.roomsMade === 2);
  const other = await world.room("bob");
  await until("his words", () => home.chat(other).length === 1);
  expect(home.chat(room)).toEqual([expect.stringContaining("(left) This chat has ended here")]);
  expect(told()).toEqual([]);
});

test("alice asks bob into another room: he goes there, and what is said in the old one is for nobody", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const other = home.invite(alice, ghost("bob"), ["over here"]);
  await until("her words", () => network.received.length === 1);
  await until("bob to leave the old room", () => home.chat(room).length === 1);
  expect(home.chat(room)).toEqual([
    "bob@msn.test: (left) This chat goes on in the room into which you have asked me last, and I leave this one.",
  ]);
  home.invite(alice, ghost("carol"), ["hi carol"]);
  await until("carol's words", () => network.received.length === 2);
  network.say(contact("bob"), contact("alice"), "here I am");
  await until("bob's words", () => home.chat(other).includes("bob@msn.test: here I am"));
});

/** What happens once while the next words of bob's are on their way into alice's room. */
function meanwhile(act: () => Promise<void>): void {
  const { home } = world;
  const deliver = home.deliver.bind(home);
  home.deliver = async (...words) => {
    home.deliver = deliver;
    await act();
    return deliver(...words);
  };
}

test("bob speaks while alice asks him into another room: his words come there, and it stays his", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  let other = room;
  meanwhile(async () => {
    other = home.invite(alice, ghost("bob"));
    await until("bob to leave the old room", () => home.gone.has(room));
  });
  network.say(contact("bob"), contact("alice"), "hello?");
  await until("his words", () => home.chat(other).includes("bob@msn.test: hello?"));
  expect(told()).toEqual([]);
  home.write(alice, other, "here you are");
  await until("her words", () => network.received.length === 1);
});

test("bob speaks while alice leaves his room: his words come into a new one", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  meanwhile(async () => {
    home.event({ kind: "left", resident: alice, room });
    await forgotten();
    home.gone.add(room);
  });
  network.say(contact("bob"), contact("alice"), "hello?");
  await until("a new room", () => home.roomsMade === 2);
  const other = await world.room("bob");
  await until("his words", () => home.chat(other).includes("bob@msn.test: hello?"));
  expect(home.told(alice).filter((text) => text.includes("could not be shown"))).toEqual([]);
});

test("bob speaks while alice deletes his chat: his words come into a new room, not into the one that ends", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const code = /`portal delete \S+ (\S+)`/.exec(await world.ask(`portal delete ${contact("bob")}`))?.[1];
  const end = home.endDirect.bind(home);
  home.endDirect = async (...what) => {
    network.say(contact("bob"), contact("alice"), "hello?");
    await until("his words", () => [...home.rooms.values()].flat().some(({ text }) => text === "hello?"));
    await end(...what);
  };
  expect(await world.ask(`portal delete ${contact("bob")} ${code}`)).toMatch(/is deleted here/);
  expect(home.chat(room)).toEqual([expect.stringContaining("(left) This chat has ended here")]);
  expect(home.chat(await world.room("bob"))).toEqual(["bob@msn.test: hello?"]);
  network.say(contact("bob"), contact("alice"), "still there?");
  await until("the next word", async () => home.chat(await world.room("bob")).length === 2);
  expect(told()).toEqual([]);
});
