/** A conference service on the component's own domain (XEP-0045): rooms in which people of XMPP and of a network sit. */
export {
  Conference,
  type ConferenceLink,
  type ConferenceOptions,
  type ConferenceSnapshot,
  type RoomKind,
} from "./conference.ts";
export { type Occupant, Room } from "./room.ts";
export type { RoomSnapshot } from "./snapshot.ts";
export type { Speech } from "./speaking.ts";
export * from "./types.ts";
