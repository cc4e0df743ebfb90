import { describe, expect, test } from "vitest";
import { ALICE_GUID, BOB_GUID, enter11, enter18, online18, openNetwork } from "./scene.ts";

describe("Everything else on the notification server (msnp-core §7)", () => {
  test("dead features are answered as Escargot answers them", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.say("URL 5 INBOX", "SND 6 x@example.com 0x0409", "URL 7 COMPOSE x@example.com");
    alice.sayPayload("SDC 44 x@example.com 0x0409 MSMSGS WindowsMessenger X X Alice", "Hi!");
    await alice.hears("URL 5 /unused1 /unused2 1", "SND 6 OK", "URL 7 /unused1 /unused2 1", "SDC 44 OK");
  });

  test("reports of spam and messages for people who are away get no answer, wrong ones the end", async () => {
    await using network = await openNetwork();
    const { client: alice } = await enter18(network, "alice", ALICE_GUID);
    alice.sayPayload("VAS 5 bob@example.com 1 0", "<x></x>");
    alice.sayPayload("UUM 6 bob@example.com 1 1", "Dest-Agent: client\r\n\r\nhello");
    await alice.hearsNothing();
    alice.sayPayload("UUM 7 bob@example.com 1 9", "x");
    await alice.isClosed();
  });

  test("a notification goes to every endpoint of the other, under the plain address", async () => {
    await using network = await openNetwork();
    const { client: bob } = await online18(network, "bob", BOB_GUID);
    const { client: alice } = await enter18(network, "alice", ALICE_GUID);
    alice.sayPayload("UUN 5 bob@example.com 1", "<SNM/>");
    await alice.hears("UUN 5 OK");
    let received = await bob.next();
    while (!received.line.startsWith("UBN")) received = await bob.next();
    expect(received).toEqual({ line: "UBN alice@example.com 1 6", payload: "<SNM/>" });
  });

  test("a block hides one from notifications, too", async () => {
    await using network = await openNetwork();
    const { client: bob } = await online18(network, "bob", BOB_GUID);
    bob.sayPayload("RML 6", '<ml><d n="example.com"><c n="alice" l="2" t="1"/></d></ml>');
    bob.sayPayload("ADL 7", '<ml><d n="example.com"><c n="alice" l="4" t="1"/></d></ml>');
    let line = "";
    while (line !== "ADL 7 OK") line = (await bob.next()).line;
    const { client: alice } = await enter18(network, "alice", ALICE_GUID);
    alice.sayPayload("UUN 5 bob@example.com 1", "<SNM/>");
    await alice.hears("217 5");
  });
});
