import { afterEach, describe, expect, it } from "vitest";
import { verifyRpsResponse } from "../../../../src/msnp/auth/index.ts";
import type { MsnClient, MsnClientOptions } from "../../../../src/msnp/index.ts";
import { parseEmail, parseMachineGuid } from "../../../../src/msnp/index.ts";
import { parseMultipart } from "../../../../src/msnp/message/multipart.ts";
import type { Script, ScriptedServer } from "../scripted-server.ts";
import { eventually, hearing, next } from "../stage.ts";
import {
  ALICE,
  answer,
  asHeard,
  BOB,
  bookClient,
  bytesOf,
  CAROL,
  CIRCLE,
  command,
  GROUP,
  heard,
  SECRET,
  sample,
  TICKET,
  TRANSCRIPT,
} from "./book-server.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type Options = { pieces?: number } & Partial<MsnClientOptions>;

async function play(
  changes: Script = {},
  options: Options = {},
): Promise<{ client: MsnClient; server: ScriptedServer }> {
  const { client, server, close } = await bookClient(changes, options);
  closing.push(close);
  await client.signIn();
  return { client, server };
}

/** Everything that is said to and from the transcript's point in a session of its own. */
async function told(
  ...steps: readonly (readonly [string, number?])[]
): Promise<{ client: MsnClient; server: ScriptedServer }> {
  const session = await play();
  for (const [step, nth = 0] of steps) session.server.say(bytesOf(command(step, "server", nth)));
  return session;
}

