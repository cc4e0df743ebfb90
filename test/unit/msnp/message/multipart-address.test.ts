import { expect, test } from "vitest";
import {
  formatMultipartAddress,
  guidOfAddress,
  parseMultipartAddress,
  parseRosterUri,
  rosterUri,
} from "../../../../src/msnp/message/multipart-address.ts";

const GUID = "a1a1a1a1-1111-4111-8111-aaaaaaaaaaaa";
const CIRCLE = "00000000-0000-0000-0009-0123456789ab";

test.each([
  ["1:alice@example.com", { type: 1, account: "alice@example.com" }],
  [`1:alice@example.com;epid={${GUID}}`, { type: 1, account: "alice@example.com", epid: GUID }],
  [`9:${CIRCLE}@live.com;path=IM`, { type: 9, account: `${CIRCLE}@live.com`, path: "IM" }],
  [
    "10:5f0c1a2b-0011-0022-1234-56789abc0000@live.com",
    { type: 10, account: "5f0c1a2b-0011-0022-1234-56789abc0000@live.com" },
  ],
  ["13:1000000001;via=14:fb", { type: 13, account: "1000000001", via: { type: 14, account: "fb" } }],
  ["4:tel:+15550100", { type: 4, account: "tel:+15550100" }],
  ["19:Abc@thread.skype", { type: 19, account: "Abc@thread.skype" }],
])("%s is read and written back (source: msnp21 §3.2)", (text, address) => {
  expect(parseMultipartAddress(text)).toEqual(address);
  expect(formatMultipartAddress(parseMultipartAddress(text) ?? { type: 0, account: "" })).toBe(text);
});

test("GUIDs and people are compared without case, so they are kept in lower case", () => {
  const upper = parseMultipartAddress(`1:Alice@Example.COM;EPID={${GUID.toUpperCase()}}`);
  expect(upper).toEqual({ type: 1, account: "alice@example.com", epid: GUID });
});

test("unknown parameters and an epid that is no GUID are passed over", () => {
  expect(parseMultipartAddress("1:a@b.c;epid=x;colour=red;;")).toEqual({ type: 1, account: "a@b.c" });
});

test.each(["", "alice@example.com", "x:alice", "1:", ":a@b.c", "1:a b", `1:${"a".repeat(600)}`])(
  "%j is no address",
  (text) => {
    expect(parseMultipartAddress(text)).toBeUndefined();
  },
);

test("only circles and temporary groups have a GUID for an address", () => {
  const guidOf = (text: string): string | undefined => {
    const address = parseMultipartAddress(text);
    return address === undefined ? undefined : guidOfAddress(address);
  };
  expect(guidOf(`9:${CIRCLE.toUpperCase()}@LIVE.com;path=IM`)).toBe(CIRCLE);
  expect(guidOf(`10:${GUID}@live.com`)).toBe(GUID);
  expect(guidOf(`10:${GUID}@example.com`)).toBeUndefined();
  expect(guidOf(`1:${GUID}@live.com`)).toBeUndefined();
});

test("the member of a roster is named by a URI", () => {
  const uri = "/circle/roster(IM)/user(1:bob@example.com)";
  expect(parseRosterUri(uri)).toEqual({ type: 1, account: "bob@example.com" });
  expect(rosterUri({ type: 1, account: "bob@example.com" })).toBe(uri);
  for (const other of ["/circle", "/user", "/circle/roster(IM)/user()", "/circle/roster(IM)/user(1:a)(1:b)"]) {
    expect(parseRosterUri(other)).toBeUndefined();
  }
});
