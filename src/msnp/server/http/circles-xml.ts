import { type RawXml, xml } from "../../soap/xml.ts";
import { cidDecimal } from "../ids.ts";
import type { NsSession } from "../ns/session.ts";
import type { Account } from "../state/account.ts";
import { type Circle, type Membership, ROLES, STATES } from "../state/circles.ts";
import { ADDRESS_BOOK_NAMESPACE } from "./soap.ts";

export const OWN_BOOK = "00000000-0000-0000-0000-000000000000";
const NEVER = "0001-01-01T00:00:00";

interface Entry {
  readonly id: string;
  readonly type: "Circle" | "Live" | "LivePending" | "Me";
  readonly quickName: string;
  readonly passportName: string;
  readonly displayName: string;
  readonly hidden?: boolean;
  readonly network?: RawXml | undefined;
  readonly deleted?: boolean;
}

/** What stands between the tags of a contact of circles (source: msnp-chat §5.4, §6.2). */
function inside(entry: Entry, now: string): RawXml {
  const { id, type, hidden = false, network, deleted = false } = entry;
  const names = xml`<contactType>${type}</contactType><quickName>${entry.quickName}</quickName><passportName>${entry.passportName}</passportName><IsPassportNameHidden>false</IsPassportNameHidden><displayName>${entry.displayName}</displayName><puid>0</puid><CID>${cidDecimal(id)}</CID>`;
  const flags = xml`<IsNotMobileVisible>false</IsNotMobileVisible><isMobileIMEnabled>false</isMobileIMEnabled><isMessengerUser>false</isMessengerUser><isFavorite>false</isFavorite><isSmtp>false</isSmtp><hasSpace>false</hasSpace><spotWatchState>NoDevice</spotWatchState><birthdate>${NEVER}</birthdate><primaryEmailType>ContactEmailPersonal</primaryEmailType><PrimaryLocation>ContactLocationPersonal</PrimaryLocation><PrimaryPhone>ContactPhonePersonal</PrimaryPhone><IsPrivate>false</IsPrivate><IsHidden>${hidden}</IsHidden><Gender>Unspecified</Gender><TimeZone>None</TimeZone>`;
  const networks = network === undefined ? [] : xml`<NetworkInfoList>${network}</NetworkInfoList>`;
  return xml`<contactId>${id}</contactId><contactInfo>${names}${flags}${networks}<IsAutoUpdateDisabled>false</IsAutoUpdateDisabled><IsShellContact>false</IsShellContact><TrustLevel>0</TrustLevel><PropertiesChanged /></contactInfo><propertiesChanged /><fDeleted>${deleted}</fDeleted><CreateDate>${now}</CreateDate><lastChange>${now}</lastChange><CreatedBy>96</CreatedBy>`;
}

function relation(
  membership: Membership,
  circle: Circle,
  state: number,
  role: number,
  tag: RawXml | readonly RawXml[],
  now: string,
): RawXml {
  const { inviter, account } = membership;
  const message = inviter?.message === undefined ? [] : xml`<InviterMessage>${inviter.message}</InviterMessage>`;
  const cid = account === circle.owner || inviter === undefined ? "0" : cidDecimal(inviter.account.id);
  const by =
    inviter === undefined
      ? []
      : xml`<InviterName>${inviter.name}</InviterName><InviterEmail>${inviter.account.email}</InviterEmail>`;
  return xml`<NetworkInfo><DomainId>1</DomainId><SourceId>WL</SourceId>${tag}<RelationshipType>5</RelationshipType><RelationshipState>${state}</RelationshipState><RelationshipStateDate>${now}</RelationshipStateDate><RelationshipRole>${role}</RelationshipRole><NDRCount>0</NDRCount>${message}<InviterCID>${cid}</InviterCID>${by}<CreateDate>${now}</CreateDate><LastUpdated>${now}</LastUpdated><PropertiesChanged /></NetworkInfo>`;
}

/** A circle as a contact of one of its people. */
export function circleContact(circle: Circle, membership: Membership, now: string): RawXml {
  const tag = circle.id.toUpperCase();
  const isAdmin = membership.role === "Admin";
  const tags = isAdmin ? [] : xml`<DomainTag>${tag}</DomainTag><DisplayName>${tag}</DisplayName>`;
  const role = membership.role === "StatePendingOutbound" ? ROLES.StatePendingOutbound : ROLES.Empty;
  const passportName = `${tag}@hotmail.com`;
  return inside(
    {
      id: circle.id,
      type: "Circle",
      quickName: "circle",
      passportName,
      displayName: isAdmin ? circle.name : passportName,
      hidden: true,
      network: relation(membership, circle, STATES[membership.state], role, tags, now),
    },
    now,
  );
}

