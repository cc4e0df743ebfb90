import { describe, expect, test } from "vitest";
import { OFFICIAL_QUIRKS } from "../../../src/msnp/server/index.ts";
import { readBook } from "../../fixtures/msnp21/book.ts";
import {
  A1,
  A2,
  ALICE,
  B0,
  B1,
  BOB,
  CAROL,
  catchUp,
  DAVE,
  enter21,
  isQuiet,
  type LateClient,
  type LateNetwork,
  message,
  online21,
  openLateNetwork,
  publication,
  publish,
  userDocument,
} from "./late-scene.ts";

const SAMPLES = readBook("samples");

function sample(section: string, start: string): Buffer {
  const found = SAMPLES.find(({ step, line }) => step === section && line.startsWith(start));
  if (found === undefined) throw new Error(`no ${start} in §${section}`);
  return Buffer.concat([Buffer.from(`${found.line}\r\n`), found.payload ?? Buffer.alloc(0)]);
}

async function pair(network: LateNetwork): Promise<{ alice: LateClient; bob: LateClient }> {
  const alice = await online21(network, ALICE, A1);
  const bob = await online21(network, BOB, B0);
  await catchUp(alice, bob);
  return { alice, bob };
}

describe("Messages of one to one (source: msnp21 §3)", () => {
  test("§3.6: a message without channel, with its length before its type, arrives on IM/Online", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    alice.client.bytes(sample("3.6", "SDG 18"));
    const [text] = await bob.client.hears("SDG 0 <length>");
    expect(text?.payload).toContain("Options: 0\r\nService-Channel: IM/Online\r\n\r\nReliability: 1.0");
    expect(text?.payload).toContain("Message-Type: Text\r\nContent-Length: 11\r\nContent-Type: text/plain");
    expect(text?.payload?.endsWith("\r\n\r\nHello again")).toBe(true);
  });

  test("§3.6: a custom emoticon is passed on as it is", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    alice.client.bytes(sample("3.6", "SDG 19"));
    const [emoticon] = await bob.client.hears("SDG 0 <length>");
    expect(emoticon?.payload).toContain("Message-Type: CustomEmoticon\r\nContent-Type: text/x-mms-emoticon\r\n");
    expect(emoticon?.payload).toContain("\r\n\r\n(cat)\t<msnobj Creator=");
  });

  test("§3.6: messages to phones and other networks get no answer", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    alice.client.bytes(sample("3.6", "SDG 20"));
    alice.client.bytes(sample("3.6", "SDG 21"));
    await isQuiet(alice, bob);
  });

  test("§3.8: closing a window is told to the own other places only", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    const second = await online21(network, ALICE, A2);
    await catchUp(alice, bob, second);
    for (const start of ["SDG 17", "SDG 18"]) alice.client.bytes(sample("3.8", start));
    const [one, group] = await second.client.hears("SDG 0 317", "SDG 0 335");
    expect(one?.payload?.endsWith("1:alice@example.com/1:bob@example.com")).toBe(true);
    expect(group?.payload?.endsWith(";path=IM")).toBe(true);
    await isQuiet(alice, bob);
  });

  test("§3.9: data goes to the place that is named, byte by byte", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    const second = await online21(network, BOB, B1);
    await catchUp(alice, bob, second);
    const data = message(alice, `1:${BOB};epid={${B1.toUpperCase()}}`, "Data", "\u0000\u0001\r\n\r\n\u0002", "PE");
    alice.client.sayPayload("SDG 23", data);
    const [packet] = await second.client.hears("SDG 0 <length>");
    expect(packet?.payload).toContain("Service-Channel: PE");
    expect(packet?.payload?.endsWith("Content-Length: 7\r\n\r\n\u0000\u0001\r\n\r\n\u0002")).toBe(true);
    await isQuiet(alice, bob);
    second.client.say("OUT");
    await second.client.ends();
    await catchUp(alice);
    alice.client.sayPayload("SDG 24", data);
    await alice.client.hears("201 24");
  });

  test("a message to somebody in two places reaches both", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    const second = await online21(network, BOB, B1);
    await catchUp(alice, bob, second);
    alice.client.sayPayload("SDG 9", message(alice, `1:${BOB}`, "Text", "hello bobs"));
    await bob.client.hears("SDG 0 <length>");
    await second.client.hears("SDG 0 <length>");
  });

  test("an unknown kind of message is passed on: what it means is the receiver's business", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    alice.client.sayPayload("SDG 9", message(alice, `1:${BOB}`, "Signal/MarkIMWindowRead", "x"));
    await bob.client.hears("SDG 0 <length>");
    await isQuiet(alice);
  });

  test("a text that is too long is 800", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    alice.client.sayPayload("SDG 9", message(alice, `1:${BOB}`, "Text", "x".repeat(8193)));
    await alice.client.hears("800 9");
    await isQuiet(bob);
  });

  test.each([
    ["another account", `1:${BOB};epid={${B0}}`],
    ["another place", `1:${ALICE};epid={${B1}}`],
    ["a circle", "9:00000000-0000-0000-0009-0123456789ab@live.com"],
  ])("who says to be %s is answered with 201", async (_who, from) => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    const honest = message(alice, `1:${BOB}`, "Text", "hello").toString();
    alice.client.sayPayload("SDG 9", honest.replace(/From: .*/, `From: ${from}`));
    await alice.client.hears("201 9");
    await isQuiet(bob);
  });

  test("GUIDs are compared without case, and headers read in any order", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    alice.client.sayPayload(
      "SDG 0",
      `to: 1:${BOB}\r\nFROM: 1:${ALICE};epid={${A1.toUpperCase()}}\r\nRouting: 1.0\r\n\r\nReliability: 1.0\r\n\r\nContent-Length: 2\r\nMessage-Type: Text\r\nMessaging: 2.0\r\n\r\nhi`,
    );
    const [text] = await bob.client.hears("SDG 0 <length>");
    expect(text?.payload).toContain(`From: 1:${ALICE};epid={${A1}}`);
  });

  test.each(["garbage", "Routing: 1.0\r\n\r\n", "Routing: 1.0\r\nTo: nobody\r\n\r\n"])(
    "a payload that is no message is passed over: %j",
    async (payload) => {
      await using network = await openLateNetwork();
      const { alice } = await pair(network);
      alice.client.sayPayload("SDG 9", payload);
      alice.client.sayPayload("PUT 10", payload);
      alice.client.sayPayload("DEL 11", payload);
      await isQuiet(alice);
    },
  );
});

