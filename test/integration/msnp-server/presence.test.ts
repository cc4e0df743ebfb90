import { describe, expect, test } from "vitest";
import {
  ALICE_GUID,
  BOB_GUID,
  EMPTY_UBX,
  enter11,
  friends,
  NO_OBJECT,
  OTHER_GUID,
  online11,
  online18,
  openNetwork,
} from "./scene.ts";

describe("Presence (msnp-core §6)", () => {
  test("all states go to the contact as they are, hidden as offline", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    for (const status of ["BSY", "IDL", "BRB", "AWY", "PHN", "LUN"]) {
      alice.say(`CHG 7 ${status} 0`);
      await alice.hears(`CHG 7 ${status} 0`);
      await bob.hears(`NLN ${status} alice@example.com Alice%20A 0 ${NO_OBJECT}`);
    }
    alice.say("CHG 8 HDN 0");
    await bob.hears("FLN alice@example.com");
    alice.say("CHG 9 NLN 0");
    await bob.hears(`NLN NLN alice@example.com Alice%20A 0 ${NO_OBJECT}`);
  });

  test("CHG FLN is 201, an unknown status the end, missing capabilities silence", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.say("CHG 5 FLN 0", "CHG 6 NLN", "CHG 7 NLN abc", "CHG 8 XXX 0");
    await alice.hears("201 5");
    await alice.isClosed();
  });

  test("a personal message is escaped as the version wants it, and can be taken back", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    alice.sayPayload("UUX 7", "<Data><PSM>a &lt; b &amp; c</PSM><CurrentMedia></CurrentMedia></Data>");
    const [ubx] = await bob.hears("UBX alice@example.com <length>");
    expect(ubx?.payload).toBe("<Data><PSM>a &lt; b &amp; c</PSM><CurrentMedia></CurrentMedia></Data>");
    alice.sayPayload("UUX 8", "<Data><PSM></PSM><CurrentMedia></CurrentMedia></Data>");
    await bob.hears(`UBX alice@example.com ${EMPTY_UBX}`);
  });

  test("broken XML and a payload of length 0 get no answer, an unknown root gets one", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.sayPayload("UUX 7", "<Data><PSM>");
    alice.sayPayload("UUX 8", "");
    alice.sayPayload("UUX 9", "<invalid/>");
    await alice.hears("UUX 9 0");
  });

  test("a new friendly name is told by a line with the same status", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    alice.say("PRP 7 MFN Ren%C3%A9%20%25");
    await alice.hears("PRP 7 MFN René%20%25");
    await bob.hears(`NLN NLN alice@example.com René%20%25 0 ${NO_OBJECT}`);
  });

  test("somebody who has not told a status yet gets no presence", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    const bob = await online11(network, "bob");
    await bob.hears("MSG Hotmail Hotmail <length>");
    await alice.hearsNothing();
  });

  test("a lost connection signs a person out", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    bob.close();
    await alice.hears("FLN bob@example.com");
    expect(network.account("bob@example.com").status).toBe("FLN");
  });

  test("people of MSNP11 and MSNP18 see each other, each in their own form", async () => {
    await using network = await openNetwork();
    const alice = await online11(network, "alice");
    await alice.hears("MSG Hotmail Hotmail <length>");
    const { client: bob } = await online18(network, "bob", BOB_GUID);
    await bob.hears(`NLN NLN 1:alice@example.com Alice%20A 0:0 ${NO_OBJECT}`, "UBX 1:alice@example.com <length>");
    await alice.hears(`NLN NLN bob@example.com Bob%20B 2788999228 ${NO_OBJECT}`);
  });

  test("where news are delayed, each change is told late, and with what is true by then", async () => {
    await using network = await openNetwork({ quirks: { presenceDelayMs: 50 } });
    const { alice, bob } = await friends(network);
    alice.say("CHG 7 BSY 0", "CHG 8 AWY 0");
    const away = `NLN AWY alice@example.com Alice%20A 0 ${NO_OBJECT}`;
    let { line } = await bob.next();
    // The news of alice's sign-in may have been on its way still.
    if (line.startsWith("NLN NLN")) line = (await bob.next()).line;
    expect(line).toBe(away);
    await bob.hears(away);
  });
});

