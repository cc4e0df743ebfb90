import { describe, expect, test } from "vitest";
import { answerChallenge } from "../../../src/msnp/auth/challenge.ts";
import {
  A1,
  A2,
  ALICE,
  B0,
  B1,
  BOB,
  C0,
  CAROL,
  catchUp,
  enter21,
  hearsStep,
  isQuiet,
  type LateClient,
  type LateNetwork,
  message,
  online21,
  openLateNetwork,
  publish,
  saysStep,
  userDocument,
} from "./late-scene.ts";
import { RawClient } from "./raw-client.ts";

const PROGRAM = "<VER>MSNMSGR:15.4.3508.1109</VER><TYP>1</TYP><Capabilities>100663296:1142538240</Capabilities>";
const KEY = { id: "PROD0120PW!CCV9@", key: "C1BX{V4W}Q3*10SM" };

/** alice as T11 has her, bob on one endpoint; all read. */
async function aliceAndBob(network: LateNetwork): Promise<{ alice: LateClient; bob: LateClient }> {
  const bob = await online21(network, BOB, B0);
  const alice = await enter21(network, ALICE, A1);
  saysStep(alice, "T11");
  await hearsStep(alice, "T11");
  await catchUp(alice, bob);
  return { alice, bob };
}

/** A publication whose status and program are those of bob at T12. */
function bobPublishes(bob: LateClient): void {
  const document = userDocument({ status: "BSY", name: "Bob", psm: "in a meeting" });
  publish(bob, 5, document.replace("</user>", `<sep n="PE">${PROGRAM}</sep></user>`));
}

describe("T1-T6: login (source: msnp21 §11 a)", () => {
  test("T1: three lines sent together are answered in their order", async () => {
    await using network = await openLateNetwork();
    const client = await RawClient.open(network.ports.ns);
    client.bytes(
      Buffer.from(
        "VER 1 MSNP21 CVR0\r\nCVR 2 0x0409 winnt 6.1.0 i386 EXAMPLE 1.0.0000 MSNMSGR alice@example.com 0\r\nUSR 3 SSO I alice@example.com\r\n",
      ),
    );
    const [, , policies, challenge] = await client.hears(
      "VER 1 MSNP21",
      "CVR 2 1.0.0000 1.0.0000 1.0.0000 <url> <url>",
      "GCF 0 <length>",
      "USR 3 SSO S MBI_KEY_OLD <nonce>",
    );
    expect(policies?.payload).toMatch(/^<Policies>.*<\/Policies>$/s);
    expect(challenge?.line).toMatch(/^USR 3 SSO S MBI_KEY_OLD [A-Za-z0-9+/]{64}$/);
  });

  test("T1: a hop blob in CVR is as good as 0", async () => {
    await using network = await openLateNetwork();
    const client = await RawClient.open(network.ports.ns);
    client.say(
      "VER 1 MSNP21 MSNP20 MSNP19 MSNP18 MSNP17 CVR0",
      "CVR 2 0x0409 winnt 6.1.0 i386 MSNMSGR 15.4.3502.0922 MSNMSGR alice@example.com VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDENCg==",
    );
    await client.hears("VER 1 MSNP21", "CVR 2 15.4.3502.0922 15.4.3502.0922 15.4.3502.0922 <url> <url>");
  });

  test("§2.4: a redirect carries the hop count", async () => {
    await using network = await openLateNetwork();
    network.faults.arm({ place: "NS", at: "USR", fault: { kind: "redirect", to: { host: "127.0.0.1", port: 1864 } } });
    const client = await RawClient.open(network.ports.ns);
    client.say("VER 1 MSNP21 CVR0", "USR 3 SSO I alice@example.com");
    await client.hears("VER 1 MSNP21", "XFR 3 NS 127.0.0.1:1864 U D VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDINCg==");
    await client.isClosed();
  });

  test("T2-T5: a good ticket is followed by challenge, profile and what is known of the own profile", async () => {
    await using network = await openLateNetwork({ now: () => Date.parse("2011-04-16T06:00:58.123Z") });
    const { welcome } = await enter21(network, ALICE, A1);
    const [challenge, profile, own] = welcome;
    expect(challenge?.line).toMatch(/^CHL 0 \d{20,28}$/);
    expect(profile?.payload).toMatch(/^MIME-Version: 1\.0\r\nContent-Type: text\/x-msmsgsprofile; charset=UTF-8\r\n/);
    expect(profile?.payload).toMatch(/\r\nLoginTime: 1302933658\r\n/);
    expect(profile?.payload).toMatch(/\r\nClientPort: \d+\r\nABCHMigrated: 1\r\nMPOPEnabled: 1\r\n\r\n/);
    expect(own?.line).toBe("NFY PUT 307");
    expect(own?.payload).toBe(
      "Routing: 1.0\r\nTo: 1:alice@example.com;epid={00000000-0000-0000-0000-000000000000}\r\nFrom: 1:alice@example.com\r\n\r\n" +
        "Reliability: 1.0\r\n\r\n" +
        "Notification: 1.0\r\nNotifNum: 0\r\nUri: /user\r\nNotifType: Partial\r\nContent-Type: application/user+xml\r\nContent-Length: 53\r\n\r\n" +
        '<user><s n="PF" ts="2011-04-16T06:00:58Z"></s></user>',
    );
  });

  test("T3: where challenges count, the right answer is accepted and a wrong one ends the session", async () => {
    await using network = await openLateNetwork({ quirks: { challenges: true } });
    const { client, welcome } = await enter21(network, ALICE, A1);
    const digits = welcome[0]?.line.split(" ")[2] ?? "";
    client.say(`QRY 5 ${KEY.id} 32\r\n${answerChallenge("msnp11", digits, KEY)}`);
    await client.hears("QRY 5");
    client.say(`QRY 6 ${KEY.id} 32\r\n${"0".repeat(32)}`);
    await client.hears("540 6");
    await client.isClosed();
  });

  test("T6: a keepalive", async () => {
    await using network = await openLateNetwork();
    const alice = await enter21(network, ALICE, A1);
    saysStep(alice, "T6");
    await hearsStep(alice, "T6");
  });
});