describe("Errors of messages (source: msnp21 §3.5)", () => {
  test.each([
    ["text to somebody who is not there", "Text", "IM/Online", "217 9"],
    ["typing at somebody who is not there", "Control/Typing", undefined, "217 9"],
    ["data to somebody who is not there", "Data", "PE", "201 9"],
    ["a nudge to be kept", "Nudge", "IM/Offline", "201 9"],
  ])("%s", async (_what, type, channel, answer) => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    alice.client.sayPayload("SDG 9", message(alice, `1:${BOB}`, type, "x", channel));
    await alice.client.hears(answer);
    await isQuiet(alice);
  });

  test("somebody who hides from the sender is not there; neither is somebody without an account", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    bob.client.bytes(
      Buffer.from('ADL 6 73\r\n<ml><d n="example.com"><c n="alice" t="1"><s l="64" n="IM"/></c></d></ml>'),
    );
    await bob.client.hears("ADL 6 OK");
    const [gone] = await alice.client.hears("NFY DEL <length>");
    expect(gone?.payload).toContain('<s n="IM"/>');
    alice.client.sayPayload("SDG 9", message(alice, `1:${BOB}`, "Text", "hello"));
    alice.client.sayPayload("SDG 10", message(alice, "1:ghost@example.com", "Text", "hello"));
    alice.client.sayPayload("SDG 11", message(alice, `1:${BOB}`, "Text", "hello", "IM/Offline"));
    await alice.client.hears("217 9", "217 10", "201 11");
  });

  test("a forced error may carry a payload, as 801 does", async () => {
    await using network = await openLateNetwork();
    const { alice } = await pair(network);
    network.faults.arm({ place: "NS", at: "SDG", fault: { kind: "error", code: 801, payload: "0 6 6" } });
    alice.client.sayPayload("SDG 45", message(alice, `1:${BOB}`, "Text", "hello"));
    const [error] = await alice.client.hears("801 45 5");
    expect(error?.payload).toBe("0 6 6");
  });
});

