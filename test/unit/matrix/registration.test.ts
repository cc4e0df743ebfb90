import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Secret } from "../../../src/bridge/secret.ts";
import { parsePuppetRegistration, parseRegistration, renderRegistration } from "../../../src/matrix/registration.ts";

const AS = "a".repeat(64);
const HS = "b".repeat(64);
const fields = {
  id: "msn",
  url: "http://127.0.0.1:19001",
  asToken: new Secret(AS),
  hsToken: new Secret(HS),
  senderLocalpart: "_msnbot",
  prefix: "_msn_",
  domain: "example.org",
};
const text = renderRegistration(fields);

describe("a registration", () => {
  it("asks for typing and presence under both names, and for no rate limit", () => {
    expect(parse(text)).toMatchObject({
      receive_ephemeral: true,
      "de.sorunome.msc2409.push_ephemeral": true,
      rate_limited: false,
      sender_localpart: "_msnbot",
    });
  });

  it("claims exactly the ghosts and their aliases", () => {
    const { namespaces } = parse(text) as {
      namespaces: { users: { regex: string; exclusive: boolean }[]; aliases: { regex: string }[] };
    };
    const users = new RegExp(`^${namespaces.users[0]?.regex}$`);
    expect(users.test("@_msn_escargot_a=40b.c:example.org")).toBe(true);
    expect(users.test("@_msn_escargot_a=40b.c:exampleXorg")).toBe(false);
    expect(users.test("@anna:example.org")).toBe(false);
    expect(namespaces.users[0]?.exclusive).toBe(true);
    expect(new RegExp(`^${namespaces.aliases[0]?.regex}$`).test("#_msn_dm_1:example.org")).toBe(true);
  });

  it("is read back, with its tokens sealed", () => {
    const read = parseRegistration(text);
    expect(read).toMatchObject({
      id: "msn",
      url: "http://127.0.0.1:19001",
      senderLocalpart: "_msnbot",
      ephemeral: true,
    });
    expect(read.asToken.open()).toBe(AS);
    expect(JSON.stringify(read)).not.toContain(AS);
  });

  it.each([
    ["<as token>", "as_token"],
    ["$" + "{AS_TOKEN}", "as_token"],
    ["{{ token }}", "as_token"],
    ["CHANGE_ME", "as_token"],
    ["change-me-please-now", "as_token"],
    ["replace_me", "as_token"],
    ["your token here", "as_token"],
    ["xxxxxxxxxxxxxxxxxxxx", "as_token"],
  ])("with the placeholder %s is refused, naming the key", (placeholder, key) => {
    expect(() => parseRegistration(text.replace(AS, JSON.stringify(placeholder)))).toThrow(
      new RegExp(`placeholder.*"${key}"`),
    );
  });

  it.each([
    ["no YAML", "a: [", /is not YAML/],
    ["nothing", "", /is empty/],
    ["a list", "- a", /is empty or not/],
    ["without a token", text.replace(/^hs_token.*\n/m, ""), /no "hs_token"/],
    ["with a short token", text.replace(HS, "short"), /"hs_token" shorter than 16/],
    ["with one token twice", text.replace(HS, AS), /must differ/],
    ["with an odd address", text.replace("http://127.0.0.1:19001", "nowhere"), /not a web address/],
    ["with an odd bot", text.replace("_msnbot", "Bot Bot"), /sender_localpart/],
  ])("that is %s is refused with a reason, without a token in it", (_what, broken, reason) => {
    expect(() => parseRegistration(broken)).toThrow(reason);
    try {
      parseRegistration(broken);
    } catch (error) {
      expect(String(error)).not.toMatch(/aaaa|bbbb/);
    }
  });
});

describe("a registration for double puppeting", () => {
  const good = `id: msn-double-puppet
url: null
as_token: ${AS}
hs_token: ${HS}
sender_localpart: _msn_double_puppet
namespaces:
  users: [{ exclusive: false, regex: '@.*:example\\.org' }]
`;

  it("covers the people that it names, and nobody else", () => {
    const { covers, asToken } = parsePuppetRegistration(good);
    expect(asToken.open()).toBe(AS);
    expect(covers("@anna:example.org")).toBe(true);
    expect(covers("@anna:example.org.evil")).toBe(false);
    expect(covers("@anna:exampleXorg")).toBe(false);
  });

  it.each([
    ["an address", good.replace("url: null", "url: http://127.0.0.1:1"), /url: null/],
    ["names for itself alone", good.replace("exclusive: false", "exclusive: true"), /exclusive: false/],
    ["no word on that", good.replace("exclusive: false, ", ""), /exclusive: false/],
    ["no users", good.replace(/users:.*/, "users: []"), /names no users/],
    ["no namespaces", good.replace(/namespaces:[\s\S]*/, ""), /names no users/],
    ["a short token", good.replace(AS, "short"), /as_token.*shorter/],
    ["no YAML", "{", /is not YAML/],
  ])("with %s is refused, without its tokens in the text", (_, text, why) => {
    expect(() => parsePuppetRegistration(text)).toThrow(why);
    try {
      parsePuppetRegistration(text);
    } catch (error) {
      expect(String(error)).not.toContain(AS);
    }
  });
});
