import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeArg, encodeArg, encodeCommand } from "../../../../src/msnp/wire/command.ts";
import { WireError } from "../../../../src/msnp/wire/error.ts";
import { cases } from "../../../support/property.ts";

describe("writing a command", () => {
  it("ends the line with CRLF", () => {
    expect(encodeCommand({ name: "VER", args: [1, "MSNP18", "CVR0"] }).toString()).toBe("VER 1 MSNP18 CVR0\r\n");
  });

  it("counts the payload in bytes", () => {
    expect(encodeCommand({ name: "UUX", args: [12], payload: "né" }).toString()).toBe("UUX 12 3\r\nné");
    expect(encodeCommand({ name: "MSG", args: [3, "A"], payload: Buffer.from("hi") }).toString()).toBe(
      "MSG 3 A 2\r\nhi",
    );
  });

  it.each(["a b", "a\r\nOUT", "a\n", "a\0b", "\t"])("refuses the argument %j, which would break the line", (arg) => {
    expect(() => encodeCommand({ name: "PRP", args: [1, arg] })).toThrow(WireError);
  });
});

describe("an argument", () => {
  it("comes back from its encoding, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(decodeArg(encodeArg(text))).toBe(text);
        expect(encodeArg(text)).toMatch(/^[!-~]*$/);
      }),
      cases(100, 100_000),
    );
  });

  it("keeps plus signs and raw UTF-8", () => {
    expect(decodeArg("a+b René%20%25")).toBe("a+b René %");
  });

  it("stays as it is when its encoding is broken", () => {
    expect(decodeArg("100%zz")).toBe("100%zz");
    expect(decodeArg("%E9")).toBe("%E9");
  });

  it("may hold half a surrogate pair without an error", () => {
    expect(encodeArg("\ud83d")).toBe("%EF%BF%BD");
  });
});
