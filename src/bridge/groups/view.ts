import type { AccountId, GhostRef, HomeName, ResidentId } from "../model.ts";
import { accountId, accountParts, residentParts } from "../model.ts";
import { oneLine } from "../plain.ts";
import type { GroupMember, GroupPerson, GroupRecord, GroupRole, GroupView, LiveGroup } from "./model.ts";
import { groupParts } from "./model.ts";

/** What a view needs to know besides the record. */
export interface Known {
  /** Who has linked an account. */
  readonly owners: (account: AccountId) => readonly ResidentId[];
  /** How somebody is called; absent: nobody knows. */
  readonly name: (ghost: GhostRef) => string | undefined;
}

/** A group as a home is to show it. Pure. */
export function viewFor(record: GroupRecord, home: HomeName, known: Known): GroupView {
  const { network } = groupParts(record.id);
  const people: GroupPerson[] = [];
  const plumbed = record.rooms.some((room) => room.home === home && room.by !== undefined);
  const residents = new Set<ResidentId>();
  for (const member of membersOf(record)) {
    const { address, role } = member;
    const account = accountId(network, address);
    const resident = record.seats.includes(account)
      ? known.owners(account).find((owner) => residentParts(owner).home === home)
      : undefined;
    if (resident === undefined) {
      const ghost = { network, contact: address };
      people.push({ kind: "ghost", ghost, name: known.name(ghost) ?? member.name ?? address, role });
    } else if (!residents.has(resident)) {
      residents.add(resident);
      people.push({ kind: "resident", resident, role });
    }
  }
  return {
    id: record.id,
    kind: record.kind,
    ...(record.circle === undefined ? {} : { circle: record.circle }),
    name: record.name,
    topic: topicOf(record, plumbed ? BEHIND_OTHERS : TOPIC),
    people,
    plumbed,
    rooms: record.rooms,
    kept: {
      topic: record.topic,
      accounts: record.seats.map((seat) => accountParts(seat).address),
      ...(record.relay === undefined ? {} : { relay: record.relay }),
    },
  };
}

/** Everybody of the group: members, and who has a seat without having been there at the last word. */
function membersOf({ members, seats }: GroupRecord): readonly GroupMember[] {
  const there = new Set(members.map(({ address }) => address));
  const others = seats.map((seat) => accountParts(seat).address).filter((address) => !there.has(address));
  return [...members, ...others.map((address) => ({ address, role: "member" as const }))];
}

/** UTF-16 units of a topic with what stands behind it, in a room of the group and behind the topic of a room of others. */
const TOPIC = 1000;
const BEHIND_OTHERS = 500;
/** Between a topic and what stands behind it. */
const BEHIND = " | ";
const SPEAKS = "Whoever has no MSN account here speaks through ";

/** With what people must know of the relay: of a long topic the end is left out, and not that. */
function topicOf({ topic, relay }: GroupRecord, longest: number): string {
  if (!relay) return topic;
  const note = noteOf(relay);
  return topic === "" ? note : `${cut(topic, longest - BEHIND.length - note.length)}${BEHIND}${note}`;
}

function noteOf({ account, prefix }: NonNullable<GroupRecord["relay"]>): string {
  const how = prefix ? "with their name in front" : "without their name";
  return `${SPEAKS}${accountParts(account).address}, ${how}.`;
}

/** Never half of a surrogate pair. */
function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/**
 * A topic as people have written it: who changes one has before them what the bridge has put behind it, of the relay as it is
 * or as it was when they began.
 */
export function ownTopic(topic: string): string {
  const whole = topic.trimEnd();
  const at = whole.lastIndexOf(SPEAKS);
  const isNote =
    at >= 0 && /^\S+, with(?:out their name| their name in front)\.$/.test(whole.slice(at + SPEAKS.length));
  if (!isNote) return topic;
  const own = whole.slice(0, at);
  return own.endsWith(BEHIND) ? own.slice(0, -BEHIND.length) : own.trimEnd();
}

/** What of a group is seen: two that are equal need no shaping. */
export function shapeOf(group: Pick<LiveGroup, "kind" | "name" | "members">): string {
  const members = group.members.map(({ address, role }) => `${address} ${role}`).sort();
  return JSON.stringify([group.kind === "circle" ? group.name : "", ...members]);
}

/** What a session sees, with those whom it does not know of yet. */
export function whole<T extends Pick<LiveGroup, "members" | "partial">>(
  live: T,
  before: Pick<LiveGroup, "members"> | undefined,
): T {
  if (!live.partial || !before) return live;
  const seen = new Set(live.members.map(({ address }) => address));
  return { ...live, members: [...live.members, ...before.members.filter(({ address }) => !seen.has(address))] };
}

/** Whether somebody has come, or is something else than before; to have gone is not enough. */
export function hasMore(now: Pick<LiveGroup, "members">, before: Pick<LiveGroup, "members">): boolean {
  const roles = new Map<string, GroupRole>(before.members.map(({ address, role }) => [address, role]));
  return now.members.some(({ address, role }) => roles.get(address) !== role);
}

/** People named where a group has no name. */
const NAMED = 3;

/** A group in a sentence. */
export function labelOf({ name, members }: Pick<GroupRecord, "name" | "members">): string {
  if (name !== "") return `"${oneLine(name, 80)}"`;
  const shown = members.slice(0, NAMED).map((one) => oneLine(one.name ?? "", 30) || one.address);
  const more = members.length > NAMED ? ` and ${members.length - NAMED} more` : "";
  return `your group with ${shown.join(", ")}${more}`;
}
