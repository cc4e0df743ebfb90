/**
 * The seam between the component's home and rooms of other services (MUCs of the XMPP server), in which ghosts sit as anybody
 * else does. A room's {@link RoomId} is its bare JID: on the component's own domain it is one of ours (./rooms.ts and what is
 * beside it), on any other it is one of these.
 */
import type { Logger } from "pino";
import type { Failure, HomeName, MessageId, ResidentId, RoomId } from "../../../bridge/model.ts";
import type { GroupHosting } from "../../../bridge/ports/groups.ts";
import type { HomeHost } from "../../../bridge/ports/home.ts";
import type { RoomNoteStore, SecretStore } from "../../../bridge/ports/store.ts";
import type { Secret } from "../../../bridge/secret.ts";
import type { GhostJids } from "../../convert/ghost.ts";
import type { IntakeSpool } from "../../intake.ts";
import type { ComponentLink } from "../../link/component-link.ts";
import type { Recall } from "../../recall.ts";
import type { XmlElement } from "../../stanza/xml.ts";
import type { ForeignLimits } from "../rooms/limits.ts";

/** What is asked about a group's room, of one that is not ours. Nothing of this is called before {@link start}. */
export interface ForeignRooms extends Omit<GroupHosting, "openGroup" | "publicName"> {
  /** Called once, before the link is. @throws BridgeError `store-down`. */
  start(): Promise<void>;
  /** Waits for what is under way, at most a few seconds. Never rejects. */
  stop(): Promise<void>;
  /** The link is there, for the first time or again. */
  online(): void;
  offline(): void;
  /**
   * Sees every stanza of the component before anybody else. True: it came from a room of its own, or was about one, and is
   * dealt with. Never throws.
   */
  take(stanza: XmlElement): boolean;
  /** As {@link Home.say} in such a room: the bot says something to all in it. */
  tell(room: RoomId, text: string, key: string): Promise<MessageId>;
  /** As {@link Home.reportFailure}, for words that were said in such a room. */
  reportFailure(
    room: RoomId,
    resident: ResidentId,
    message: MessageId,
    failure: Failure,
    key: string,
  ): Promise<MessageId>;
}

/** For `createForeignRooms` (../rooms/rooms.ts). */
export interface ForeignRoomsOptions {
  readonly home: HomeName;
  /** Late-bound: the home is made before it is started. */
  readonly host: () => HomeHost;
  readonly names: GhostJids;
  readonly link: ComponentLink;
  /** What people say there goes through it, as `Stored` with `room` (convert/stored.ts), so that a store that is away loses nothing. */
  readonly spool: IntakeSpool;
  /** Of the installation. */
  readonly secret: Secret;
  /** Rooms on the component's own domain are noted there too: leave them alone. */
  readonly notes: RoomNoteStore;
  /** Passwords of such rooms are kept there. */
  readonly secrets: SecretStore;
  /** What was said lately in all rooms. */
  readonly recall: Recall;
  /** The gateway says something to a person, in their chat with it. */
  readonly say: (resident: ResidentId, text: string, key: string) => Promise<MessageId>;
  /** The domain of the operator's own server: its services are believed when they say who somebody is (../rooms/who.ts). */
  readonly server?: string;
  /** How the bot is called in rooms; default `MSN`. */
  readonly name?: string;
  readonly limits?: Partial<ForeignLimits>;
  readonly log: Logger;
}
