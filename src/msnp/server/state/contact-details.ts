/** Single values of a contact, by the element that carries them (source: msnp-chat §5.4). */
export type DetailName =
  | "firstName"
  | "MiddleName"
  | "lastName"
  | "birthdate"
  | "Anniversary"
  | "comment"
  | "primaryEmailType";

export const EMAIL_KINDS = [
  "ContactEmailBusiness",
  "ContactEmailMessenger",
  "ContactEmailOther",
  "ContactEmailPersonal",
] as const;

export const PHONE_KINDS = [
  "ContactPhoneBusiness",
  "ContactPhoneFax",
  "ContactPhonePager",
  "ContactPhoneMobile",
  "ContactPhoneOther",
  "ContactPhonePersonal",
] as const;

export const SITE_KINDS = ["ContactWebSiteBusiness", "ContactWebSitePersonal"] as const;

export const LOCATION_KINDS = ["ContactLocationPersonal", "ContactLocationBusiness"] as const;

/** Parts of a location, by the name that changes of them have, and the element that carries each. */
export const LOCATION_PARTS: ReadonlyMap<string, string> = new Map([
  ["Name", "name"],
  ["Street", "street"],
  ["City", "city"],
  ["State", "state"],
  ["Country", "country"],
  ["PostalCode", "postalCode"],
]);

/** Longest single value in characters. */
export const MAX_DETAIL = 1024;

/** What an owner's address book says about a contact beyond lists and groups; there is one value of each kind at most. */
export class ContactDetails {
  readonly texts = new Map<DetailName, string>();
  readonly emails = new Map<string, string>();
  readonly phones = new Map<string, string>();
  readonly sites = new Map<string, string>();
  /** By kind, then by element. */
  readonly locations = new Map<string, Map<string, string>>();
  messengerUser = true;
}

/** Sets a value, or takes it away when there is none. */
export function setOrDelete<K>(map: Map<K, string>, key: K, value: string | undefined): void {
  if (value === undefined || value === "") map.delete(key);
  else map.set(key, value);
}
