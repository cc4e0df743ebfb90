/** Power over groups, as the network has it in the moment in which somebody asks for something. */
import type { Asker } from "../../commands/group-desk.ts";
import { asBridgeError } from "../../errors.ts";
import type { AccountRecord } from "../../model.ts";
import type { RoomPower } from "../../ports/groups.ts";
import type { GroupMember, GroupRecord } from "../model.ts";
import { groupPower } from "../plumbing.ts";
import { whole } from "../view.ts";
import type { DeskOptions } from "./desk-options.ts";
import { askingOf } from "./desk-options.ts";

/**
 * The group with the roles that a sign-in of the asker sees in it now; as it was at the last word when none is in it. Roles
 * change without a word being said, and while nobody is signed in.
 */
export function asSeen(o: DeskOptions, { accounts }: Asker, record: GroupRecord): GroupRecord {
  for (const { id } of accounts) {
    const there = record.kind === "circle" ? o.groups.liveNow(id, record.id) : undefined;
    if (there) return { ...record, members: whole(there.live, record).members };
  }
  return record;
}

/** What somebody may do to a group now. Of a circle that none of their sign-ins sees nobody can say, so it is nothing. */
export async function powerNow(o: DeskOptions, asker: Asker, record: GroupRecord): Promise<RoomPower> {
  const asking = askingOf(o, asker);
  const own = asker.accounts.filter(({ id }) => record.seats.includes(id));
  const [first] = own;
  if (record.kind !== "circle" || asking.isAdmin || !first) return groupPower(record, asking);
  for (const account of own) {
    const members = await membersNow(o, account, record);
    if (members) return groupPower({ ...record, members }, asking);
  }
  const because =
    o.fleet.session(first.id) === undefined
      ? `${first.address} is not signed in, so nobody can see whether you are an admin of this circle; say \`resume\`, then this again`
      : `${first.address} is not in this circle, as the network says`;
  return { allowed: false, because };
}

/** `undefined`: the account is not signed in, or not in it. */
async function membersNow(
  o: DeskOptions,
  account: AccountRecord,
  record: GroupRecord,
): Promise<readonly GroupMember[] | undefined> {
  try {
    const { live } = o.groups.liveNow(account.id, record.id) ?? (await o.groups.live(account, record.id));
    return whole(live, record).members;
  } catch (error) {
    const failure = asBridgeError(error);
    if (["not-signed-in", "not-offered", "group-gone"].includes(failure.code)) return undefined;
    throw failure;
  }
}
