/**
 * Addresses on the component's own domain that are no ghosts: rooms of groups and guests in them. Both follow from what they
 * stand for, so that a lost store loses none. Pure.
 *
 * - A room is `<network>.<key of the group>`, e.g. `escargot.circle-4f2a@msn.example.org`. A ghost has an escaped `@` in its
 *   node (convert/ghost.ts), so no room is one.
 * - A guest, somebody of another home who has no account in the group, is `guest~<hash>`; nothing can be sent there.
 */
import { createHash } from "node:crypto";
import { type GroupId, groupParts } from "../../../bridge/groups/model.ts";
import { type ResidentId, type RoomId, roomId } from "../../../bridge/model.ts";
import { type BareJid, jidParts, readJid } from "../../jid.ts";

export function roomOf(group: GroupId, domain: BareJid): BareJid {
  const { network, key } = groupParts(group);
  return `${network}.${key}@${domain}` as BareJid;
}

export function guestOf(resident: ResidentId, domain: BareJid): BareJid {
  const hash = createHash("sha256").update(resident).digest("hex").slice(0, 32);
  return `guest~${hash}@${domain}` as BareJid;
}

export function isGuest(who: BareJid): boolean {
  return who.startsWith("guest~");
}

/** A room's JID is its id. `undefined` for a chat of two, whose id has two JIDs in it. */
export function roomJid(room: RoomId): BareJid | undefined {
  const jid = readJid(room);
  return jid === undefined || jidParts(jid).node === undefined || jid.includes("/") || room.includes(" ")
    ? undefined
    : (jid as string as BareJid);
}

export const idOfRoom = (jid: BareJid): RoomId => roomId(jid);
