import type { HomeName, ResidentId, RoomId } from "../model.ts";
import { residentParts } from "../model.ts";
import { oneLine } from "../plain.ts";
import { hostsGroups } from "../ports/groups.ts";
import type { Home } from "../ports/home.ts";
import { followsRooms } from "../ports/home.ts";
import { shortKey } from "./desk/catalogue.ts";
import type { Groups } from "./groups.ts";
import type { GroupRecord, GroupRoom } from "./model.ts";
import { groupParts } from "./model.ts";
import { labelOf } from "./view.ts";

interface ParkingOptions {
  readonly groups: Groups;
  readonly homes: ReadonlyMap<HomeName, Home>;
}

/**
 * Nothing goes into a room of a group any more until a person has dealt with it; those who live in it are told so once.
 * `key`: the same for each try; `to`: where the room is said to go on.
 * @throws BridgeError `home-down` when they could not be told; it is done again then.
 */
export async function parkRoom(
  o: ParkingOptions,
  record: GroupRecord,
  room: GroupRoom,
  why: string,
  key: string,
  to?: RoomId,
): Promise<void> {
  await o.groups.inTurn(record.id, async () => {
    const now = (await o.groups.reread(record.id))?.rooms.find(({ home }) => home === room.home);
    if (now?.room !== room.room) return;
    const isNews = now.parked === undefined || (to !== undefined && now.to !== to);
    if (isNews) await park(o, record, now, why, key, to);
  });
}

/** The group goes from a room into the one in which that goes on. What has waited comes at once, so it is shaped before. */
export async function followTo(
  groups: Pick<Groups, "tie" | "view">,
  home: Home,
  record: GroupRecord,
  { by, parked }: GroupRoom,
  to: RoomId,
): Promise<void> {
  const tie = { home: home.name, room: to, ...(by === undefined ? {} : { by }) };
  if (parked !== undefined && hostsGroups(home))
    await home.shapeGroup(to, await groups.view(tiedTo(record, tie), home.name));
  await groups.tie(record.id, tie);
}

/** The group as it is with that room. */
export function tiedTo(record: GroupRecord, room: GroupRoom): GroupRecord {
  return { ...record, rooms: [...record.rooms.filter(({ home }) => home !== room.home), room] };
}

async function park(
  { groups, homes }: ParkingOptions,
  record: GroupRecord,
  tied: GroupRoom,
  why: string,
  key: string,
  to: RoomId | undefined,
): Promise<void> {
  const { home: name, by } = tied;
  const home = homes.get(name);
  const tier = by !== undefined && residentParts(by).home === name ? [by] : [];
  const people = new Set<ResidentId>([...(await groups.residents(record, name)), ...tier]);
  const where = home && followsRooms(home) ? to : undefined;
  const text = `The room of ${labelOf(record)} cannot be used any more: ${why}. What is said in the group waits meanwhile. ${wayOn(record, where, to !== undefined)}`;
  for (const resident of people) await home?.say(resident, undefined, text, `room-gone|${key}`);
  await groups.mark(record.id, tied, why, where);
}

/** What people can do; `to`: where the group can go by itself when the bot is there. */
function wayOn({ id }: GroupRecord, to: RoomId | undefined, isElsewhere: boolean): string {
  const group = shortKey(groupParts(id).key);
  if (!isElsewhere) return "Ask the bridge bot back into the room and say `portal resume`; or `unbridge` it.";
  const resume = to && `Ask the bridge bot into ${oneLine(to, 200)} and say \`portal resume ${group}\`; or say`;
  return `${resume ?? "Say"} \`bridge ${group}\` in the room in which it is to go on; or \`unbridge ${group}\`.`;
}
