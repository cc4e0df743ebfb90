import { describe, expect, test } from "vitest";
import { find, findAll, parseXml, path, textAt } from "../../../src/msnp/soap/xml.ts";
import {
  ALICE,
  ALICE_GUID,
  BOB,
  BOB_GUID,
  CAROL,
  callService,
  enter11,
  enter18,
  GROUP,
  openNetwork,
  securityTokens,
  tokenRequest,
} from "./scene.ts";

describe("Nexus and Passport login (msnp-core §3.3)", () => {
  test("both Nexus paths name the login", async () => {
    await using network = await openNetwork();
    for (const path of ["/rdr/pprdr.asp", "/nexus-mock"]) {
      const answer = await fetch(`http://127.0.0.1:${network.ports.http}${path}`);
      expect(answer.headers.get("PassportURLs")).toBe(`DALogin=http://127.0.0.1:${network.ports.http}/login`);
    }
  });

  test("a forced fault sends the question elsewhere, or refuses it", async () => {
    await using network = await openNetwork();
    for (const [at, url] of [
      ["nexus", network.services.nexusUrl],
      ["config", `${network.services.configUrl}?ver=8`],
    ] as const) {
      network.faults.arm({ place: "HTTP", at, fault: { kind: "redirect", url: "http://127.0.0.1:1/" } });
      const sent = await fetch(url, { redirect: "manual" });
      expect([sent.status, sent.headers.get("location")]).toEqual([302, "http://127.0.0.1:1/"]);
      network.faults.arm({ place: "HTTP", at, fault: { kind: "refuse" } });
      expect((await fetch(url)).status).toBe(403);
      expect((await fetch(url)).status).toBe(200);
    }
  });

  test("a wrong password is 401 with a failure, a missing header 500", async () => {
    await using network = await openNetwork();
    const url = `http://127.0.0.1:${network.ports.http}/login`;
    const refused = await fetch(url, {
      headers: { Authorization: "Passport1.4 sign-in=alice%40example.com,pwd=wrong" },
    });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("WWW-Authenticate")).toBe("Passport1.4 da-status=failed");
    expect((await fetch(url)).status).toBe(500);
    expect((await fetch(url, { headers: { Authorization: "Passport1.4 sign-in=%E0%A4%A" } })).status).toBe(500);
  });

  test("a password with a comma works when it is encoded", async () => {
    await using network = await openNetwork();
    network.changePassword("alice@example.com", "a,b=c d");
    const answer = await fetch(`http://127.0.0.1:${network.ports.http}/login`, {
      headers: { Authorization: "Passport1.4 sign-in=alice%40example.com,pwd=a%2Cb%3Dc%20d" },
    });
    expect(answer.headers.get("Authentication-Info")).toMatch(
      /^Passport1\.4 da-status=success,from-PP='[0-9a-f]{20}'$/,
    );
  });
});

