import { describe, expect, it } from "vitest";
import { parseEmail } from "../../../../src/msnp/address.ts";
import { inOrder, readMessage } from "../../../../src/msnp/client/offline-inbox.ts";
import { lineMessage } from "../../../../src/msnp/client/offline-outbox.ts";
import type { OfflineMessage } from "../../../../src/msnp/client/types.ts";

const BOB = parseEmail("bob@example.com");
const NOON = Date.UTC(2020, 6, 29, 12);

function message(id: string, sentAt: number, runId?: string, sequence?: number): OfflineMessage {
  const run = { ...(runId !== undefined && { runId }), ...(sequence !== undefined && { sequence }) };
  return { id, from: BOB, fromName: "Bob", sentAt, text: id, ...run };
}

const order = (...messages: OfflineMessage[]): string =>
  inOrder(messages)
    .map(({ id }) => id)
    .join(" ");

describe("waiting messages", () => {
  it("go by time", () => {
    expect(order(message("c", 3), message("a", 1), message("b", 2))).toBe("a b c");
  });

  it("of one second go as they were listed, those of a run by their numbers in the run's places", () => {
    const listed = [
      message("x2", 5, "x", 2),
      message("other", 5),
      message("x1", 5, "x", 1),
      message("y1", 5, "y", 1),
      message("x3", 5, "x", 3),
    ];
    expect(order(...listed)).toBe("x1 other x2 y1 x3");
  });

  it("of one run at different times go by time", () => {
    expect(order(message("2", 7, "x", 2), message("1", 9, "x", 1))).toBe("2 1");
  });
});

describe("a waiting message", () => {
  it("is what it says itself, and else what was announced", () => {
    const announced = { id: "1", from: BOB, fromName: "Robert", receivedAt: NOON };
    expect(readMessage(announced, "From: Bobby <bobby@example.com>\n\nhi")).toEqual({
      id: "1",
      from: "bobby@example.com",
      fromName: "Bobby",
      sentAt: NOON,
      text: "hi",
    });
    expect(readMessage(announced, "Subject: x\n\nhi")).toMatchObject({ from: BOB, fromName: "Robert" });
  });

  it("from nobody is none", () => {
    expect(readMessage({ id: "1" }, "From: tel:+1555\n\nhi")).toBeUndefined();
  });

  it("from before MSN, or from the future, was left at another time", () => {
    const at = (date: string, receivedAt?: number): number | undefined =>
      readMessage({ id: "1", from: BOB, ...(receivedAt !== undefined && { receivedAt }) }, `Date: ${date}\n\nhi`)
        ?.sentAt;
    expect(at("1 Jan 1970 00:00:00 +0000", NOON)).toBe(NOON);
    expect(at("1 Jan 2999 00:00:00 +0000", NOON)).toBeLessThanOrEqual(Date.now());
    expect(at("never")).toBeGreaterThan(Date.now() - 10_000);
  });
});

describe("a message that is left by UUM", () => {
  it("is the book's", () => {
    const payload = lineMessage("Hello, later :)");
    expect(payload.toString()).toBe(
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Segoe%20UI; EF=; CO=0; CS=0; PF=22\r\nDest-Agent: client\r\n\r\nHello, later :)",
    );
  });
});
