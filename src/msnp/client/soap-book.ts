import { type Email, NETWORK, type NetworkId } from "../address.ts";
import {
  type AddressBook,
  type BookContact,
  EMPTY_ADDRESS_BOOK,
  FIND_ALL,
  parseAddressBook,
} from "../soap/address-book.ts";
import { FIND_MEMBERSHIP, type Member, type MemberRole, parseMembership } from "../soap/membership.ts";
import { SoapError } from "../soap/service.ts";
import { type ContactPatch, LIST_BITS, listsOf } from "./contacts.ts";
import type { Core, Live } from "./core.ts";

const ROLE_BITS: Readonly<Record<MemberRole, number>> = {
  Allow: LIST_BITS.AL,
  Block: LIST_BITS.BL,
  Reverse: LIST_BITS.RL,
  Pending: LIST_BITS.PL,
};

/** Both web services' answers. */
export interface ServiceLists {
  readonly members: readonly Member[];
  readonly book: AddressBook;
}

/** ms that ids are kept after they were read for a change. */
const KEEP_IDS = 60_000;

/**
 * What the web services know of people beyond the contact book: ids. They are read when a change needs them and kept
 * for a moment only, as most sessions never change anything. Of one session.
 */
export class SoapBook {
  readonly #entries = new Map<Email, BookContact>();
  #forgetting: NodeJS.Timeout | undefined;
  /** What the services have given in this session. */
  readonly #given = new Set<"memberships" | "book">();
  /** Grows with each change that is made here, so that a reading that began before is known to be old. */
  version = 0;
  /** Asks for the lists to be read again soon; set by whoever reads them. */
  refreshSoon: () => void = () => undefined;

  entry(email: Email): BookContact | undefined {
    return this.#entries.get(email);
  }

  put(entry: BookContact): void {
    this.#entries.set(entry.email, entry);
    this.#forgetting ??= setTimeout(() => this.#forget(), KEEP_IDS).unref();
  }

  #forget(): void {
    clearTimeout(this.#forgetting);
    this.#forgetting = undefined;
    this.#entries.clear();
  }

  /** Reads the entries of the address book, for their ids. */
  async learn(live: Live): Promise<void> {
    for (const entry of (await this.#readBook(live, { scenario: "Timer" })).contacts) this.put(entry);
  }

  drop(email: Email): void {
    this.#entries.delete(email);
  }

  /** The network somebody is on as far as is known. */
  network(core: Core, email: Email): NetworkId {
    return core.contacts.all.get(email)?.network ?? this.#entries.get(email)?.network ?? NETWORK.messenger;
  }

  /**
   * Reads memberships and address book; only both together are an answer. Rejects, with nothing changed, when either
   * fails or cannot be read in full.
   */
  async read(live: Live, scenario: string, signal?: AbortSignal): Promise<ServiceLists> {
    const call = { scenario, signal };
    const members = await this.#orEmpty("memberships", [], async () =>
      parseMembership(await live.web.book("sharing", FIND_MEMBERSHIP, call)),
    );
    return { members, book: await this.#readBook(live, call) };
  }

  #readBook(live: Live, call: { scenario: string; signal?: AbortSignal | undefined }): Promise<AddressBook> {
    return this.#orEmpty("book", EMPTY_ADDRESS_BOOK, async () =>
      parseAddressBook(await live.web.book("addressBook", FIND_ALL, call)),
    );
  }

  /** An account that never had an address book has an empty one (source: msnp-chat §5.7); what was there is not gone. */
  async #orEmpty<T>(what: "memberships" | "book", empty: T, read: () => Promise<T>): Promise<T> {
    try {
      const given = await read();
      this.#given.add(what);
      return given;
    } catch (error) {
      const isNone = error instanceof SoapError && error.fault === "ABDoesNotExist";
      if (isNone && !this.#given.has(what)) return empty;
      throw error;
    }
  }

  /** Puts what was read into the contact book, and takes out who is on no list any more. */
  apply(core: Core, { members, book }: ServiceLists): void {
    this.#forget();
    core.contacts.groups = book.groups;
    core.contacts.privacy = book.privacy === "AL" ? "allow-all" : "allowed-only";
    const listed = listedPeople(core, members, book);
    listed.delete(core.self.email);
    for (const [email, { bits, patch }] of listed) {
      const isOnline = (core.contacts.all.get(email)?.status ?? "FLN") !== "FLN";
      const { displayName, ...rest } = patch;
      // The name that comes with presence is the current one; the address book's may be old.
      const name = isOnline || displayName === undefined ? {} : { displayName };
      core.contacts.update(email, { ...noExtras(core, email), ...rest, ...name, lists: listsOf(bits) });
    }
    for (const email of [...core.contacts.all.keys()]) {
      if (!listed.has(email)) core.contacts.update(email, { ...noExtras(core, email), lists: listsOf(0) });
    }
  }
}

/** Takes away groups and a nickname that somebody has; costs nothing for those without. */
export function noExtras(core: Core, email: Email): ContactPatch {
  const isNicknamed = core.contacts.all.get(email)?.nickname !== undefined;
  return { groups: core.contacts.groupNames([]), ...(isNicknamed && { nickname: undefined }) };
}

interface Listed {
  bits: number;
  patch: ContactPatch;
}

function listedPeople(core: Core, members: readonly Member[], book: AddressBook): Map<Email, Listed> {
  const listed = new Map<Email, Listed>();
  const entry = (email: Email): Listed => {
    const known = listed.get(email) ?? { bits: 0, patch: {} };
    listed.set(email, known);
    return known;
  };
  for (const { role, email, network, displayName } of members) {
    const item = entry(email);
    item.bits |= ROLE_BITS[role];
    item.patch = { ...item.patch, network, ...(displayName !== undefined && { displayName }) };
  }
  for (const { email, network, displayName, nickname, groupIds, isMessengerUser } of book.contacts) {
    if (!isMessengerUser) continue;
    const item = entry(email);
    item.bits |= LIST_BITS.FL;
    const groups = core.contacts.groupNames(groupIds);
    const named = nickname === undefined ? {} : { nickname };
    item.patch = { ...item.patch, network, groups, ...named, ...(displayName !== undefined && { displayName }) };
  }
  return listed;
}
