import { describe, expect, it } from "vitest";
import { parseEmail, parseMachineGuid } from "../../../../src/msnp/address.ts";
import { formatIdentity, parseMsnObject, parsePresence, parseRoster } from "../../../../src/msnp/dialect/lines.ts";
import { DIALECTS, dialectOf } from "../../../../src/msnp/dialect/table.ts";
import type { Command } from "../../../../src/msnp/wire/command.ts";

const BOB = parseEmail("bob@example.com");
const GUID = parseMachineGuid("{0A0A0A0A-0000-4000-8000-00000000000A}");
const MSNP11 = dialectOf("MSNP11");
const MSNP18 = dialectOf("MSNP18");

function command(line: string): Command {
  const [name = "", ...args] = line.split(" ").filter((word) => word !== "");
  return { name, args };
}

describe("a presence line", () => {
  it.each([
    [MSNP11, "ILN 10 BSY bob@example.com Bob%20B 1073791084 %3Cmsnobj%20a%3D%22b%22%2F%3E"],
    [MSNP11, "NLN BSY bob@example.com Bob%20B 1073791084 %3Cmsnobj%20a%3D%22b%22%2F%3E"],
    [MSNP18, "NLN BSY 1:bob@example.com Bob%20B 1073791084:0 %3Cmsnobj%20a%3D%22b%22%2F%3E"],
    [MSNP18, "NLN BSY bob@example.com 1 Bob%20B 1073791084:0 %3Cmsnobj%20a%3D%22b%22%2F%3E"],
    [MSNP18, "ILN 10 BSY 1:bob@example.com Bob%20B 1073791084 %3Cmsnobj%20a%3D%22b%22%2F%3E"],
  ])("of $name in any form says the same (%s)", (dialect, line) => {
    expect(parsePresence(dialect, command(line))).toEqual({
      address: { email: BOB, network: 1 },
      status: "BSY",
      displayName: "Bob B",
      capabilities: { basic: 1073791084, extended: 0 },
      msnObject: '<msnobj a="b"/>',
    });
  });

  it("may end early", () => {
    expect(parsePresence(MSNP11, command("NLN AWY bob@example.com"))).toEqual({
      address: { email: BOB, network: 1 },
      status: "AWY",
      capabilities: { basic: 0, extended: 0 },
    });
  });

  it.each([
    [MSNP11, "NLN BSY bob@example.com 1073791084 0"],
    [MSNP11, "ILN 6 BSY bob@example.com 1073791084 %3Cmsnobj%2F%3E"],
    [MSNP18, "NLN BSY 1:bob@example.com 1073791084:0 0"],
  ])("of somebody without a name has no place for it (%s)", (dialect, line) => {
    expect(parsePresence(dialect, command(line))).toEqual({
      address: { email: BOB, network: 1 },
      status: "BSY",
      displayName: "",
      capabilities: { basic: 1073791084, extended: 0 },
    });
  });

  it("may have a name of digits", () => {
    const bob = { displayName: "42", capabilities: { basic: 7, extended: 0 } };
    expect(parsePresence(MSNP11, command("NLN NLN bob@example.com 42 7 0"))).toMatchObject(bob);
    expect(parsePresence(MSNP11, command("NLN NLN bob@example.com 42 7"))).toMatchObject(bob);
    expect(parsePresence(MSNP18, command("NLN NLN 1:bob@example.com 42 7:0"))).toMatchObject(bob);
  });

  it("of somebody without an address is nothing", () => {
    expect(parsePresence(MSNP11, command("NLN"))).toBeUndefined();
    expect(parsePresence(MSNP11, command("NLN NLN tel:+15551234 Phone 0"))).toBeUndefined();
    expect(parsePresence(MSNP18, command("NLN NLN x:bob@example.com Bob 0:0"))).toBeUndefined();
  });

  it("takes a status that nobody knows as online, and capabilities as unsigned", () => {
    expect(parsePresence(MSNP18, command("NLN XXX 1:bob@example.com Bob 2788999228:48"))).toMatchObject({
      status: "NLN",
      capabilities: { basic: 2788999228, extended: 48 },
    });
  });

  it("of a circle's member names the circle", () => {
    const line = "NLN NLN 1:bob@example.com;via=9:00000000-0000-0000-0009-000000000001@live.com Bob 0:0";
    expect(parsePresence(MSNP18, command(line))?.address.via).toBe("9:00000000-0000-0000-0009-000000000001@live.com");
  });
});

describe("no picture", () => {
  it.each([undefined, "0", "%3Cmsnobj%2F%3E", "%3Cmsnobj%20%2F%3E", "x"])("is what %j means", (raw) => {
    expect(parseMsnObject(raw)).toBeUndefined();
  });
});

