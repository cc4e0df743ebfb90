/** Owners of one account who come and go while something is under way, and homes that are taken out of the config. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { MessageId, ResidentId } from "../../../src/bridge/model.ts";
import { directConversation, portalId, residentId, shardOf } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { ToyHome } from "../../support/toy-home.ts";
import { NET } from "../../unit/bridge/support.ts";
import { alice, contact, Redis, until, World } from "./world.ts";

const BOB = contact("bob");
const CAROL = contact("carol");
const ALICE = contact("alice");
const SAME = "same" as MessageId;

let redis: Redis;
let world: World;
/** The second home, and alice there. */
let house: ToyHome;
let alix: ResidentId;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  house = new ToyHome("toyhouse", "Toyhouse");
  alix = residentId(house.name, "alix@toy");
  world = new World(redis);
  world.homes.push(house);
  await world.start();
  await world.link(alice);
});
afterEach(() => world.stop());

const shown = () => world.network.sessions.get(ALICE)?.shown.availability;
const words = (lines: readonly string[]) => lines.map((line) => line.split(": ")[1]);

/** The linking of alice's account, which the network looks at until `go`. */
async function linking(owner: ResidentId, password: string): Promise<{ go: () => Promise<unknown> }> {
  const { network, bridge } = world;
  const looking = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  const verify = network.verify.bind(network);
  network.verify = async (...of) => {
    network.verify = verify;
    looking.resolve();
    await going.promise;
    return verify(...of);
  };
  const request = { network: NET, address: ALICE, spelling: ALICE, password: new Secret(password) };
  const done = bridge.linker.linkAccount(owner, request, () => {}, new AbortController().signal);
  done.catch(() => {});
  await looking.promise;
  return {
    go: () => {
      going.resolve();
      return done;
    },
  };
}

test("a home is taken out of the config and put back: what was for it waits, what came from it can be sent again", async () => {
  await world.link(alix);
  const { home, network } = world;
  await world.ask(`chat ${BOB}`, alice);
  await world.ask(`chat ${BOB}`, alix);
  const [here, there] = [await world.room("bob"), await world.room("bob", "alice", house)];
  network.down = true;
  network.drop(ALICE);
  house.write(alix, there, "from the house");
  await house.pushed();
  await world.stop();
  world.homes.pop();
  network.down = false;
  await world.start();
  await world.on();
  home.write(alice, here, "from home");
  network.say(BOB, ALICE, "hi");
  await until("the words at home", () => network.received.length === 1 && home.chat(here).length === 2);
  await world.stop();
  world.homes.push(house);
  await world.start();
  await world.on();
  await until("the words in the house", () => house.chat(there).length === 3);
  expect(words(house.chat(there)).toSorted()).toEqual(["from home", "from the house", "hi"]);
  expect(await world.ask("status", alix)).toMatch(/1 message\(s\) failed; say `retry`/);
  await world.ask("retry", alix);
  await until("the words of the house", () => network.received.length === 2);
  expect(words(network.received)).toEqual(["from home", "from the house"]);
});

test("what was said to the bridge in a home that is taken out of the config is answered when it is back", async () => {
  await world.stop();
  world.homes.pop();
  await world.start();
  const lane = { kind: "control", shard: shardOf(alix), resident: alix } as const;
  const said = house.item({
    kind: "command",
    resident: alix,
    room: house.management(alix),
    message: SAME,
    line: "help",
  });
  await world.store.append(lane, { from: "home", home: house.name, raw: said.raw, at: Date.now() }, "help");
  await world.restart();
  await world.ask("status", alice);
  await world.stop();
  world.homes.push(house);
  await world.start();
  await until("the answer", () => house.told(alix).length === 1);
});

test("what a home that is not configured any more had said of alice does not count", async () => {
  await world.link(alix);
  world.home.shows(alice, { availability: "away", text: "" });
  house.shows(alix, { availability: "online", text: "" });
  await until("both to be stored", async () => {
    const [one, other] = await Promise.all([world.store.resident(alice), world.store.resident(alix)]);
    return one.presence?.includes("away") && other.presence?.includes("online");
  });
  await world.stop();
  world.homes.pop();
  await world.start();
  await world.on();
  expect(shown()).toBe("away");
});

test("who has gone from one home, while the other never tells who is there, may be in the other", async () => {
  await world.link(alix);
  house.shows(alix, { availability: "busy", text: "" });
  await until("busy", () => shown() === "busy");
  house.shows(alix, { availability: "offline", text: "" });
  await until("online", () => shown() === "online");
});

test("how alice is while she links from another home is seen", async () => {
  world.home.shows(alice, { availability: "away", text: "" });
  await until("away", () => shown() === "away");
  const { go } = await linking(alix, "secret");
  world.home.shows(alice, { availability: "busy", text: "" });
  await go();
  await world.on();
  await until("busy", () => shown() === "busy");
});

