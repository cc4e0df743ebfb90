import { childrenOf, find, findAll, path, type RawXml, textAt, xml } from "../../soap/xml.ts";
import { addContact, removeContact } from "../contacts.ts";
import type { Hub } from "../hub.ts";
import { NsSession } from "../ns/session.ts";
import type { Account } from "../state/account.ts";
import { CIRCLE_PREFIX, type Circle, CircleError, type CircleFault } from "../state/circles.ts";
import { FL } from "../state/lists.ts";
import { circleBook, circleContact, freshContact, memberContact, OWN_BOOK } from "./circles-xml.ts";
import { WebError } from "./server.ts";
import { ADDRESS_BOOK_NAMESPACE, envelope, type SoapCall, SoapFault, serviceHeader, webTime } from "./soap.ts";
import { faultOf, noSuchUser } from "./soap-faults.ts";

type Operation = (call: SoapCall) => RawXml;

/** Kind of relation: a person, or somebody of a circle (source: msnp21 §5.2). */
const PERSON = "3";
const CIRCLE = "5";
const JOIN = "1";
const DECLINE = "2";

/** Operations of the sharing service that make and silence circles (source: msnp-chat §5.3). */
export const SHARING_CIRCLES: readonly (readonly [name: string, operation: Operation])[] = [
  ["CreateCircle", createCircle],
];

/** Operations of the address book service that change who is in a circle (source: msnp-chat §6.3). */
export const ADDRESS_BOOK_CIRCLES: readonly (readonly [name: string, operation: Operation])[] = [
  ["CreateContact", createContact],
  ["ManageWLConnection", manageConnection],
  ["BreakConnection", breakConnection],
];

/** A bare 500, as for whatever makes no sense. */
function senseless(): WebError {
  return new WebError({ status: 500 });
}

/** ABFindContactsPaged of a circle in place of the own address book. */
export function withCircleBooks(ownBook: Operation): Operation {
  return (call) => {
    const circle = circleOf(call.session.hub, bookOf(call));
    if (circle?.membership(call.session.account) === undefined) return ownBook(call);
    return circleBook(circle, nowOf(call));
  };
}

/** AddMember and DeleteMember that name circles: Block silences one, and only ADL lets it speak again, as on Escargot. */
export function withCircleMembers(operation: (call: SoapCall) => void, adds: boolean): (call: SoapCall) => void {
  return (call) => {
    const memberships = findAll(path(call.action, "memberships"), "Membership");
    const named = memberships.flatMap((membership) =>
      childrenOf(path(membership, "Members"), "Member").map((member) => ({
        role: textAt(membership, "MemberRole"),
        member,
      })),
    );
    if (!named.some(({ member }) => member.attributes.type === "CircleMember")) {
      operation(call);
      return;
    }
    const { account, hub } = call.session;
    for (const { role, member } of named) {
      const circle = circleOf(hub, textAt(member, "CircleId") ?? "");
      if (circle?.membership(account) === undefined) throw senseless();
      if (adds && role === "Block") hub.gatherings.setBlocking(call.session, circle, true);
    }
  };
}

function bookOf({ action }: SoapCall): string {
  return textAt(path(action, "abHandle"), "ABId") ?? find(action, "ABId")?.text.trim() ?? OWN_BOOK;
}

function circleOf(hub: Hub, id: string): Circle | undefined {
  return id.toLowerCase().startsWith(CIRCLE_PREFIX) ? hub.circles.get(id) : undefined;
}

function nowOf({ session }: SoapCall): string {
  return webTime(session.hub.now());
}

