import { childrenOf, findAll, path, type RawXml, textAt, type XmlElement, xml } from "../../soap/xml.ts";
import { addContact, removeContact } from "../contacts.ts";
import { cidDecimal } from "../ids.ts";
import type { NsSession } from "../ns/session.ts";
import type { Account, ContactEntry } from "../state/account.ts";
import { AL, BL, FL, ListError, PL, RL } from "../state/lists.ts";
import type { WebAnswer, WebRequest } from "./server.ts";
import { ADDRESS_BOOK_NAMESPACE, answerCall, type SoapCall, SoapFault } from "./soap.ts";

const ROLES: ReadonlyMap<string, number> = new Map([
  ["Allow", AL],
  ["Block", BL],
  ["Reverse", RL],
  ["Pending", PL],
]);

/** Who may see whom: the allow, block, reverse and pending lists (source: msnp-chat §5.3). */
export function sharing(request: WebRequest): WebAnswer {
  return answerCall(
    request,
    new Map([
      ["FindMembership", findMembership],
      ["AddMember", addMember],
      ["DeleteMember", deleteMember],
    ]),
  );
}

function findMembership({ session }: SoapCall): RawXml {
  const { account, hub } = session;
  const now = new Date(hub.now()).toISOString();
  const entries = [...account.contacts.values()];
  const lists = [...ROLES].map(([role, bit]) => {
    const members = entries.filter((entry) => isOnRole(entry, bit)).map((entry) => member(role, entry.account, now));
    return xml`<Membership><MemberRole>${role}</MemberRole><Members>${members}</Members><MembershipIsComplete>true</MembershipIsComplete></Membership>`;
  });
  return xml`<FindMembershipResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><FindMembershipResult><Services><Service><Memberships>${lists}</Memberships><Info><Handle><Id>1</Id><Type>Messenger</Type><ForeignId /></Handle><InverseRequired>false</InverseRequired><AuthorizationCriteria>Everyone</AuthorizationCriteria><IsBot>false</IsBot></Info><Changes /><LastChange>${now}</LastChange><Deleted>false</Deleted></Service></Services>${owner(account, now)}</FindMembershipResult></FindMembershipResponse>`;
}

/** People who wait for an answer stand under Pending alone (source: msnp-chat §5.3). */
function isOnRole(entry: ContactEntry, bit: number): boolean {
  if (bit === PL) return entry.pending && (entry.lists & FL) === 0;
  return !entry.pending && (entry.lists & bit) !== 0;
}

function member(role: string, { id, email }: Account, now: string): RawXml {
  return xml`<Member xsi:type="PassportMember"><MembershipId>${role}/${id}</MembershipId><Type>Passport</Type><State>Accepted</State><Deleted>false</Deleted><LastChanged>${now}</LastChanged><JoinedDate>${now}</JoinedDate><ExpirationDate>0001-01-01T00:00:00</ExpirationDate><Changes /><PassportName>${email}</PassportName><IsPassportNameHidden>false</IsPassportNameHidden><PassportId>0</PassportId><CID>${cidDecimal(id)}</CID><PassportChanges /><LookedupByCID>false</LookedupByCID></Member>`;
}

function owner({ id, email }: Account, now: string): RawXml {
  return xml`<OwnerNamespace><Info><Handle><Id>00000000-0000-0000-0000-000000000000</Id><IsPassportNameHidden>false</IsPassportNameHidden><CID>0</CID></Handle><CreatorPuid>0</CreatorPuid><CreatorCID>${cidDecimal(id)}</CreatorCID><CreatorPassportName>${email}</CreatorPassportName><CircleAttributes><IsPresenceEnabled>false</IsPresenceEnabled><Domain>WindowsLive</Domain></CircleAttributes><MessengerApplicationServiceCreated>false</MessengerApplicationServiceCreated></Info><Changes /><CreateDate>${now}</CreateDate><LastChange>${now}</LastChange></OwnerNamespace>`;
}

function addMember(call: SoapCall): RawXml {
  const { session } = call;
  const unknown = new SoapFault("UserDoesNotExist", "User does not exist");
  for (const [role, element] of namedMembers(call.action)) {
    if (!isAccepted(element)) throw unknown;
    const contact = session.hub.directory.byEmail(addressOf(element) ?? "");
    if (contact === undefined) throw unknown;
    // Accepting somebody who waits begins with a place on the reverse list, which is theirs already.
    if (role === PL) throw new SoapFault("BadArgument", "Nobody can be made to wait");
    if (role !== RL)
      ignoringRefusal(() => addContact(session.hub, session.account, contact, role, named(session, contact)));
  }
  return xml`<AddMemberResponse xmlns="${ADDRESS_BOOK_NAMESPACE}" />`;
}

/** Only somebody new is called by the address. */
function named({ account }: NsSession, contact: Account): { given?: string } {
  return account.contacts.has(contact.id) ? {} : { given: contact.email };
}

function deleteMember(call: SoapCall): RawXml {
  const { session } = call;
  const { account, hub } = session;
  for (const [role, element] of namedMembers(call.action)) {
    const id = textAt(element, "MembershipId")?.split("/")[1];
    const contact = id === undefined ? hub.directory.byEmail(addressOf(element) ?? "") : hub.directory.byId(id);
    if (contact === undefined || !account.contacts.has(contact.id)) {
      throw new SoapFault("MemberDoesNotExist", "Member does not exist");
    }
    if (role === RL) throw new SoapFault("BadArgument", "The reverse list belongs to others");
    ignoringRefusal(() => removeContact(hub, account, contact, role));
  }
  return xml`<DeleteMemberResponse xmlns="${ADDRESS_BOOK_NAMESPACE}" />`;
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
