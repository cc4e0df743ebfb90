import { childrenOf, find, findAll, path, type RawXml, textAt, type XmlElement, xml } from "../../soap/xml.ts";
import { addContact, removeContact } from "../contacts.ts";
import { cidDecimal } from "../ids.ts";
import type { NsSession } from "../ns/session.ts";
import { tellOwnEndpoints } from "../own-changes.ts";
import type { Account } from "../state/account.ts";
import { isOnRole, ROLE_BITS } from "../state/journal.ts";
import { AL, BL, ListError, PL, RL } from "../state/lists.ts";
import { SHARING_CIRCLES, withCircleMembers } from "./circles.ts";
import type { WebAnswer, WebRequest } from "./server.ts";
import {
  ADDRESS_BOOK_NAMESPACE,
  answerCall,
  fullSyncRequired,
  type SoapCall,
  SoapFault,
  wantsChanges,
  webTime,
} from "./soap.ts";

const ROLES: ReadonlyMap<string, number> = new Map([
  ["Allow", AL],
  ["Block", BL],
  ["Reverse", RL],
  ["Pending", PL],
]);

type Operation = (call: SoapCall) => RawXml;

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["FindMembership", findMembership],
  ["AddMember", changing(withCircleMembers(addMember, true))],
  ["DeleteMember", changing(withCircleMembers(deleteMember, false))],
  ...SHARING_CIRCLES,
]);

/** Who may see whom: the allow, block, reverse and pending lists (source: msnp-chat §5.3). */
export function sharing(request: WebRequest): WebAnswer {
  return answerCall(request, OPERATIONS);
}

/** An operation after which the other endpoints of the account may have to read everything again. */
function changing(operation: (call: SoapCall) => void): Operation {
  return (call) => {
    operation(call);
    tellOwnEndpoints(call.session);
    return xml`<${call.operation}Response xmlns="${ADDRESS_BOOK_NAMESPACE}" />`;
  };
}

/** A member as it is told: there, or gone since the client read last. */
interface Listed {
  readonly contact: Account;
  readonly at: number;
  readonly deleted: boolean;
}

/** All members, or only those that came and went since the client read last (source: msnp-chat §5.3). */
function findMembership(call: SoapCall): RawXml {
  const { account, hub } = call.session;
  const only = wantsChanges(call);
  const now = hub.now();
  const listed = only ? changedMembers(call) : allMembers(account, now);
  if (!only) account.journal.begin(now);
  const time = webTime(now);
  const lists = [...ROLES].map(([role, bit]) => {
    const members = (listed.get(bit) ?? []).map((one) => member(role, one));
    return xml`<Membership><MemberRole>${role}</MemberRole><Members>${members}</Members><MembershipIsComplete>${!only}</MembershipIsComplete></Membership>`;
  });
  return xml`<FindMembershipResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><FindMembershipResult><Services><Service><Memberships>${lists}</Memberships><Info><Handle><Id>1</Id><Type>Messenger</Type><ForeignId /></Handle><InverseRequired>false</InverseRequired><AuthorizationCriteria>Everyone</AuthorizationCriteria><IsBot>false</IsBot></Info><Changes /><LastChange>${time}</LastChange><Deleted>false</Deleted></Service></Services>${owner(account, time)}</FindMembershipResult></FindMembershipResponse>`;
}

function allMembers(account: Account, now: number): Map<number, Listed[]> {
  const entries = [...account.contacts.values()];
  return new Map(
    ROLE_BITS.map((bit) => [
      bit,
      entries
        .filter((entry) => isOnRole(entry, bit))
        .map((entry) => ({ contact: entry.account, at: now, deleted: false })),
    ]),
  );
}

/** Throws SoapFault when it is not known what has changed since then. */
function changedMembers({ action, session: { account } }: SoapCall): Map<number, Listed[]> {
  const changes = account.journal.since(Date.parse(find(action, "lastChange")?.text.trim() ?? ""));
  if (changes === undefined) throw fullSyncRequired();
  const listed = new Map<number, Listed[]>();
  for (const { contact, bit, at } of changes) {
    const deleted = !isOnRole(account.contacts.get(contact.id), bit);
    listed.set(bit, [...(listed.get(bit) ?? []), { contact, at, deleted }]);
  }
  return listed;
}