describe("T8, T9: lists in services form (source: msnp21 §11 b, §2.6)", () => {
  test("the own services and the contacts are acknowledged; hiding holds", async () => {
    await using network = await openLateNetwork();
    const carol = await online21(network, CAROL, C0);
    const alice = await enter21(network, ALICE, A1);
    for (const step of ["T8", "T9"]) {
      saysStep(alice, step);
      await hearsStep(alice, step);
    }
    saysStep(alice, "T11");
    await hearsStep(alice, "T11");
    await isQuiet(carol);
    expect(network.account(ALICE).contacts.get(CAROL)?.lists).toContain("BL");
  });
});

describe("T11-T14: the first presence (source: msnp21 §11 c)", () => {
  test("T11, T12: the answer to the whole publication, and a contact who is online", async () => {
    await using network = await openLateNetwork();
    const bob = await enter21(network, BOB, B0);
    bobPublishes(bob);
    await bob.client.hears("PUT 5 OK 128");
    const alice = await enter21(network, ALICE, A1);
    saysStep(alice, "T11");
    await hearsStep(alice, "T11");
    await hearsStep(alice, "T12");
    await isQuiet(alice);
  });

  test("T11: what alice published reaches bob", async () => {
    await using network = await openLateNetwork();
    const bob = await online21(network, BOB, B0);
    const alice = await enter21(network, ALICE, A1);
    saysStep(alice, "T11");
    await hearsStep(alice, "T11");
    const [news] = await bob.client.hears("NFY PUT <length>");
    expect(news?.payload).toContain("NotifType: Full");
    expect(news?.payload).toContain('<s n="IM"><Status>NLN</Status><CurrentMedia></CurrentMedia></s>');
    expect(news?.payload).toContain(
      "<UserTileLocation>&#x3C;msnobj Creator=&#x22;alice@example.com&#x22; Size=&#x22;4096&#x22;",
    );
    expect(news?.payload).toContain(
      "<FriendlyName>Alice</FriendlyName><PSM>at work</PSM><ColorScheme>-3</ColorScheme>",
    );
    expect(news?.payload).toContain(
      `<sep n="IM" epid="{${A1}}"><Capabilities>2952823072:2558662528</Capabilities></sep><sep n="PE" epid="{${A1}}">${PROGRAM}</sep></user>`,
    );
    expect(news?.payload).not.toContain("ALICE-PC");
  });

  test("T14: a message that was left comes behind the presence, with its time", async () => {
    let now = Date.parse("2012-03-04T21:04:05.067Z");
    await using network = await openLateNetwork({ now: () => now });
    const bob = await online21(network, BOB, B0);
    bob.client.sayPayload("SDG 9", message(bob, `1:${ALICE}`, "Text", "while you were out", "IM/Offline"));
    await isQuiet(bob);
    now += 60_000;
    const alice = await enter21(network, ALICE, A1);
    saysStep(alice, "T11");
    await hearsStep(alice, "T11");
    await alice.client.hears("NFY PUT <length>");
    await hearsStep(alice, "T14");
    await isQuiet(alice);
  });
});

