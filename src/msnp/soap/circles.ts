import { type Email, type MachineGuid, parseMachineGuid, toEmail } from "../address.ts";
import { SoapError } from "./service.ts";
import { childrenOf, find, findAll, path, type RawXml, textAt, type XmlElement, xml } from "./xml.ts";

/** What somebody is in a circle (source: msnp-chat §6.1). */
export type CircleRole = "none" | "admin" | "assistant" | "member" | "invited";
/** How it stands between somebody and a circle. */
export type CircleState = "none" | "invited" | "left" | "accepted" | "rejected";

/** A circle of the own address book. */
export interface CircleEntry {
  /** GUID of the circle and of its address book. */
  readonly id: MachineGuid;
  readonly name: string;
  readonly role: CircleRole;
  readonly state: CircleState;
  /** Contact that stands for the circle in the own address book. */
  readonly contactId: string;
  readonly inviter?: Email;
  readonly invitation?: string;
}

export interface CircleList {
  readonly circles: readonly CircleEntry[];
  /** Proves to the notification server which circles one may use, character by character; empty when there is none. */
  readonly ticket: string;
}

/** Somebody in the address book of a circle. */
export interface CircleMember {
  readonly contactId: string;
  readonly email: Email;
  /** Their address where the server knows nothing better. */
  readonly name: string;
  readonly role: CircleRole;
  readonly state: CircleState;
}

const OWN_BOOK = "00000000-0000-0000-0000-000000000000";
/** Circles of one account that are taken note of. */
const MAX_CIRCLES = 200;
const ROLES: readonly CircleRole[] = ["none", "admin", "assistant", "member", "invited"];
const ROLE_NAMES: Readonly<Record<string, CircleRole>> = {
  empty: "none",
  admin: "admin",
  assistantadmin: "assistant",
  member: "member",
  statependingoutbound: "invited",
};
const STATES: readonly CircleState[] = ["none", "invited", "left", "accepted", "rejected"];
const STATE_NAMES: Readonly<Record<string, CircleState>> = {
  empty: "none",
  waitingresponse: "invited",
  left: "left",
  accepted: "accepted",
  rejected: "rejected",
};

/** ABFindContactsPaged of the own address book, or of a circle's (source: msnp-chat §5.4, §6.2). */
export function findContactsPaged(book: string = OWN_BOOK): RawXml {
  return xml`<filterOptions><DeltasOnly>false</DeltasOnly><ContactFilter><IncludeHiddenContacts>true</IncludeHiddenContacts></ContactFilter></filterOptions><abView>MessengerClient8</abView><extendedContent>AB AllGroups CircleResult</extendedContent>${handle(book)}`;
}

/** CreateCircle (source: msnp-chat §5.3). */
export function createCircle(name: string, ownName: string): RawXml {
  return xml`<properties><Domain>1</Domain><HostedDomain>live.com</HostedDomain><Type>2</Type><MembershipAccess>0</MembershipAccess><IsPresenceEnabled>true</IsPresenceEnabled><RequestMembershipOption>2</RequestMembershipOption><DisplayName>${name}</DisplayName></properties><callerInfo><PublicDisplayName>${ownName}</PublicDisplayName></callerInfo>`;
}

/** CreateContact in a circle's address book: first part of an invitation (source: msnp-chat §6.3). */
export function createMember(circle: string, email: Email): RawXml {
  return xml`${handle(circle)}<contactHandle><Email>${email}</Email><Puid>0</Puid><Cid>0</Cid><CircleId>${OWN_BOOK}</CircleId></contactHandle>`;
}

/** ManageWLConnection: second part of an invitation (source: msnp-chat §6.3, msnp21 §5.2). */
export function inviteMember(circle: string, contactId: string, message: string): RawXml {
  const annotations =
    message === ""
      ? []
      : xml`<annotations><Annotation><Name>MSN.IM.InviteMessage</Name><Value>${message}</Value></Annotation></annotations>`;
  return xml`${handle(circle)}<contactId>${contactId}</contactId><connection>true</connection><presence>false</presence><action>1</action><relationshipType>5</relationshipType><relationshipRole>3</relationshipRole>${annotations}`;
}

/** ManageWLConnection: the answer to an invitation (source: msnp-chat §6.3). */
export function answerInvitation(contactId: string, isAccepted: boolean): RawXml {
  return xml`${handle(OWN_BOOK)}<contactId>${contactId}</contactId><connection>true</connection><presence>false</presence><action>${isAccepted ? 1 : 2}</action><relationshipType>5</relationshipType><relationshipRole>0</relationshipRole>`;
}

