import { describe, expect, it } from "vitest";
import { parseAddress, parseEmail, parseMachineGuid } from "../../../src/msnp/address.ts";
import { MsnpError } from "../../../src/msnp/errors.ts";

describe("an address", () => {
  it("is lower-cased", () => {
    expect(parseEmail(" Alice@Example.COM ")).toBe("alice@example.com");
  });

  it.each([
    "",
    "alice",
    "@",
    "a@",
    "@b",
    "a b@c",
    "a@b@c",
    "a@b\r\nOUT",
    "<a@b>",
    "a;b@c",
    "a%20@b",
    "1:a@b",
    "a\u200b@b",
    "a\ud800@b",
    `${"x".repeat(130)}@b.c`,
  ])("is not %j", (text) => {
    expect(() => parseEmail(text)).toThrow(MsnpError);
  });

  it("is read in every form of every dialect", () => {
    const bob = parseEmail("bob@example.com");
    const endpoint = parseMachineGuid("{0A0A0A0A-0000-4000-8000-00000000000A}");
    expect(parseAddress("bob@example.com")).toEqual({ email: bob, network: 1 });
    expect(parseAddress("32:Bob@example.com")).toEqual({ email: bob, network: 32 });
    expect(parseAddress("bob@example.com;{0a0a0a0a-0000-4000-8000-00000000000a}")).toEqual({
      email: bob,
      network: 1,
      endpoint,
    });
    expect(parseAddress("1:bob@example.com;via=9:x@live.com")).toEqual({ email: bob, network: 1, via: "9:x@live.com" });
    expect(parseAddress("tel:+15551234")).toBeUndefined();
    expect(parseAddress("")).toBeUndefined();
  });
});

describe("a machine GUID", () => {
  it("has braces or not", () => {
    expect(parseMachineGuid("0A0A0A0A-0000-4000-8000-00000000000A")).toBe("0a0a0a0a-0000-4000-8000-00000000000a");
    expect(() => parseMachineGuid("{nonsense}")).toThrow(MsnpError);
  });
});
