import type { Hub } from "./hub.ts";
import { phonesOf, watches, withVisibility } from "./presence.ts";
import type { Account } from "./state/account.ts";
import type { ListChange } from "./state/directory.ts";
import { journaled } from "./state/journal.ts";
import { AL, BL, FL, type ListFault, RL } from "./state/lists.ts";
import type { PresenceNews } from "./state/session.ts";

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

/** More about an addition. */
interface Addition {
  readonly groupId?: string;
  /** What the owner's client calls the contact. */
  readonly given?: string | undefined;
}

/** Adds a contact and tells those whom it concerns: the contact, and whoever now sees or misses the owner. */
export function addContact(
  hub: Hub,
  owner: Account,
  contact: Account,
  bits: number,
  { groupId, given }: Addition = {},
): ListChange {
  const named = hub.quirks.visibilityNews === "named";
  const change = changeLists(hub, owner, contact, () => hub.directory.addToLists(owner, contact, bits, groupId));
  if (given !== undefined) change.entry.given = given;
  if (change.forward) {
    const reverse = contact.contacts.get(owner.id);
    if (reverse !== undefined) reverse.given = owner.email;
    for (const session of [...contact.sessions]) session.addedBy(owner);
  }
  if (named && (bits & (AL | BL)) !== 0 && (change.entry.lists & RL) !== 0) {
    const phones = phonesOf(owner);
    tell(contact, { subject: owner, before: owner.status, phones, withdrawsPhones: (bits & BL) !== 0 });
  }
  return change;
}

/** What a removal did. */
interface Removal extends ListChange {
  /** The owner was not on the contact's reverse list, though the contact was on the forward list. */
  readonly unpaired: boolean;
}

/** Removes a contact and tells those whom it concerns. */
export function removeContact(hub: Hub, owner: Account, contact: Account, bits: number, groupId?: string): Removal {
  const named = hub.quirks.visibilityNews === "named";
  const paired = ((contact.contacts.get(owner.id)?.lists ?? 0) & RL) !== 0;
  const leavesGroup = groupId !== undefined && (bits & FL) !== 0 && hub.quirks.groupsTakeReverse;
  const change = changeLists(hub, owner, contact, () => {
    const done = hub.directory.removeFromLists(owner, contact, bits, groupId);
    if (leavesGroup) hub.directory.dropReverse(owner, contact);
    return done;
  });
  const gone = change.forward || leavesGroup;
  if (gone && paired) for (const session of [...contact.sessions]) session.removedBy(owner);
  if (named && (bits & BL) !== 0) tell(contact, { subject: owner, before: "FLN", phones: phonesOf(owner) });
  return { ...change, unpaired: gone && !paired };
}

function changeLists(hub: Hub, owner: Account, contact: Account, change: () => ListChange): ListChange {
  const run = (): ListChange => journaled(owner, contact, hub.now(), change);
  if (hub.quirks.visibilityNews === "named") return run();
  let done: ListChange | undefined;
  withVisibility(owner, [contact], () => {
    done = run();
  });
  if (done === undefined) throw new Error("the list change did not happen");
  return done;
}

function tell(viewer: Account, news: Omit<PresenceNews, "status" | "info">): void {
  if (viewer === news.subject || !watches(viewer, news.subject)) return;
  for (const session of [...viewer.sessions]) session.presence({ ...news, status: true, info: true });
}

/** Sets whether strangers may see the owner, or unsets it, and tells those for whom that matters. */
export function setPrivacy(hub: Hub, owner: Account, value: "AL" | "BL" | undefined): void {
  const set = (): void => {
    if (value === undefined) delete owner.settings.blp;
    else owner.settings.blp = value;
  };
  if (hub.quirks.visibilityNews === "affected") {
    const viewers = [...owner.contacts.values()].map((entry) => entry.account);
    withVisibility(owner, viewers, set);
    return;
  }
  set();
  if (owner.status !== "FLN") hub.presence.contacts(owner, owner.status, { status: true, info: false });
}
