/**
 * Who may tie a room to a group, untie it, set a relay or delete a portal. Pure: what a home says of a room's power comes in
 * as it is. Every refusal says why, and who could.
 */
import { BridgeError } from "../errors.ts";
import type { AccountId, ResidentId } from "../model.ts";
import { accountParts } from "../model.ts";
import { oneLine } from "../plain.ts";
import type { RoomPower } from "../ports/groups.ts";
import type { GroupMember, GroupRecord, GroupRoom } from "./model.ts";

/** Somebody who asks for something that concerns a group. */
export interface Asking {
  readonly resident: ResidentId;
  /** Those they have linked. */
  readonly accounts: readonly AccountId[];
  /** Of the operator's admins, who may steer what belongs to others (`permissions.admins`). */
  readonly isAdmin: boolean;
}

const ALLOWED: RoomPower = { allowed: true };
/** People who are named in a refusal. */
const NAMED = 5;
const SHOWN_NAME = 60;

const refused = (because: string): RoomPower => ({ allowed: false, because });

/** The accounts of somebody that are in a group. */
export function seatsOf(record: Pick<GroupRecord, "seats">, accounts: readonly AccountId[]): readonly AccountId[] {
  return record.seats.filter((seat) => accounts.includes(seat));
}

/** What somebody may do to a group as a whole: a circle belongs to its admins, other groups to everybody in them. */
export function groupPower(record: GroupRecord, { accounts, isAdmin }: Asking): RoomPower {
  if (isAdmin) return ALLOWED;
  const seats = seatsOf(record, accounts);
  // Who is in it is nothing for those who are not: they may know no more of it than the address of a room.
  if (seats.length === 0) return refused(`you have no account in this group, so ${ruler(record)} has to do it`);
  if (record.kind === "several") return ALLOWED;
  const addresses = new Set(seats.map((seat) => accountParts(seat).address));
  if (record.members.some(({ address, role }) => role === "admin" && addresses.has(address))) return ALLOWED;
  return refused(`you are no admin of this circle, so ${couldBe(record)} has to do it`);
}

function ruler({ kind }: GroupRecord): string {
  return kind === "circle" ? "an admin of it" : "somebody who is in it";
}

/** For a sentence: who could do it. */
function couldBe(record: GroupRecord): string {
  const { kind, members } = record;
  const able = members.filter(({ role }) => (kind === "circle" ? role === "admin" : role !== "pending"));
  const shown = able.slice(0, NAMED).map(memberLabel);
  const what = ruler(record);
  if (shown.length === 0) return what;
  return `${what} (${shown.join(", ")}${able.length > NAMED ? ", …" : ""})`;
}

export function memberLabel({ address, name }: Pick<GroupMember, "address" | "name">): string {
  const shown = oneLine(name ?? "", SHOWN_NAME);
  return shown === "" || shown === address ? address : `${shown} <${address}>`;
}

/** Both must allow it; when neither does, both are said. */
export function both(one: RoomPower, other: RoomPower): RoomPower {
  if (one.allowed) return other;
  return other.allowed ? one : refused(`${one.because}; and ${other.because}`);
}

/** One is enough; when neither allows it, both are said. */
export function either(one: RoomPower, other: RoomPower | undefined): RoomPower {
  if (other === undefined) return one;
  if (one.allowed || other.allowed) return ALLOWED;
  return refused(one.because === other.because ? one.because : `${one.because}; and ${other.because}`);
}

/**
 * Whether somebody may undo the tie of a room: who has tied it, whoever rules the group, or whoever rules the room.
 * @param roomPower what the room's home says; absent: the room is in another home than theirs
 */
export function untiePower(
  record: GroupRecord,
  room: GroupRoom,
  asking: Asking,
  roomPower: RoomPower | undefined,
): RoomPower {
  if (room.by !== undefined && room.by === asking.resident) return ALLOWED;
  const group = groupPower(record, asking);
  return roomPower === undefined ? group : either(group, roomPower);
}

/** Whether somebody may take the relay away: who has set it, whose account it is, and as {@link untiePower}. */
export function relayPower(record: GroupRecord, asking: Asking, roomPower: RoomPower | undefined): RoomPower {
  const { relay } = record;
  if (relay?.by === asking.resident || (relay && asking.accounts.includes(relay.account))) return ALLOWED;
  const group = groupPower(record, asking);
  return roomPower === undefined ? group : either(group, roomPower);
}

/** Whether somebody may delete what the bridge keeps of a group, with its rooms in all homes. */
export function deletePower(record: GroupRecord, asking: Asking): RoomPower {
  const isAlone = record.seats.length > 0 && record.seats.every((seat) => asking.accounts.includes(seat));
  const isTheirs = record.rooms.every(({ by }) => by === undefined || by === asking.resident);
  if (isAlone && isTheirs) return ALLOWED;
  const power = groupPower(record, asking);
  return power.allowed ? power : refused(`${power.because}. What you can do is \`leave\` the group`);
}

/** @throws BridgeError `group-refused` with the reason. */
export function demand(power: RoomPower): void {
  if (!power.allowed) throw new BridgeError("group-refused", { detail: power.because.trim().replace(/\.$/, "") });
}
