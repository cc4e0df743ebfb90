import { describe, expect, test } from "vitest";
import { OFFICIAL_QUIRKS } from "../../../src/msnp/server/index.ts";
import { find, findAll, path, textAt } from "../../../src/msnp/soap/xml.ts";
import {
  ALICE_GUID,
  BOB,
  BOB_GUID,
  CAROL,
  callService,
  enter11,
  enter18,
  GROUP,
  online11,
  online18,
  openNetwork,
  untilLine,
} from "./scene.ts";

type Answer = Awaited<ReturnType<typeof callService>>;

interface Alice {
  readonly book: (operation: string, body?: string) => Promise<Answer>;
  readonly lists: (operation: string, body?: string) => Promise<Answer>;
}

/** alice, signed in with MSNP18, and her two list services. */
async function alice(network: Awaited<ReturnType<typeof openNetwork>>): Promise<Alice> {
  const { ticket } = await enter18(network, "alice", ALICE_GUID);
  const { addressBookUrl, sharingUrl } = network.services;
  return {
    book: (operation, body = "<all/>") => callService(addressBookUrl, ticket, operation, body),
    lists: (operation, body = "<all/>") => callService(sharingUrl, ticket, operation, body),
  };
}

function contact(id: string, info: string, properties: string): string {
  return `<abId>00000000-0000-0000-0000-000000000000</abId><contacts><Contact xmlns="http://www.msn.com/webservices/AddressBook"><contactId>${id}</contactId><contactInfo>${info}</contactInfo><propertiesChanged>${properties}</propertiesChanged></Contact></contacts>`;
}

function me(annotations: Readonly<Record<string, string>>): string {
  const list = Object.entries(annotations).map(
    ([name, value]) => `<Annotation><Name>${name}</Name><Value>${value}</Value></Annotation>`,
  );
  return `<contacts><Contact><contactInfo><contactType>Me</contactType><annotations>${list.join("")}</annotations></contactInfo><propertiesChanged>Annotation</propertiesChanged></Contact></contacts>`;
}

function add(email: string): string {
  return `<abId>00000000-0000-0000-0000-000000000000</abId><contacts><Contact><contactInfo><passportName>${email}</passportName><isMessengerUser>true</isMessengerUser></contactInfo></Contact></contacts><options><EnableAllowListManagement>true</EnableAllowListManagement></options>`;
}

function members(role: string, inside: string): string {
  return `<serviceHandle><Id>0</Id><Type>Messenger</Type><ForeignId></ForeignId></serviceHandle><memberships><Membership><MemberRole>${role}</MemberRole><Members>${inside}</Members></Membership></memberships>`;
}

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

function passport(email: string, type = "Passport", state = "Accepted"): string {
  return `<Member xsi:type="PassportMember" ${XSI}><Type>${type}</Type><State>${state}</State><PassportName>${email}</PassportName></Member>`;
}

async function bobsInfo({ book }: Alice): Promise<ReturnType<typeof find>> {
  const { root } = await book("ABFindAll");
  const contacts = findAll(path(find(root, "ABFindAllResult"), "contacts"), "Contact");
  return find(
    contacts.find((one) => textAt(one, "contactId") === BOB),
    "contactInfo",
  );
}

