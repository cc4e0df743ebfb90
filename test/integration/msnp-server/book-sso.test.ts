import { describe, test } from "vitest";
import type { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { enter, guidOf, play, tokensOf } from "./book.ts";
import { RawClient } from "./raw-client.ts";
import { openNetwork, untilLine } from "./scene.ts";

const OBJECT =
  "%3Cmsnobj%20Creator%3D%22bob%40example.com%22%20Size%3D%2222731%22%20Type%3D%223%22%20Location%3D%22TFRDDF.dat%22%2F%3E";
const SONG = "\\0Music\\01\\0{0} - {1}\\0Song\\0Artist\\0Album\\0\\0";
const ESCAPED_SONG = "&#x5C;0Music&#x5C;01&#x5C;0{0} - {1}&#x5C;0Song&#x5C;0Artist&#x5C;0Album&#x5C;0&#x5C;0";
const ALICE = "0a0a0a0a-0000-4000-8000-00000000000a";
const CAPABILITIES = "<EndpointData><Capabilities>2788999228:48</Capabilities></EndpointData>";
const PLACE =
  "<PrivateEndpointData><EpName>LAPTOP</EpName><Idle>false</Idle><ClientType>1</ClientType><State>NLN</State></PrivateEndpointData>";

async function busyBob(network: MsnNetwork, dialect: string, capabilities: string): Promise<RawClient> {
  const bob = await enter(network, "bob", dialect);
  await play(
    bob,
    `
>>> CHG 5 BSY ${capabilities} ${OBJECT}
<<< CHG 5 BSY ${capabilities} ${OBJECT}
<<< MSG Hotmail Hotmail 195`,
  );
  bob.sayPayload("UUX 6", `<Data><PSM>Out &amp; about</PSM><CurrentMedia>${SONG}</CurrentMedia></Data>`);
  await untilLine(bob, "UUX 6 0");
  return bob;
}

/** The lines between the profile and CHG, of a client whose lists came by web service. */
const LISTS = `
>>> BLP 5 AL
<<< BLP 5 AL
>>> ADL 6 63
    <ml l="1"><d n="example.com"><c n="bob" l="3" t="1" /></d></ml>
<<< ADL 6 OK
>>> PRP 7 MFN Alice%20A
<<< PRP 7 MFN Alice%20A`;

describe("Transcripts of the book: signing in with a ticket and a proof (msnp-core §8.6, §8.7)", () => {
  test("MSNP15, from VER to OUT", async () => {
    await using network = await openNetwork();
    const bob = await busyBob(network, "MSNP15", "1073791084");
    const alice = await RawClient.open(network.ports.ns, "alice");
    await play(
      alice,
      `
>>> VER 1 MSNP15 CVR0
<<< VER 1 MSNP15
>>> CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 msmsgs alice@example.com
<<< CVR 2 8.5.1302 8.5.1302 8.5.1302 <url> <url>
>>> USR 3 SSO I alice@example.com
<<< GCF 0 <length>
<<< USR 3 SSO S MBI_KEY_OLD <nonce>
>>> USR 4 SSO S [[ticket]] [[proof]]
<<< USR 4 OK alice@example.com 1 0
<<< SBS 0 null
<<< MSG Hotmail Hotmail <length>
${LISTS}
>>> CHG 10 NLN 0
<<< CHG 10 NLN 0
<<< ILN 10 BSY bob@example.com 1 Bob%20B 1073791084 ${OBJECT}
<<< UBX bob@example.com 1 115
    <Data><PSM>Out &#x26; about</PSM><CurrentMedia>${SONG}</CurrentMedia></Data>
<<< MSG Hotmail Hotmail 195
>>> UUX 11 55
    <Data><PSM>hi</PSM><CurrentMedia></CurrentMedia></Data>
<<< UUX 11 0
>>> PNG
<<< QNG 60
>>> XFR 12 SB
<<< XFR 12 SB <address> CKI <cookie> U messenger.msn.com 1`,
      await tokensOf(network, "alice"),
    );
    bob.say("CHG 7 AWY 0");
    await play(alice, "<<< NLN AWY bob@example.com 1 Bob%20B 0 %3Cmsnobj%2F%3E");
    bob.say("OUT");
    await play(alice, "<<< FLN bob@example.com 1 0");
    alice.say("OUT");
    await alice.isClosed();
  });

  for (const { dialect, self, initial, named, offline, looks, ubx, own, away } of [
    {
      dialect: "MSNP16",
      self: "alice@example.com 1",
      initial: "ILN 10 BSY bob@example.com 1",
      named: "bob@example.com 1",
      offline: "bob@example.com 1",
      looks: "<SignatureSound></SignatureSound>",
      ubx: 303,
      own: 357,
      away: 293,
    },
    {
      dialect: "MSNP18",
      self: "1:alice@example.com",
      initial: "NLN BSY 1:bob@example.com",
      named: "1:bob@example.com",
      offline: "1:bob@example.com",
      looks: "<DDP></DDP><SignatureSound></SignatureSound><Scene></Scene><ColorScheme></ColorScheme>",
      ubx: 356,
      own: 410,
      away: 346,
    },
  ]) {
    test(`${dialect}, from VER to OUT`, async () => {
      await using network = await openNetwork();
      const bob = await busyBob(network, dialect, "2789003324:48");
      const alice = await RawClient.open(network.ports.ns, "alice");
      const place = (caps: string, guid: string): string =>
        `<EndpointData id="{${guid}}"><Capabilities>${caps}</Capabilities></EndpointData>`;
      const ownPresence = (psm: string, length: number): string => `
<<< NLN NLN ${self} Alice%20A 2788999228:48 0
<<< UBX ${self} ${length}
    <Data><PSM>${psm}</PSM><CurrentMedia></CurrentMedia>${looks}${place("2788999228:48", ALICE)}<PrivateEndpointData id="{${ALICE}}"><EpName>LAPTOP</EpName><ClientType>1</ClientType><State>NLN</State></PrivateEndpointData></Data>`;
      await play(
        alice,
        `
>>> VER 1 ${dialect} CVR0
<<< VER 1 ${dialect}
>>> CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 14.0.8089.0726 msmsgs alice@example.com
<<< CVR 2 14.0.8089.0726 14.0.8089.0726 14.0.8089.0726 <url> <url>
>>> USR 3 SSO I alice@example.com
<<< GCF 0 <length>
<<< USR 3 SSO S MBI_KEY_OLD <nonce>
>>> USR 4 SSO S [[ticket]] [[proof]] {${ALICE.toUpperCase()}}
<<< USR 4 OK alice@example.com 1 0
<<< SBS 0 null
<<< MSG Hotmail Hotmail <length>
<<< UBX ${self} 0
${LISTS}
>>> UUX 8 ${CAPABILITIES.length}
    ${CAPABILITIES}
<<< UUX 8 0
>>> UUX 9 ${PLACE.length}
    ${PLACE}
<<< UUX 9 0
>>> CHG 10 NLN 2788999228:48 0
<<< CHG 10 NLN 2788999228:48 0
<<< ${initial} Bob%20B 2789003324:48 ${OBJECT}
<<< UBX ${named} ${ubx}
    <Data><PSM>Out &#x26; about</PSM><CurrentMedia>${ESCAPED_SONG}</CurrentMedia>${looks}${place("2789003324:48", guidOf("bob"))}</Data>
<<< MSG Hotmail Hotmail 195
${ownPresence("", own - 2)}
>>> UUX 11 55
    <Data><PSM>hi</PSM><CurrentMedia></CurrentMedia></Data>
<<< UUX 11 0
${ownPresence("hi", own)}
>>> PNG
<<< QNG 60
>>> XFR 12 SB
<<< XFR 12 SB <address> CKI <cookie> U messenger.msn.com 1`,
        await tokensOf(network, "alice"),
      );
      bob.say("CHG 7 AWY 0:0");
      await play(alice, `<<< NLN AWY ${named} Bob%20B 0:0 %3Cmsnobj%2F%3E\n<<< UBX ${named} ${away}`);
      bob.say("OUT");
      await play(alice, `<<< FLN ${offline} 0:0`);
      alice.say("OUT");
      await alice.isClosed();
    });
  }
});
