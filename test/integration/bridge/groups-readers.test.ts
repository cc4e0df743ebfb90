/** A group's words are read once, also when the one who reads them changes. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause, setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Store } from "../../../src/bridge/ports/store.ts";
import { cases } from "../../support/property.ts";
import { Board, Ear, LEASE_MS, Socket } from "./readers-world.ts";
import { Redis, until } from "./world.ts";

const OURS = ["alice", "emily", "frank", "grace", "heidi"] as const;
const SPEAKERS = ["bob", "carol"] as const;

let redis: Redis;
let store: Store;
let workers: Ear[];
let board: Board;
beforeAll(async () => {
  redis = await Redis.start();
  store = await redis.open("readers");
});
afterAll(async () => {
  await store.close();
  await redis.stop();
});
beforeEach(begin);

function begin(): void {
  const run = randomUUID();
  workers = ["one", "two", "three"].map((name) => new Ear(store, `${name}-${run}`));
  board = new Board(SPEAKERS, OURS);
}

function worker(at: number): Ear {
  const one = workers[at];
  if (!one) throw new Error(`there is no worker ${at}`);
  return one;
}

/** An account of a worker comes on the board, and knows it. */
function come(name: string, by: Ear): Socket {
  const socket = new Socket(name, by);
  board.join(socket);
  for (const one of board.sockets) one.tell();
  return socket;
}

const words = () => board.read(store);

/** Words that are read, and then none for longer than any worker waits before it reads what another has not. */
async function settled(...expected: string[]): Promise<void> {
  await until("all words", async () => (await words()).length >= expected.length);
  await pause(4 * LEASE_MS);
  expect(await words()).toEqual(expected);
}

test("of two sessions of a worker one reads; when it leaves before it has heard a word the other has, that one goes on with it", async () => {
  const [alice, emily] = [come("alice", worker(0)), come("emily", worker(0))];
  board.say("bob", "one");
  board.say("bob", "two");
  emily.tell();
  alice.tell(1);
  alice.leave();
  board.drop(alice);
  board.say("bob", "three");
  emily.tell();
  await settled("bob one", "bob two", "bob three");
});

test("a word that only one has heard who does not read is read when all have left, or none who is there can hear it", async () => {
  const [alice, emily] = [come("alice", worker(0)), come("emily", worker(0))];
  board.say("bob", "one");
  emily.tell();
  emily.lose();
  board.drop(emily);
  const frank = new Socket("frank", worker(1));
  alice.leave();
  board.drop(alice);
  board.join(frank);
  await until("it", async () => (await words()).length === 1);
  board.say("bob", "two");
  frank.tell();
  await settled("bob one", "bob two");
});

test("a word that the reader has read before it left comes no second time from who hears it later", async () => {
  const [alice, emily] = [come("alice", worker(0)), come("emily", worker(0))];
  board.say("bob", "ok");
  board.say("bob", "ok");
  alice.tell();
  emily.tell(1);
  alice.lose();
  board.drop(alice);
  board.say("bob", "ok");
  emily.tell();
  await settled("bob ok", "bob ok", "bob ok");
});

test("who comes between two equal words does not take the second for the first", async () => {
  const alice = come("alice", worker(0));
  board.say("bob", "ok");
  alice.tell();
  const emily = come("emily", worker(0));
  board.say("bob", "ok");
  alice.leave();
  board.drop(alice);
  emily.tell();
  await settled("bob ok", "bob ok");
});

test("what is said after a worker was killed that read is read by another, in its order, before anything newer", async () => {
  const [alice, emily] = [come("alice", worker(0)), come("emily", worker(1))];
  board.say("bob", "one");
  alice.tell();
  await until("it", async () => (await words()).length === 1);
  emily.tell();
  worker(0).kill();
  for (const text of ["two", "three", "two"]) board.say("bob", text);
  emily.tell();
  await settled("bob one", "bob two", "bob three", "bob two");
});

test("a worker that was killed with words on their way is not read again for those that were stored", async () => {
  const [alice, emily] = [come("alice", worker(0)), come("emily", worker(1))];
  board.say("bob", "one");
  board.say("bob", "two");
  alice.tell();
  worker(0).kill();
  emily.tell();
  await settled("bob one", "bob two");
});

test("a worker that reads and leaves in order leaves at once: the other does not wait for its lease", async () => {
  const [alice, emily] = [come("alice", worker(0)), come("emily", worker(1))];
  board.say("bob", "one");
  alice.tell();
  emily.tell();
  alice.leave();
  board.drop(alice);
  await worker(0).inbox.flush(5_000);
  board.say("bob", "two");
  emily.tell();
  await settled("bob one", "bob two");
});

