import type { Logger } from "pino";
import { BridgeError } from "./errors.ts";
import type { Fleet } from "./fleet.ts";
import type {
  AccountId,
  AccountRecord,
  ContactAddress,
  ContactChange,
  ContactSnapshot,
  PuppetState,
  ResidentId,
} from "./model.ts";
import { accountParts, residentParts } from "./model.ts";
import type { Home, RosterDesk, RosterShowing } from "./ports/home.ts";
import { showsRosters } from "./ports/home.ts";
import type { ContactEditing } from "./ports/network.ts";
import { editsContacts } from "./ports/network.ts";
import type { AccountStore } from "./ports/store.ts";

export interface RostersOptions {
  readonly store: AccountStore;
  /** Late-bound: the fleet tells this what happens. */
  readonly fleet: () => Fleet;
  readonly homes: readonly Home[];
  readonly log: Logger;
}

/** Contact lists on their way to the homes that show them, and what owners change in them there. */
export class Rosters implements RosterDesk {
  readonly #o: RostersOptions;
  readonly #showing: readonly (Home & RosterShowing)[];

  constructor(options: RostersOptions) {
    this.#o = options;
    this.#showing = options.homes.filter(showsRosters);
    for (const home of this.#showing) home.useRosters(this);
  }

  /** An account is known from now on, or its sign-in has changed. */
  state(account: AccountRecord, state: PuppetState): void {
    const home = this.#of(account);
    if (!home) return;
    home.showAccount(account, state);
    const session = state === "on" ? this.#o.fleet().session(account.id) : undefined;
    if (session) home.showRoster(account, [...session.contacts()]);
  }

  /** While signing in the whole list is on its way; it is shown in one when it is there. */
  contact(account: AccountRecord, contact: ContactSnapshot): void {
    if (this.#o.fleet().session(account.id)) this.#of(account)?.showContact(account, contact);
  }

  request(account: AccountRecord, contact: ContactSnapshot): void {
    this.#of(account)?.showRequest(account, contact);
  }

  dropped(account: AccountRecord): void {
    this.#of(account)?.dropRoster(account);
  }

  async accounts(resident: ResidentId): Promise<readonly AccountRecord[]> {
    return this.#o.store.accountsOf(resident);
  }

  async change(account: AccountId, contact: ContactAddress, change: ContactChange): Promise<void> {
    const session = this.#o.fleet().session(account);
    if (!session) throw new BridgeError("not-signed-in", { address: accountParts(account).address });
    if (!editsContacts(session)) throw new BridgeError("not-offered");
    switch (change.kind) {
      case "add":
        return session.addContact(contact, change.message);
      case "remove":
        return session.removeContact(contact);
      case "block":
        return session.block(contact);
      case "unblock":
        return session.unblock(contact);
      case "accept":
        return session.accept(contact);
      case "decline":
        return session.decline(contact);
      case "rename":
        return session.rename(contact, change.nickname);
      case "groups":
        return regroup(session, contact, session.contact(contact)?.groups ?? [], change.groups);
    }
  }

  async signIn(account: AccountId): Promise<void> {
    if (this.#o.fleet().record(account)?.halt === "signed-out") await this.#o.fleet().resume(account);
  }

  async signOut(account: AccountId): Promise<void> {
    await this.#o.fleet().wish(account, "offline", undefined);
  }

  #of(account: AccountRecord): (Home & RosterShowing) | undefined {
    const { home } = residentParts(account.owner);
    return this.#showing.find(({ name }) => name === home);
  }
}

/** Joins first: a network may forget who is in no group at all. */
async function regroup(
  session: ContactEditing,
  contact: ContactAddress,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  for (const name of after) {
    if (before.includes(name)) continue;
    if (!session.groups().includes(name)) await session.createGroup(name);
    await session.addToGroup(contact, name);
  }
  for (const name of before) if (!after.includes(name)) await session.removeFromGroup(contact, name);
}
