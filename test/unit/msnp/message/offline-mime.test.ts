import { describe, expect, it } from "vitest";
import { decodeWords, encodeWord, unquote } from "../../../../src/msnp/message/encoded-word.ts";
import { parseArrivalTime, parseOfflineMime } from "../../../../src/msnp/message/offline-mime.ts";

const NOON = Date.UTC(2026, 6, 29, 12);
const HEADERS = [
  "X-Message-Info: cwRBnLif",
  "Received: from OIM-SSI02.phx.gbl ([65.54.237.206]) by oim1-f1.hotmail.com;",
  "\t Wed, 29 Jul 2026 05:00:00 -0800",
  "From: =?utf-8?B?QWxpY2Ug?= <alice@example.com>",
  "To: bob@example.com",
  "Subject: ",
  "X-OIM-originatingSource: 192.0.2.7",
  "X-OIMProxy: MSNMSGR",
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=UTF-8",
  "Content-Transfer-Encoding: base64",
  "X-OIM-Message-Type: OfflineMessage",
  "X-OIM-Run-Id: {86F44F21-1D8F-4A5B-9B30-6F6F6F6F6F6F}",
  "X-OIM-Sequence-Num: 1",
  "Message-ID: <OIM-1@OIM-1>",
  "X-OriginalArrivalTime: 29 Jul 2026 12:00:00.0000 (UTC) FILETIME=[AAAAAAAA:BBBBBBBB]",
  "Date: 29 Jul 2026 05:00:00 -0800",
  "Return-Path: ndr@oim.messenger.msn.com",
];

const mime = (headers: readonly string[], body: string, end = "\r\n"): string => [...headers, "", body].join(end);

describe("a stored message", () => {
  it.each(["\r\n", "\n"])("is read as in the book, with line ends %j", (end) => {
    expect(parseOfflineMime(mime(HEADERS, "SGVsbG8sIHdvcmxkIDop", end))).toEqual({
      from: "alice@example.com",
      fromName: "Alice",
      sentAt: NOON,
      text: "Hello, world :)",
      runId: "86f44f21-1d8f-4a5b-9b30-6f6f6f6f6f6f",
      sequence: 1,
    });
  });

  it("without anything is empty", () => {
    const nothing = { from: undefined, fromName: undefined, sentAt: undefined, runId: undefined, sequence: undefined };
    expect(parseOfflineMime("")).toEqual({ ...nothing, text: "" });
    expect(parseOfflineMime("\n\nabc")).toEqual({ ...nothing, text: "abc" });
  });

  it.each([
    ["text/plain; charset=iso-8859-1", "base64", "6Q==", "é"],
    ['text/plain; charset="windows-1252"', "quoted-printable", "=80 =E9=\n!", "€ é!"],
    ["text/plain; format=flowed; charset=utf-8", "quoted-printable", "=C3=A9_", "é_"],
    ["text/plain; charset=x-nobody-knows", "base64", "w6k=", "é"],
    ["text/plain", "8bit", "ä\r\nö", "ä\nö"],
    ["text/plain; charset=gb2312", "BASE64", "xOO6ww==", "你好"],
  ])("in %s, %s", (type, encoding, body, text) => {
    expect(parseOfflineMime(mime([`Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`], body)).text).toBe(
      text,
    );
  });

  it("from a telephone has its words in one of its parts", () => {
    const parts = [
      "--=_b",
      "Content-Type: application/vnd.ms-msnipg",
      "",
      '<NOTIFICATION><MSG><BODY lcid="1033"><TEXT>On my way</TEXT></BODY></MSG></NOTIFICATION>',
      "--=_b--",
      "",
    ].join("\r\n");
    expect(parseOfflineMime(mime(['Content-Type: multipart/mixed; boundary="=_b"'], parts)).text).toBe("On my way");
    const both = parts.replace("--=_b--", "--=_b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--=_b--");
    expect(parseOfflineMime(mime(['Content-Type: multipart/mixed; boundary="=_b"'], both)).text.trim()).toBe("plain");
  });

  it.each([
    ['"Alice, A." <alice@example.com>', "Alice, A.", "alice@example.com"],
    ["alice@example.com", undefined, "alice@example.com"],
    ["<Alice@Example.com>", undefined, "alice@example.com"],
    ["tel:+15551234567", undefined, undefined],
    ["=?utf-8?Q?=C3=84nne?= =?iso-8859-1?Q?_=E9?= <a@b.c>", "Änne é", "a@b.c"],
    ["Ünïcode <a@b.c>", "Ünïcode", "a@b.c"],
  ])("from %s", (header, name, email) => {
    const { fromName, from } = parseOfflineMime(mime([`From: ${header}`], ""));
    expect([fromName, from]).toEqual([name, email]);
  });

  it.each(["-1", "1.5", "x", "99999999999999999999"])("has no number when it is %s", (number) => {
    expect(parseOfflineMime(mime([`X-OIM-Sequence-Num: ${number}`], "")).sequence).toBeUndefined();
  });
});

