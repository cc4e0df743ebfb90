/** Who somebody in a conference is to the core. Pure. */
import { type HomeName, type ResidentId, residentId } from "../../../bridge/model.ts";
import { type BareJid, domainOf } from "../../jid.ts";
import { type Actor, asJid, type Occupant, type RoomMessage } from "../../muc/room-words.ts";

/** What a room tells of those in it, as its own words. */
export interface RoomSight {
  readonly home: HomeName;
  readonly room: BareJid;
  /** The domain of the operator's own server, where that is known: its services are believed. */
  readonly server: string | undefined;
  /** It shows everybody's address to everybody (XEP-0045 §4.2, "non-anonymous"), so also in its archive. */
  readonly isOpen: boolean;
  /** It gives occupants names that stay the same (XEP-0421). */
  readonly namesOccupants: boolean;
  readonly occupant: (nick: string) => Occupant | undefined;
  readonly byId: (occupantId: string) => Occupant | undefined;
}

/**
 * Whether the service of a room is believed about an address. Whoever runs a service can have it say of anybody that they are
 * there and what they say; the server of the address could do that anyway, and so could the operator's own.
 */
function isBelieved({ room, server }: RoomSight, jid: BareJid): boolean {
  const service = domainOf(asJid(room));
  const isOf = (domain: string) => service === domain || service.endsWith(`.${domain}`);
  return isOf(domainOf(asJid(jid))) || (server !== undefined && isOf(server));
}

/**
 * Whose words they are: a person by the address that the room itself tells of them and may tell, else a guest. What is said in a room's
 * history under a nick may be anybody's who had it then: only the archive's own word, or the lasting name of somebody who is
 * there, makes a person of them.
 */
export function speakerOf(sight: RoomSight, message: RoomMessage): ResidentId {
  const { home, room, isOpen, namesOccupants } = sight;
  const { nick, saidAt, archivedJid } = message;
  const occupantId = namesOccupants ? message.occupantId : undefined;
  const present = saidAt === undefined ? sight.occupant(nick) : occupantId && sight.byId(occupantId);
  const jid = (present || undefined)?.jid ?? (isOpen ? archivedJid : undefined);
  return jid !== undefined && isBelieved(sight, jid) ? residentId(home, jid) : guest(home, room, occupantId ?? nick);
}

/** As {@link speakerOf}, of somebody who is there now. */
export function presentOne(sight: RoomSight, nick: string): ResidentId {
  const { home, room, namesOccupants, occupant } = sight;
  const { jid, occupantId } = occupant(nick) ?? {};
  if (jid !== undefined && isBelieved(sight, jid)) return residentId(home, jid);
  return guest(home, room, (namesOccupants ? occupantId : undefined) ?? nick);
}

/** Who has put somebody out, as far as the room tells and is believed. */
export function actorIn(sight: RoomSight, by: Actor | undefined): ResidentId | undefined {
  if (by?.jid !== undefined && isBelieved(sight, by.jid)) return residentId(sight.home, by.jid);
  return by?.nick === undefined ? undefined : presentOne(sight, by.nick);
}

/** Somebody of whom nothing is known but what the room calls them: `room/name`, which no person's address looks like. */
function guest(home: HomeName, room: BareJid, called: string): ResidentId {
  return residentId(home, `${room}/${called}`);
}

/** What the room calls a guest: by {@link RoomSight.namesOccupants} their lasting name, else the nick. */
export function guestName(id: string, room: BareJid): string | undefined {
  return id.startsWith(`${room}/`) ? id.slice(room.length + 1) : undefined;
}
