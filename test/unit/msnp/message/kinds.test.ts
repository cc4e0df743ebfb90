import { describe, expect, it } from "vitest";
import { parseEmail, parseMachineGuid } from "../../../../src/msnp/address.ts";
import { decodeMessage } from "../../../../src/msnp/message/body.ts";
import { ChunkAssembler } from "../../../../src/msnp/message/chunks.ts";
import { fieldOf } from "../../../../src/msnp/message/fields.ts";
import { parseMime } from "../../../../src/msnp/message/mime.ts";
import { encodeBody, type OutgoingBody } from "../../../../src/msnp/message/outgoing.ts";
import { MAX_MESSAGE_BYTES } from "../../../../src/msnp/message/split.ts";

const ALICE = parseEmail("alice@example.com");
const BOB = parseEmail("bob@example.com");
const GUID = parseMachineGuid("{122d2937-5c86-4c7b-81f5-0e05017880c2}");
/** msnp-chat §2.4. */
const TUX =
  '<msnobj Creator="alice@example.com" Size="5" Type="2" Location="TFR2.tmp" Friendly="dAB1AHgAAAA=" SHA1D="qvTGHdzF6KLavt4PO0gs2a6pQ00=" SHA1C="uRykis0I7wGUYXy9rFLzEaiA4dY="/>';

function written(body: OutgoingBody): { ack: string; payloads: string[]; sizes: number[] } {
  const { ack, payloads } = encodeBody(body, ALICE);
  return { ack, payloads: payloads.map(String), sizes: payloads.map(({ length }) => length) };
}

function received(type: string, body: string, ...headers: string[]): ReturnType<typeof decodeMessage> {
  return decodeMessage(Buffer.from(["MIME-Version: 1.0", `Content-Type: ${type}`, ...headers, "", body].join("\r\n")));
}

describe("the sizes of msnp-chat §10", () => {
  it.each<[string, OutgoingBody, number]>([
    ["nudge", { kind: "nudge" }, 69],
    ["action", { kind: "action", text: "waves hello" }, 88],
    ["emoticon", { kind: "emoticons", isAnimated: false, emoticons: [{ shortcut: "(tux)", object: TUX }] }, 236],
    ["client capabilities", { kind: "client-caps", client: "Demo 1.0", logging: "Y" }, 94],
  ])("hold for a message of the kind %s", (_, body, size) => {
    expect(written(body).sizes).toEqual([size]);
  });
});

describe("a message is written as the book has it (msnp-chat §2)", () => {
  it("an action", () => {
    expect(written({ kind: "action", text: "waves\r\nID: 1" }).payloads).toEqual([
      "MIME-Version: 1.0\r\nContent-Type: text/x-msnmsgr-datacast\r\n\r\nID: 4\r\nData: waves ID: 1\r\n\r\n",
    ]);
  });

  it("emoticons, each shortcut once and five in a message", () => {
    const emoticons = Array.from({ length: 8 }, (_, i) => ({ shortcut: `(${i % 7})`, object: "<msnobj a='b'/>" }));
    const { ack, payloads } = written({ kind: "emoticons", isAnimated: true, emoticons });
    expect(ack).toBe("N");
    expect(payloads.map((payload) => payload.split("\t").length - 1)).toEqual([10, 4]);
    expect(payloads[0]).toContain("Content-Type: text/x-mms-animemoticon\r\n");
  });

  it("a packet of a transfer, with the other end and, by places, both", () => {
    const v1 = written({ kind: "p2p", to: BOB, data: Buffer.from("DATA") });
    expect(v1).toEqual({
      ack: "D",
      payloads: [
        "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.com\r\n\r\nDATA",
      ],
      sizes: [v1.sizes[0]],
    });
    const v2 = written({ kind: "p2p", to: BOB, toEndpoint: GUID, fromEndpoint: GUID, data: Buffer.from("DATA") });
    expect(v2.payloads[0]).toContain(`P2P-Dest: bob@example.com;{${GUID}}\r\nP2P-Src: alice@example.com;{${GUID}}\r\n`);
  });

  it("an answer to an offer of old", () => {
    const { ack, payloads } = written({
      kind: "invite",
      command: "CANCEL",
      cookie: "33267",
      fields: [
        ["Invitation-Command", "CANCEL"],
        ["Cancel-Code", "REJECT\r\nX: y"],
      ],
    });
    expect(ack).toBe("U");
    expect(payloads).toEqual([
      "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\nInvitation-Command: CANCEL\r\nCancel-Code: REJECT X: y\r\n\r\n",
    ]);
  });

  it("handwriting, in parts of which the first has the headers (msnp-chat §1.8)", () => {
    const { payloads, sizes } = written({ kind: "ink", format: "gif", data: Buffer.alloc(2000, 1) });
    const id = /Message-ID: (\{[0-9A-F-]{36}\})/.exec(payloads[0] ?? "")?.[1];
    expect(payloads[0]).toMatch(
      /^MIME-Version: 1\.0\r\nContent-Type: image\/gif\r\nMessage-ID: .*\r\nChunks: 3\r\n\r\nbase64:/,
    );
    expect(payloads[1]?.startsWith(`Message-ID: ${id}\r\nChunk: 1\r\n\r\n`)).toBe(true);
    expect(payloads[2]?.startsWith(`Message-ID: ${id}\r\nChunk: 2\r\n\r\n`)).toBe(true);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  });

  it("a wink whose stamp is long comes out of its parts as it was", () => {
    const wink = { kind: "wink", object: TUX.replace("/>", ` stamp="${"y".repeat(4000)}"/>`) } as const;
    const assembler = new ChunkAssembler();
    const whole = encodeBody(wink, ALICE).payloads.map((part) => assembler.add("alice", parseMime(part), 0));
    const last = whole.at(-1);
    expect(
      last && decodeMessage(Buffer.concat([Buffer.from("Content-Type: text/x-msnmsgr-datacast\r\n\r\n"), last.body])),
    ).toEqual(wink);
  });

  it("what is too long even in parts is refused", () => {
    const ink = { kind: "ink", format: "isf", data: Buffer.alloc(200_000) } as const;
    expect(() => encodeBody(ink, ALICE)).toThrow(expect.objectContaining({ code: "too-long" }));
  });
});