describe("signing in at MSNP21, against the book's transcript (source: msnp21 §2.4, §11)", () => {
  it.each([undefined, 1, 7])(
    "says what the book says, in its order (T1-T11), in pieces of %s bytes",
    async (pieces) => {
      const { client, server } = await play({}, pieces === undefined ? {} : { pieces });
      expect(client.dialect).toBe("MSNP21");
      const said = heard(server);
      // §2.4: a first connection.
      expect(said.slice(0, 3)).toEqual([
        "VER MSNP21 CVR0",
        "CVR 0x0409 winnt 6.1.0 i386 MSNMSGR 15.4.3502.0922 MSNMSGR alice@example.com VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDENCg==",
        asHeard(command("T1", "client", 2)),
      ]);
      const [, , , , , proof] = asHeard(command("T2", "client")).split(" ");
      const [name, scheme, step, ticket, blob, guid] = said[3]?.split(" ") ?? [];
      expect([name, scheme, step, ticket, guid]).toEqual(["USR", "SSO", "S", "t=EwExampleTicket&p=", proof]);
      const nonce = command("T1", "server", 3).line.split(" ").at(-1) ?? "";
      expect(verifyRpsResponse(SECRET, nonce, blob ?? "")).toBe(true);
      // The challenge comes when it comes.
      await eventually(() => heard(server)).toContain(asHeard(command("T3", "client")));
      const rest = said.slice(4).filter((line) => !/^(PNG|QRY)/.test(line));
      expect(rest.slice(0, 4)).toEqual([
        asHeard(command("T8", "client")),
        asHeard(command("T9", "client")),
        `USR SHA A ${Buffer.from(TICKET).toString("base64")}`,
        asHeard(command("T10", "client")),
      ]);
      expect(rest[4]).toMatch(/^PUT \d+\|/);
    },
  );

  it("publishes itself as T11 does, header by header, and joins its circle (T25)", async () => {
    const { server } = await play();
    const [first] = heard(server).filter((line) => line.startsWith("PUT"));
    const mine = parseMultipart(Buffer.from(first?.slice(first.indexOf("|") + 1) ?? ""));
    const theirs = parseMultipart(command("T11", "client").payload ?? Buffer.alloc(0));
    const names = (message: typeof mine): unknown => message.content?.map(([name]) => name);
    expect([mine.routing, mine.reliability, names(mine)]).toEqual([theirs.routing, theirs.reliability, names(theirs)]);
    const elements = (body: Buffer): string => body.toString().replace(/>[^<>]+</g, "><");
    expect(elements(mine.body)).toBe(elements(theirs.body));
    await eventually(() => heard(server)).toContain(asHeard(command("T25", "client")));
  });

  it("is passed on to another server, and says how often (source: msnp21 §2.4)", async () => {
    const second = await bookClient();
    closing.push(second.close);
    const { port } = second.server.address;
    const blob = "VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDINCg==";
    const first = await bookClient({ USR: `XFR $ NS 127.0.0.1:${port} U D ${blob}\r\n` });
    closing.push(first.close);
    await first.client.signIn();
    expect(heard(second.server)[1]).toBe(
      `CVR 0x0409 winnt 6.1.0 i386 MSNMSGR 15.4.3502.0922 MSNMSGR alice@example.com ${blob}`,
    );
  });

  it.each([
    ["as the answer to CVR", "CVR", "XFR $ NS 127.0.0.1:PORT U D VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDINCg==\r\n"],
    ["without a trid", "USR", "XFR 0 NS 127.0.0.1:PORT U D VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDINCg==\r\n"],
  ])("is passed on by an XFR that comes %s", async (_how, name, line) => {
    const second = await bookClient();
    closing.push(second.close);
    const first = await bookClient({ [name]: line.replace("PORT", String(second.server.address.port)) });
    closing.push(first.close);
    await first.client.signIn();
    expect(first.client.state).toBe("signed-in");
  });

  it("does without circles when the server does not let it have them (933, 911)", async () => {
    const [first = "", second = ""] = TRANSCRIPT.USR ?? [];
    const { client, server } = await play({ USR: [first, second, "911 $\r\n"] });
    expect(client.state).toBe("signed-in");
    expect(heard(server).filter((line) => line.includes("live.com"))).toEqual([]);
  });

  it("takes a server at its silence that answers no ADL (source: msnp21 §9)", async () => {
    const { client } = await play({ ADL: "" }, { timeouts: { request: 100 }, circles: false });
    expect(client.state).toBe("signed-in");
  });

  it("edits lists at a server that answers neither ADL nor RML (source: msnp21 §9)", async () => {
    const { client } = await play({ ADL: "", RML: "", FQY: "" }, { timeouts: { request: 100 }, circles: false });
    const dave = parseEmail("dave@example.com");
    await client.roster.add(dave);
    expect([...(client.contacts.get(dave)?.lists ?? [])]).toEqual(["FL", "AL"]);
    await client.roster.block(BOB);
    expect([...(client.contacts.get(BOB)?.lists ?? [])]).toEqual(["FL", "BL"]);
    await client.roster.remove(BOB);
    expect([...(client.contacts.get(BOB)?.lists ?? [])]).toEqual(["BL"]);
  });

  it("learns of the own name and the lists", async () => {
    const { client } = await play();
    expect(client.self).toEqual({ email: ALICE, displayName: "Alice", status: "NLN" });
    expect([...(client.contacts.get(CAROL)?.lists ?? [])]).toEqual(["FL", "AL", "BL"]);
  });
});

