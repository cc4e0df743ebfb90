/**
 * The groups of this installation, for everything that changes them: lanes and commands. Whatever is written here is stored,
 * remembered and passed on to the homes that have a room of the group.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError } from "../errors.ts";
import type { Fleet } from "../fleet.ts";
import type { InLane } from "../inbox.ts";
import type { LaneRunner } from "../lanes.ts";
import type { AccountId, AccountRecord, GhostRef, HomeName, LaneEntry, ResidentId, RoomId } from "../model.ts";
import { accountId, accountParts, laneName, ownerIn, portalParts, residentParts, shardOf } from "../model.ts";
import type { PortalDirectory } from "../portals.ts";
import type { GroupStore } from "../ports/groups.ts";
import { hostsGroups } from "../ports/groups.ts";
import type { Home } from "../ports/home.ts";
import type { Store } from "../ports/store.ts";
import { RecentMap } from "../recent.ts";
import type { Calling, LiveSeat } from "./calling.ts";
import type { Conversations } from "./conversations.ts";
import type { GroupMemory } from "./memory.ts";
import { merge } from "./merging.ts";
import type { GroupId, GroupRecord, GroupRoom, GroupView, LiveGroup } from "./model.ts";
import { groupOfSeat, groupParts, isGroup } from "./model.ts";
import { type GroupPlaces, Places } from "./places.ts";
import type { Recalling } from "./recalling.ts";
import { tellOfLostRelay } from "./relay-news.ts";
import { viewFor } from "./view.ts";

export type { LiveSeat } from "./calling.ts";
export type GroupChange = Parameters<GroupStore["saveGroup"]>[1];

export interface GroupsOptions {
  readonly store: Store;
  readonly memory: GroupMemory;
  readonly conversations: Conversations;
  readonly calling: Calling;
  readonly recalling: Pick<Recalling, "talked">;
  readonly portals: PortalDirectory;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly fleet: () => Pick<Fleet, "session" | "record">;
  readonly lanes: () => Pick<LaneRunner, "wake" | "reread" | "nudge">;
  readonly tell: (owners: readonly ResidentId[], text: string, key: string) => void;
  readonly log: Logger;
}

/** So long a tie of a room of the people's own is believed without asking, ms. */
const PLUMBED_MS = 1000;
/** Of a relay. */
const OUT = "is in the group no more";
/** Leavings whose time is remembered. */
const LEAVINGS = 20_000;

/** All throw BridgeError `store-down`. */
export class Groups {
  readonly #o: GroupsOptions;
  readonly #turns = new Map<GroupId | RoomId, Promise<void>>();
  readonly #places: Places;
  /** When an account has left for good, Unix ms, by group and account. */
  readonly #left = new RecentMap<string, number>(LEAVINGS);

  constructor(o: GroupsOptions) {
    this.#o = o;
    this.#places = new Places(o.homes);
  }

  record(group: GroupId): Promise<GroupRecord | undefined> {
    return this.#o.memory.record(group);
  }

  /**
   * Before words go into its room in a home, or are taken from there: a room of the people's own may be given back to them by
   * another worker, and is theirs alone from that moment on, but for a second.
   */
  async recent(group: GroupId, home: HomeName): Promise<GroupRecord | undefined> {
    const record = await this.record(group);
    const isTheirs = record?.rooms.some((one) => one.home === home && one.by !== undefined);
    return isTheirs ? this.#o.memory.record(group, PLUMBED_MS) : record;
  }

  /** From the store: before something is refused, or made, because of what another worker may have changed. */
  reread(group: GroupId): Promise<GroupRecord | undefined> {
    return this.#o.memory.read(group);
  }

  /** Those in which the account has a seat. */
  async ofAccount(account: AccountId): Promise<GroupRecord[]> {
    const records = await this.#o.store.groupsOf(account);
    for (const record of records) this.#o.memory.remember(record);
    return records;
  }

  /** The group whose room it is. */
  async ofRoom(home: HomeName, room: RoomId): Promise<GroupRecord | undefined> {
    const portal = await this.#o.portals.ofRoom(home, room);
    return portal && isGroup(portal) ? this.record(portal) : undefined;
  }

