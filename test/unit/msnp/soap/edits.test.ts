import { describe, expect, it } from "vitest";
import { parseEmail } from "../../../../src/msnp/address.ts";
import { addAddressBook } from "../../../../src/msnp/soap/address-book.ts";
import * as edit from "../../../../src/msnp/soap/address-book-edit.ts";
import { addMember, deleteMember } from "../../../../src/msnp/soap/membership-edit.ts";
import { SoapError, type SoapOperation } from "../../../../src/msnp/soap/service.ts";
import { findAll, parseXml } from "../../../../src/msnp/soap/xml.ts";

const EMAIL = parseEmail("a@b.c");
const BOOK = "<abId>00000000-0000-0000-0000-000000000000</abId>";
const CONTACT = "<contacts><Contact><contactId>UUID</contactId></Contact></contacts>";
const GROUP = "<groupFilter><groupIds><guid>G</guid></groupIds></groupFilter>";

/** Name, and body behind the id of the address book. */
function asText({ operation, body }: SoapOperation): [string, string] {
  expect(body.source.startsWith(BOOK)).toBe(true);
  return [operation, body.source.slice(BOOK.length)];
}

describe("the requests that change an address book are the book's", () => {
  it.each([
    [
      edit.addContact(EMAIL, 1),
      "ABContactAdd",
      "<contacts><Contact><contactInfo><passportName>a@b.c</passportName><isMessengerUser>true</isMessengerUser></contactInfo></Contact></contacts><options><EnableAllowListManagement>true</EnableAllowListManagement></options>",
    ],
    [edit.deleteContact("UUID"), "ABContactDelete", CONTACT],
    [
      edit.addGroup("Work"),
      "ABGroupAdd",
      "<groupAddOptions><fRenameOnMsgrConflict>false</fRenameOnMsgrConflict></groupAddOptions><groupInfo><GroupInfo><name>Work</name><groupType>C8529CE2-6EAD-434d-881F-341E17DB3FF8</groupType><fMessenger>false</fMessenger><annotations><Annotation><Name>MSN.IM.Display</Name><Value>1</Value></Annotation></annotations></GroupInfo></groupInfo>",
    ],
    [
      edit.renameGroup("UUID", "New"),
      "ABGroupUpdate",
      "<groups><Group><groupId>UUID</groupId><groupInfo><name>New</name></groupInfo><propertiesChanged>GroupName</propertiesChanged></Group></groups>",
    ],
    [edit.deleteGroup("G"), "ABGroupDelete", GROUP],
    [edit.addToGroup("UUID", "G"), "ABGroupContactAdd", GROUP + CONTACT],
    [edit.removeFromGroup("UUID", "G"), "ABGroupContactDelete", CONTACT + GROUP],
  ])("%#: $operation", (operation, name, body) => {
    expect(asText(operation)).toEqual([name, body]);
  });

  it("name what they change, below the contact", () => {
    for (const [operation, changed] of [
      [edit.renameContact("UUID", "Bobby & <co>"), "Annotation"],
      [edit.changePrivacy("BL"), "Annotation"],
      [edit.changeMessengerUser("UUID", false), "IsMessengerUser"],
    ] as const) {
      const [contact] = findAll(parseXml(`<r>${operation.body}</r>`), "Contact");
      expect(operation.operation).toBe("ABContactUpdate");
      expect(contact?.children.find(({ name }) => name === "propertiesChanged")?.text).toBe(changed);
    }
    expect(edit.renameContact("UUID", "Bobby & <co>").body.source).toContain("<Value>Bobby &amp; &lt;co&gt;</Value>");
    expect(edit.changePrivacy("BL").body.source).toContain("<contactType>Me</contactType>");
    expect(edit.changePrivacy("BL").body.source).toContain("<Name>MSN.IM.BLP</Name><Value>2</Value>");
    expect(edit.changePrivacy("AL").body.source).toContain("<Value>1</Value>");
  });

  it("carry names, words and other networks", () => {
    const plain = edit.addContact(EMAIL, 1, { displayName: "A", message: "It is me" }).body.source;
    expect(plain).toContain("<displayName>A</displayName>");
    expect(plain).toContain("<Name>MSN.IM.InviteMessage</Name><Value>It is me</Value>");
    const yahoo = edit.addContact(EMAIL, 32).body.source;
    expect(yahoo).toContain("<email>a@b.c</email><isMessengerEnabled>true</isMessengerEnabled>");
    expect(yahoo).not.toContain("passportName");
  });

  it("have no blanks around values", () => {
    for (const { body } of [edit.addContact(EMAIL, 1), edit.addGroup("Work"), addMember("Allow", EMAIL, 1)]) {
      expect(body.source).not.toMatch(/>\s|\s</);
    }
  });

  it("can make the address book first", () => {
    expect(addAddressBook(EMAIL)).toMatchObject({ operation: "ABAdd" });
    expect(addAddressBook(EMAIL).body.source).toContain("<ownerEmail>a@b.c</ownerEmail><fDefault>true</fDefault>");
  });
});

describe("the requests that change memberships are the book's", () => {
  const member = (type: string, address: string): string =>
    `<serviceHandle><Id>0</Id><Type>Messenger</Type><ForeignId></ForeignId></serviceHandle><memberships><Membership><MemberRole>Allow</MemberRole><Members><Member xsi:type="${type}Member" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Type>${type}</Type><State>Accepted</State>${address}</Member></Members></Membership></memberships>`;

  it("for an account of the network", () => {
    const body = member("Passport", "<PassportName>alice@example.com</PassportName>");
    const alice = parseEmail("alice@example.com");
    expect(addMember("Allow", alice, 1)).toMatchObject({ operation: "AddMember", body: { source: body } });
    expect(deleteMember("Allow", alice, 1)).toMatchObject({ operation: "DeleteMember", body: { source: body } });
  });

  it("for an address of another network", () => {
    expect(addMember("Allow", EMAIL, 32).body.source).toBe(member("Email", "<Email>a@b.c</Email>"));
  });
});

describe("the id of what is new", () => {
  it("is read from any result", () => {
    const answer = "<ABGroupAddResponse><ABGroupAddResult><guid> G1 </guid></ABGroupAddResult></ABGroupAddResponse>";
    expect(edit.parseNewId(parseXml(answer))).toBe("G1");
  });

  it.each(["<R/>", "<R><guid/></R>", "<R><guid>  </guid></R>"])("is missed in %s", (answer) => {
    expect(() => edit.parseNewId(parseXml(answer))).toThrow(SoapError);
  });
});
