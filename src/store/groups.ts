import { BridgeError } from "../bridge/errors.ts";
import type { GroupId, GroupKind, GroupMember, GroupRecord, GroupRelay, GroupRoom } from "../bridge/groups/model.ts";
import { groupParts, parseGroupKey } from "../bridge/groups/model.ts";
import type { AccountId, HomeName, LaneEntry, LaneRef, RoomId, Shard } from "../bridge/model.ts";
import { laneName, parseLaneName, portalParts, SHARD_COUNT, shardOf } from "../bridge/model.ts";
import type { GroupStore } from "../bridge/ports/groups.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import type { RedisPortals } from "./portals.ts";
import { groupRoomField, tieCall, toGroupRoom } from "./portals.ts";

const KINDS = ["several", "circle"] as const satisfies readonly GroupKind[];
const MAX_MEMBERS = 1_000;
const MAX_TEXT = 1_000;
const MAX_KEYS = 64;
/** Groups read or changed at one time on behalf of one call. */
const AT_ONCE = 16;
const SCAN = 500;
const SEAT = "seat:";
const ROOM = "room:";
const SEAT_IN_INDEX = "s ";
const KEY_IN_INDEX = "g ";

/** What {@link RedisGroups} implements of the store of groups. */
export type GroupRecordStore = Pick<
  GroupStore,
  | "group"
  | "saveGroup"
  | "takeSeat"
  | "awaitSeat"
  | "leaveSeat"
  | "groupsOf"
  | "groupKeys"
  | "tieRoom"
  | "markRoom"
  | "untieRoom"
  | "dropGroup"
  | "dropIfOver"
  | "allGroups"
>;

/**
 * Groups with their rooms and seats. A seat stands in its group and in an index of its account, which lie in different
 * slots, so no script can change both. The index is written first and cleared last: it may have a group too many, which is
 * asked and has the last word, and never one too few, whose seat would outlive the account.
 */
