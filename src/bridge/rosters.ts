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
import { accountParts, ownerIn } from "./model.ts";
import type { Home, RosterDesk, RosterShowing } from "./ports/home.ts";
import { showsRosters } from "./ports/home.ts";
import type { ContactEditing } from "./ports/network.ts";
import { editsContacts } from "./ports/network.ts";
import type { AccountStore } from "./ports/store.ts";
import { OFFLINE } from "./presence.ts";

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
    const session = state === "on" ? this.#o.fleet().session(account.id) : undefined;
    for (const [home, owner] of this.#of(account)) {
      home.showAccount(account, owner, state);
      if (session) home.showRoster(account, owner, [...session.contacts()]);
    }
  }

  /** While signing in the whole list is on its way; it is shown in one when it is there. */
  contact(account: AccountRecord, contact: ContactSnapshot): void {
    if (!this.#o.fleet().session(account.id)) return;
    for (const [home, owner] of this.#of(account)) home.showContact(account, owner, contact);
  }

  request(account: AccountRecord, contact: ContactSnapshot): void {
    for (const [home, owner] of this.#of(account)) home.showRequest(account, owner, contact);
  }

  /** These owners have unlinked the account. */
  dropped(account: AccountRecord, owners: readonly ResidentId[]): void {
    for (const [home, owner] of this.#of({ owners })) home.dropRoster(account, owner);
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

  async signOut(account: AccountId, owner: ResidentId): Promise<void> {
    const { owners = [] } = this.#o.fleet().record(account) ?? {};
    if (owners.some((one) => one !== owner)) this.#o.fleet().homePresence(account, owner, OFFLINE);
    else await this.#o.fleet().wish(account, "offline", undefined);
  }

  /** The homes that show lists, each with the owner who lives there. */
  *#of(account: Pick<AccountRecord, "owners">): Iterable<[Home & RosterShowing, ResidentId]> {
    for (const home of this.#showing) {
      const owner = ownerIn(account, home.name);
      if (owner !== undefined) yield [home, owner];
    }
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
