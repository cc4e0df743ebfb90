import { expect, test } from "vitest";
import { MsnClient, parseEmail, parseMachineGuid } from "../../../src/msnp/index.ts";
import { MsnNetwork } from "../../../src/msnp/server/index.ts";

test("with one unacknowledged text allowed, what goes to Carol waits for Bob's acknowledgement", async () => {
  const accounts = ["alice", "bob", "carol"].map((name) => ({
    email: `${name}@msn.test`,
    password: "pw",
    displayName: name,
  }));
  const network = await MsnNetwork.start({ accounts });
  const clients = await Promise.all(
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
  const [alice, bob, carol] = clients;
  if (!alice || !bob || !carol) throw new Error("three people are needed");
  const told: string[] = [];
  bob.on("message", () => told.push("bob has it"));
  carol.on("message", () => told.push("carol has it"));
  try {
    await alice.conversation(parseEmail("bob@msn.test")).sendText("opens the board");
    await alice.conversation(parseEmail("carol@msn.test")).sendText("opens the board");
    told.length = 0;
    network.faults.arm({ place: "SB", account: "alice@msn.test", at: "MSG", times: 1, fault: { kind: "no-ack" } });
    const toBob = alice
      .conversation(parseEmail("bob@msn.test"))
      .sendText("one")
      .catch(() => told.push("alice gives up on bob"));
    const toCarol = alice.conversation(parseEmail("carol@msn.test")).sendText("two");
    await Promise.all([toBob, toCarol]);
    expect(told.filter((line) => line !== "bob has it")).toEqual(["alice gives up on bob", "carol has it"]);
  } finally {
    await Promise.all(clients.map((client) => client.signOut()));
    await network.close();
  }
});
