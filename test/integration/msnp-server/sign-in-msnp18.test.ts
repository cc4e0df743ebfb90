import { describe, expect, test } from "vitest";
import { RawClient } from "./raw-client.ts";
import { ALICE_GUID, BOB_GUID, enter18, openNetwork, securityTokens } from "./scene.ts";

const OBJECT = encodeURIComponent('<msnobj Creator="bob@example.com" Size="1" Type="3" Location="a" Friendly="AAA="/>');
const ADL = '<ml l="1"><d n="example.com"><c n="bob" l="3" t="1" /></d></ml>';

describe("MSNP18 sign-in, as recorded from Escargot (msnp-core §8.7)", () => {
  test("alice's client says its lines and hears those of the transcript", async () => {
    await using network = await openNetwork();
    const { client: bob } = await enter18(network, "bob", BOB_GUID);
    bob.say(`CHG 5 BSY 2789003324:48 ${OBJECT}`);
    await bob.hears(`CHG 5 BSY 2789003324:48 ${OBJECT}`, "MSG Hotmail Hotmail <length>");
    bob.sayPayload(
      "UUX 6",
      "<Data><PSM>Out &amp; about</PSM><CurrentMedia>\\0Music\\01\\0{0} - {1}\\0Song\\0Artist\\0Album\\0\\0</CurrentMedia></Data>",
    );

    const { client: alice } = await enter18(network, "alice", ALICE_GUID);
    alice.say("BLP 5 AL");
    await alice.hears("BLP 5 AL");
    alice.sayPayload("ADL 6", ADL);
    await alice.hears("ADL 6 OK");
    alice.say("PRP 7 MFN Alice%20A");
    await alice.hears("PRP 7 MFN Alice%20A");
    alice.sayPayload("UUX 8", "<EndpointData><Capabilities>2788999228:48</Capabilities></EndpointData>");
    await alice.hears("UUX 8 0");
    alice.sayPayload(
      "UUX 9",
      "<PrivateEndpointData><EpName>LAPTOP</EpName><Idle>false</Idle><ClientType>1</ClientType><State>NLN</State></PrivateEndpointData>",
    );
    await alice.hears("UUX 9 0");
    alice.say("CHG 10 NLN 2788999228:48 0");
    const [, , ubx] = await alice.hears(
      "CHG 10 NLN 2788999228:48 0",
      `NLN BSY 1:bob@example.com Bob%20B 2789003324:48 ${OBJECT}`,
      "UBX 1:bob@example.com 356",
      "MSG Hotmail Hotmail 195",
    );
    expect(ubx?.payload).toBe(
      "<Data><PSM>Out &#x26; about</PSM><CurrentMedia>&#x5C;0Music&#x5C;01&#x5C;0{0} - {1}&#x5C;0Song&#x5C;0Artist&#x5C;0Album&#x5C;0&#x5C;0</CurrentMedia><DDP></DDP><SignatureSound></SignatureSound><Scene></Scene><ColorScheme></ColorScheme>" +
        `<EndpointData id="{${BOB_GUID}}"><Capabilities>2789003324:48</Capabilities></EndpointData></Data>`,
    );
    const own = "NLN NLN 1:alice@example.com Alice%20A 2788999228:48 0";
    await alice.hears(own, "UBX 1:alice@example.com <length>");
    alice.sayPayload("UUX 11", "<Data><PSM>hi</PSM><CurrentMedia></CurrentMedia></Data>");
    const [, , self] = await alice.hears("UUX 11 0", own, "UBX 1:alice@example.com <length>");
    expect(self?.payload).toContain("<PSM>hi</PSM>");
    expect(self?.payload).toContain(
      `<EndpointData id="{${ALICE_GUID}}"><Capabilities>2788999228:48</Capabilities></EndpointData>` +
        `<PrivateEndpointData id="{${ALICE_GUID}}"><EpName>LAPTOP</EpName><ClientType>1</ClientType><State>NLN</State></PrivateEndpointData></Data>`,
    );
    alice.say("PNG");
    await alice.hears("QNG 60");
    alice.say("XFR 12 SB");
    await alice.hears("XFR 12 SB <address> CKI <cookie> U messenger.msn.com 1");

    bob.say("CHG 7 AWY 0:0");
    await alice.hears("NLN AWY 1:bob@example.com Bob%20B 0:0 %3Cmsnobj%2F%3E", "UBX 1:bob@example.com <length>");
    bob.say("OUT");
    await alice.hears("FLN 1:bob@example.com 0:0");
    alice.say("OUT");
    await alice.isClosed();
  });

  test("MSNP16 names people with address and network apart, and has no looks in UBX", async () => {
    await using network = await openNetwork();
    const { client: bob } = await enter18(network, "bob", BOB_GUID, "MSNP16");
    bob.say("CHG 5 BSY 2789003324:48");
    await bob.hears("CHG 5 BSY 2789003324:48", "MSG Hotmail Hotmail <length>");
    const { client: alice } = await enter18(network, "alice", ALICE_GUID, "MSNP16");
    alice.say("CHG 10 NLN 0:0");
    const [, , ubx] = await alice.hears(
      "CHG 10 NLN 0:0",
      "ILN 10 BSY bob@example.com 1 Bob%20B 2789003324:48 %3Cmsnobj%2F%3E",
      "UBX bob@example.com 1 <length>",
    );
    expect(ubx?.payload).toContain("</CurrentMedia><SignatureSound></SignatureSound><EndpointData");
    bob.say("OUT");
    await alice.hears(
      "MSG Hotmail Hotmail <length>",
      "NLN NLN alice@example.com 1 Alice%20A 0:0 %3Cmsnobj%2F%3E",
      "UBX alice@example.com 1 <length>",
      "FLN bob@example.com 1 0:0",
    );
  });

  test("where lists are awaited, presence comes after the initial ADL and not before", async () => {
    await using network = await openNetwork({ quirks: { presenceAwaitsLists: true } });
    const { client: bob } = await enter18(network, "bob", BOB_GUID);
    bob.sayPayload("ADL 4", '<ml l="1"></ml>');
    bob.say("CHG 5 NLN 0:0");
    await bob.hears("ADL 4 OK", "CHG 5 NLN 0:0", "MSG Hotmail Hotmail <length>");
    const { client: alice } = await enter18(network, "alice", ALICE_GUID);
    alice.say("CHG 5 NLN 0:0");
    await alice.hears("CHG 5 NLN 0:0");
    await alice.hearsNothing();
    alice.sayPayload("ADL 6", ADL);
    await alice.hears("ADL 6 OK", "NLN NLN 1:bob@example.com Bob%20B 0:0 %3Cmsnobj%2F%3E");
  });

  test("MSNP15 signs in without a proof, as patched clients do, but not with a wrong one", async () => {
    await using network = await openNetwork();

    const token = (await securityTokens(network, "alice@example.com")).get("messengerclear.live.com");
    for (const [proof, answer] of [
      ["", "USR 4 OK alice@example.com 1 0"],
      [" AAAA", "911 4"],
    ] as const) {
      const alice = await RawClient.open(network.ports.ns, "alice");
      alice.say("VER 1 MSNP15", "USR 3 SSO I alice@example.com");
      await alice.hears("VER 1 MSNP15", "GCF 0 <length>", "USR 3 SSO S MBI_KEY_OLD <nonce>");
      alice.say(`USR 4 SSO S ${token?.ticket}${proof}`);
      await alice.hears(answer);
      alice.close();
    }
  });
});