describe("presence (T12, T20-T23, T38-T42)", () => {
  it("T12: bob is busy, with his words and what he can do", async () => {
    const { client } = await told(["T12"]);
    await eventually(() => client.contacts.get(BOB)?.status).toBe("BSY");
    expect(client.contacts.get(BOB)).toMatchObject({
      displayName: "Bob",
      personalMessage: "in a meeting",
      capabilities: { basic: 2952823072, extended: 2558662528 },
      msnObject: undefined,
    });
  });

  it("T20: becoming busy publishes only what changed", async () => {
    const { client, server } = await play();
    await client.setStatus("BSY");
    expect(heard(server)).toContain(asHeard(command("T20", "client")));
    expect(client.self.status).toBe("BSY");
    const count = server.heard.length;
    await client.setStatus("BSY");
    expect(server.heard.length).toBe(count);
  });

  it("a new message publishes what is shown to others and nothing of the place", async () => {
    const { client, server } = await play();
    await client.setPersonalMessage({ text: "lunch & <break>" });
    const last = heard(server).at(-1) ?? "";
    expect(last).toContain("<FriendlyName>Alice</FriendlyName><PSM>lunch &amp; &lt;break&gt;</PSM>");
    expect(last).not.toContain("<sep");
    await client.setDisplayName("Alice A");
    expect(heard(server).at(-1)).toContain("<FriendlyName>Alice A</FriendlyName><PSM>lunch &amp;");
    expect(client.self.displayName).toBe("Alice A");
  });

  it("what the server refuses is published whole the next time", async () => {
    const { client, server } = await play({ PUT: [answer("T11"), answer("T25"), "800 $\r\n", "PUT $ OK 0\r\n"] });
    await eventually(() => heard(server)).toContain(asHeard(command("T25", "client")));
    await expect(client.setStatus("AWY")).rejects.toMatchObject({ code: "server-800" });
    expect(client.self.status).toBe("NLN");
    await client.setPersonalMessage({ text: "again" });
    expect(heard(server).at(-1)).toMatch(/<Status>NLN<\/Status>.*<PSM>again<\/PSM>.*<sep n="PD">/);
  });

  it("T21: bob clears his message and stays busy", async () => {
    const { client, server } = await told(["T12"]);
    await eventually(() => client.contacts.get(BOB)?.personalMessage).toBe("in a meeting");
    server.say(bytesOf(command("T21", "server")));
    await eventually(() => client.contacts.get(BOB)?.personalMessage).toBe("");
    expect(client.contacts.get(BOB)).toMatchObject({ status: "BSY", displayName: "Bob" });
  });

  it("T22, T23: bob is online while one of his places is", async () => {
    const { client, server } = await told(["T12"]);
    await eventually(() => client.contacts.get(BOB)?.personalMessage).toBe("in a meeting");
    const second = bytesOf(command("T12", "server"))
      .replaceAll("b0b0b0b0", "b1b1b1b1")
      .replace("NotifType: Full\r\n", "NotifType: Partial\r\n")
      .replace("660", "663");
    server.say(second);
    server.say(bytesOf(command("T22", "server")));
    server.say(bytesOf(command("T21", "server")));
    await eventually(() => client.contacts.get(BOB)?.personalMessage).toBe("");
    expect(client.contacts.get(BOB)?.status).toBe("BSY");
    server.say(bytesOf(command("T23", "server")));
    await eventually(() => client.contacts.get(BOB)?.status).toBe("FLN");
    expect(client.contacts.get(BOB)?.capabilities).toEqual({ basic: 0, extended: 0 });
  });

  it("T42: the last place of somebody leaves", async () => {
    const { client, server } = await told(["T12"]);
    await eventually(() => client.contacts.get(BOB)?.status).toBe("BSY");
    const t42 = command("T42", "server");
    // On alice's connection it is bob who leaves.
    const swapped = bytesOf(t42).replace("To: 1:bob", "To: 1:x").replace("1:alice", "1:bob").replace("1:x", "1:alice");
    server.say(swapped);
    await eventually(() => client.contacts.get(BOB)?.status).toBe("FLN");
  });

  it("T38, T40: another place of the account is seen, and signed out", async () => {
    const { client, server } = await told(["T38"]);
    const laptop = parseMachineGuid("a2a2a2a2-2222-4222-8222-aaaaaaaaaaaa");
    await eventually(() => client.endpoints.list.get(laptop)).toEqual({
      id: laptop,
      name: "LAPTOP",
      isSelf: false,
      status: "NLN",
      clientType: 1,
      capabilities: { basic: 2952823072, extended: 2558662528 },
    });
    await client.endpoints.signOut(laptop);
    expect(heard(server)).toContain(asHeard(command("T40", "client")));
    server.say(bytesOf(command("T40", "server", 1)));
    await eventually(() => [...client.endpoints.list.values()].map(({ name }) => name)).toEqual(["ALICE-PC"]);
    expect(client.state).toBe("signed-in");
  });

  it("T41: signs out", async () => {
    const { client, server } = await play();
    const closed = next(client, "closed");
    await client.signOut();
    expect((await closed)[0].kind).toBe("signed-out");
    await eventually(() => heard(server).at(-1)).toBe("OUT");
  });

  it("T40: whoever finds itself among those who leave has been signed out elsewhere", async () => {
    const { client, server } = await play();
    const closed = next(client, "closed");
    const own = bytesOf(command("T40", "server", 1)).replaceAll(
      "{a2a2a2a2-2222-4222-8222-aaaaaaaaaaaa}",
      "{A1A1A1A1-1111-4111-8111-AAAAAAAAAAAA}",
    );
    server.say(own);
    expect((await closed)[0].kind).toBe("elsewhere");
  });

  it("passes over what is about other networks, and what nobody knows", async () => {
    const { client, server } = await play();
    server.say(bytesOf(sample("4.4", "server")));
    server.say("NFY PUT 12\r\nnot headers!NFY XYZ 0\r\nSDG 0 3\r\nabcGCF 0 0\r\n");
    server.say(bytesOf(command("T12", "server")));
    await eventually(() => client.contacts.get(BOB)?.status).toBe("BSY");
  });
});

