import type { Hub } from "./hub.ts";
import { withVisibility } from "./presence.ts";
import type { Account } from "./state/account.ts";
import type { ListChange } from "./state/directory.ts";
import type { ListFault } from "./state/lists.ts";

/** The error numbers of refused list changes from MSNP10 on (source: msnp-core §1.9). */
export const LIST_ERRORS: Readonly<Record<ListFault, number>> = {
  "no-such-account": 208,
  "list-full": 210,
  "already-on-list": 215,
  "not-on-list": 216,
  "too-many-groups": 223,
  "no-such-group": 224,
  "group-exists": 228,
  "group-name-too-long": 229,
};

/** Adds a contact and tells those whom it concerns: the contact, and whoever now sees or misses the owner. */
export function addContact(hub: Hub, owner: Account, contact: Account, bits: number, groupId?: string): ListChange {
  let change: ListChange | undefined;
  withVisibility(owner, [contact], () => {
    change = hub.directory.addToLists(owner, contact, bits, groupId);
  });
  if (change === undefined) throw new Error("the list change did not happen");
  if (change.forward) for (const session of [...contact.sessions]) session.addedBy(owner);
  return change;
}

/** Removes a contact and tells those whom it concerns. */
export function removeContact(hub: Hub, owner: Account, contact: Account, bits: number, groupId?: string): ListChange {
  let change: ListChange | undefined;
  withVisibility(owner, [contact], () => {
    change = hub.directory.removeFromLists(owner, contact, bits, groupId);
  });
  if (change === undefined) throw new Error("the list change did not happen");
  if (change.forward) for (const session of [...contact.sessions]) session.removedBy(owner);
  return change;
}

/** Sets whether strangers may see the owner, and tells those for whom that matters. */
export function setPrivacy(owner: Account, value: "AL" | "BL"): void {
  const viewers = [...owner.contacts.values()].map((entry) => entry.account);
  withVisibility(owner, viewers, () => {
    owner.settings.blp = value;
  });
}
