/** Roles and affiliations, asked for and changed (XEP-0045 §8, §9). Pure but for the room's state. */
import { type BareJid, bare, readJid } from "../jid.ts";
import { el, type XmlElement } from "../stanza/xml.ts";
import { MUC_NS, no, result, STATUS } from "./build.ts";
import { readNick } from "./nicks.ts";
import { AFFILIATIONS, isAdmin, isMember, mayChangeAffiliation, mayChangeRole, ROLES } from "./ranks.ts";
import type { RoomRequest } from "./read.ts";
import { deny, type Out, type Proposal, type RoomState } from "./state.ts";
import type { Act, Affiliation, Change, Refusal, Role } from "./types.ts";

/** Lists (XEP-0045 §9.5, §9.7, §10.5): of the members to all of them where addresses are seen anyway, else to admins. */
export function list(room: RoomState, request: RoomRequest<"iq">, out: Out): void {
  const item = request.child.getChild("item");
  const { affiliation, role } = item?.attrs ?? {};
  const own = room.affiliationOf(request.who);
  const isOpen = room.config.whois === "anyone" && isMember(own) && affiliation !== "outcast";
  const isModerator = room.seats.of(request.who)?.role === "moderator";
  if (!isAdmin(own) && !(role === undefined ? isOpen : isModerator || isOpen))
    deny(no.forbidden("Only those who run this room see this list."));
  const items = role === undefined ? byAffiliation(room, affiliation) : byRole(room, role);
  if (items === undefined) deny(no.sense("There is no such list."));
  out.send(result(request.stanza, el("query", { xmlns: MUC_NS.admin }, items)));
}

function byAffiliation(room: RoomState, affiliation: string | undefined): XmlElement[] | undefined {
  if (!AFFILIATIONS.some((known) => known === affiliation) || affiliation === "none") return undefined;
  return [...room.members]
    .filter(([, member]) => member.affiliation === affiliation)
    .map(([jid, { nick }]) => el("item", { affiliation, jid, nick }));
}

function byRole(room: RoomState, role: string): XmlElement[] | undefined {
  if (!ROLES.some((known) => known === role) || role === "none") return undefined;
  return [...room.seats]
    .filter((seat) => seat.role === role)
    .map((seat) => {
      const jid = room.seats.addressOf(seat);
      return el("item", { role, nick: seat.nick, jid, affiliation: room.affiliationOf(seat.who) });
    });
}

/** Kicks, voice, membership, bans: all of a request or nothing of it. */
export function wantChanges(room: RoomState, request: RoomRequest<"iq">): Proposal {
  const items = request.child.getChildren("item");
  if (items.length === 0) deny(no.sense("It is not said what is to be changed."));
  if (items.length > room.limits.changes)
    deny(no.policy(`At most ${room.limits.changes} changes go into one request.`));
  const changes: Change[] = [];
  for (const item of items) {
    const change = readChange(room, item);
    // What nobody can do here is said before who may.
    if (!("condition" in change)) room.refuseOutright(actOf(change));
    const refusal = "condition" in change ? change : whyNot(room, request.who, change);
    if (refusal) deny(refusal);
    changes.push(change as Change);
  }
  const isNew = ({ affiliation, who }: Change): boolean =>
    affiliation !== undefined && affiliation !== "none" && !room.members.has(who);
  if (room.members.size + changes.filter(isNew).length > room.limits.members)
    deny(no.capacity(`This room remembers ${room.limits.members} people at most.`));
  const by = room.by(request);
  return { acts: changes.map(actOf), event: () => ({ kind: "changed", by, changes }) };
}

const actOf = ({ act, isGhost }: Change): Act => `${act}-${isGhost ? "ghost" : "person"}`;