describe("talk (T14-T19, T24, T39)", () => {
  it("T15, T16: bob types and writes", async () => {
    const { client, server } = await play();
    const typing = next(client, "typing");
    const message = next(client, "message");
    for (const step of ["T15", "T16"]) server.say(bytesOf(command(step, "server")));
    expect((await typing)[0].from).toBe(BOB);
    const [{ from, fromName, body, conversation }] = await message;
    expect({ from, fromName, body, kind: conversation.kind }).toEqual({
      from: BOB,
      fromName: "Bob",
      body: { kind: "text", text: "hi alice", format: { font: "Segoe UI", color: "#000000" } },
      kind: "direct",
    });
  });

  it("T17-T19: typing, a text and a nudge are the book's, byte for byte", async () => {
    const { client, server } = await play();
    const bob = client.conversation(BOB);
    await bob.sendTyping();
    await bob.sendText("Hello Bob, à bientôt", { font: "Segoe UI", bold: true, color: "#0000ff" });
    await bob.sendNudge();
    expect(heard(server).filter((line) => line.startsWith("SDG"))).toEqual(
      ["T17", "T18", "T19"].map((step) => asHeard(command(step, "client"))),
    );
  });

  it("T24: somebody who is not there can be left a text", async () => {
    const { client, server } = await play({ SDG: ["217 $\r\n", ""] });
    await expect(client.conversation(BOB).sendText("still there?")).rejects.toMatchObject({
      code: "peer-offline",
      certainty: "not-sent",
      partsSent: 0,
    });
    await client.offline.send(BOB, "still there?");
    expect(heard(server).filter((line) => line.startsWith("SDG"))).toEqual(
      [0, 1].map((nth) => asHeard(command("T24", "client", nth))),
    );
  });

  it.each([
    ["201", "refused"],
    ["800", "rate-limited"],
    ["801", "refused"],
    ["500", "server-busy"],
  ])("error %s says that a text was not sent", async (status, code) => {
    const line = status === "801" ? "801 $ 5\r\n0 6 6" : `${status} $\r\n`;
    const { client } = await play({ SDG: line });
    await expect(client.conversation(BOB).sendText("x")).rejects.toMatchObject({ code, certainty: "not-sent" });
  });

  it("a text whose fate is unknown may have been sent", async () => {
    const { client, server } = await play();
    const { ack } = { ack: 100 };
    const quiet = await play({ PNG: ["QNG 50\r\n", ""] }, { timeouts: { ack } });
    await expect(quiet.client.conversation(BOB).sendText("x")).rejects.toMatchObject({
      code: "timeout",
      certainty: "maybe-sent",
    });
    await client.conversation(BOB).sendText("x");
    expect(server.connections).toBe(1);
  });

  it("long texts go in parts, in order", async () => {
    const { client, server } = await play();
    const text = "wörter ".repeat(700).trim();
    await client.conversation(BOB).sendText(text);
    const bodies = server.heard.filter((line) => line.startsWith("SDG")).map((line) => line.split("\r\n\r\n").at(-1));
    expect(bodies.length).toBeGreaterThan(2);
    expect(bodies.join("")).toBe(text);
  });

  it("T14: what was stored goes to the store, with its date", async () => {
    const stored: unknown[] = [];
    const { client, server } = await play(
      {},
      {
        storeOffline: (messages) => {
          stored.push(...messages);
          return Promise.resolve();
        },
      },
    );
    const told = hearing(client);
    server.say(bytesOf(command("T14", "server")));
    await eventually(() => stored.length).toBe(1);
    expect(stored[0]).toMatchObject({
      from: BOB,
      text: "while you were out",
      sentAt: Date.UTC(2012, 2, 4, 21, 4, 5, 67),
    });
    expect(told.lines).toEqual([]);
  });

  it("T14: the same words of the same moment are as many messages as came, with the same ids in each session", async () => {
    const ids: string[] = [];
    const [first = "", second = ""] = TRANSCRIPT.USR ?? [];
    const { client, server } = await play(
      { USR: [first, second, first, second] },
      {
        circles: false,
        storeOffline: (messages) => {
          ids.push(...messages.map(({ id }) => id));
          return Promise.resolve();
        },
      },
    );
    const stored = bytesOf(command("T14", "server"));
    server.say(stored + stored);
    await eventually(() => ids.length).toBe(2);
    await client.signOut();
    await client.signIn();
    server.say(stored + stored);
    await eventually(() => ids.length).toBe(4);
    expect(new Set(ids).size).toBe(2);
    expect(ids.slice(2)).toEqual(ids.slice(0, 2));
  });

  it("T14: without a store it is told as a message of its time", async () => {
    const { client, server } = await play();
    const message = next(client, "message");
    server.say(bytesOf(command("T14", "server")));
    expect((await message)[0]).toMatchObject({
      from: BOB,
      receivedAt: Date.UTC(2012, 2, 4, 21, 4, 5, 67),
      body: { kind: "text", text: "while you were out" },
    });
  });

  it("T14: a store that fails at first is asked again, and one that always fails loses nothing", async () => {
    let failures = 2;
    const stored: string[] = [];
    const { client, server } = await play(
      {},
      {
        timeouts: { refresh: 1 },
        storeOffline: (messages) => {
          failures -= 1;
          if (failures >= 0) return Promise.reject(new Error("the store is full"));
          stored.push(...messages.map(({ text }) => text));
          return Promise.resolve();
        },
      },
    );
    server.say(bytesOf(command("T14", "server")));
    await eventually(() => stored).toEqual(["while you were out"]);
    failures = 1000;
    const message = next(client, "message");
    server.say(bytesOf(command("T14", "server")));
    expect((await message)[0].body).toMatchObject({ text: "while you were out" });
  });

  it("a question that the server passes over does not put later answers out of step", async () => {
    const { client } = await play({ PNG: ["", "QNG 50\r\n"] }, { timeouts: { ack: 100, keepalive: 100 } });
    const bob = client.conversation(BOB);
    const begun = performance.now();
    await expect(bob.sendText("first")).rejects.toMatchObject({ certainty: "maybe-sent" });
    await eventually(() => performance.now() - begun).toBeGreaterThan(150);
    await bob.sendText("second");
    await bob.sendText("third");
  });

  it("T39: what is typed at another place is one's own, said to bob", async () => {
    const { client, server } = await play();
    const message = next(client, "message");
    server.say(bytesOf(command("T39", "server")));
    const [said] = await message;
    expect(said).toMatchObject({
      from: ALICE,
      fromName: "Alice",
      to: BOB,
      endpoint: "a2a2a2a2-2222-4222-8222-aaaaaaaaaaaa",
      body: { kind: "text", text: "typed on my laptop" },
    });
    expect(said.conversation).toBe(client.conversation(BOB));
  });

  it("passes over its own echo and signals that a window was closed (source: msnp21 §3.8)", async () => {
    const { client, server } = await play();
    const told = hearing(client);
    const signal = (nth: number): string =>
      bytesOf({ ...sample("3.8", "client", nth), line: `SDG 0 ${sample("3.8", "client", nth).payload?.length}` });
    server.say(signal(0).replaceAll("{a1a1a1a1-1111-4111-8111", "{a2a2a2a2-2222-4222-8222"));
    server.say(signal(1));
    server.say(bytesOf({ ...command("T18", "client"), line: "SDG 0 341" }));
    server.say(bytesOf(command("T16", "server")));
    await told.until(1);
    expect(told.lines).toEqual(["bob: hi alice"]);
  });

  it("announces emoticons as the book's sample does, and reads them (source: msnp21 §3.6)", async () => {
    const { client, server } = await play();
    const shown = sample("3.6", "client", 2);
    const object = shown.payload?.toString().split("\t")[1] ?? "";
    await client.conversation(BOB).sendBody({
      kind: "emoticons",
      isAnimated: false,
      emoticons: [{ shortcut: "(cat)", object }],
    });
    expect(heard(server)).toContain(asHeard(shown));
    const message = next(client, "message");
    server.say(
      bytesOf({ ...shown, line: "SDG 0 402" })
        .replace("To: 1:bob", "To: 1:BOB")
        .replace("From: 1:alice", "From: 1:carl0"),
    );
    expect((await message)[0].body).toEqual({
      kind: "emoticons",
      isAnimated: false,
      emoticons: [{ shortcut: "(cat)", object }],
    });
  });

  it("reads the text of the official client, whose headers stand in another order (source: msnp21 §3.6)", async () => {
    const { client, server } = await play();
    const message = next(client, "message");
    server.say(bytesOf({ ...sample("3.6", "client", 1), line: "SDG 0 295" }).replace("From: 1:alice", "From: 1:carl0"));
    expect((await message)[0].body).toMatchObject({ kind: "text", text: "Hello again" });
  });

  it("sends a packet to one place, and takes those that come together apart (source: msnp21 §3.9)", async () => {
    const { client, server } = await play();
    const place = "b0b0b0b0-3333-4333-8333-bbbbbbbbbbbb" as never;
    await client.conversation(BOB).sendBody({ kind: "p2p", toEndpoint: place, data: Buffer.alloc(52, 1) });
    const [said = ""] = heard(server).filter((line) => line.startsWith("SDG"));
    expect(said.slice(said.indexOf("|") + 1, said.lastIndexOf("\r\n\r\n"))).toBe(
      [
        "Routing: 1.0",
        `To: 1:bob@example.com;epid={${place}}`,
        "From: 1:alice@example.com;epid={a1a1a1a1-1111-4111-8111-aaaaaaaaaaaa}",
        "Options: 0",
        "Service-Channel: PE",
        "",
        "Reliability: 1.0",
        "",
        "Messaging: 2.0",
        "Bridging-Offsets: 0",
        "Content-Length: 52",
        "Content-Transfer-Encoding: binary",
        "Content-Type: application/x-msnmsgrp2p",
        "Message-Type: Data",
      ].join("\r\n"),
    );
    const sizes: number[] = [];
    client.on("message", ({ body }) => body.kind === "p2p" && sizes.push(body.data.length));
    const head = said
      .slice(said.indexOf("|") + 1, said.lastIndexOf("\r\n\r\n"))
      .replace("Offsets: 0", "Offsets: 0,52,1352")
      .replace("Length: 52", "Length: 1404")
      .replace("From: 1:alice", "From: 1:carl0");
    const payload = `${head}\r\n\r\n${"\u0001".repeat(1404)}`;
    server.say(`SDG 0 ${Buffer.byteLength(payload)}\r\n${payload}`);
    await eventually(() => sizes).toEqual([52, 1300, 52]);
  });

  it("what cannot be carried is refused before anything is sent", async () => {
    const { client } = await play();
    await expect(client.conversation(BOB).sendBody({ kind: "keepalive" })).rejects.toMatchObject({
      code: "not-supported",
      certainty: "not-sent",
    });
  });
});