describe("the time of a stored message", () => {
  it.each([
    ["29 Jul 2026 12:00:00.0000 (UTC) FILETIME=[00000000:00000000]", NOON],
    ["29 Jul 2026 12:00:00.2500 (UTC)", NOON + 250],
    ["9 jan 2007 01:02:03 (UTC)", Date.UTC(2007, 0, 9, 1, 2, 3)],
    ["29 Foo 2026 12:00:00.0000 (UTC)", undefined],
    ["nothing", undefined],
  ])("is the UTC text of %s", (header, at) => {
    expect(parseArrivalTime(header)).toBe(at);
  });

  it("is the FILETIME without a text", () => {
    const ticks = (BigInt(NOON) + 11_644_473_600_000n) * 10_000n;
    const hex = ticks.toString(16).padStart(16, "0");
    expect(parseArrivalTime(`FILETIME=[${hex.slice(8)}:${hex.slice(0, 8)}]`)).toBe(NOON);
  });

  it.each([
    ["29 Jul 2026 05:00:00 -0700", NOON],
    ["Wed, 29 Jul 2026 12:00:00 +0000 (UTC)", NOON],
    ["never", undefined],
  ])("is the date %s without either", (date, at) => {
    expect(parseOfflineMime(mime([`Date: ${date}`], "")).sentAt).toBe(at);
  });
});

describe("encoded words", () => {
  it("are made as in the book", () => {
    expect(encodeWord("Alice é")).toBe("=?utf-8?B?QWxpY2Ugw6k=?=");
    expect(encodeWord("Alice")).toBe("=?utf-8?B?QWxpY2U=?=");
  });

  it("are cut between characters where they would be too long", () => {
    const word = encodeWord("😀".repeat(40), 48);
    expect(word.length).toBeLessThanOrEqual(48);
    expect(decodeWords(word)).toMatch(/^(😀){6}$/u);
  });

  it.each([
    ["=?utf-8?B?QWxpY2Ugw6k=?=", "Alice é"],
    ["=?UTF-8?q?a_=3D_b?=", "a = b"],
    ["=?utf-8?B?QQ==?= =?utf-8?B?Qg==?= C", "AB C"],
    ["=?utf-8?B?Qm9i ?=", "Bob"],
    ["plain", "plain"],
    ["=?x-nobody?B?QQ==?=", "=?x-nobody?B?QQ==?="],
    ["=?utf-8?B?/w==?=", "\ufffd"],
    ["=?broken", "=?broken"],
  ])("%s is %s", (header, text) => {
    expect(decodeWords(header)).toBe(text);
  });

  it("of quoted-printable may be broken", () => {
    expect(unquote("a=\nb=3Dc=ZZ=4").toString()).toBe("ab=c=ZZ=4");
  });
});