export function readChange(room: RoomState, item: XmlElement): Change | Refusal {
  const { nick, role, affiliation } = item.attrs;
  const reason = [...(item.getChildText("reason") ?? "").trim()].slice(0, room.limits.line).join("");
  const named = readJid(item.attrs.jid);
  if (role !== undefined) {
    const seat = nick === undefined ? named && room.seats.of(bare(named)) : room.seats.named(nick);
    if (!seat) return no.such(`There is nobody called ${nick ?? named ?? "so"} in this room.`);
    const known = ROLES.find((one) => one === role);
    if (known === undefined) return no.sense("There is no such role.");
    const { who, isGhost } = seat;
    return { act: known === "none" ? "kick" : "voice", who, isGhost, role: known, reason };
  }
  const to = AFFILIATIONS.find((one) => one === affiliation);
  if (to === undefined) return no.sense("There is no such affiliation.");
  const who = named ? bare(named) : nick === undefined ? undefined : room.seats.named(nick)?.who;
  if (who === undefined) return no.such("It is not said whom it is about.");
  const kept = nick !== undefined && named ? readNick(nick, room.limits.nick) : undefined;
  const act = to === "outcast" ? "ban" : "rank";
  return {
    act,
    who,
    isGhost: room.isGhost(who),
    affiliation: to,
    reason,
    ...(kept === undefined ? {} : { nick: kept }),
  };
}

function whyNot(room: RoomState, who: BareJid, change: Change): Refusal | undefined {
  const seat = room.seats.of(who);
  const actor = { affiliation: room.affiliationOf(who), role: seat?.role ?? "none" } as const;
  const target = {
    affiliation: room.affiliationOf(change.who),
    role: room.seats.of(change.who)?.role ?? "none",
  } as const;
  const verdict =
    change.role !== undefined
      ? mayChangeRole(actor, target, change.role)
      : mayChangeAffiliation(actor.affiliation, target.affiliation, change.affiliation ?? "none");
  if (verdict === "forbidden") return no.forbidden("You do not have the rank for that in this room.");
  if (verdict === "not-allowed") return no.allowed("Nobody does that to somebody who stands as high in this room.");
  if (change.act === "ban" && change.who === who) return no.conflict("Nobody bans themselves.");
  if (change.affiliation === undefined || change.affiliation === "owner") return undefined;
  const owners = [...room.members].filter(([, { affiliation }]) => affiliation === "owner");
  const isLast = owners.length === 1 && owners[0]?.[0] === change.who;
  return isLast ? no.conflict("A room keeps at least one owner: name another first.") : undefined;
}

/** Done, and everybody sees it. `actor`: the nick of who did it, where it is known. */
export function change(room: RoomState, changes: readonly Change[], actor: string | undefined, out: Out): void {
  for (const one of changes) {
    if (one.affiliation !== undefined) rank(room, { ...one, affiliation: one.affiliation, actor }, out);
    else if (one.role !== undefined) giveRole(room, { ...one, role: one.role, actor }, out);
  }
}

interface Done {
  readonly who: BareJid;
  readonly reason?: string;
  readonly actor?: string | undefined;
}

export function giveRole(room: RoomState, { who, role, reason = "", actor }: Done & { role: Role }, out: Out): void {
  const seat = room.seats.of(who);
  if (!seat || seat.role === role) return;
  if (role === "none") {
    room.remove(out, seat, "kicked", { codes: [STATUS.kicked], reason, actor });
    return;
  }
  seat.role = role;
  room.touch();
  room.announce(out, seat, { reason, actor });
}

/** A new standing, with all that follows from it for somebody who sits here. False when no more can be remembered. */
export function rank(
  room: RoomState,
  { who, affiliation, nick, reason = "", actor }: Done & { affiliation: Affiliation; nick?: string },
  out: Out,
): boolean {
  const before = room.affiliationOf(who);
  if (!room.setMember(who, affiliation, nick)) return false;
  const seat = room.seats.of(who);
  if (!seat || before === affiliation) return true;
  if (affiliation === "outcast") room.remove(out, seat, "banned", { codes: [STATUS.banned], reason, actor });
  else if (room.config.membersOnly && !isMember(affiliation) && !seat.isGhost)
    room.remove(out, seat, "no-member", { codes: [STATUS.affiliationChanged], reason, actor });
  else {
    room.settleRole(seat);
    room.announce(out, seat, { reason, actor });
  }
  return true;
}