describe("lists (source: msnp21 §2.6)", () => {
  it("hides from somebody in place of blocking, and shows itself again, as the book does", async () => {
    const { client, server } = await play();
    await client.roster.block(BOB);
    expect(heard(server)).toContain(asHeard(sample("2.6", "client", 0)));
    expect(client.contacts.get(BOB)?.lists.has("BL")).toBe(true);
    await client.roster.unblock(BOB);
    expect(heard(server)).toContain(asHeard(sample("2.6", "client", 1)));
    expect(heard(server).filter((line) => line.startsWith("BLP"))).toEqual([]);
  });

  it("asks where somebody new is at home, as the book does", async () => {
    const { client, server } = await play({ FQY: bytesOf(sample("2.6", "server", 3)).replace("FQY 22", "FQY $") });
    const dave = parseEmail("dave@example.com");
    await client.roster.add(dave);
    expect(heard(server)).toContain(asHeard(sample("2.6", "client", 2)));
    expect(heard(server).at(-1)).toBe(
      'ADL 105|<ml><d n="example.com"><c n="dave" t="1"><s l="3" n="IM"/><s l="3" n="PE"/><s l="3" n="PF"/></c></d></ml>',
    );
    expect(client.contacts.get(dave)?.lists.has("FL")).toBe(true);
  });

  it("takes somebody's request as news of the lists", async () => {
    const { client, server } = await play();
    const changed = next(client, "contactChanged", ({ email }) => email === parseEmail("dave@example.com"));
    server.say(bytesOf(sample("2.6", "server", 2)));
    expect((await changed)[0]).toMatchObject({ displayName: "Dave" });
  });
});

