/** Conversations of several people on MSN in the bridge's words. Pure. */
import { type GroupHandle, type GroupMember, groupHandle, type LiveGroup } from "../../bridge/groups/model.ts";
import { oneLine } from "../../bridge/plain.ts";
import type { CircleInvitation } from "../../bridge/ports/groups.ts";
import type { CircleMember, Conversation, Email, MsnCircle } from "../../msnp/index.ts";
import { addressOf } from "./contact.ts";
import { wordsOfMsn } from "./rich.ts";

/** Characters of a circle's name, and of what somebody says with an invitation. */
const LONGEST_NAME = 250;
const LONGEST_MESSAGE = 1000;

/** The GUID of a circle, by the address that the client calls it by (source: msnp-chat §6.1). */
export function circleOf(id: string): string {
  return /^\d+:([^@]*)@/.exec(id)?.[1]?.toLowerCase() ?? id;
}

/** The lasting handle of a circle or temporary group; switchboards have none of their own. */
export function lastingHandle({ kind, id = "" }: Conversation): GroupHandle | undefined {
  if (kind === "circle") return groupHandle(circleOf(id));
  return kind === "group" ? groupHandle(id) : undefined;
}

/** What the network calls the switchboard, circle or temporary group in which they are now. */
export function placeOf({ place, id }: Conversation): string | undefined {
  return place ?? id;
}

/** What must be known to show a group. */
export interface GroupSight {
  readonly handle: GroupHandle;
  readonly self: { readonly email: Email; readonly displayName: string };
  /** Address book of a circle; undefined where there is none, or none yet. */
  readonly people?: readonly CircleMember[] | undefined;
}

/** A conversation as it stands now; members in the order of their addresses. */
export function liveGroup(conversation: Conversation, { handle, self, people }: GroupSight): LiveGroup {
  const isCircle = conversation.kind === "circle";
  const listed = people?.filter(isMember) ?? [];
  const everybody = new Set([self.email, ...listed.map(({ email }) => email), ...conversation.participants]);
  const names = new Map(listed.map(({ email, name }) => [email, name]));
  const nameOf = (email: Email): string | undefined =>
    email === self.email ? self.displayName : (conversation.nameOf?.(email) ?? names.get(email));
  const members = [...everybody].sort().map((email): GroupMember => {
    const name = wordsOfMsn(nameOf(email) ?? "");
    const role = (isCircle ? conversation.role?.(email) : undefined) ?? "member";
    return { address: addressOf(email), ...(name !== "" && name !== email && { name }), role };
  });
  const place = placeOf(conversation);
  return {
    handle,
    ...(place !== undefined && { place }),
    kind: isCircle ? "circle" : "several",
    ...(isCircle && { circle: circleOf(conversation.id ?? "") }),
    name: isCircle ? oneLine(conversation.name ?? "", LONGEST_NAME) : "",
    members,
    ...(isCircle && people === undefined && { partial: true }),
  };
}

/** Those who have left or declined stay in the address book for a while. */
function isMember({ role, state }: CircleMember): boolean {
  return role !== "none" && (state === "accepted" || state === "invited");
}

/** An invitation into a circle. */
export function invitationOf({ id, name, inviter, invitation = "" }: MsnCircle): CircleInvitation {
  const message = oneLine(invitation, LONGEST_MESSAGE);
  return {
    circle: circleOf(id),
    name: oneLine(name, LONGEST_NAME),
    ...(inviter !== undefined && { inviter: addressOf(inviter) }),
    ...(message !== "" && { message }),
  };
}
