import fc from "fast-check";
import { expect, it } from "vitest";
import { parseHomeName, residentId } from "../../../../src/bridge/model.ts";
import { GhostNames } from "../../../../src/matrix/convert/ghost.ts";
import { cases } from "../../../support/property.ts";

const names = new GhostNames("_msn_", "example.org");
const XMPP = parseHomeName("xmpp");
const guest = (id: string) => names.mxid(names.guest(residentId(XMPP, id)));

it("a guest is a user of ours and nobody's contact", () => {
  const mxid = guest("zoe@xmpp.example");
  expect(mxid).toBe("@_msn_.xmpp_zoe=40xmpp.example:example.org");
  expect(names.owns(mxid)).toBe(true);
  expect(names.parse(mxid)).toBeUndefined();
  expect(names.guestHome(mxid)).toBe("xmpp");
});

it("a guest whose id is too long for Matrix is told by its hash", () => {
  const long = guest(`${"x".repeat(300)}@xmpp.example`);
  expect(long).toMatch(/^@_msn_\.xmpp_=x[0-9a-f]{32}:example\.org$/);
  expect(guest(`${"x".repeat(301)}@xmpp.example`)).not.toBe(long);
});

it("a contact whose address looks like such a hash is spelled as any other", () => {
  const contact = { network: "escargot" as never, contact: `=x${"0".repeat(32)}` as never };
  expect(names.mxid(contact)).toContain("=3dx");
});

it("contacts and strangers are no guests", () => {
  for (const other of ["@_msn_escargot_bob=40example.com:example.org", "@anna:example.org", "@_msn_.:example.org"])
    expect(names.guestHome(other)).toBeUndefined();
});

it("whoever it is, they are a valid user and never a contact", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (id) => {
      const mxid = guest(id);
      expect(mxid).toMatch(/^@[a-z0-9._=/+-]+:example\.org$/);
      expect(mxid.length).toBeLessThanOrEqual(255);
      expect(names.parse(mxid)).toBeUndefined();
      expect(names.guestHome(mxid)).toBe("xmpp");
    }),
    cases(200, 10_000),
  );
});