describe("a circle (T13, T25-T29)", () => {
  it("T25-T29: is joined, filled, talked in and left by others", async () => {
    const { client, server } = await play();
    await eventually(() => heard(server)).toContain(asHeard(command("T25", "client")));
    server.say(bytesOf(command("T13", "server")));
    server.say(bytesOf(command("T26", "server")));
    const circle = client.circles.conversation(CIRCLE);
    await eventually(() => [...circle.members]).toEqual([BOB]);
    expect(circle).toMatchObject({ kind: "circle", id: CIRCLE, name: "Book club" });
    server.say(bytesOf(command("T27", "server")));
    await eventually(() => client.circles.presence(CIRCLE).get(BOB)).toBe("NLN");
    // A member's presence in a circle is not a contact's.
    expect(client.contacts.get(BOB)?.status).toBe("FLN");
    await circle.sendText("hello circle");
    expect(heard(server)).toContain(asHeard(command("T28", "client")));
    const message = next(client, "message");
    server.say(bytesOf(command("T28", "server")));
    expect((await message)[0]).toMatchObject({ from: BOB, conversation: circle, body: { text: "hello from bob" } });
    const left = next(client, "membersChanged");
    server.say(bytesOf(command("T29", "server")));
    expect((await left)[0].members.size).toBe(0);
    expect(heard(server).filter((line) => line === asHeard(command("T25", "client")))).toHaveLength(1);
  });

  it("is joined again when the server asks for it (source: msnp21 §5.3)", async () => {
    const { server } = await play();
    const joins = (): number => heard(server).filter((line) => line === asHeard(command("T25", "client"))).length;
    await eventually(joins).toBe(1);
    server.say(bytesOf(command("T27", "server")).replace("NFY PUT 424", "NFY PUT 421").replace("Partial", "Sync"));
    await eventually(joins).toBe(2);
  });

  it("is written in the older form at MSNP18 (source: msnp21 §5.3)", async () => {
    const { client, server } = await play(
      {
        VER: "VER $ MSNP18\r\n",
        BLP: "BLP $ AL\r\n",
        PRP: "PRP $ MFN Alice\r\n",
        UUX: "UUX $ 0\r\n",
        CHG: "CHG $ NLN 2684354592:0 0\r\n",
        PUT: "PUT $ OK 0\r\n",
      },
      { dialects: ["MSNP18"] },
    );
    await eventually(() => heard(server)).toContain(asHeard(command("T25", "client")));
    expect(heard(server)).toContain(
      'ADL 92|<ml l="1"><d n="live.com"><c n="00000000-0000-0000-0009-0123456789ab" l="3" t="9"/></d></ml>',
    );
    await client.circles.conversation(CIRCLE).sendTyping();
    await eventually(() => heard(server)).toContain(asHeard(sample("5.3", "client", 0)));
    const said = heard(server).length;
    await client.circles.conversation(CIRCLE).sendText("hello");
    expect(heard(server)[said]).toBe(
      `SDG 402|${[
        "Routing: 1.0",
        `To: ${CIRCLE};path=IM`,
        "From: 1:alice@example.com;epid={a1a1a1a1-1111-4111-8111-aaaaaaaaaaaa}",
        "",
        "Reliability: 1.0",
        "Stream: 0",
        "Segment: 0",
        "",
        "Messaging: 1.0",
        "Content-Length: 5",
        "Content-Type: Text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 7bit",
        "Message-Type: Text",
        "X-MMS-IM-Format: FN=Segoe%20UI; EF=; CO=0; CS=0; PF=22",
        "MIME-Version: 1.0",
        "",
        "hello",
      ].join("\r\n")}`,
    );
  });
});

