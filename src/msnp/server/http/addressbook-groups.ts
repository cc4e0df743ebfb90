import { childrenOf, find, findAll, path, type RawXml, textAt, type XmlElement, xml } from "../../soap/xml.ts";
import { addContact } from "../contacts.ts";
import type { NsSession } from "../ns/session.ts";
import type { Account, ContactEntry, Group } from "../state/account.ts";
import { FL } from "../state/lists.ts";
import { WebError } from "./server.ts";
import { ADDRESS_BOOK_NAMESPACE, type SoapCall } from "./soap.ts";
import { faultOf } from "./soap-faults.ts";

/** Makes a group; throws WebError 500 without a name (source: msnp-chat §5.4). */
export function groupAdd({ action, session }: SoapCall): RawXml {
  const info = path(action, "groupInfo");
  const name = find(info, "name")?.text.trim();
  if (name === undefined || name === "") throw new WebError({ status: 500 });
  const favourite = favouriteOf(info);
  const group = session.hub.directory.addGroup(session.account, name);
  group.favourite = favourite ?? false;
  return xml`<ABGroupAddResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ABGroupAddResult><guid>${group.id}</guid></ABGroupAddResult></ABGroupAddResponse>`;
}

/** Renames groups and marks favourites. A group that does not exist is a bare 500, and nothing is changed then. */
export function groupUpdate({ action, session }: SoapCall): undefined {
  const { account, hub } = session;
  const wishes = childrenOf(path(action, "groups"), "Group").map((element) => {
    const info = path(element, "groupInfo");
    const properties = (textAt(element, "propertiesChanged") ?? "").split(/\s+/).filter(Boolean);
    if (properties.length === 0) throw new WebError({ status: 500 });
    const name = properties.includes("GroupName") ? (textAt(info, "name") ?? "") : undefined;
    if (name === "") throw new WebError({ status: 500 });
    return { group: groupOf(account, textAt(element, "groupId") ?? ""), name, favourite: favouriteOf(info) };
  });
  for (const { group, name, favourite } of wishes) {
    if (name !== undefined) hub.directory.renameGroup(account, group, name);
    if (favourite !== undefined) group.favourite = favourite;
  }
}

export function groupDelete({ action, session }: SoapCall): undefined {
  for (const group of groupsOf(session.account, action)) session.hub.directory.removeGroup(session.account, group);
}

/** Puts a contact into groups, or somebody new who is named by address; a group they are in already is a bare 500. */
export function groupContactAdd({ action, session }: SoapCall): RawXml {
  const groups = groupsOf(session.account, action);
  const email = find(find(action, "contactInfo"), "passportName") ?? find(find(action, "contactInfo"), "email");
  const ids = email === undefined ? contactIds(action) : [addressed(session, email.text.trim())];
  if (ids.length === 0) throw new WebError({ status: 500 });
  const { account, hub } = session;
  const contacts = ids.map((id) => (email === undefined ? listed(account, id).account : hub.directory.byId(id)));
  const isIn = (id: string): boolean => groups.some((group) => account.contacts.get(id)?.groups.has(group.id));
  if (ids.some(isIn)) throw new WebError({ status: 500 });
  for (const { id: groupId } of groups) {
    for (const contact of contacts) if (contact !== undefined) addContact(hub, account, contact, FL, { groupId });
  }
  return xml`<ABGroupContactAddResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ABGroupContactAddResult><guid>${ids.at(-1) ?? ""}</guid></ABGroupContactAddResult></ABGroupContactAddResponse>`;
}

/** Takes contacts out of groups; a group they are not in is a bare 500. */
export function groupContactDelete({ action, session }: SoapCall): undefined {
  const { account, hub } = session;
  const groups = groupsOf(account, action);
  const entries = contactIds(action).map((id) => listed(account, id));
  if (groups.some((group) => entries.some((entry) => !entry.groups.has(group.id)))) throw new WebError({ status: 500 });
  for (const group of groups) for (const entry of entries) hub.directory.removeFromGroup(account, entry, group.id);
}

function addressed({ hub }: NsSession, email: string): string {
  const contact = hub.directory.byEmail(email);
  if (contact === undefined) throw new WebError({ status: 500 });
  return contact.id;
}

/** Somebody on the forward list. Throws SoapFault. */
function listed(account: Account, id: string): ContactEntry {
  const entry = account.contacts.get(id);
  if (entry === undefined || (entry.lists & FL) === 0) throw faultOf("no-such-account");
  return entry;
}

/** True or false; anything else is no answer. Throws WebError. */
function favouriteOf(info: XmlElement | undefined): boolean | undefined {
  const text = find(info, "IsFavorite")?.text.trim();
  if (text === undefined) return undefined;
  if (text !== "true" && text !== "false") throw new WebError({ status: 500 });
  return text === "true";
}

function groupsOf(account: Account, action: XmlElement): Group[] {
  const guids = findAll(path(action, "groupFilter", "groupIds"), "guid");
  return guids.map((guid) => groupOf(account, guid.text.trim()));
}

function groupOf(account: Account, id: string): Group {
  const group = account.groups.get(id.toLowerCase());
  if (group === undefined) throw new WebError({ status: 500 });
  return group;
}

function contactIds(action: XmlElement): string[] {
  return childrenOf(path(action, "contacts"), "Contact").map((contact) =>
    (textAt(contact, "contactId") ?? "").toLowerCase(),
  );
}
