import type { AccountId, AccountRecord, HomeName, ResidentId } from "../model.ts";
import { accountId, residentParts } from "../model.ts";
import type { GroupStore } from "../ports/groups.ts";
import type { AccountStore } from "../ports/store.ts";
import { RecentMap } from "../recent.ts";
import type { GroupId, GroupKey, GroupRecord, LiveGroup } from "./model.ts";
import { groupId, groupParts } from "./model.ts";

/** Other workers change groups, too: what was read longer ago is read again before it decides where words go. */
const FRESH_MS = 30_000;
const RECORDS = 20_000;
const OWNERS = 50_000;
/** Per account. */
const HEARD = 500;

/** The keys of groups as an account of this worker knows them. */
interface Keys {
  /** Those in which it has a seat. */
  readonly groups: Set<GroupId>;
  /** Further keys of them. */
  readonly others: Map<string, GroupId>;
  /** Keys under which words were heard here; whichever worker has the group's lanes notes them for good. */
  readonly heard: RecentMap<GroupKey, GroupId>;
}

interface Kept<T> {
  readonly value: T;
  /** Of this process's own clock, ms. */
  readonly at: number;
}

/** What this worker remembers of groups, so that words find their lanes in the tick in which they are read. */
export class GroupMemory {
  readonly #store: GroupStore & AccountStore;
  readonly #local: (account: AccountId) => AccountRecord | undefined;
  readonly #changed: (record: GroupRecord) => void;
  readonly #records = new RecentMap<GroupId, Kept<GroupRecord | undefined>>(RECORDS);
  /** Empty: nobody has linked it. */
  readonly #owners = new RecentMap<AccountId, Kept<readonly ResidentId[]>>(OWNERS);
  readonly #keys = new Map<AccountId, Keys>();

  /** `local`: accounts of this worker, always as they are. `changed`: told of each record that was read or written. */
  constructor(o: {
    store: GroupStore & AccountStore;
    local: (account: AccountId) => AccountRecord | undefined;
    changed: (record: GroupRecord) => void;
  }) {
    this.#store = o.store;
    this.#local = o.local;
    this.#changed = o.changed;
  }

