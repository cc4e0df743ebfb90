/** One account, linked from two homes by the same person. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { MessageId, ResidentId, RoomId } from "../../../src/bridge/model.ts";
import { residentId } from "../../../src/bridge/model.ts";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { ToyHome } from "../../support/toy-home.ts";
import { NET } from "../../unit/bridge/support.ts";
import { alice, contact, ghost, Redis, until, World } from "./world.ts";

const long = process.env.MSNBRIDGE_LONG === "1";
const BOB = contact("bob");
const ALICE = contact("alice");

let redis: Redis;
let world: World;
/** The second home, and alice there. */
let house: ToyHome;
let alix: ResidentId;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());
beforeEach(() => {
  house = new ToyHome("toyhouse", "Toyhouse");
  alix = residentId(house.name, "alix@toy");
});
afterEach(async () => {
  if (redis.server.pid === undefined) await redis.server.restart();
  await world.stop();
});

async function linkedTwice(options: ConstructorParameters<typeof World>[1] = {}): Promise<World> {
  world = new World(redis, options);
  world.homes.push(house);
  await world.start();
  await world.link(alice);
  await world.link(alix);
  return world;
}

/** Both owners' rooms with bob. */
async function rooms(): Promise<{ here: RoomId; there: RoomId }> {
  await world.ask(`chat ${BOB}`, alice);
  await world.ask(`chat ${BOB}`, alix);
  return { here: await world.room("bob"), there: await world.room("bob", "alice", house) };
}

const owners = async (): Promise<readonly ResidentId[] | undefined> =>
  (await world.store.account(world.account()))?.owners;
const session = () => {
  const live = world.network.sessions.get(ALICE);
  if (!live) throw new Error("alice is not signed in");
  return live;
};
/** The next start has a store with these changes between it and Redis. */
async function storeWith(change: (real: Store) => Partial<Store>): Promise<void> {
  const real = await redis.open(world.namespace);
  world.options = { ...world.options, store: { ...real, ...change(real) } };
}

test("both see every word once and in order; what alice says in one home is hers in the other", async () => {
  const { network, home } = await linkedTwice();
  const { here, there } = await rooms();
  network.say(BOB, ALICE, "hi");
  await until("bob's words", () => home.chat(here).length === 1 && house.chat(there).length === 1);
  const first = home.write(alice, here, "hello from home");
  await until("alice's words in the house", () => house.chat(there).length === 2);
  const second = house.write(alix, there, "and from the house");
  await until("alix's words at home", () => home.chat(here).length === 3);
  session().hearOwn(BOB, "and from my laptop");
  network.say(BOB, ALICE, "you are everywhere");
  await until("all", () => home.chat(here).length === 5 && house.chat(there).length === 5);
  expect(home.chat(here)).toEqual([
    "bob@msn.test: hi",
    `${alice}: hello from home`,
    "alice@msn.test (you, on Toyhouse): and from the house",
    "alice@msn.test (you, on Laptop): and from my laptop",
    "bob@msn.test: you are everywhere",
  ]);
  expect(house.chat(there)).toEqual([
    "bob@msn.test: hi",
    "alice@msn.test (you, on Toyhome): hello from home",
    `${alix}: and from the house`,
    "alice@msn.test (you, on Laptop): and from my laptop",
    "bob@msn.test: you are everywhere",
  ]);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(["hello from home", "and from the house"]);
  await until("the receipts", () => home.confirmed.length === 1 && house.confirmed.length === 1);
  expect([home.confirmed, house.confirmed]).toEqual([[first], [second]]);
});

