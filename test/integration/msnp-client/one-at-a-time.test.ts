import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MsnClient, parseEmail, parseMachineGuid } from "../../../src/msnp/index.ts";
import { MsnNetwork } from "../../../src/msnp/server/index.ts";

const NAMES = ["alice", "bob", "carol"] as const;
const bob = parseEmail("bob@msn.test");
const carol = parseEmail("carol@msn.test");

let network: MsnNetwork;
let clients: MsnClient[];
/** Who has what, in the order in which it came. */
let told: string[];

/** Alice may have one text without an acknowledgement, and has a switchboard with Bob and one with Carol. */
beforeEach(async () => {
  const accounts = NAMES.map((name) => ({ email: `${name}@msn.test`, password: "pw", displayName: name }));
  network = await MsnNetwork.start({ accounts });
  clients = await Promise.all(
    accounts.map(async ({ email }, i) => {
      const client = new MsnClient({
        services: network.services,
        dialects: ["MSNP18"],
        email: parseEmail(email),
        password: () => "pw",
        machineGuid: parseMachineGuid(`00000000-0000-4000-8000-00000000000${i}`),
        initialPresence: "NLN",
        maxUnacknowledged: 1,
        timeouts: { ack: 1500 },
      });
      await client.signIn();
      return client;
    }),
  );
  told = [];
  for (const [i, name] of NAMES.entries())
    clients[i]?.on("message", ({ body }) => {
      if (body.kind === "text" && body.text !== "opens the board") told.push(`${name} has ${body.text}`);
      if (body.kind === "nudge") told.push(`${name} is nudged`);
    });
  await alice().conversation(bob).sendText("opens the board");
  await alice().conversation(carol).sendText("opens the board");
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.signOut()));
  await network.close();
});

function alice(): MsnClient {
  const [first] = clients;
  if (!first) throw new Error("alice is needed");
  return first;
}

test("with one unacknowledged text allowed, what goes to Carol waits for Bob's acknowledgement", async () => {
  network.faults.arm({ place: "SB", account: "alice@msn.test", at: "MSG", times: 1, fault: { kind: "no-ack" } });
  const toBob = alice()
    .conversation(bob)
    .sendText("one")
    .catch(() => told.push("alice gives up on bob"));
  const toCarol = alice().conversation(carol).sendText("two");
  await Promise.all([toBob, toCarol]);
  await expect.poll(() => told).toContain("carol has two");
  expect(told.filter((line) => line !== "bob has one")).toEqual(["alice gives up on bob", "carol has two"]);
});

test("what goes to Carol waits until what has gone to Bob is noted", async () => {
  const noted = Promise.withResolvers<void>();
  const toBob = alice()
    .conversation(bob)
    .sendText("one")
    .then(() => alice().holdNext(noted.promise));
  const toCarol = alice().conversation(carol).sendText("two");
  await toBob;
  await expect.poll(() => told).toEqual(["bob has one"]);
  await pause(50);
  expect(told).toEqual(["bob has one"]);
  noted.resolve();
  await toCarol;
  await expect.poll(() => told).toEqual(["bob has one", "carol has two"]);
});

test("a nudge waits for what has gone before it to be noted, and what goes behind it until it is noted itself", async () => {
  const noted = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  await alice().conversation(bob).sendText("one");
  alice().holdNext(noted[0].promise);
  const ring = alice()
    .conversation(carol)
    .sendNudge()
    .then(() => alice().holdNext(noted[1].promise));
  const back = alice().conversation(bob).sendText("two");
  await expect.poll(() => told).toEqual(["bob has one"]);
  await pause(50);
  expect(told).toEqual(["bob has one"]);
  noted[0].resolve();
  await ring;
  await expect.poll(() => told).toEqual(["bob has one", "carol is nudged"]);
  await pause(50);
  expect(told).toEqual(["bob has one", "carol is nudged"]);
  noted[1].resolve();
  await back;
  await expect.poll(() => told).toEqual(["bob has one", "carol is nudged", "bob has two"]);
});

test("a nudge whose switchboard has closed while it waited for its turn goes by another", async () => {
  const noted = Promise.withResolvers<void>();
  await alice().conversation(carol).sendText("one");
  alice().holdNext(noted.promise);
  const ring = alice().conversation(bob).sendNudge();
  await alice().conversation(bob).close();
  noted.resolve();
  await ring;
  await expect.poll(() => told).toEqual(["carol has one", "bob is nudged"]);
});