describe("Adding and deleting contacts (msnp-chat §5.4)", () => {
  test("adding puts on the forward list alone, tells the contact, and gives the id", async () => {
    await using network = await openNetwork();
    const dave = await enter11(network, "dave");
    const { book } = await alice(network);
    const { root } = await book("ABContactAdd", add("dave@example.com"));
    expect(textAt(find(root, "ABContactAddResult"), "guid")).toBe(network.account("dave@example.com").id);
    expect(network.account("alice@example.com").contacts.get("dave@example.com")?.lists).toEqual(["FL"]);
    await dave.hears("ADC 0 RL N=alice@example.com F=Alice%20A", "NOT <length>");
  });

  test("adding somebody again changes nothing and tells nobody", async () => {
    await using network = await openNetwork();
    const bob = await enter11(network, "bob");
    const who = await alice(network);
    expect((await who.book("ABContactAdd", add("bob@example.com"))).status).toBe(200);
    await bob.hearsNothing();
    expect(textAt(await bobsInfo(who), "displayName")).toBe("Bob B");
  });

  test("deleting tells the contact; an id that is not there is passed over", async () => {
    await using network = await openNetwork();
    const bob = await enter11(network, "bob");
    const { book } = await alice(network);
    const ids = [CAROL, BOB].map((id) => `<Contact><contactId>${id}</contactId></Contact>`).join("");
    const { status, root } = await book("ABContactDelete", `<contacts>${ids}</contacts>`);
    expect([status, find(root, "ABContactDeleteResponse")?.children]).toEqual([200, []]);
    await bob.hears("REM 0 RL alice@example.com", "NOT <length>");
  });

  test("MSNP18 hears of it by ADL and RML with list 8 (msnp-core §5.7)", async () => {
    await using network = await openNetwork();
    const bob = await enter18(network, "bob", BOB_GUID);
    const { book } = await alice(network);
    await book("ABContactDelete", `<contacts><Contact><contactId>${BOB}</contactId></Contact></contacts>`);
    const [removed] = await bob.client.hears("RML 0 <length>", "NOT <length>");
    expect(removed?.payload).toBe('<ml><d n="example.com"><c n="alice" t="1" l="8" /></d></ml>');
    await book("ABContactAdd", add("bob@example.com"));
    const [added, notice] = await bob.client.hears("ADL 0 <length>", "NOT <length>");
    expect(added?.payload).toBe('<ml><d n="example.com"><c n="alice" t="1" l="8" f="Alice%20A" /></d></ml>');
    expect(notice?.payload).toContain("&lt;Service&gt;ABCHInternal&lt;/Service&gt;");
    expect(notice?.payload).toContain('siteid="45705"');
  });

  for (const [what, email, code] of [
    ["without @", "nonsense.org", "BadEmailArgument"],
    ["without a dot", "bob@localhost", "BadEmailArgument"],
    ["of nobody", "ghost@example.com", "InvalidPassportUser"],
  ] as const) {
    test(`an address ${what} is ${code}, HTTP 500, and nothing is stored`, async () => {
      await using network = await openNetwork();
      const { book } = await alice(network);
      const { status, root } = await book("ABContactAdd", add(email));
      expect([status, textAt(find(root, "detail"), "errorcode")]).toEqual([500, code]);
      expect(network.account("alice@example.com").contacts.size).toBe(2);
    });
  }
});