  /** The group that a conversation of the account is, stored with what the account sees of it; the account gets its seat. */
  async known(account: AccountRecord, live: LiveGroup): Promise<GroupRecord> {
    const group = this.#o.conversations.groupOf(account, live);
    // They are back: what was seen before they left must not take them out again.
    this.#left.delete(`${group} ${account.id}`);
    return this.merge(group, live);
  }

  /**
   * What a session sees of a group is stored. `at`: when it was seen, Unix ms; it does not bring back whoever has left since:
   * for a home that was away it may be told long after.
   */
  merge(group: GroupId, live: LiveGroup, at = Date.now()): Promise<GroupRecord> {
    const { store, memory, fleet } = this.#o;
    const { network } = groupParts(group);
    const stays = (account: AccountId): boolean => (this.#left.get(`${group} ${account}`) ?? 0) < at;
    const members = live.members.filter(({ address }) => stays(accountId(network, address)));
    const isOn = (account: AccountId): boolean => fleet().session(account) !== undefined;
    const relayLost = (before: GroupRecord): void => tellOfLostRelay(this.#o.tell, before, OUT);
    return merge({ store, memory, isOn, relayLost }, group, { ...live, members });
  }

  /**
   * A conversation of the group in which the account has something to say: joined or begun when there is none.
   * @throws BridgeError `not-signed-in`, `not-offered`, `group-gone`, and as a session's `startGroup` does.
   */
  live(account: AccountRecord, group: GroupId): Promise<LiveSeat> {
    this.#o.recalling.talked(group);
    return this.#o.calling.live(account, group);
  }

  /** The account's own conversation of the group, when it is in one now. */
  liveNow(account: AccountId, group: GroupId): LiveSeat | undefined {
    const record = this.#o.fleet().record(account);
    return record && this.#o.calling.now(record, group);
  }

  /** Changes what is stored of it; the rooms of all homes follow. */
  async save(group: GroupId, change: GroupChange): Promise<GroupRecord> {
    const record = await this.#o.store.saveGroup(group, change);
    this.#o.memory.remember(record);
    // What waits for a relay may have another way now, or none.
    if (change.relay !== undefined)
      this.#o.lanes().nudge((lane) => lane.kind === "out" && groupOfSeat(lane.portal) === group);
    await this.reshape(record);
    return record;
  }

  /** The account has left for good; the rooms of all homes follow. Says nothing to the network. */
  leave(account: AccountId, group: GroupId): Promise<void> {
    return this.inTurn(group, () => this.#leave(account, group));
  }

  async #leave(account: AccountId, group: GroupId): Promise<void> {
    const { store, memory } = this.#o;
    this.#left.set(`${group} ${account}`, Date.now());
    await store.leaveSeat(account, group);
    memory.unseated(account, group);
    const before = await memory.read(group);
    const { address } = accountParts(account);
    if (!before) return;
    const members = before.members.filter((member) => member.address !== address);
    const relay = before.relay?.account === account ? { relay: null } : {};
    const record = await store.saveGroup(group, { members, ...relay });
    memory.remember(record);
    if (relay.relay === null) tellOfLostRelay(this.#o.tell, before, OUT);
    await this.#settle(group);
  }

  /** One after another for a group, or for a room within a group's turn: steps that must not meet. */
  async inTurn<T>(of: GroupId | RoomId, step: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(of) ?? Promise.resolve()).then(step);
    const ended = turn.then(
      () => {},
      () => {},
    );
    this.#turns.set(of, ended);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(of) === ended) this.#turns.delete(of);
    }
  }

  /**
   * Who is in it has become fewer: rooms in which nobody is left end, the others follow, and without any the group goes. None
   * ends while a seat waits for whoever links its account again: nobody knows whose room is whose until then.
   */
  settle(group: GroupId): Promise<void> {
    return this.inTurn(group, () => this.#settle(group));
  }

  async #settle(group: GroupId): Promise<void> {
    const record = await this.record(group);
    if (record && !(await this.#isAwaiting(record))) await this.#leaveRooms(record);
    const left = await this.#dropEmpty(group);
    if (left) await this.reshape(left);
  }

  /** Nobody is in it, and it has no room: it goes, and what is on its way there may bring somebody back before. */
  async #dropEmpty(group: GroupId, inHand?: LaneEntry): Promise<GroupRecord | undefined> {
    const { store, memory } = this.#o;
    const left = await this.record(group);
    if (!left || left.seats.length > 0 || left.rooms.length > 0) return left;
    const over = await store.dropIfOver(group, inHand);
    if (over === false) return memory.read(group);
    if (over === true) this.#forget(group);
    else if (over.kind === "in") await this.#toLane(group, over.home, { ends: true });
    return undefined;
  }

  /** Seats of accounts that nobody has linked are there since the store was rebuilt. */
  async #isAwaiting({ id, seats }: GroupRecord): Promise<boolean> {
    const { memory } = this.#o;
    const owners = await Promise.all(seats.map((seat) => memory.owners(seat)));
    const awaited = seats.filter((_, i) => owners[i]?.length === 0);
    if (awaited.length === 0) return false;
    // Another worker may have seen the account go with its seat.
    const now = await memory.read(id);
    return now?.seats.some((seat) => awaited.includes(seat)) ?? false;
  }

  /** Rooms that the bridge has made end with the last resident who belongs in them: in their lane, for their home may be away. */
  async #leaveRooms(record: GroupRecord): Promise<void> {
    for (const { home: name, by } of record.rooms) {
      if (by !== undefined || (await this.residents(record, name)).length > 0) continue;
      const home = this.#o.homes.get(name);
      if (home && hostsGroups(home)) await this.#toLane(record.id, name, { ends: true });
      else await this.untie(record.id, name);
    }
  }

