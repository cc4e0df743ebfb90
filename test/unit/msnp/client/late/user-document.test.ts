import { describe, expect, it, test } from "vitest";
import { parseMachineGuid } from "../../../../../src/msnp/address.ts";
import {
  changedSections,
  decodeUser,
  encodeLeaving,
  encodeUser,
  type UserState,
  unite,
} from "../../../../../src/msnp/client/late/user-document.ts";
import { parseMultipart } from "../../../../../src/msnp/message/multipart.ts";
import { bookStep } from "../../../../fixtures/msnp21/book.ts";

/** Alice of T11, as the official program would have it. */
const ALICE: UserState = {
  status: "NLN",
  displayName: "Alice",
  personalMessage: "at work",
  media: "",
  picture:
    '<msnobj Creator="alice@example.com" Size="4096" Type="3" Location="0" Friendly="AAA=" SHA1D="RGlnZXN0T2ZUaGVGaWxlQnl0ZXM=" SHA1C="RGlnZXN0T2ZUaGVBdHRyaWJ1dA=="/>',
  endpointName: "ALICE-PC",
  machineGuid: parseMachineGuid("{a1a1a1a1-1111-4111-8111-aaaaaaaaaaaa}"),
  capabilities: "2952823072:2558662528",
  peerCapabilities: "100663296:1142538240",
  client: "MSNMSGR:15.4.3508.1109",
};

function bodyOf(step: string, from: "client" | "server", nth = 0): Buffer {
  const one = bookStep(step).filter((command) => command.from === from)[nth];
  return parseMultipart(one?.payload ?? Buffer.alloc(0)).body;
}

describe("what an account says of itself (source: msnp21 §4.1, §4.2)", () => {
  test("T11: the whole document, byte for byte", () => {
    expect(encodeUser(ALICE)).toBe(bodyOf("T11", "client").toString());
  });

  test("T20: becoming busy changes two sections", () => {
    const busy: UserState = { ...ALICE, status: "BSY" };
    expect(changedSections(ALICE, busy)).toEqual(["im", "endpoint-pd"]);
    expect(encodeUser(busy, changedSections(ALICE, busy))).toBe(bodyOf("T20", "client").toString());
  });

  test("T40: another place is shown the door", () => {
    const laptop = parseMachineGuid("a2a2a2a2-2222-4222-8222-aaaaaaaaaaaa");
    expect(encodeLeaving(laptop)).toBe(bodyOf("T40", "client").toString());
  });

  it("says nothing when nothing changed", () => {
    expect(changedSections(ALICE, { ...ALICE })).toEqual([]);
  });

  it("escapes what would break the document, and is idle when the status is", () => {
    const state: UserState = { ...ALICE, status: "IDL", displayName: "</s>&\u0000", personalMessage: "a < b" };
    expect(encodeUser(state)).toContain("<FriendlyName>&lt;/s&gt;&amp;\ufffd</FriendlyName><PSM>a &lt; b</PSM>");
    expect(encodeUser(state)).toContain("<Idle>true</Idle><State>IDL</State>");
  });
});

describe("what is told of others (source: msnp21 §4.4)", () => {
  test("T12: status, words and one place", () => {
    expect(decodeUser(bodyOf("T12", "server"))).toEqual({
      hasMessaging: true,
      status: "BSY",
      media: "",
      displayName: "Bob",
      personalMessage: "in a meeting",
      picture: "",
      endpoints: [
        {
          id: "b0b0b0b0-3333-4333-8333-bbbbbbbbbbbb",
          capabilities: { basic: 2952823072, extended: 2558662528 },
        },
      ],
    });
  });

  test("T21: only what is there is said, an empty message included", () => {
    expect(decodeUser(bodyOf("T21", "server"))).toEqual({
      hasMessaging: false,
      displayName: "Bob",
      personalMessage: "",
      endpoints: [],
    });
  });

  test("T38: a place with its name, which only its owner hears of", () => {
    expect(decodeUser(bodyOf("T38", "server")).endpoints).toEqual([
      {
        id: "a2a2a2a2-2222-4222-8222-aaaaaaaaaaaa",
        capabilities: { basic: 2952823072, extended: 2558662528 },
        name: "LAPTOP",
        clientType: "1",
        status: "NLN",
      },
    ]);
  });

  it("reads numeric references, blanks between elements and GUIDs in upper case", () => {
    const body = Buffer.from(
      '<user>\r\n <s n="PE">\n<UserTileLocation>&#x3C;msnobj Creator=&#x22;a&#x22;/&#x3E;</UserTileLocation></s> <sep n="IM" epid="{B0B0B0B0-3333-4333-8333-BBBBBBBBBBBB}" /></user>',
    );
    expect(decodeUser(body)).toEqual({
      hasMessaging: false,
      picture: '<msnobj Creator="a"/>',
      endpoints: [{ id: "b0b0b0b0-3333-4333-8333-bbbbbbbbbbbb" }],
    });
  });

  it.each([
    "",
    "no xml",
    "<user>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]><user>&b;</user>",
    '<user><sep n="IM" epid="x"/></user>',
  ])("%j says nothing", (text) => {
    expect(decodeUser(Buffer.from(text))).toEqual({ hasMessaging: false, endpoints: [] });
  });

  it("unites what several places can do, without a sign bit", () => {
    expect(
      unite([
        { basic: 0xb0000000, extended: 0x80000000 },
        { basic: 0x20, extended: 0x400 },
      ]),
    ).toEqual({ basic: 0xb0000020, extended: 0x80000400 });
  });
});