describe("Messages that wait (source: msnp21 §3.7)", () => {
  test("IM/Offline to somebody who is there arrives at once as IM/Online", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    alice.client.sayPayload("SDG 9", message(alice, `1:${BOB}`, "Text", "you are there", "IM/Offline"));
    const [text] = await bob.client.hears("SDG 0 <length>");
    expect(text?.payload).toContain("Service-Channel: IM/Online");
    expect(text?.payload).not.toContain("Original-Arrival-Time");
  });

  test("somebody who is hidden gets it at once, as one that was kept", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    publish(bob, 6, userDocument({ status: "HDN" }));
    await bob.client.hears("PUT 6 OK <length>");
    await alice.client.hears("NFY DEL <length>");
    alice.client.sayPayload("SDG 9", message(alice, `1:${BOB}`, "Text", "I know you are there", "IM/Offline"));
    const [text] = await bob.client.hears("SDG 0 <length>");
    expect(text?.payload).toContain("Service-Channel: IM/Offline");
  });

  test("several come in the order in which they were left, once", async () => {
    await using network = await openLateNetwork();
    const alice = await online21(network, ALICE, A1);
    for (const [index, text] of ["one", "two", "three"].entries()) {
      alice.client.sayPayload(`SDG ${index}`, message(alice, `1:${BOB}`, "Text", text, "IM/Offline"));
    }
    await isQuiet(alice);
    const bob = await online21(network, BOB, B0);
    const [heard] = await catchUp(bob);
    const texts = heard
      ?.filter(({ line }) => line.startsWith("SDG"))
      .map(({ payload }) => payload?.split("\r\n").at(-1));
    expect(texts).toEqual(["one", "two", "three"]);
    bob.client.say("OUT");
    await bob.client.ends();
    const again = await online21(network, BOB, B0);
    const [later] = await catchUp(again);
    expect(later?.filter(({ line }) => line.startsWith("SDG"))).toEqual([]);
  });
});

describe("Presence and places (source: msnp21 §4)", () => {
  test("a status that nobody can publish is refused, and so is what is published for others", async () => {
    await using network = await openLateNetwork();
    const alice = await enter21(network, ALICE, A1);
    publish(alice, 6, userDocument({ status: "FLN" }));
    alice.client.sayPayload(
      "PUT 7",
      publication(alice, `1:${BOB}`, "/user", "application/user+xml", userDocument({ status: "NLN" })),
    );
    await alice.client.hears("201 6", "201 7");
    expect(network.account(ALICE).status).toBe("FLN");
  });

  test("who is hidden is told to nobody", async () => {
    await using network = await openLateNetwork();
    const bob = await online21(network, BOB, B0);
    await online21(network, ALICE, A1, { status: "HDN" });
    await isQuiet(bob);
  });

  test("people who do not list one are not told; nor are those who list one that hides", async () => {
    await using network = await openLateNetwork();
    const dave = await online21(network, DAVE, B1);
    await online21(network, CAROL, A2);
    await isQuiet(dave);
  });

  test("what stays the same is no news", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    publish(alice, 6, userDocument({ status: "NLN" }));
    await alice.client.hears("PUT 6 OK 0");
    await isQuiet(bob);
  });

  test("white space and numeric references in a publication are read", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    publish(
      alice,
      6,
      '<user>\r\n  <s n="PE">\r\n <FriendlyName>A &#x26; B</FriendlyName> <PSM>&lt;3</PSM></s>\r\n</user>',
    );
    await alice.client.hears("PUT 6 OK 0");
    const [news] = await bob.client.hears("NFY PUT <length>");
    expect(news?.payload).toContain("<FriendlyName>A &#x26; B</FriendlyName><PSM>&#x3C;3</PSM>");
    expect(network.account(ALICE)).toMatchObject({ displayName: "A & B", personalMessage: "<3" });
  });

  test("as on official servers: no presence before the lists, and hiding shows at once", async () => {
    await using network = await openLateNetwork({ quirks: { ...OFFICIAL_QUIRKS, challenges: false } });
    const bob = await online21(network, BOB, B0);
    const alice = await enter21(network, ALICE, A1);
    publish(alice, 6, userDocument({ status: "NLN", name: "Alice" }));
    await alice.client.hears("PUT 6 OK <length>");
    await isQuiet(alice, bob);
    for (const late of [bob, alice]) {
      late.client.sayPayload("ADL 7", '<ml l="1"></ml>');
      await late.client.hears("ADL 7 OK");
      const [full] = await late.client.hears("NFY PUT <length>");
      expect(full?.payload).toContain("NotifType: Full");
    }
    const hide = '<ml><d n="example.com"><c n="bob" t="1"><s l="64" n="IM"/></c></d></ml>';
    alice.client.sayPayload("ADL 8", hide);
    const [gone] = await bob.client.hears("NFY DEL <length>");
    expect(gone?.payload).toContain(`<user><s n="IM"/><sep n="IM" epid="{${A1}}"/></user>`);
    alice.client.sayPayload("RML 9", hide);
    const [back] = await bob.client.hears("NFY PUT <length>");
    expect(back?.payload).toContain("NotifType: Full");
    await alice.client.hears("ADL 8 OK", "RML 9 OK");
  });

  test("a second sign-in of the same place takes its place", async () => {
    await using network = await openLateNetwork();
    const { alice } = await pair(network);
    await enter21(network, ALICE, A1.toUpperCase());
    await alice.client.hears("OUT OTH");
    await alice.client.isClosed();
  });

  test("another place says nothing new to the first but itself; its status is that of the account", async () => {
    await using network = await openLateNetwork();
    const { alice } = await pair(network);
    const second = await online21(network, ALICE, A2, { status: "AWY", device: "LAPTOP" });
    const [news] = await alice.client.hears("NFY PUT <length>");
    expect(news?.payload).toContain('<user><s n="IM"><Status>AWY</Status>');
    expect(news?.payload).toContain(`<sep n="PD" epid="{${A2}}"><ClientType>1</ClientType><EpName>LAPTOP</EpName>`);
    const [own] = await catchUp(second);
    expect(own?.some(({ payload }) => payload?.includes(`<sep n="PD" epid="{${A1}}">`))).toBe(true);
  });
});

