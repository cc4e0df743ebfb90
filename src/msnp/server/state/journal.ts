import type { Account, ContactEntry } from "./account.ts";
import { AL, BL, FL, PL, RL } from "./lists.ts";

/** The most changes that are remembered; with more, everything has to be read anew. */
const MAX_CHANGES = 5000;

/** The lists that FindMembership knows, by their bits (source: msnp-chat §5.3). */
export const ROLE_BITS: readonly number[] = [AL, BL, RL, PL];

/** People who wait for an answer stand under Pending alone (source: msnp-chat §5.3). */
export function isOnRole(entry: ContactEntry | undefined, bit: number): boolean {
  if (entry === undefined) return false;
  if (bit === PL) return entry.pending && (entry.lists & FL) === 0;
  return !entry.pending && (entry.lists & bit) !== 0;
}

export interface ListedChange {
  readonly contact: Account;
  readonly bit: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** When members of an account's lists came and went, from the first reading of the lists on. */
export class ListJournal {
  #from: number | undefined;
  readonly #changes = new Map<string, ListedChange>();

  /** The lists are read in full: whoever comes back with this time can be told what changed. */
  begin(now: number): void {
    this.#from ??= now;
  }

  note(change: ListedChange): void {
    if (this.#from === undefined) return;
    if (this.#changes.size >= MAX_CHANGES) {
      this.#changes.clear();
      this.#from = change.at;
    }
    const key = `${change.bit}/${change.contact.id}`;
    // The latest stands last.
    this.#changes.delete(key);
    this.#changes.set(key, change);
  }

  /** What changed at or after a time, in whole seconds; undefined when that is not known. */
  since(time: number): ListedChange[] | undefined {
    if (this.#from === undefined || Number.isNaN(time) || time < Math.floor(this.#from / 1000) * 1000) return undefined;
    return [...this.#changes.values()].filter(({ at }) => at >= time);
  }
}

/** Runs a change of lists between two accounts and writes into the journals of both what it did. */
export function journaled<T>(one: Account, other: Account, now: number, run: () => T): T {
  const sides = [
    { owner: one, contact: other, before: rolesIn(one, other) },
    { owner: other, contact: one, before: rolesIn(other, one) },
  ];
  const result = run();
  for (const { owner, contact, before } of sides) {
    const changed = before ^ rolesIn(owner, contact);
    for (const bit of ROLE_BITS) if ((changed & bit) !== 0) owner.journal.note({ contact, bit, at: now });
  }
  return result;
}

function rolesIn(owner: Account, contact: Account): number {
  const entry = owner.contacts.get(contact.id);
  return ROLE_BITS.reduce((bits, bit) => (isOnRole(entry, bit) ? bits | bit : bits), 0);
}
