import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { messageId, residentId, shardOf } from "../../../src/bridge/model.ts";
import { HOME, portal } from "../../unit/bridge/support.ts";
import { alice, contact, ghost, Redis, until, World } from "./world.ts";

let redis: Redis;
let world: World;
const dora = residentId(HOME, "@dora:toy");
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
afterEach(async () => {
  vi.restoreAllMocks();
  await world.stop();
});

async function linked(options: ConstructorParameters<typeof World>[1] = {}): Promise<World> {
  world = new World(redis, options);
  await world.start();
  await world.link();
  return world;
}

test("bob writes, alice gets a room with his words; she answers and is told that it has arrived", async () => {
  const { home, network } = await linked();
  network.say(contact("bob"), contact("alice"), "hi alice");
  const room = await world.room("bob");
  await until("bob's words", () => home.chat(room).length === 1);
  const answer = home.write(alice, room, "hi bob");
  await until("the confirmation", () => home.confirmed.includes(answer));
  expect(home.chat(room)).toEqual(["bob@msn.test: hi alice", `${alice}: hi bob`]);
  expect(network.received).toEqual(["alice@msn.test > bob@msn.test: hi bob"]);
});

test("alice invites bob's ghost and writes at once: invitation first, then her words in their order", async () => {
  const { home, network } = await linked();
  const room = home.invite(alice, ghost("bob"), ["one", "two", "three"]);
  await until("all three", () => network.received.length === 3);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(["one", "two", "three"]);
  expect(home.members.get(room)).toEqual(new Set([alice, "bob@msn.test"]));
  network.say(contact("bob"), contact("alice"), "here");
  await until("bob's answer in that room", () => home.chat(room).includes("bob@msn.test: here"));
});

test("a chat command and a first message at the same moment make one room", async () => {
  const { home, network } = await linked();
  home.command(alice, "chat bob@msn.test");
  network.say(contact("bob"), contact("alice"), "hi");
  const room = await world.room("bob");
  await until("bob's words", () => home.chat(room).includes("bob@msn.test: hi"));
  await until("the answer to the command", () => home.told(alice).some((text) => text.includes("is open")));
  expect(home.roomsMade).toBe(1);
});

test("a ghost asked into a room with several people declines, and nothing said there reaches bob", async () => {
  const { home, network } = await linked();
  const room = home.invite(alice, ghost("bob"), ["a secret for this room"], false);
  await until("the refusal of her words", () => home.chat(room).some((line) => line.startsWith("bot: Not sent")));
  expect(home.chat(room)).toContain("bob@msn.test: (left) Not sent: a room with several people cannot go to MSN.");
  home.write(alice, room, "another secret");
  await until("the second refusal", () => home.chat(room).filter((line) => line.startsWith("bot:")).length === 2);
  expect(network.received).toEqual([]);
});

test("a second ghost asked into bob's room is the one that declines; bob stays", async () => {
  const { home, network } = await linked();
  const room = home.invite(alice, ghost("bob"), ["hi"]);
  await until("bob's chat", () => network.received.length === 1);
  home.push([
    {
      ...home.item({ kind: "invited", resident: alice, room, ghost: ghost("carol"), direct: true }),
      invites: ghost("carol"),
    },
  ]);
  await until("carol to decline", () => home.chat(room).some((line) => line.startsWith("carol@msn.test: (left)")));
  home.write(alice, room, "still there?");
  await until("bob to hear", () => network.received.length === 2);
  expect(network.received[1]).toBe("alice@msn.test > bob@msn.test: still there?");
});

test("a batch that is pushed again because the answer got lost is delivered once", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.losesAnswers = 3;
  home.write(alice, room, "once");
  home.write(alice, room, "then");
  await home.pushed();
  await until("both", () => network.received.length >= 2);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(["once", "then"]);
});

