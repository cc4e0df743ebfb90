import type { HomeName, ResidentId } from "../model.ts";
import { residentParts } from "../model.ts";
import type { Home } from "../ports/home.ts";
import type { Groups } from "./groups.ts";
import type { GroupRecord, GroupRoom } from "./model.ts";
import { labelOf } from "./view.ts";

interface ParkingOptions {
  readonly groups: Groups;
  readonly homes: ReadonlyMap<HomeName, Home>;
}

/**
 * Nothing goes into a room of a group any more until a person has dealt with it; those who live in it are told so once.
 * `key`: the same for each try. @throws BridgeError `home-down` when they could not be told; it is done again then.
 */
export async function parkRoom(
  o: ParkingOptions,
  record: GroupRecord,
  room: GroupRoom,
  why: string,
  key: string,
): Promise<void> {
  await o.groups.inTurn(record.id, async () => {
    const now = (await o.groups.reread(record.id))?.rooms.find(({ home }) => home === room.home);
    if (now?.room === room.room && now.parked === undefined) await park(o, record, now, why, key);
  });
}

async function park(
  { groups, homes }: ParkingOptions,
  record: GroupRecord,
  tied: GroupRoom,
  why: string,
  key: string,
): Promise<void> {
  const { home: name, by } = tied;
  const home = homes.get(name);
  const tier = by !== undefined && residentParts(by).home === name ? [by] : [];
  const people = new Set<ResidentId>([...(await groups.residents(record, name)), ...tier]);
  const text = `The room of ${labelOf(record)} cannot be used any more: ${why}. What is said in the group waits meanwhile. Ask the bridge bot back into the room and say \`portal resume\`; or \`unbridge\` it.`;
  for (const resident of people) await home?.say(resident, undefined, text, `room-gone|${key}`);
  await groups.mark(record.id, tied, why);
}
