import { describe, expect, test } from "vitest";
import { RawClient } from "./raw-client.ts";
import {
  ALICE_GUID,
  answerRing,
  BOB_GUID,
  enter11,
  HELLO,
  OTHER_GUID,
  online11,
  online18,
  openBoard,
  openNetwork,
  untilLine,
} from "./scene.ts";

describe("A switchboard of MSNP11 (msnp-chat §1.12)", () => {
  test("bob calls alice, they talk, bob leaves", async () => {
    await using network = await openNetwork();
    const alice = await online11(network, "alice");
    const bob = await online11(network, "bob");
    const board = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    board.say("CAL 2 alice@example.com");
    const [ringing] = await board.hears("CAL 2 RINGING <id>");
    const { board: hers, id } = await answerRing(network, alice, "alice@example.com");
    expect(ringing?.line).toBe(`CAL 2 RINGING ${id}`);
    expect(id).toHaveLength(31);
    await hers.hears("IRO 1 1 1 bob@example.com Bob%20B", "ANS 1 OK");
    await board.hears("JOI alice@example.com Alice%20A");
    board.sayPayload("MSG 3 A", HELLO);
    await board.hears("ACK 3");
    const [message] = await hers.hears("MSG bob@example.com Bob%20B 134");
    expect(message?.payload).toBe(HELLO);
    board.say("OUT");
    await hers.hears("BYE bob@example.com");
    await board.isClosed();
  });

  test("a third person makes it a conversation of three, and everybody hears everybody", async () => {
    await using network = await openNetwork();
    const [alice, bob, carol] = [
      await online11(network, "alice"),
      await online11(network, "bob"),
      await online11(network, "carol"),
    ];
    const first = await openBoard(network, alice, "alice@example.com", "Alice%20A");
    first.say("CAL 2 bob@example.com", "CAL 3 carol@example.com");
    await first.hears("CAL 2 RINGING <id>", "CAL 3 RINGING <id>");
    const { board: second } = await answerRing(network, bob, "bob@example.com");
    await second.hears("IRO 1 1 1 alice@example.com Alice%20A", "ANS 1 OK");
    await first.hears("JOI bob@example.com Bob%20B");
    const { board: third } = await answerRing(network, carol, "carol@example.com");
    await third.hears("IRO 1 1 2 alice@example.com Alice%20A", "IRO 1 2 2 bob@example.com Bob%20B", "ANS 1 OK");
    await first.hears("JOI carol@example.com Carol");
    await second.hears("JOI carol@example.com Carol");
    third.sayPayload("MSG 2 N", HELLO);
    await first.hears("MSG carol@example.com Carol 134");
    await second.hears("MSG carol@example.com Carol 134");
    second.close();
    await first.hears("BYE bob@example.com");
    await third.hears("BYE bob@example.com");
    expect(network.load.boards).toBe(1);
    first.say("OUT");
    await third.hears("BYE alice@example.com");
    third.say("OUT");
    await third.isClosed();
    expect(network.load.boards).toBe(0);
  });

  test("U is never answered, N not when it went well, A and D are, even when nobody is there", async () => {
    await using network = await openNetwork();
    const alice = await online11(network, "alice");
    const bob = await online11(network, "bob");
    const board = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    for (const mode of ["U", "N", "A", "D"]) board.sayPayload(`MSG 7${mode} ${mode}`, HELLO);
    await board.hears("ACK 7A", "ACK 7D");
    board.say("CAL 2 alice@example.com");
    const { board: hers } = await answerRing(network, alice, "alice@example.com");
    await hers.hears("IRO 1 1 1 bob@example.com Bob%20B", "ANS 1 OK");
    await board.hears("CAL 2 RINGING <id>", "JOI alice@example.com Alice%20A");
    for (const mode of ["U", "N", "A", "D"]) board.sayPayload(`MSG 8${mode} ${mode}`, HELLO);
    await board.hears("ACK 8A", "ACK 8D");
    for (let i = 0; i < 4; i++) await hers.hears("MSG bob@example.com Bob%20B 134");
    board.sayPayload("MSG 9 S", HELLO);
    await board.isClosed();
  });

  test("1664 bytes pass unchanged, 1665 end the connection, text without headers vanishes", async () => {
    await using network = await openNetwork();
    const alice = await online11(network, "alice");
    const bob = await online11(network, "bob");
    const board = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    board.say("CAL 2 alice@example.com");
    const { board: hers } = await answerRing(network, alice, "alice@example.com");
    await hers.hears("IRO 1 1 1 bob@example.com Bob%20B", "ANS 1 OK");
    await board.hears("CAL 2 RINGING <id>", "JOI alice@example.com Alice%20A");
    const longest = `Content-Type: text/plain\r\n\r\n${"é".repeat(818)}`;
    expect(Buffer.byteLength(longest)).toBe(1664);
    board.sayPayload("MSG 3 A", "no headers");
    board.sayPayload("MSG 4 A", longest);
    await board.hears("ACK 4");
    const [message] = await hers.hears("MSG bob@example.com Bob%20B 1664");
    expect(message?.payload).toBe(longest);
    board.sayPayload("MSG 5 A", `${longest}!`);
    await board.isClosed();
    await hers.hears("BYE bob@example.com");
  });

  test("who cannot be called: no address, nobody, offline, hidden, blocking, oneself, already there", async () => {
    await using network = await openNetwork();
    const alice = await online11(network, "alice");
    const bob = await online11(network, "bob", "HDN");
    await online11(network, "carol");
    const board = await openBoard(network, alice, "alice@example.com", "Alice%20A");
    board.say("CAL 2 nonsense", "CAL 3 nobody@example.com", "CAL 4 dave@example.com", "CAL 5 bob@example.com");
    await board.hears("208 2", "217 3", "217 4", "217 5");
    bob.say("CHG 8 NLN 0", "REM 9 AL alice@example.com", "ADC 10 BL N=alice@example.com");
    await untilLine(bob, "ADC 10");
    board.say("CAL 6 bob@example.com", "CAL 7 alice@example.com");
    await board.hears("217 6", "215 7");
  });

  test("official servers name the reason when the other blocks", async () => {
    await using network = await openNetwork({ quirks: { blockedCall: 216 } });
    const alice = await online11(network, "alice");
    const bob = await online11(network, "bob");
    bob.say("REM 9 AL alice@example.com", "ADC 10 BL N=alice@example.com");
    await untilLine(bob, "ADC 10");
    const board = await openBoard(network, alice, "alice@example.com", "Alice%20A");
    board.say("CAL 6 bob@example.com");
    await board.hears("216 6");
  });

  test("IMS OFF takes one out of reach until IMS ON", async () => {
    await using network = await openNetwork();
    const alice = await online11(network, "alice");
    const bob = await online11(network, "bob");
    bob.say("IMS 8 OFF");
    await untilLine(bob, "IMS 8 0 OFF");
    const board = await openBoard(network, alice, "alice@example.com", "Alice%20A");
    board.say("CAL 2 bob@example.com");
    await board.hears("217 2");
    bob.say("IMS 9 ON", "IMS 10 MAYBE");
    await untilLine(bob, "IMS 9 0 ON");
    await bob.hears("715 10");
    board.say("CAL 3 bob@example.com");
    await board.hears("CAL 3 RINGING <id>");
  });

  test("no board before the first status, while hidden, or for another purpose", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.say("XFR 5 SB", "CHG 6 HDN 0", "XFR 7 SB", "XFR 8 NS");
    await alice.hears("913 5", "CHG 6 HDN 0", "MSG Hotmail Hotmail <length>", "913 7", "201 8");
  });

  test("a cookie opens one board once, for its owner only; a wrong board id is the end", async () => {
    await using network = await openNetwork();
    const alice = await online11(network, "alice");
    const bob = await online11(network, "bob");
    const board = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    board.say("CAL 2 alice@example.com");
    await board.hears("CAL 2 RINGING <id>");
    const [, id, , , cookie] = (await untilLine(alice, "RNG")).split(" ");
    for (const [line, answer] of [
      [`ANS 1 carol@example.com ${cookie} ${id}`, "911 1"],
      [`ANS 2 alice@example.com ${cookie} ${id}`, "911 2"],
      [`USR 3 alice@example.com ${cookie}`, "911 3"],
    ] as const) {
      const intruder = await RawClient.open(network.ports.sb, "intruder");
      intruder.say(line);
      await intruder.hears(answer);
      await intruder.isClosed();
    }
    board.say("CAL 4 alice@example.com");
    const [, , , , fresh] = (await untilLine(alice, "RNG")).split(" ");
    const lost = await RawClient.open(network.ports.sb, "lost");
    lost.say(`ANS 1 alice@example.com ${fresh} nosuchboard`);
    await lost.isClosed();
  });
});