test("a nudge, and what others say where alice lets them speak, are the same for bob and for the other home", async () => {
  const { network, home } = await linkedTwice();
  const { here, there } = await rooms();
  const said = { resident: alice, room: here } as const;
  home.event({ kind: "text", ...said, message: "$1" as MessageId, text: "hello\n[Dan] no", speaker: "Carl" });
  home.event({ kind: "nudge", ...said, message: "$2" as MessageId });
  await until("both", () => house.chat(there).length === 2);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(["[Carl] hello\n> [Dan] no", "(nudge)"]);
  expect(house.chat(there)).toEqual([
    "alice@msn.test (you, on Toyhome): [Carl] hello\n> [Dan] no",
    "alice@msn.test (you, on Toyhome): sent a nudge",
  ]);
});

test("words that waited on the network come to both once, though the network hands them over again", async () => {
  const { network, home } = await linkedTwice();
  await world.stop();
  network.losesReceipts = 2;
  for (let i = 0; i < 5; i += 1) network.leave(`id${i}`, BOB, ALICE, `m${i}`, 1000 + i);
  for (let i = 0; i < 3; i += 1) {
    await world.start();
    await world.on();
    await session().fetched;
    await world.stop();
  }
  await world.start();
  const [here, there] = [await world.room("bob"), await world.room("bob", "alice", house)];
  await until("all", () => home.chat(here).length >= 5 && house.chat(there).length >= 5);
  const all = ["m0", "m1", "m2", "m3", "m4"].map((text) => `bob@msn.test: ${text}`);
  expect([home.chat(here), house.chat(there)]).toEqual([all, all]);
});

test("a home that is down holds up nobody in the other, and has it all when it is back", async () => {
  const { network, home } = await linkedTwice();
  const { here, there } = await rooms();
  house.mode = "down";
  for (let i = 0; i < 10; i += 1) {
    if (i % 2 === 0) home.write(alice, here, `m${i}`);
    else network.say(BOB, ALICE, `m${i}`);
    // Alice's are copied when the network has acknowledged them, and she is told so.
    await until(`m${i}`, () => home.chat(here).length === i + 1 && home.confirmed.length === Math.ceil((i + 1) / 2));
  }
  house.mode = "up";
  await until("all", () => house.chat(there).length === 10);
  expect(house.chat(there).map((line) => line.split(": ")[1])).toEqual(Array.from({ length: 10 }, (_, i) => `m${i}`));
});

test("what fails is told to who said it and copied to nobody; when it goes after all, it is copied", async () => {
  const { network, home } = await linkedTwice();
  const { here, there } = await rooms();
  network.away.add(BOB);
  home.write(alice, here, "are you there?");
  await until("the notice", () => home.chat(here).length === 2);
  expect(await world.ask("retry", alix)).toMatch(/^Nothing has failed/);
  expect(await world.ask("status", alix)).not.toMatch(/failed/);
  expect(await world.ask("status", alice)).toMatch(/1 message\(s\) failed/);
  expect(house.chat(there)).toEqual([]);
  network.away.clear();
  expect(await world.ask("retry", alice)).toBe("Sending 1 message(s) again.");
  await until("the copy", () => house.chat(there).length === 1);
  expect(house.chat(there)).toEqual(["alice@msn.test (you, on Toyhome): are you there?"]);
});

test("Redis is killed between the acknowledgement and the copy: said once on the network, there once in the other home", async () => {
  const { network, home } = await linkedTwice();
  const { here, there } = await rooms();
  network.withheld = Promise.withResolvers();
  home.write(alice, here, "first");
  await until("the words at the network", () => network.received.length === 1);
  await redis.server.kill();
  network.withheld.resolve();
  network.withheld = undefined;
  await new Promise((resolve) => setTimeout(resolve, 100));
  await redis.server.restart();
  home.write(alice, here, "second");
  await until("both copies", () => house.chat(there).length === 2);
  expect(network.received.map((line) => line.split(": ")[1])).toEqual(["first", "second"]);
  expect(house.chat(there).map((line) => line.split(": ")[1])).toEqual(["first", "second"]);
});

