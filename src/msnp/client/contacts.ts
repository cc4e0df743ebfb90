import { type Email, NETWORK } from "../address.ts";
import { NO_CAPABILITIES } from "../dialect/lines.ts";
import type { Privacy } from "./roster.ts";
import type { ListName, MsnContact } from "./types.ts";

/** Bits of LST and ADL (source: msnp-core §5.1). */
export const LIST_BITS: Readonly<Record<ListName, number>> = { FL: 1, AL: 2, BL: 4, RL: 8, PL: 16 };
const ALL_LISTS: readonly ListName[] = ["FL", "AL", "BL", "RL", "PL"];

// One shared set per combination, so that a contact holds only a reference.
const LIST_SETS: readonly ReadonlySet<ListName>[] = Array.from(
  { length: 32 },
  (_, bits) => new Set(ALL_LISTS.filter((name) => (bits & LIST_BITS[name]) !== 0)),
);
const NO_LISTS: ReadonlySet<ListName> = new Set();
const NO_GROUPS: readonly string[] = Object.freeze([]);

/** Groups a server may make the client remember; servers stop at 30. */
const MAX_GROUPS = 200;
/** Contacts a server may make the client remember; lists end at 1500 (source: msnp-core §1.5, §9.4). */
const MAX_CONTACTS = 5000;

export function listsOf(bits: number): ReadonlySet<ListName> {
  return LIST_SETS[bits & 31] ?? NO_LISTS;
}

export function bitsOf(lists: ReadonlySet<ListName>): number {
  let bits = 0;
  for (const name of lists) bits |= LIST_BITS[name];
  return bits;
}

export function isListName(name: string): name is ListName {
  return Object.hasOwn(LIST_BITS, name);
}

export type ContactChange = (contact: MsnContact, previous: MsnContact | undefined) => void;
export type ContactPatch = Partial<Omit<MsnContact, "email">>;

/** A personal message and what is played. */
export type Said = Pick<MsnContact, "personalMessage"> & { readonly media: MsnContact["media"] | undefined };

/** The contact list of one account, by address. Tells of each change exactly once, and only of real ones. */
export class ContactBook {
  readonly #byEmail = new Map<Email, MsnContact>();
  readonly #onChange: ContactChange;
  /** What people said last, also those who are offline now. */
  readonly said = new Map<Email, Said>();
  /** Group names by id. */
  groups: ReadonlyMap<string, string> = new Map();
  /** Who may see the account of people on neither AL nor BL; undefined while the lists are not read. */
  privacy: Privacy | undefined;
  /** The list that people are on who ask to be let in (source: msnp-core §5.1). */
  requestList: "PL" | "RL" = "PL";

  constructor(onChange: ContactChange) {
    this.#onChange = onChange;
  }

  get all(): ReadonlyMap<Email, MsnContact> {
    return this.#byEmail;
  }

  clear(): void {
    this.#byEmail.clear();
    this.said.clear();
    this.groups = new Map();
    this.privacy = undefined;
  }

  /** Whether somebody has asked to be let in and was not answered (source: msnp-core §5.1). */
  isRequest({ lists }: MsnContact): boolean {
    return lists.has(this.requestList) && !lists.has("AL") && !lists.has("BL");
  }

  /** A group that was made, or renamed; contacts in it follow. */
  putGroup(id: string, name: string): void {
    const before = this.groups.get(id);
    if (before === undefined && this.groups.size >= MAX_GROUPS) return;
    this.groups = new Map(this.groups).set(id, name);
    if (before !== undefined && before !== name) this.#replaceGroup(before, [name]);
  }

  /** A group that is no more; its contacts stay. */
  dropGroup(id: string): void {
    const name = this.groups.get(id);
    if (name === undefined) return;
    const groups = new Map(this.groups);
    groups.delete(id);
    this.groups = groups;
    this.#replaceGroup(name, []);
  }

  /** Puts a contact into a group, or takes it out. */
  changeGroup(email: Email, id: string, isIn: boolean): void {
    const name = this.groups.get(id);
    const contact = this.#byEmail.get(email);
    if (name === undefined || contact === undefined || contact.groups.includes(name) === isIn) return;
    const others = contact.groups.filter((other) => other !== name);
    this.update(email, { groups: isIn ? [...others, name] : others });
  }

  #replaceGroup(name: string, by: readonly string[]): void {
    for (const { email, groups } of [...this.#byEmail.values()]) {
      if (groups.includes(name)) {
        this.update(email, { groups: groups.flatMap((group) => (group === name ? by : [group])) });
      }
    }
  }

  /** Changes a contact, or adds it. A contact without lists, offline, is forgotten. */
  update(email: Email, patch: ContactPatch): MsnContact | undefined {
    const previous = this.#byEmail.get(email);
    if (previous === undefined && this.#byEmail.size >= MAX_CONTACTS) return undefined;
    const contact = { ...(previous ?? newContact(email)), ...patch };
    if (previous !== undefined && isSame(contact, previous)) return previous;
    if (contact.lists.size === 0 && contact.status === "FLN") {
      this.said.delete(email);
      if (!this.#byEmail.delete(email)) return undefined;
    } else this.#byEmail.set(email, contact);
    this.#onChange(contact, previous);
    return contact;
  }

  /** Adds to (or takes from) lists given as bits. */
  changeLists(email: Email, bits: number, isAdded: boolean, patch: ContactPatch = {}): MsnContact | undefined {
    const before = bitsOf(this.#byEmail.get(email)?.lists ?? NO_LISTS);
    return this.update(email, { ...patch, lists: listsOf(isAdded ? before | bits : before & ~bits) });
  }

  groupNames(ids: readonly string[]): readonly string[] {
    if (ids.length === 0) return NO_GROUPS;
    return ids.map((id) => this.groups.get(id)).filter((name) => name !== undefined);
  }
}

function newContact(email: Email): MsnContact {
  return {
    email,
    network: NETWORK.messenger,
    displayName: email,
    lists: NO_LISTS,
    groups: NO_GROUPS,
    status: "FLN",
    personalMessage: "",
    capabilities: NO_CAPABILITIES,
  };
}

function isSame(a: MsnContact, b: MsnContact): boolean {
  return (
    a.displayName === b.displayName &&
    a.lists === b.lists &&
    a.status === b.status &&
    a.personalMessage === b.personalMessage &&
    a.network === b.network &&
    a.msnObject === b.msnObject &&
    a.nickname === b.nickname &&
    a.capabilities.basic === b.capabilities.basic &&
    a.capabilities.extended === b.capabilities.extended &&
    a.groups.join("\n") === b.groups.join("\n") &&
    JSON.stringify(a.media) === JSON.stringify(b.media)
  );
}
