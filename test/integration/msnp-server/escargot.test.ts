import { describe, expect, test } from "vitest";
import { find, findAll, textAt } from "../../../src/msnp/soap/xml.ts";
import { RawClient } from "./raw-client.ts";
import {
  ALICE_GUID,
  answerRing,
  BOB_GUID,
  callService,
  enter11,
  enter18,
  friends,
  HELLO,
  NO_OBJECT,
  online11,
  online18,
  openBoard,
  openNetwork,
  untilLine,
} from "./scene.ts";

const DAVE = "44444444-4444-4444-8444-444444444444";
const UBX = "UBX alice@example.com <length>";

/** The line of alice as bob's MSNP11 client gets it. */
function line(status: string, name = "Alice%20A"): string {
  return `NLN ${status} alice@example.com ${name} 0 ${NO_OBJECT}`;
}

function psm(text: string): string {
  return `<Data><PSM>${text}</PSM><CurrentMedia></CurrentMedia></Data>`;
}

describe("News of presence, as a live Escargot tells them (msnp-core §9)", () => {
  test("they come up to 200 ms later, so that the first UBX of MSNP18 has the message said after CHG", async () => {
    await using network = await openNetwork({ quirks: { presenceDelayMs: 200 } });
    const { client: bob } = await online18(network, "bob", BOB_GUID);
    const { client: alice } = await enter18(network, "alice", ALICE_GUID);
    alice.say("CHG 5 NLN 2788999228:48");
    alice.sayPayload("UUX 6", psm("here I am"));
    await untilLine(bob, "NLN NLN 1:alice@example.com");
    const ubx = await bob.next();
    expect(ubx.line).toMatch(/^UBX 1:alice@example.com /);
    expect(ubx.payload).toContain("<PSM>here I am</PSM>");
  });

  test("a message outlasts the sign-out", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    alice.sayPayload("UUX 7", psm("still here"));
    await bob.hears(UBX);
    alice.close();
    await bob.hears("FLN alice@example.com");
    await online11(network, "alice");
    await bob.hears(line("NLN"));
    bob.close();
    const again = await online11(network, "bob");
    const [, ubx] = await again.hears(`ILN 5 NLN alice@example.com Alice%20A 0 ${NO_OBJECT}`, UBX);
    expect(ubx?.payload).toBe(psm("still here"));
  });

  test("a new object without a new status is told with the next status only", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    alice.say("CHG 7 NLN 32 %3Cmsnobj%20a%3D%221%22%2F%3E");
    await alice.hears("CHG 7 NLN 32 %3Cmsnobj%20a%3D%221%22%2F%3E");
    await bob.hearsNothing();
    alice.say("CHG 8 BSY 32 %3Cmsnobj%20a%3D%221%22%2F%3E");
    await bob.hears("NLN BSY alice@example.com Alice%20A 32 %3Cmsnobj%20a%3D%221%22%2F%3E");
  });

  test("who is hidden gives it away by a new name, a new message and a change of lists", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    alice.say("CHG 7 HDN 0");
    await bob.hears("FLN alice@example.com");
    alice.say("PRP 8 MFN Al");
    await bob.hears(line("HDN", "Al"));
    alice.sayPayload("UUX 9", psm("psst"));
    await bob.hears(UBX);
    alice.say("ADC 10 AL N=bob@example.com");
    await bob.hears(line("HDN", "Al"), UBX);
    alice.close();
    await bob.hears("FLN alice@example.com");
  });

  test("signing in hidden is told as going offline", async () => {
    await using network = await openNetwork();
    const bob = await online11(network, "bob");
    await bob.hears("MSG Hotmail Hotmail <length>");
    await online11(network, "alice", "HDN");
    await bob.hears("FLN alice@example.com");
  });
});