test.each([
  ["before the copy was written", false],
  ["when the copy was written and nobody knew", true],
])("the bridge is killed %s: the other home has it once", async (_, written) => {
  await linkedTwice();
  const { here, there } = await rooms();
  await world.stop();
  const { options } = world;
  const killed = Promise.withResolvers<never>();
  killed.promise.catch(() => {});
  const copying = Promise.withResolvers<void>();
  await storeWith((real) => ({
    done: async (entry, fence, copies = []) => {
      if (copies.length === 0 || written) await real.done(entry, fence, copies);
      if (copies.length === 0) return;
      copying.resolve();
      await killed.promise;
    },
  }));
  await world.start();
  await world.on();
  world.home.write(alice, here, "once");
  await copying.promise;
  killed.reject(new BridgeError("fenced"));
  await world.stop();
  world.options = options;
  await world.start();
  world.home.write(alice, here, "again");
  await until("the last words", () => house.chat(there).at(-1)?.endsWith("again"));
  expect(house.chat(there).map((line) => line.split(": ")[1])).toEqual(["once", "again"]);
});

test.each([
  ["the bridge is stopped and started", async () => world.restart()],
  [
    "Redis is killed and started",
    async () => {
      await redis.server.kill();
      await new Promise((resolve) => setTimeout(resolve, 100));
      await redis.server.restart();
    },
  ],
])("%s again and again while both write and bob answers: every reader has every word once", async (_, disturb) => {
  const { network, home } = await linkedTwice();
  const { here, there } = await rooms();
  network.slowMs = 2;
  const n = long ? 1000 : 60;
  let sent = 0;
  const traffic = setInterval(() => {
    if (sent >= n) return clearInterval(traffic);
    home.write(alice, here, `a${sent}`);
    house.write(alix, there, `x${sent}`);
    network.say(BOB, ALICE, `b${sent}`);
    sent += 1;
  }, 5);
  for (let i = 0; i < (long ? 20 : 4); i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 70 + 40 * i));
    await disturb();
  }
  await until(
    "all",
    () => home.chat(here).length >= 3 * n && house.chat(there).length >= 3 * n,
    long ? 60_000 : 40_000,
  );
  const numbers = (prefix: string) => Array.from({ length: n }, (_, i) => `${prefix}${i}`);
  const texts = (lines: readonly string[]) => lines.map((line) => line.split(": ")[1] ?? "");
  const of = (all: readonly string[], prefix: string) => all.filter((text) => text.startsWith(prefix));
  for (const chat of [texts(home.chat(here)), texts(house.chat(there))])
    for (const prefix of ["a", "x", "b"]) expect(of(chat, prefix)).toEqual(numbers(prefix));
  for (const prefix of ["a", "x"]) expect(of(texts(network.received), prefix)).toEqual(numbers(prefix));
});

test("who links from another home becomes one more owner, and the first is told; in one home there is one owner", async () => {
  const { home, network } = await linkedTwice();
  expect(await owners()).toEqual([alice, alix]);
  await until("both to be told", () => house.told(alix).length === 1 && home.told(alice).length === 2);
  expect(home.told(alice).at(-1)).toMatch(/now linked from Toyhouse by alix@toy, too.*`unlink everywhere`/);
  expect(house.told(alix)[0]).toMatch(/is linked as it is from Toyhome\. What is said there is here too/);
  const stranger = residentId(house.name, "eve@toy");
  await expect(world.link(stranger)).rejects.toMatchObject({ code: "already-linked" });
  network.account(ALICE, "changed");
  await world.restart();
  await until("the refusal", () => home.told(alice).length === 3 && house.told(alix).length === 2);
  const request = { network: NET, address: ALICE, spelling: ALICE, password: new Secret("changed") };
  await world.bridge.linker.linkAccount(alix, request, () => {}, new AbortController().signal);
  await world.on();
  expect(await owners()).toEqual([alice, alix]);
  await until("the word of it", () => house.told(alix).length === 3);
  expect(home.told(alice)).toHaveLength(3);
});

