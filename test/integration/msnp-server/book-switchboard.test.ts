import { describe, expect, test } from "vitest";
import { enter, guidOf, online, play } from "./book.ts";
import { RawClient } from "./raw-client.ts";
import { answerRing, HELLO, openBoard, openNetwork, untilLine } from "./scene.ts";

describe("Transcripts of the book: switchboards (msnp-chat §1.12)", () => {
  test("MSNP11, two people", async () => {
    await using network = await openNetwork();
    const alice = await online(network, "alice", "MSNP11");
    const bob = await online(network, "bob", "MSNP11");
    await untilLine(bob, "MSG Hotmail");
    await play(bob, ">>> XFR 5 SB");
    const cookie = (await untilLine(bob, "XFR 5 SB 127.0.0.1:")).split(" ")[5];
    const sb1 = await RawClient.open(network.ports.sb, "SB1");
    await play(
      sb1,
      `
>>> USR 1 bob@example.com ${cookie}
<<< USR 1 OK bob@example.com Bob%20B
>>> CAL 2 alice@example.com
<<< CAL 2 RINGING <id>`,
    );
    const ring = await untilLine(alice, "RNG");
    expect(ring).toMatch(/^RNG [0-9a-f]{31} 127\.0\.0\.1:\d+ CKI [0-9a-f]{20} bob@example\.com Bob%20B$/);
    const [, id, , , token] = ring.split(" ");
    const sb2 = await RawClient.open(network.ports.sb, "SB2");
    await play(
      sb2,
      `
>>> ANS 1 alice@example.com ${token} ${id}
<<< IRO 1 1 1 bob@example.com Bob%20B
<<< ANS 1 OK`,
    );
    await play(sb1, "<<< JOI alice@example.com Alice%20A");
    sb1.sayPayload("MSG 3 A", HELLO);
    await play(sb1, "<<< ACK 3");
    const [message] = await sb2.hears("MSG bob@example.com Bob%20B 134");
    expect(message?.payload).toBe(HELLO);
    sb1.say("OUT");
    await play(sb2, "<<< BYE bob@example.com");
  });

  test("MSNP18, the same with doubled lines", async () => {
    await using network = await openNetwork();
    const capabilities = "2788999228:1073741824";
    const [alice, bob] = [await enter(network, "alice", "MSNP18"), await enter(network, "bob", "MSNP18")];
    for (const client of [alice, bob]) {
      await play(client, `>>> CHG 5 NLN ${capabilities}\n<<< CHG 5 NLN ${capabilities}`);
    }
    const [a1, b1] = [`alice@example.com;{${guidOf("alice")}}`, `bob@example.com;{${guidOf("bob")}}`];
    const sb1 = await openBoard(network, bob, b1, "Bob%20B");
    await play(
      sb1,
      `
>>> CAL 2 bob@example.com
<<< CAL 2 RINGING <id>
<<< JOI bob@example.com Bob%20B ${capabilities}
>>> CAL 3 alice@example.com
<<< CAL 3 RINGING <id>`,
    );
    const { board: sb2 } = await answerRing(network, alice, a1);
    await play(
      sb2,
      `
<<< IRO 1 1 2 ${b1} Bob%20B ${capabilities}
<<< IRO 1 2 2 bob@example.com Bob%20B ${capabilities}
<<< ANS 1 OK
<<< JOI alice@example.com Alice%20A ${capabilities}`,
    );
    await play(
      sb1,
      `
<<< JOI ${a1} Alice%20A ${capabilities}
<<< JOI alice@example.com Alice%20A ${capabilities}`,
    );
    sb1.say("OUT");
    await play(sb2, `<<< BYE ${b1}\n<<< BYE bob@example.com`);
  });
});
