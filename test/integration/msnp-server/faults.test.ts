import { describe, expect, test } from "vitest";
import { answerChallenge } from "../../../src/msnp/auth/challenge.ts";
import { find, parseXml, textAt } from "../../../src/msnp/soap/xml.ts";
import { RawClient } from "./raw-client.ts";
import {
  ALICE_GUID,
  callService,
  enter11,
  enter18,
  nexusTicket,
  online11,
  openNetwork,
  tokenRequest,
} from "./scene.ts";

describe("Forced faults on connections", () => {
  test("a dropped connection: once, for one account, at one command", async () => {
    await using network = await openNetwork();
    const fault = network.faults.arm({ place: "NS", account: "Alice@example.com", at: "SYN", fault: { kind: "drop" } });
    const bob = await enter11(network, "bob");
    bob.say("SYN 5 0 0");
    await bob.hears("SYN 5 <stamp> <stamp> 1 0");
    const alice = await enter11(network, "alice");
    alice.say("SYN 5 0 0");
    await alice.isClosed();
    expect(fault.strikes).toBe(1);
    const again = await enter11(network, "alice");
    again.say("SYN 5 0 0");
    await again.hears("SYN 5 <stamp> <stamp> 2 1");
  });

  test("the n-th command of a kind, several times", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    network.faults.arm({ place: "NS", at: "PNG", nth: 2, times: 2, fault: { kind: "ignore" } });
    alice.say("PNG", "PNG", "PNG", "PNG", "XFR 9 SB");
    await alice.hears("QNG 60", "QNG 60", "913 9");
  });

  test("a fault that was taken back does not strike", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    network.faults.arm({ place: "NS", fault: { kind: "drop" }, times: "always" }).disarm();
    network.faults.arm({ place: "NS", fault: { kind: "drop" } });
    network.faults.disarmAll();
    await alice.hearsNothing();
  });

  test("a stalled server keeps the connection and says nothing more", async () => {
    await using network = await openNetwork();
    const ticket = await nexusTicket(network, "alice@example.com");
    network.faults.arm({ place: "NS", at: "USR", nth: 2, fault: { kind: "stall" } });
    const alice = await RawClient.open(network.ports.ns, "alice");
    alice.say("VER 1 MSNP11", "USR 2 TWN I alice@example.com", `USR 3 TWN S ${ticket}`, "OUT");
    await alice.hears("VER 1 MSNP11", "USR 2 TWN S <challenge>");
    const bob = await enter11(network, "bob");
    await bob.hearsNothing();
    network.dropConnections();
    await alice.isClosed();
  });

  test("a slow server answers late, and in order", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    network.faults.arm({ place: "NS", at: "CHG", fault: { kind: "delay", ms: 60 } });
    const before = performance.now();
    alice.say("CHG 5 NLN 0", "PNG", "XFR 6 NS");
    alice.say("PNG");
    await alice.hears("CHG 5 NLN 0", "MSG Hotmail Hotmail <length>", "QNG 60", "201 6", "QNG 60");
    expect(performance.now() - before).toBeGreaterThan(50);
  });

  test("error numbers, with the end of the connection if asked", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    network.faults.arm({ place: "NS", at: "CHG", fault: { kind: "error", code: 800 } });
    network.faults.arm({ place: "NS", at: "SYN", fault: { kind: "error", code: 600, close: true } });
    alice.say("CHG 5 NLN 0", "SYN 6 0 0");
    await alice.hears("800 5", "600 6");
    await alice.isClosed();
  });

  test("a payload that says it is longer than it is", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.say("SYN 5 0 0");
    for (let i = 0; i < 7; i++) await alice.next();
    network.faults.arm({ place: "NS", at: "GCF", fault: { kind: "wrong-length", by: 8 } });
    alice.say("GCF 6 Shields.xml", "PNG");
    const [policies] = await alice.hears("GCF 6 Shields.xml <length>");
    expect(policies?.payload).toMatch(/<\/config>QNG 60\r\n$/);
  });

  test("bytes that are no protocol", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    network.faults.arm({ place: "NS", at: "PNG", fault: { kind: "garbage", bytes: Buffer.from("%%% ???\r\n") } });
    alice.say("PNG");
    await alice.hears("%%% ???", "QNG 60");
  });

  test("OUT with every reason, by a fault or by the operator", async () => {
    await using network = await openNetwork();
    for (const reason of ["OTH", "SSD"] as const) {
      const alice = await enter11(network, "alice");
      network.kick("alice@example.com", reason);
      await alice.hears(`OUT ${reason}`);
      await alice.isClosed();
    }
    const alice = await enter11(network, "alice");
    network.faults.arm({ place: "NS", at: "PNG", fault: { kind: "out", reason: "RCT 5" } });
    alice.say("PNG");
    await alice.hears("OUT RCT%205");
    await alice.isClosed();
  });

  test("maintenance is announced", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    network.announceMaintenance(5);
    const [message] = await alice.hears("MSG Hotmail Hotmail 88");
    expect(message?.payload).toBe(
      "MIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\n\r\nType: 1\r\nArg1: 5\r\n",
    );
  });

  test("a redirect once leads back here, and the second try works; a loop leads back for ever", async () => {
    await using network = await openNetwork();
    const self = `127.0.0.1:${network.ports.ns}`;
    network.faults.arm({ place: "NS", at: "USR", fault: { kind: "redirect" } });
    const first = await RawClient.open(network.ports.ns);
    first.say("VER 1 MSNP11", "USR 2 TWN I alice@example.com");
    await first.hears("VER 1 MSNP11", `XFR 2 NS ${self} 0 ${self}`);
    await first.isClosed();
    await enter11(network, "alice");
    const loop = network.faults.arm({ place: "NS", at: "USR", times: "always", fault: { kind: "redirect" } });
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.open(network.ports.ns);
      client.say("VER 1 MSNP18", "USR 2 SSO I alice@example.com");
      await client.hears("VER 1 MSNP18", `XFR 2 NS ${self} U D`);
    }
    expect(loop.strikes).toBe(3);
  });

  test("messages: acknowledgement withheld, refused, and 217 on CAL", async () => {
    await using network = await openNetwork();
    const bob = await online11(network, "bob");
    await bob.hears("MSG Hotmail Hotmail <length>");
    const alice = await online11(network, "alice");
    await alice.hears(
      "ILN 5 NLN bob@example.com Bob%20B 0 <object>",
      "UBX bob@example.com <length>",
      "MSG Hotmail Hotmail <length>",
    );
    alice.say("XFR 6 SB");
    const [xfr] = await alice.hears("XFR 6 SB <address> CKI <cookie>");
    const board = await RawClient.open(network.ports.sb, "board");
    board.say(`USR 1 alice@example.com ${xfr?.line.split(" ")[5]}`);
    network.faults.arm({ place: "SB", account: "alice@example.com", at: "CAL", fault: { kind: "error", code: 217 } });
    board.say("CAL 2 bob@example.com", "CAL 3 bob@example.com");
    await board.hears("USR 1 OK alice@example.com Alice%20A", "217 2", "CAL 3 RINGING <id>");
    await bob.hears("NLN NLN alice@example.com Alice%20A 0 <object>");
    const [, id, , , cookie] = (await bob.next()).line.split(" ");
    const his = await RawClient.open(network.ports.sb, "his board");
    his.say(`ANS 1 bob@example.com ${cookie} ${id}`);
    await his.hears("IRO 1 1 1 alice@example.com Alice%20A", "ANS 1 OK");
    await board.hears("JOI bob@example.com Bob%20B");
    network.faults.arm({ place: "SB", at: "MSG", fault: { kind: "no-ack" } });
    network.faults.arm({ place: "SB", at: "MSG", nth: 1, fault: { kind: "nak" } });
    for (const trid of [4, 5, 6]) board.sayPayload(`MSG ${trid} A`, `Content-Type: text/plain\r\n\r\n${trid}`);
    await board.hears("NAK 5", "ACK 6");
    const heard = await his.hears("MSG alice@example.com Alice%20A 29", "MSG alice@example.com Alice%20A 29");
    expect(heard.map(({ payload }) => payload?.at(-1))).toEqual(["4", "6"]);
  });
});