function member(role: string, { contact: { id, email }, at, deleted }: Listed): RawXml {
  const time = webTime(at);
  return xml`<Member xsi:type="PassportMember"><MembershipId>${role}/${id}</MembershipId><Type>Passport</Type><State>Accepted</State><Deleted>${deleted}</Deleted><LastChanged>${time}</LastChanged><JoinedDate>${time}</JoinedDate><ExpirationDate>0001-01-01T00:00:00</ExpirationDate><Changes /><PassportName>${email}</PassportName><IsPassportNameHidden>false</IsPassportNameHidden><PassportId>0</PassportId><CID>${cidDecimal(id)}</CID><PassportChanges /><LookedupByCID>false</LookedupByCID></Member>`;
}

function owner({ id, email }: Account, now: string): RawXml {
  return xml`<OwnerNamespace><Info><Handle><Id>00000000-0000-0000-0000-000000000000</Id><IsPassportNameHidden>false</IsPassportNameHidden><CID>0</CID></Handle><CreatorPuid>0</CreatorPuid><CreatorCID>${cidDecimal(id)}</CreatorCID><CreatorPassportName>${email}</CreatorPassportName><CircleAttributes><IsPresenceEnabled>false</IsPresenceEnabled><Domain>WindowsLive</Domain></CircleAttributes><MessengerApplicationServiceCreated>false</MessengerApplicationServiceCreated></Info><Changes /><CreateDate>${now}</CreateDate><LastChange>${now}</LastChange></OwnerNamespace>`;
}

/** Members one by one, in their order; the first who cannot be found ends it. Throws SoapFault. */
function addMember({ action, session }: SoapCall): void {
  const unknown = new SoapFault("UserDoesNotExist", "User does not exist ");
  for (const [role, element] of namedMembers(action)) {
    if (!isAccepted(element)) throw unknown;
    const contact = session.hub.directory.byEmail(addressOf(element) ?? "");
    if (contact === undefined) throw unknown;
    // Nobody can be made to wait, and who is accepted is on the reverse list already; neither is refused.
    if (role === PL || role === RL) continue;
    ignoringRefusal(() => addContact(session.hub, session.account, contact, role, named(session, contact)));
  }
}

/** Only somebody new is called by the address. */
function named({ account }: NsSession, contact: Account): { given?: string } {
  return account.contacts.has(contact.id) ? {} : { given: contact.email };
}

/** Members one by one, by id or address; somebody who is on none of the lists ends it. Throws SoapFault. */
function deleteMember({ action, session }: SoapCall): void {
  const { account, hub } = session;
  for (const [role, element] of namedMembers(action)) {
    const id = textAt(element, "MembershipId")?.split("/")[1];
    const contact = id === undefined ? hub.directory.byEmail(addressOf(element) ?? "") : hub.directory.byId(id);
    if (contact === undefined || !account.contacts.has(contact.id)) {
      throw new SoapFault("MemberDoesNotExist", "Member does not exist ");
    }
    // The reverse list belongs to others; asking is no fault.
    if (role !== RL) ignoringRefusal(() => removeContact(hub, account, contact, role));
  }
}

/** What is on a list already, or is not on it, is no error in these services (source: msnp-chat §5.3). */
function ignoringRefusal(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof ListError) || error.fault === "list-full") throw error;
  }
}

/** The members of a request, each with the list it names. Throws SoapFault for a list that does not exist. */
function namedMembers(action: XmlElement): [role: number, member: XmlElement][] {
  return findAll(path(action, "memberships"), "Membership").flatMap((membership) => {
    const role = ROLES.get(textAt(membership, "MemberRole") ?? "");
    if (role === undefined) throw new SoapFault("BadArgument", "There is no such list");
    return childrenOf(path(membership, "Members"), "Member").map((element): [number, XmlElement] => [role, element]);
  });
}

/** The type of a member is said twice, and both must agree (source: msnp-chat §5.3). */
function isAccepted(element: XmlElement): boolean {
  const type = textAt(element, "Type");
  const kinds = type === "Passport" || type === "Email" ? `${type}Member` : undefined;
  return kinds !== undefined && element.attributes.type === kinds && textAt(element, "State") === "Accepted";
}

function addressOf(element: XmlElement): string | undefined {
  return textAt(element, "PassportName") ?? textAt(element, "Email");
}
