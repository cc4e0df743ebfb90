import { type RawXml, xml } from "../../soap/xml.ts";
import { cidDecimal } from "../ids.ts";
import type { NsSession } from "../ns/session.ts";
import { knownName } from "../presence.ts";
import type { Account, ContactEntry, Group } from "../state/account.ts";
import type { ContactDetails } from "../state/contact-details.ts";
import { FL } from "../state/lists.ts";
import { circleContacts, circleResult } from "./circles-xml.ts";
import { contactLists, contactTexts } from "./contact-details-xml.ts";
import { ADDRESS_BOOK_NAMESPACE, webTime } from "./soap.ts";

const OWN_BOOK = "00000000-0000-0000-0000-000000000000";
const MESSENGER_GROUP = "c8529ce2-6ead-434d-881f-341e17db3ff8";
const NEVER = "0001-01-01T00:00:00";

interface Book {
  readonly groups: RawXml[];
  readonly contacts: RawXml[];
  readonly about: RawXml;
}

function readBook(account: Account, now: number): Book {
  const time = webTime(now);
  const forward = [...account.contacts.values()].filter((entry) => (entry.lists & FL) !== 0);
  return {
    groups: [...account.groups.values()].map((group) => groupEntry(group, time)),
    contacts: [...forward.map((entry) => contactEntry(account, entry, time)), selfEntry(account, time)],
    about: xml`<abId>${OWN_BOOK}</abId><abInfo><ownerPuid>0</ownerPuid><OwnerCID>${cidDecimal(account.id)}</OwnerCID><ownerEmail>${account.email}</ownerEmail><fDefault>true</fDefault><joinedNamespace>false</joinedNamespace><IsBot>false</IsBot><IsParentManaged>false</IsParentManaged><SubscribeExternalPartner>false</SubscribeExternalPartner><NotifyExternalPartner>false</NotifyExternalPartner><AddressBookType>Individual</AddressBookType></abInfo><lastChange>${time}</lastChange><DynamicItemLastChanged>${NEVER}</DynamicItemLastChanged><createDate>${time}</createDate><propertiesChanged />`,
  };
}

/** The result of ABFindAll, whose elements begin with small letters (source: msnp-chat §5.4). */
export function wholeBook(account: Account, now: number): RawXml {
  const { groups, contacts, about } = readBook(account, now);
  return xml`<ABFindAllResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ABFindAllResult><groups>${groups}</groups><contacts>${contacts}</contacts><ab>${about}</ab></ABFindAllResult></ABFindAllResponse>`;
}

/** The result of ABFindContactsPaged, whose elements begin with capitals; circles stand before the owner. */
export function contactsPage(session: NsSession, now: number): RawXml {
  const time = webTime(now);
  const { groups, contacts, about } = readBook(session.account, now);
  return xml`<ABFindContactsPagedResponse xmlns="${ADDRESS_BOOK_NAMESPACE}"><ABFindContactsPagedResult><Groups>${groups}</Groups><Contacts>${[...contacts.slice(0, -1), ...circleContacts(session, time), ...contacts.slice(-1)]}</Contacts>${circleResult(session, time)}<Ab>${about}</Ab></ABFindContactsPagedResult></ABFindContactsPagedResponse>`;
}

function groupEntry({ id, name, favourite = false }: Group, time: string): RawXml {
  return xml`<Group><groupId>${id}</groupId><groupInfo>${annotations([["MSN.IM.Display", "1"]])}<groupType>${MESSENGER_GROUP}</groupType><name>${name}</name><IsNotMobileVisible>false</IsNotMobileVisible><IsPrivate>false</IsPrivate><IsFavorite>${favourite}</IsFavorite></groupInfo><propertiesChanged /><fDeleted>false</fDeleted><lastChange>${time}</lastChange></Group>`;
}

function contactEntry(owner: Account, entry: ContactEntry, time: string): RawXml {
  const { account, groups, nickname, details } = entry;
  const groupIds =
    groups.size === 0 ? [] : xml`<groupIds>${[...groups].map((id) => xml`<guid>${id}</guid>`)}</groupIds>`;
  const notes = nickname === undefined ? [] : annotations([["AB.NickName", nickname]]);
  const names = contactTexts(details, ["firstName", "MiddleName", "lastName"]);
  const info = xml`${contactLists(details)}${notes}<contactType>Regular</contactType>${naming(account, knownName(owner, entry), names)}${groupIds}${trailer(account, details?.messengerUser ?? true, details)}`;
  return contact(account.id, info, time);
}

/** The owner among the contacts, with the settings (source: msnp-chat §5.4). */
function selfEntry(account: Account, time: string): RawXml {
  const { gtc, blp } = account.settings;
  const settings = annotations([
    ["MSN.IM.MBEA", "0"],
    ["MSN.IM.GTC", gtc === undefined ? "0" : gtc === "A" ? "1" : "2"],
    ["MSN.IM.BLP", blp === undefined ? "0" : blp === "AL" ? "1" : "2"],
    ...account.settings.annotations,
  ]);
  return contact(
    account.id,
    xml`${settings}<contactType>Me</contactType>${naming(account, account.displayName)}${trailer(account, false)}`,
    time,
  );
}

function contact(id: string, info: RawXml, time: string): RawXml {
  return xml`<Contact><contactId>${id}</contactId><contactInfo>${info}</contactInfo><propertiesChanged /><fDeleted>false</fDeleted><lastChange>${time}</lastChange></Contact>`;
}

/** Where there is no name, Escargot writes what its language calls nothing. */
function naming({ email }: Account, displayName = "None", names: readonly RawXml[] = []): RawXml {
  return xml`<quickName>${displayName}</quickName>${names}<passportName>${email}</passportName><IsPassportNameHidden>false</IsPassportNameHidden><displayName>${displayName}</displayName><puid>0</puid>`;
}

function trailer({ id }: Account, messenger: boolean, details?: ContactDetails): RawXml {
  const birthdate = details?.texts.get("birthdate") ?? NEVER;
  const email = details?.texts.get("primaryEmailType") ?? "ContactEmailPersonal";
  return xml`<CID>${cidDecimal(id)}</CID><IsNotMobileVisible>false</IsNotMobileVisible><isMobileIMEnabled>false</isMobileIMEnabled><isMessengerUser>${messenger}</isMessengerUser><isFavorite>false</isFavorite><isSmtp>false</isSmtp><hasSpace>false</hasSpace><spotWatchState>NoDevice</spotWatchState><birthdate>${birthdate}</birthdate>${contactTexts(details, ["Anniversary", "comment"])}<primaryEmailType>${email}</primaryEmailType><PrimaryLocation>ContactLocationPersonal</PrimaryLocation><PrimaryPhone>ContactPhonePersonal</PrimaryPhone><IsPrivate>false</IsPrivate><Gender>Unspecified</Gender><TimeZone>None</TimeZone>`;
}

function annotations(pairs: readonly (readonly [name: string, value: string])[]): RawXml {
  const list = pairs.map(([name, value]) => xml`<Annotation><Name>${name}</Name><Value>${value}</Value></Annotation>`);
  return xml`<annotations>${list}</annotations>`;
}
