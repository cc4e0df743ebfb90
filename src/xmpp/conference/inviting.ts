/** Asking people in, and what they answer (XEP-0045 §7.8). Pure but for the room's state. */
import { type BareJid, withResource } from "../jid.ts";
import { declination, invitation, no } from "./build.ts";
import { isAdmin, isMember } from "./ranks.ts";
import type { RoomRequest } from "./read.ts";
import { seated } from "./speaking.ts";
import { deny, type Out, type Proposal, type RoomState } from "./state.ts";
import type { Act, Invitation, Refusal } from "./types.ts";

/** An occupant asks others in: people of XMPP by the room, ghosts by the bridge. */
export function wantInvite(room: RoomState, request: RoomRequest<"invite">, now: number): Proposal {
  const seat = seated(room, request, now);
  const { limits, config } = room;
  const affiliation = room.affiliationOf(seat.who);
  room.refuseOutright(...actsOf(request.wanted.map(({ to }) => ({ isGhost: room.isGhost(to) }))));
  if (config.membersOnly && !config.allowInvites && !isAdmin(affiliation) && seat.role !== "moderator")
    deny(no.forbidden("Only those who run this room ask others in."));
  if (request.wanted.length > limits.changes) deny(no.policy(`At most ${limits.changes} people are asked in at once.`));
  const invitees = request.wanted.map(({ to, reason }) => ({
    to,
    isGhost: room.isGhost(to),
    reason: [...reason].slice(0, limits.line).join(""),
  }));
  const refusal = whyNot(room, invitees);
  if (refusal) deny(refusal);
  const by = room.by(request);
  return { acts: actsOf(invitees), event: () => ({ kind: "invited", by, invitees }) };
}

const actsOf = (invitees: readonly Pick<Invitation, "isGhost">[]): Act[] =>
  invitees.map(({ isGhost }) => (isGhost ? "invite-ghost" : "invite-person"));

function whyNot(room: RoomState, invitees: readonly Invitation[]): Refusal | undefined {
  const banned = invitees.find(({ to }) => room.affiliationOf(to) === "outcast");
  if (banned) return no.forbidden(`${banned.to} is banned from this room.`);
  const inside = invitees.find(({ to, isGhost }) => isGhost && room.seats.of(to) !== undefined);
  return inside && no.conflict(`${inside.to} is in this room already.`);
}

/** People get their invitation, and with it the right to come in; a ghost comes when the network says so. */
export function inviteAll(room: RoomState, by: BareJid, invitees: readonly Invitation[], out: Out): void {
  const inviter = room.seats.of(by);
  const isHidden = inviter !== undefined && room.config.whois !== "anyone";
  const from = isHidden ? withResource(room.jid, inviter.nick) : by;
  for (const { to, isGhost, reason } of invitees) {
    if (isGhost) continue;
    const affiliation = room.affiliationOf(to);
    if (affiliation === "outcast") continue;
    const isNew = room.config.membersOnly && !isMember(affiliation) && room.setMember(to, "member");
    const id = room.newId();
    room.invited.set(id, { to, by, isNew });
    out.send(invitation(room.jid, to, from, { reason, id }));
  }
}

/** Somebody does not want to come (XEP-0045 §7.8.2). Whoever asked them hears of it. */
export function decline(room: RoomState, request: RoomRequest<"decline">, out: Out): void {
  const { who, to, toNick } = request;
  const reason = [...request.reason].slice(0, room.limits.line).join("");
  // Whoever was never asked could else write to people by way of the room.
  if (room.config.membersOnly && !isMember(room.affiliationOf(who))) {
    deny(no.forbidden("You were not asked into this room."));
  }
  const seat = to === room.jid && toNick !== undefined ? room.seats.named(toNick) : room.seats.of(to);
  const inviter = seat?.who ?? to;
  tellInviter(room, inviter, who, reason, out);
  out.tell({ kind: "declined", who, inviter, reason });
}

/** Where they sit; who does not sit there any more is told at their address, if they have a place in the room. */
function tellInviter(room: RoomState, inviter: BareJid, who: BareJid, reason: string, out: Out): void {
  const seat = room.seats.of(inviter);
  const isAway = !seat && !room.isGhost(inviter) && isMember(room.affiliationOf(inviter));
  for (const client of seat?.clients.keys() ?? (isAway ? [inviter] : []))
    out.send(declination(room.jid, client, who, reason));
}

/** What is sent back of an address that is none, and not only of somebody who is away. */
const NOWHERE: ReadonlySet<string> = new Set(["gone", "item-not-found", "jid-malformed", "remote-server-not-found"]);

/**
 * An invitation has come back: whoever gave it hears of it, as of one that was declined, and an address that is none is no
 * member by it. False: it is none that is known.
 */
export function bounced(room: RoomState, { stanza, who, condition }: RoomRequest<"lost">, out: Out): boolean {
  const id = stanza.attrs.id ?? "";
  const found = room.invited.get(id);
  if (found?.to !== who) return false;
  room.invited.delete(id);
  const isOut = found.isNew && NOWHERE.has(condition) && room.affiliationOf(who) === "member" && !room.seats.of(who);
  const then = isOut ? "they are not asked in any more" : "they may come in all the same";
  tellInviter(room, found.by, who, `The invitation could not be delivered (${condition}); ${then}.`, out);
  if (!isOut) return true;
  room.setMember(who, "none");
  out.tell({ kind: "uninvited", who });
  return true;
}