/** Only one kind of circle exists (source: msnp-chat §5.3). */
function createCircle({ action, session }: SoapCall): RawXml {
  const { account, hub } = session;
  const properties = path(action, "properties");
  const presence = textAt(properties, "IsPresenceEnabled");
  const isKnown =
    textAt(properties, "Domain") === "1" &&
    textAt(properties, "HostedDomain") === "live.com" &&
    textAt(properties, "Type") === "2" &&
    (presence === "true" || presence === "false");
  const access = Number(textAt(properties, "MembershipAccess"));
  const circle =
    isKnown && Number.isInteger(access)
      ? hub.circles.create(account, textAt(properties, "DisplayName") ?? "", access)
      : undefined;
  if (circle === undefined) throw senseless();
  later(hub, () => {
    for (const other of circleClients(account)) {
      other.circles.add(circle);
      other.addressBookChanged();
    }
  });
  return xml`<CreateCircleResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><CreateCircleResult><Id>${circle.id}</Id></CreateCircleResult></CreateCircleResponse>`;
}

/** Escargot tells it a moment after the answer. */
function later(hub: Hub, tell: () => void): void {
  setTimeout(tell, hub.quirks.presenceDelayMs).unref();
}

function circleClients(account: Account): NsSession[] {
  return account.sessions.filter(
    (session): session is NsSession => session instanceof NsSession && session.dialect.circles,
  );
}

/**
 * Those clients of somebody who have shown their ticket; at MSNP21 all of them. Escargot rings the others to a board of
 * the circle, which this network does not have.
 */
function tellAuthenticated(account: Account): void {
  for (const session of circleClients(account)) {
    if (session.circles.authenticated || session.dialect.multipart) session.addressBookChanged();
  }
}

/** Names somebody: in a circle the first step of asking them in, in the own book a new contact (MSNP21 only). */
function createContact(call: SoapCall): RawXml {
  const { action, session } = call;
  const { account, hub } = session;
  const email = textAt(path(action, "contactHandle"), "Email") ?? "";
  const contact = hub.directory.byEmail(email);
  const book = bookOf(call);
  const circle = circleOf(hub, book);
  if (circle === undefined ? book !== OWN_BOOK || !session.dialect.multipart : !circle.mayInvite(account)) {
    throw senseless();
  }
  if (contact === undefined) throw noSuchUser(email);
  if (circle === undefined) addContact(hub, account, contact, FL, { given: contact.email });
  else nameSomebody(circle, contact);
  return xml`<CreateContactResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><CreateContactResult>${freshContact(contact, nowOf(call))}</CreateContactResult></CreateContactResponse>`;
}

function nameSomebody(circle: Circle, contact: Account): void {
  try {
    circle.nameSomebody(contact);
  } catch (error) {
    if (!(error instanceof CircleError)) throw error;
    throw error.fault === "already-member" ? faultOf("already-on-list") : senseless();
  }
}

/** Asking in, accepting and declining; at MSNP21 people become contacts by it, too (source: msnp-chat §6.3). */
function manageConnection(call: SoapCall): RawXml {
  const { action, session } = call;
  const contactId = textAt(action, "contactId");
  if (contactId === undefined || textAt(action, "connection") !== "true") throw senseless();
  const [type, deed, role] = ["relationshipType", "action", "relationshipRole"].map((name) => textAt(action, name));
  const book = bookOf(call);
  if (book === OWN_BOOK && type === PERSON && session.dialect.multipart) return connectPerson(call, contactId);
  const circle = circleOf(session.hub, book === OWN_BOOK ? contactId : book);
  if (type !== CIRCLE) throw failure(call, "Relationship type not suitable for non-specialized contacts");
  if (circle === undefined) throw senseless();
  const isOwn = book === OWN_BOOK;
  const subject = isOwn ? session.account : session.hub.directory.byId(contactId);
  if (subject === undefined) throw new SoapFault("ContactDoesNotExist", "Contact Does Not Exist ");
  if (circle.membership(subject) === undefined) throw senseless();
  try {
    if (isOwn && deed === JOIN && role === "0") accept(session, circle);
    else if (isOwn && deed === DECLINE) decline(session, circle);
    else if (!isOwn && deed === JOIN && role === "3") invite(call, circle, subject);
    else throw failure(call, `RelationshipRole ${role ?? ""} not currently supported for this relationship type`);
  } catch (error) {
    if (error instanceof CircleError) throw refusal(call, error.fault, subject);
    throw error;
  }
  return connectionResult(circle, subject, isOwn, nowOf(call));
}

