import type { AccountId, AccountRecord, ContactAddress } from "../model.ts";
import { accountId, accountParts } from "../model.ts";
import type { GroupMemory } from "./memory.ts";
import type { GroupHandle, GroupId, LiveGroup } from "./model.ts";
import { circleKey, groupId, setKey } from "./model.ts";

interface Conversation {
  live: LiveGroup;
  /** Once something was said in it, it stays this group until it ends, whoever comes and goes. */
  group: GroupId | undefined;
  /** When that was decided, of this process's own clock, ms; long ago for those that were called together as that group. */
  since: number;
  /** Those among whom words were heard last. */
  noted?: LiveGroup["members"];
}

/** Conversations of one account that are remembered; a session with more has lost count of them. */
const MOST = 1000;
/** People are called in one after another, and somebody speaks before all are there. */
const GATHERING_MS = 60_000;

/**
 * The group conversations in which the sessions of this worker are, which group each of them is, and which session reads it
 * for all. All in memory and at once.
 */
export class Conversations {
  readonly #memory: GroupMemory;
  readonly #byAccount = new Map<AccountId, Map<GroupHandle, Conversation>>();
  /** Who reads, by place, or by group where the network names no places. */
  readonly #readers = new Map<string, AccountId>();
  /** Groups that an account is calling together now, with those who are called. */
  readonly #starting = new Map<AccountId, Map<GroupId, ReadonlySet<ContactAddress>>>();

  constructor(memory: GroupMemory) {
    this.#memory = memory;
  }

  /** Begun, or changed. Resolves with the group when that is decided already, and how the conversation was before. */
  seen(account: AccountRecord, live: LiveGroup): { group: GroupId | undefined; before: LiveGroup | undefined } {
    const all = this.#byAccount.get(account.id) ?? new Map<GroupHandle, Conversation>();
    this.#byAccount.set(account.id, all);
    const known = all.get(live.handle);
    const one: Conversation = known ?? { live, group: undefined, since: performance.now() };
    const before = known?.live;
    one.live = live;
    all.delete(live.handle);
    all.set(live.handle, one);
    if (all.size > MOST) for (const oldest of [...all.keys()].slice(0, 1)) all.delete(oldest);
    if (live.kind === "circle") one.group ??= groupId(account.network, circleKey(live.circle ?? live.handle));
    else if (one.group === undefined) this.#recognize(account, one);
    else if (before && before.members.length < live.members.length) this.#grown(account, one);
    return { group: one.group, before };
  }