describe("a roster line", () => {
  it.each([
    ["IRO 1 1 2 bob@example.com;{0a0a0a0a-0000-4000-8000-00000000000a} Bob 1:2", GUID],
    ["JOI bob@example.com;{0A0A0A0A-0000-4000-8000-00000000000A} Bob 1:2", GUID],
    ["JOI bob@example.com Bob 1:2", undefined],
    ["BYE bob@example.com 1", undefined],
    ["BYE bob@example.com;{0a0a0a0a-0000-4000-8000-00000000000a}", GUID],
  ])("names the person and the place (%s)", (line, endpoint) => {
    expect(parseRoster(command(line))?.address).toEqual({ email: BOB, network: 1, ...(endpoint && { endpoint }) });
  });
});

describe("what is written", () => {
  it("has the dialect's form", () => {
    expect(formatIdentity(MSNP11, BOB, GUID)).toBe("bob@example.com");
    expect(formatIdentity(MSNP18, BOB, GUID)).toBe("bob@example.com;{0a0a0a0a-0000-4000-8000-00000000000a}");
  });
});

describe("the forms of presence (msnp-core §6.3)", () => {
  const OBJECT = "%3Cmsnobj%20a%3D%22b%22%2F%3E";
  const FORMS: readonly (readonly [
    versions: readonly number[],
    line: string,
    capabilities: number,
    extended: number,
  ])[] = [
    [[2, 3, 4, 5, 6, 7], "NLN st bob@example.com Bob%20B", 0, 0],
    [[8], "NLN st bob@example.com Bob%20B 7", 7, 0],
    [[9, 10, 11, 12, 13], `NLN st bob@example.com Bob%20B 7 ${OBJECT}`, 7, 0],
    [[14, 15], `NLN st bob@example.com 1 Bob%20B 7 ${OBJECT} http://icon`, 7, 0],
    [[16, 17], `NLN st bob@example.com 1 Bob%20B 7:8 ${OBJECT}`, 7, 8],
    [[18], `NLN st 1:bob@example.com Bob%20B 7:8 ${OBJECT}`, 7, 8],
  ];
  const cases = FORMS.flatMap(([versions, line, basic, extended]) =>
    versions.map((version) => ({ version, line, basic, extended })),
  );

  it.each(cases)("of MSNP$version are read: $line", ({ version, line, basic, extended }) => {
    const dialect = DIALECTS.find((row) => row.version === version) ?? MSNP11;
    const wanted = {
      address: { email: BOB, network: 1 },
      status: "BSY",
      displayName: "Bob B",
      capabilities: { basic, extended },
      ...(version > 8 && { msnObject: '<msnobj a="b"/>' }),
    };
    expect(parsePresence(dialect, command(line.replace("st", "BSY")))).toEqual(wanted);
    expect(parsePresence(dialect, command(line.replace("NLN st", "ILN 10 BSY")))).toEqual(wanted);
  });

  it("of somebody without a name, in a version without objects, has the capabilities alone", () => {
    const nameless = { displayName: "", capabilities: { basic: 7 } };
    expect(parsePresence(dialectOf("MSNP8"), command("NLN NLN bob@example.com 7"))).toMatchObject(nameless);
    expect(parsePresence(dialectOf("MSNP7"), command("NLN NLN bob@example.com 7"))).toMatchObject({ displayName: "7" });
  });
});

describe("the dialects", () => {
  it("are listed newest first", () => {
    const versions = DIALECTS.map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((a, b) => b - a));
    expect(versions.filter((version) => version <= 18)).toEqual(Array.from({ length: 17 }, (_, i) => 18 - i));
  });

  it.each(DIALECTS)("$name is named by its version", ({ name, version }) => {
    expect(name).toBe(`MSNP${version}`);
  });

  it.each(DIALECTS)("$name answers challenges with a product of its time (msnp-core §2.5, §4)", (dialect) => {
    const { version, challenge, product } = dialect;
    expect(challenge).toBe(version < 6 ? "none" : version < 11 ? "md5" : "msnp11");
    expect(product.id === "msmsgs@msnmsgr.com").toBe(version < 11);
  });

  it.each(DIALECTS.filter(({ version }) => version <= 18))(
    "$name signs in and has its lists as the book says (msnp-core §3, §5)",
    (dialect) => {
      const { version, auth, lists, opening, endpoints } = dialect;
      expect(auth).toBe(version < 8 ? "md5" : version < 12 ? "tweener" : version < 15 ? "rst" : "sso");
      expect(lists).toBe(version < 13 ? "syn" : "soap");
      expect(opening.includes("INF")).toBe(version < 8);
      expect(endpoints).toBe(version >= 16);
    },
  );
});
