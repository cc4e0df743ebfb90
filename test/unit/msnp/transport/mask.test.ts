import { describe, expect, it } from "vitest";
import { maskedLine } from "../../../../src/msnp/transport/mask.ts";

describe("a traced line", () => {
  it.each([
    ["USR 3 TWN I alice@example.com", "USR 3 TWN I alice@example.com"],
    ["USR 4 TWN S secretticket", "USR 4 TWN S"],
    ["USR 4 SSO S secretticket secretproof {guid}", "USR 4 SSO S"],
    ["USR 4 MD5 S secrethash", "USR 4 MD5 S"],
    ["USR 4 SHA A secretcircle", "USR 4 SHA A"],
    ["USR 4 OK alice@example.com 1 0", "USR 4 OK alice@example.com 1 0"],
    ["USR 1 alice@example.com;{guid} secretcookie", "USR 1 alice@example.com;{guid}"],
    ["USR 1 OK alice@example.com Alice", "USR 1 OK alice@example.com Alice"],
    ["ANS 1 alice@example.com secretcookie 17", "ANS 1 alice@example.com"],
    ["XFR 5 SB host:1864 CKI secretcookie U messenger.msn.com 1", "XFR 5 SB host:1864 CKI"],
    ["RNG 17 host:1864 CKI secretcookie bob@example.com Bob", "RNG 17 host:1864 CKI"],
  ])("%s shows no secret", (line, shown) => {
    const [name = "", ...args] = line.split(" ");
    expect(maskedLine({ name, args })).toBe(shown === line ? line : `${shown} [sealed]`);
  });

  it("shows of a payload only its size", () => {
    expect(maskedLine({ name: "MSG", args: [3, "A"], payload: "hello é" })).toBe("MSG 3 A (+8 bytes)");
  });
});