function connectPerson(call: SoapCall, contactId: string): RawXml {
  const { account, hub } = call.session;
  const contact = hub.directory.byId(contactId);
  if (contact === undefined || !account.contacts.has(contact.id)) throw faultOf("no-such-account");
  addContact(hub, account, contact, FL);
  return result(freshContact(contact, nowOf(call)));
}

function connectionResult(circle: Circle, subject: Account, isOwn: boolean, now: string): RawXml {
  const membership = circle.membership(subject);
  if (membership === undefined) throw senseless();
  return result(isOwn ? circleContact(circle, membership, now) : memberContact(circle, membership, now));
}

function result(contact: RawXml): RawXml {
  return xml`<ManageWLConnectionResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ManageWLConnectionResult><clientErrorData />${contact}</ManageWLConnectionResult></ManageWLConnectionResponse>`;
}

/** Not a fault, but an answer that says what is wrong. */
function failure({ request }: SoapCall, text: string, status = 500): WebError {
  const body = xml`<ManageWLConnectionResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ManageWLConnectionResult><clientErrorData>${text}</clientErrorData></ManageWLConnectionResult></ManageWLConnectionResponse>`;
  return new WebError({ status, body: envelope(body, serviceHeader(request)) });
}

/** Somebody who is in it already is no error to the transport. */
function refusal(call: SoapCall, fault: CircleFault, { email }: Account): WebError {
  switch (fault) {
    case "already-member":
      return failure(call, `User \`${email}\` already accepted in \`GroupChat\``, 200);
    case "already-invited":
      return failure(call, `User \`${email}\` already invited to \`GroupChat\``);
    default:
      return failure(call, `User \`${email}\` does not have membership in \`GroupChat\``);
  }
}

function invite(call: SoapCall, circle: Circle, invitee: Account): void {
  const { account, hub } = call.session;
  if (!circle.mayInvite(account)) {
    throw failure(call, "Caller is not in `GroupChat` or does not have sufficient privileges to perform this action");
  }
  const annotations = findAll(path(call.action, "annotations"), "Annotation");
  const note = annotations.find((annotation) => textAt(annotation, "Name") === "MSN.IM.InviteMessage");
  circle.invite(invitee, { account, name: account.name, message: textAt(note, "Value") });
  tellAuthenticated(invitee);
  hub.gatherings.notice(circle);
}

function accept({ account, hub }: NsSession, circle: Circle): void {
  circle.accept(account);
  hub.gatherings.notice(circle, account);
  later(hub, () => tellAuthenticated(account));
}

function decline({ account, hub }: NsSession, circle: Circle): void {
  circle.decline(account);
  hub.gatherings.declined(circle);
  later(hub, () => tellAuthenticated(account));
}

/** Leaving a circle: only oneself. In the own book, at MSNP21, somebody stops being a contact (source: msnp21 §5.2, §6). */
function breakConnection(call: SoapCall): RawXml {
  const { action, session } = call;
  const { account, hub } = session;
  const contactId = textAt(action, "contactId")?.toLowerCase();
  const book = bookOf(call);
  const circle = circleOf(hub, book);
  if (circle !== undefined && contactId === account.id) leave(session, circle);
  else if (book === OWN_BOOK && session.dialect.multipart) disconnectPerson(session, contactId ?? "");
  else throw senseless();
  return xml`<BreakConnectionResponse xmlns="${ADDRESS_BOOK_NAMESPACE}" />`;
}

function disconnectPerson({ account, hub }: NsSession, contactId: string): void {
  const entry = account.contacts.get(contactId);
  if (entry === undefined) throw faultOf("no-such-account");
  if ((entry.lists & FL) !== 0) removeContact(hub, account, entry.account, FL);
}

function leave({ account, hub }: NsSession, circle: Circle): void {
  try {
    circle.leave(account);
  } catch (error) {
    if (error instanceof CircleError) throw senseless();
    throw error;
  }
  hub.gatherings.left(circle, account);
  later(hub, () => {
    for (const session of circleClients(account)) {
      session.circles.forget(circle);
      session.addressBookChanged();
    }
  });
}