describe("A switchboard of MSNP18 (msnp-chat §1.4, §1.12)", () => {
  test("roster lines are doubled, and a client that calls itself first is told that it joined", async () => {
    await using network = await openNetwork();
    const { client: alice } = await online18(network, "alice", ALICE_GUID);
    const { client: bob } = await online18(network, "bob", BOB_GUID);
    const board = await openBoard(network, bob, `bob@example.com;{${BOB_GUID}}`, "Bob%20B");
    board.say("CAL 2 bob@example.com");
    await board.hears("CAL 2 RINGING <id>", "JOI bob@example.com Bob%20B 2788999228:48");
    board.say("CAL 3 alice@example.com");
    await board.hears("CAL 3 RINGING <id>");
    const { board: hers } = await answerRing(network, alice, `alice@example.com;{${ALICE_GUID}}`);
    await hers.hears(
      `IRO 1 1 2 bob@example.com;{${BOB_GUID}} Bob%20B 2788999228:48`,
      "IRO 1 2 2 bob@example.com Bob%20B 2788999228:48",
      "ANS 1 OK",
      "JOI alice@example.com Alice%20A 2788999228:48",
    );
    await board.hears(
      `JOI alice@example.com;{${ALICE_GUID}} Alice%20A 2788999228:48`,
      "JOI alice@example.com Alice%20A 2788999228:48",
    );
    hers.sayPayload("MSG 2 A", HELLO);
    await hers.hears("ACK 2");
    await board.hears("MSG alice@example.com Alice%20A 134");
    hers.say("OUT");
    await board.hears(`BYE alice@example.com;{${ALICE_GUID}}`, "BYE alice@example.com");
  });

  test("every endpoint is rung; the own other endpoint joins without a plain line and hears what one says", async () => {
    await using network = await openNetwork();
    const { client: bob } = await online18(network, "bob", BOB_GUID);
    const { client: home } = await online18(network, "alice", ALICE_GUID);
    const { client: work } = await online18(network, "alice", OTHER_GUID);
    const board = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    board.say("CAL 3 alice@example.com");
    await board.hears("CAL 3 RINGING <id>");
    const { board: first } = await answerRing(network, home, `alice@example.com;{${ALICE_GUID}}`);
    const [bobs, plain] = [
      `bob@example.com;{${BOB_GUID}} Bob%20B 2788999228:48`,
      "bob@example.com Bob%20B 2788999228:48",
    ];
    const self = "JOI alice@example.com Alice%20A 2788999228:48";
    await first.hears(`IRO 1 1 2 ${bobs}`, `IRO 1 2 2 ${plain}`, "ANS 1 OK", self);
    await board.hears(`JOI alice@example.com;{${ALICE_GUID}} Alice%20A 2788999228:48`, self);
    const { board: second } = await answerRing(network, work, `alice@example.com;{${OTHER_GUID}}`);
    await second.hears(
      `IRO 1 1 5 ${bobs}`,
      `IRO 1 2 5 ${plain}`,
      `IRO 1 3 5 alice@example.com;{${OTHER_GUID}} Alice%20A 2788999228:48`,
      `IRO 1 4 5 alice@example.com;{${ALICE_GUID}} Alice%20A 2788999228:48`,
      "IRO 1 5 5 alice@example.com Alice%20A 2788999228:48",
      "ANS 1 OK",
      self,
    );
    await board.hears(`JOI alice@example.com;{${OTHER_GUID}} Alice%20A 2788999228:48`);
    await first.hears(`JOI alice@example.com;{${OTHER_GUID}} Alice%20A 2788999228:48`);
    first.sayPayload("MSG 2 N", HELLO);
    await second.hears("MSG alice@example.com Alice%20A 134");
    await board.hears("MSG alice@example.com Alice%20A 134");
    first.say("OUT");
    await board.hears(`BYE alice@example.com;{${ALICE_GUID}}`);
    second.say("OUT");
    await board.hears(`BYE alice@example.com;{${OTHER_GUID}}`, "BYE alice@example.com");
  });

  test("an endpoint cannot enter under another's GUID", async () => {
    await using network = await openNetwork();
    const { client: bob } = await online18(network, "bob", BOB_GUID);
    bob.say("XFR 90 SB");
    const cookie = (await untilLine(bob, "XFR 90 SB")).split(" ")[5];
    const board = await RawClient.open(network.ports.sb);
    board.say(`USR 1 bob@example.com;{${ALICE_GUID}} ${cookie}`);
    await board.hears("911 1");
  });

  test("MSNP11 and MSNP18 talk to each other", async () => {
    await using network = await openNetwork();
    const alice = await online11(network, "alice");
    const { client: bob } = await online18(network, "bob", BOB_GUID);
    const board = await openBoard(network, bob, "bob@example.com", "Bob%20B");
    board.say("CAL 3 alice@example.com");
    const { board: hers } = await answerRing(network, alice, "alice@example.com");
    await hers.hears("IRO 1 1 1 bob@example.com Bob%20B", "ANS 1 OK");
    await board.hears("CAL 3 RINGING <id>", "JOI alice@example.com Alice%20A 0:0");
    hers.say("OUT");
    await board.hears("BYE alice@example.com");
  });
});