describe("Updating contacts (msnp-chat §5.4)", () => {
  test("names, comment, addresses, phones, places and sites come back in the address book", async () => {
    await using network = await openNetwork();
    const who = await alice(network);
    const info =
      "<firstName>Bob</firstName><MiddleName>M</MiddleName><lastName>B &amp; B</lastName><comment>met at work</comment><Anniversary>2001/02/03</Anniversary><birthdate>1980-01-02T00:00:00Z</birthdate><primaryEmailType>ContactEmailBusiness</primaryEmailType><isMessengerUser>false</isMessengerUser>" +
      "<emails><ContactEmail><contactEmailType>ContactEmailBusiness</contactEmailType><email>bob@work.example</email><propertiesChanged>Email</propertiesChanged></ContactEmail></emails>" +
      "<phones><ContactPhone><contactPhoneType>ContactPhoneMobile</contactPhoneType><number>+15551234567</number><propertiesChanged>Number</propertiesChanged></ContactPhone></phones>" +
      "<locations><ContactLocation><contactLocationType>ContactLocationPersonal</contactLocationType><street>1 Road</street><city>Town</city><Changes>Street City</Changes></ContactLocation></locations>" +
      "<webSites><ContactWebSite><contactWebSiteType>ContactWebSitePersonal</contactWebSiteType><webURL>http://bob.example</webURL></ContactWebSite></webSites>" +
      "<annotations><Annotation><Name>AB.NickName</Name><Value>Bobby</Value></Annotation></annotations>";
    const properties =
      "ContactFirstName MiddleName ContactLastName Comment Anniversary ContactBirthDate ContactPrimaryEmailType IsMessengerUser ContactEmail ContactPhone ContactLocation ContactWebSite Annotation SomethingNew";
    const { status, root } = await who.book("ABContactUpdate", contact(BOB, info, properties));
    expect([status, find(root, "ABContactUpdateResponse")?.children]).toEqual([200, []]);
    const kept = await bobsInfo(who);
    const names =
      "firstName MiddleName lastName comment Anniversary birthdate primaryEmailType isMessengerUser displayName".split(
        " ",
      );
    expect(names.map((name) => textAt(kept, name))).toEqual([
      "Bob",
      "M",
      "B & B",
      "met at work",
      "2001/02/03",
      "1980-01-02T00:00:00Z",
      "ContactEmailBusiness",
      "false",
      "Bob B",
    ]);
    expect(textAt(kept, "emails", "ContactEmail", "email")).toBe("bob@work.example");
    expect(textAt(kept, "phones", "ContactPhone", "number")).toBe("+15551234567");
    expect(textAt(kept, "locations", "ContactLocation", "city")).toBe("Town");
    expect(textAt(kept, "webSites", "ContactWebSite", "webURL")).toBe("http://bob.example");
    expect(textAt(find(kept, "Annotation"), "Value")).toBe("Bobby");
  });

  test("an empty value takes one away", async () => {
    await using network = await openNetwork();
    const who = await alice(network);
    await who.book("ABContactUpdate", contact(BOB, "<firstName>Bob</firstName>", "ContactFirstName"));
    await who.book("ABContactUpdate", contact(BOB, "<firstName></firstName>", "ContactFirstName"));
    expect(find(await bobsInfo(who), "firstName")).toBeUndefined();
  });

  for (const [what, body] of [
    ["no properties named", contact(BOB, "<firstName>x</firstName>", "")],
    ["no contact named", contact("", "<firstName>x</firstName>", "ContactFirstName")],
    ["an element missing", contact(BOB, "", "ContactFirstName IsMessengerUser")],
    ["a kind that does not exist", contact(BOB, "<primaryEmailType>Fax</primaryEmailType>", "ContactPrimaryEmailType")],
    [
      "a phone of no kind",
      contact(
        BOB,
        "<phones><ContactPhone><propertiesChanged>Number</propertiesChanged></ContactPhone></phones>",
        "ContactPhone",
      ),
    ],
    [
      "a name for a home",
      contact(
        BOB,
        "<locations><ContactLocation><contactLocationType>ContactLocationPersonal</contactLocationType><name>x</name><Changes>Name</Changes></ContactLocation></locations>",
        "ContactLocation",
      ),
    ],
    ["a birthday that is none", contact(BOB, "<birthdate>today</birthdate>", "ContactBirthDate")],
    ["a privacy that is no number", me({ "MSN.IM.BLP": "all" })],
  ] as const) {
    test(`${what}: a bare 500`, async () => {
      await using network = await openNetwork();
      const { book } = await alice(network);
      expect(await book("ABContactUpdate", body)).toEqual({ status: 500, root: undefined });
    });
  }

  test("when one contact cannot be changed, none is", async () => {
    await using network = await openNetwork();
    const who = await alice(network);
    const good = contact(BOB, "<firstName>Bob</firstName>", "ContactFirstName").replace(
      /.*<contacts>|<\/contacts>$/g,
      "",
    );
    const bad = good.replace(BOB, "00000000-0000-4000-8000-000000000001");
    const { status, root } = await who.book("ABContactUpdate", `<contacts>${good}${bad}</contacts>`);
    expect([status, find(root, "errorcode")?.text]).toEqual([500, "ContactDoesNotExist"]);
    expect(find(await bobsInfo(who), "firstName")).toBeUndefined();
  });

  test("a value without measure is BadArgumentLength", async () => {
    await using network = await openNetwork();
    const { book } = await alice(network);
    const body = contact(BOB, `<comment>${"x".repeat(2000)}</comment>`, "Comment");
    expect(find((await book("ABContactUpdate", body)).root, "errorcode")?.text).toBe("BadArgumentLength");
  });

  test("the own settings are annotations: numbers for privacy and prompts, text for the others, nothing unsets", async () => {
    await using network = await openNetwork();
    const { book } = await alice(network);
    const settings = async (): Promise<Record<string, string>> => {
      const { root } = await book("ABFindAll");
      const own = findAll(root, "Contact").find((one) => find(one, "contactType")?.text === "Me");
      return Object.fromEntries(findAll(own, "Annotation").map((one) => [textAt(one, "Name"), textAt(one, "Value")]));
    };
    const unset = { "MSN.IM.MBEA": "0", "MSN.IM.GTC": "0", "MSN.IM.BLP": "0" };
    expect(await settings()).toEqual(unset);
    const mine = { "MSN.IM.GTC": "2", "MSN.IM.BLP": "1", "MSN.IM.MPOP": "1", "MSN.IM.RoamLiveProperties": "1" };
    await book("ABContactUpdate", me(mine));
    expect(await settings()).toEqual({ "MSN.IM.MBEA": "0", ...mine });
    await book("ABContactUpdate", me(Object.fromEntries(Object.keys(mine).map((name) => [name, ""]))));
    expect(await settings()).toEqual(unset);
  });

  test("closing oneself to strangers hides from those on no list", async () => {
    await using network = await openNetwork({ quirks: { visibilityNews: "affected" } });
    const one = await online18(network, "alice", ALICE_GUID);
    const carol = await online11(network, "carol");
    await untilLine(carol, "MSG");
    await callService(network.services.addressBookUrl, one.ticket, "ABContactUpdate", me({ "MSN.IM.BLP": "2" }));
    await carol.hears("FLN alice@example.com");
  });
});

