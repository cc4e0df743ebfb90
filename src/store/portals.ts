import type { GroupId, GroupRoom } from "../bridge/groups/model.ts";
import { isGroup } from "../bridge/groups/model.ts";
import type { AccountId, HomeName, PortalId, PortalRecord, PortalRoom, ResidentId, RoomId } from "../bridge/model.ts";
import { laneName, portalParts, shardOf } from "../bridge/model.ts";
import type { PortalStore } from "../bridge/ports/store.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";

/**
 * Portals and the index of their rooms and of those of groups. A room's index lies in another slot than its portal, so no script can change both:
 * the index may be ahead or behind after a crash, and the portal has the last word.
 */
export class RedisPortals implements PortalStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;

  constructor(link: RedisLink, keys: Keyspace) {
    this.#link = link;
    this.#keys = keys;
  }

  async portal(portal: PortalId): Promise<PortalRecord | undefined> {
    const { account, conversation } = portalParts(portal);
    const row = await this.#link.command("portal", (r) => r.hgetall(this.#keys.portal(account, portal)));
    const rooms = Object.entries(row).map(([field, room]) => toRoom(field, room));
    if (rooms.length === 0) return undefined;
    return { id: portal, account, conversation, rooms };
  }

  async bind(portal: PortalId, room: PortalRoom): Promise<PortalRecord> {
    const { account, conversation } = portalParts(portal);
    await this.claimRoom(room.home, room.room, portal);
    const field = roomField(room.home, room.resident);
    const before = await this.#link.script(
      "portalBind",
      [this.#keys.portal(account, portal), this.#keys.portals(account)],
      [portal, field, room.room],
    );
    if (typeof before === "string" && before !== "") await this.forgetRoom(room.home, before as RoomId, portal);
    return (await this.portal(portal)) ?? { id: portal, account, conversation, rooms: [] };
  }

  async unbind(home: HomeName, room: RoomId): Promise<void> {
    const portal = (await this.#link.command("room", (r) => r.get(this.#keys.room(home, room)))) as PortalId | null;
    if (portal === null) return;
    await this.#untie(portal, home, room);
    await this.forgetRoom(home, room, portal);
  }

  async portalOfRoom(home: HomeName, room: RoomId): Promise<PortalId | undefined> {
    const portal = (await this.#link.command("room", (r) => r.get(this.#keys.room(home, room)))) as PortalId | null;
    return portal !== null && (await this.#has(portal, home, room)) ? portal : undefined;
  }

  async portalsOf(account: AccountId): Promise<PortalRecord[]> {
    const ids = await this.#link.command("portals", (r) => r.smembers(this.#keys.portals(account)));
    const records = await Promise.all(ids.toSorted().map((id) => this.portal(id as PortalId)));
    return records.filter((record) => record !== undefined);
  }

  /** Leads the room to a portal or group; the one that it belonged to so far is without it. */
  async claimRoom(home: HomeName, room: RoomId, portal: PortalId): Promise<void> {
    const index = this.#keys.room(home, room);
    const elsewhere = (await this.#link.command("room", (r) => r.get(index))) as PortalId | null;
    if (elsewhere !== null && elsewhere !== portal) await this.#untie(elsewhere, home, room);
    await this.#link.command("roomSet", (r) => r.set(index, portal));
  }

  /** As {@link claimRoom}, but false when another portal or group has the room. */
  async claimFreeRoom(home: HomeName, room: RoomId, portal: PortalId): Promise<boolean> {
    const claim = (mine: PortalId, from: string): Promise<unknown> =>
      this.#link.script("roomClaim", [this.#keys.room(home, room)], [mine, from]);
    const holder = (await claim(portal, "")) as PortalId | "";
    if (holder === "") return true;
    // A crash has left it, or its tie is about to be written: whoever ties a room looks at the index once more behind that.
    if ((await this.#has(holder, home, room)) || (await claim(portal, holder)) !== "") return false;
    if (!(await this.#has(holder, home, room))) return true;
    await claim(holder, portal);
    return false;
  }

  /** Whether the room's index leads to the portal or group. */
  async leadsTo(home: HomeName, room: RoomId, portal: PortalId): Promise<boolean> {
    return (await this.#link.command("room", (r) => r.get(this.#keys.room(home, room)))) === portal;
  }

  /** Drops a room's index entry unless the room belongs to another portal by now. */
  async forgetRoom(home: HomeName, room: RoomId, portal: PortalId): Promise<void> {
    await this.#link.script("dropValue", [this.#keys.room(home, room)], [portal]);
  }

  async #has(portal: PortalId, home: HomeName, room: RoomId): Promise<boolean> {
    if (isGroup(portal)) return this.#groupHas(portal, home, room);
    const record = await this.portal(portal);
    return record?.rooms.some((tied) => tied.home === home && tied.room === room) ?? false;
  }

  async #groupHas(group: GroupId, home: HomeName, room: RoomId): Promise<boolean> {
    const tie = await this.#link.command("groupRoom", (r) => r.hget(this.#keys.group(group), groupRoomField(home)));
    return typeof tie === "string" && toGroupRoom(home, tie).room === room;
  }

  async #untie(portal: PortalId, home: HomeName, room: RoomId): Promise<void> {
    if (isGroup(portal)) {
      const { keys, args } = tieCall(this.#keys, portal, home, room);
      await this.#link.script("groupUntie", keys, args);
      return;
    }
    const { account } = portalParts(portal);
    const keys = [this.#keys.portal(account, portal), this.#keys.portals(account)];
    await this.#link.script("portalUnbind", keys, [portal, home, room]);
  }
}

/** The field of a portal that holds a resident's room in a home. */
export function roomField(home: string, resident: string): string {
  return JSON.stringify([home, resident]);
}

/** The field of a group that holds its room in a home. */
export function groupRoomField(home: HomeName): string {
  return `room:${home}`;
}

/** Keys, and the first arguments, of the scripts that change what a home's room is to a group. */
export function tieCall(k: Keyspace, group: GroupId, home: HomeName, room: RoomId) {
  const { account } = portalParts(group);
  const shard = shardOf(account);
  const lane = { kind: "in", shard, portal: group, home } as const;
  const keys = [k.group(group), k.lane(lane), k.waiting(shard), k.parked(account), k.parkedOrder(account)];
  return { keys, args: [home, laneName(lane), room] };
}

/** What is in it. */
export function toGroupRoom(home: HomeName, text: string): GroupRoom {
  return { home, ...(JSON.parse(text) as Omit<GroupRoom, "home">) };
}

function toRoom(field: string, room: string): PortalRoom {
  const [home, resident] = JSON.parse(field) as [HomeName, ResidentId];
  return { home, resident, room: room as RoomId };
}
