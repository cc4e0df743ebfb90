import { describe, expect, test } from "vitest";
import type { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { RawClient, type Received } from "./raw-client.ts";
import {
  ALICE_GUID,
  BOB_GUID,
  enter18,
  NO_OBJECT,
  online11,
  online18,
  openNetwork,
  securityTokens,
  untilLine,
} from "./scene.ts";

const HOME = ALICE_GUID;
const WORK = BOB_GUID;
const PRIVATE =
  "<PrivateEndpointData><EpName>LAPTOP</EpName><Idle>false</Idle><ClientType>1</ClientType><State>NLN</State></PrivateEndpointData>";

/** Everything a client hears until the answer to a keepalive. */
async function heard(client: RawClient): Promise<Received[]> {
  client.say("PNG");
  const lines: Received[] = [];
  for (;;) {
    const received = await client.next();
    if (received.line.startsWith("QNG")) return lines;
    lines.push(received);
  }
}

async function line(client: RawClient, start: string): Promise<Received> {
  for (;;) {
    const received = await client.next();
    if (received.line.startsWith(start)) return received;
  }
}

/** alice at home and at work, both online, everything read. */
async function twoEndpoints(network: MsnNetwork): Promise<{ home: RawClient; work: RawClient }> {
  const home = (await online18(network, "alice", HOME)).client;
  await untilLine(home, "UBX 1:alice@example.com");
  const work = (await online18(network, "alice", WORK)).client;
  await untilLine(work, "UBX 1:alice@example.com");
  await untilLine(home, "UBX 1:alice@example.com");
  await heard(home);
  await heard(work);
  return { home, work };
}

describe("Endpoint data (msnp-core §6.5, §6.7)", () => {
  for (const [dialect, address, looks] of [
    ["MSNP16", "alice@example.com 1", "<SignatureSound></SignatureSound>"],
    [
      "MSNP18",
      "1:alice@example.com",
      "<DDP></DDP><SignatureSound></SignatureSound><Scene></Scene><ColorScheme></ColorScheme>",
    ],
  ] as const) {
    test(`${dialect}: the own UBX lists all endpoints, and of each what only oneself may know`, async () => {
      await using network = await openNetwork();
      const home = (await online18(network, "alice", HOME)).client;
      home.sayPayload("UUX 7", PRIVATE);
      await line(home, "UUX 7 0");
      const { client: work } = await enter18(network, "alice", WORK, dialect);
      work.say("CHG 5 NLN 2788999228:48");
      await line(work, `NLN NLN ${address} Alice%20A`);
      const { payload } = await line(work, `UBX ${address}`);
      expect(payload).toBe(
        `<Data><PSM></PSM><CurrentMedia></CurrentMedia>${looks}` +
          `<EndpointData id="{${HOME}}"><Capabilities>2788999228:48</Capabilities></EndpointData>` +
          `<EndpointData id="{${WORK}}"><Capabilities>2788999228:48</Capabilities></EndpointData>` +
          `<PrivateEndpointData id="{${HOME}}"><EpName>LAPTOP</EpName><ClientType>1</ClientType><State>NLN</State></PrivateEndpointData>` +
          `<PrivateEndpointData id="{${WORK}}"></PrivateEndpointData></Data>`,
      );
    });
  }

  test("others see the endpoints, but nothing private", async () => {
    await using network = await openNetwork();
    const { home } = await twoEndpoints(network);
    const bob = (await online18(network, "bob", BOB_GUID)).client;
    await heard(bob);
    home.sayPayload("UUX 7", PRIVATE);
    const { payload } = await line(bob, "UBX 1:alice@example.com");
    expect(payload?.match(/<EndpointData id=/g)).toHaveLength(2);
    expect(payload).not.toContain("PrivateEndpointData");
    expect(payload).not.toContain("LAPTOP");
  });

  test("what one endpoint says of itself reaches the other, idle only while it is", async () => {
    await using network = await openNetwork();
    const { home, work } = await twoEndpoints(network);
    work.sayPayload("UUX 7", PRIVATE.replace("<Idle>false", "<Idle>true").replace("NLN", "IDL"));
    const idle = await line(home, "UBX 1:alice@example.com");
    expect(idle.payload).toContain(
      `<PrivateEndpointData id="{${WORK}}"><EpName>LAPTOP</EpName><Idle>true</Idle><ClientType>1</ClientType><State>IDL</State></PrivateEndpointData>`,
    );
    work.sayPayload("UUX 8", "<PrivateEndpointData><Idle>false</Idle></PrivateEndpointData>");
    const back = await line(home, "UBX 1:alice@example.com");
    expect(back.payload).not.toContain("<Idle>");
    expect(back.payload).toContain("<EpName>LAPTOP</EpName>");
  });

  test("capabilities: those of CHG count, and those inside of Data; as a root of their own only on other servers", async () => {
    const asRoot = "<EndpointData><Capabilities>2789003324:48</Capabilities></EndpointData>";
    for (const [payload, keepsEndpointData, told] of [
      [asRoot, false, "2788999228:48"],
      [`<Data><PSM></PSM>${asRoot}</Data>`, false, "2789003324:48"],
      [asRoot, true, "2789003324:48"],
    ] as const) {
      await using network = await openNetwork({ quirks: { keepsEndpointData } });
      const { client } = await online18(network, "alice", HOME);
      const bob = (await online18(network, "bob", WORK)).client;
      client.sayPayload("UUX 7", payload);
      await line(client, "UUX 7 0");
      await heard(bob);
      client.sayPayload("UUX 8", "<Data><PSM>x</PSM></Data>");
      const ubx = await line(bob, "UBX 1:alice@example.com");
      expect(ubx.payload).toContain(`<EndpointData id="{${HOME}}"><Capabilities>${told}</Capabilities></EndpointData>`);
    }
  });

  test("an endpoint that leaves is gone from the list of the others", async () => {
    await using network = await openNetwork();
    const { home, work } = await twoEndpoints(network);
    work.say("OUT");
    await work.ends();
    const { payload } = await line(home, "UBX 1:alice@example.com");
    expect(payload).toContain(HOME);
    expect(payload).not.toContain(WORK);
  });

  test("status is shared: one endpoint changes it, the other hears it of itself", async () => {
    await using network = await openNetwork();
    const { home, work } = await twoEndpoints(network);
    work.say("CHG 9 BSY 2788999228:48");
    const { line: told } = await line(home, "NLN");
    expect(told).toBe(`NLN BSY 1:alice@example.com Alice%20A 2788999228:48 ${NO_OBJECT}`);
  });
});

describe("Notifications between endpoints (msnp-core §6.7, §7.9)", () => {
  for (const [type, data, what] of [
    ["4", "goawyplzthxbye", "sign out"],
    ["5", "12345;127.0.0.1:1864", "a chat was closed"],
    ["6", '<State><Service type="Contacts" /></State>', "read the lists again"],
  ] as const) {
    test(`type ${type} (${what}) reaches the endpoint it names, from the endpoint that sent it`, async () => {
      await using network = await openNetwork();
      const { home, work } = await twoEndpoints(network);
      work.sayPayload(`UUN 20 alice@example.com;{${HOME.toUpperCase()}} ${type}`, data);
      await work.hears("UUN 20 OK");
      expect(await home.next()).toEqual({
        line: `UBN alice@example.com;{${WORK}} ${type} ${data.length}`,
        payload: data,
      });
      await work.hearsNothing();
    });
  }

  test("an endpoint that was signed out leaves by itself, and the other hears it", async () => {
    await using network = await openNetwork();
    const { home, work } = await twoEndpoints(network);
    work.sayPayload(`UUN 20 alice@example.com;{${HOME}} 4`, "goawyplzthxbye");
    await home.hears(`UBN alice@example.com;{${WORK}} 4 14`);
    home.say("OUT");
    await home.isClosed();
    const { payload } = await line(work, "UBX 1:alice@example.com");
    expect(payload).not.toContain(HOME);
    expect(network.account("alice@example.com").sessions).toEqual([{ dialect: "MSNP18", guid: WORK }]);
  });

  test("type 8 without a name reaches all endpoints, the sender's too, and names none", async () => {
    await using network = await openNetwork();
    const { home, work } = await twoEndpoints(network);
    work.sayPayload("UUN 20 alice@example.com 8", "gtfo");
    await work.hears("UBN alice@example.com 8 4", "UUN 20 OK");
    expect(await home.next()).toEqual({ line: "UBN alice@example.com 8 4", payload: "gtfo" });
  });

  test("an endpoint that is not there: OK, and nobody hears", async () => {
    await using network = await openNetwork();
    const { home, work } = await twoEndpoints(network);
    work.sayPayload("UUN 20 alice@example.com;{00000000-0000-4000-8000-000000000000} 4", "goawyplzthxbye");
    await work.hears("UUN 20 OK");
    await home.hearsNothing();
  });

  test("MSNP14, which has no endpoints, takes what names one, from a sender who is not named", async () => {
    await using network = await openNetwork();
    const { client: alice } = await online18(network, "alice", HOME);
    await heard(alice);
    const ticket = (await securityTokens(network, "bob@example.com")).get("contacts.msn.com")?.ticket;
    const bob = await RawClient.open(network.ports.ns, "bob");
    bob.say("VER 1 MSNP14", "USR 2 TWN I bob@example.com");
    await line(bob, "USR 2 TWN S");
    bob.say(`USR 3 TWN S ${ticket}`, "CHG 5 NLN 0");
    await line(bob, "CHG 5");
    await heard(bob);
    alice.sayPayload(`UUN 20 bob@example.com;{${WORK}} 3`, "data");
    await line(alice, "UUN 20 OK");
    await bob.hears("UBN alice@example.com 3 4");
  });

  test("MSNP11 gets no notifications, though the sender is told OK", async () => {
    await using network = await openNetwork();
    const bob = await online11(network, "bob");
    await heard(bob);
    const { client } = await online18(network, "alice", HOME);
    await heard(client);
    client.sayPayload("UUN 20 bob@example.com 1", "<SNM/>");
    await client.hears("UUN 20 OK");
    expect((await heard(bob)).filter(({ line: told }) => told.startsWith("UBN"))).toEqual([]);
  });

  test("somebody offline or blocking is 217, somebody unknown and a type that is no number silence", async () => {
    await using network = await openNetwork();
    const { client } = await online18(network, "alice", HOME);
    await heard(client);
    client.sayPayload("UUN 20 bob@example.com 1", "<SNM/>");
    client.sayPayload("UUN 21 ghost@example.com 1", "<SNM/>");
    client.sayPayload("UUN 22 alice@example.com x", "<SNM/>");
    await client.hears("217 20");
    await client.hearsNothing();
  });

  test("while hidden, one's own endpoints are out of reach on Escargot, but not elsewhere", async () => {
    for (const reachesOwnEndpoints of [false, true]) {
      await using network = await openNetwork({ quirks: { reachesOwnEndpoints } });
      const { home, work } = await twoEndpoints(network);
      work.say("CHG 19 HDN 2788999228:48");
      await line(work, "CHG 19");
      work.sayPayload(`UUN 20 alice@example.com;{${HOME}} 4`, "goawyplzthxbye");
      await untilLine(work, reachesOwnEndpoints ? "UUN 20 OK" : "217 20");
      if (reachesOwnEndpoints) await untilLine(home, `UBN alice@example.com;{${WORK}} 4`);
    }
  });
});
