/** Who somebody in a conference is to the core. Pure. */
import { type HomeName, type ResidentId, residentId } from "../../../bridge/model.ts";
import type { BareJid } from "../../jid.ts";
import type { Occupant, RoomMessage } from "../../muc/room-words.ts";

/** What a room tells of those in it, as its own words. */
export interface RoomSight {
  readonly home: HomeName;
  readonly room: BareJid;
  /** It shows everybody's address to everybody (XEP-0045 §4.2, "non-anonymous"), so also in its archive. */
  readonly isOpen: boolean;
  /** It gives occupants names that stay the same (XEP-0421). */
  readonly namesOccupants: boolean;
  readonly occupant: (nick: string) => Occupant | undefined;
  readonly byId: (occupantId: string) => Occupant | undefined;
}

/**
 * Whose words they are: a person by the address that the room itself tells of them, else a guest. What is said in a room's
 * history under a nick may be anybody's who had it then: only the archive's own word, or the lasting name of somebody who is
 * there, makes a person of them.
 */
export function speakerOf(sight: RoomSight, message: RoomMessage): ResidentId {
  const { home, room, isOpen, namesOccupants } = sight;
  const { nick, saidAt, archivedJid } = message;
  const occupantId = namesOccupants ? message.occupantId : undefined;
  const present = saidAt === undefined ? sight.occupant(nick) : occupantId && sight.byId(occupantId);
  const jid = (present || undefined)?.jid ?? (isOpen ? archivedJid : undefined);
  return jid === undefined ? guest(home, room, occupantId ?? nick) : residentId(home, jid);
}

/** As {@link speakerOf}, of somebody who is there now. */
export function presentOne({ home, room, namesOccupants, occupant }: RoomSight, nick: string): ResidentId {
  const { jid, occupantId } = occupant(nick) ?? {};
  if (jid !== undefined) return residentId(home, jid);
  return guest(home, room, (namesOccupants ? occupantId : undefined) ?? nick);
}

/** Somebody of whom nothing is known but what the room calls them: `room/name`, which no person's address looks like. */
function guest(home: HomeName, room: BareJid, called: string): ResidentId {
  return residentId(home, `${room}/${called}`);
}

/** What the room calls a guest: by {@link RoomSight.namesOccupants} their lasting name, else the nick. */
export function guestName(id: string, room: BareJid): string | undefined {
  return id.startsWith(`${room}/`) ? id.slice(room.length + 1) : undefined;
}
