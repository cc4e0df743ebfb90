import { describe, expect, test } from "vitest";
import {
  SERVER_DIALECTS,
  type ServerDialect,
  writeCapabilities,
} from "../../../../../src/msnp/server/dialects/index.ts";

function row(name: string): ServerDialect {
  const found = SERVER_DIALECTS.find((dialect) => dialect.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

/** The versions from 2 to 18 for which something holds, as "2-7" or "8". */
function where(holds: (dialect: ServerDialect) => boolean): string {
  const numbers = Array.from({ length: 17 }, (_, index) => index + 2).filter((n) => holds(row(`MSNP${n}`)));
  const [first, last] = [numbers[0], numbers.at(-1)];
  if (first === undefined || last === undefined) return "none";
  expect(numbers, "one run of versions").toHaveLength(last - first + 1);
  return first === last ? String(first) : `${first}-${last}`;
}

describe("The server's dialect table (msnp-core §2.5)", () => {
  test("every version from 2 to 18 has one row, and newer ones are preferred", () => {
    const numbers = SERVER_DIALECTS.map(({ name }) => Number(name.slice(4)));
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.filter((n) => n <= 18)).toHaveLength(17);
  });

  test.each([
    ["salted passwords", "2-7", (d: ServerDialect) => d.login === "MD5"],
    ["Passport tickets", "8-14", (d: ServerDialect) => d.login === "TWN"],
    ["tickets with a proof", "15-18", (d: ServerDialect) => d.login === "SSO"],
    ["one LST for each list", "2-7", (d: ServerDialect) => d.syn === "by-list"],
    ["one LST with bits", "8-9", (d: ServerDialect) => d.syn === "counted"],
    ["stamps", "10-12", (d: ServerDialect) => d.syn === "stamped"],
    ["no SYN", "13-18", (d: ServerDialect) => d.syn === "refused" && d.disabled.has("SYN")],
    ["serials", "2-9", (d: ServerDialect) => d.serials],
    ["numbered groups in lists", "7-9", (d: ServerDialect) => d.groups === "number"],
    ["groups with ids", "10-18", (d: ServerDialect) => d.groups === "guid"],
    ["phones", "5-12", (d: ServerDialect) => d.phoneNews],
    ["ADD", "2-9", (d: ServerDialect) => !d.closesOn.has("ADD")],
    ["ADC", "10-18", (d: ServerDialect) => !d.closesOn.has("ADC")],
    ["SBP", "10-12", (d: ServerDialect) => !d.closesOn.has("SBP")],
    ["GTC", "2-12", (d: ServerDialect) => !d.closesOn.has("GTC")],
    ["GCF", "11-18", (d: ServerDialect) => !d.closesOn.has("GCF")],
    ["ADL", "13-18", (d: ServerDialect) => !d.closesOn.has("ADL")],
    ["FQY", "14-18", (d: ServerDialect) => !d.closesOn.has("FQY")],
    ["VAS and PUT", "18", (d: ServerDialect) => !d.closesOn.has("VAS") && !d.closesOn.has("PUT")],
    ["REA", "2-9", (d: ServerDialect) => !d.disabled.has("REA")],
    ["challenges", "6-18", (d: ServerDialect) => d.challenge !== undefined && d.products.length > 0],
    ["challenges of the older kind", "6-10", (d: ServerDialect) => d.challenge === "md5"],
    ["no capabilities", "2-7", (d: ServerDialect) => d.capabilities === "none"],
    ["objects", "9-18", (d: ServerDialect) => d.objects],
    ["a number behind QNG", "9-18", (d: ServerDialect) => d.keepaliveSeconds === 60],
    ["personal messages", "11-18", (d: ServerDialect) => d.personalMessages],
    ["a pending list", "10-18", (d: ServerDialect) => d.pendingList],
    ["ADC RL", "11-18", (d: ServerDialect) => d.acceptsReverse],
    ["NOT", "8-18", (d: ServerDialect) => d.addressBookNotices],
    ["endpoints", "16-18", (d: ServerDialect) => d.endpoints],
    ["roster capabilities", "12-18", (d: ServerDialect) => d.rosterCapabilities !== "none"],
  ])("%s: %s", (_what, versions, holds) => {
    expect(where(holds)).toBe(versions);
  });

  test("capabilities are written as the viewer reads them", () => {
    const endpoint = { capabilities: "32", extendedCapabilities: "48" };
    expect(writeCapabilities("none", endpoint)).toBeUndefined();
    expect(writeCapabilities("plain", endpoint)).toBe("32");
    expect(writeCapabilities("pair", endpoint)).toBe("32:48");
  });
});