  /** As those who have called it together mean it, or as another session here knows it. */
  #recognize(account: AccountRecord, one: Conversation): void {
    const started = this.#started(account, one.live);
    const known = this.#same(account, one.live) ?? this.#sibling(account, one.live);
    if (started !== undefined) this.#decide(one, started, Number.NEGATIVE_INFINITY);
    else if (known?.group !== undefined) this.#decide(one, known.group, known.since);
  }

  #decide(one: Conversation, group: GroupId, since = performance.now()): void {
    one.group = group;
    one.since = since;
  }

  /** Whoever spoke before all were there did not mean another group than that of all. */
  #grown(account: AccountRecord, one: Conversation): void {
    if (performance.now() - one.since > GATHERING_MS) return;
    const all = this.#known(account, one.live);
    if (all === undefined) return;
    one.group = all;
    // One place is one group: what one session says there would be no echo to another that takes it for something else.
    for (const other of this.#at(account, one.live)) if (other.group !== undefined) other.group = all;
  }

  /** The group that a conversation is in which something is said, decided now at the latest. */
  groupOf(account: AccountRecord, live: LiveGroup): GroupId {
    const { group } = this.seen(account, live);
    const decided = group ?? this.assign(account, live, this.#guess(account, live));
    const own = this.#byAccount.get(account.id)?.get(live.handle);
    if (own && own.noted !== live.members && live.kind === "several") {
      own.noted = live.members;
      this.#memory.heard(account.id, setOf(live), decided);
    }
    return decided;
  }

  /** What a conversation is in which nothing was said yet. */
  #guess(account: AccountRecord, live: LiveGroup): GroupId {
    return this.#near(account, live) ?? this.#known(account, live) ?? groupId(account.network, setOf(live));
  }

  /** As the account has these people noted, or another of them here: who was linked later has not all that was noted before. */
  #known({ id, network, address: own }: AccountRecord, live: LiveGroup): GroupId | undefined {
    const set = setOf(live);
    const others = [...addressesOf(live)].filter((address) => address !== own);
    for (const one of [id, ...others.map((address) => accountId(network, address))]) {
      const group = this.#memory.known({ id: one, network }, set);
      if (group !== undefined) return group;
    }
    return undefined;
  }

  /** A conversation is this group from now on, for all sessions that see the same people in it. */
  assign(account: AccountRecord, live: LiveGroup, group: GroupId): GroupId {
    const set = setOf(live);
    for (const address of addressesOf(live)) {
      for (const one of this.#of(accountId(account.network, address)))
        if (
          one.live.kind === "several" &&
          one.group === undefined &&
          (isSame(one.live, live) || setOf(one.live) === set)
        )
          this.#decide(one, group);
    }
    const own = this.#byAccount.get(account.id)?.get(live.handle);
    if (own && own.group !== group) this.#decide(own, group);
    return group;
  }

  /** The account's own conversation of a group; of several the one in which something changed last. */
  own(account: AccountRecord, group: GroupId): LiveGroup | undefined {
    const all = [...this.#of(account.id)].reverse();
    const decided = all.find((one) => one.group === group);
    if (decided) return decided.live;
    // Only what it is taken for is decided by that.
    const guessed = all.find((one) => one.group === undefined && this.#guess(account, one.live) === group);
    if (guessed) this.assign(account, guessed.live, group);
    return guessed?.live;
  }

  /** Other accounts of this worker that are in a conversation of the group now. */
  *others(group: GroupId, except: AccountId): Iterable<{ account: AccountId; live: LiveGroup }> {
    for (const [account, all] of this.#byAccount)
      if (account !== except)
        for (const one of all.values()) if (one.group === group) yield { account, live: one.live };
  }

  /** Whether it is for this account to read the conversation: the first that is in it reads for all who are. */
  reads(account: AccountRecord, live: LiveGroup, group: GroupId): boolean {
    const key = placeKey(account, live, group);
    const reader = this.#readers.get(key);
    if (reader === account.id) return true;
    const isThis = (one: Conversation): boolean =>
      live.place === undefined ? one.group === group : one.live.place === live.place;
    const its = reader ? this.#of(reader).filter(isThis) : [];
    if (reader === undefined || its.length === 0) {
      this.#readers.set(key, account.id);
      return true;
    }
    if (live.place !== undefined) return false;
    // Two conversations of one group may go on side by side: who is not in this one cannot read it.
    const isThere = addressesOf(live).has(accountParts(reader).address);
    return !(isThere && its.some((one) => addressesOf(one.live).has(account.address)));
  }

  /** While an account calls these people together, a new conversation with nobody else in it is that group. */
  async starting<T>(
    account: AccountRecord,
    group: GroupId,
    members: readonly ContactAddress[],
    start: () => Promise<T>,
  ): Promise<T> {
    const all = this.#starting.get(account.id) ?? new Map<GroupId, ReadonlySet<ContactAddress>>();
    this.#starting.set(account.id, all);
    all.set(group, new Set([...members, account.address]));
    try {
      return await start();
    } finally {
      all.delete(group);
      if (all.size === 0) this.#starting.delete(account.id);
    }
  }

  /** Over for the account: it reads nothing there any more. */
  ended(account: AccountId, handle: GroupHandle): void {
    this.#byAccount.get(account)?.delete(handle);
    this.#left(account);
  }

  /** The session has ended, and all with it. */
  gone(account: AccountId): void {
    this.#byAccount.delete(account);
    this.#left(account);
  }

  #left(account: AccountId): void {
    const places = this.places(account);
    for (const [key, reader] of this.#readers) if (reader === account && !places.has(key)) this.#readers.delete(key);
  }

  /** Where the account is now, as {@link placeKey} names it. */
  places(account: AccountId): ReadonlySet<string> {
    const parts = accountParts(account);
    return new Set(this.#of(account).flatMap(({ live, group }) => placeKey(parts, live, group) ?? []));
  }

  #of(account: AccountId): Conversation[] {
    return [...(this.#byAccount.get(account)?.values() ?? [])];
  }

  /** Called together just now by the account itself, or by another of those who are there. */
  #started(account: AccountRecord, live: LiveGroup): GroupId | undefined {
    const addresses = addressesOf(live);
    for (const [starter, groups] of this.#starting) {
      if (starter !== account.id && !addresses.has(accountParts(starter).address)) continue;
      for (const [group, members] of groups) if ([...addresses].every((address) => members.has(address))) return group;
    }
    return undefined;
  }

  /** This very place, as another session here knows it. */
  #same(account: AccountRecord, live: LiveGroup): Conversation | undefined {
    return this.#at(account, live).find(({ group }) => group !== undefined);
  }

  /** What other sessions here have at the same place. */
  #at(account: AccountRecord, { place, members }: LiveGroup): Conversation[] {
    if (place === undefined) return [];
    return members
      .filter(({ address }) => address !== account.address)
      .flatMap(({ address }) => this.#of(accountId(account.network, address)))
      .filter(({ live }) => live.place === place);
  }

  /** Two sessions may see the same people come and go in another order: the group of a conversation that differs by that alone. */
  #near(account: AccountRecord, live: LiveGroup): GroupId | undefined {
    const here = addressesOf(live);
    let best: Conversation | undefined;
    let most = 0;
    for (const address of here) {
      if (address === account.address) continue;
      for (const one of this.#of(accountId(account.network, address))) {
        const there = addressesOf(one.live);
        const common = [...here].filter((each) => there.has(each)).length;
        // The account itself may not have been seen to come.
        const isPart = common === there.size || common + (there.has(account.address) ? 0 : 1) === here.size;
        const near = common / Math.max(here.size, there.size);
        if (one.live.kind !== "several" || !isPart || near <= most) continue;
        best = one;
        most = near;
      }
    }
    return best?.group;
  }

  /** The same conversation, as another session here knows it; the account itself may have come just now. */
  #sibling(account: AccountRecord, live: LiveGroup): Conversation | undefined {
    const addresses = addressesOf(live);
    const others = [...addresses]
      .filter((address) => address !== account.address)
      .flatMap((address) => this.#of(accountId(account.network, address)))
      .filter((one) => one.live.kind === "several");
    if (others.length === 0) return undefined;
    for (const people of [addresses, [...addresses].filter((address) => address !== account.address)]) {
      const set = setKey(people);
      const same = others.filter((one) => setOf(one.live) === set);
      if (same.length > 0) return same.find(({ group }) => group !== undefined);
    }
    return undefined;
  }
}

/** The place that a conversation is in; where the network names none, its group is all that is known of that. */
export function placeKey<G extends GroupId | undefined>(
  { network }: Pick<AccountRecord, "network">,
  { place }: LiveGroup,
  group: G,
): string | G {
  return place === undefined ? group : `${network} ${place}`;
}

const addressesOf = ({ members }: LiveGroup): Set<ContactAddress> => new Set(members.map(({ address }) => address));

const isSame = (one: LiveGroup, other: LiveGroup): boolean => one.place !== undefined && one.place === other.place;

const setOf = (live: LiveGroup): ReturnType<typeof setKey> => setKey(addressesOf(live));
