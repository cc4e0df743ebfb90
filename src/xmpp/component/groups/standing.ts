/** Who stands how in a group's room: those who are in the group, those who are only asked in, ghosts. Pure but for the room. */
import type { GroupView } from "../../../bridge/groups/model.ts";
import type { Outcome, Room } from "../../conference/index.ts";
import { residentJid } from "../../convert/ghost.ts";
import type { BareJid } from "../../jid.ts";
import type { Shape } from "./shape.ts";

/** Why people are in a room. */
export interface Insiders {
  /** By being in the group, as it was shown last; nobody in a room that is the people's own. */
  inGroup: ReadonlySet<BareJid>;
  /** People who are not in the group: somebody in it has asked them in. */
  readonly lodgers: Set<BareJid>;
}

/** People in and out, and how they stand; who was banned stays so. Whoever has a place in the group is a lodger no more. */
export function peopleRanked(room: Room, { people }: Shape, { lodgers }: Insiders): Outcome[] {
  for (const who of people.keys()) lodgers.delete(who);
  const others = [...room.members].filter(([who]) => !people.has(who) && !isOurs(room, who));
  const gone = others.filter(([who, { affiliation }]) => affiliation !== "outcast" && !lodgers.has(who));
  const tooHigh = others.filter(([who, { affiliation }]) => lodgers.has(who) && runs(affiliation));
  const reason = "You are not in the group on MSN any more.";
  return [
    ...gone.map(([who]) => room.rank(who, "none", { reason })),
    ...tooHigh.map(([who]) => room.rank(who, "member")),
    ...[...people]
      .filter(([who, affiliation]) => room.members.get(who)?.affiliation !== affiliation)
      .map(([who, affiliation]) => room.rank(who, affiliation)),
  ];
}

export function ghostsRanked(room: Room, { ghosts }: Shape): Outcome[] {
  const wanted = new Map(ghosts.map(({ who, affiliation }) => [who, affiliation]));
  const gone = [...room.members.keys()].filter((who) => isOurs(room, who) && !wanted.has(who));
  return [
    ...gone.map((who) => room.rank(who, "none")),
    ...[...wanted]
      .filter(([who, affiliation]) => room.members.get(who)?.affiliation !== affiliation)
      .map(([who, affiliation]) => room.rank(who, affiliation)),
  ];
}

/** Ghosts have no standing in a room that is its people's own. */
export function ghostsUnranked(room: Room): Outcome[] {
  return [...room.members.keys()].filter((who) => isOurs(room, who)).map((who) => room.rank(who, "none"));
}

/**
 * A room that nobody could change any more would be of no use to anybody: when it has no owner, those are who ran it, or else
 * everybody who was in the group. Who was only asked in is a guest of theirs.
 */
export function ownersFound(room: Room, view: GroupView, { lodgers }: Insiders): Outcome[] {
  const people = [...room.members].filter(([who]) => !isOurs(room, who));
  if (people.some(([, { affiliation }]) => affiliation === "owner")) return [];
  const own = people.filter(([who, { affiliation }]) => affiliation !== "outcast" && !lodgers.has(who));
  const admins = own.filter(([, { affiliation }]) => affiliation === "admin");
  const inGroup = new Set(view.people.flatMap((one) => (one.kind === "resident" ? [residentJid(one.resident)] : [])));
  const heirs = admins.length > 0 ? admins : own.filter(([who]) => inGroup.has(who));
  return heirs.map(([who]) => room.rank(who, "owner"));
}

/** At most five. */
export function runningIt(room: Room): BareJid[] {
  return [...room.members]
    .filter(([who, { affiliation }]) => runs(affiliation) && !isOurs(room, who))
    .map(([who]) => who)
    .slice(0, 5);
}

const runs = (affiliation: string): boolean => affiliation === "owner" || affiliation === "admin";

const isOurs = (room: Room, who: BareJid): boolean => who.endsWith(room.jid.slice(room.jid.indexOf("@")));