test("a wrong password makes nobody an owner and does not disturb the first one's sign-in", async () => {
  world = new World(redis);
  world.homes.push(house);
  await world.start();
  await world.link(alice);
  const request = { network: NET, address: ALICE, spelling: ALICE, password: new Secret("wrong") };
  const linking = world.bridge.linker.linkAccount(alix, request, () => {}, new AbortController().signal);
  const before = session();
  await expect(linking).rejects.toMatchObject({ code: "bad-password" });
  expect(session()).toBe(before);
  expect(await owners()).toEqual([alice]);
});

test("`accounts` and `status` say from where else it is linked", async () => {
  await linkedTwice();
  expect(await world.ask("accounts", alice)).toBe("• alice@msn.test on Toynet: signed in, also linked from Toyhouse");
  expect(await world.ask("status", alix)).toMatch(/signed in \(TOY1\), also linked from Toyhome$/);
});

test("one unlinks: the other's sign-in, rooms and words go on; the last one's unlinking forgets the account", async () => {
  const { home, network } = await linkedTwice();
  const { here, there } = await rooms();
  house.mode = "down";
  network.say(BOB, ALICE, "waits for the house");
  await until("it at home", () => home.chat(here).length === 1);
  const signIns = network.signIns.length;
  const say = house.say.bind(house);
  const answering = Promise.withResolvers<void>();
  house.say = async (...words) => {
    answering.resolve();
    return say(...words);
  };
  house.command(alix, "unlink");
  await answering.promise;
  house.mode = "up";
  await until("the answer", () => house.told(alix).at(-1)?.includes("it stays signed in for Toyhome"));
  network.say(BOB, ALICE, "still there?");
  home.write(alice, here, "yes");
  await until("both", () => home.chat(here).length === 3 && network.received.length === 1);
  house.write(alix, there, "hello?");
  await until("the reason", () => house.chat(there).length === 2);
  expect(house.chat(there)[1]).toMatch(/^bot: .*command/);
  expect(network.signIns).toHaveLength(signIns);
  expect(await owners()).toEqual([alice]);
  expect(await world.ask("unlink", alice)).toMatch(/its password has been deleted/);
  expect(await owners()).toBeUndefined();
});

test("words on their way when their speaker unlinks do not go", async () => {
  const { network } = await linkedTwice();
  const { there } = await rooms();
  network.down = true;
  network.drop(ALICE);
  house.write(alix, there, "never");
  await house.pushed();
  expect(await world.ask("unlink", alix)).toMatch(/stays signed in/);
  network.down = false;
  await world.on();
  await until("the reason", () => house.chat(there).length === 2);
  expect(house.chat(there)[1]).toMatch(/no MSN account linked/);
  expect(network.received).toEqual([]);
});

test("`unlink everywhere` takes all owners out", async () => {
  await linkedTwice();
  expect(await world.ask("unlink everywhere", alix)).toMatch(/its password has been deleted/);
  expect(await owners()).toBeUndefined();
  expect(await world.ask("accounts", alice)).toMatch(/no MSN account linked/);
  expect(world.network.sessions.size).toBe(0);
});

test("alice is as present as where she is most present, also after a restart; one home's going is not hers", async () => {
  const { home, network } = await linkedTwice();
  home.shows(alice, { availability: "away", text: "at home" });
  house.shows(alix, { availability: "busy", text: "" });
  await until("busy", () => session().shown.availability === "busy" && session().shown.text === "at home");
  await until("it to be stored", async () => (await world.store.resident(alix)).presence?.includes("busy"));
  await world.restart();
  await world.on();
  expect(session().shown).toEqual({ availability: "busy", text: "at home" });
  house.shows(alix, { availability: "offline", text: "" });
  await until("away", () => session().shown.availability === "away");
  expect(network.sessions.has(ALICE)).toBe(true);
});

