import { describe, expect, test } from "vitest";
import { answerChallenge } from "../../../src/msnp/auth/challenge.ts";
import { find, textAt } from "../../../src/msnp/soap/xml.ts";
import type { RawClient } from "./raw-client.ts";
import {
  ALICE_GUID,
  BOB_GUID,
  enter18,
  HELLO,
  online11,
  online18,
  openNetwork,
  openOfficial,
  untilLine,
} from "./scene.ts";
import { CONTENT, faultOf, type Letter, leave, RUN, rsi, STORE } from "./services.ts";

/** The payload of msnp-chat §5.6.4, 153 bytes with its text. */
const LATER =
  "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Segoe%20UI; EF=; CO=0; CS=0; PF=22\r\nDest-Agent: client\r\n\r\nHello, later :)";

/** Once a command behind it is answered, the UUM has been handled. */
async function settled(client: RawClient): Promise<void> {
  client.say("PNG");
  await untilLine(client, "QNG");
}

describe("Store and Store2 (msnp-chat §5.6.3)", () => {
  test("the request of the book is acknowledged and kept as it is", async () => {
    await using network = await openNetwork({ now: () => Date.UTC(2026, 6, 29, 12) });
    const { ticket } = await enter18(network, "alice", ALICE_GUID, "MSNP16");
    const answer = await leave(network, ticket);
    expect(answer.status).toBe(200);
    expect(find(answer.root, "AcknowledgmentRange")?.attributes).toEqual({ Upper: "1", Lower: "1" });
    expect(textAt(find(answer.root, "StoreResponse"), "PointsConsumed")).toBe("0");
    expect(network.offlineMessages("bob@example.com")).toMatchObject([
      {
        from: "alice@example.com",
        fromName: "Alice",
        to: "bob@example.com",
        text: "Hello, world :)",
        runId: RUN,
        sequence: 1,
        at: Date.UTC(2026, 6, 29, 12),
        proxy: "MSNMSGR",
        origin: "127.0.0.1",
      },
    ]);
    const bob = await enter18(network, "bob", BOB_GUID);
    const id = network.offlineMessages("bob@example.com")[0]?.id ?? "";
    const read = await rsi(network, bob.ticket, "GetMessage", `<messageId>${id}</messageId>`);
    const mime = find(read.root, "GetMessageResult")?.text ?? "";
    expect(mime).toContain(`\n${CONTENT.split("\n\n")[0]}\nMessage-ID: `);
    expect(mime).toContain("From: =?utf-8?B?QWxpY2U=?= <alice@example.com>\nTo: bob@example.com\nSubject: \n");
  });

  for (const [action, namespace] of [
    [undefined, "http://messenger.live.com/ws/2006/09/oim/"],
    [STORE, "http://messenger.msn.com/ws/2004/09/oim/"],
  ] as const) {
    test(`${namespace}: answers and faults have the namespace of the action`, async () => {
      await using network = await openNetwork();
      const { ticket } = await enter18(network, "alice", ALICE_GUID);
      const by: Letter = action === undefined ? {} : { action };
      expect((await leave(network, ticket, by)).text).toContain(`<StoreResponse xmlns="${namespace}">`);
      const refused = await leave(network, ticket, { ...by, lockkey: "" });
      expect(refused.text).toContain(`<faultcode xmlns:q0="${namespace}">q0:AuthenticationFailed</faultcode>`);
      expect(refused.text).toContain(`<LockKeyChallenge xmlns="${namespace}">1850937852</LockKeyChallenge>`);
    });
  }

  test("without a key there is a challenge, always the same, and then any key will do", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const refused = await leave(network, ticket, { lockkey: "" });
    expect([refused.status, faultOf(refused)]).toEqual([500, "q0:AuthenticationFailed"]);
    expect(find(refused.root, "LockKeyChallenge")?.text).toBe("1850937852");
    expect(find(refused.root, "TweenerChallenge")?.text).toContain("wp=FS_40SEC_0_COMPACT");
    expect((await leave(network, ticket, { lockkey: "anything" })).status).toBe(200);
  });

  test("the keys of the book answer the constant challenge", () => {
    for (const [id, key, answer] of [
      ["PROD0119GSJUC$18", "ILTXC!4IXB5FB*PX", "844559b18ac25f3affb9281fd729203c"],
      ["PROD0113H11T8$X_", "RG@XY*28Q5QHS%Q5", "0a3192f8f2e8b130a3f09d730a3aff11"],
      ["PROD0120PW!CCV9@", "C1BX{V4W}Q3*10SM", "4d7903fe4e44d395e9bad3b0f98879a6"],
    ] as const) {
      expect(answerChallenge("msnp11", "1850937852", { id, key })).toBe(answer);
    }
  });

  test("where keys are computed, only the answer of a known program to one's own challenge will do", async () => {
    await using network = await openNetwork({ quirks: { lockKeys: "computed" } });
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const challenge = find((await leave(network, ticket)).root, "LockKeyChallenge")?.text ?? "";
    expect(challenge).toMatch(/^\d{10,19}$/);
    const product = { id: "PROD0119GSJUC$18", key: "ILTXC!4IXB5FB*PX" };
    const lockkey = answerChallenge("msnp11", challenge, product);
    expect((await leave(network, ticket, { lockkey, appid: "PROD0113H11T8$X_" })).status).toBe(500);
    expect((await leave(network, ticket, { lockkey, appid: "PROD9999" })).status).toBe(500);
    expect((await leave(network, ticket, { lockkey })).status).toBe(200);
    expect((await leave(network, ticket, { lockkey })).status).toBe(200);
    const dave = await enter18(network, "dave", BOB_GUID);
    expect((await leave(network, dave.ticket, { lockkey, from: "dave@example.com" })).status).toBe(500);
  });

  test("where there are no keys, none is asked for", async () => {
    await using network = await openNetwork({ quirks: { lockKeys: "none" } });
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    expect((await leave(network, ticket, { lockkey: "" })).status).toBe(200);
  });

  test("a ticket nobody is signed in with is AuthenticationFailed", async () => {
    await using network = await openNetwork();
    const answer = await leave(network, `t=${"0".repeat(20)}&p=`);
    expect([answer.status, faultOf(answer)]).toEqual([500, "q0:AuthenticationFailed"]);
  });

  for (const [what, letter] of [
    ["another sender", { from: "carol@example.com" }],
    ["a recipient who does not exist", { to: "ghost@example.com" }],
    ["a recipient who blocks the sender", { to: "carol@example.com" }],
  ] as const) {
    test(`${what}: SystemUnavailable, HTTP 500`, async () => {
      await using network = await openNetwork();
      const carol = await online11(network, "carol");
      carol.say("ADC 8 BL N=alice@example.com");
      await untilLine(carol, "ADC 8");
      const { ticket } = await enter18(network, "alice", ALICE_GUID);
      const answer = await leave(network, ticket, letter);
      expect([answer.status, faultOf(answer)]).toEqual([500, "q0:SystemUnavailable"]);
      expect(network.offlineMessages("carol@example.com")).toEqual([]);
    });
  }

  for (const [what, letter] of [
    ["a line break before the headers", { content: `\n${CONTENT}` }],
    ["no version", { content: CONTENT.replace("MIME-Version: 1.0\n", "") }],
    ["another type", { content: CONTENT.replace("text/plain", "text/html") }],
    ["no base64", { content: CONTENT.replace("base64", "8bit") }],
    ["another kind of message", { content: CONTENT.replace("OfflineMessage", "Letter") }],
    ["a run that is no GUID", { content: CONTENT.replace(RUN, "7") }],
    ["a number that is not the request's", { number: "2" }],
    ["a number that is none", { number: "one" }],
    ["no empty line", { content: CONTENT.replace("\n\n", "\n") }],
    ["a line of 78 characters", { content: CONTENT.replace(/[^\n]*$/, "A".repeat(78)) }],
    ["a broken end of the base64", { content: `${CONTENT}AA` }],
    ["bytes that are no UTF-8", { content: CONTENT.replace(/[^\n]*$/, "//79") }],
  ] as const) {
    test(`${what}: InvalidContent, HTTP 500`, async () => {
      await using network = await openNetwork();
      const { ticket } = await enter18(network, "alice", ALICE_GUID);
      const answer = await leave(network, ticket, letter);
      expect([answer.status, faultOf(answer)]).toEqual([500, "q0:InvalidContent"]);
      expect(network.offlineMessages("bob@example.com")).toEqual([]);
    });
  }

  test("CRLF, a run without braces and wrapped lines are all right; names may be Q-encoded or plain", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const text = "å".repeat(60);
    const base64 = Buffer.from(text).toString("base64").replace(/.{76}/g, "$&\n");
    const content = CONTENT.replace(`{${RUN}}`, RUN)
      .replace(/[^\n]*$/, base64)
      .replaceAll("\n", "&#13;\n");
    for (const friendlyName of ["=?utf-8?Q?Andr=C3=A9_B?=", "Alice"]) {
      expect((await leave(network, ticket, { content, friendlyName })).status).toBe(200);
    }
    expect(network.offlineMessages("bob@example.com")).toMatchObject([
      { text, runId: RUN, fromName: "André B" },
      { text, runId: RUN, fromName: "Alice" },
    ]);
  });

  test("the next message may have to wait: SenderThrottleLimitExceeded", async () => {
    let now = 1_000_000;
    await using network = await openNetwork({ quirks: { offlineIntervalMs: 1000 }, now: () => now });
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    expect((await leave(network, ticket)).status).toBe(200);
    const early = await leave(network, ticket);
    expect([early.status, faultOf(early)]).toEqual([500, "q0:SenderThrottleLimitExceeded"]);
    now += 1000;
    expect((await leave(network, ticket)).status).toBe(200);
    expect(network.offlineMessages("bob@example.com")).toHaveLength(2);
  });

  test("faults can be forced, by action", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const code = "SenderThrottleLimitExceeded";
    network.faults.arm({ place: "HTTP", at: "Store2", fault: { kind: "soap-fault", code } });
    expect((await leave(network, ticket, { action: STORE })).status).toBe(200);
    expect(faultOf(await leave(network, ticket))).toBe(`q0:${code}`);
    network.faults.arm({ place: "HTTP", at: "Store2", fault: { kind: "refuse" } });
    expect(faultOf(await leave(network, ticket))).toBe("q0:AuthenticationFailed");
    expect((await leave(network, ticket)).status).toBe(200);
  });

  test("a full store is SystemUnavailable", async () => {
    await using network = await openNetwork({ limits: { maxOfflineMessages: 1 } });
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    expect((await leave(network, ticket)).status).toBe(200);
    expect(faultOf(await leave(network, ticket))).toBe("q0:SystemUnavailable");
    expect(() => {
      network.leaveOfflineMessages("bob@example.com", [{ from: "x@example.com", text: "x", at: 0 }]);
    }).toThrow(/takes no more/);
  });

  test("somebody who is online is told at once; the endpoint that left it for itself is not", async () => {
    await using network = await openNetwork();
    const bob = await online11(network, "bob");
    await untilLine(bob, "MSG");
    const alice = await online18(network, "alice", ALICE_GUID);
    await untilLine(alice.client, "MSG");
    await leave(network, alice.ticket);
    await untilLine(bob, "MSG Hotmail Hotmail");
    await leave(network, alice.ticket, { to: "alice@example.com" });
    expect(network.offlineMessages("alice@example.com")).toHaveLength(1);
    alice.client.say("PNG");
    for (let line = ""; line !== "QNG 60"; ) {
      ({ line } = await alice.client.next());
      expect(line).not.toMatch(/^MSG/);
    }
  });
});