test("a word costs whoever reads one request, and so it does whoever does not", async () => {
  const [reads, hears] = [new Ear(store, `reads-${randomUUID()}`, 60_000), new Ear(store, `hears-${randomUUID()}`)];
  const [alice, emily] = [come("alice", reads), come("emily", hears)];
  await store.saveGroup(board.group, { kind: "several", members: board.members });
  for (const { account } of [alice, emily]) await store.awaitSeat(account.id, board.group);
  const said = Array.from({ length: 20 }, (_, i) => `${i}`);
  for (const [i, text] of said.entries()) {
    board.say("bob", text);
    alice.tell();
    await until("it", async () => (await words()).length === i + 1);
    emily.tell();
    await until("its answer", () => hears.isIdle);
  }
  expect(await words()).toEqual(said.map((text) => `bob ${text}`));
  expect([reads.asked, hears.asked]).toEqual([20, 20]);
});

/** What happens, one thing after another. */
type Deed =
  | { readonly kind: "say"; readonly from: "bob" | "carol"; readonly text: string }
  | { readonly kind: "tell"; readonly who: number; readonly count: number }
  | { readonly kind: "come"; readonly at: number }
  | { readonly kind: "go"; readonly who: number; readonly how: "leave" | "lose" }
  | { readonly kind: "kill"; readonly at: number }
  | { readonly kind: "wait"; readonly ms: number };

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("say" as const),
      from: fc.constantFrom(...SPEAKERS),
      text: fc.constantFrom("ok", "hm"),
    }),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("tell" as const), who: fc.nat(4), count: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("come" as const), at: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("go" as const),
      who: fc.nat(4),
      how: fc.constantFrom("leave" as const, "lose" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill" as const), at: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(0, 0, 1, 5, 40) }) },
);

/** A word, and whether one is left who has heard it. */
interface Said {
  readonly text: string;
  readonly heardBy: Set<Ear>;
}

/** Does it all, and returns what was said by speaker. */
async function play(deeds: readonly Deed[]): Promise<Map<string, Said[]>> {
  const said = new Map<string, Said[]>(SPEAKERS.map((name) => [name, []]));
  const all: Said[] = [];
  const next = new Map<Socket, Said[]>();
  const coming: string[] = [...OURS];
  const tell = (socket: Socket, count?: number): void => {
    const before = socket.told.length;
    socket.tell(count);
    for (const word of (next.get(socket) ?? []).splice(0, socket.told.length - before)) word.heardBy.add(socket.worker);
  };
  const arrive = async (by: Ear): Promise<void> => {
    const name = by.isDead ? undefined : coming.shift();
    if (name === undefined) return;
    // To come takes longer than a word takes to all who are there, and from them to the store.
    for (const socket of board.sockets) tell(socket);
    await until("what was heard to be asked for", () => workers.every(({ isIdle }) => isIdle));
    const socket = new Socket(name, by);
    board.join(socket);
    next.set(socket, []);
  };
  await arrive(worker(0));
  await arrive(worker(1));
  for (const one of deeds) {
    const socket = "who" in one ? board.sockets[one.who % Math.max(1, board.sockets.length)] : undefined;
    if (one.kind === "say") {
      const word: Said = { text: one.text, heardBy: new Set() };
      said.get(one.from)?.push(word);
      all.push(word);
      board.say(one.from, one.text);
      for (const socket of board.sockets) next.get(socket)?.push(word);
    } else if (one.kind === "tell" && socket) tell(socket, one.count);
    else if (one.kind === "come") await arrive(worker(one.at));
    else if (one.kind === "go" && socket) {
      if (one.how === "leave") socket.leave();
      else socket.lose();
      board.drop(socket);
    } else if (one.kind === "kill") {
      worker(one.at).kill();
      for (const gone of board.sockets.filter(({ worker: { isDead } }) => isDead)) board.drop(gone);
    } else if (one.kind === "wait") await (one.ms === 0 ? setImmediate() : pause(one.ms));
  }
  for (const socket of board.sockets) tell(socket);
  return said;
}

/** Whether it is what was said: without some of those that nobody is left of who has heard them. */
function isOf(read: readonly string[], said: readonly Said[]): boolean {
  const [first, ...rest] = said;
  if (first === undefined) return read.length === 0;
  if (read[0] === first.text && isOf(read.slice(1), rest)) return true;
  const isSure = [...first.heardBy].some(({ isDead }) => !isDead);
  return !isSure && isOf(read, rest);
}

test("whoever comes, goes and is killed at whatever moment: each word is read once, and each speaker's in their order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 10, maxLength: 60 }), async (deeds) => {
      begin();
      const said = await play(deeds);
      const sure = [...said.values()].flat().filter(({ heardBy }) => [...heardBy].some(({ isDead }) => !isDead)).length;
      await until(`${sure} words`, async () => (await words()).length >= sure, 10_000).catch(() => {});
      await pause(4 * LEASE_MS);
      const read = await words();
      for (const [speaker, theirs] of said) {
        const has = read.filter((word) => word.startsWith(`${speaker} `)).map((word) => word.slice(speaker.length + 1));
        const wanted = theirs.map(({ text, heardBy }) => `${text}${[...heardBy].some((w) => !w.isDead) ? "" : "?"}`);
        expect(isOf(has, theirs), `${speaker}: read ${has.join(" ")}; said ${wanted.join(" ")}`).toBe(true);
      }
    }),
    cases(40, 600),
  );
});