describe("a temporary group (T30-T37)", () => {
  const PUT = [answer("T11"), answer("T25"), answer("T30"), answer("T31"), answer("T32", 0), answer("T32", 1)];

  it("T30-T32, T34-T36: is made, filled, talked in and left", async () => {
    const { client, server } = await play({ PUT });
    await eventually(() => heard(server)).toContain(asHeard(command("T25", "client")));
    const starting = client.startGroup([BOB, CAROL]);
    await eventually(() => heard(server)).toContain(asHeard(command("T32", "client", 1)));
    const t34 = bytesOf(command("T34", "server"));
    server.say(t34);
    server.say(
      t34.replace("NFY PUT 383", "NFY PUT 385").replace("Length: 84", "Length: 86").replace("bob@example.com", CAROL),
    );
    const group = await starting;
    expect(group).toMatchObject({ kind: "group", id: GROUP, isGroup: true, name: undefined });
    expect([...group.members]).toEqual([BOB, CAROL]);
    expect(
      heard(server)
        .filter((line) => line.startsWith("PUT"))
        .slice(2),
    ).toEqual(
      [
        command("T30", "client"),
        command("T31", "client"),
        command("T32", "client", 0),
        command("T32", "client", 1),
      ].map(asHeard),
    );
    await group.sendText("hello both");
    expect(heard(server)).toContain(asHeard(command("T35", "client")));
    const message = next(client, "message");
    server.say(bytesOf(command("T35", "server")));
    expect((await message)[0]).toMatchObject({ from: CAROL, conversation: group, body: { text: "hi from carol" } });
    await group.leave();
    expect(heard(server)).toContain(asHeard(command("T36", "client")));
    expect(group.members.size).toBe(0);
  });

  it("T33, T37: whoever is called comes, and hears who leaves", async () => {
    const [asked = ""] = TRANSCRIPT.USR ?? [];
    const { client, server } = await play(
      { USR: [asked, "USR $ OK bob@example.com 1 0\r\n"], PUT: ["PUT $ OK 0\r\n", answer("T33", 1)] },
      { email: BOB, machineGuid: parseMachineGuid("{b0b0b0b0-3333-4333-8333-bbbbbbbbbbbb}"), circles: false },
    );
    const called = next(client, "conversation");
    server.say(bytesOf(command("T33", "server", 0)));
    const [group] = await called;
    expect(heard(server)).toContain(asHeard(command("T33", "client")));
    expect([...group.members]).toEqual([ALICE]);
    server.say(bytesOf(command("T37", "server")));
    await eventually(() => group.members.size).toBe(0);
  });

  it("whose words come without an invitation is taken for one's own", async () => {
    const { client, server } = await play();
    const [met, message] = [next(client, "conversation", ({ kind }) => kind === "group"), next(client, "message")];
    server.say(bytesOf(command("T35", "server")));
    const [group] = await met;
    expect([group.id, [...group.members]]).toEqual([GROUP, [CAROL]]);
    expect((await message)[0].conversation).toBe(group);
  });

  it("that nobody comes to is left, and was never told of", async () => {
    const { client, server } = await play({ PUT }, { timeouts: { ring: 50 } });
    await eventually(() => heard(server)).toContain(asHeard(command("T25", "client")));
    const told: unknown[] = [];
    client.on("conversation", ({ id }) => told.push(id));
    await expect(client.startGroup([BOB, CAROL])).rejects.toMatchObject({ code: "no-answer", certainty: "not-sent" });
    expect(heard(server)).toContain(asHeard(command("T36", "client")));
    expect(told).toEqual([]);
  });

  it("that cannot be made says so", async () => {
    const { client } = await play({ PUT: [answer("T11"), answer("T25"), "500 $\r\n"] });
    await expect(client.startGroup([BOB])).rejects.toMatchObject({ name: "SendError", code: "server-busy" });
  });
});