describe("UUM (msnp-chat §5.6.4, msnp-core §7.10)", () => {
  test("the message of the book has 153 bytes, gets no answer, and waits without a number", async () => {
    expect(LATER).toHaveLength(153);
    await using network = await openNetwork();
    const { client } = await online18(network, "alice", ALICE_GUID);
    await untilLine(client, "MSG");
    client.sayPayload("UUM 12 bob@example.com 1 1", LATER);
    await settled(client);
    const [message] = network.offlineMessages("bob@example.com");
    expect(message).toMatchObject({ from: "alice@example.com", fromName: "Alice A", text: "Hello, later :)" });
    expect(message).not.toHaveProperty("sequence");
    const bob = await online18(network, "bob", BOB_GUID);
    const read = await rsi(network, bob.ticket, "GetMessage", `<messageId>${message?.id}</messageId>`);
    const mime = find(read.root, "GetMessageResult")?.text ?? "";
    expect(mime).toMatch(/\nX-OIM-Run-Id: \{[0-9a-f-]{36}\}\nMessage-ID/);
    expect(mime.endsWith(`\n\n${Buffer.from("Hello, later :)").toString("base64")}`)).toBe(true);
  });

  for (const [what, line, payload] of [
    ["without Dest-Agent", "UUM 12 bob@example.com 1 1", LATER.replace("Dest-Agent: client\r\n", "")],
    ["for another agent", "UUM 12 bob@example.com 1 1", LATER.replace("Dest-Agent: client", "Dest-Agent: mobile")],
    ["of another type", "UUM 12 bob@example.com 1 1", LATER.replace("text/plain", "text/html")],
    ["for somebody who does not exist", "UUM 12 ghost@example.com 1 1", LATER],
    ["for another network", "UUM 12 bob@yahoo.com 32 1", LATER],
    ["for somebody who blocks", "UUM 12 carol@example.com 1 1", LATER],
  ] as const) {
    test(`a message ${what} is lost without a word`, async () => {
      await using network = await openNetwork();
      const carol = await online11(network, "carol");
      carol.say("ADC 8 BL N=alice@example.com");
      await untilLine(carol, "ADC 8");
      await carol.hangUp();
      const { client } = await enter18(network, "alice", ALICE_GUID);
      client.sayPayload(line, payload);
      await client.hearsNothing();
      expect(network.offlineMessages("bob@example.com")).toEqual([]);
      expect(network.offlineMessages("carol@example.com")).toEqual([]);
    });
  }

  test("somebody who is online gets no offline message, somebody hidden does, and is told", async () => {
    await using network = await openNetwork();
    const bob = await online11(network, "bob");
    await untilLine(bob, "MSG");
    const { client } = await enter18(network, "alice", ALICE_GUID);
    client.sayPayload("UUM 12 bob@example.com 1 1", LATER);
    await client.hearsNothing();
    expect(network.offlineMessages("bob@example.com")).toEqual([]);
    bob.say("CHG 6 HDN 0");
    await untilLine(bob, "CHG 6");
    client.sayPayload("UUM 13 bob@example.com 1 1", LATER);
    await untilLine(bob, "MSG Hotmail Hotmail");
    expect(network.offlineMessages("bob@example.com")).toHaveLength(1);
  });

  for (const [dialect, line] of [
    ["MSNP16", "UUM 12 bob@example.com 1 1"],
    ["MSNP18", "UUM 12 bob@example.com 1 2"],
    ["MSNP18", "UUM 12 bob@example.com 1 5"],
    ["MSNP18", "UUM 12 bob@example.com 7 1"],
  ] as const) {
    test(`${dialect} ${line}: the connection ends`, async () => {
      await using network = await openNetwork();
      const { client } = await enter18(network, "alice", ALICE_GUID, dialect);
      client.sayPayload(line, LATER);
      await client.isClosed();
      expect(network.offlineMessages("bob@example.com")).toEqual([]);
    });
  }

  test("MSNP16 may send to Yahoo, which nobody gets", async () => {
    await using network = await openNetwork();
    const { client } = await enter18(network, "alice", ALICE_GUID, "MSNP16");
    client.sayPayload("UUM 12 bob@yahoo.com 32 1", LATER);
    await client.hearsNothing();
  });

  test("a more liberal server asks for no agent, and passes typing over", async () => {
    await using network = await openOfficial();
    const { client } = await enter18(network, "alice", ALICE_GUID);
    client.sayPayload("UUM 12 bob@example.com 1 2", LATER);
    client.sayPayload("UUM 13 bob@example.com 1 1", HELLO);
    await client.hearsNothing();
    expect(network.offlineMessages("bob@example.com").map(({ text }) => text)).toEqual(["Hello, world"]);
  });
});
