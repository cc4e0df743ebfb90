import { describe, expect, test } from "vitest";
import {
  A1,
  A2,
  ALICE,
  B0,
  BOB,
  catchUp,
  DAVE,
  isQuiet,
  type LateClient,
  type LateNetwork,
  message,
  online21,
  openLateNetwork,
  publish,
  userDocument,
} from "./late-scene.ts";
import type { RawClient } from "./raw-client.ts";
import { answerRing, HELLO, online11, online18, openBoard, untilLine } from "./scene.ts";

/** alice at MSNP21, bob at MSNP18; all read. */
async function mixed(network: LateNetwork): Promise<{ alice: LateClient; bob: RawClient }> {
  const alice = await online21(network, ALICE, A1, { psm: "at work" });
  const { client: bob } = await online18(network, "bob", B0);
  await settle(bob);
  await catchUp(alice);
  return { alice, bob };
}

/** Reads all that an older client has been sent. */
async function settle(client: RawClient): Promise<void> {
  client.say("PNG");
  await untilLine(client, "QNG");
}

/** A text that bob's client sends on a board. */
function says(board: RawClient, text: string): void {
  board.sayPayload("MSG 3 U", HELLO.replace("Hello, world", text));
}

describe("Presence between MSNP21 and older versions", () => {
  test("alice at 21 is a line with her message and her place at 18", async () => {
    await using network = await openLateNetwork();
    await online21(network, ALICE, A1, { psm: "at work &amp; out", status: "BSY" });
    const { client: bob } = await online18(network, "bob", B0);
    const [, ubx] = await bob.hears(
      "NLN BSY 1:alice@example.com Alice 2952823072:2558662528 %3Cmsnobj%2F%3E",
      "UBX 1:alice@example.com <length>",
    );
    expect(ubx?.payload).toContain("<PSM>at work &#x26; out</PSM>");
    expect(ubx?.payload).toContain(`<EndpointData id="{${A1}}"><Capabilities>2952823072:2558662528</Capabilities>`);
  });

  test("what alice changes at 21 bob hears at 18, and at 11 in the form of that", async () => {
    await using network = await openLateNetwork();
    network.befriend(ALICE, DAVE);
    const { alice, bob } = await mixed(network);
    const dave = await online11(network, "dave");
    await settle(dave);
    await catchUp(alice);
    publish(alice, 6, userDocument({ status: "AWY", name: "Alice A", psm: "gone" }));
    const [, ubx] = await bob.hears(
      "NLN AWY 1:alice@example.com Alice%20A 2952823072:2558662528 %3Cmsnobj%2F%3E",
      "UBX 1:alice@example.com <length>",
    );
    expect(ubx?.payload).toContain("<PSM>gone</PSM>");
    const [, old] = await dave.hears(
      "NLN AWY alice@example.com Alice%20A 2952823072 %3Cmsnobj%2F%3E",
      "UBX alice@example.com <length>",
    );
    expect(old?.payload).toBe("<Data><PSM>gone</PSM><CurrentMedia></CurrentMedia></Data>");
    publish(alice, 7, userDocument({ status: "HDN" }));
    await alice.client.hears("PUT 6 OK 0", "PUT 7 OK 0");
    await bob.hears("FLN 1:alice@example.com 0:0");
    await dave.hears("FLN alice@example.com");
  });

  test("a publication that changes nothing is no news at 18, one of the place alone is", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await mixed(network);
    publish(alice, 6, userDocument({ status: "NLN", name: "Alice", psm: "at work" }));
    await alice.client.hears("PUT 6 OK 0");
    await bob.hearsNothing();
    publish(alice, 7, userDocument({ capabilities: "1:2" }));
    const [ubx] = await bob.hears("UBX 1:alice@example.com <length>");
    expect(ubx?.payload).toContain("<Capabilities>1:2</Capabilities>");
  });

  test("bob at 18 is a document at 21: status, message, picture, place, and his leaving", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await mixed(network);
    const object = '<msnobj Creator="bob@example.com" Size="1" Type="3" Location="a" Friendly="AAA="/>';
    bob.say(`CHG 6 BSY 2788999228:48 ${encodeURIComponent(object)}`);
    const [status] = await alice.client.hears("NFY PUT <length>");
    expect(status?.payload).toContain('<s n="IM"><Status>BSY</Status><CurrentMedia></CurrentMedia></s>');
    expect(status?.payload).toContain("<UserTileLocation>&#x3C;msnobj Creator=&#x22;bob@example.com&#x22;");
    bob.sayPayload("UUX 7", "<Data><PSM>out &amp; about</PSM><CurrentMedia></CurrentMedia></Data>");
    const [news] = await alice.client.hears("NFY PUT <length>");
    expect(news?.payload).toMatch(
      /<user><s n="PE"><FriendlyName>Bob<\/FriendlyName><PSM>out &#x26; about<\/PSM><\/s><\/user>$/,
    );
    bob.say("OUT");
    const [gone] = await alice.client.hears("NFY DEL <length>");
    expect(gone?.payload).toContain(`<user><s n="IM"/><sep n="IM" epid="{${B0}}"/></user>`);
  });

  test("a place at 18 of the own account shows at 21 with what is private to it, and can be signed out from there", async () => {
    await using network = await openLateNetwork();
    const { alice } = await mixed(network);
    const { client: other } = await online18(network, "alice", A2);
    other.sayPayload(
      "UUX 6",
      "<PrivateEndpointData><EpName>OLD-PC</EpName><Idle>false</Idle><ClientType>1</ClientType><State>NLN</State></PrivateEndpointData>",
    );
    await settle(other);
    const [heard] = await catchUp(alice);
    const private_ = heard?.map(({ payload }) => payload ?? "").find((payload) => payload.includes("OLD-PC"));
    expect(private_).toContain(`<sep n="PD" epid="{${A2}}"><ClientType>1</ClientType><EpName>OLD-PC</EpName>`);
    const signOut = `<user><sep n="IM" epid="{${A2}}"/></user>`;
    alice.client.sayPayload(
      "DEL 9",
      `Routing: 1.0\r\nTo: 1:${ALICE}\r\nFrom: 1:${ALICE};epid={${A1}}\r\n\r\nReliability: 1.0\r\n\r\nPublication: 1.0\r\nUri: /user\r\nContent-Type: application/user+xml\r\nContent-Length: ${signOut.length}\r\n\r\n${signOut}`,
    );
    await other.ends();
    const [answer] = await alice.client.hears("DEL 9 OK 0", "NFY DEL 342");
    expect(answer?.payload).toBe("");
  });
});