describe("Challenges (msnp-core §4)", () => {
  test("the right answer is taken, and the next challenge comes", async () => {
    await using network = await openNetwork({ quirks: { challenges: true, challengeIntervalMs: 10 } });
    const alice = await enter11(network, "alice");
    alice.say("CHG 5 NLN 0");
    await alice.hears("CHG 5 NLN 0", "MSG Hotmail Hotmail <length>");
    const product = { id: "PROD0090YUAUV{2B", key: "YMM8C_H7KCQ2S_KL" };
    for (const trid of [6, 7]) {
      const [challenge] = await alice.hears("CHL 0 <digits>");
      const digits = challenge?.line.split(" ")[2] ?? "";
      expect(digits).toMatch(/^\d{20}$/);
      alice.sayPayload(`QRY ${trid} ${product.id}`, answerChallenge("msnp11", digits, product));
      await alice.hears(`QRY ${trid}`);
    }
  });

  for (const [what, line, answer] of [
    ["a wrong answer", "QRY 6 PROD0090YUAUV{2B", "0".repeat(32)],
    ["an unknown program", "QRY 6 msmsgs@msnmsgr.com", "0".repeat(32)],
  ] as const) {
    test(`${what} is 540 and the end`, async () => {
      await using network = await openNetwork({ quirks: { challenges: true } });
      const alice = await enter11(network, "alice");
      alice.say("CHG 5 NLN 0");
      await alice.hears("CHG 5 NLN 0", "MSG Hotmail Hotmail <length>", "CHL 0 <digits>");
      alice.sayPayload(line, answer);
      await alice.hears("540 6");
      await alice.isClosed();
    });
  }

  test("no answer in time is 540 and the end", async () => {
    await using network = await openNetwork({ quirks: { challenges: true, challengeAnswerMs: 30 } });
    const alice = await enter11(network, "alice");
    alice.say("CHG 5 NLN 0");
    await alice.hears("CHG 5 NLN 0", "MSG Hotmail Hotmail <length>", "CHL 0 <digits>", "540 0");
    await alice.isClosed();
  });

  test("without challenges an answer gets silence, as on Escargot", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.sayPayload("QRY 6 PROD0090YUAUV{2B", "0".repeat(32));
    await alice.hearsNothing();
  });
});

