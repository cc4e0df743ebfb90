import { describe, expect, test } from "vitest";
import { RawClient } from "./raw-client.ts";
import { online11, openNetwork, securityTokens } from "./scene.ts";

const OBJECT = "%3Cmsnobj%2F%3E";

describe("MSNP13 and MSNP14: Tweener with policies, lists by web service (msnp-core §8.5)", () => {
  for (const [dialect, initial, offline, ubx, tail] of [
    ["MSNP13", "bob@example.com", "bob@example.com", "bob@example.com", "U messenger.msn.com"],
    ["MSNP14", "bob@example.com 1", "bob@example.com 1 0", "bob@example.com 1", "U messenger.msn.com 1"],
  ] as const) {
    test(`${dialect}: a security token signs in, and people are named as this version names them`, async () => {
      await using network = await openNetwork();
      const bob = await online11(network, "bob");
      bob.sayPayload("UUX 6", "<Data><PSM>a &lt; b &amp; c</PSM><CurrentMedia></CurrentMedia></Data>");
      await bob.hears("MSG Hotmail Hotmail <length>", "UUX 6 0");
      const ticket = (await securityTokens(network, "alice@example.com")).get("contacts.msn.com")?.ticket;
      const alice = await RawClient.open(network.ports.ns, "alice");
      alice.say(`VER 1 ${dialect}`, "USR 2 TWN I alice@example.com");
      await alice.hears(`VER 1 ${dialect}`, "GCF 0 <length>", "USR 2 TWN S <challenge>");
      alice.say(`USR 3 TWN S ${ticket}`);
      await alice.hears("USR 3 OK alice@example.com 1 0", "SBS 0 null", "MSG Hotmail Hotmail <length>");
      alice.say("SYN 4 0 0", "BLP 5 AL", "BLP 6 AL", "CHG 7 NLN 0", "XFR 8 SB");
      const [, , , , , info] = await alice.hears(
        "502 4",
        "BLP 5 AL",
        "BLP 6 AL",
        "CHG 7 NLN 0",
        `ILN 7 NLN ${initial} Bob%20B 0 ${OBJECT}`,
        `UBX ${ubx} <length>`,
        "MSG Hotmail Hotmail <length>",
        `XFR 8 SB <address> CKI <cookie> ${tail}`,
      );
      expect(info?.payload).toBe("<Data><PSM>a &#x3C; b &#x26; c</PSM><CurrentMedia></CurrentMedia></Data>");
      bob.say("OUT");
      await alice.hears(`FLN ${offline}`);
    });
  }
});