describe("Blocking (msnp-core §5.1)", () => {
  test("the blocked contact sees one go offline, and come back when it is over", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    alice.say("REM 7 AL bob@example.com", "ADC 8 BL N=bob@example.com");
    await alice.hears("REM 7 AL bob@example.com", "ADC 8 BL N=bob@example.com");
    await bob.hears("FLN alice@example.com");
    alice.say("CHG 9 BSY 0");
    await alice.hears("CHG 9 BSY 0");
    await bob.hearsNothing();
    alice.say("REM 10 BL bob@example.com");
    await bob.hears(`NLN BSY alice@example.com Alice%20A 0 ${NO_OBJECT}`, "UBX alice@example.com <length>");
  });

  test("a blocked contact who signs in sees the other offline", async () => {
    await using network = await openNetwork();
    const alice = await online11(network, "alice");
    alice.say("REM 7 AL bob@example.com", "ADC 8 BL N=bob@example.com");
    await alice.hears("MSG Hotmail Hotmail <length>", "REM 7 AL bob@example.com", "ADC 8 BL N=bob@example.com");
    const bob = await online11(network, "bob");
    await bob.hears("MSG Hotmail Hotmail <length>");
    await alice.hears(`NLN NLN bob@example.com Bob%20B 0 ${NO_OBJECT}`);
  });
});

describe("Several places at once (msnp-core §6.7)", () => {
  test("another endpoint stays beside the first, and both are shown to their owner", async () => {
    await using network = await openNetwork();
    const { client: home } = await online18(network, "alice", ALICE_GUID);
    const own = "NLN NLN 1:alice@example.com Alice%20A 2788999228:48 %3Cmsnobj%2F%3E";
    await home.hears("MSG Hotmail Hotmail <length>", own, "UBX 1:alice@example.com <length>");
    const { client: work } = await online18(network, "alice", OTHER_GUID);
    const [, , ubx] = await work.hears("MSG Hotmail Hotmail <length>", own, "UBX 1:alice@example.com <length>");
    for (const guid of [ALICE_GUID, OTHER_GUID]) {
      expect(ubx?.payload).toContain(`<EndpointData id="{${guid}}">`);
      expect(ubx?.payload).toContain(`<PrivateEndpointData id="{${guid}}">`);
    }
    await home.hears(own, "UBX 1:alice@example.com <length>");
    work.say("OUT");
    const [, left] = await home.hears(own, "UBX 1:alice@example.com <length>");
    expect(left?.payload).not.toContain(OTHER_GUID);
    expect(network.account("alice@example.com").status).toBe("NLN");
  });

  test("the same endpoint again throws the first one out, and only that", async () => {
    await using network = await openNetwork();
    const { client: home } = await online18(network, "alice", ALICE_GUID);
    await online18(network, "alice", OTHER_GUID);
    await online18(network, "alice", ALICE_GUID.toUpperCase());
    let last = "";
    while (!last.startsWith("OUT")) last = (await home.next()).line;
    expect(last).toBe("OUT OTH");
    expect(network.account("alice@example.com").sessions.map(({ guid }) => guid)).toEqual([OTHER_GUID, ALICE_GUID]);
  });

  test("versions without endpoints allow one place only, whichever comes first", async () => {
    await using network = await openNetwork();
    const first = await enter11(network, "alice");
    const second = await enter11(network, "alice");
    await first.hears("OUT OTH");
    await first.isClosed();
    const { client: third } = await online18(network, "alice", ALICE_GUID);
    await second.hears("OUT OTH");
    await enter11(network, "alice");
    await third.ends();
    expect(network.account("alice@example.com").sessions).toHaveLength(1);
  });

  test("an endpoint can be told to go by a notification to its GUID", async () => {
    await using network = await openNetwork();
    const { client: home } = await online18(network, "alice", ALICE_GUID);
    const { client: work } = await online18(network, "alice", OTHER_GUID);
    work.sayPayload(`UUN 9 alice@example.com;{${ALICE_GUID}} 4`, "goawyplzthxbye");
    let received = await home.next();
    while (!received.line.startsWith("UBN")) received = await home.next();
    expect(received).toEqual({ line: `UBN alice@example.com;{${OTHER_GUID}} 4 14`, payload: "goawyplzthxbye" });
    let answer = (await work.next()).line;
    while (!answer.startsWith("UUN")) answer = (await work.next()).line;
    expect(answer).toBe("UUN 9 OK");
  });

  test("a notification to somebody who is not there is 217", async () => {
    await using network = await openNetwork();
    const { client: alice } = await online18(network, "alice", ALICE_GUID);
    await alice.hears(
      "MSG Hotmail Hotmail <length>",
      "NLN NLN 1:alice@example.com Alice%20A 2788999228:48 %3Cmsnobj%2F%3E",
      "UBX 1:alice@example.com <length>",
    );
    alice.sayPayload("UUN 9 bob@example.com 1", "<x/>");
    await alice.hears("217 9");
  });
});
