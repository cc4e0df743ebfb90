import { describe, expect, test } from "vitest";
import { RawClient } from "./raw-client.ts";
import {
  answerRing,
  EMPTY_UBX,
  friends,
  HELLO,
  NO_OBJECT,
  nexusTicket,
  online11,
  openBoard,
  openOfficial,
  untilLine,
} from "./scene.ts";

/** What Escargot does differently, and is the default, is in escargot.test.ts. */
describe("A network as Microsoft's was", () => {
  test("a new object or new capabilities are told without a new status; the same CHG again is not", async () => {
    await using network = await openOfficial();
    const { alice, bob } = await friends(network);
    alice.say("CHG 7 NLN 0", "CHG 8 NLN 32 %3Cmsnobj%20a%3D%22(1)%22%2F%3E");
    await alice.hears("CHG 7 NLN 0", "CHG 8 NLN 32 %3Cmsnobj%20a%3D%22%281%29%22%2F%3E");
    await bob.hears("NLN NLN alice@example.com Alice%20A 32 %3Cmsnobj%20a%3D%22%281%29%22%2F%3E");
    await bob.hearsNothing();
  });

  test("BLP BL hides one from all who are not allowed", async () => {
    await using network = await openOfficial();
    const { alice, bob } = await friends(network);
    alice.say("REM 7 AL bob@example.com");
    await alice.hears("REM 7 AL bob@example.com");
    await bob.hearsNothing();
    alice.say("BLP 8 BL", "BLP 9 BL");
    await alice.hears("BLP 8 BL", "218 9");
    await bob.hears("FLN alice@example.com");
    alice.say("ADC 10 AL N=bob@example.com");
    await bob.hears(`NLN NLN alice@example.com Alice%20A 0 ${NO_OBJECT}`, "UBX alice@example.com <length>");
  });

  test("a change of lists that changes nothing is told to nobody", async () => {
    await using network = await openOfficial();
    const { alice, bob } = await friends(network);
    alice.say("ADC 7 AL N=bob@example.com", "ADC 8 BL N=dave@example.com");
    await alice.hears("ADC 7 AL N=bob@example.com", "ADC 8 BL N=dave@example.com");
    await bob.hearsNothing();
  });

  test("hidden is offline, whatever changes", async () => {
    await using network = await openOfficial();
    const { alice, bob } = await friends(network);
    alice.say("CHG 7 HDN 0");
    await bob.hears("FLN alice@example.com");
    alice.say("PRP 8 MFN Al");
    alice.sayPayload("UUX 9", "<Data><PSM>psst</PSM></Data>");
    await alice.hears("CHG 7 HDN 0", "PRP 8 MFN Al", "UUX 9 0");
    await bob.hearsNothing();
    await alice.hangUp();
    await bob.hearsNothing();
  });

  test("a message ends with the session it was said in", async () => {
    await using network = await openOfficial();
    const { alice, bob } = await friends(network);
    alice.sayPayload("UUX 7", "<Data><PSM>gone soon</PSM></Data>");
    await bob.hears("UBX alice@example.com <length>");
    alice.close();
    await bob.hears("FLN alice@example.com");
    await online11(network, "alice");
    bob.close();
    const again = await online11(network, "bob");
    await again.hears(`ILN 5 NLN alice@example.com Alice%20A 0 ${NO_OBJECT}`, `UBX alice@example.com ${EMPTY_UBX}`);
  });

  test("a stranger who is added shows at once", async () => {
    await using network = await openOfficial();
    const dave = await online11(network, "dave");
    await dave.hears("MSG Hotmail Hotmail <length>");
    const alice = await online11(network, "alice");
    alice.say("ADC 7 FL N=dave@example.com");
    await alice.hears(
      "MSG Hotmail Hotmail <length>",
      "ADC 7 FL N=dave@example.com F=Dave C=<id>",
      `ILN 7 NLN dave@example.com Dave 0 ${NO_OBJECT}`,
      `UBX dave@example.com ${EMPTY_UBX}`,
    );
  });

  test("a message that nobody got is refused, also with mode N; S is answered only when it arrived", async () => {
    await using network = await openOfficial();
    const { alice, bob } = await friends(network);
    const board = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    for (const mode of ["U", "N", "A", "D", "S"]) board.sayPayload(`MSG 7${mode} ${mode}`, HELLO);
    await board.hears("NAK 7N", "NAK 7A", "NAK 7D");
    board.say("CAL 2 alice@example.com");
    const { board: hers } = await answerRing(network, alice, "alice@example.com");
    await hers.hears("IRO 1 1 1 bob@example.com Bob%20B", "ANS 1 OK");
    await board.hears("CAL 2 RINGING <id>", "JOI alice@example.com Alice%20A");
    for (const mode of ["N", "A", "D", "S"]) board.sayPayload(`MSG 8${mode} ${mode}`, HELLO);
    await board.hears("ACK 8A", "ACK 8D", "ACK 8S");
  });

  test("data between clients may come with any mode", async () => {
    await using network = await openOfficial();
    const { alice, bob } = await friends(network);
    const board = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    board.say("CAL 2 alice@example.com");
    await answerRing(network, alice, "alice@example.com");
    await board.hears("CAL 2 RINGING <id>", "JOI alice@example.com Alice%20A");
    board.sayPayload("MSG 3 A", "Content-Type: application/x-msnmsgrp2p\r\n\r\nxx");
    await board.hears("ACK 3");
  });

  test("a board that everybody has left is over, and nobody is on a board twice", async () => {
    await using network = await openOfficial();
    const { alice, bob } = await friends(network);
    const board = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    board.say("CAL 2 alice@example.com", "CAL 3 alice@example.com");
    await board.hears("CAL 2 RINGING <id>", "CAL 3 RINGING <id>");
    const { board: one } = await answerRing(network, alice, "alice@example.com");
    await one.hears("IRO 1 1 1 bob@example.com Bob%20B", "ANS 1 OK");
    const { board: two } = await answerRing(network, alice, "alice@example.com");
    await two.hears("911 1");
    const other = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    other.say("CAL 2 alice@example.com");
    await other.hears("CAL 2 RINGING <id>");
    await other.hangUp();
    const { board: late } = await answerRing(network, alice, "alice@example.com");
    await late.isClosed();
  });

  test("addresses are compared in any case, a name is needed, and one over 387 characters is refused", async () => {
    await using network = await openOfficial();
    const ticket = await nexusTicket(network, "alice@example.com");
    const client = await RawClient.open(network.ports.ns);
    client.say("VER 1 MSNP11", "USR 2 TWN I Alice@Example.com", `USR 3 TWN S ${ticket}`);
    await client.hears("VER 1 MSNP11", "USR 2 TWN S <challenge>", "USR 3 OK alice@example.com 1 0");
    client.say(`PRP 4 MFN ${"x".repeat(388)}`, "PRP 5 MFN");
    expect(await untilLine(client, "209")).toBe("209 4");
    expect(await untilLine(client, "200")).toBe("200 5");
  });
});
