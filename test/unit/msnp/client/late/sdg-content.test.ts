import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { decodeCircle } from "../../../../../src/msnp/client/late/circle-document.ts";
import { readEnvelope, readNotification } from "../../../../../src/msnp/client/late/envelope.ts";
import { decodeSdg, messageType } from "../../../../../src/msnp/client/late/sdg-content.ts";
import { decodeUser } from "../../../../../src/msnp/client/late/user-document.ts";
import { readBook } from "../../../../fixtures/msnp21/book.ts";
import { cases } from "../../../../support/property.ts";

const RUNS = cases(2_000, 1_000_000);

function read(content: string, body: string): ReturnType<typeof decodeSdg> {
  const head = "Routing: 1.0\r\nTo: 1:a@b.c\r\nFrom: 1:d@e.f\r\n\r\nReliability: 1.0\r\n\r\n";
  const received = readEnvelope(
    Buffer.from(`${head}Messaging: 2.0\r\n${content}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
  );
  return received === undefined ? [] : decodeSdg(received);
}

describe("what an SDG says (source: msnp21 §3.4)", () => {
  it("text is UTF-8 also when it does not say so, and may hold empty lines", () => {
    expect(read("Message-Type: Text\r\nContent-Type: text/plain", "é\r\n\r\nè")).toEqual([
      { kind: "text", text: "é\n\nè" },
    ]);
  });

  it("knows typing in both forms, and a nudge with or without a body", () => {
    expect(read("Message-Type: Control/Typing", "")).toEqual([{ kind: "typing" }]);
    expect(read("Message-Type: Control\r\nMessage-Subtype: Typing", "\r\n")).toEqual([{ kind: "typing" }]);
    expect(read("Message-Type: Nudge", "\r\n")).toEqual([{ kind: "nudge" }]);
    expect(read("message-type: nudge", "ID: 1\r\n\r\n")).toEqual([{ kind: "nudge" }]);
  });

  it("reads winks, and says what it does not know", () => {
    expect(read("Message-Type: Wink", "<msnobj/>\t")).toEqual([{ kind: "wink", object: "<msnobj/>" }]);
    expect(read("Message-Type: Signal/Turn\r\nContent-Type: text/x-turn", "?")).toEqual([
      { kind: "unknown", contentType: "text/x-turn; message-type=signal/turn" },
    ]);
  });

  test("every message of the book has a type and a sender", () => {
    const messages = [...readBook("transcript"), ...readBook("samples")].filter(({ line }) => line.startsWith("SDG"));
    expect(messages.length).toBeGreaterThan(15);
    for (const { payload } of messages) {
      const received = readEnvelope(payload);
      expect(received && messageType(received.message)).toMatch(
        /^(text|nudge|control\/typing|customemoticon|signal\/closeimwindow)$/,
      );
    }
  });
});

describe("documents and envelopes from anybody", () => {
  const parts = fc.constantFrom(
    "<user>",
    "</user>",
    '<s n="IM"><Status>',
    "</Status></s>",
    '<sep n="PD" epid="{a2a2a2a2-2222-4222-8222-aaaaaaaaaaaa}"/>',
    "<circle><roster><id>IM</id><user><id>1:a@b.c</id>",
    "</user></roster></circle>",
    "Routing: 1.0\r\n",
    "To: 1:a@b.c;via=9:x@live.com\r\n",
    "From: 9:z@live.com\r\n",
    "\r\n",
    "Notification: 1.0\r\nUri: /user\r\nContent-Length: 5\r\n",
    "&#x3C;",
    "\u0000",
  );
  const text = fc
    .array(fc.oneof(parts, fc.string({ unit: "binary", maxLength: 8 })), { maxLength: 12 })
    .map((all) => all.join(""));

  test("never make a reader throw", () => {
    fc.assert(
      fc.property(text, (broken) => {
        const bytes = Buffer.from(broken);
        decodeUser(bytes);
        decodeCircle(bytes);
        readNotification(bytes);
        const received = readEnvelope(bytes);
        if (received !== undefined) decodeSdg(received);
      }),
      RUNS,
    );
  });
});
