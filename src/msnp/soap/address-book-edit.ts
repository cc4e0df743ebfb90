import { type Email, NETWORK, type NetworkId } from "../address.ts";
import { OWN_BOOK } from "./address-book.ts";
import { SoapError, type SoapOperation } from "./service.ts";
import { find, type RawXml, type XmlElement, xml } from "./xml.ts";

/** What the groups of contacts that Messenger shows are marked with (source: msnp-chat §5.4). */
const GROUP_TYPE = "C8529CE2-6EAD-434d-881F-341E17DB3FF8";
const BOOK = xml`<abId>${OWN_BOOK}</abId>`;

function operation(name: string, body: RawXml): SoapOperation {
  return { operation: name, body: xml`${BOOK}${body}` };
}

/** Puts somebody on the forward list, and on no other (source: msnp-chat §5.4). */
export function addContact(
  email: Email,
  network: NetworkId,
  options: { readonly displayName?: string; readonly message?: string } = {},
): SoapOperation {
  const { displayName, message } = options;
  const name = displayName === undefined ? [] : xml`<displayName>${displayName}</displayName>`;
  const info =
    network === NETWORK.yahoo
      ? xml`<emails><ContactEmail><contactEmailType>Messenger2</contactEmailType><email>${email}</email><isMessengerEnabled>true</isMessengerEnabled><Capability>${network}</Capability><propertiesChanged>Email IsMessengerEnabled Capability</propertiesChanged></ContactEmail></emails>`
      : xml`<passportName>${email}</passportName><isMessengerUser>true</isMessengerUser>`;
  const invite =
    message === undefined
      ? []
      : xml`<MessengerMemberInfo><PendingAnnotations><Annotation><Name>MSN.IM.InviteMessage</Name><Value>${message}</Value></Annotation></PendingAnnotations></MessengerMemberInfo>`;
  return operation(
    "ABContactAdd",
    xml`<contacts><Contact><contactInfo>${name}${info}${invite}</contactInfo></Contact></contacts><options><EnableAllowListManagement>true</EnableAllowListManagement></options>`,
  );
}

export function deleteContact(contactId: string): SoapOperation {
  return operation("ABContactDelete", contacts(contactId));
}

/** The owner's name for a contact; an empty one takes it away. */
export function renameContact(contactId: string, nickname: string): SoapOperation {
  return operation(
    "ABContactUpdate",
    xml`<contacts><Contact><contactId>${contactId}</contactId><contactInfo>${annotation("AB.NickName", nickname)}</contactInfo><propertiesChanged>Annotation</propertiesChanged></Contact></contacts>`,
  );
}

/** Makes somebody of the address book a contact again, or no contact without deleting the entry. */
export function changeMessengerUser(contactId: string, isMessengerUser: boolean): SoapOperation {
  return operation(
    "ABContactUpdate",
    xml`<contacts><Contact><contactId>${contactId}</contactId><contactInfo><isMessengerUser>${isMessengerUser}</isMessengerUser></contactInfo><propertiesChanged>IsMessengerUser</propertiesChanged></Contact></contacts>`,
  );
}

/** Whether people on neither list may see the owner; 1 allow, 2 block (source: msnp-chat §5.4). */
export function changePrivacy(privacy: "AL" | "BL"): SoapOperation {
  return operation(
    "ABContactUpdate",
    xml`<contacts><Contact><contactInfo><contactType>Me</contactType>${annotation("MSN.IM.BLP", privacy === "AL" ? "1" : "2")}</contactInfo><propertiesChanged>Annotation</propertiesChanged></Contact></contacts>`,
  );
}

export function addGroup(name: string): SoapOperation {
  return operation(
    "ABGroupAdd",
    xml`<groupAddOptions><fRenameOnMsgrConflict>false</fRenameOnMsgrConflict></groupAddOptions><groupInfo><GroupInfo><name>${name}</name><groupType>${GROUP_TYPE}</groupType><fMessenger>false</fMessenger><annotations><Annotation><Name>MSN.IM.Display</Name><Value>1</Value></Annotation></annotations></GroupInfo></groupInfo>`,
  );
}

export function renameGroup(groupId: string, name: string): SoapOperation {
  return operation(
    "ABGroupUpdate",
    xml`<groups><Group><groupId>${groupId}</groupId><groupInfo><name>${name}</name></groupInfo><propertiesChanged>GroupName</propertiesChanged></Group></groups>`,
  );
}

export function deleteGroup(groupId: string): SoapOperation {
  return operation("ABGroupDelete", groups(groupId));
}

export function addToGroup(contactId: string, groupId: string): SoapOperation {
  return operation("ABGroupContactAdd", xml`${groups(groupId)}${contacts(contactId)}`);
}

export function removeFromGroup(contactId: string, groupId: string): SoapOperation {
  return operation("ABGroupContactDelete", xml`${contacts(contactId)}${groups(groupId)}`);
}

/** The id that ABContactAdd, ABGroupAdd and ABGroupContactAdd answer with. Throws SoapError `protocol`. */
export function parseNewId(response: XmlElement): string {
  const id = find(response, "guid")?.text.trim();
  if (id === undefined || id === "") throw new SoapError("protocol", "The address book named no id for what is new");
  return id;
}

function contacts(contactId: string): RawXml {
  return xml`<contacts><Contact><contactId>${contactId}</contactId></Contact></contacts>`;
}

function groups(groupId: string): RawXml {
  return xml`<groupFilter><groupIds><guid>${groupId}</guid></groupIds></groupFilter>`;
}

function annotation(name: string, value: string): RawXml {
  return xml`<annotations><Annotation><Name>${name}</Name><Value>${value}</Value></Annotation></annotations>`;
}