test("bob's typing is shown in both homes, and either's is told to bob", async () => {
  const { home, network } = await linkedTwice();
  const { here, there } = await rooms();
  session().hooks.typing(BOB);
  await until("both", () => home.typing.length === 1 && house.typing.length === 1);
  home.types(alice, here, true);
  await until("a notice", () => network.typed.length > 0);
  home.types(alice, here, false);
  await until("an end", () => {
    network.typed.length = 0;
    house.types(alix, there, true);
    return true;
  });
  await until("the other's notice", () => network.typed.length > 0);
});

test("an own name for bob is shown in each owner's room, whenever that is made", async () => {
  const { home, network } = await linkedTwice();
  await world.ask(`chat ${BOB}`, alice);
  await session().rename(BOB, "Bobby");
  const here = await world.room("bob");
  await until("the name at home", () => home.nicknames.get(`${BOB} in ${here}`) === "Bobby");
  await world.ask(`chat ${BOB}`, alix);
  const there = await world.room("bob", "alice", house);
  await until("the name in the house", () => house.nicknames.get(`${BOB} in ${there}`) === "Bobby");
  await world.stop();
  const known = network.contacts.get(BOB);
  if (known) network.contacts.set(BOB, { ...known, nickname: "" });
  await world.start();
  await until("no name in either", () =>
    [home.nicknames.get(`${BOB} in ${here}`), house.nicknames.get(`${BOB} in ${there}`)].every((name) => name === ""),
  );
});

test("a contact goes from the home in which alice has left the chat, and stays in the other", async () => {
  const { home } = await linkedTwice();
  await world.ask(`chat ${BOB}`, alice);
  const there = house.invite(alix, ghost("bob"));
  const shown = (at: ToyHome) => at.presences.at(-1)?.presence.availability;
  await until("bob in both", () => shown(home) === "online" && shown(house) === "online");
  house.event({ kind: "left", resident: alix, room: there });
  await until("bob to be gone from the house", () => shown(house) === "offline");
  world.network.contact(BOB, "busy", "", "Bob");
  await until("bob to be busy at home", () => shown(home) === "busy");
  expect(shown(house)).toBe("offline");
});

test("both are told of a friend request and of another place that takes over; one answer is enough", async () => {
  const { home, network } = await linkedTwice();
  network.ask(contact("carol"), "Carol");
  const asks = (lines: string[]) => lines.filter((line) => line.includes("would like to be a contact")).length;
  await until("both to be asked", () => asks(home.told(alice)) === 1 && asks(house.told(alix)) === 1);
  expect(await world.ask("accept carol@msn.test", alix)).not.toMatch(/wrong/);
  network.drop(ALICE, { kind: "elsewhere", detail: "signed in somewhere else" });
  const over = (lines: string[]) => lines.some((line) => line.includes("somewhere else"));
  await until("both to be told", () => over(home.told(alice)) && over(house.told(alix)));
});

test("who leaves words for bob is told that he is away, each owner once per absence", async () => {
  const { home, network } = await linkedTwice();
  const { here, there } = await rooms();
  network.away.add(BOB);
  network.left = [];
  const notices = (at: ToyHome, room: RoomId) => at.chat(room).filter((line) => line.startsWith("bot: ")).length;
  home.write(alice, here, "one");
  await until("the notice at home", () => notices(home, here) === 1);
  expect(notices(house, there)).toBe(0);
  house.write(alix, there, "two");
  await until("the notice in the house", () => notices(house, there) === 1);
  home.write(alice, here, "three");
  await until("the third", () => home.confirmed.length === 2);
  expect([notices(home, here), notices(house, there)]).toEqual([1, 1]);
  network.away.clear();
  network.contact(BOB, "online", "", "Bob");
  network.away.add(BOB);
  network.contact(BOB, "offline", "", "Bob");
  house.write(alix, there, "four");
  await until("a new notice", () => notices(house, there) === 2);
});
