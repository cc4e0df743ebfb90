import { child, childrenOf, findAll, path, textAt, type XmlElement } from "../../soap/xml.ts";
import { setPrivacy } from "../contacts.ts";
import type { NsSession } from "../ns/session.ts";
import type { ContactEntry } from "../state/account.ts";
import {
  ContactDetails,
  type DetailName,
  EMAIL_KINDS,
  LOCATION_KINDS,
  LOCATION_PARTS,
  MAX_DETAIL,
  PHONE_KINDS,
  SITE_KINDS,
  setOrDelete,
} from "../state/contact-details.ts";
import { WebError } from "./server.ts";
import { tooLong } from "./soap-faults.ts";

/** A change that has been checked and only waits to be made. */
export type Change = () => void;

type Reader = (info: XmlElement, details: ContactDetails) => Change[];

const SINGLE: Readonly<Record<string, DetailName>> = {
  ContactFirstName: "firstName",
  ContactLastName: "lastName",
  MiddleName: "MiddleName",
  Comment: "comment",
};

const NEVER = "0001-01-01T00:00:00";

/** How each property of a contact is read; names that are not here are passed over (source: msnp-chat §5.4). */
const READERS: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries(Object.entries(SINGLE).map(([property, name]) => [property, single(name)])),
  Anniversary: single("Anniversary", (value) => /^\d{4}\/\d{1,2}\/\d{1,2}$/.test(value)),
  ContactBirthDate: single("birthdate", (value) => value === NEVER || value.endsWith("Z")),
  ContactPrimaryEmailType: single("primaryEmailType", (value) => PRIMARY_EMAILS.has(value), true),
  IsMessengerUser: (info, details) => {
    const value = required(textAt(info, "isMessengerUser"));
    return [() => (details.messengerUser = value === "true")];
  },
  ContactEmail: (info, details) => {
    const list = { container: "emails", item: "ContactEmail", kind: "contactEmailType", value: "email" };
    return changedItems(info, { ...list, kinds: EMAIL_KINDS, part: "Email", into: details.emails });
  },
  ContactPhone: (info, details) => {
    const list = { container: "phones", item: "ContactPhone", kind: "contactPhoneType", value: "number" };
    return changedItems(info, { ...list, kinds: PHONE_KINDS, part: "Number", into: details.phones });
  },
  ContactWebSite: (info, details) => {
    const list = { container: "webSites", item: "ContactWebSite", kind: "contactWebSiteType", value: "webURL" };
    return changedItems(info, { ...list, kinds: SITE_KINDS, part: undefined, into: details.sites });
  },
  ContactLocation: locations,
};

const PRIMARY_EMAILS = new Set<string>(["Passport", ...EMAIL_KINDS].filter((kind) => kind !== "ContactEmailMessenger"));

/**
 * The changes that a `Contact` of ABContactUpdate asks of an entry, all of them checked, none made. Throws WebError 500
 * for a value that is missing or cannot be, as Escargot answers.
 */
export function contactChanges(entry: ContactEntry, info: XmlElement, properties: readonly string[]): Change[] {
  const details = entry.details ?? new ContactDetails();
  const changes = properties.flatMap((property) =>
    Object.hasOwn(READERS, property) ? (READERS[property]?.(info, details) ?? []) : [],
  );
  if (changes.length > 0) changes.push(() => (entry.details = details));
  if (properties.includes("Annotation")) changes.push(() => setNickname(entry, info));
  return changes;
}

/** The owner's own contact: only its annotations count, one's name is changed by PRP MFN (source: msnp-chat §5.4). */
export function ownChanges(session: NsSession, info: XmlElement, properties: readonly string[]): Change[] {
  if (!properties.includes("Annotation")) return [];
  const { account, hub } = session;
  return annotationsOf(info).flatMap(([name, value]): Change[] => {
    switch (name) {
      case "MSN.IM.BLP": {
        const number = smallNumber(value);
        return [() => setPrivacy(hub, account, ([undefined, "AL", "BL"] as const)[number])];
      }
      case "MSN.IM.GTC": {
        const number = smallNumber(value);
        return [() => setOrForget(account.settings, ([undefined, "A", "N"] as const)[number])];
      }
      case "MSN.IM.MPOP":
      case "MSN.IM.RoamLiveProperties":
        if (value.length > MAX_DETAIL) throw tooLong("Annotation");
        return [() => setOrDelete(account.settings.annotations, name, value)];
      default:
        return [];
    }
  });
}

