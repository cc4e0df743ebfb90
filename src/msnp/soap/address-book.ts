import { type Email, NETWORK, type NetworkId, toEmail } from "../address.ts";
import { SoapError, type SoapOperation } from "./service.ts";
import { child, childrenOf, findAll, path, textAt, type XmlElement, xml } from "./xml.ts";

export interface BookContact {
  /** Contact GUID. */
  readonly id: string;
  readonly email: Email;
  readonly network: NetworkId;
  readonly displayName?: string;
  /** A name the owner gave. */
  readonly nickname?: string;
  readonly groupIds: readonly string[];
  /** Whether the contact is on the forward list, and not just in the address book. */
  readonly isMessengerUser: boolean;
}

export interface AddressBook {
  readonly contacts: readonly BookContact[];
  /** Group names by id. */
  readonly groups: ReadonlyMap<string, string>;
  /** The owner's own entry. */
  readonly ownName?: string;
  /** Whether people on neither list may see the owner (BLP). */
  readonly privacy: "AL" | "BL";
}

/** The owner's own address book. */
export const OWN_BOOK = "00000000-0000-0000-0000-000000000000";

/** Never with `deltasOnly`, which Escargot refuses (source: msnp-chat §5.3). */
export const FIND_ALL: SoapOperation = {
  operation: "ABFindAll",
  body: xml`<abId>${OWN_BOOK}</abId><abView>Full</abView><deltasOnly>false</deltasOnly><lastChange>0001-01-01T00:00:00.0000000-08:00</lastChange>`,
};

/** Makes the address book of an account that has none yet; official servers only (source: msnp-chat §5.4). */
export function addAddressBook(email: Email): SoapOperation {
  return {
    operation: "ABAdd",
    body: xml`<abInfo><name/><ownerPuid>0</ownerPuid><ownerEmail>${email}</ownerEmail><fDefault>true</fDefault></abInfo>`,
  };
}

export const EMPTY_ADDRESS_BOOK: AddressBook = { contacts: [], groups: new Map(), privacy: "AL" };

/**
 * Reads ABFindAllResponse, or the answer of ABFindContactsPaged, whose names begin with capitals (source: msnp-chat §5.4).
 * An answer without a result is none, and not an empty address book: throws SoapError `protocol`.
 */
export function parseAddressBook(response: XmlElement): AddressBook {
  const result = child(response, "ABFindAllResult") ?? child(response, "ABFindContactsPagedResult");
  if (result === undefined || result.children.length === 0) {
    throw new SoapError("protocol", "The address book's answer holds no address book");
  }
  const groups = new Map<string, string>();
  for (const group of findAll(child(result, "groups") ?? child(result, "Groups"), "Group")) {
    const id = textAt(group, "groupId");
    const name = textAt(group, "groupInfo", "name");
    if (id !== undefined && name !== undefined && textAt(group, "fDeleted") !== "true") groups.set(id, name);
  }
  const contacts: BookContact[] = [];
  let me: XmlElement | undefined;
  for (const element of childrenOf(child(result, "contacts") ?? child(result, "Contacts"), "Contact")) {
    if (textAt(element, "contactInfo", "contactType") === "Me") me = element;
    else {
      const contact = parseContact(element);
      if (contact !== undefined) contacts.push(contact);
    }
  }
  const ownName = nameIn(child(me, "contactInfo"));
  return {
    contacts,
    groups,
    ...(ownName !== undefined && { ownName }),
    privacy: annotation(me, "MSN.IM.BLP") === "2" ? "BL" : "AL",
  };
}

function parseContact(element: XmlElement): BookContact | undefined {
  const info = child(element, "contactInfo");
  const type = textAt(info, "contactType");
  if (info === undefined || textAt(element, "fDeleted") === "true" || type === "Circle") return undefined;
  const mail = childrenOf(child(info, "emails"), "ContactEmail").find(
    (candidate) => textAt(candidate, "isMessengerEnabled") === "true",
  );
  const passport = toEmail(textAt(info, "passportName") ?? "");
  const email = passport ?? toEmail(textAt(mail, "email") ?? "");
  if (email === undefined) return undefined;
  const displayName = nameIn(info);
  const nickname = annotation(element, "AB.NickName");
  return {
    id: textAt(element, "contactId") ?? "",
    email,
    network: passport === undefined ? NETWORK.yahoo : NETWORK.messenger,
    ...(displayName !== undefined && { displayName }),
    ...(nickname !== undefined && { nickname }),
    groupIds: childrenOf(child(info, "groupIds"), "guid").map((guid) => guid.text.trim()),
    isMessengerUser: passport === undefined || textAt(info, "isMessengerUser") !== "false",
  };
}

/** A name, if there is one; `None` is how Escargot writes that there is not (source: msnp-chat §5.4). */
function nameIn(info: XmlElement | undefined): string | undefined {
  const name = textAt(info, "displayName");
  return name === "" || name === "None" ? undefined : name;
}

function annotation(contact: XmlElement | undefined, name: string): string | undefined {
  for (const item of findAll(path(contact, "contactInfo", "annotations"), "Annotation")) {
    if (textAt(item, "Name") === name) return textAt(item, "Value") || undefined;
  }
  return undefined;
}
