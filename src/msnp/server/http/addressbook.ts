import { childrenOf, find, path, RawXml, textAt, type XmlElement, xml } from "../../soap/xml.ts";
import { addContact, removeContact } from "../contacts.ts";
import { tellOwnEndpoints } from "../own-changes.ts";
import type { ContactEntry } from "../state/account.ts";
import { FL, ListError } from "../state/lists.ts";
import { groupAdd, groupContactAdd, groupContactDelete, groupDelete, groupUpdate } from "./addressbook-groups.ts";
import { contactsPage, wholeBook } from "./addressbook-xml.ts";
import { ADDRESS_BOOK_CIRCLES, withCircleBooks } from "./circles.ts";
import { type Change, contactChanges, ownChanges, setNickname } from "./contact-update.ts";
import type { WebAnswer, WebRequest } from "./server.ts";
import { WebError } from "./server.ts";
import { ADDRESS_BOOK_NAMESPACE, answerCall, type SoapCall } from "./soap.ts";
import { badAddress, faultOf, noSuchUser } from "./soap-faults.ts";

const OWN_BOOK = "00000000-0000-0000-0000-000000000000";

type Operation = (call: SoapCall) => RawXml;

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["ABFindAll", ownBook((call) => wholeBook(call.session.account, call.session.hub.now()))],
  ["ABFindContactsPaged", withCircleBooks(ownBook((call) => contactsPage(call.session, call.session.hub.now())))],
  ["ABContactAdd", changing(contactAdd)],
  ["ABContactDelete", changing(contactDelete)],
  ["ABContactUpdate", changing(contactUpdate)],
  ["ABGroupAdd", changing(groupAdd)],
  ["ABGroupUpdate", changing(groupUpdate)],
  ["ABGroupDelete", changing(groupDelete)],
  ["ABGroupContactAdd", changing(groupContactAdd)],
  ["ABGroupContactDelete", changing(groupContactDelete)],
  ...ADDRESS_BOOK_CIRCLES,
]);

/** Contacts and groups (source: msnp-chat §5.4). */
export function addressBook(request: WebRequest): WebAnswer {
  return answerCall(request, OPERATIONS);
}

/** There is no address book but one's own: others are a bare 500 (source: msnp-chat §5.4). */
function ownBook(operation: Operation): Operation {
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

/** An operation after which the other endpoints of the account may have to read everything again. */
function changing(operation: (call: SoapCall) => RawXml | undefined): Operation {
  return ownBook((call) => {
    const result = operation(call) ?? new RawXml(`<${call.operation}Response xmlns="${ADDRESS_BOOK_NAMESPACE}" />`);
    tellOwnEndpoints(call.session);
    return result;
  });
}

/** Puts somebody on the forward list alone; somebody who is there stays as they are. */
function contactAdd({ action, session }: SoapCall): RawXml {
  const { account, hub } = session;
  const info = path(action, "contacts", "Contact", "contactInfo");
  const email = find(info, "passportName")?.text.trim() ?? "";
  for (const mark of ["@", "."] as const) if (!email.includes(mark)) throw badAddress(mark);
  const contact = hub.directory.byEmail(email);
  if (contact === undefined) throw noSuchUser(email);
  if (((account.contacts.get(contact.id)?.lists ?? 0) & FL) === 0) {
    const { entry } = addContact(hub, account, contact, FL, { given: contact.email });
    setNickname(entry, info);
  }
  return xml`<ABContactAddResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ABContactAddResult><guid>${contact.id}</guid></ABContactAddResult></ABContactAddResponse>`;
}

/** Whoever is not there is passed over. */
function contactDelete({ action, session }: SoapCall): undefined {
  const { account, hub } = session;
  for (const element of childrenOf(path(action, "contacts"), "Contact")) {
    const entry = account.contacts.get((textAt(element, "contactId") ?? "").toLowerCase());
    if (entry !== undefined && (entry.lists & FL) !== 0) removeContact(hub, account, entry.account, FL);
  }
}

/** All that is asked is checked before anything is changed. */
function contactUpdate({ action, session }: SoapCall): undefined {
  const changes = childrenOf(path(action, "contacts"), "Contact").flatMap((element): Change[] => {
    const info = path(element, "contactInfo");
    const properties = (textAt(element, "propertiesChanged") ?? "").split(/\s+/).filter(Boolean);
    if (info === undefined) throw new WebError({ status: 500 });
    if (textAt(info, "contactType") === "Me") {
      checkNamed(properties);
      return ownChanges(session, info, properties);
    }
    const entry = contactOf(session.account.contacts, element);
    checkNamed(properties);
    return contactChanges(entry, info, properties);
  });
  for (const change of changes) change();
}

function checkNamed(properties: readonly string[]): void {
  if (properties.length === 0) throw new WebError({ status: 500 });
}

function contactOf(contacts: ReadonlyMap<string, ContactEntry>, element: XmlElement): ContactEntry {
  const id = textAt(element, "contactId") ?? "";
  if (id === "") throw new WebError({ status: 500 });
  const entry = contacts.get(id.toLowerCase());
  if (entry === undefined) throw faultOf("no-such-account");
  return entry;
}