describe("Forced faults of web services", () => {
  test("credentials are refused although they are right, then taken", async () => {
    await using network = await openNetwork();
    network.faults.arm({ place: "HTTP", account: "alice@example.com", at: "rst", fault: { kind: "refuse" } });
    const ask = (): Promise<Response> =>
      fetch(network.services.rstUrl, {
        method: "POST",
        body: tokenRequest("alice@example.com", "secret", ["messengerclear.live.com"]),
      });
    const faults = [];
    for (let i = 0; i < 2; i++) faults.push(find(parseXml(await (await ask()).text()), "faultcode")?.text);
    expect(faults).toEqual(["wsse:FailedAuthentication", undefined]);
    network.faults.arm({ place: "HTTP", at: "login", fault: { kind: "refuse" } });
    expect(await nexusTicket(network, "alice@example.com")).toBe("");
    expect(await nexusTicket(network, "alice@example.com")).toMatch(/^[0-9a-f]{20}$/);
  });

  test("redirects: a fault with an address from RST, a 302 from Passport", async () => {
    await using network = await openNetwork();
    const url = network.services.rst2Url;
    network.faults.arm({ place: "HTTP", at: "rst", fault: { kind: "redirect", url } });
    const answer = await fetch(network.services.rstUrl, { method: "POST", body: tokenRequest("a@b.c", "x", []) });
    const fault = find(parseXml(await answer.text()), "Fault");
    expect([textAt(fault, "faultcode"), textAt(fault, "redirectUrl")]).toEqual(["psf:Redirect", url]);
    network.faults.arm({ place: "HTTP", at: "login", fault: { kind: "redirect", url } });
    const login = await fetch(`http://127.0.0.1:${network.ports.http}/login`, { redirect: "manual" });
    expect([login.status, login.headers.get("Location")]).toEqual([302, url]);
  });

  test("HTTP errors, garbage, late answers, broken and silent connections", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const { addressBookUrl } = network.services;
    const call = () => callService(addressBookUrl, ticket, "ABFindAll");
    network.faults.arm({
      place: "HTTP",
      at: "ABFindAll",
      account: "alice@example.com",
      fault: { kind: "status", status: 503 },
    });
    expect((await call()).status).toBe(503);
    network.faults.arm({ place: "HTTP", at: "ABFindAll", fault: { kind: "garbage" } });
    await expect(call()).rejects.toThrow("not well-formed");
    network.faults.arm({ place: "HTTP", at: "ABFindAll", fault: { kind: "delay", ms: 50 } });
    const before = performance.now();
    expect((await call()).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(45);
    network.faults.arm({ place: "HTTP", at: "ABFindAll", fault: { kind: "drop" } });
    await expect(call()).rejects.toThrow("fetch failed");
    network.faults.arm({ place: "HTTP", at: "nexus", fault: { kind: "stall" } });
    await expect(fetch(network.services.nexusUrl, { signal: AbortSignal.timeout(50) })).rejects.toThrow("timeout");
  });
});