describe("Commands of MSNP21 (source: msnp21 §2.1, §2.2)", () => {
  test("what older versions had is gone", async () => {
    await using network = await openLateNetwork();
    const { alice, bob } = await pair(network);
    alice.client.say("CHG 6 BSY 0", "XFR 7 SB", "PRP 8 MFN Al", "BLP 9 BL");
    await isQuiet(alice, bob);
  });

  test("Windows Phone asks for a challenge, and FSL", async () => {
    await using network = await openLateNetwork();
    const { alice } = await pair(network);
    alice.client.say("CHL 6", "FSL 7 579 0");
    await alice.client.hears("CHL 0 <digits>", "FSL 7 OK 0");
  });

  test("§2.6: FQY and hiding, byte by byte, and the old mask of blocking", async () => {
    await using network = await openLateNetwork();
    const { alice } = await pair(network);
    alice.client.bytes(sample("2.6", "ADL 20"));
    alice.client.bytes(sample("2.6", "RML 21"));
    await alice.client.hears("ADL 20 OK", "RML 21 OK");
    expect(network.account(ALICE).contacts.get(BOB)?.lists).not.toContain("BL");
    alice.client.bytes(sample("2.6", "FQY 22"));
    const [answer] = await alice.client.hears("FQY 22 51");
    expect(answer?.payload).toBe('<ml><d n="example.com"><c n="dave" t="1"/></d></ml>');
    alice.client.sayPayload("ADL 23", '<ml><d n="example.com"><c n="bob" t="1"><s l="4" n="IM"/></c></d></ml>');
    alice.client.sayPayload("ADL 24", '<ml><d n="example.com"></d></ml>');
    await alice.client.hears("241 23", "240 24");
    await alice.client.isClosed();
  });

  test("a new contact is shown at once, and told that they were added", async () => {
    await using network = await openLateNetwork();
    const { alice } = await pair(network);
    const dave = await online21(network, DAVE, B1);
    alice.client.sayPayload(
      "ADL 6",
      '<ml><d n="example.com"><c n="dave" t="1"><s l="3" n="IM"/><s l="3" n="PE"/></c></d></ml>',
    );
    const [news] = await alice.client.hears("NFY PUT <length>", "ADL 6 OK");
    expect(news?.payload).toContain("From: 1:dave@example.com");
    const [added] = await dave.client.hears("ADL 0 <length>", "NOT <length>");
    expect(added?.payload).toBe('<ml><d n="example.com"><c n="alice" t="1" l="8" f="Alice"/></d></ml>');
  });
});