function setOrForget(settings: { gtc?: "A" | "N" }, value: "A" | "N" | undefined): void {
  if (value === undefined) delete settings.gtc;
  else settings.gtc = value;
}

/** 0, 1 or 2, nothing being 0. */
function smallNumber(text: string): number {
  if (!/^[012]?$/.test(text)) throw new WebError({ status: 500 });
  return Number(text);
}

/** Names and values of all annotations. */
export function annotationsOf(info: XmlElement | undefined): [name: string, value: string][] {
  return findAll(info, "Annotation").map((one) => [textAt(one, "Name") ?? "", textAt(one, "Value") ?? ""]);
}

/** What the owner calls a contact; nothing takes the name away. */
export function setNickname(entry: ContactEntry, info: XmlElement | undefined): void {
  for (const [name, value] of annotationsOf(info)) {
    if (name !== "AB.NickName") continue;
    if (value.length > MAX_DETAIL) throw tooLong("Annotation");
    if (value === "") delete entry.nickname;
    else entry.nickname = value;
  }
}

function required(value: string | undefined): string {
  if (value === undefined) throw new WebError({ status: 500 });
  if (value.length > MAX_DETAIL) throw tooLong("contactInfo");
  return value;
}

function single(name: DetailName, isValid: (value: string) => boolean = () => true, needed = false): Reader {
  return (info, details) => {
    const given = textAt(info, name);
    const value = given === undefined && !needed ? "" : required(given);
    if (value !== "" && !isValid(value)) throw new WebError({ status: 500 });
    return [() => setOrDelete(details.texts, name, value === NEVER ? undefined : value)];
  };
}

interface ItemList {
  readonly container: string;
  readonly item: string;
  /** Element that says which of its kind an item is. */
  readonly kind: string;
  readonly kinds: readonly string[];
  readonly value: string;
  /** What `propertiesChanged` of an item may name; undefined when items have none. */
  readonly part: string | undefined;
  readonly into: Map<string, string>;
}

function changedItems(info: XmlElement, list: ItemList): Change[] {
  return childrenOf(path(info, list.container), list.item).flatMap((item): Change[] => {
    const kind = kindOf(item, list.kind, list.kinds);
    if (list.part !== undefined && changedParts(item, "propertiesChanged", [list.part]).length === 0) return [];
    const given = child(item, list.value)?.text.trim();
    const value = given === undefined ? undefined : required(given);
    return [() => setOrDelete(list.into, kind, value)];
  });
}

function locations(info: XmlElement, details: ContactDetails): Change[] {
  return childrenOf(path(info, "locations"), "ContactLocation").flatMap((item): Change[] => {
    const kind = kindOf(item, "contactLocationType", LOCATION_KINDS);
    const parts = changedParts(item, "Changes", [...LOCATION_PARTS.keys()]);
    if (parts.includes("Name") && kind !== "ContactLocationBusiness") throw new WebError({ status: 500 });
    return parts.map((part): Change => {
      const name = LOCATION_PARTS.get(part) ?? part;
      const given = textAt(item, name);
      const value = given === undefined ? undefined : required(given);
      return () => {
        const location = details.locations.get(kind) ?? new Map<string, string>();
        setOrDelete(location, name, value);
        details.locations.set(kind, location);
      };
    });
  });
}

function kindOf(item: XmlElement, name: string, kinds: readonly string[]): string {
  const kind = textAt(item, name) ?? "";
  if (!kinds.includes(kind)) throw new WebError({ status: 500 });
  return kind;
}

function changedParts(item: XmlElement, name: string, known: readonly string[]): string[] {
  const parts = required(textAt(item, name)).split(/\s+/).filter(Boolean);
  if (parts.some((part) => !known.includes(part))) throw new WebError({ status: 500 });
  return parts;
}
