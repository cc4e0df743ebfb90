/**
 * What a home can tell of the bridge when the store has lost everything: what it once wrote into its own rooms. Homes whose
 * chats and rooms follow from their addresses need nothing of it.
 */
import type { GroupId, GroupKind, GroupMember, GroupRelay, GroupRoom } from "../groups/model.ts";
import type { ContactAddress, HomeName, PortalId, ResidentId, RoomId } from "../model.ts";

/** A chat with one contact, and its room. */
export interface FoundChat {
  readonly kind: "chat";
  readonly room: RoomId;
  readonly portal: PortalId;
  readonly resident: ResidentId;
  /** When it was written down, Unix ms: of several rooms of one chat the newest counts. */
  readonly at: number;
  /** It was written into another room, which goes on in this one: what this one says of itself counts more. */
  readonly moved?: true;
}

/** The room of a group. */
export interface FoundGroup {
  readonly kind: "group";
  readonly room: RoomId;
  readonly group: GroupId;
  readonly at: number;
  /** As in {@link FoundChat}. */
  readonly moved?: true;
  readonly sort: GroupKind;
  readonly circle?: string;
  readonly name: string;
  readonly topic: string;
  /** Linked accounts too, as far as they are known. */
  readonly members: readonly GroupMember[];
  /** Accounts that had a seat. */
  readonly accounts: readonly ContactAddress[];
  /** In all homes, this one too. */
  readonly rooms: readonly GroupRoom[];
  readonly relay?: GroupRelay;
  /** Called when the group stands in the store: what the home must know of it until its people are linked again. @throws BridgeError. */
  settle(): Promise<void>;
}

/** What the home alone knows what to do with: names that ghosts have, rooms in which people talk with the bot. */
export interface FoundOwn {
  readonly kind: "own";
  /** Grouped by this in a report, e.g. `names of contacts`. */
  readonly sort: string;
  /** For a line of its own; absent: it is only counted. */
  readonly line?: string;
  /** Writes it into the store, unless something stands there. False: it did. @throws BridgeError `store-down`. */
  keep(): Promise<boolean>;
}

/** A room that is left out. */
export interface LeftOut {
  readonly kind: "left-out";
  readonly room: RoomId;
  /** In a sentence for the operator. */
  readonly why: string;
  /** A chat or a group of the bridge may be lost by it; false: there is nothing to restore in it. */
  readonly isLoss: boolean;
}

export type Found = FoundChat | FoundGroup | FoundOwn | LeftOut;

/** The part of a home that finds its rooms again. */
export interface Rebuilding {
  readonly home: HomeName;
  /**
   * Looks at all rooms of the bridge, a few at a time, and changes nothing. `seen`: told of each room, with how many there
   * are to look at as far as is known.
   * @throws BridgeError `home-down`, `home-refused` when the home cannot be asked at all.
   */
  find(seen: (looked: number, of: number) => void): AsyncIterable<Found>;
  close(): Promise<void>;
}
