import type { AccountId, HomeEvent, HomeName, LaneRef, ResidentId, RoomId } from "../model.ts";
import { portalParts, shardOf } from "../model.ts";
import type { Home } from "../ports/home.ts";
import type { Place } from "../via.ts";
import { isSaid, viaOf } from "./foreign.ts";
import type { Groups } from "./groups.ts";
import { inLane } from "./groups.ts";
import type { GroupMemory } from "./memory.ts";
import type { GroupId, GroupRecord } from "./model.ts";
import { groupParts, seatOf } from "./model.ts";
import { type GroupPlaces, mayCarry } from "./places.ts";

export interface RoutingOptions {
  readonly groups: Groups;
  readonly memory: GroupMemory;
  readonly homes: ReadonlyMap<HomeName, Home>;
}

/** Where an event of a group's room goes. */
export interface GroupRoute {
  /** To the network; absent: it has been there. */
  readonly out?: LaneRef;
  /** To the other homes, when these are words of somebody who may speak. */
  readonly others: readonly LaneRef[];
}

/** Finds the lanes of what people do in rooms of groups. */
export class GroupRouting {
  readonly #o: RoutingOptions;

  constructor(o: RoutingOptions) {
    this.#o = o;
  }

  /** `undefined`: the room is not the group's any more. @throws BridgeError `store-down`. */
  async route(
    home: HomeName,
    group: GroupId,
    item: { readonly resident: ResidentId; readonly room: RoomId; readonly raw: unknown },
  ): Promise<GroupRoute | undefined> {
    const { groups, memory } = this.#o;
    let record = await groups.recent(group, home);
    let speaksBy = await this.speaksBy(record, item.resident);
    // Another worker may have given them a seat, or untied the room.
    if (speaksBy === undefined || !isRoomOf(record, home, item.room)) {
      record = await groups.reread(group);
      if (!isRoomOf(record, home, item.room)) return undefined;
      speaksBy = await this.speaksBy(record, item.resident);
    }
    const event = this.#read(home, item.raw);
    // What becomes of the room, and what the home does for that, does not wait for the network behind somebody's words.
    const isOfRoom = event !== undefined && ["own", "moved", "shut-out"].includes(event.kind);
    const portal = speaksBy === undefined || isOfRoom ? group : seatOf(speaksBy, group);
    const lane: LaneRef = { kind: "out", shard: shardOf(portalParts(portal).account), portal };
    const said = isSaid(event) ? event : undefined;
    const via = said && viaOf(said);
    // Nobody is told why words that a bridge has carried here go nowhere: who said them is not here.
    if (via !== undefined && (record === undefined || speaksBy === undefined)) return { others: [] };
    const goes = (to: (places: GroupPlaces) => Place | undefined): boolean => {
      const places = record && via && groups.places(record);
      return places === undefined || mayCarry(places, via, to(places));
    };
    const out = goes(({ network }) => network) ? { out: lane } : {};
    if (speaksBy === undefined || said === undefined) return { ...out, others: [] };
    const homes = await memory.look(group, undefined, groupParts(group).network);
    const others = [...homes].filter((one) => one !== home && goes(({ rooms }) => rooms.get(one)));
    return { ...out, others: others.map((one) => inLane(group, one)) };
  }

  /** Their own account, or the relay while that is in the group. @throws BridgeError `store-down`. */
  async speaksBy(record: GroupRecord | undefined, resident: ResidentId): Promise<AccountId | undefined> {
    const account = record && (await this.#o.groups.seat(record, resident));
    const relay = record?.relay?.account;
    return account?.id ?? (relay !== undefined && record?.seats.includes(relay) ? relay : undefined);
  }

  /** What cannot be read is the lane's concern when it is its turn. */
  #read(home: HomeName, raw: unknown): HomeEvent | undefined {
    try {
      return this.#o.homes.get(home)?.read(raw);
    } catch {
      return undefined;
    }
  }
}

function isRoomOf(record: GroupRecord | undefined, home: HomeName, room: RoomId): boolean {
  return record?.rooms.some((one) => one.home === home && one.room === room) ?? false;
}
