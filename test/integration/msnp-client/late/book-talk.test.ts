import { describe, expect, it } from "vitest";
import { eventually, hearing, next } from "../stage.ts";
import { play } from "./book-scene.ts";
import { ALICE, asHeard, BOB, bytesOf, command, heard, sample, TRANSCRIPT } from "./book-server.ts";

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