export class RedisGroups implements GroupRecordStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;
  readonly #portals: RedisPortals;

  constructor(link: RedisLink, keys: Keyspace, portals: RedisPortals) {
    this.#link = link;
    this.#keys = keys;
    this.#portals = portals;
  }

  async group(group: GroupId): Promise<GroupRecord | undefined> {
    return toRecord(group, await this.#link.command("group", (r) => r.hgetall(this.#keys.group(group))));
  }

  async saveGroup(group: GroupId, change: Parameters<GroupStore["saveGroup"]>[1]): Promise<GroupRecord> {
    const { kind, circle, name, topic, members, relay } = change;
    const fields: string[] = [];
    if (kind !== undefined) fields.push("kind", kind);
    if (circle !== undefined) fields.push("circle", cut(circle));
    if (name !== undefined) fields.push("name", cut(name));
    if (topic !== undefined) fields.push("topic", cut(topic));
    if (members !== undefined) fields.push("members", JSON.stringify(members.slice(0, MAX_MEMBERS).map(toMember)));
    if (relay) fields.push("relay", JSON.stringify({ account: relay.account, by: relay.by, prefix: relay.prefix }));
    const keys = [this.#keys.group(group), this.#keys.groups(shardOfGroup(group))];
    const reply = await this.#link.script("groupSave", keys, [group, relay === null ? "1" : "0", ...fields]);
    const record = Array.isArray(reply) ? toRecord(group, pairs(reply.map(String))) : undefined;
    if (!record) throw new BridgeError("bad-input", { detail: `a new group without its kind: ${group}` });
    return record;
  }

  takeSeat(account: AccountId, group: GroupId, set?: string): Promise<void> {
    return this.#take(account, group, set, "linked");
  }

  awaitSeat(account: AccountId, group: GroupId, set?: string): Promise<void> {
    return this.#take(account, group, set, "any");
  }

  async #take(account: AccountId, group: GroupId, set: string | undefined, which: "linked" | "any"): Promise<void> {
    const index = this.#keys.groupsOf(account);
    const key = set === undefined || set === groupParts(group).key ? "" : parseGroupKey(set);
    const taken = await this.#link.script(
      "groupsTake",
      [this.#keys.account(account), index],
      [group, key, MAX_KEYS, which],
    );
    if (taken === "gone") return;
    if ((await this.#link.script("groupSeat", [this.#keys.group(group)], [account])) === "gone") {
      await this.#link.script("groupsForget", [index], [group]);
      throw unknown(group);
    }
    // Whoever unlinked the account between the two has not seen the seat.
    const stands = await this.#link.command("groupsHas", (r) => r.hexists(index, SEAT_IN_INDEX + group));
    if (stands === 0) await this.#leave(account, group);
  }

  async leaveSeat(account: AccountId, group: GroupId): Promise<void> {
    await this.#leave(account, group);
    await this.#link.command("groupsLeave", (r) => r.hdel(this.#keys.groupsOf(account), SEAT_IN_INDEX + group));
  }

  async groupsOf(account: AccountId): Promise<GroupRecord[]> {
    const records = await inTurns(await this.#seatsOf(account), (group) => this.group(group));
    return records.filter((record) => record !== undefined).filter(({ seats }) => seats.includes(account));
  }

  async groupKeys(account: AccountId): Promise<ReadonlyMap<string, GroupId>> {
    const row = await this.#link.command("groupKeys", (r) => r.hgetall(this.#keys.groupsOf(account)));
    return new Map(
      Object.entries(row)
        .filter(([field]) => field.startsWith(KEY_IN_INDEX))
        .map(([field, group]) => [field.slice(KEY_IN_INDEX.length), group as GroupId]),
    );
  }

  async tieRoom(group: GroupId, { home, room, by, parked }: GroupRoom, free = false): Promise<GroupRecord> {
    if (!free) await this.#portals.claimRoom(home, room, group);
    else if (!(await this.#portals.claimFreeRoom(home, room, group))) throw taken();
    const tie = JSON.stringify({ room, by, parked: parked === undefined ? undefined : cut(parked) });
    const { keys, args } = tieCall(this.#keys, group, home, room);
    const before = await this.#link.script("groupTie", keys, [...args, tie]);
    const left = typeof before === "string" && before !== "" ? toGroupRoom(home, before).room : room;
    if (free && !(await this.#portals.leadsTo(home, room, group))) {
      // The group keeps what it had.
      await this.#link.script("groupUntie", keys, [...args, ...(left === room ? [] : [String(before)])]);
      throw taken();
    }
    if (left !== room) await this.#portals.forgetRoom(home, left, group);
    const record = before === null ? undefined : await this.group(group);
    if (record) return record;
    await this.#portals.forgetRoom(home, room, group);
    throw unknown(group);
  }

  async markRoom(
    group: GroupId,
    home: HomeName,
    room: RoomId,
    parked: string | undefined,
    to?: RoomId,
  ): Promise<boolean> {
    const why = parked === undefined ? "" : cut(parked);
    const { keys, args } = tieCall(this.#keys, group, home, room);
    return (await this.#link.script("groupMark", keys, [...args, why, to ?? ""])) === 1;
  }

  async untieRoom(group: GroupId, home: HomeName): Promise<void> {
    const field = groupRoomField(home);
    const tie = await this.#link.command("groupRoom", (r) => r.hget(this.#keys.group(group), field));
    if (typeof tie === "string") await this.#portals.unbind(home, toGroupRoom(home, tie).room);
  }

  async dropGroup(group: GroupId): Promise<void> {
    const record = await this.group(group);
    await this.#drop(group, "always");
    await inTurns(record?.rooms ?? [], ({ home, room }) => this.#portals.forgetRoom(home, room, group));
    await inTurns(record?.seats ?? [], (account) =>
      this.#link.script("groupsForget", [this.#keys.groupsOf(account)], [group]),
    );
  }

  async dropIfOver(group: GroupId, inHand?: Pick<LaneEntry, "lane" | "id">): Promise<LaneRef | boolean> {
    const reply = await this.#drop(group, "over", inHand);
    return typeof reply === "string" ? parseLaneName(reply) : reply === 1;
  }

  async allGroups(): Promise<GroupId[]> {
    const shards = Array.from({ length: SHARD_COUNT }, (_, i) => i as Shard);
    return (await inTurns(shards, (shard) => this.#groupsIn(shard))).flat();
  }

  /**
   * Takes an account that is linked no more out of its groups, and out of the relays. Those with neither seats nor rooms
   * left are dropped.
   */
  async forgetAccount(account: AccountId): Promise<void> {
    await inTurns(await this.#seatsOf(account), async (group) => {
      await this.#leave(account, group, "for good");
      await this.#drop(group, "empty");
    });
    await this.#link.command("groupsDrop", (r) => r.del(this.#keys.groupsOf(account)));
  }

  async #seatsOf(account: AccountId): Promise<GroupId[]> {
    const fields = await this.#link.command("groupsOf", (r) => r.hkeys(this.#keys.groupsOf(account)));
    const seats = fields.filter((field) => field.startsWith(SEAT_IN_INDEX));
    return seats.map((field) => field.slice(SEAT_IN_INDEX.length) as GroupId).toSorted();
  }

  async #groupsIn(shard: Shard): Promise<GroupId[]> {
    const found = new Set<GroupId>();
    let cursor = "0";
    do {
      const from = cursor;
      const [next, page] = await this.#link.command("groups", (r) =>
        r.sscan(this.#keys.groups(shard), from, "COUNT", SCAN),
      );
      for (const group of page) found.add(group as GroupId);
      cursor = next;
    } while (cursor !== "0");
    return [...found];
  }

  async #leave(account: AccountId, group: GroupId, how?: "for good"): Promise<void> {
    await this.#link.script("groupLeave", [this.#keys.group(group)], [account, how === "for good" ? "1" : "0"]);
  }

  async #drop(
    group: GroupId,
    when: "always" | "empty" | "over",
    inHand?: Pick<LaneEntry, "lane" | "id">,
  ): Promise<unknown> {
    const k = this.#keys;
    const { account } = portalParts(group);
    const shard = shardOf(account);
    const mine = [k.groupReader(group), k.groupMessages(group), k.groupMessageOrder(group)];
    return this.#link.script(
      "groupDrop",
      [k.group(group), k.groups(shard), k.waiting(shard), ...mine, k.parked(account), k.parkedOrder(account)],
      [group, k.lanePrefix(shard), when, inHand ? laneName(inHand.lane) : "", inHand?.id ?? ""],
    );
  }
}

export function shardOfGroup(group: GroupId): Shard {
  return shardOf(portalParts(group).account);
}

function unknown(group: GroupId): BridgeError {
  return new BridgeError("group-gone", { detail: `the group ${groupParts(group).key} is not known any more` });
}

function taken(): BridgeError {
  return new BridgeError("group-refused", {
    detail:
      "that room belongs to another group, or is a chat, since a moment ago. `unbridge`, said in it, makes it free",
  });
}

function cut(text: string): string {
  if (text.length <= MAX_TEXT) return text.toWellFormed();
  const part = text.slice(0, MAX_TEXT - 1);
  // Never half of a surrogate pair: it would come back as something else.
  return `${(part.isWellFormed() ? part : part.slice(0, -1)).toWellFormed()}…`;
}

function toMember({ address, name, role }: GroupMember): GroupMember {
  return { address, role, ...(name === undefined ? {} : { name: cut(name) }) };
}

function pairs(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1] ?? ""]] : [])));
}

function toRecord(id: GroupId, row: Record<string, string>): GroupRecord | undefined {
  const kind = KINDS.find((one) => one === row.kind);
  if (!kind) return undefined;
  const fields = Object.keys(row).toSorted();
  return {
    id,
    kind,
    ...(row.circle === undefined ? {} : { circle: row.circle }),
    name: row.name ?? "",
    topic: row.topic ?? "",
    members: JSON.parse(row.members ?? "[]") as GroupMember[],
    seats: fields.filter((f) => f.startsWith(SEAT)).map((f) => f.slice(SEAT.length) as AccountId),
    rooms: fields
      .filter((f) => f.startsWith(ROOM))
      .map((f) => toGroupRoom(f.slice(ROOM.length) as HomeName, row[f] ?? "")),
    ...(row.relay === undefined ? {} : { relay: JSON.parse(row.relay) as GroupRelay }),
  };
}

/** Does it for all, a few at a time. */
async function inTurns<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE)
    results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(run))));
  return results;
}