describe("a message that others send is", () => {
  const datacast = (body: string) => received("text/x-msnmsgr-datacast", body);

  it.each([
    ["ID: 1\r\n\r\n", { kind: "nudge" }],
    [`ID: 2\r\nData: ${TUX}\r\n\r\n`, { kind: "wink", object: TUX }],
    [`id:3\nData:${TUX}\n\n`, { kind: "voice-clip", object: TUX }],
    ["ID: 4\r\nData: waves hello\r\n\r\n", { kind: "action", text: "waves hello" }],
    ["ID: 99\r\nData: x\r\n\r\n", { kind: "datacast", id: 99, data: "x" }],
    ["ID: nine\r\n", { kind: "unknown", contentType: "text/x-msnmsgr-datacast" }],
    ["", { kind: "unknown", contentType: "text/x-msnmsgr-datacast" }],
  ])("a datacast, by its number (%j)", (body, wanted) => {
    expect(datacast(body)).toEqual(wanted);
  });

  it.each(["\t", ""])("emoticons, with the last tab or without (%j)", (end) => {
    const emoticons = [
      { shortcut: "(tux)", object: TUX },
      { shortcut: ":x", object: TUX },
    ];
    expect(received("text/x-mms-emoticon", `(tux)\t${TUX}\t:x\t${TUX}${end}`)).toEqual({
      kind: "emoticons",
      isAnimated: false,
      emoticons,
    });
  });

  it("emoticons, of which those that make no sense are left out", () => {
    const body = `\t${TUX}\t${"x".repeat(100)}\t${TUX}\t(a)\tno object\t(b)\t<msnobj ${"y".repeat(5000)}/>\t(c)\t${TUX}\t(d)`;
    expect(received("text/x-mms-animemoticon", body)).toEqual({
      kind: "emoticons",
      isAnimated: true,
      emoticons: [{ shortcut: "(c)", object: TUX }],
    });
  });

  it("handwriting", () => {
    expect(received("image/gif", "base64:R0lGODlh")).toEqual({
      kind: "ink",
      format: "gif",
      data: Buffer.from("GIF89a"),
    });
    expect(received("application/x-ms-ink", "base64:AAEC")).toEqual({
      kind: "ink",
      format: "isf",
      data: Buffer.from([0, 1, 2]),
    });
    expect(received("image/gif", "GIF89a")).toEqual({ kind: "unknown", contentType: "image/gif" });
  });

  it.each(["text/x-clientcaps", "text/x-clientinfo"])("what a program says of itself (%s)", (type) => {
    const body = received(type, "Client-Name: Demo 1.0\r\nChat-Logging: Y\r\n");
    expect(body).toEqual({ kind: "client-caps", client: "Demo 1.0", logging: "Y" });
    expect(received(type, "")).toEqual({ kind: "client-caps", client: "" });
  });

  it("nothing but a sign of life", () => {
    expect(received("text/x-keepalive", "")).toEqual({ kind: "keepalive" });
  });

  it("a packet of a transfer, its bytes as they are", () => {
    const dest = `P2P-Dest: Bob@example.com;{${GUID.toUpperCase()}}`;
    const body = received("application/x-msnmsgrp2p", "\0\u0001", dest, `P2P-Src: alice@example.com;{${GUID}}`);
    expect(body).toEqual({
      kind: "p2p",
      to: BOB,
      toEndpoint: GUID,
      fromEndpoint: GUID,
      data: Buffer.from([0, 1]),
    });
    expect(received("application/x-msnmsgrp2p", "\0\0")).toEqual({ kind: "p2p", data: Buffer.from([0, 0]) });
  });

  it("an offer of old, by its fields", () => {
    const body = received(
      "text/x-msmsgsinvite; charset=UTF-8",
      "Application-Name: File Transfer\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\nInvitation-Command: invite\r\nInvitation-Cookie: 33267\r\nApplication-File: readme.txt\r\n\r\n",
    );
    expect(body).toMatchObject({ kind: "invite", command: "INVITE", cookie: "33267" });
    expect(body.kind === "invite" && fieldOf(body.fields, "application-file")).toBe("readme.txt");
  });

  it("bounded, whatever it says of itself", () => {
    const many = Array.from({ length: 500 }, (_, i) => `F${i}: ${"v".repeat(20_000)}`).join("\r\n");
    const body = received("text/x-msmsgsinvite", many);
    expect(body.kind === "invite" && body.fields.length).toBe(64);
    expect(body.kind === "invite" && (body.fields[0]?.[1].length ?? 0) <= 8192).toBe(true);
  });

  it.each(["text/html", "text/search-query", "image/gif2", ""])("unknown when nobody knows it (%j)", (type) => {
    expect(received(type, "<b>x</b>")).toEqual({ kind: "unknown", contentType: type });
  });
});
