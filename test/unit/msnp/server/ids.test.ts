import { describe, expect, test } from "vitest";
import { bareGuid, cidDecimal, isUuid, memberId, randomHex, stableUuid } from "../../../../src/msnp/server/ids.ts";

describe("Ids of accounts", () => {
  test("CIDs are those of the fact book (msnp-chat §10)", () => {
    expect(cidDecimal("0a1b2c3d-4e5f-6071-9283-94a5b6c7d8e9")).toBe("-1596306480626891886");
    expect(cidDecimal("11111111-2222-3333-8444-555566667777")).toBe("8608461802446341252");
  });

  test("the CID and member id of msnp-core §7.2", () => {
    const bob = "22222222-2222-4222-8222-222222222222";
    expect(cidDecimal(bob)).toBe("2459565876494606978");
    expect(memberId(bob)).toEqual({ high: 0x22222222, low: 0x22222222 });
  });

  test("an address always gives the same id, another address another", () => {
    expect(stableUuid("alice@example.com")).toBe(stableUuid("alice@example.com"));
    expect(stableUuid("alice@example.com")).not.toBe(stableUuid("bob@example.com"));
    expect(isUuid(stableUuid("alice@example.com"))).toBe(true);
  });

  test("GUIDs are compared without braces and case", () => {
    expect(bareGuid("{0A0A0A0A-0000-4000-8000-00000000000A}")).toBe("0a0a0a0a-0000-4000-8000-00000000000a");
    expect(isUuid("{0A0A0A0A-0000-4000-8000-00000000000A}")).toBe(true);
    expect(isUuid("nonsense")).toBe(false);
  });

  test("random ids have as many digits as asked for", () => {
    expect(randomHex(31)).toMatch(/^[0-9a-f]{31}$/);
  });
});