describe("Groups (msnp-chat §5.4)", () => {
  test("a group can be a favourite; its members are none by that", async () => {
    await using network = await openNetwork();
    const who = await alice(network);
    const favourite = `<groups><Group><groupId>${GROUP}</groupId><groupInfo><IsFavorite>true</IsFavorite></groupInfo><propertiesChanged>IsFavorite</propertiesChanged></Group></groups>`;
    expect((await who.book("ABGroupUpdate", favourite)).status).toBe(200);
    expect(textAt(await bobsInfo(who), "isFavorite")).toBe("false");
    const { root } = await who.book("ABFindAll");
    expect(textAt(find(root, "groupInfo"), "IsFavorite")).toBe("true");
  });

  test("somebody new can be put into a group by address", async () => {
    await using network = await openNetwork();
    const { book } = await alice(network);
    const filter = `<groupFilter><groupIds><guid>${GROUP}</guid></groupIds></groupFilter>`;
    const dave = `<contacts><Contact><contactInfo><passportName>dave@example.com</passportName></contactInfo></Contact></contacts>`;
    const { root } = await book("ABGroupContactAdd", filter + dave);
    expect(find(root, "guid")?.text).toBe(network.account("dave@example.com").id);
    expect(network.account("alice@example.com").contacts.get("dave@example.com")).toEqual({
      lists: ["FL"],
      groups: ["Work Friends"],
    });
  });

  for (const [what, operation, body, code] of [
    ["the name of a group that exists", "ABGroupAdd", name("Work Friends"), "GroupAlreadyExists"],
    ["the name that means none", "ABGroupAdd", name("(No Group)"), "GroupAlreadyExists"],
    ["a name of 62 characters", "ABGroupAdd", name("x".repeat(62)), "BadArgumentLength"],
    ["no name", "ABGroupAdd", "<groupInfo/>", undefined],
    ["a group that does not exist", "ABGroupDelete", group(BOB), undefined],
    ["a contact who is there already", "ABGroupContactAdd", group(GROUP) + id(BOB), undefined],
    ["a contact on no forward list", "ABGroupContactAdd", group(GROUP) + id(CAROL), "ContactDoesNotExist"],
    ["a stranger", "ABGroupContactDelete", group(GROUP) + id(GROUP), "ContactDoesNotExist"],
  ] as const) {
    test(`${operation} with ${what}: ${code ?? "a bare 500"}`, async () => {
      await using network = await openNetwork();
      const { book } = await alice(network);
      const { status, root } = await book(operation, body);
      expect([status, find(root, "errorcode")?.text]).toEqual([500, code]);
    });
  }

  test("another's address book is a bare 500", async () => {
    await using network = await openNetwork();
    const { book } = await alice(network);
    for (const body of [`<abId>${BOB}</abId>`, `<abHandle><ABId>${BOB}</ABId></abHandle>`]) {
      expect(await book("ABFindContactsPaged", body)).toEqual({ status: 500, root: undefined });
    }
  });

  for (const operation of ["UpdateDynamicItem", "ABAdd"]) {
    test(`${operation} is Forbidden, HTTP 200`, async () => {
      await using network = await openNetwork();
      const { book } = await alice(network);
      const { status, root } = await book(operation);
      expect([status, find(root, "errorcode")?.text]).toEqual([200, "Forbidden"]);
      expect(find(root, "faultstring")?.text).toBe(`API ${operation} no longer supported`);
    });
  }
});

