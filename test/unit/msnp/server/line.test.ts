import { expect, test } from "vitest";
import { objectArg, writeLine } from "../../../../src/msnp/server/line.ts";

test("only what would break a line is escaped; other characters go out raw (msnp-core §1.4)", () => {
  expect(writeLine(["PRP", 8, "MFN", "René %\r\n+✓"])).toBe("PRP 8 MFN René%20%25%0D%0A+✓");
});

test("absent arguments are left out, an empty last one leaves its blank", () => {
  expect(writeLine(["LST", "N=a@b", undefined, 16, ""])).toBe("LST N=a@b 16 ");
});

test("objects are encoded as a whole, and none is an empty element", () => {
  expect(writeLine(["NLN", objectArg('<msnobj a="é\'(1)"/>')])).toBe(
    "NLN %3Cmsnobj%20a%3D%22%C3%A9%27%281%29%22%2F%3E",
  );
  expect(writeLine([objectArg(undefined)])).toBe("%3Cmsnobj%2F%3E");
});
