import fc from "fast-check";
import { expect, test } from "vitest";
import { parseContactAddress, parseNetworkName } from "../../../src/bridge/model.ts";
import { GhostJids } from "../../../src/xmpp/convert/ghost.ts";
import { bare, escapeNode, jidParts, parseBareJid, parseJid, readJid, unescapeNode } from "../../../src/xmpp/jid.ts";
import { cases } from "../../support/property.ts";

const RUNS = cases(300, 20_000);
const [escargot, crosstalk] = [parseNetworkName("escargot"), parseNetworkName("crosstalk")];
const names = new GhostJids("msn.example.org", [escargot, crosstalk]);
const ghost = (contact: string, network = escargot) => ({ network, contact: parseContactAddress(contact) });

test("a JID falls into node, domain and resource", () => {
  expect(jidParts(parseJid("Anna@Example.org/Home / 1@x"))).toEqual({
    node: "anna",
    domain: "example.org",
    resource: "Home / 1@x",
  });
  expect(jidParts(parseJid("example.org"))).toEqual({ node: undefined, domain: "example.org", resource: undefined });
  expect(bare(parseJid("anna@example.org/home"))).toBe("anna@example.org");
});

test.each([
  "",
  "@example.org",
  "anna@",
  "a b@example.org",
  "anna@example.org/",
  "a@b@c",
  "a'b@c",
  `${"x".repeat(1024)}@c`,
])("%j is no JID", (text) => {
  expect(readJid(text)).toBeUndefined();
  expect(() => parseJid(text)).toThrow("is not a JID");
});

test("a bare JID has no resource", () => {
  expect(() => parseBareJid("anna@example.org/home")).toThrow("has a resource");
});

// The examples of XEP-0106 §4.2 and §5.
test.each([
  ["space cadet", "space\\20cadet"],
  ['call me "ishmael"', "call\\20me\\20\\22ishmael\\22"],
  ["at&t guy", "at\\26t\\20guy"],
  ["d'artagnan", "d\\27artagnan"],
  ["/.fanboy", "\\2f.fanboy"],
  ["::foo::", "\\3a\\3afoo\\3a\\3a"],
  ["<foo>", "\\3cfoo\\3e"],
  ["user@host", "user\\40host"],
  ["c:\\net", "c\\3a\\net"],
  ["c:\\\\net", "c\\3a\\\\net"],
  ["c:\\cool stuff", "c\\3a\\cool\\20stuff"],
  ["c:\\5commas", "c\\3a\\5c5commas"],
])("%s is escaped as %s", (text, node) => {
  expect(escapeNode(text)).toBe(node);
  expect(unescapeNode(node)).toBe(text);
});

test("letters outside ASCII are spelled in bytes, so that no server folds them", () => {
  expect(escapeNode("straße@x")).toBe("stra\\xc3\\x9fe\\40x");
  expect(unescapeNode("stra\\xc3\\x9fe\\40x")).toBe("straße@x");
  expect(unescapeNode("stra\\xc3e")).toBeUndefined();
  expect(unescapeNode("straße")).toBeUndefined();
});

test("every text comes back from its escaped form, which is a node", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom("\\", "4", "0", "5", "c", "x", "@", "e", "ß", " ") }),
  );
  fc.assert(
    fc.property(text, (one) => {
      const clean = one.toWellFormed();
      const node = escapeNode(clean);
      expect(unescapeNode(node)).toBe(clean);
      expect(node).toMatch(/^[^\s"&'/:<>@\x80-\uffff]*$/);
    }),
    RUNS,
  );
});

test("a ghost has a readable JID, and another network its name in it", () => {
  expect(names.jid(ghost("anna@example.com"))).toBe("anna\\40example.com@msn.example.org");
  expect(names.jid(ghost("anna@example.com", crosstalk))).toBe("anna\\40example.com%crosstalk@msn.example.org");
  expect(names.parse(parseJid("anna\\40example.com@msn.example.org/phone"))).toEqual(ghost("anna@example.com"));
});

test("an address that looks like one of another network keeps its own JID", () => {
  const tricky = ghost("anna@example.com%crosstalk");
  const [one, two] = [names.jid(tricky), names.jid(ghost("anna@example.com", crosstalk))];
  expect(one).not.toBe(two);
  expect(names.parse(one)).toEqual(tricky);
  expect(names.parse(two)).toEqual(ghost("anna@example.com", crosstalk));
});

test("only the one spelling names a ghost", () => {
  for (const jid of [
    "msn.example.org",
    "anna@msn.example.org",
    "anna\\40example.com@example.org",
    "anna\\40example.com%escargot@msn.example.org",
    "anna\\40\\5c61@msn.example.org",
  ])
    expect(names.parse(parseJid(jid))).toBeUndefined();
});

test("no two contacts share a JID, whatever their addresses", () => {
  const part = fc.string({
    unit: fc.constantFrom("a", "%", "\\", "5", "c", "4", "0", ".", "ß", "x", "escargot", "crosstalk"),
    minLength: 1,
    maxLength: 8,
  });
  const one = fc.record({
    contact: fc.tuple(part, part).map(([local, host]) => parseContactAddress(`${local}@${host}`)),
    network: fc.constantFrom(escargot, crosstalk),
  });
  fc.assert(
    fc.property(one, (who) => {
      expect(names.parse(names.jid(who))).toEqual(who);
    }),
    RUNS,
  );
});
