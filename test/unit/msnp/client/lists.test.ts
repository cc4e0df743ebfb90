import { describe, expect, it } from "vitest";
import { type Email, parseEmail } from "../../../../src/msnp/address.ts";
import { ContactBook, listsOf } from "../../../../src/msnp/client/contacts.ts";
import { BY_DOMAIN, entryOf, networkQuery, readNetwork } from "../../../../src/msnp/client/list-payload.ts";
import type { MsnContact } from "../../../../src/msnp/client/types.ts";
import { findAll, parseXml } from "../../../../src/msnp/soap/xml.ts";

function contacts(entries: Record<string, number>): MsnContact[] {
  const book = new ContactBook(() => undefined);
  for (const [email, bits] of Object.entries(entries)) book.update(parseEmail(email), { lists: listsOf(bits) });
  return [...book.all.values()];
}

function listPayloads(people: readonly MsnContact[], isInitial: boolean): string[] {
  const entries = people.map(entryOf);
  return isInitial ? BY_DOMAIN.initial(entries, parseEmail("me@example.com")) : BY_DOMAIN.changes(entries);
}

describe("telling the server about the lists", () => {
  it("groups contacts by domain, with only the bits it takes", () => {
    const entries = {
      "bob@example.com": 3 | 8,
      "carol@other.net": 2,
      "dave@example.com": 1,
      "pending@x.org": 16,
      "rl@x.org": 8,
    };
    expect(listPayloads(contacts(entries), true)).toEqual([
      '<ml l="1"><d n="example.com"><c n="bob" l="3" t="1" /><c n="dave" l="1" t="1" /></d><d n="other.net"><c n="carol" l="2" t="1" /></d></ml>',
    ]);
  });

  it("takes somebody who is allowed and blocked as blocked", () => {
    expect(listPayloads(contacts({ "bob@example.com": 7 }), true)[0]).toContain('l="5"');
  });

  it("says that the list is empty when it is", () => {
    expect(listPayloads([], true)).toEqual(['<ml l="1"></ml>']);
    expect(listPayloads([], false)).toEqual([]);
  });

  it("is one payload per domain for later changes", () => {
    const entries = { "a@one.com": 1, "b@two.com": 1, "c@one.com": 1 };
    expect(listPayloads(contacts(entries), false)).toEqual([
      '<ml><d n="one.com"><c n="a" l="1" t="1" /><c n="c" l="1" t="1" /></d></ml>',
      '<ml><d n="two.com"><c n="b" l="1" t="1" /></d></ml>',
    ]);
  });

  it("is split below the server's limits, and names everybody once", () => {
    const entries = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`somebody.with.a.long.name.${i}@domain${i % 7}.example`, 3]),
    );
    const payloads = listPayloads(contacts(entries), true);
    const named = payloads.flatMap((payload) => {
      expect(Buffer.byteLength(payload)).toBeLessThan(7300);
      const domains = findAll(parseXml(payload), "d");
      const people = domains.flatMap((domain) =>
        findAll(domain, "c").map((person) => `${person.attributes.n}@${domain.attributes.n}`),
      );
      expect(people.length).toBeLessThanOrEqual(150);
      expect(domains.every((domain) => domain.children.length > 0)).toBe(true);
      expect(new Set(domains.map((domain) => domain.attributes.n)).size).toBe(domains.length);
      return people;
    });
    expect(named.sort()).toEqual(Object.keys(entries).sort());
  });
});

describe("what the server tells about the lists", () => {
  it("is read with names, leaving out phones and what is no address", () => {
    const payload =
      '<ml><d n="example.com"><c n="alice" t="1" l="8" f="Alice%20A" /><c n="" l="8"/></d><t><c n="tel:+1555" l="3"/></t></ml>';
    expect(BY_DOMAIN.read(Buffer.from(payload))).toEqual([
      { email: "alice@example.com", bits: 8, displayName: "Alice A" },
    ]);
  });

  it.each(["", "<ml>", "<ml><d/></ml>", "no xml"])("is nothing when it is %j", (payload) => {
    expect(BY_DOMAIN.read(Buffer.from(payload))).toEqual([]);
  });
});

describe("the network of an address", () => {
  it("is asked for as in the book", () => {
    const query = networkQuery(parseEmail("bob@example.com"));
    expect(query).toBe('<ml><d n="example.com"><c n="bob"/></d></ml>');
    expect(Buffer.byteLength(query)).toBe(44);
  });

  it.each([
    ['<ml><d n="example.com"><c n="bob" t="1" /></d></ml>', 1],
    ['<ml><d n="yahoo.example"><c n="bob" t="32" actual="bob@yahoo.example" /></d></ml>', 32],
    ['<ml><d n="example.com"><c n="bob" /></d></ml>', 1],
    ['<ml><d n="example.com"><c n="bob" t="x" /></d></ml>', 1],
    ["", 1],
  ])("is read from %s", (payload, network) => {
    expect(readNetwork(Buffer.from(payload))).toBe(network);
  });
});

describe("the contact book", () => {
  it("tells of real changes only, and gives new objects", () => {
    const told: [string, string | undefined][] = [];
    const book = new ContactBook((contact, previous) => told.push([contact.status, previous?.status]));
    const bob = parseEmail("bob@example.com");
    const first = book.update(bob, { status: "NLN", lists: listsOf(3) });
    const second = book.update(bob, { status: "NLN" });
    const third = book.update(bob, { status: "AWY" });
    expect(told).toEqual([
      ["NLN", undefined],
      ["AWY", "NLN"],
    ]);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(first?.status).toBe("NLN");
  });

  it("forgets who is on no list and offline", () => {
    const book = new ContactBook(() => undefined);
    const bob = parseEmail("bob@example.com");
    book.changeLists(bob, 3, true);
    book.changeLists(bob, 3, false);
    expect(book.all.size).toBe(0);
    book.update("nobody@example.com" as Email, { personalMessage: "x" });
    expect(book.all.size).toBe(0);
  });

  it("has a bound", () => {
    const book = new ContactBook(() => undefined);
    for (let i = 0; i < 6000; i++) book.update(parseEmail(`c${i}@example.com`), { status: "NLN" });
    expect(book.all.size).toBe(5000);
  });

  it("shares its sets of lists", () => {
    expect(listsOf(3)).toBe(listsOf(3));
    expect([...listsOf(31)]).toEqual(["FL", "AL", "BL", "RL", "PL"]);
  });
});