test("a linking that fails knows who has linked meanwhile", async () => {
  const { go } = await linking(alice, "wrong");
  await world.link(alix);
  await expect(go()).rejects.toMatchObject({ code: "bad-password" });
  await world.on();
  world.network.say(BOB, ALICE, "hi");
  const there = await world.room("bob", "alice", house);
  await until("the words in the house", () => words(house.chat(there)).includes("hi"));
});

test("a room that is being made while its owner unlinks is no chat any more, and bob is not shown there", async () => {
  await world.link(alix);
  const { network } = world;
  const openDirect = house.openDirect.bind(house);
  const making = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  house.openDirect = async (...of) => {
    making.resolve();
    await going.promise;
    return openDirect(...of);
  };
  network.say(BOB, ALICE, "hi");
  await making.promise;
  expect(await world.ask("unlink", alix)).toMatch(/stays signed in/);
  going.resolve();
  await until("the room", () => house.roomsMade === 1);
  const portal = portalId(world.account(), directConversation(BOB));
  await until("it to be no chat", async () => {
    await world.ask("status", alice);
    return [...house.rooms.values()].flat().some(({ text }) => text === "hi") && (await world.store.portal(portal));
  });
  expect((await world.store.portal(portal))?.rooms.map(({ resident }) => resident)).toEqual([alice]);
  network.contact(BOB, "busy", "", "Bob");
  await until("bob to be busy", () => world.home.presences.at(-1)?.presence.availability === "busy");
  expect(house.presences.filter(({ presence }) => presence.availability === "busy")).toEqual([]);
});

test("whoever loses an account by `unlink everywhere` said in another home is told", async () => {
  await world.link(alix);
  await world.ask("unlink everywhere", alix);
  const told = () => world.home.told(alice).filter((line) => line.includes("unlinked"));
  await until("the news", () => told().length === 1);
  expect(told()[0]).toMatch(
    /^alice@msn\.test on Toynet was unlinked from Toyhouse by alix@toy, here as well\. .*`link`/,
  );
  expect(house.told(alix).filter((line) => line.includes("unlinked"))).toHaveLength(1);
});

test("a friend request that could not be told before the bridge stopped is told at the next start", async () => {
  const { home, network } = world;
  await until("the welcome", () => home.told(alice).length === 1);
  const say = home.say.bind(home);
  const tried = Promise.withResolvers<void>();
  home.say = async () => {
    tried.resolve();
    throw new BridgeError("home-down");
  };
  network.ask(CAROL, "Carol");
  await tried.promise;
  await world.stop();
  home.say = say;
  await world.start();
  await until("the request", () => home.told(alice).some((line) => line.includes("would like to be a contact")));
});

test("alice says again what has arrived at bob: what failed on its way to carol under the same id stays there", async () => {
  const { home, network } = world;
  network.contact(CAROL);
  const [bobs, carols] = [await world.chat("bob"), await world.chat("carol")];
  network.away.add(CAROL);
  home.event({ kind: "text", resident: alice, room: carols, message: SAME, text: "for carol" });
  await until("the failure", () => home.chat(carols).length === 1);
  network.away.clear();
  home.event({ kind: "text", resident: alice, room: bobs, message: SAME, text: "for bob" });
  await until("the receipt", () => home.confirmed.length === 1);
  home.event({ kind: "again", resident: alice, room: bobs, message: SAME, is: () => true });
  await until("another receipt", () => home.confirmed.length === 2);
  home.write(alice, carols, "last");
  await until("the last", () => words(network.received).includes("last"));
  expect(words(network.received)).toEqual(["for bob", "last"]);
});

test("alice says again what failed behind a hundred others: she is not told that it has arrived", async () => {
  const { home, network } = world;
  const room = await world.chat("bob");
  network.away.add(BOB);
  const failed = () => home.chat(room).filter((line) => line.startsWith("bot: ")).length;
  for (let i = 0; i < 100; i += 1) home.write(alice, room, `m${i}`);
  const message = home.write(alice, room, "the last");
  await until("the failures", () => failed() === 101);
  const other = "said from elsewhere" as MessageId;
  home.knowsAs.set(other, message);
  home.event({ kind: "again", resident: alice, room, message: other, is: () => true });
  home.write(alice, room, "and one more");
  await until("one more", () => failed() === 102);
  network.away.clear();
  const arrived = home.write(alice, room, "now?");
  await until("a receipt", () => home.confirmed.includes(arrived));
  expect(home.confirmed).toEqual([arrived]);
});

test("two messages of one name that failed in two chats are both sent by `retry`", async () => {
  const { home, network } = world;
  network.contact(CAROL);
  const [bobs, carols] = [await world.chat("bob"), await world.chat("carol")];
  network.away.add(BOB).add(CAROL);
  home.event({ kind: "text", resident: alice, room: bobs, message: SAME, text: "for bob" });
  home.event({ kind: "text", resident: alice, room: carols, message: SAME, text: "for carol" });
  await until("both to be parked", async () => (await world.store.parked(world.account())).length === 2);
  network.away.clear();
  expect(await world.ask("retry")).toBe("Sending 2 message(s) again.");
  await until("both", () => network.received.length === 2);
});
