import { describe, expect, it, onTestFinished } from "vitest";
import { verifyRpsResponse } from "../../../../src/msnp/auth/index.ts";
import { parseEmail, parseMachineGuid } from "../../../../src/msnp/index.ts";
import { parseMultipart } from "../../../../src/msnp/message/multipart.ts";
import { eventually, next } from "../stage.ts";
import { play, told } from "./book-scene.ts";
import {
  ALICE,
  answer,
  asHeard,
  BOB,
  bookClient,
  bytesOf,
  CAROL,
  command,
  heard,
  SECRET,
  sample,
  TICKET,
  TRANSCRIPT,
} from "./book-server.ts";

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
    onTestFinished(second.close);
    const { port } = second.server.address;
    const blob = "VmVyc2lvbjogMQ0KWGZyQ291bnQ6IDINCg==";
    const first = await bookClient({ USR: `XFR $ NS 127.0.0.1:${port} U D ${blob}\r\n` });
    onTestFinished(first.close);
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
    onTestFinished(second.close);
    const first = await bookClient({ [name]: line.replace("PORT", String(second.server.address.port)) });
    onTestFinished(first.close);
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