/** A person as a contact of a circle. */
export function memberContact(circle: Circle, membership: Membership, now: string): RawXml {
  const { account, role, state } = membership;
  const isOut = role === "Empty" || state === "Empty";
  const isNamed = role === "Empty" && state === "Empty";
  const isPending = state === "WaitingResponse" || state === "Rejected" || isNamed;
  // Who was asked shows as somebody who left, and as the member they will be.
  const shownState = state === "WaitingResponse" ? STATES.Left : STATES[state];
  const shownRole = role === "StatePendingOutbound" ? ROLES.Member : ROLES[role];
  return inside(
    {
      id: account.id,
      type: isPending ? "LivePending" : "Live",
      ...namedBy(account),
      network: isOut ? undefined : relation(membership, circle, shownState, shownRole, [], now),
      deleted: state === "Rejected" || (state === "Empty" && role !== "Empty"),
    },
    now,
  );
}

function namedBy({ email }: Account): Pick<Entry, "quickName" | "passportName" | "displayName"> {
  return { quickName: email, passportName: email, displayName: email };
}

/** The circles of an account as contacts of its own address book. */
export function circleContacts({ account, hub }: NsSession, now: string): RawXml[] {
  return hub.circles.of(account).flatMap((circle) => {
    const membership = circle.membership(account);
    return membership === undefined ? [] : xml`<Contact>${circleContact(circle, membership, now)}</Contact>`;
  });
}

/** Circles with the own role in them, and the ticket for them (source: msnp-chat §6.2). */
export function circleResult(session: NsSession, now: string): RawXml {
  const { account, hub } = session;
  const circles = hub.circles.of(account).flatMap((circle) => {
    const membership = circle.membership(account);
    const isShown = membership?.state === "Accepted" || membership?.state === "WaitingResponse";
    return isShown ? circleInfo(circle, membership, now) : [];
  });
  const list = circles.length === 0 ? [] : xml`<Circles>${circles}</Circles>`;
  return xml`<CircleResult>${list}<CircleTicket>${session.circleTicket}</CircleTicket></CircleResult>`;
}

function circleInfo({ id, name, membershipAccess }: Circle, { role, state }: Membership, now: string): RawXml {
  const info = xml`<Info><Domain>1</Domain><HostedDomain>live.com</HostedDomain><Type>2</Type><MembershipAccess>${membershipAccess}</MembershipAccess><IsPresenceEnabled>true</IsPresenceEnabled><RequestMembershipOption>2</RequestMembershipOption><DisplayName>${name}</DisplayName><ProfileLastUpdated>${NEVER}</ProfileLastUpdated><Changes /><CreateDate>${NEVER}</CreateDate><LastUpdated>${now}</LastUpdated></Info>`;
  return xml`<CircleInverseInfo><Content><Handle><Id>${id}</Id></Handle>${info}</Content><PersonalInfo><MembershipInfo><CirclePersonalMembership><Role>${role}</Role><State>${state}</State></CirclePersonalMembership></MembershipInfo><Name>${name}</Name><IsNotMobileVisible>false</IsNotMobileVisible><IsFavorite>false</IsFavorite><IsFamily>false</IsFamily><Changes /></PersonalInfo><Deleted>false</Deleted></CircleInverseInfo>`;
}

/** The address book of a circle: its people, and the circle itself as their owner. */
export function circleBook(circle: Circle, now: string): RawXml {
  const people = [...circle.memberships.values()].map(
    (membership) => xml`<Contact>${memberContact(circle, membership, now)}</Contact>`,
  );
  const address = `${circle.id}@live.com`;
  const self: Entry = { id: circle.id, type: "Me", quickName: circle.id, passportName: address, displayName: address };
  const about = xml`<abId>${circle.id}</abId><abInfo><ownerPuid>0</ownerPuid><OwnerCID>${cidDecimal(circle.id)}</OwnerCID><ownerEmail>${address}</ownerEmail><fDefault>true</fDefault><joinedNamespace>false</joinedNamespace><IsBot>false</IsBot><IsParentManaged>false</IsParentManaged><AccountTierLastChanged>${NEVER}</AccountTierLastChanged><ProfileVersion>0</ProfileVersion><SubscribeExternalPartner>false</SubscribeExternalPartner><NotifyExternalPartner>false</NotifyExternalPartner><AddressBookType>Group</AddressBookType></abInfo><lastChange>${now}</lastChange><DynamicItemLastChanged>${NEVER}</DynamicItemLastChanged><createDate>${now}</createDate><propertiesChanged />`;
  return xml`<ABFindContactsPagedResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ABFindContactsPagedResult><Contacts>${people}<Contact>${inside(self, now)}</Contact></Contacts><Ab>${about}</Ab></ABFindContactsPagedResult></ABFindContactsPagedResponse>`;
}

/** Somebody as a new contact, before anything else about them is known. */
export function freshContact(account: Account, now: string): RawXml {
  return inside({ id: account.id, type: "LivePending", ...namedBy(account) }, now);
}
