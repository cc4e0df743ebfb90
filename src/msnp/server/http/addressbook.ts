import { childrenOf, find, findAll, path, RawXml, textAt, type XmlElement, xml } from "../../soap/xml.ts";
import { addContact, removeContact, setPrivacy } from "../contacts.ts";
import type { NsSession } from "../ns/session.ts";
import type { Account, ContactEntry, Group } from "../state/account.ts";
import { FL, ListError, type ListFault } from "../state/lists.ts";
import { contactsPage, wholeBook } from "./addressbook-xml.ts";
import type { WebAnswer, WebRequest } from "./server.ts";
import { WebError } from "./server.ts";
import { ADDRESS_BOOK_NAMESPACE, answerCall, type SoapCall, SoapFault } from "./soap.ts";

const OWN_BOOK = "00000000-0000-0000-0000-000000000000";

/** Contacts and groups (source: msnp-chat §5.4). */
export function addressBook(request: WebRequest): WebAnswer {
  return answerCall(
    request,
    new Map([
      ["ABFindAll", ownBook((call) => wholeBook(call.session.account, call.session.hub.now()))],
      ["ABFindContactsPaged", ownBook((call) => contactsPage(call.session, call.session.hub.now()))],
      ["ABContactAdd", ownBook(contactAdd)],
      ["ABContactDelete", ownBook(contactDelete)],
      ["ABContactUpdate", ownBook(contactUpdate)],
      ["ABGroupAdd", ownBook(groupAdd)],
      ["ABGroupUpdate", ownBook(groupUpdate)],
      ["ABGroupDelete", ownBook(groupDelete)],
      ["ABGroupContactAdd", ownBook(groupContactAdd)],
      ["ABGroupContactDelete", ownBook(groupContactDelete)],
    ]),
  );
}

/** There is no address book but one's own: others are a bare 500 (source: msnp-chat §5.4). */
function ownBook(operation: (call: SoapCall) => RawXml): (call: SoapCall) => RawXml {
  return (call) => {
    const id = (find(call.action, "abId") ?? find(call.action, "ABId"))?.text.trim() ?? OWN_BOOK;
    if (id !== OWN_BOOK) throw new WebError({ status: 500 });
    try {
      return operation(call);
    } catch (error) {
      if (error instanceof ListError) throw faultOf(error.fault);
      throw error;
    }
  };
}

const FAULTS: Readonly<Record<ListFault, readonly [code: string, text: string]>> = {
  "no-such-account": ["ContactDoesNotExist", "The contact does not exist"],
  "list-full": ["QuotaLimitReached", "The address book is full"],
  "already-on-list": ["ContactAlreadyExists", "The contact is there already"],
  "not-on-list": ["ContactDoesNotExist", "The contact is not on the list"],
  "no-such-group": ["GroupDoesNotExist", "The group does not exist"],
  "group-exists": ["GroupAlreadyExists", "A group of this name exists already"],
  "group-name-too-long": ["BadArgumentLength", "The name of the group is too long"],
  "too-many-groups": ["QuotaLimitReached", "There are too many groups"],
};

function faultOf(fault: ListFault): SoapFault {
  const [code, text] = FAULTS[fault];
  return new SoapFault(code, text);
}

function emptyResponse(operation: string): RawXml {
  return new RawXml(`<${operation}Response xmlns="${ADDRESS_BOOK_NAMESPACE}"/>`);
}

function contactAdd(call: SoapCall): RawXml {
  const { account, hub } = call.session;
  const info = path(call.action, "contacts", "Contact", "contactInfo");
  const email = find(info, "passportName")?.text.trim() ?? "";
  if (!email.includes("@") || !email.includes(".")) {
    throw new SoapFault("BadEmailArgument", "This is no e-mail address");
  }
  const contact = hub.directory.byEmail(email);
  if (contact === undefined) {
    throw new SoapFault("InvalidPassportUser", `The Passport user specified is invalid SignInName: ${email}`);
  }
  const { entry } = addContact(hub, account, contact, FL, { given: contact.email });
  setNickname(entry, info);
  return xml`<ABContactAddResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ABContactAddResult><guid>${contact.id}</guid></ABContactAddResult></ABContactAddResponse>`;
}

function contactDelete(call: SoapCall): RawXml {
  const { account, hub } = call.session;
  for (const id of contactIds(call.action)) {
    const entry = account.contacts.get(id);
    if (entry !== undefined && (entry.lists & FL) !== 0) removeContact(hub, account, entry.account, FL);
  }
  return emptyResponse("ABContactDelete");
}

