/**
 * A conference service on the component's own domain (XEP-0045): rooms in which people of XMPP and of a network sit.
 *
 * - `Conference.take` sees each stanza first, and leaves to others what is for no room. Rooms and ghosts share the domain: the
 *   node of a room must be none that a ghost could have, e.g. without an escaped `@`.
 * - `Conference.identity`, `features` and `items` go into what the domain itself answers to XEP-0030.
 * - What people say is a wish first: stored, then granted by `Conference.grant`; only then do they see it in the room.
 * - `online` and `offline` follow the link; `tick` every few seconds, `check` every few minutes; `changed` is what to store.
 */
export {
  Conference,
  type ConferenceLink,
  type ConferenceOptions,
  type ConferenceSnapshot,
  type RoomKind,
} from "./conference.ts";
export type { Said } from "./history.ts";
export { type Occupant, Room } from "./room.ts";
export type { RoomSnapshot, SeatSnapshot, WishSnapshot } from "./snapshot.ts";
export type { Speech } from "./speaking.ts";
export * from "./types.ts";
