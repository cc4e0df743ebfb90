import { type RawXml, xml } from "../../soap/xml.ts";
import { LIST_BITS } from "../contacts.ts";
import { BY_DOMAIN, type ListEntry, type ListForm, payloadsOf } from "../list-payload.ts";

/** "Appear offline to this person": what has become of blocking; only messages and status may have it. */
const HIDE = 64;
/** What is told of a contact besides messages and status: profile, and changes of it (source: msnp21 §2.6). */
const PROFILE_SERVICES = ["PE", "PF"] as const;
/** What is told to the account itself, in the order of the book's T8. */
const OWN_SERVICES = ["IM", "PE", "PD", "PF"] as const;
const { FL, AL, BL } = LIST_BITS;

/** A mask for each service, MSNP21 (source: msnp21 §2.6, T8, T9). */
export const BY_SERVICE: ListForm = {
  tellsSettings: false,
  isSilenceGood: true,
  initial: (entries, self) => [
    ...payloadsOf([{ email: self, network: 1, bits: FL | AL }], false, (_entry, name) =>
      item(
        name,
        1,
        OWN_SERVICES.map((service) => mask(service, FL | AL)),
      ),
    ),
    ...payloadsOf(entries.map(whole), true, contact),
  ],
  changes: (entries) => payloadsOf(entries, false, contact),
  read: BY_DOMAIN.read,
};

/** Who is hidden is allowed all the same: the mask for it is not alone (source: msnp21 §2.6). */
function whole(entry: ListEntry): ListEntry {
  return (entry.bits & BL) === 0 ? entry : { ...entry, bits: entry.bits | AL };
}

function contact({ network, bits }: ListEntry, name: string): RawXml {
  const seen = bits & (FL | AL);
  const isHidden = (bits & BL) !== 0;
  // A stranger who is hidden from gets nothing of the profile.
  const profile = seen === 0 || (isHidden && (bits & FL) === 0) ? [] : PROFILE_SERVICES;
  return item(name, network, [
    mask("IM", isHidden ? seen | HIDE : seen),
    ...profile.map((service) => mask(service, seen)),
  ]);
}

function item(name: string, type: number, masks: readonly RawXml[]): RawXml {
  return xml`<c n="${name}" t="${type}">${masks}</c>`;
}

function mask(service: string, bits: number): RawXml {
  return xml`<s l="${bits}" n="${service}"/>`;
}