test("bob is offline: one notice says why; naming the notice sends the words again, once, and confirms them", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.away.add(contact("bob"));
  const message = home.write(alice, room, "are you there?");
  const notice = await until("the notice", () => home.rooms.get(room)?.find(({ by }) => by === "bot"));
  expect(notice.text).toBe("Not sent: bob@msn.test is offline. Say `retry` when they are back.");
  expect(home.confirmed).toEqual([]);
  network.away.clear();
  home.event({ kind: "retry", resident: alice, room, target: notice.id });
  await until("the confirmation", () => home.confirmed.includes(message));
  home.event({ kind: "retry", resident: alice, room, target: notice.id });
  home.write(alice, room, "good");
  await until("the next words", () => network.received.length >= 2);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(["are you there?", "good"]);
  expect(home.chat(room).filter((line) => line.startsWith("bot:"))).toHaveLength(1);
});

test("`retry` without a name sends everything that failed again, in its order", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.away.add(contact("bob"));
  for (const text of ["one", "two", "three"]) home.write(alice, room, text);
  await until("three notices", () => home.chat(room).filter((line) => line.startsWith("bot:")).length === 3);
  await until("all to be parked", async () => /3 message\(s\) failed/.test(await world.ask("status")));
  network.away.clear();
  expect(await world.ask("retry")).toBe("Sending 3 message(s) again.");
  await until("all three", () => network.received.length === 3);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(["one", "two", "three"]);
  expect(await world.ask("retry")).toBe("Nothing has failed; there is nothing to send again.");
});

test("a message that alice's home refuses to show is told to her, and `retry` shows it when it can be shown", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.mode = "refusing";
  network.say(contact("bob"), contact("alice"), "hello?");
  await until("it to be parked", async () => (await world.store.parked(world.account())).length === 1);
  home.mode = "up";
  network.say(contact("bob"), contact("alice"), "next");
  await until("the next words", () => home.chat(room).includes("bob@msn.test: next"));
  expect(await world.ask("retry")).toBe("Sending 1 message(s) again.");
  await until("the first words", () => home.chat(room).includes("bob@msn.test: hello?"));
});

test("the network is away: words wait and arrive in their order when it is back", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.down = true;
  network.drop(contact("alice"));
  for (const text of ["1", "2", "3", "4"]) home.write(alice, room, text);
  await home.pushed();
  expect(await world.ask("status")).toMatch(/4 message\(s\) wait to be sent/);
  network.down = false;
  await until("all four", () => network.received.length === 4);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(["1", "2", "3", "4"]);
  expect(home.chat(room).filter((line) => line.startsWith("bot:"))).toEqual([]);
});

test("a network that stays away too long: the words are parked with a notice, and can be sent by `retry`", async () => {
  const { home, network } = await linked({ holdMinutes: 0.001 });
  const room = await world.chat("bob");
  network.down = true;
  network.drop(contact("alice"));
  await new Promise((resolve) => setTimeout(resolve, 80));
  home.write(alice, room, "hello?");
  await until("the notice", () => home.chat(room).some((line) => line.startsWith("bot: Not sent: Toynet has been")));
  network.down = false;
  await world.on();
  await until("`retry` to work", async () => (await world.ask("retry")) === "Sending 1 message(s) again.");
  await until("the words", () => network.received.length === 1);
});

test("words asked for again wait as long as new ones do, however old they are", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  network.away.add(contact("bob"));
  home.write(alice, room, "old words");
  await until("them to be parked", async () => (await world.store.parked(world.account())).length === 1);
  const now = Date.now;
  vi.spyOn(Date, "now").mockImplementation(() => now() + 11 * 60_000);
  network.away.clear();
  network.down = true;
  network.drop(contact("alice"));
  expect(await world.ask("retry")).toBe("Sending 1 message(s) again.");
  network.down = false;
  await until("the words", () => network.received.length === 1);
  expect(home.chat(room).filter((line) => line.startsWith("bot:"))).toHaveLength(1);
});

