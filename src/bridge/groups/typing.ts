import type { Fleet } from "../fleet.ts";
import type { AccountId, AccountRecord, ContactAddress, HomeName } from "../model.ts";
import { accountId, accountParts, residentParts } from "../model.ts";
import { hostsGroups } from "../ports/groups.ts";
import type { Home } from "../ports/home.ts";
import { sendsTyping } from "../ports/network.ts";
import type { Calling } from "./calling.ts";
import type { GroupId, GroupRecord } from "./model.ts";
import { groupParts, seatOf } from "./model.ts";

/** As in chats with one contact. */
const FADES_MS = 7000;
const LONGEST_MS = 120_000;
/** Where the session says nothing else. */
const REPEAT_MS = 5000;

export interface GroupTypingOptions {
  readonly fleet: () => Pick<Fleet, "session" | "record">;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly calling: Pick<Calling, "now">;
}

/** Typing in groups, both ways. Nothing of it is stored, and no conversation is begun for it. */
export class GroupTyping {
  readonly #o: GroupTypingOptions;
  /** Who types now, by seat. */
  readonly #repeating = new Map<string, { timer: NodeJS.Timeout; until: number }>();

  constructor(o: GroupTypingOptions) {
    this.#o = o;
  }

  /** Somebody of the network types. */
  contact(record: GroupRecord, from: ContactAddress): void {
    this.#show(record, accountId(groupParts(record.id).network, from), undefined, true);
  }

  /** Whoever speaks through this account types in the group's room of a home, or has stopped. */
  resident(record: GroupRecord, account: AccountRecord, home: HomeName, typing: boolean): void {
    const key = seatOf(account.id, record.id);
    const running = this.#repeating.get(key);
    if (running && typing) running.until = Date.now() + LONGEST_MS;
    else if (typing) this.#begin(record, account, home);
    else if (running) this.#end(key, record, account.id, home);
  }

  /** The words are there: whoever said them types no more. */
  said(account: AccountId, group: GroupId): void {
    const key = seatOf(account, group);
    clearInterval(this.#repeating.get(key)?.timer);
    this.#repeating.delete(key);
  }

  stop(): void {
    for (const { timer } of this.#repeating.values()) clearInterval(timer);
    this.#repeating.clear();
  }

  #begin(record: GroupRecord, account: AccountRecord, home: HomeName): void {
    const key = seatOf(account.id, record.id);
    const session = this.#o.fleet().session(account.id);
    const every = session && sendsTyping(session) ? session.typingRepeatMs : REPEAT_MS;
    const tell = (): void => {
      const there = this.#o.calling.now(account, record.id);
      if (there) void there.session.typeInGroup(there.handle);
      this.#show(record, account.id, home, true);
    };
    const timer = setInterval(() => {
      const state = this.#repeating.get(key);
      if (state && Date.now() <= state.until) tell();
      else this.#end(key, record, account.id, home);
    }, every);
    timer.unref();
    this.#repeating.set(key, { timer, until: Date.now() + LONGEST_MS });
    tell();
  }

  #end(key: string, record: GroupRecord, account: AccountId, home: HomeName): void {
    clearInterval(this.#repeating.get(key)?.timer);
    this.#repeating.delete(key);
    this.#show(record, account, home, false);
  }

  /** In the rooms of all homes but where it happens, and where the account's own people live: those have no ghost of it. */
  #show({ id, rooms }: GroupRecord, account: AccountId, from: HomeName | undefined, typing: boolean): void {
    const ghost = { network: groupParts(id).network, contact: accountParts(account).address };
    const own = new Set(
      this.#o
        .fleet()
        .record(account)
        ?.owners.map((owner) => residentParts(owner).home),
    );
    for (const { home: name, room, parked } of rooms) {
      const home = name === from || own.has(name) || parked !== undefined ? undefined : this.#o.homes.get(name);
      if (home && hostsGroups(home)) void home.showGroupTyping(room, ghost, typing, FADES_MS);
    }
  }
}
