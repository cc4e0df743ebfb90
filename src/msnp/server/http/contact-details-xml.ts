import { type RawXml, xml } from "../../soap/xml.ts";
import {
  type ContactDetails,
  type DetailName,
  EMAIL_KINDS,
  LOCATION_KINDS,
  LOCATION_PARTS,
  PHONE_KINDS,
  SITE_KINDS,
} from "../state/contact-details.ts";

/** Single values of a contact as elements; those it does not have are left out (source: msnp-chat §5.4). */
export function contactTexts(details: ContactDetails | undefined, names: readonly DetailName[]): RawXml[] {
  return names.flatMap((name) => element(name, details?.texts.get(name)));
}

/** Addresses, phones, places and sites of a contact; empty lists are left out. */
export function contactLists(details: ContactDetails | undefined): RawXml[] {
  if (details === undefined) return [];
  return [
    ...list("emails", EMAIL_KINDS, (kind) => {
      const email = details.emails.get(kind);
      if (email === undefined) return [];
      return xml`<ContactEmail><contactEmailType>${kind}</contactEmailType><email>${email}</email><isMessengerEnabled>false</isMessengerEnabled><Capability>0</Capability><MessengerEnabledExternally>false</MessengerEnabledExternally></ContactEmail>`;
    }),
    ...list("phones", PHONE_KINDS, (kind) => {
      const number = details.phones.get(kind);
      if (number === undefined) return [];
      return xml`<ContactPhone><contactPhoneType>${kind}</contactPhoneType><number>${number}</number><isMessengerEnabled>false</isMessengerEnabled></ContactPhone>`;
    }),
    ...list("locations", LOCATION_KINDS, (kind) => location(kind, details.locations.get(kind))),
    ...list("webSites", SITE_KINDS, (kind) => {
      const url = details.sites.get(kind);
      if (url === undefined) return [];
      return xml`<ContactWebSite><contactWebSiteType>${kind}</contactWebSiteType><webURL>${url}</webURL></ContactWebSite>`;
    }),
  ];
}

/** A place with nothing but a name is not told, nor is its name. */
function location(kind: string, parts: ReadonlyMap<string, string> | undefined): RawXml | [] {
  const told = [...LOCATION_PARTS.values()].filter((name) => name !== "name");
  const elements = told.flatMap((name) => element(name, parts?.get(name)));
  if (elements.length === 0) return [];
  return xml`<ContactLocation><contactLocationType>${kind}</contactLocationType>${elements}</ContactLocation>`;
}

function list(name: string, kinds: readonly string[], item: (kind: string) => RawXml | []): RawXml[] {
  const items = kinds.flatMap(item);
  return items.length === 0 ? [] : [xml`<${name}>${items}</${name}>`];
}

function element(name: string, value: string | undefined): RawXml[] {
  return value === undefined ? [] : [xml`<${name}>${value}</${name}>`];
}
