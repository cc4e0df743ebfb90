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
    if (room.config.membersOnly && !isMember(affiliation)) room.setMember(to, "member");
    out.send(invitation(room.jid, to, from, { reason, id: room.newId() }));
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
  for (const client of seat?.clients.keys() ?? []) out.send(declination(room.jid, client, who, reason));
  out.tell({ kind: "declined", who, inviter: seat?.who ?? to, reason });
}