describe("Security tokens (msnp-core §3.6)", () => {
  test("RST and RST2 give one ticket for all sites, and the key with Messenger's alone", async () => {
    await using network = await openNetwork();
    for (const url of [network.services.rstUrl, network.services.rst2Url]) {
      const tokens = await securityTokens(network, "alice@example.com", url);
      const messenger = tokens.get("messengerclear.live.com");
      expect(messenger?.ticket).toMatch(/^t=[0-9a-f]{20}.*&p=$/);
      expect(Buffer.from(messenger?.secret ?? "", "base64")).toHaveLength(24);
      expect(tokens.get("contacts.msn.com")).toEqual({ ticket: messenger?.ticket, secret: undefined });
      expect(tokens.get("http://Passport.NET/tb")?.ticket).toBe("");
    }
  });

  test("tokens are numbered as on Escargot, the Passport site being the first", async () => {
    await using network = await openNetwork();
    const answer = await fetch(network.services.rstUrl, {
      method: "POST",
      body: tokenRequest("alice@example.com", "secret", ["http://Passport.NET/tb", "messengerclear.live.com"]),
    });
    const root = parseXml(await answer.text());
    expect(find(root, "BinarySecurityToken")?.attributes.Id).toBe("Compact2");
    expect(findAll(root, "TokenType").map(({ text }) => text)).toEqual(["urn:passport:legacy", "urn:passport:compact"]);
    expect(find(root, "reqstatus")?.text).toBe("0x0");
  });

  test("a wrong password is a fault with HTTP 200: in RST beside a body, in RST2 inside", async () => {
    await using network = await openNetwork();
    const body = tokenRequest("alice@example.com", "wrong", ["messengerclear.live.com"]);
    const old = await fetch(network.services.rstUrl, { method: "POST", body });
    expect(old.status).toBe(200);
    const oldRoot = parseXml(await old.text());
    expect(textAt(oldRoot, "Fault", "faultcode")).toBe("wsse:FailedAuthentication");
    expect(find(oldRoot, "reqstatus")?.text).toBe("0x80048823");
    const recent = await fetch(network.services.rst2Url, { method: "POST", body });
    expect(recent.status).toBe(200);
    const root = parseXml(await recent.text());
    expect(textAt(root, "Body", "Fault", "Code", "Subcode", "Value")).toBe("wst:FailedAuthentication");
    expect(find(root, "reqstatus")?.text).toBe("0x80048821");
  });

  test("what is no request is refused the same way", async () => {
    await using network = await openNetwork();
    for (const body of ["not xml", "<Envelope/>", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>']) {
      const answer = await fetch(network.services.rstUrl, { method: "POST", body });
      expect(answer.status).toBe(200);
      expect(textAt(parseXml(await answer.text()), "Fault", "faultstring")).toBe("Invalid Request");
    }
  });

  test("a body over the limit is 413, an unknown path 404", async () => {
    await using network = await openNetwork({ limits: { maxBodyBytes: 1000 } });
    const answer = await fetch(network.services.rstUrl, { method: "POST", body: "x".repeat(1001) });
    expect(answer.status).toBe(413);
    expect((await fetch(`http://127.0.0.1:${network.ports.http}/nothing`)).status).toBe(404);
  });
});

describe("List services (msnp-chat §5.3, §5.4)", () => {
  test("they serve only those who are signed in with the ticket", async () => {
    await using network = await openNetwork();
    const token = (await securityTokens(network, "alice@example.com")).get("contacts.msn.com");
    const { addressBookUrl } = network.services;
    expect((await callService(addressBookUrl, token?.ticket ?? "", "ABFindAll")).status).toBe(403);
    const { client, ticket } = await enter18(network, "alice", ALICE_GUID);
    expect((await callService(addressBookUrl, ticket, "ABFindAll")).status).toBe(200);
    client.say("OUT");
    await client.isClosed();
    expect((await callService(addressBookUrl, ticket, "ABFindAll")).status).toBe(403);
    expect((await fetch(addressBookUrl, { method: "POST", body: "<x/>" })).status).toBe(500);
  });

  test("FindMembership lists allow, block, reverse and pending", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const { root } = await callService(network.services.sharingUrl, ticket, "FindMembership");
    const lists = findAll(root, "Membership").map((membership) => [
      textAt(membership, "MemberRole"),
      findAll(membership, "Member").map((member) => [
        textAt(member, "MembershipId"),
        textAt(member, "PassportName"),
        member.attributes.type,
      ]),
    ]);
    const bob = (role: string): string[] => [`${role}/${BOB}`, "bob@example.com", "PassportMember"];
    expect(lists).toEqual([
      ["Allow", [bob("Allow")]],
      ["Block", []],
      ["Reverse", [bob("Reverse")]],
      ["Pending", [[`Pending/${CAROL}`, "carol@example.com", "PassportMember"]]],
    ]);
  });

  test("ABFindAll gives groups, contacts and oneself; the paged form gives a ticket that USR SHA takes", async () => {
    await using network = await openNetwork();
    const { client, ticket } = await enter18(network, "alice", ALICE_GUID);
    const { root } = await callService(network.services.addressBookUrl, ticket, "ABFindAll");
    const result = find(root, "ABFindAllResult");
    expect(textAt(path(result, "groups", "Group"), "groupInfo", "name")).toBe("Work Friends");
    const contacts = findAll(path(result, "contacts"), "Contact").map((contact) => ({
      id: textAt(contact, "contactId"),
      type: textAt(contact, "contactInfo", "contactType"),
      email: textAt(contact, "contactInfo", "passportName"),
      group: textAt(contact, "contactInfo", "groupIds", "guid"),
    }));
    expect(contacts).toEqual([
      { id: BOB, type: "Regular", email: "bob@example.com", group: GROUP },
      { id: ALICE, type: "Me", email: "alice@example.com", group: undefined },
    ]);
    const paged = await callService(network.services.addressBookUrl, ticket, "ABFindContactsPaged");
    expect(findAll(path(find(paged.root, "ABFindContactsPagedResult"), "Contacts"), "Contact")).toHaveLength(2);
    client.say(`USR 9 SHA A ${Buffer.from(find(paged.root, "CircleTicket")?.text ?? "").toString("base64")}`);
    await client.hears("USR 9 OK alice@example.com 0 0");
  });

  test("adding somebody, accepting who waits, blocking", async () => {
    await using network = await openNetwork();
    const dave = await enter11(network, "dave");
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const { addressBookUrl, sharingUrl } = network.services;
    const added = await callService(
      addressBookUrl,
      ticket,
      "ABContactAdd",
      "<contacts><Contact><contactInfo><passportName>dave@example.com</passportName><annotations><Annotation><Name>AB.NickName</Name><Value>D</Value></Annotation></annotations></contactInfo></Contact></contacts>",
    );
    expect(find(added.root, "guid")?.text).toBe(network.account("dave@example.com").id);
    await dave.hears("ADC 0 RL N=alice@example.com F=Alice%20A", "NOT <length>");
    const member = (role: string, email: string): string =>
      `<memberships><Membership><MemberRole>${role}</MemberRole><Members><Member xsi:type="PassportMember" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Type>Passport</Type><State>Accepted</State><PassportName>${email}</PassportName></Member></Members></Membership></memberships>`;
    for (const [operation, role, email] of [
      ["DeleteMember", "Pending", "carol@example.com"],
      ["AddMember", "Reverse", "carol@example.com"],
      ["AddMember", "Allow", "carol@example.com"],
      ["AddMember", "Allow", "carol@example.com"],
      ["DeleteMember", "Allow", "bob@example.com"],
      ["AddMember", "Block", "bob@example.com"],
    ] as const) {
      expect((await callService(sharingUrl, ticket, operation, member(role, email))).status).toBe(200);
    }
    const { contacts } = network.account("alice@example.com");
    expect(contacts.get("dave@example.com")?.lists).toEqual(["FL"]);
    expect(contacts.get("carol@example.com")?.lists).toEqual(["AL", "RL"]);
    expect(contacts.get("bob@example.com")?.lists).toEqual(["FL", "BL", "RL"]);
  });

  test("groups and contacts are changed", async () => {
    await using network = await openNetwork();
    const { ticket } = await enter18(network, "alice", ALICE_GUID);
    const call = (operation: string, body: string) =>
      callService(network.services.addressBookUrl, ticket, operation, body);
    const bob = `<contacts><Contact><contactId>${BOB}</contactId></Contact></contacts>`;
    const made = await call("ABGroupAdd", "<groupInfo><GroupInfo><name>Family &amp; co</name></GroupInfo></groupInfo>");
    const id = find(made.root, "guid")?.text ?? "";
    const filter = `<groupFilter><groupIds><guid>${id}</guid></groupIds></groupFilter>`;
    expect(find((await call("ABGroupContactAdd", filter + bob)).root, "guid")?.text).toBe(BOB);
    expect(network.account("alice@example.com").contacts.get("bob@example.com")?.groups).toEqual([
      "Work Friends",
      "Family & co",
    ]);
    await call(
      "ABGroupUpdate",
      `<groups><Group><groupId>${id}</groupId><groupInfo><name>Kin</name></groupInfo><propertiesChanged>GroupName</propertiesChanged></Group></groups>`,
    );
    await call("ABGroupContactDelete", bob + filter);
    expect(network.account("alice@example.com").groups).toEqual(["Work Friends", "Kin"]);
    expect(network.account("alice@example.com").contacts.get("bob@example.com")?.groups).toEqual(["Work Friends"]);
    await call("ABGroupDelete", filter);
    await call(
      "ABContactUpdate",
      "<contacts><Contact><contactInfo><contactType>Me</contactType><annotations><Annotation><Name>MSN.IM.BLP</Name><Value>2</Value></Annotation></annotations></contactInfo><propertiesChanged>Annotation</propertiesChanged></Contact></contacts>",
    );
    const { root } = await call("ABFindAll", "<all/>");
    const settings = findAll(root, "Annotation").map((one) => [textAt(one, "Name"), textAt(one, "Value")]);
    expect(settings).toContainEqual(["MSN.IM.BLP", "2"]);
    expect((await call("ABContactDelete", bob)).status).toBe(200);
    expect(network.account("alice@example.com").groups).toEqual(["Work Friends"]);
    expect(network.account("alice@example.com").contacts.get("bob@example.com")?.lists).toEqual(["AL", "RL"]);
  });

  for (const [what, service, operation, body, code, status] of [
    ["changes only", "ab", "ABFindAll", "<deltasOnly>true</deltasOnly>", "FullSyncRequired", 200],
    ["an operation that is gone", "ab", "UpdateDynamicItem", "<all/>", "Forbidden", 200],
    ["an address without @", "ab", "ABContactAdd", contact("nonsense"), "BadEmailArgument", 500],
    ["an address of nobody", "ab", "ABContactAdd", contact("ghost@example.com"), "InvalidPassportUser", 500],
    ["a group that exists", "ab", "ABGroupAdd", group("Work Friends"), "GroupAlreadyExists", 500],
    ["a long group name", "ab", "ABGroupAdd", group("x".repeat(62)), "BadArgumentLength", 500],
    [
      "a member nobody knows",
      "sharing",
      "AddMember",
      membership("Allow", "ghost@example.com"),
      "UserDoesNotExist",
      500,
    ],
    [
      "a member one does not have",
      "sharing",
      "DeleteMember",
      membership("Allow", "dave@example.com"),
      "MemberDoesNotExist",
      500,
    ],
  ] as const) {
    test(`${what}: fault ${code}, HTTP ${status}`, async () => {
      await using network = await openNetwork();
      const { ticket } = await enter18(network, "alice", ALICE_GUID);
      const { addressBookUrl, sharingUrl } = network.services;
      const answer = await callService(service === "ab" ? addressBookUrl : sharingUrl, ticket, operation, body);
      expect(answer.status).toBe(status);
      expect(find(answer.root, "errorcode")?.text).toBe(code);
    });
  }

  test("two endpoints are two callers, each by its own ticket", async () => {
    await using network = await openNetwork();
    const one = await enter18(network, "alice", ALICE_GUID);
    const two = await enter18(network, "alice", BOB_GUID);
    one.client.say("OUT");
    await one.client.isClosed();
    expect((await callService(network.services.addressBookUrl, one.ticket, "ABFindAll")).status).toBe(403);
    expect((await callService(network.services.addressBookUrl, two.ticket, "ABFindAll")).status).toBe(200);
  });
});

function contact(email: string): string {
  return `<contacts><Contact><contactInfo><passportName>${email}</passportName></contactInfo></Contact></contacts>`;
}

function group(name: string): string {
  return `<groupInfo><GroupInfo><name>${name}</name></GroupInfo></groupInfo>`;
}

function membership(role: string, email: string): string {
  return `<memberships><Membership><MemberRole>${role}</MemberRole><Members><Member xsi:type="PassportMember" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Type>Passport</Type><State>Accepted</State><PassportName>${email}</PassportName></Member></Members></Membership></memberships>`;
}
