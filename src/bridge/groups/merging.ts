import type { AccountId } from "../model.ts";
import { accountId } from "../model.ts";
import type { GroupStore } from "../ports/groups.ts";
import type { GroupMemory } from "./memory.ts";
import type { GroupId, GroupMember, GroupRecord, LiveGroup } from "./model.ts";
import { groupId, groupParts, setKey } from "./model.ts";
import { shapeOf, whole } from "./view.ts";

export interface MergingOptions {
  readonly store: GroupStore;
  readonly memory: GroupMemory;
  /** The account is signed in here. */
  readonly isOn: (account: AccountId) => boolean;
  /** The relay of a circle is out of it, for good; `before`: with it. */
  readonly relayLost: (before: GroupRecord) => void;
}

/** What a session sees of a group becomes what is stored of it: its members, who of them is linked, and by which keys. */
export async function merge(
  { store, memory, isOn, relayLost }: MergingOptions,
  group: GroupId,
  seen: LiveGroup,
): Promise<GroupRecord> {
  const { network } = groupParts(group);
  const before = await memory.record(group);
  const live = whole(seen, before);
  const members = named(live.members, before);
  const isSame = before && shapeOf(before) === shapeOf(live) && before.members.every((one, i) => isAs(one, members[i]));
  const linked = await linkedOf(memory, network, live.members);
  const isIn = new Set(present(live.members).map(({ address }) => accountId(network, address)));
  // Who is not there because their sign-in is lost for a moment keeps their seat in a conversation; who is in a circle, and is
  // linked by nobody since the store was rebuilt, theirs there.
  const keeps = (seat: AccountId): boolean => (live.kind === "circle" ? isIn.has(seat) : !isOn(seat));
  const away = before?.seats.filter((seat) => !linked.includes(seat) && keeps(seat)) ?? [];
  const seats = [...linked, ...away];
  const isSeated = before && seats.length === before.seats.length && seats.every((seat) => before.seats.includes(seat));
  if (before && isSame && isSeated) return before;
  // A conversation has no name of its own; what people have called its room stays.
  const name = live.kind === "circle" ? { name: live.name } : {};
  const circle = live.circle === undefined ? {} : { circle: live.circle };
  if (!isSame) await store.saveGroup(group, { kind: live.kind, ...circle, ...name, members });
  const key = live.kind === "several" ? setKey(live.members.map(({ address }) => address)) : undefined;
  const own = key === undefined ? group : groupId(network, key);
  for (const seat of seats) {
    const further = key !== undefined && own !== group && memory.lacks(seat, key, own) ? key : undefined;
    if (before?.seats.includes(seat) && further === undefined) continue;
    await store.takeSeat(seat, group, further);
    memory.seated(seat, group, further);
  }
  for (const seat of before?.seats ?? [])
    if (!seats.includes(seat)) {
      await store.leaveSeat(seat, group);
      memory.unseated(seat, group);
    }
  const isOut = (relay: GroupRecord["relay"]): boolean => relay !== undefined && !seats.includes(relay.account);
  if (live.kind === "circle" && isOut(before?.relay)) {
    // Another worker may have set another.
    const now = await memory.read(group);
    if (now && isOut(now.relay)) {
      await store.saveGroup(group, { relay: null });
      relayLost(now);
    }
  }
  return (await memory.read(group)) ?? { ...emptyRecord(group, live), members };
}

/** Accounts of members that somebody has linked. */
async function linkedOf(
  memory: GroupMemory,
  network: ReturnType<typeof groupParts>["network"],
  members: readonly GroupMember[],
): Promise<AccountId[]> {
  const accounts = present(members).map(({ address }) => accountId(network, address));
  const linked = await Promise.all(accounts.map(async (one) => (await memory.owners(one)).length > 0));
  return accounts.filter((_, i) => linked[i]);
}

function present(members: readonly GroupMember[]): readonly GroupMember[] {
  return members.filter(({ role }) => role !== "pending");
}

/** With the names that were known before, where none is told now. */
function named(members: readonly GroupMember[], before: GroupRecord | undefined): readonly GroupMember[] {
  const names = new Map(before?.members.map(({ address, name }) => [address, name]));
  return members.map((member) => {
    const name = member.name ?? names.get(member.address);
    return name === undefined ? member : { ...member, name };
  });
}

function isAs(a: GroupMember, b: GroupMember | undefined): boolean {
  return b !== undefined && a.address === b.address && a.name === b.name && a.role === b.role;
}

/** Dropped in the moment in which it was written. */
function emptyRecord(id: GroupId, { kind, name }: LiveGroup): GroupRecord {
  return { id, kind, name, topic: "", members: [], seats: [], rooms: [] };
}