describe("Lists, as a live Escargot changes them", () => {
  test("being put on AL or BL is told, whether it changes anything or not", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    bob.say("SYN 6 0 0");
    for (let i = 0; i < 5; i++) await bob.next();
    alice.say("PRP 7 PHH 123");
    await bob.hears("BPR alice@example.com PHH 123");
    alice.say("ADC 8 AL N=bob@example.com");
    await bob.hears("BPR alice@example.com PHH 123", line("NLN"), UBX);
    alice.say("ADC 9 BL N=bob@example.com");
    await bob.hears("BPR alice@example.com PHH", "FLN alice@example.com");
    alice.say("ADC 10 BL N=bob@example.com", "REM 11 BL bob@example.com");
    await bob.hears("BPR alice@example.com PHH", "FLN alice@example.com");
    await bob.hears("BPR alice@example.com PHH 123", line("NLN"), UBX);
  });

  test("whoever loses sight of one by AL and BLP is not told; the others are told anew", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    alice.say("BLP 7 BL", "BLP 8 BL");
    await alice.hears("BLP 7 BL", "218 8");
    await bob.hears(line("NLN"));
    alice.say("REM 9 AL bob@example.com", "CHG 10 BSY 0");
    await alice.hears("REM 9 AL bob@example.com", "CHG 10 BSY 0");
    await bob.hearsNothing();
    alice.say("BLP 11 AL");
    await bob.hears(line("BSY"));
  });

  test("a stranger who is added stays without phones and presence until they change something", async () => {
    await using network = await openNetwork();
    network.addAccount({ email: "erin@example.com", password: "x", displayName: "Erin", id: DAVE });
    const dave = await online11(network, "dave");
    await dave.hears("MSG Hotmail Hotmail <length>");
    const alice = await online11(network, "alice");
    await alice.hears("MSG Hotmail Hotmail <length>");
    alice.say("SYN 6 0 0");
    for (let i = 0; i < 7; i++) await alice.next();
    alice.say("ADC 7 FL N=dave@example.com F=Davy", "ADC 8 FL N=erin@example.com F=Rin", "ADC 9 FL N=erin@example.com");
    const [added] = await alice.hears("ADC 7 FL N=dave@example.com F=Dave C=<id>");
    expect(added?.line).not.toContain("Davy");
    // Of people who are away there is only what the client calls them.
    await alice.hears(`ADC 8 FL N=erin@example.com F=Rin C=${DAVE}`, `ADC 9 FL N=erin@example.com F=Rin C=${DAVE}`);
    await dave.hears("ADC 0 RL N=alice@example.com F=Alice%20A", "NOT <length>");
    dave.say("CHG 6 BSY 0");
    await alice.hears(`NLN BSY dave@example.com Dave 0 ${NO_OBJECT}`);
  });

  test("a contact id that nobody has is 208, a name that nobody has 205, a long own name none", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.say(
      `REM 5 FL ${DAVE}`,
      "REM 6 AL nobody@example.com",
      `PRP 7 MFN ${"x".repeat(388)}`,
      "RMG 8 Work%20Friends",
    );
    await alice.hears("208 5", "205 6", `PRP 7 MFN ${"x".repeat(388)}`, "224 8");
  });
});

describe("People without a name", () => {
  test("their name is left out of lines, and is None in the address book", async () => {
    await using network = await openNetwork();
    const { client: bob, ticket } = await online18(network, "bob", BOB_GUID);
    const alice = await online11(network, "alice");
    await alice.hears(`ILN 5 NLN bob@example.com Bob%20B 2788999228 ${NO_OBJECT}`, "UBX bob@example.com <length>");
    await untilLine(bob, "UBX 1:alice@example.com");
    alice.say("PRP 6 MFN");
    await alice.hears("MSG Hotmail Hotmail <length>", "PRP 6 MFN");
    await bob.hears(`NLN NLN 1:alice@example.com 0:0 ${NO_OBJECT}`);
    const board = await openBoard(network, alice, "alice@example.com", "alice@example.com");
    board.say("CAL 2 bob@example.com");
    const ring = await untilLine(bob, "RNG");
    expect(ring).toMatch(/ alice@example\.com U messenger\.hotmail\.com 1$/);
    const [, id, , , cookie] = ring.split(" ");
    const his = await RawClient.open(network.ports.sb, "bob on the board");
    his.say(`ANS 1 bob@example.com;{${BOB_GUID}} ${cookie} ${id}`);
    await his.hears("IRO 1 1 1 alice@example.com 0:0", "ANS 1 OK");
    await his.hears("JOI bob@example.com Bob%20B 2788999228:48");
    board.sayPayload("MSG 3 N", HELLO);
    await his.hears(`MSG alice@example.com ${HELLO.length}`);
    const { root } = await callService(network.services.addressBookUrl, ticket, "ABFindAll");
    const book = root === undefined ? undefined : find(root, "ABFindAllResult");
    const names = findAll(book, "contactInfo").map((info) => textAt(info, "displayName"));
    expect(names).toEqual(["None", "Bob B"]);
    his.close();
    board.close();
    bob.say("CHG 7 BSY 2788999228:48");
    alice.say("SYN 8 0 0");
    await untilLine(alice, "SYN 8");
    await alice.hears("GTC A", "BLP AL", "PRP MFN");
  });

  test("whoever is called by them gets no name to join", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    alice.say("PRP 6 MFN");
    await bob.hears(`NLN NLN alice@example.com 0 ${NO_OBJECT}`);
    const board = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    board.say("CAL 2 alice@example.com");
    await answerRing(network, alice, "alice@example.com");
    await board.hears("CAL 2 RINGING <id>", "JOI alice@example.com");
  });
});

