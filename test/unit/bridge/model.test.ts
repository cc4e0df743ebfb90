import fc from "fast-check";
import { expect, test } from "vitest";
import type { LaneRef } from "../../../src/bridge/model.ts";
import {
  accountId,
  accountParts,
  laneName,
  ownerIn,
  parseContactAddress,
  parseHomeName,
  parseLaneName,
  parseNetworkName,
  portalParts,
  residentId,
  residentParts,
  SHARD_COUNT,
  shardOf,
} from "../../../src/bridge/model.ts";
import { directPortal } from "../../../src/bridge/portals.ts";
import { cases } from "../../support/property.ts";
import { HOME, NET } from "./support.ts";

test("of an account's owners the one in a home is found by the home's whole name", () => {
  const owners = [residentId(HOME, "@alice:toy"), residentId(parseHomeName("toy"), "alix")];
  expect(ownerIn({ owners }, HOME)).toBe(owners[0]);
  expect(ownerIn({ owners }, parseHomeName("toy"))).toBe(owners[1]);
  expect(ownerIn({ owners }, parseHomeName("toyho"))).toBeUndefined();
});

const RUNS = cases(300, 20_000);

test("an address is lower-cased and freed of blanks around it", () => {
  expect(parseContactAddress("  Bob.Example@MSN.test ")).toBe("bob.example@msn.test");
});

test.each([
  ["no at", "bob"],
  ["two ats", "bob@x@y"],
  ["nothing before", "@msn.test"],
  ["nothing after", "bob@"],
  ["a blank within", "bob b@msn.test"],
  ["a line break", "bob@msn.test\r\nQRY 1"],
  ["NUL", "bob\0@msn.test"],
  ["the mark between portal and conversation", "bob>x@msn.test"],
  ["a quote", '"bob"@msn.test'],
  ["a tag", "<b>@msn.test"],
  ["a text direction mark", "bob\u202e@msn.test"],
  ["an invisible joiner", "bo\u200bb@msn.test"],
  ["half of a surrogate pair", "bob\ud800@msn.test"],
  ["more than 129 bytes", `${"b".repeat(121)}@msn.test`],
  ["more than 129 bytes in few characters", `${"ü".repeat(62)}@msn.test`],
])("an address with %s is refused", (_what, text) => {
  expect(() => parseContactAddress(text)).toThrow(expect.objectContaining({ code: "bad-address" }));
});

test("an address that is refused is not repeated at length", () => {
  try {
    parseContactAddress("x".repeat(100_000));
    expect.unreachable();
  } catch (error) {
    expect((error as { person: string }).person.length).toBeLessThan(300);
  }
});

test.each(["", "Escargot", "a b", "-a", "a/b", "a:b", "x".repeat(33)])(
  "%j is no name of a network or a home",
  (text) => {
    expect(() => parseNetworkName(text)).toThrow(expect.objectContaining({ code: "bad-input" }));
    expect(() => parseHomeName(text)).toThrow(expect.objectContaining({ code: "bad-input" }));
  },
);

/** Addresses as strange as the parser lets through, with all the separators of our own ids. */
const address = fc
  .tuple(fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }), fc.string({ minLength: 1, maxLength: 20 }))
  .map(([local, domain]) => `a${local}|/:${domain}`.replaceAll(/[\s@<>"\p{C}]/gu, "_"))
  .map((text) => text.replace("|", "|@"))
  .map((text) => {
    try {
      return parseContactAddress(text);
    } catch {
      return parseContactAddress("a|/:@b|/:.test");
    }
  });

test("ids of whatever address come apart into what they were made of", () => {
  fc.assert(
    fc.property(address, address, fc.string({ minLength: 1 }), (own, other, id) => {
      const account = accountId(NET, own);
      expect(accountParts(account)).toEqual({ network: NET, address: own });
      const portal = directPortal(account, { network: NET, contact: other });
      expect(portalParts(portal)).toEqual({ account, conversation: other });
      expect(residentParts(residentId(HOME, id))).toEqual({ home: HOME, id });
    }),
    RUNS,
  );
});

test("a lane's name leads back to the lane", () => {
  fc.assert(
    fc.property(address, address, fc.string({ minLength: 1 }), (own, other, id) => {
      const account = accountId(NET, own);
      const portal = directPortal(account, { network: NET, contact: other });
      const resident = residentId(HOME, id.replaceAll("\n", " "));
      const lanes: LaneRef[] = [
        { kind: "out", shard: shardOf(account), portal },
        { kind: "in", shard: shardOf(account), portal, home: HOME },
        { kind: "control", shard: shardOf(resident), resident },
      ];
      for (const lane of lanes) expect(parseLaneName(laneName(lane))).toEqual(lane);
      expect(new Set(lanes.map(laneName)).size).toBe(3);
    }),
    RUNS,
  );
});

test.each([
  "",
  "|",
  "out",
  "out|",
  "out|x",
  "out|net/a@b",
  "in|net/a@b>c",
  "in:|net/a@b>c",
  "control|",
  "control|nobody",
  "up|net/a@b>c@d",
])("%j is no lane", (name) => {
  expect(() => parseLaneName(name)).toThrow(expect.objectContaining({ code: "bad-input" }));
});

test("accounts spread over all shards, always the same way", () => {
  const counts = new Map<number, number>();
  for (let i = 0; i < 6400; i += 1) {
    const shard = shardOf(accountId(NET, parseContactAddress(`user${i}@msn.test`)));
    counts.set(shard, (counts.get(shard) ?? 0) + 1);
  }
  expect(counts.size).toBe(SHARD_COUNT);
  expect(Math.max(...counts.values())).toBeLessThan(160);
  // What is in Redis was put there by another version.
  const shards = ["a", "b", "c"].map((name) => shardOf(accountId(NET, parseContactAddress(`${name}@msn.test`))));
  expect(shards).toEqual([61, 12, 59]);
});
