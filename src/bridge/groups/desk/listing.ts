import type { Asker } from "../../commands/group-desk.ts";
import type { RoomId } from "../../model.ts";
import { accountParts, residentParts } from "../../model.ts";
import { oneLine } from "../../plain.ts";
import { roomFor } from "../../portals.ts";
import type { GroupMember, GroupRecord, GroupRoom } from "../model.ts";
import { memberLabel } from "../plumbing.ts";
import type { Catalogue, Entry } from "./catalogue.ts";
import { shortKey } from "./catalogue.ts";
import type { DeskOptions } from "./desk-options.ts";
import { titleOf } from "./desk-options.ts";
import { asSeen } from "./power.ts";

/** Chats in one answer. */
const MOST = 100;
/** People of a group who are named. */
const NAMED = 8;
const SHOWN_REASON = 200;

/** What `portals` answers. */
export async function listed(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  filter: string | undefined,
): Promise<string> {
  const all = await catalogue.list(asker);
  if (all.length === 0)
    return "You have no rooms yet. One is opened when somebody writes to you, or when you say `chat <address>`.";
  const wanted = filter?.toLowerCase();
  const lines = all.flatMap((entry, i) => {
    const line = `${i + 1}. ${line1(o, entry, asker)}`;
    return wanted === undefined || line.toLowerCase().includes(wanted) ? [line] : [];
  });
  if (lines.length === 0) return `None of your rooms matches "${oneLine(filter ?? "", 60)}".`;
  if (lines.length <= MOST) return lines.join("\n");
  return [...lines.slice(0, MOST), `… and ${lines.length - MOST} more; say \`portals <part of a name>\`.`].join("\n");
}

function line1(o: DeskOptions, entry: Entry, asker: Asker): string {
  if (entry.kind === "direct") {
    const { home } = residentParts(asker.resident);
    const mine = roomFor(entry.portal, home, asker.resident);
    const others = entry.portal.rooms.filter((room) => room.home !== home).map((room) => titleOf(o, room.home));
    const where = [mine && titleOf(o, home), ...others].filter((one) => one !== undefined).join(" and ");
    const whose = asker.accounts.length > 1 ? ` of ${entry.account.address}` : "";
    const who = entry.name === entry.key ? entry.key : `${entry.name} <${entry.key}>`;
    return `${who}: one contact${whose}, in ${where}`;
  }
  const key = shortKey(entry.key);
  if (!("record" in entry)) return `${entry.name}: circle (${key}), no room until somebody speaks in it`;
  const record = asSeen(o, asker, entry.record);
  const parts = [
    `${entry.name}: ${record.kind === "circle" ? "circle" : "several people"} (${key})`,
    `with ${peopleOf(record.members)}`,
    record.rooms.length === 0 ? "no room until somebody speaks in it" : "",
    ...record.rooms.map((room) => placeOf(o, room)),
    relayOf(o, record),
  ];
  return parts.filter((part) => part !== "").join("; ");
}

function peopleOf(members: readonly GroupMember[]): string {
  const shown = members
    .slice(0, NAMED)
    .map(
      (one) => `${memberLabel(one)}${one.role === "member" ? "" : one.role === "admin" ? " (admin)" : " (invited)"}`,
    );
  if (members.length > NAMED) shown.push(`… and ${members.length - NAMED} more`);
  return shown.length === 0 ? "nobody" : shown.join(", ");
}

/** Where a group is: its room in a home, who has tied it, and why nothing goes there when nothing does. */
export function placeOf(o: DeskOptions, { home, room, by, parked }: GroupRoom): string {
  const tied = by === undefined ? "" : ` (tied by ${residentParts(by).id})`;
  const stopped =
    parked === undefined ? "" : `, stopped: ${oneLine(parked, SHOWN_REASON)} \`portal resume\` goes on with it`;
  return `${titleOf(o, home)}: ${roomText(room)}${tied}${stopped}`;
}

export function roomText(room: RoomId): string {
  return oneLine(room, 200);
}

/** The relay of a group in words; empty: it has none. */
export function relayOf(o: DeskOptions, { relay }: Pick<GroupRecord, "relay">): string {
  if (!relay) return "";
  const { address } = accountParts(relay.account);
  const { home, id } = residentParts(relay.by);
  const prefix = relay.prefix ? "with the speaker's name in front" : "without the speaker's name";
  return `relay ${address}, ${prefix} (set by ${id} from ${titleOf(o, home)})`;
}
