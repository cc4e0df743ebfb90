import type { ContactAddress, ContactSnapshot } from "../../bridge/model.ts";
import { parseContactAddress } from "../../bridge/model.ts";
import type { Email, MsnContact } from "../../msnp/index.ts";
import { mediaText, toEmail } from "../../msnp/index.ts";
import { availabilityOf } from "./presence.ts";
import { wordsOfMsn } from "./rich.ts";

/** An MSN address as the bridge's. The library's form is the narrower one, so this always works. */
export function addressOf(email: Email): ContactAddress {
  return parseContactAddress(email);
}

/** The bridge's address as the library's; undefined for one that MSN cannot have. */
export function emailOf(address: ContactAddress): Email | undefined {
  return toEmail(address);
}

/** A contact in the bridge's words. */
export function snapshotOf(contact: MsnContact): ContactSnapshot {
  const media = contact.media?.enabled ? mediaText(contact.media).trim() : "";
  const name = wordsOfMsn(contact.displayName);
  return {
    address: addressOf(contact.email),
    displayName: name === "" ? contact.email : name,
    ...(contact.nickname === undefined || contact.nickname === "" ? {} : { nickname: contact.nickname }),
    presence: {
      availability: availabilityOf(contact.status),
      text: wordsOfMsn(contact.personalMessage),
      ...(media === "" ? {} : { media }),
    },
    listed: contact.lists.has("FL"),
    blocked: contact.lists.has("BL"),
    groups: contact.groups,
  };
}
