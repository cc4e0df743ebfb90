import { describe, expect, it } from "vitest";
import { BridgeError, ERROR_CODES } from "../../../../src/bridge/errors.ts";
import { canRetry, failureText, STATUS_REASONS, statusContent } from "../../../../src/matrix/convert/failure.ts";

const failure = (code: (typeof ERROR_CODES)[number]) =>
  ({ code, text: new BridgeError(code).person, certainty: "not-sent" }) as const;

describe("a failure on Matrix", () => {
  it("has a reason for every code of the catalogue", () => {
    expect(Object.keys(STATUS_REASONS).sort()).toEqual([...ERROR_CODES].sort());
  });

  it("tells how to say again only where that can help", () => {
    expect(failureText(failure("contact-offline"))).toMatch(
      /^⚠ Not sent: .* React to this with 🔁 or write `!msn retry`/,
    );
    expect(failureText(failure("unsupported"))).not.toContain("🔁");
    // Who speaks through somebody else's account has none to say `retry` about.
    expect(failureText(failure("relay-away"))).toMatch(/React to this with 🔁 to send it again\.$/);
    // Of these nothing is kept that could be sent again.
    for (const code of ["not-nudged", "not-in-group", "relay-gone"] as const)
      expect(failureText(failure(code))).not.toMatch(/🔁|retry/);
    expect(canRetry(failure("encrypted"))).toBe(false);
  });

  it("is final or not in the status of the message", () => {
    expect(statusContent("matrix", "$e", failure("contact-offline"))).toMatchObject({ status: "FAIL_RETRIABLE" });
    expect(statusContent("matrix", "$e", failure("unsupported"))).toMatchObject({ status: "FAIL_PERMANENT" });
    expect(statusContent("matrix", "$e")).toEqual({
      network: "matrix",
      "m.relates_to": { rel_type: "m.reference", event_id: "$e" },
      status: "SUCCESS",
    });
  });
});