describe("Memberships (msnp-chat §5.3)", () => {
  test("e-mail members are people, too", async () => {
    await using network = await openNetwork();
    const { lists } = await alice(network);
    const member = `<Member xsi:type="EmailMember" ${XSI}><Type>Email</Type><State>Accepted</State><Email>dave@example.com</Email><Annotations><Annotation><Name>MSN.IM.BuddyType</Name><Value>32:</Value></Annotation></Annotations></Member>`;
    expect((await lists("AddMember", members("Allow", member))).status).toBe(200);
    expect(network.account("alice@example.com").contacts.get("dave@example.com")?.lists).toEqual(["AL"]);
    expect((await lists("DeleteMember", members("Allow", member))).status).toBe(200);
    expect(network.account("alice@example.com").contacts.has("dave@example.com")).toBe(false);
  });

  for (const [what, member] of [
    ["a type that is not the kind of member", passport("dave@example.com", "Email")],
    ["a state but Accepted", passport("dave@example.com", "Passport", "Pending")],
    ["nobody's address", passport("ghost@example.com")],
  ] as const) {
    test(`${what}: UserDoesNotExist, HTTP 500`, async () => {
      await using network = await openNetwork();
      const { lists } = await alice(network);
      const { status, root } = await lists("AddMember", members("Allow", member));
      expect([status, find(root, "errorcode")?.text]).toEqual([500, "UserDoesNotExist"]);
    });
  }

  test("a member is deleted by id; one who was never there is MemberDoesNotExist", async () => {
    await using network = await openNetwork();
    const { lists } = await alice(network);
    const byId = (id: string): string =>
      members(
        "Allow",
        `<Member xsi:type="PassportMember" ${XSI}><MembershipId>Allow/${id}</MembershipId><Type>Passport</Type><State>Accepted</State></Member>`,
      );
    expect((await lists("DeleteMember", byId(BOB))).status).toBe(200);
    expect(network.account("alice@example.com").contacts.get("bob@example.com")?.lists).toEqual(["FL", "RL"]);
    expect((await lists("DeleteMember", byId(BOB))).status).toBe(200);
    const { status, root } = await lists("DeleteMember", byId(network.account("dave@example.com").id));
    expect([status, find(root, "errorcode")?.text]).toEqual([500, "MemberDoesNotExist"]);
  });

  test("who waits is accepted in the official order: off Pending, onto Reverse and Allow", async () => {
    await using network = await openNetwork();
    const { lists } = await alice(network);
    const carol = passport("carol@example.com");
    const known = () => network.account("alice@example.com").contacts.get("carol@example.com")?.lists;
    expect(known()).toEqual(["PL"]);
    await lists("DeleteMember", members("Pending", carol));
    await lists("AddMember", members("Reverse", carol));
    expect(known()).toEqual(["RL"]);
    await lists("AddMember", members("Allow", carol));
    expect(known()).toEqual(["AL", "RL"]);
  });

  test("nobody is made to wait, nor taken off the reverse list, by asking", async () => {
    await using network = await openNetwork();
    const { lists } = await alice(network);
    const bob = passport("bob@example.com");
    expect((await lists("AddMember", members("Pending", bob))).status).toBe(200);
    expect((await lists("DeleteMember", members("Reverse", bob))).status).toBe(200);
    expect(network.account("alice@example.com").contacts.get("bob@example.com")?.lists).toEqual(["FL", "AL", "RL"]);
  });

  test("changes alone cannot be had on Escargot: FullSyncRequired, HTTP 200", async () => {
    await using network = await openNetwork();
    const { lists, book } = await alice(network);
    for (const answer of [
      await lists("FindMembership", "<deltasOnly>true</deltasOnly>"),
      await book("ABFindAll", "<deltasOnly>true</deltasOnly>"),
      await book("ABFindContactsPaged", "<filterOptions><DeltasOnly>true</DeltasOnly></filterOptions>"),
    ]) {
      expect([answer.status, find(answer.root, "errorcode")?.text]).toEqual([200, "FullSyncRequired"]);
    }
  });

  test("where they can be had, members that came and went since are told with their times", async () => {
    let now = Date.UTC(2026, 6, 29, 12);
    await using network = await openNetwork({ quirks: OFFICIAL_QUIRKS, now: () => now });
    const { lists } = await alice(network);
    const since = (time: string): Promise<Answer> =>
      lists("FindMembership", `<deltasOnly>true</deltasOnly><lastChange>${time}</lastChange>`);
    expect(find((await since("2026-07-29T12:00:00Z")).root, "errorcode")?.text).toBe("FullSyncRequired");
    const whole = await lists("FindMembership");
    const read = textAt(find(whole.root, "Service"), "LastChange") ?? "";
    expect(read).toBe("2026-07-29T12:00:00Z");
    now += 60_000;
    await lists("AddMember", members("Block", passport("dave@example.com")));
    await lists("DeleteMember", members("Pending", passport("carol@example.com")));
    const { root } = await since(read);
    const told = findAll(root, "Membership").flatMap((list) =>
      findAll(list, "Member").map((member) => [
        textAt(list, "MemberRole"),
        textAt(member, "PassportName"),
        textAt(member, "Deleted"),
        textAt(member, "LastChanged"),
      ]),
    );
    expect(told).toEqual([
      ["Block", "dave@example.com", "false", "2026-07-29T12:01:00Z"],
      ["Reverse", "carol@example.com", "false", "2026-07-29T12:01:00Z"],
      ["Pending", "carol@example.com", "true", "2026-07-29T12:01:00Z"],
    ]);
    now += 60_000;
    expect(findAll((await since("2026-07-29T12:02:00Z")).root, "Member")).toEqual([]);
    expect(find((await since("2020-01-01T00:00:00Z")).root, "errorcode")?.text).toBe("FullSyncRequired");
  });
});

function name(text: string): string {
  return `<groupAddOptions><fRenameOnMsgrConflict>false</fRenameOnMsgrConflict></groupAddOptions><groupInfo><GroupInfo><name>${text}</name><groupType>C8529CE2-6EAD-434d-881F-341E17DB3FF8</groupType><fMessenger>false</fMessenger></GroupInfo></groupInfo>`;
}

function group(guid: string): string {
  return `<groupFilter><groupIds><guid>${guid}</guid></groupIds></groupFilter>`;
}

function id(contactId: string): string {
  return `<contacts><Contact><contactId>${contactId}</contactId></Contact></contacts>`;
}
