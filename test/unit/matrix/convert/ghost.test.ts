import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BridgeError } from "../../../../src/bridge/errors.ts";
import { type GhostRef, parseContactAddress, parseNetworkName } from "../../../../src/bridge/model.ts";
import { GhostNames } from "../../../../src/matrix/convert/ghost.ts";
import { cases } from "../../../support/property.ts";

const names = new GhostNames("_msn_", "example.org");
const ghost = (network: string, address: string): GhostRef => ({
  network: parseNetworkName(network),
  contact: parseContactAddress(address),
});

describe("a ghost's id", () => {
  it.each([
    ["escargot", "anna@example.com", "@_msn_escargot_anna=40example.com:example.org"],
    ["escargot", "Anna.B@Example.com", "@_msn_escargot_anna.b=40example.com:example.org"],
    ["my-net", "a_b-c@x.y", "@_msn_my-net_a_b-c=40x.y:example.org"],
    ["escargot", "a+b=c/d@x.y", "@_msn_escargot_a=2bb=3dc=2fd=40x.y:example.org"],
    ["escargot", "käse@x.y", "@_msn_escargot_k=c3=a4se=40x.y:example.org"],
    ["escargot", "a:b@x.y", "@_msn_escargot_a=3ab=40x.y:example.org"],
  ])("of %s %s is %s, and leads back", (network, address, mxid) => {
    expect(names.mxid(ghost(network, address))).toBe(mxid);
    expect(names.parse(mxid)).toEqual(ghost(network, address));
  });

  it("leads back for every address and network, and belongs to one of them only", () => {
    const network = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/);
    const address = fc
      .tuple(fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }), fc.domain())
      .map(([local, domain]) => `${local}@${domain}`)
      .filter((text) => {
        try {
          return names.mxid({ network: parseNetworkName("n".repeat(11)), contact: parseContactAddress(text) }) !== "";
        } catch {
          return false;
        }
      });
    fc.assert(
      fc.property(network, address, network, address, (n1, a1, n2, a2) => {
        const one = ghost(n1, a1);
        const two = ghost(n2, a2);
        const same = one.network === two.network && one.contact === two.contact;
        expect(names.parse(names.mxid(one))).toEqual(one);
        expect(names.mxid(one) === names.mxid(two)).toBe(same);
        expect(names.mxid(one)).toMatch(/^@[a-z0-9._=-]+:example\.org$/);
      }),
      cases(300, 20_000),
    );
  });

  it.each([
    ["another server", "@_msn_escargot_anna=40example.com:elsewhere.org"],
    ["a server that ends like ours", "@_msn_escargot_anna=40example.com:example.org:example.org"],
    ["a person", "@anna:example.org"],
    ["no network", "@_msn__anna=40example.com:example.org"],
    ["a network in capitals", "@_msn_Escargot_anna=40example.com:example.org"],
    ["no address", "@_msn_escargot_:example.org"],
    ["no separator", "@_msn_escargot:example.org"],
    ["an escaped plain letter", "@_msn_escargot_=61nna=40example.com:example.org"],
    ["capital hex", "@_msn_escargot_a=2Bb=40example.com:example.org"],
    ["half an escape", "@_msn_escargot_anna=4:example.org"],
    ["a raw @", "@_msn_escargot_anna@example.com:example.org"],
    ["broken UTF-8", "@_msn_escargot_=c3=40example.com:example.org"],
    ["two @", "@_msn_escargot_a=40b=40c:example.org"],
    ["a NUL", "@_msn_escargot_a=00b=40c.d:example.org"],
    ["a line break", "@_msn_escargot_a=0ab=40c.d:example.org"],
    ["what separates our own ids", "@_msn_escargot_a=3eb=40c.d:example.org"],
    ["capitals behind an escape", "@_msn_escargot_=41nna=40example.com:example.org"],
    ["a byte order mark", "@_msn_escargot_=ef=bb=bfa=40c.d:example.org"],
    ["an id that is too long", `@_msn_escargot_${"a".repeat(240)}=40c.d:example.org`],
  ])("with %s names nobody", (_what, mxid) => {
    expect(names.parse(mxid)).toBeUndefined();
  });

  it("that Matrix would not take is refused by name", () => {
    const address = `${"ü".repeat(50)}@x.y`;
    expect(() => names.mxid(ghost("escargot", address))).toThrow(BridgeError);
    expect(() => names.mxid(ghost("escargot", address))).toThrow(/bad-address/);
  });

  it("fits for the longest address of plain letters", () => {
    const address = `${"a".repeat(117)}@example.com`;
    expect(names.parse(names.mxid(ghost("escargot", address)))?.contact).toBe(address);
  });
});