describe("T15-T24: two people (source: msnp21 §11 d)", () => {
  test("T15, T16: bob types and writes", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await aliceAndBob(network);
    bob.client.sayPayload("SDG 7", message(bob, `1:${ALICE}`, "Control/Typing", ""));
    await hearsStep(alice, "T15");
    const text = message(bob, `1:${ALICE}`, "Text", "hi alice").toString();
    const looks = "X-MMS-IM-Format: FN=Segoe%20UI; EF=; CO=0; CS=0; PF=0\r\nIM-Display-Name: Bob";
    bob.client.sayPayload("SDG 8", text.replace("Content-Length: 8", `Content-Length: 8\r\n${looks}`));
    await hearsStep(alice, "T16");
    await isQuiet(alice, bob);
  });

  test("T17-T19: typing, text and nudge go out without an answer, and reach bob with their bodies", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await aliceAndBob(network);
    for (const step of ["T17", "T18", "T19"]) saysStep(alice, step);
    const [typing, text, nudge] = await bob.client.hears("SDG 0 <length>", "SDG 0 353", "SDG 0 <length>");
    expect(typing?.payload).toContain("Message-Type: Control/Typing");
    expect(text?.payload).toMatch(/^Routing: 1\.0\r\nTo: 1:bob@example\.com\r\nFrom: 1:alice@example\.com;epid=/);
    expect(text?.payload?.endsWith("EF=B; CO=ff0000; CS=0; PF=22\r\n\r\nHello Bob, à bientôt")).toBe(true);
    expect(nudge?.payload).toContain("Message-Type: Nudge");
    expect(nudge?.payload?.endsWith("Content-Length: 2\r\n\r\n\r\n")).toBe(true);
    await isQuiet(alice, bob);
  });

  test("T20: a change of status alone is answered without a payload, and told as that alone", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await aliceAndBob(network);
    saysStep(alice, "T20");
    await hearsStep(alice, "T20");
    const [news] = await bob.client.hears("NFY PUT <length>");
    expect(news?.payload).toMatch(
      /NotifType: Partial[^<]*<user><s n="IM"><Status>BSY<\/Status><CurrentMedia><\/CurrentMedia><\/s><\/user>$/,
    );
  });

  test("T21-T23: bob clears his message, leaves at one place, leaves at the last", async () => {
    await using network = await openLateNetwork();
    const bob = await online21(network, BOB, B0, { psm: "in a meeting" });
    const second = await online21(network, BOB, B1, { psm: "in a meeting" });
    const alice = await online21(network, ALICE, A1);
    await catchUp(alice, bob, second);
    publish(bob, 6, '<user><s n="PE"><FriendlyName>Bob</FriendlyName><PSM></PSM></s></user>');
    await hearsStep(alice, "T21");
    second.client.say("OUT");
    await hearsStep(alice, "T22");
    bob.client.say("OUT");
    await hearsStep(alice, "T23");
  });

  test("T24: nobody there is 217, and the same text is kept on the other channel", async () => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    saysStep(alice, "T24");
    await hearsStep(alice, "T24");
    await isQuiet(alice);
    const bob = await online21(network, BOB, B0);
    const [, stored] = await bob.client.hears("NFY PUT <length>", "SDG 0 <length>");
    expect(stored?.payload).toContain("Service-Channel: IM/Offline");
    expect(stored?.payload).toMatch(/\r\nOriginal-Arrival-Time: [0-9T:.-]+Z\r\n\r\nstill there\?$/);
    await isQuiet(bob);
  });
});

describe("T38-T42: a second place, and the end (source: msnp21 §11 g)", () => {
  test("T38-T40: the laptop shows itself, what it says is echoed, and it is signed out from here", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await aliceAndBob(network);
    const laptop = await enter21(network, ALICE, A2);
    publish(laptop, 5, userDocument({ status: "NLN", name: "Alice", psm: "at work", device: "LAPTOP" }));
    await hearsStep(alice, "T38");
    await catchUp(laptop, bob);
    laptop.client.sayPayload("SDG 6", message(laptop, `1:${BOB}`, "Text", "typed on my laptop", "IM/Online"));
    await hearsStep(alice, "T39");
    await bob.client.hears("SDG 0 <length>");
    saysStep(alice, "T40");
    await hearsStep(alice, "T40");
    await hearsStep(laptop, "T40", {}, 1);
    await laptop.client.hears("OUT OTH");
    await laptop.client.isClosed();
    const [gone] = await bob.client.hears("NFY DEL <length>");
    expect(gone?.payload).toContain(`<user><sep n="IM" epid="{${A2}}"/><sep n="PE" epid="{${A2}}"/></user>`);
    await isQuiet(alice, bob);
  });

  test("T41, T42: who signs out is gone for the contacts", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await aliceAndBob(network);
    saysStep(alice, "T41");
    await alice.client.isClosed();
    await hearsStep(bob, "T42");
  });
});