  /**
   * The room in a home ends, unless somebody is back in it, and the group with the last one. `entry` says so.
   * @throws BridgeError `home-down`, `home-busy`: it is as it was, and is to be ended later.
   */
  end(group: GroupId, home: Home, entry: LaneEntry): Promise<void> {
    return this.inTurn(group, async () => {
      const record = await this.reread(group);
      const room = record?.rooms.find((one) => one.home === home.name);
      if (!record || room?.by !== undefined) return;
      if (!room || !hostsGroups(home)) return void (await this.#dropEmpty(group, entry));
      const { store, memory } = this.#o;
      // Whoever has unlinked may have done so with another worker.
      for (const seat of record.seats) memory.owned(seat, (await store.account(seat))?.owners ?? []);
      if ((await this.residents(record, home.name)).length > 0 || (await this.#isAwaiting(record))) return;
      try {
        await home.releaseGroup(room.room, await this.view(record, home.name), "delete");
      } catch (error) {
        const cause = asBridgeError(error);
        if (cause.retry === "now" || cause.retry === "wait") throw cause;
        this.#o.log.info({ err: cause, room: room.room }, "a room was not emptied");
      }
      await this.untie(group, home.name);
      await this.#dropEmpty(group, entry);
    });
  }

  /**
   * Ties a room. What waited for a parked room of that home goes on its way again. `shaped`: the room was made as the group is
   * just now; `free`: only when no other group or chat has it, which throws BridgeError `group-refused`.
   */
  async tie(group: GroupId, room: GroupRoom, how?: "shaped" | "free"): Promise<GroupRecord> {
    const { store, memory, portals } = this.#o;
    const other = await portals.ofRoom(room.home, room.room);
    const before = (await memory.record(group))?.rooms.find(({ home }) => home === room.home);
    const record = await store.tieRoom(group, room, how === "free");
    if (before?.parked !== undefined) this.#cameBack(group, room.home);
    if (before) portals.forgetRoom(room.home, before.room);
    portals.rememberRoom(room.home, room.room, group);
    memory.remember(record);
    if (other !== undefined && isGroup(other) && other !== group) await memory.read(other);
    // Rooms name each other, for a store that is rebuilt; another may have come about while this one was made.
    const isAlone = record.rooms.length === 1;
    if (how !== "shaped" || !isAlone) await this.reshape(record);
    return record;
  }

  /**
   * The room stops, with why and where it is said to go on, or goes on itself (`undefined`); what has waited for it goes on its
   * way again then. False: it is not the group's any more.
   */
  async mark(group: GroupId, { home, room }: GroupRoom, parked: string | undefined, to?: RoomId): Promise<boolean> {
    const { store, memory } = this.#o;
    const isMarked = await store.markRoom(group, home, room, parked, to);
    if (isMarked && parked === undefined) this.#cameBack(group, home);
    const record = await memory.read(group);
    if (isMarked && record) await this.reshape(record);
    return isMarked;
  }

  /** What waited for a parked room goes on its way again. */
  async untie(group: GroupId, home: HomeName): Promise<void> {
    const { store, memory, portals, lanes } = this.#o;
    const room = (await memory.record(group))?.rooms.find((one) => one.home === home);
    await store.untieRoom(group, home);
    if (room?.parked !== undefined) this.#cameBack(group, home);
    if (room) portals.forgetRoom(home, room.room);
    const record = await memory.read(group);
    lanes().wake(inLane(group, home));
    if (record) await this.reshape(record);
  }

  /** What was put aside for a room stands before whatever this worker has read of the lane. */
  #cameBack(group: GroupId, home: HomeName): void {
    const name = laneName(inLane(group, home));
    this.#o.lanes().reread((lane) => laneName(lane) === name);
  }

  /** Forgets it with its seats and rooms and all that waits for homes. */
  async drop(group: GroupId): Promise<void> {
    const { store, memory, portals } = this.#o;
    const record = await memory.record(group);
    await store.dropGroup(group);
    for (const { home, room } of record?.rooms ?? []) portals.forgetRoom(home, room);
    this.#forget(group);
  }

  #forget(group: GroupId): void {
    this.#o.memory.forget(group);
    this.#o.lanes().reread((lane) => lane.kind !== "control" && lane.portal === group);
  }

  /** Rooms of it are other than they should be: they are shaped in their turn. `refused`: who was asked in there in vain. */
  async reshape({ id, rooms }: GroupRecord, only?: HomeName, refused?: GhostRef): Promise<void> {
    for (const { home, parked } of rooms) {
      if (parked !== undefined || (only !== undefined && home !== only)) continue;
      await this.#toLane(id, home, refused && { refused });
    }
  }

  async #toLane(group: GroupId, home: HomeName, how?: { refused: GhostRef } | { ends: true }): Promise<void> {
    const { store, lanes } = this.#o;
    const lane = inLane(group, home);
    await store.append(lane, { from: "group", at: Date.now(), ...how }, randomUUID());
    lanes().wake(lane);
  }