describe("Messages between MSNP21 and switchboards", () => {
  test("bob calls alice: she is there, and what he says, types and nudges arrives as messages", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await mixed(network);
    const board = await openBoard(network, bob, BOB, "Bob");
    board.say(`CAL 2 ${ALICE}`);
    await board.hears(
      "CAL 2 RINGING <id>",
      `JOI ${ALICE};{${A1}} Alice 2952823072:2558662528`,
      `JOI ${ALICE} Alice 2952823072:2558662528`,
    );
    says(board, "hi alice");
    board.sayPayload(
      "MSG 4 U",
      `MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: ${BOB}\r\n\r\n\r\n`,
    );
    board.sayPayload("MSG 5 U", "MIME-Version: 1.0\r\nContent-Type: text/x-msnmsgr-datacast\r\n\r\nID: 1\r\n\r\n");
    const [text, typing, nudge] = await alice.client.hears("SDG 0 <length>", "SDG 0 278", "SDG 0 <length>");
    expect(text?.payload).toBe(
      `Routing: 1.0\r\nTo: 1:${ALICE}\r\nFrom: 1:${BOB};epid={${B0}}\r\nOptions: 0\r\nService-Channel: IM/Online\r\n\r\n` +
        "Reliability: 1.0\r\n\r\n" +
        "Messaging: 2.0\r\nMessage-Type: Text\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: 8\r\n" +
        "X-MMS-IM-Format: FN=Segoe%20UI; EF=B; CO=80ff; CS=0; PF=22\r\n\r\nhi alice",
    );
    expect(typing?.payload).toContain("Message-Type: Control/Typing");
    expect(nudge?.payload).toContain("Message-Type: Nudge");
  });

  test("alice answers on the board she was called to", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await mixed(network);
    const board = await openBoard(network, bob, BOB, "Bob");
    board.say(`CAL 2 ${ALICE}`);
    await untilLine(board, `JOI ${ALICE} `);
    alice.client.sayPayload("SDG 7", message(alice, `1:${BOB}`, "Control/Typing", ""));
    alice.client.sayPayload("SDG 8", message(alice, `1:${BOB}`, "Text", "hi bob, à bientôt"));
    alice.client.sayPayload("SDG 9", message(alice, `1:${BOB}`, "Nudge", "\r\n"));
    const [typing, text, nudge] = await board.hears(
      `MSG ${ALICE} Alice <length>`,
      `MSG ${ALICE} Alice <length>`,
      `MSG ${ALICE} Alice <length>`,
    );
    expect(typing?.payload).toContain(`Content-Type: text/x-msmsgscontrol\r\nTypingUser: ${ALICE}\r\n`);
    expect(text?.payload).toBe("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nhi bob, à bientôt");
    expect(nudge?.payload).toContain("text/x-msnmsgr-datacast\r\n\r\nID: 1");
    await isQuiet(alice);
  });

  test("alice begins: bob is called, and hears what waited once he is there; the chat goes both ways", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await mixed(network);
    for (const [trid, text] of [
      [7, "one"],
      [8, "two"],
    ] as const) {
      alice.client.sayPayload(`SDG ${trid}`, message(alice, `1:${BOB}`, "Text", text));
    }
    const { board } = await answerRing(network, bob, BOB);
    await board.hears(
      `IRO 1 1 2 ${ALICE};{${A1}} Alice 2952823072:2558662528`,
      `IRO 1 2 2 ${ALICE} Alice 2952823072:2558662528`,
      "ANS 1 OK",
    );
    await untilLine(board, "JOI");
    const [one, two] = await board.hears(`MSG ${ALICE} Alice <length>`, `MSG ${ALICE} Alice <length>`);
    expect([one, two].map((heard) => heard?.payload?.split("\r\n").at(-1))).toEqual(["one", "two"]);
    says(board, "three");
    const [answer] = await alice.client.hears("SDG 0 <length>");
    expect(answer?.payload?.endsWith("\r\n\r\nthree")).toBe(true);
    await isQuiet(alice);
  });

  test("typing alone calls nobody", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await mixed(network);
    alice.client.sayPayload("SDG 7", message(alice, `1:${BOB}`, "Control/Typing", ""));
    await isQuiet(alice);
    await bob.hearsNothing();
    expect(network.load.boards).toBe(0);
  });

  test("when bob leaves the board, the next word calls him again; when alice signs out, she leaves it", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await mixed(network);
    const first = await openBoard(network, bob, BOB, "Bob");
    first.say(`CAL 2 ${ALICE}`);
    await untilLine(first, `JOI ${ALICE} `);
    first.say("OUT");
    await first.ends();
    await settle(bob);
    expect(network.load.boards).toBe(0);
    alice.client.sayPayload("SDG 8", message(alice, `1:${BOB}`, "Text", "come back"));
    const { board } = await answerRing(network, bob, BOB);
    await untilLine(board, `MSG ${ALICE}`);
    alice.client.say("OUT");
    await board.hears(`BYE ${ALICE};{${A1}}`, `BYE ${ALICE}`);
  });

  test("what has no form on a board is an error: data is 201, an unknown type 217", async () => {
    await using network = await openLateNetwork();
    const { alice } = await mixed(network);
    alice.client.sayPayload("SDG 7", message(alice, `1:${BOB}`, "Data", "x", "PE"));
    alice.client.sayPayload("SDG 8", message(alice, `1:${BOB}`, "Signal/Turn", "x"));
    await alice.client.hears("201 7", "217 8");
  });

  test("a text that is longer than a board can carry is 800", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await mixed(network);
    alice.client.sayPayload("SDG 7", message(alice, `1:${BOB}`, "Text", "x".repeat(1700)));
    await alice.client.hears("800 7");
    await bob.hearsNothing();
  });

  test("when bob does not come to the board, what waited for him is 217", async () => {
    await using network = await openLateNetwork({ limits: { callAnswerMs: 20 } });
    const { alice, bob } = await mixed(network);
    for (const trid of [7, 8]) alice.client.sayPayload(`SDG ${trid}`, message(alice, `1:${BOB}`, "Text", "hello?"));
    await untilLine(bob, "RNG");
    await alice.client.hears("217 7", "217 8");
    expect(network.load.boards).toBe(0);
  });

  test("alice in two places hears bob in both, and her own words in the other", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await mixed(network);
    const second = await online21(network, ALICE, A2);
    await catchUp(alice, second);
    await settle(bob);
    const board = await openBoard(network, bob, BOB, "Bob");
    board.say(`CAL 2 ${ALICE}`);
    await untilLine(board, `JOI ${ALICE};{${A2}}`);
    says(board, "to both");
    for (const { client } of [alice, second]) await client.hears("SDG 0 <length>");
    alice.client.sayPayload("SDG 8", message(alice, `1:${BOB}`, "Text", "from the first"));
    const [echo] = await second.client.hears("SDG 0 <length>");
    expect(echo?.payload).toContain(`From: 1:${ALICE};epid={${A1}}`);
    await untilLine(board, `MSG ${ALICE}`);
    await isQuiet(alice, second);
  });

  test("a text left at 21 waits in the mailbox of 18, and one left at 18 comes as a message at 21", async () => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    alice.client.sayPayload("SDG 7", message(alice, `1:${BOB}`, "Text", "left at 21", "IM/Offline"));
    await isQuiet(alice);
    const { client: bob } = await online18(network, "bob", B0);
    await bob.hears("NLN NLN 1:alice@example.com Alice <caps> <object>", "UBX 1:alice@example.com <length>");
    const [mail] = await bob.hears("MSG Hotmail Hotmail <length>");
    expect(mail?.payload).toContain("<E>alice@example.com</E>");
    alice.client.say("OUT");
    await untilLine(bob, "FLN");
    bob.sayPayload(
      `UUM 7 ${ALICE} 1 1`,
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nDest-Agent: client\r\n\r\nleft at 18",
    );
    await settle(bob);
    const again = await online21(network, ALICE, A1);
    const [heard] = await catchUp(again);
    const stored = heard?.find(({ line }) => line.startsWith("SDG"))?.payload;
    expect(stored).toContain(`From: 1:${BOB}\r\nOptions: 0\r\nService-Channel: IM/Offline`);
    expect(stored?.endsWith("Z\r\n\r\nleft at 18")).toBe(true);
  });
});
