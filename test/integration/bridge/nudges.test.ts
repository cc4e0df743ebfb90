/** Nudges when the bridge is killed, and while an account is not signed in. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import { type HomeEvent, messageId, type RoomId } from "../../../src/bridge/model.ts";
import type { ToyHome } from "../../support/toy-home.ts";
import { ALICE, BOB, CAROL, EMILY, GroupWorld, texts } from "./groups-world.ts";
import { alice, contact, Redis, until, World } from "./world.ts";

let redis: Redis;
let world: World;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
afterEach(() => world.stop());

type Said = HomeEvent & { resident: typeof alice; room: RoomId };

const nudge = (room: RoomId, message = "$n"): Said => ({
  kind: "nudge",
  resident: alice,
  room,
  message: messageId(message),
});
const text = (room: RoomId, words: string): Said => ({
  kind: "text",
  resident: alice,
  room,
  message: messageId("$t"),
  text: words,
});
const pushAll = (home: ToyHome, events: readonly Said[]): void => home.push(events.map((one) => home.item(one)));
/** Long enough for whatever does not wait for its turn. */
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

/** Starts the bridge anew; what it says to the network it cannot note. @returns kills it, and starts one that can */
async function doomed(names: readonly string[] = ["alice"]): Promise<() => Promise<void>> {
  const { options } = world;
  const real = await redis.open(world.namespace);
  const killed = Promise.withResolvers<void>();
  await world.stop();
  const done: typeof real.done = async (entry, ...rest) => {
    if (entry.lane.kind === "in") return real.done(entry, ...rest);
    await killed.promise;
    throw new BridgeError("fenced");
  };
  world.options = { ...options, store: { ...real, done } };
  await world.start();
  for (const name of names) await world.on(name);
  return async () => {
    // Nobody hears anything of a process that is dead.
    for (const home of world.homes) home.mode = "down";
    const stopped = world.stop();
    await until("its sessions to be gone", () => world.network.sessions.size === 0);
    killed.resolve();
    await stopped;
    world.options = options;
    for (const home of world.homes) home.mode = "up";
    await world.start();
  };
}

async function linked(): Promise<World> {
  world = new World(redis);
  world.network.contact(contact("carol"));
  await world.start();
  await world.link();
  return world;
}

test("the bridge is killed when bob has a text and a nudge is behind it: bob has one of them again", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const kill = await doomed();
  pushAll(home, [text(room, "one"), nudge(room)]);
  await until("the text", () => network.received.length === 1);
  await aMoment();
  await kill();
  home.write(alice, room, "two");
  await until("the last words", () => network.received.at(-1)?.endsWith("two"));
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(["one", "one", "(nudge)", "two"]);
});

test("the bridge is killed when bob is nudged and carol is to be: one of them is nudged again", async () => {
  const { home, network } = await linked();
  const [bob, carol] = [await world.chat("bob"), await world.chat("carol")];
  const kill = await doomed();
  pushAll(home, [nudge(bob, "$1"), nudge(carol, "$2")]);
  await until("a nudge", () => network.received.length === 1);
  await aMoment();
  expect(network.received).toHaveLength(1);
  await kill();
  await until("both", () => network.received.length === 3);
  expect(network.received.toSorted()).toEqual(
    [
      "alice@msn.test > bob@msn.test: (nudge)",
      ...network.received.slice(0, 1),
      "alice@msn.test > carol@msn.test: (nudge)",
    ].toSorted(),
  );
});

test("the bridge is killed when bob is nudged by command and has words to come: he has those once", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const kill = await doomed();
  home.command(alice, `nudge ${BOB}`);
  await until("the nudge", () => network.received.length === 1);
  home.write(alice, room, "one");
  await aMoment();
  expect(network.received).toHaveLength(1);
  await kill();
  await until("the words", () => network.received.at(-1)?.endsWith("one"));
  expect(network.received.filter((line) => line.endsWith("one"))).toHaveLength(1);
});

test("a nudge that a killed bridge had not noted waits for the account: nobody is told that it did not go", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  const kill = await doomed();
  home.event(nudge(room));
  await until("the nudge", () => network.received.length === 1);
  network.stalled = Promise.withResolvers();
  await kill();
  await aMoment();
  network.stalled.resolve();
  network.stalled = undefined;
  await until("it again", () => network.received.length === 2);
  expect(home.chat(room)).toEqual([]);
});

test("the same among several: of a text and a nudge one comes again", async () => {
  const several = new GroupWorld(redis);
  world = several;
  await several.begin();
  const heard = (): string[] => texts(several.network.boards.heard.get(CAROL) ?? []);
  const gather = () => several.network.boards.gather(BOB, ALICE, EMILY, CAROL);
  const { here } = await several.talking(gather());
  const kill = await doomed(["alice", "emily"]);
  gather();
  pushAll(several.home, [text(here, "one"), nudge(here)]);
  await until("the text", () => heard().includes("one"));
  await aMoment();
  expect(heard()).toEqual(["hello all", "one"]);
  await kill();
  await until("the nudge", () => heard().includes("sent a nudge"));
  expect(heard()).toEqual(["hello all", "one", "one", "sent a nudge"]);
});

test("who nudges while their account is signed out is told so, and not that bob is to blame", async () => {
  const { home, network } = await linked();
  const room = await world.chat("bob");
  await world.ask("presence offline");
  home.event(nudge(room));
  const told = await until("the notice", () => home.chat(room)[0]);
  expect(told).toBe(
    "bot: Not nudged: your MSN account is signed out here. Say `resume` to the bridge bot, then nudge again.",
  );
  expect(network.received).toEqual([]);
});