  /** As a home is to show it. */
  async view(record: GroupRecord, home: HomeName): Promise<GroupView> {
    const { memory, fleet } = this.#o;
    const owners = new Map<AccountId, readonly ResidentId[]>();
    for (const seat of record.seats) owners.set(seat, await memory.owners(seat));
    return viewFor(record, home, {
      owners: (account) => owners.get(account) ?? [],
      name: ({ contact }) => {
        for (const seat of record.seats) {
          const name = fleet().session(seat)?.contact(contact)?.displayName;
          if (name !== undefined && name !== "") return name;
        }
        return undefined;
      },
    });
  }

  /** How all bridges call the conversations that it is. */
  places(record: GroupRecord): GroupPlaces {
    return this.#places.of(record);
  }

  /** The account with which a resident has a seat of their own; `undefined`: none. */
  async seat(record: GroupRecord, resident: ResidentId): Promise<AccountRecord | undefined> {
    for (const seat of record.seats) {
      if (!(await this.#o.memory.owners(seat)).includes(resident)) continue;
      return this.#o.fleet().record(seat) ?? (await this.#o.store.account(seat));
    }
    return undefined;
  }

  /** Who has a seat in the group and lives in that home. */
  async residents(record: GroupRecord, home: HomeName): Promise<ResidentId[]> {
    const owners = await Promise.all(record.seats.map((seat) => this.#o.memory.owners(seat)));
    return [...new Set(owners.flat().filter((owner) => residentParts(owner).home === home))];
  }

  /** The owner in that home of an account that is in the group. */
  async ownerOf(account: AccountId, home: HomeName): Promise<ResidentId | undefined> {
    return ownerIn({ owners: await this.#o.memory.owners(account) }, home);
  }
}

/** The lane of a group to a home. */
export function inLane(group: GroupId, home: HomeName): InLane {
  return { kind: "in", shard: shardOf(portalParts(group).account), portal: group, home };
}