function contactUpdate(call: SoapCall): RawXml {
  const { account } = call.session;
  for (const element of childrenOf(path(call.action, "contacts"), "Contact")) {
    const info = path(element, "contactInfo");
    const properties = textAt(element, "propertiesChanged") ?? "";
    if (properties === "") throw new WebError({ status: 500 });
    if (textAt(info, "contactType") === "Me") {
      updateSelf(call.session, info);
      continue;
    }
    const entry = account.contacts.get((textAt(element, "contactId") ?? "").toLowerCase());
    if (entry === undefined) throw faultOf("no-such-account");
    if (properties.split(/\s+/).includes("Annotation")) setNickname(entry, info);
  }
  return emptyResponse("ABContactUpdate");
}

/** Only the annotations count; one's own name is changed by PRP MFN (source: msnp-chat §5.4). */
function updateSelf({ account, hub }: NsSession, info: XmlElement | undefined): void {
  for (const annotation of findAll(info, "Annotation")) {
    const [name, value] = [textAt(annotation, "Name"), textAt(annotation, "Value")];
    if (name === "MSN.IM.BLP" && (value === "1" || value === "2"))
      setPrivacy(hub, account, value === "1" ? "AL" : "BL");
    if (name === "MSN.IM.GTC" && (value === "1" || value === "2")) account.settings.gtc = value === "1" ? "A" : "N";
  }
}

function setNickname(entry: ContactEntry, info: XmlElement | undefined): void {
  for (const annotation of findAll(info, "Annotation")) {
    if (textAt(annotation, "Name") !== "AB.NickName") continue;
    const nickname = textAt(annotation, "Value") ?? "";
    if (nickname === "") delete entry.nickname;
    else entry.nickname = nickname;
  }
}

function groupAdd(call: SoapCall): RawXml {
  const { account, hub } = call.session;
  const name = find(path(call.action, "groupInfo"), "name")?.text.trim();
  if (name === undefined || name === "") throw new WebError({ status: 500 });
  const group = hub.directory.addGroup(account, name);
  return xml`<ABGroupAddResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ABGroupAddResult><guid>${group.id}</guid></ABGroupAddResult></ABGroupAddResponse>`;
}

function groupUpdate(call: SoapCall): RawXml {
  const { account, hub } = call.session;
  for (const element of childrenOf(path(call.action, "groups"), "Group")) {
    const group = requireGroup(account, textAt(element, "groupId"));
    const name = textAt(element, "groupInfo", "name");
    if (name !== undefined) hub.directory.renameGroup(account, group, name);
  }
  return emptyResponse("ABGroupUpdate");
}

function groupDelete(call: SoapCall): RawXml {
  const { account, hub } = call.session;
  const groups = groupIds(call.action).map((id) => requireGroup(account, id));
  for (const group of groups) hub.directory.removeGroup(account, group);
  return emptyResponse("ABGroupDelete");
}

function groupContactAdd(call: SoapCall): RawXml {
  const { account, hub } = call.session;
  let last = "";
  for (const group of groupIds(call.action).map((id) => requireGroup(account, id))) {
    for (const id of contactIds(call.action)) {
      const entry = account.contacts.get(id);
      if (entry === undefined) throw faultOf("no-such-account");
      addContact(hub, account, entry.account, FL, { groupId: group.id });
      last = id;
    }
  }
  return xml`<ABGroupContactAddResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ABGroupContactAddResult><guid>${last}</guid></ABGroupContactAddResult></ABGroupContactAddResponse>`;
}

function groupContactDelete(call: SoapCall): RawXml {
  const { account, hub } = call.session;
  for (const group of groupIds(call.action).map((id) => requireGroup(account, id))) {
    for (const id of contactIds(call.action)) {
      const entry = account.contacts.get(id);
      if (entry === undefined) throw faultOf("no-such-account");
      hub.directory.removeFromGroup(account, entry, group.id);
    }
  }
  return emptyResponse("ABGroupContactDelete");
}

function requireGroup(account: Account, id: string | undefined): Group {
  const group = id === undefined ? undefined : account.groups.get(id.toLowerCase());
  if (group === undefined) throw faultOf("no-such-group");
  return group;
}

function groupIds(action: XmlElement): string[] {
  return findAll(path(action, "groupFilter", "groupIds"), "guid").map((guid) => guid.text.trim());
}

function contactIds(action: XmlElement): string[] {
  return childrenOf(path(action, "contacts"), "Contact").map((contact) =>
    (textAt(contact, "contactId") ?? "").toLowerCase(),
  );
}
