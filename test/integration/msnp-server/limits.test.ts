import { EventEmitter, once } from "node:events";
import { describe, expect, test } from "vitest";
import { MsnNetwork, type RunningNetwork, runNetwork } from "../../../src/msnp/server/index.ts";
import { RawClient } from "./raw-client.ts";
import { ALICE_GUID, enter11, enter18, online11, openNetwork } from "./scene.ts";

describe("Bounds of the embedded network", () => {
  test("a connection that does not sign in in time is closed, on both servers", async () => {
    await using network = await openNetwork({ limits: { signInTimeoutMs: 50 } });
    const ns = await RawClient.open(network.ports.ns);
    ns.say("VER 1 MSNP11");
    const sb = await RawClient.open(network.ports.sb);
    await ns.ends();
    await sb.isClosed();
    for (const name of ["NS 1", "SB 2"])
      expect(network.transcript()).toContain(`${name} --- dropped: not signed in in time`);
  });

  test("a signed-in client may be silent for longer than that", async () => {
    await using network = await openNetwork({ limits: { signInTimeoutMs: 2000 } });
    const alice = await enter11(network, "alice");
    const idle = await RawClient.open(network.ports.ns);
    await idle.isClosed();
    await alice.hearsNothing();
  });

  for (const [what, bytes] of [
    ["a line that is too long", Buffer.alloc(20_000, "A")],
    ["a payload that is too long", Buffer.from("UUX 5 99999999\r\n")],
    ["a payload without a length", Buffer.from("UUX 5 x\r\n")],
    ["bytes that are no protocol", Buffer.from([0, 1, 2, 0xff, 13, 10])],
  ] as const) {
    test(`${what} ends the connection, and only that`, async () => {
      await using network = await openNetwork();
      const alice = await enter11(network, "alice");
      const bob = await enter11(network, "bob");
      alice.bytes(bytes);
      await alice.isClosed();
      await bob.hearsNothing();
    });
  }

  test("a client that does not read is dropped when too much waits for it", async () => {
    await using network = await openNetwork({ limits: { maxOutputBytes: 100_000 } });
    const bob = await online11(network, "bob");
    const alice = await online11(network, "alice");
    bob.stopReading();
    const info = `<Data><PSM>${"x".repeat(10_000)}</PSM><CurrentMedia></CurrentMedia></Data>`;
    let trid = 10;
    while (network.account("bob@example.com").sessions.length > 0 && trid < 5000) {
      alice.sayPayload(`UUX ${trid}`, info);
      for (;;) if ((await alice.next()).line === `UUX ${trid} 0`) break;
      trid += 1;
    }
    expect(network.account("bob@example.com").sessions).toEqual([]);
    expect(network.transcript()).toContain("dropped: the client does not read its data");
    await alice.hears("FLN bob@example.com");
  });

  test("a client that was told to go, but does not read, does not hold up the end of the network", async () => {
    await using network = await openNetwork({ limits: { maxOutputBytes: 200_000_000 } });
    const bob = await online11(network, "bob");
    const alice = await online11(network, "alice");
    bob.stopReading();
    const info = `<Data><PSM>${"x".repeat(500_000)}</PSM><CurrentMedia></CurrentMedia></Data>`;
    for (let trid = 10; trid < 40; trid++) {
      alice.sayPayload(`UUX ${trid}`, info);
      for (;;) if ((await alice.next()).line === `UUX ${trid} 0`) break;
    }
    network.kick("bob@example.com");
    expect(network.load).toMatchObject({ sessions: 1, connections: 2 });
    await network.close();
    expect(network.load.connections).toBe(0);
  });

  test("an account has no more endpoints than allowed", async () => {
    await using network = await openNetwork({ limits: { maxEndpoints: 1 } });
    await enter18(network, "alice", ALICE_GUID);
    await expect(enter18(network, "alice", "0d0d0d0d-0000-4000-8000-00000000000d")).rejects.toThrow('got "734 4"');
  });

  test("accounts that make no sense are refused at the start", async () => {
    const account = { email: "a@example.com", password: "x", displayName: "A" };
    for (const [accounts, message] of [
      [[account, account], "exists already"],
      [[{ ...account, email: "nonsense" }], "not an MSN address"],
      [[{ ...account, contacts: [{ email: "ghost@example.com" }] }], "There is no account ghost@example.com"],
    ] as const) {
      await expect(MsnNetwork.start({ accounts })).rejects.toThrow(message);
    }
    await expect(MsnNetwork.start({ accounts: [], options: { dialects: ["MSNP1"] } })).rejects.toThrow("MSNP1");
    await expect(
      MsnNetwork.start({
        accounts: [account, { ...account, email: "b@example.com" }],
        options: { limits: { maxAccounts: 1 } },
      }),
    ).rejects.toThrow("full");
  });

  test("a port that is taken is told", async () => {
    await using network = await openNetwork();
    await expect(MsnNetwork.start({ accounts: [], httpPort: network.ports.http })).rejects.toThrow("EADDRINUSE");
  });

  test("the transcript holds no ticket, proof or password", async () => {
    const traced: string[] = [];
    const network = await MsnNetwork.start({
      accounts: [{ email: "alice@example.com", password: "secret", displayName: "secretive" }],
      trace: ({ text }) => traced.push(text),
    });
    const { client, ticket } = await enter18(network, "alice", ALICE_GUID);
    client.say("CHG 5 NLN 0:0", "XFR 6 SB");
    let line = "";
    while (!line.startsWith("XFR")) line = (await client.next()).line;
    const cookie = line.split(" ")[5] ?? "";
    const board = await RawClient.open(network.ports.sb);
    board.say(`USR 1 alice@example.com ${cookie}`);
    await board.hears("USR 1 OK alice@example.com secretive");
    const all = traced.join("\n");
    expect(all).toContain("USR 4 SSO S [sealed]");
    expect(all).toContain("USR 1 alice@example.com [sealed]");
    expect(all).not.toContain(ticket.slice(2, 22));
    expect(all).not.toMatch(/secret\b/);
    await network.close();
  });

  test("closing ends every connection, and can be done twice", async () => {
    const network = await MsnNetwork.start({ accounts: [] });
    const client = await RawClient.open(network.ports.ns);
    await Promise.all([network.close(), network.close()]);
    await client.isClosed();
    await expect(RawClient.open(network.ports.ns)).rejects.toThrow();
  });

  test("the runner tells where it listens, and stops when it is asked to", async () => {
    const source = new EventEmitter();
    const told = new EventEmitter();
    const announced = once(told, "ready");
    const finished = runNetwork({ accounts: [] }, (running) => told.emit("ready", running), source);
    const [running] = (await announced) as [RunningNetwork];
    expect((await fetch(running.services.nexusUrl)).status).toBe(200);
    source.emit("SIGTERM");
    await finished;
    await expect(fetch(running.services.nexusUrl)).rejects.toThrow("fetch failed");
  });
});