  /** Before the account signs in. @throws BridgeError `store-down`. */
  async load(account: AccountRecord): Promise<void> {
    const [records, others] = await Promise.all([this.#store.groupsOf(account.id), this.#store.groupKeys(account.id)]);
    const groups = new Set(records.map(({ id }) => id));
    this.#keys.set(account.id, { groups, others: new Map(others), heard: new RecentMap(HEARD) });
    for (const record of records) this.remember(record);
  }

  unload(account: AccountId): void {
    this.#keys.delete(account);
  }

  /** Groups of a loaded account. */
  groupsOf(account: AccountId): ReadonlySet<GroupId> {
    return this.#keys.get(account)?.groups ?? new Set();
  }

  /** The group that the account has by a key already; `undefined` also for an account of another worker. */
  known(account: Pick<AccountRecord, "id" | "network">, key: GroupKey): GroupId | undefined {
    const own = groupId(account.network, key);
    const keys = this.#keys.get(account.id);
    return keys?.groups.has(own) ? own : (keys?.heard.get(key) ?? keys?.others.get(key));
  }

  /** Whether the key must be noted for the account, because nothing else goes by it. Not known of accounts of other workers. */
  lacks(account: AccountRecord["id"], key: GroupKey, own: GroupId): boolean {
    const keys = this.#keys.get(account);
    return !keys || !(keys.groups.has(own) || keys.others.has(key));
  }

  /** Words were heard in the group among the people of that key. */
  heard(account: AccountId, key: GroupKey, group: GroupId): void {
    if (groupParts(group).key !== key) this.#keys.get(account)?.heard.set(key, group);
  }

  seated(account: AccountId, group: GroupId, key: GroupKey | undefined): void {
    const keys = this.#keys.get(account);
    keys?.groups.add(group);
    if (key !== undefined) keys?.others.set(key, group);
  }

  /** Its keys stay: whoever comes back comes back to the same group. */
  unseated(account: AccountId, group: GroupId): void {
    this.#keys.get(account)?.groups.delete(group);
  }

  /** As last read, whenever that was. */
  peek(group: GroupId): GroupRecord | undefined {
    return this.#records.get(group)?.value;
  }

  /** As read at most `withinMs` ago. @throws BridgeError `store-down`. */
  async record(group: GroupId, withinMs = FRESH_MS): Promise<GroupRecord | undefined> {
    const kept = this.#records.get(group);
    return kept?.value && isFresh(kept, withinMs) ? kept.value : this.read(group);
  }

  /** From the store. @throws BridgeError `store-down`. */
  async read(group: GroupId): Promise<GroupRecord | undefined> {
    const record = await this.#store.group(group);
    if (record) this.remember(record);
    else this.forget(group);
    if (!record) this.#records.set(group, { value: undefined, at: performance.now() });
    return record;
  }

  remember(record: GroupRecord): void {
    this.#records.set(record.id, { value: record, at: performance.now() });
    // Another worker may have given them.
    for (const seat of record.seats) this.#keys.get(seat)?.groups.add(record.id);
    this.#changed(record);
  }

  forget(group: GroupId): void {
    const record = this.peek(group);
    if (record) this.#changed({ ...record, rooms: [] });
    this.#records.delete(group);
    for (const { groups, others, heard } of this.#keys.values()) {
      groups.delete(group);
      for (const keys of [others, heard]) for (const [key, of] of keys) if (of === group) keys.delete(key as GroupKey);
    }
  }

  /** Who has linked an account; empty: nobody. @throws BridgeError `store-down`. */
  async owners(account: AccountId): Promise<readonly ResidentId[]> {
    return this.#known(account) ?? (await this.#lookUp(account));
  }

  /** Who has it has changed. */
  owned(account: AccountId, owners: readonly ResidentId[]): void {
    this.#owners.set(account, { value: owners, at: performance.now() });
  }

  /**
   * Homes that are to hear what is said in a group: those with a room of it, and those of the owners of everybody in it.
   * `undefined`: what is remembered does not do, {@link look} knows.
   */
  homes(group: GroupId, live: Pick<LiveGroup, "members"> | undefined, network: AccountRecord["network"]) {
    const kept = this.#records.get(group);
    if (!kept || !isFresh(kept)) return undefined;
    const accounts = linkable(kept.value, live, network);
    const homes = new Set<HomeName>(kept.value?.rooms.map(({ home }) => home));
    for (const account of accounts) {
      const owners = this.#known(account);
      if (!owners) return undefined;
      for (const owner of owners) homes.add(residentParts(owner).home);
    }
    return homes;
  }

  /** As {@link homes}, from the store. @throws BridgeError `store-down`. */
  async look(
    group: GroupId,
    live: Pick<LiveGroup, "members"> | undefined,
    network: AccountRecord["network"],
  ): Promise<ReadonlySet<HomeName>> {
    const record = await this.record(group);
    const accounts = linkable(record, live, network);
    const owners = await Promise.all([...accounts].map((account) => this.owners(account)));
    const homes = owners.flat().map((owner) => residentParts(owner).home);
    return new Set([...(record?.rooms ?? []).map(({ home }) => home), ...homes]);
  }

  #known(account: AccountId): readonly ResidentId[] | undefined {
    const local = this.#local(account);
    if (local) return local.owners;
    const kept = this.#owners.get(account);
    return kept && isFresh(kept) ? kept.value : undefined;
  }

  async #lookUp(account: AccountId): Promise<readonly ResidentId[]> {
    const owners = (await this.#store.account(account))?.owners ?? [];
    this.owned(account, owners);
    return owners;
  }
}

/** Accounts in a group that somebody may have linked: those with a seat, and whoever is there now. */
function linkable(
  record: GroupRecord | undefined,
  live: Pick<LiveGroup, "members"> | undefined,
  network: AccountRecord["network"],
): Set<AccountId> {
  const there = (live ?? record)?.members.filter(({ role }) => role !== "pending") ?? [];
  return new Set([...(record?.seats ?? []), ...there.map(({ address }) => accountId(network, address))]);
}

function isFresh({ at }: Kept<unknown>, withinMs = FRESH_MS): boolean {
  return performance.now() - at < withinMs;
}
