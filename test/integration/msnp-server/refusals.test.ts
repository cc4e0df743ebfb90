import { describe, test } from "vitest";
import { RawClient } from "./raw-client.ts";
import { ALICE_GUID, enter11, enter18, nexusTicket, openNetwork, securityTokens } from "./scene.ts";

describe("Versions and sign-ins that are refused (msnp-core §2, §3, §9.3)", () => {
  test("the server chooses the newest version it shares with the client, in any case of letters", async () => {
    await using network = await openNetwork({ dialects: ["MSNP11", "MSNP18"] });
    const client = await RawClient.open(network.ports.ns);
    client.say("VER 1 MSNP21 msnp11 msnp18 CVR0");
    await client.hears("VER 1 MSNP18");
  });

  test("no common version: VER 0 and the end", async () => {
    await using network = await openNetwork();
    const client = await RawClient.open(network.ports.ns);
    client.say("VER 1 MSNP1 CVR0");
    await client.hears("VER 1 0");
    await client.isClosed();
  });

  test("a second VER is not expected", async () => {
    await using network = await openNetwork();
    const client = await RawClient.open(network.ports.ns);
    client.say("VER 1 MSNP11", "VER 2 MSNP11");
    await client.hears("VER 1 MSNP11", "715 2");
    await client.isClosed();
  });

  test("an unknown ticket, and another person's ticket, are 911 and the end", async () => {
    await using network = await openNetwork();
    const bobs = await nexusTicket(network, "bob@example.com");
    for (const ticket of ["00000000000000000000", bobs]) {
      const client = await RawClient.open(network.ports.ns);
      client.say("VER 1 MSNP11", "USR 2 TWN I alice@example.com", `USR 3 TWN S ${ticket}`);
      await client.hears("VER 1 MSNP11", "USR 2 TWN S <challenge>", "911 3");
      await client.isClosed();
    }
  });

  test("a ticket of the Nexus is good for half a minute, and until then more than once", async () => {
    let now = Date.now();
    await using network = await openNetwork({ now: () => now });
    const ticket = await nexusTicket(network, "alice@example.com");
    for (const [later, answer] of [
      [0, "USR 3 OK alice@example.com 1 0"],
      [29_000, "USR 3 OK alice@example.com 1 0"],
      [2000, "911 3"],
    ] as const) {
      now += later;
      const client = await RawClient.open(network.ports.ns);
      client.say("VER 1 MSNP11", "USR 2 TWN I alice@example.com", `USR 3 TWN S ${ticket}`);
      await client.hears("VER 1 MSNP11", "USR 2 TWN S <challenge>", answer);
      client.close();
    }
  });

  test("the address must be spelt as it was registered, though a password is taken in any case", async () => {
    await using network = await openNetwork();
    const ticket = await nexusTicket(network, "alice@example.com");
    const client = await RawClient.open(network.ports.ns);
    client.say("VER 1 MSNP11", "USR 2 TWN I Alice@Example.com", `USR 3 TWN S ${ticket}`);
    await client.hears("VER 1 MSNP11", "USR 2 TWN S <challenge>", "911 3");
    await client.isClosed();
  });

  test("a proof for another nonce is 911; so is a machine GUID that is none", async () => {
    await using network = await openNetwork();
    const token = (await securityTokens(network, "alice@example.com")).get("messengerclear.live.com");
    const client = await RawClient.open(network.ports.ns);
    client.say("VER 1 MSNP18", "USR 2 SSO I alice@example.com");
    await client.hears("VER 1 MSNP18", "GCF 0 <length>", "USR 2 SSO S MBI_KEY_OLD <nonce>");
    client.say(`USR 3 SSO S ${token?.ticket} ${Buffer.alloc(128).toString("base64")} {${ALICE_GUID}}`);
    await client.hears("911 3");
    await client.isClosed();
  });

  test("signing in without a version is the end", async () => {
    await using network = await openNetwork();
    for (const kind of ["TWN", "SSO"]) {
      const client = await RawClient.open(network.ports.ns);
      client.say(`USR 1 ${kind} I alice@example.com`);
      await client.isClosed();
    }
  });

  test("packages of other versions end the connection; INF does, too", async () => {
    await using network = await openNetwork();
    for (const line of ["USR 2 SSO I alice@example.com", "USR 2 MD5 I alice@example.com", "INF 2"]) {
      const client = await RawClient.open(network.ports.ns);
      client.say("VER 1 MSNP11", line);
      await client.hears("VER 1 MSNP11");
      await client.isClosed();
    }
  });

  test("signing in twice on one connection is 205, and the session lives on", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.say("USR 9 TWN I alice@example.com");
    await alice.hears("205 9");
    await alice.hearsNothing();
  });

  test("commands before sign-in get silence, but a keepalive ends the connection", async () => {
    await using network = await openNetwork();
    const client = await RawClient.open(network.ports.ns);
    client.say("VER 1 MSNP11", "SYN 2 0 0", "CHG 3 NLN 0", "PNG");
    await client.hears("VER 1 MSNP11");
    await client.isClosed();
  });

  test("commands of other versions: an end, error 502, or silence, as on Escargot", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.say("REA 5 alice@example.com X", "LST 6 FL", "FND 7 fname=A", "ADL 8 11", "<ml></ml>x\r\n");
    await alice.hears("502 5");
    await alice.isClosed();
    const { client } = await enter18(network, "alice", ALICE_GUID);
    client.say("SYN 5 0 0", "GTC 6 A");
    await client.hears("502 5");
    await client.isClosed();
  });

  test("a stricter server answers unknown and short commands with 200", async () => {
    await using network = await openNetwork({ quirks: { unknownCommands: "error" } });
    const alice = await enter11(network, "alice");
    alice.say("LST 6 FL", "CHG 7 NLN");
    await alice.hears("200 6", "200 7");
  });

  test("the ticket for circles is checked", async () => {
    await using network = await openNetwork();
    const { client } = await enter18(network, "alice", ALICE_GUID);
    client.say("USR 9 SHA A bm9uc2Vuc2U=");
    await client.hears("911 9");
    await client.hearsNothing();
  });
});