/** BreakConnection with the own entry of a circle's address book (source: msnp-chat §6.3). */
export function leaveCircle(circle: string, contactId: string): RawXml {
  return xml`${handle(circle)}<contactId>${contactId}</contactId><blockContact>false</blockContact><deleteContact>true</deleteContact>`;
}

function handle(book: string): RawXml {
  return xml`<abHandle><ABId>${book}</ABId><Puid>0</Puid><Cid>0</Cid></abHandle>`;
}

/**
 * Reads the circles of the own address book; those without an id are left out (source: msnp-chat §6.2).
 * An answer without a result is none, and not "no circles": throws SoapError `protocol`.
 */
export function parseCircles(response: XmlElement): CircleList {
  requireResult(response);
  const contacts = circleContacts(response);
  const circles: CircleEntry[] = [];
  for (const info of findAll(find(response, "Circles"), "CircleInverseInfo").slice(0, MAX_CIRCLES)) {
    const id = guid(textAt(info, "Content", "Handle", "Id"));
    if (id === undefined || textAt(info, "Deleted") === "true") continue;
    const contact = contacts.get(id);
    const membership = path(info, "PersonalInfo", "MembershipInfo", "CirclePersonalMembership");
    const role = roleOf(textAt(membership, "Role"));
    const network = find(contact, "NetworkInfo");
    circles.push({
      id,
      name: textAt(info, "Content", "Info", "DisplayName") || id,
      role,
      state: stateOf(textAt(membership, "State") ?? textAt(network, "RelationshipState"), role),
      contactId: textAt(contact, "contactId") || id,
      ...invitation(network),
    });
  }
  const ticket = find(response, "CircleTicket")?.text ?? "";
  return { circles, ticket: ticket.trim() === "" ? "" : ticket };
}

function requireResult(response: XmlElement): void {
  const result = find(response, "ABFindContactsPagedResult");
  if (result !== undefined && result.children.length > 0) return;
  throw new SoapError("protocol", "The address book's answer holds nothing of circles");
}

/** The contacts that stand for circles, by the circle's GUID, which their address begins with. */
function circleContacts(response: XmlElement): Map<MachineGuid, XmlElement> {
  const found = new Map<MachineGuid, XmlElement>();
  for (const contact of childrenOf(find(response, "Contacts"), "Contact")) {
    if (textAt(contact, "contactInfo", "contactType") !== "Circle") continue;
    const id = guid(textAt(contact, "contactInfo", "passportName")?.split("@", 1)[0]);
    if (id !== undefined) found.set(id, contact);
  }
  return found;
}

function invitation(network: XmlElement | undefined): Pick<CircleEntry, "inviter" | "invitation"> {
  const inviter = toEmail(textAt(network, "InviterEmail") ?? "");
  const text = textAt(network, "InviterMessage");
  return { ...(inviter !== undefined && { inviter }), ...(text !== undefined && text !== "" && { invitation: text }) };
}

/**
 * Reads the members of a circle from its address book (source: msnp-chat §6.2, msnp21 §5.2).
 * Throws SoapError `protocol` for an answer without a result.
 */
export function parseCircleMembers(response: XmlElement): CircleMember[] {
  requireResult(response);
  const members: CircleMember[] = [];
  for (const contact of childrenOf(find(response, "Contacts"), "Contact")) {
    const email = toEmail(textAt(contact, "contactInfo", "passportName") ?? "");
    const network = find(contact, "NetworkInfo");
    // The circle has an entry of its own.
    if (email === undefined || textAt(contact, "fDeleted") === "true" || guid(email.split("@", 1)[0]) !== undefined) {
      continue;
    }
    const role = roleOf(textAt(network, "RelationshipRole"));
    const told = stateOf(textAt(network, "RelationshipState"), role);
    // Who was asked shows as somebody who has left, and only the kind of the contact tells them apart.
    const isAsked = told === "left" && textAt(contact, "contactInfo", "contactType") === "LivePending";
    const state = isAsked ? "invited" : told;
    const name = textAt(contact, "contactInfo", "displayName") || email;
    members.push({ contactId: textAt(contact, "contactId") ?? "", email, name, role, state });
  }
  return members;
}

function roleOf(text: string | undefined): CircleRole {
  return ROLE_NAMES[text?.toLowerCase() ?? ""] ?? ROLES[Number(text || 0)] ?? "none";
}

/** Where the state is not said, the role of somebody who has not answered does (source: msnp21 §5.2). */
function stateOf(text: string | undefined, role: CircleRole): CircleState {
  if (role === "invited") return "invited";
  if (text === undefined) return "accepted";
  return STATE_NAMES[text.toLowerCase()] ?? STATES[Number(text)] ?? "none";
}

function guid(text: string | undefined): MachineGuid | undefined {
  try {
    return text === undefined ? undefined : parseMachineGuid(text);
  } catch {
    return undefined;
  }
}
