import { describe, expect, test } from "vitest";
import { ALICE_GUID, BOB_GUID, callService, enter18, openNetwork, untilLine } from "./scene.ts";

const GROUP = "<groupInfo><GroupInfo><name>Family</name></GroupInfo></groupInfo>";
const BLOCK =
  '<memberships><Membership><MemberRole>Block</MemberRole><Members><Member xsi:type="PassportMember" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Type>Passport</Type><State>Accepted</State><PassportName>carol@example.com</PassportName></Member></Members></Membership></memberships>';

describe("Changes that the account's other endpoints hear of (msnp-core §5.7)", () => {
  test("on Escargot they hear nothing; a server that tells them says NOT, but not to the one who did it", async () => {
    for (const tellsOwnChanges of [false, true]) {
      await using network = await openNetwork({ quirks: { tellsOwnChanges } });
      const one = await enter18(network, "alice", ALICE_GUID);
      const other = await enter18(network, "alice", BOB_GUID);
      const { addressBookUrl, sharingUrl } = network.services;
      await callService(addressBookUrl, one.ticket, "ABGroupAdd", GROUP);
      await callService(sharingUrl, one.ticket, "AddMember", BLOCK);
      if (tellsOwnChanges) {
        const [notice] = await other.client.hears("NOT <length>", "NOT <length>");
        expect(notice?.payload).toContain("ABCHInternal");
      }
      await other.client.hearsNothing();
      await one.client.hearsNothing();
    }
  });

  test("ADL and RML count when they change something, not after a web service already did", async () => {
    await using network = await openNetwork({ quirks: { tellsOwnChanges: true } });
    const one = await enter18(network, "alice", ALICE_GUID);
    const other = await enter18(network, "alice", BOB_GUID);
    const dave = '<ml><d n="example.com"><c n="dave" l="2" t="1" /></d></ml>';
    one.client.sayPayload("ADL 10", dave);
    await one.client.hears("ADL 10 OK");
    await other.client.hears("NOT <length>");
    one.client.sayPayload("ADL 11", dave);
    one.client.sayPayload("ADL 12", dave.replace("<ml>", '<ml l="1">'));
    await one.client.hears("ADL 11 OK", "ADL 12 OK");
    await other.client.hearsNothing();
    one.client.sayPayload("RML 13", dave);
    await one.client.hears("RML 13 OK");
    await other.client.hears("NOT <length>");
  });
});

describe("ADL with several domains (msnp-core §5.6)", () => {
  test("Escargot takes the people of the last with the names of all; others take all as they stand", async () => {
    for (const mixesDomains of [true, false]) {
      await using network = await openNetwork({ quirks: { mixesDomains } });
      network.addAccount({ email: "erin@other.example", password: "x", displayName: "Erin" });
      network.addAccount({ email: "erin@example.com", password: "x", displayName: "Erin" });
      const { client } = await enter18(network, "alice", ALICE_GUID);
      const domains =
        '<d n="example.com"><c n="dave" l="2" t="1" /></d><d n="other.example"><c n="erin" l="2" t="1" /></d>';
      client.sayPayload("ADL 10", `<ml>${domains}</ml>`);
      await untilLine(client, "ADL 10 OK");
      const known = [...network.account("alice@example.com").contacts.keys()].slice(2);
      expect(known).toEqual(
        mixesDomains ? ["erin@example.com", "erin@other.example"] : ["dave@example.com", "erin@other.example"],
      );
    }
  });
});
