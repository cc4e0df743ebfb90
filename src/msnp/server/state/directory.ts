import { type Email, parseEmail } from "../../address.ts";
import { stableUuid } from "../ids.ts";
import { Account, type ContactEntry, type Group } from "./account.ts";
import { AL, BL, FL, LIST_LIMITS, ListError, MAX_GROUP_NAME, MAX_GROUPS, PL, RL } from "./lists.ts";

/** What a change of the lists did, for those who must be told. */
export interface ListChange {
  readonly entry: ContactEntry;
  /** The contact came onto the forward list, or left it, by this change. */
  readonly forward: boolean;
}

/** All accounts of the network and the rules of their contact lists; knows nothing of sockets (source: msnp-core §5). */
export class Directory {
  readonly #byEmail = new Map<Email, Account>();
  readonly #byId = new Map<string, Account>();
  readonly #maxAccounts: number;

  constructor(maxAccounts: number) {
    this.#maxAccounts = maxAccounts;
  }

  [Symbol.iterator](): IterableIterator<Account> {
    return this.#byEmail.values();
  }

  create(spec: { email: string; password: string; displayName: string; id?: string }): Account {
    const email = parseEmail(spec.email);
    const spelled = spec.email.trim();
    const id = spec.id?.toLowerCase() ?? stableUuid(email);
    if (this.#byEmail.has(email) || this.#byId.has(id)) throw new Error(`The account ${email} exists already`);
    if (this.#byEmail.size >= this.#maxAccounts) {
      throw new Error(`The network is full: it was started for at most ${this.#maxAccounts} accounts`);
    }
    const account = new Account(spelled, id, spec.displayName || spelled, spec.password);
    this.#byEmail.set(email, account);
    this.#byId.set(id, account);
    return account;
  }

  /** The account of an address in any case, or undefined; never throws. */
  byEmail(text: string): Account | undefined {
    // Keys are what parseEmail gave, so text that is no address simply is not among them.
    return this.#byEmail.get(text.toLowerCase() as Email);
  }

  byId(id: string): Account | undefined {
    return this.#byId.get(id.toLowerCase());
  }

  /**
   * Puts a contact on lists (FL, AL, BL bits), and its owner on the contact's reverse list when FL is among them.
   * Throws ListError `list-full`, `no-such-group`, `already-on-list` for a group the contact is in, and
   * `no-such-account` for oneself.
   */
  addToLists(owner: Account, contact: Account, bits: number, groupId?: string): ListChange {
    if (owner === contact) throw new ListError("no-such-account");
    const group = groupId === undefined || groupId === "0" ? undefined : owner.group(groupId);
    if (groupId !== undefined && groupId !== "0" && group === undefined) throw new ListError("no-such-group");
    const before = owner.contacts.get(contact.id)?.lists ?? 0;
    if (group !== undefined && owner.contacts.get(contact.id)?.groups.has(group.id)) {
      throw new ListError("already-on-list");
    }
    for (const [bit, limit] of LIST_LIMITS) {
      if ((bits & bit) !== 0 && (before & bit) === 0 && count(owner, bit) >= limit) throw new ListError("list-full");
    }
    const entry = obtain(owner, contact);
    entry.lists |= bits & (FL | AL | BL | RL);
    if (group !== undefined) entry.groups.add(group.id);
    const forward = (bits & FL) !== 0 && (before & FL) === 0;
    if ((bits & FL) !== 0) {
      const reverse = obtain(contact, owner);
      if ((reverse.lists & RL) === 0) {
        reverse.lists |= RL;
        reverse.pending = true;
      }
    }
    return { entry, forward };
  }

  /**
   * Takes a contact off lists (FL, AL, BL, PL bits). With a group, only out of that group.
   * Throws ListError `not-on-list`, `no-such-group`.
   */
  removeFromLists(owner: Account, contact: Account, bits: number, groupId?: string): ListChange {
    const entry = owner.contacts.get(contact.id);
    if (entry === undefined) throw new ListError("no-such-account");
    if ((bits & PL) !== 0) {
      if (!entry.pending) throw new ListError("not-on-list");
      entry.pending = false;
    }
    const listed = bits & ~PL;
    if (listed !== 0 && (entry.lists & listed) === 0) throw new ListError("not-on-list");
    if (groupId !== undefined) {
      this.removeFromGroup(owner, entry, groupId);
      return { entry, forward: false };
    }
    const forward = (listed & entry.lists & FL) !== 0;
    entry.lists &= ~listed;
    if (forward) {
      entry.groups.clear();
      this.dropReverse(owner, contact);
    }
    forget(owner, entry);
    return { entry, forward };
  }

  /** Takes the owner off the contact's reverse list. */
  dropReverse(owner: Account, contact: Account): void {
    const reverse = contact.contacts.get(owner.id);
    if (reverse === undefined) return;
    reverse.lists &= ~RL;
    reverse.pending = false;
    forget(contact, reverse);
  }

  /** Throws ListError `no-such-group`; a contact that is not in the group is no error. */
  removeFromGroup(owner: Account, entry: ContactEntry, groupId: string): void {
    if (groupId === "0") return;
    const group = owner.group(groupId);
    if (group === undefined) throw new ListError("no-such-group");
    entry.groups.delete(group.id);
  }

  /** Throws ListError `group-exists`, `group-name-too-long`, `too-many-groups`. */
  addGroup(owner: Account, name: string, id?: string): Group {
    checkGroupName(owner, name);
    if (owner.groups.size >= MAX_GROUPS) throw new ListError("too-many-groups");
    let number = 1;
    const taken = new Set([...owner.groups.values()].map((group) => group.number));
    while (taken.has(number)) number += 1;
    const group: Group = { id: id?.toLowerCase() ?? stableUuid(`${owner.id}/group/${name}`), number, name };
    owner.groups.set(group.id, group);
    return group;
  }

  renameGroup(owner: Account, group: Group, name: string): void {
    checkGroupName(owner, name, group);
    group.name = name;
  }

  /** The contacts stay; they only leave the group (source: msnp-core §5.4). */
  removeGroup(owner: Account, group: Group): void {
    owner.groups.delete(group.id);
    for (const entry of owner.contacts.values()) entry.groups.delete(group.id);
  }

  /** Two accounts that know and allow each other, with nothing pending. */
  befriend(one: Account, other: Account): void {
    for (const [owner, contact] of [
      [one, other],
      [other, one],
    ] as const) {
      this.addToLists(owner, contact, FL | AL);
    }
    for (const [owner, contact] of [
      [one, other],
      [other, one],
    ] as const) {
      const entry = owner.contacts.get(contact.id);
      if (entry !== undefined) entry.pending = false;
    }
  }
}

function count(owner: Account, bit: number): number {
  let found = 0;
  for (const entry of owner.contacts.values()) if ((entry.lists & bit) !== 0) found += 1;
  return found;
}

function obtain(owner: Account, contact: Account): ContactEntry {
  let entry = owner.contacts.get(contact.id);
  if (entry === undefined) {
    entry = { account: contact, lists: 0, pending: false, groups: new Set() };
    owner.contacts.set(contact.id, entry);
  }
  return entry;
}

function forget(owner: Account, entry: ContactEntry): void {
  if (entry.lists === 0 && !entry.pending) owner.contacts.delete(entry.account.id);
}

function checkGroupName(owner: Account, name: string, except?: Group): void {
  if (name.length > MAX_GROUP_NAME) throw new ListError("group-name-too-long");
  if (name === "(No Group)") throw new ListError("group-exists");
  for (const group of owner.groups.values()) {
    if (group !== except && group.name === name) throw new ListError("group-exists");
  }
}