test("a server that asks to go slower for too long: the words are parked, and nobody is told that they go by themselves", async () => {
  const { home, network } = await linked({ holdMinutes: 0 });
  const room = await world.chat("bob");
  const session = network.sessions.get(contact("alice"));
  const slower = async (): Promise<never> => {
    throw new BridgeError("rate-limited");
  };
  Object.assign(session ?? {}, { sendText: slower });
  home.write(alice, room, "hi");
  await until("the notice", () => home.chat(room).find((line) => line.startsWith("bot:")));
  expect(home.chat(room)).toContain(
    "bot: Not sent: Toynet has asked to go slower for 0 minutes. Say `retry` to try again.",
  );
});

test("the home is down: what contacts say waits, and drains in order, each once", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.mode = "down";
  for (let i = 0; i < 50; i += 1) network.say(contact("bob"), contact("alice"), `n${i}`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  home.mode = "up";
  await until("all words", () => home.chat(room).length === 50);
  expect(home.chat(room)).toEqual(Array.from({ length: 50 }, (_, i) => `bob@msn.test: n${i}`));
});

test("words of someone who does not own the account are refused, not sent", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.write("toyhome:@mallory:toy" as typeof alice, room, "hi");
  await until("the refusal", () => home.chat(room).some((line) => line.includes("anyone but the owner")));
  expect(network.received).toEqual([]);
});

test("someone else in a chat who goes on talking is told once, not at each word; so is a second guest", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const told = () => home.chat(room).filter((line) => line.includes("anyone but the owner"));
  for (const text of ["hi", "is this on?", "hello?"]) home.write("toyhome:@mallory:toy" as typeof alice, room, text);
  home.write("toyhome:@trudy:toy" as typeof alice, room, "me too");
  home.write(alice, room, "they cannot hear you");
  await until("the owner's words", () => network.received.length === 1);
  expect(told()).toHaveLength(2);
});

test("of a picture a line goes out that names it, and alice hears so once a day and kind", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const sends = (message: string, text: string, instead: string): void =>
    home.event({ kind: "text", resident: alice, room, message: messageId(message), text, instead });
  sends("$1", "[sent a picture: “cat.jpg”]", "a picture");
  sends("$2", "[sent a picture: “dog.jpg”]", "a picture");
  sends("$3", "[sent a sticker: “hi”]", "a sticker");
  await until("all three", () => network.received.length === 3);
  const told = () => home.chat(room).filter((line) => line.startsWith("bot: "));
  await until("both kinds", () => told().length === 2);
  expect(told()[0]).toBe(
    "bot: Toynet cannot be given a picture: what has arrived there is “[sent a picture: “cat.jpg”]”. I say this once a day.",
  );
  expect(told()[1]).toContain("a sticker");
});

test("what must not go becomes one clear line; the chat goes on", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  home.event({ kind: "unsupported", resident: alice, room, message: messageId("$sticker"), what: "a sticker" });
  home.write(alice, room, "ok, words then");
  await until("the words", () => network.received.length === 1);
  expect(home.chat(room)).toContain("bot: Not sent: a sticker cannot go to MSN.");
});

test("one event that always breaks the bridge is parked with a notice; what follows is delivered", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const broken = home.item({ kind: "left", resident: alice, room });
  home.push([{ ...broken, raw: { kind: "broken" } }]);
  home.write(alice, room, "after it");
  await until("the words after it", () => network.received.length === 1);
  expect(home.told(alice).filter((text) => text.startsWith("Something went wrong inside the bridge"))).toHaveLength(1);
});

test("a command whose answer the home refuses does not block what alice says next", async () => {
  const { home } = await linked();
  home.mode = "refusing";
  home.command(alice, "status");
  await new Promise((resolve) => setTimeout(resolve, 1500));
  home.mode = "up";
  expect(await world.ask("accounts")).toBe("• alice@msn.test on Toynet: signed in");
});

test("alice leaves the room; bob's next words open a new one", async () => {
  const { home, network } = await linked();
  const room = home.invite(alice, ghost("bob"), ["hi"]);
  await until("the chat", () => network.received.length === 1);
  home.event({ kind: "left", resident: alice, room });
  // The bridge has then forgotten the room, too, not only the store.
  await until("bob to be gone", () => home.presences.at(-1)?.presence.availability === "offline");
  network.say(contact("bob"), contact("alice"), "you there?");
  await until("a new room", () => home.roomsMade === 1);
});

