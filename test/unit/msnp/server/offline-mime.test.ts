import { describe, expect, test } from "vitest";
import {
  deletedMailNotice,
  initialMailNotice,
  mailMetadata,
  newMailNotice,
} from "../../../../src/msnp/server/mail-data.ts";
import { decodeName, encodeName, offlineMime } from "../../../../src/msnp/server/offline-mime.ts";
import type { OfflineMessage } from "../../../../src/msnp/server/state/offline.ts";

const NOON = Date.UTC(2026, 6, 29, 12);

const NOTE: OfflineMessage = {
  id: "D0E1F2A3-0000-4000-8000-000000000001",
  from: "alice@example.com",
  fromName: "Alice ",
  to: "bob@example.com",
  text: "Hello, world :)",
  runId: "86F44F21-1D8F-4A5B-9B30-6F6F6F6F6F6F",
  sequence: 1,
  at: NOON,
  origin: "192.0.2.7",
  read: false,
};

function fieldsOf(mime: string): string[] {
  const [head = ""] = mime.split("\r\n\r\n");
  return head.split("\r\n");
}

describe("The MIME of a stored message (msnp-chat §5.6.2)", () => {
  test("it is the book's, line by line", () => {
    const mime = offlineMime(NOTE, false);
    expect(mime.split("\r\n")).toEqual([
      expect.stringMatching(/^X-Message-Info: cwRBnLif/),
      expect.stringMatching(/^Received: from OIM-SSI02\.phx\.gbl /),
      "\t Wed, 29 Jul 2026 05:00:00 -0800",
      expect.stringMatching(/^Received: from .*;$/),
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
      expect.stringMatching(/^Message-ID: <OIM-.*@OIM-.*>$/),
      expect.stringMatching(
        /^X-OriginalArrivalTime: 29 Jul 2026 12:00:00\.0000 \(UTC\) FILETIME=\[[0-9A-F]{8}:[0-9A-F]{8}\]$/,
      ),
      "Date: 29 Jul 2026 05:00:00 -0800",
      "Return-Path: ndr@oim.messenger.msn.com",
      "",
      "SGVsbG8sIHdvcmxkIDop",
    ]);
  });

  test("the FILETIME is the arrival in units of 100 ns since 1601, low word first", () => {
    const [, low = "", high = ""] = /FILETIME=\[(\w{8}):(\w{8})\]/.exec(offlineMime(NOTE, true)) ?? [];
    const ticks = BigInt(`0x${high}${low}`);
    expect(Number(ticks / 10_000n) - 11_644_473_600_000).toBe(NOON);
  });

  test("Escargot keeps whole seconds, Microsoft's store parts of them", () => {
    const late = { ...NOTE, at: NOON + 789 };
    expect(offlineMime(late, false)).toContain("29 Jul 2026 12:00:00.0000 (UTC)");
    expect(offlineMime(late, true)).toContain("29 Jul 2026 12:00:00.7890 (UTC)");
  });

  test("in summer Escargot's offset is an hour wrong, Microsoft's is right", () => {
    expect(fieldsOf(offlineMime(NOTE, false))).toContain("Date: 29 Jul 2026 05:00:00 -0800");
    expect(fieldsOf(offlineMime(NOTE, true))).toContain("Date: 29 Jul 2026 05:00:00 -0700");
    const winter = { ...NOTE, at: Date.UTC(2026, 0, 2, 3, 4, 5) };
    expect(fieldsOf(offlineMime(winter, true))).toContain("Date: 01 Jan 2026 19:04:05 -0800");
  });

  test("what the sender's client wrote goes along as it is, and a message without a number has none", () => {
    const headers = [["X-OIM-Run-Id", "{abc}"] as const, ["X-Other", "1"] as const];
    expect(fieldsOf(offlineMime({ ...NOTE, headers }, false)).slice(10, 12)).toEqual([
      "X-OIM-Run-Id: {abc}",
      "X-Other: 1",
    ]);
    expect(offlineMime({ ...NOTE, sequence: undefined }, false)).not.toContain("Sequence-Num");
  });

  test("names are base64 of UTF-8 (msnp-chat §10)", () => {
    expect(encodeName("Alice é")).toBe("=?utf-8?B?QWxpY2Ugw6k=?=");
  });

  test("they are read in base64 and quoted, in other character sets, and as they are when they cannot be", () => {
    for (const [name, text] of [
      ["=?utf-8?B?QWxpY2Ugw6k=?=", "Alice é"],
      ["=?UTF-8?q?Alice_=C3=A9?=", "Alice é"],
      ["=?iso-8859-1?Q?Andr=E9?=", "André"],
      ["=?no-such-set?B?QWxpY2U=?=", "=?no-such-set?B?QWxpY2U=?="],
      ["Alice", "Alice"],
    ] as const) {
      expect(decodeName(name)).toBe(text);
    }
  });
});

describe("Mail-Data (msnp-core §7.1, msnp-chat §5.6.1)", () => {
  test("an empty mailbox is the recorded message of 195 bytes", () => {
    const notice = initialMailNotice([], false);
    expect(notice).toBe(
      "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinitialmdatanotification; charset=UTF-8\r\n\r\n" +
        "Mail-Data: <MD><E><I>0</I><IU>0</IU><O>0</O><OU>0</OU></E><Q><QTM>409600</QTM><QNM>204800</QNM></Q></MD>\r\n",
    );
    expect(notice).toHaveLength(195);
  });

  test("a waiting message stands behind counts and quota", () => {
    const size = offlineMime(NOTE, false).length;
    expect(initialMailNotice([NOTE], false)).toContain(
      `</Q><M><T>11</T><S>6</S><RT>2026-07-29T12:00:00Z</RT><RS>0</RS><SZ>${size}</SZ><E>alice@example.com</E>` +
        `<I>${NOTE.id}</I><F>00000000-0000-0000-0000-000000000009</F><N>=?utf-8?B?QWxpY2Ug?=</N></M></MD>`,
    );
  });

  test("twenty-five are listed, with one more it is too large", () => {
    const many = Array.from({ length: 26 }, () => NOTE);
    expect(initialMailNotice(many.slice(1), false).split("<M>")).toHaveLength(26);
    expect(initialMailNotice(many, false)).toMatch(/\r\n\r\nMail-Data: too-large\r\n$/);
    expect(mailMetadata(many, false).source.split("<M>")).toHaveLength(27);
  });

  test("a new message has no time on Escargot, and its subject stands outside", () => {
    const notice = newMailNotice(NOTE, false);
    expect(notice).toContain(
      "Content-Type: text/x-msmsgsoimnotification; charset=UTF-8\r\n\r\nMail-Data: <MD><M><T>11</T>",
    );
    expect(notice).toContain("<S>6</S><RS>0</RS>");
    expect(notice).toContain("<F>.!!OIM</F><N>=?utf-8?B?QWxpY2Ug ?=</N></M><SU> </SU></MD>\r\n");
    expect(newMailNotice(NOTE, true)).toContain("<N>=?utf-8?B?QWxpY2Ug?=</N><SU> </SU></M></MD>\r\n");
  });

  test("a deletion says how many", () => {
    expect(deletedMailNotice(3)).toBe(
      "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsactivemailnotification; charset=UTF-8\r\n\r\n" +
        "Src-Folder: .!!OIM\r\nDest-Folder: .!!trAsH\r\nMessage-Delta: 3\r\n",
    );
  });
});