describe("Addresses with capitals", () => {
  test("are told as they were registered, found in any case, and must be given as registered", async () => {
    await using network = await openNetwork();
    network.addAccount({ email: "Erin@Example.Com", password: "x", displayName: "Erin", id: DAVE });
    const alice = await online11(network, "alice");
    alice.say("ADC 6 FL N=erin@example.com");
    await alice.hears("MSG Hotmail Hotmail <length>", `ADC 6 FL N=Erin@Example.Com F=Erin C=${DAVE}`);
    expect(network.account("ERIN@example.com").email).toBe("Erin@Example.Com");
    const cookie = async (): Promise<string> => {
      alice.say("XFR 90 SB");
      return (await untilLine(alice, "XFR 90 SB")).split(" ")[5] ?? "";
    };
    const board = await RawClient.open(network.ports.sb);
    board.say(`USR 1 Alice@example.com ${await cookie()}`);
    await board.hears("911 1");
    await board.isClosed();
  });
});

describe("Lines with more than they should have", () => {
  test("PNG and OUT with a transaction id are commands that nobody knows", async () => {
    await using network = await openNetwork();
    const { alice } = await friends(network);
    alice.say("PNG 7", "OUT 8");
    await alice.hearsNothing();
    const board = await openBoard(network, alice, "alice@example.com", "Alice%20A");
    board.say("OUT 2");
    board.sayPayload("MSG 3 A", HELLO);
    await board.hears("ACK 3");
  });

  test("a machine GUID that is none is passed on, but does not break the XML", async () => {
    await using network = await openNetwork();
    const { client: bob } = await online18(network, "bob", BOB_GUID);
    const { client: alice } = await online18(network, "alice", ALICE_GUID);
    alice.sayPayload("UUX 6", "<Data><MachineGuid>{12}&lt;</MachineGuid></Data>");
    let received = await bob.next();
    while (!received.payload?.includes("MachineGuid")) received = await bob.next();
    expect(received.payload).toContain("<MachineGuid>{12}&#x3C;</MachineGuid>");
  });
});

describe("Switchboards, as a live Escargot keeps them", () => {
  test("a call is answered after the caller has left: no roster, and an acknowledgement from nobody", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    const board = await openBoard(network, alice, "alice@example.com", "Alice%20A");
    board.say("CAL 2 bob@example.com");
    await board.hears("CAL 2 RINGING <id>");
    await board.hangUp();
    const { board: his } = await answerRing(network, bob, "bob@example.com");
    await his.hears("ANS 1 OK");
    his.sayPayload("MSG 2 A", HELLO);
    await his.hears("ACK 2");
    expect(network.load.boards).toBe(1);
    await his.hangUp();
    await expect.poll(() => network.load.boards).toBe(0);
  });

  test("below MSNP16, who is called twice and answers twice is there twice", async () => {
    await using network = await openNetwork();
    const { alice, bob } = await friends(network);
    const board = await openBoard(network, alice, "alice@example.com", "Alice%20A");
    board.say("CAL 2 bob@example.com", "CAL 3 bob@example.com");
    await board.hears("CAL 2 RINGING <id>", "CAL 3 RINGING <id>");
    const { board: one } = await answerRing(network, bob, "bob@example.com");
    await one.hears("IRO 1 1 1 alice@example.com Alice%20A", "ANS 1 OK");
    await board.hears("JOI bob@example.com Bob%20B");
    const { board: two } = await answerRing(network, bob, "bob@example.com");
    await two.hears("IRO 1 1 1 alice@example.com Alice%20A", "ANS 1 OK");
    board.sayPayload("MSG 4 A", HELLO);
    await one.hears(`MSG alice@example.com Alice%20A ${HELLO.length}`);
    await two.hears(`MSG alice@example.com Alice%20A ${HELLO.length}`);
    await board.hears("ACK 4");
    one.say("OUT");
    two.say("OUT");
    await board.hears("BYE bob@example.com");
  });

  test("data between clients must come with mode D, any other is the end", async () => {
    await using network = await openNetwork();
    const { alice } = await friends(network);
    const data = "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.com\r\n\r\nxx";
    const board = await openBoard(network, alice, "alice@example.com", "Alice%20A");
    board.sayPayload("MSG 2 D", data);
    await board.hears("ACK 2");
    board.sayPayload("MSG 3 A", data);
    await board.isClosed();
  });

  test("text that is no UTF-8 vanishes like a message without headers", async () => {
    await using network = await openNetwork();
    const { alice } = await friends(network);
    const board = await openBoard(network, alice, "alice@example.com", "Alice%20A");
    const head = Buffer.from("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n\r\n");
    board.sayPayload("MSG 2 A", Buffer.concat([head, Buffer.from([0xe9, 0x20])]));
    board.sayPayload("MSG 3 A", "no headers");
    board.sayPayload("MSG 4 A", HELLO);
    await board.hears("ACK 4");
  });
});