test("words in a room of an account that was unlinked are answered, not sent", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  expect(await world.ask("unlink")).toMatch(/is unlinked/);
  home.write(alice, room, "hello?");
  await until("an answer", () => home.chat(room).some((line) => line.startsWith("bot: ")));
  expect(network.received).toEqual([]);
  expect(network.sessions.size).toBe(0);
});

test("unlinked and linked again: bob's words come to a room that the store knows", async () => {
  const { home, network } = await linked();
  await world.chat("bob");
  await world.ask("unlink");
  await world.link();
  network.say(contact("bob"), contact("alice"), "back?");
  const room = await world.room("bob");
  await until("the words", () => home.chat(room).includes("bob@msn.test: back?"));
});

test("words that wait are forgotten with the account, also when somebody links it again at once", async () => {
  const { home, network } = await linked();
  home.mode = "down";
  network.say(contact("bob"), contact("alice"), "for alice only");
  const lane = { kind: "in", shard: shardOf(world.account()), portal: portal("bob"), home: home.name } as const;
  await until("them to wait", async () => (await world.store.depth(lane)) === 1);
  home.command(alice, "unlink");
  await until("it to be unlinked", async () => (await world.store.account(world.account())) === undefined);
  await world.link(dora);
  home.mode = "up";
  network.say(contact("bob"), contact("alice"), "for dora");
  const room = await world.room("bob");
  await until("new words", () => home.chat(room).length > 0);
  expect(home.chat(room)).toEqual(["bob@msn.test: for dora"]);
});

test("somebody links the account in the very moment in which another's unlinking is done: they stay signed in", async () => {
  const { home, network } = await linked();
  const { unlink } = world.store;
  vi.spyOn(world.store, "unlink").mockImplementation(async (...about) => {
    const left = await unlink(...about);
    await world.link(dora);
    return left;
  });
  home.command(alice, "unlink");
  await until("alice to hear of it", () => home.told(alice).some((line) => line.includes("unlinked")));
  network.say(contact("bob"), contact("alice"), "for dora");
  await until("the words", async () => home.chat(await world.room("bob")).includes("bob@msn.test: for dora"));
});

test("of several accounts it is the one that knows the contact in whose name an invited ghost is talked with", async () => {
  const { home, network } = await linked();
  network.account(contact("zoe"));
  await world.link(alice, "zoe");
  const known = [...network.contacts.values()];
  const alices = network.sessions.get(contact("alice"));
  Object.assign(alices ?? {}, { contact: () => undefined, contacts: () => [] });
  expect(known.map(({ address }) => address)).toEqual([contact("bob")]);
  home.invite(alice, ghost("bob"), ["hi"]);
  await until("the words", () => network.received.length === 1);
  expect(network.received).toEqual(["zoe@msn.test > bob@msn.test: hi"]);
});

test("a room that was invited while no account was linked is left with a hint", async () => {
  world = new World(redis);
  await world.start();
  const room = world.home.invite(alice, ghost("bob"), ["hi"]);
  await until("the ghost to leave", () => world.home.chat(room).some((line) => line.includes("(left)")));
  expect(world.home.chat(room).find((line) => line.includes("(left)"))).toContain("Say `link` to the bridge bot");
});

test("a room that became a portal while a word waited: the word is passed on, however long its address", async () => {
  const { home, network } = await linked();
  const long = `${"b".repeat(80)}@a-long-domain-name.msn.test`;
  const room = home.invite(alice, {
    network: network.name,
    contact: contact("x").replace("x@msn.test", long) as ReturnType<typeof contact>,
  });
  await until("the chat", () => world.store.portalOfRoom(home.name, room));
  const raw = { kind: "text", resident: alice, room, message: messageId("$late"), text: "late" };
  home.push([{ resident: alice, room, control: true, raw }]);
  await until("the word", () => network.received.length === 1);
  expect(network.received).toEqual([`alice@msn.test > ${long}: late`]);
});
