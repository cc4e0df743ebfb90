import type {
  AccountId,
  AccountRecord,
  ContactSnapshot,
  GhostRef,
  PuppetState,
  ResidentId,
} from "../../bridge/model.ts";
import type { GhostJids } from "../convert/ghost.ts";
import type { BareJid } from "../jid.ts";

/** An account as the core tells it. */
export interface AccountView {
  record: AccountRecord;
  state: PuppetState;
  /** By ghost. */
  contacts: Map<BareJid, ContactSnapshot>;
  /** Whether the whole list has been told since the bridge began. */
  isListKnown: boolean;
}

/** A contact as one person sees it: of several accounts of theirs, the one that has it on its list comes first. */
export interface ContactView {
  readonly account: AccountRecord;
  readonly ghost: GhostRef;
  readonly contact: ContactSnapshot;
  /** Whether the account is signed in; otherwise nothing of the contact can be seen. */
  readonly isOn: boolean;
}

/** What the core has told of each person's accounts and contacts. Bounded by the accounts that there are. */
export class Views {
  readonly #names: GhostJids;
  readonly #residents = new Map<ResidentId, Map<AccountId, AccountView>>();
  /** Friend requests that wait for an answer, by the ghost that asks. */
  readonly #requests = new Map<ResidentId, Map<BareJid, { account: AccountRecord; ghost: GhostRef }>>();

  constructor(names: GhostJids) {
    this.#names = names;
  }

  residents(): Iterable<ResidentId> {
    return this.#residents.keys();
  }

  accounts(resident: ResidentId): AccountView[] {
    return [...(this.#residents.get(resident)?.values() ?? [])];
  }

  /** True: the account is new here. */
  setState(record: AccountRecord, owner: ResidentId, state: PuppetState): boolean {
    const accounts = this.#residents.get(owner) ?? new Map<AccountId, AccountView>();
    this.#residents.set(owner, accounts);
    const view = accounts.get(record.id);
    if (view) {
      view.record = record;
      view.state = state;
      return false;
    }
    accounts.set(record.id, { record, state, contacts: new Map(), isListKnown: false });
    return true;
  }

  setContacts(record: AccountRecord, owner: ResidentId, contacts: readonly ContactSnapshot[]): void {
    const view = this.#residents.get(owner)?.get(record.id);
    if (!view) return;
    view.contacts = new Map();
    view.isListKnown = true;
    for (const contact of contacts) this.#put(view, contact);
  }

  /** The ghost whose view has changed; `undefined`: nobody's. */
  setContact(record: AccountRecord, owner: ResidentId, contact: ContactSnapshot): BareJid | undefined {
    const view = this.#residents.get(owner)?.get(record.id);
    return view && this.#put(view, contact);
  }

  drop(record: AccountRecord, owner: ResidentId): void {
    const accounts = this.#residents.get(owner);
    accounts?.delete(record.id);
    if (accounts?.size === 0) this.#residents.delete(owner);
    for (const [ghost, asked] of this.#requests.get(owner) ?? [])
      if (asked.account.id === record.id) this.answered(owner, ghost);
  }

  /** Every ghost that the person has something of. */
  ghosts(resident: ResidentId): Set<BareJid> {
    return new Set(this.accounts(resident).flatMap(({ contacts }) => [...contacts.keys()]));
  }

  contact(resident: ResidentId, jid: BareJid): ContactView | undefined {
    const ghost = this.#names.parse(jid);
    if (ghost === undefined) return undefined;
    const all = this.accounts(resident).flatMap((view) => {
      const contact = view.contacts.get(jid);
      return contact ? [{ account: view.record, ghost, contact, isOn: view.state === "on" }] : [];
    });
    const rank = ({ isOn, contact }: ContactView): number => Number(isOn) * 2 + Number(contact.listed);
    return all.reduce<ContactView | undefined>(
      (best, one) => (best === undefined || rank(one) > rank(best) ? one : best),
      undefined,
    );
  }

  ask(account: AccountRecord, owner: ResidentId, ghost: GhostRef, jid: BareJid): void {
    const asked = this.#requests.get(owner) ?? new Map();
    this.#requests.set(owner, asked.set(jid, { account, ghost }));
  }

  request(resident: ResidentId, jid: BareJid): { account: AccountRecord; ghost: GhostRef } | undefined {
    return this.#requests.get(resident)?.get(jid);
  }

  answered(resident: ResidentId, jid: BareJid): void {
    const requests = this.#requests.get(resident);
    requests?.delete(jid);
    if (requests?.size === 0) this.#requests.delete(resident);
  }

  /** Whether the lists of all accounts are known, so that whoever is on none of them is surely gone. */
  areAllKnown(resident: ResidentId): boolean {
    return this.accounts(resident).every(({ isListKnown }) => isListKnown);
  }

  /** Whether there is somebody on the list of each account. */
  isNoneEmpty(resident: ResidentId): boolean {
    return this.accounts(resident).every(({ contacts }) => contacts.size > 0);
  }

  /** Whether all lists that a ghost could be on are known, and it is on none. */
  isOnNoList(resident: ResidentId, jid: BareJid): boolean {
    const network = this.#names.parse(jid)?.network;
    const there = this.accounts(resident).filter(({ record }) => record.network === network);
    const isKnown = ({ state, contacts }: AccountView): boolean => state === "on" && contacts.size > 0;
    return there.length > 0 && there.every((one) => isKnown(one) && one.contacts.get(jid)?.listed !== true);
  }

  /** Ghosts that are on a person's lists. */
  listed(resident: ResidentId): Set<BareJid> {
    const views = this.accounts(resident).flatMap(({ contacts }) => [...contacts]);
    return new Set(views.flatMap(([jid, { listed }]) => (listed ? [jid] : [])));
  }

  #put(view: AccountView, contact: ContactSnapshot): BareJid | undefined {
    const jid = this.#jidOf({ network: view.record.network, contact: contact.address });
    if (jid !== undefined) view.contacts.set(jid, contact);
    return jid;
  }

  /** `undefined`: the address is too long for a JID. */
  #jidOf(ghost: GhostRef): BareJid | undefined {
    try {
      return this.#names.jid(ghost);
    } catch {
      return undefined;
    }
  }
}
