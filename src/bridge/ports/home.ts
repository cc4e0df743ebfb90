/**
 * What a home side does for the core, and what the core does for it. A home never meets a network. Capabilities are small
 * optional interfaces, proved by implementing them and found by the guards at the end of this file (design §6).
 */
import type { BridgeError } from "../errors.ts";
import type {
  AccountId,
  AccountRecord,
  ContactAddress,
  ContactChange,
  ContactSnapshot,
  Failure,
  GhostRef,
  HomeEvent,
  HomeName,
  MessageId,
  NetworkMessage,
  PortalId,
  PortalRoom,
  Presence,
  PuppetState,
  ResidentId,
  RoomId,
} from "../model.ts";
import type { Secret } from "../secret.ts";

/** What every home can do. All methods may do network calls unless they say otherwise. */
export interface Home {
  readonly name: HomeName;
  /** What people call it, for texts to them. */
  readonly title: string;

  /** Starts to take events in. Called once, after the core is ready to store. @throws BridgeError when it cannot serve. */
  start(host: HomeHost): Promise<void>;

  /** Stops taking events in and waits for requests under way, at most a few seconds. Never rejects. */
  stop(): Promise<void>;

  /**
   * Puts a stored event into neutral words. Pure: no I/O, called in the lane's order, again after a crash.
   * `undefined`: the event means nothing to the bridge and is done with.
   */
  read(raw: unknown): HomeEvent | undefined;

  /**
   * Posts a message of the network as its ghost. Called by the portal's lane, one at a time per portal. `key` is the same
   * for each try of the same entry, also after a restart: two calls with one key leave one message.
   * @throws BridgeError `home-down` or `home-busy` (the lane holds and calls again), anything else parks the entry.
   */
  deliver(room: PortalRoom, ghost: GhostRef, message: NetworkMessage, key: string): Promise<MessageId>;

  /**
   * Posts what the resident said to `ghost` at another place, as the resident where the home can, otherwise as `self`, the
   * ghost of their own account, in such a way that one sees whose words they are. What is posted as the resident must not
   * come back as words of theirs. `key` and errors as in {@link Home.deliver}.
   */
  deliverOwn(
    room: PortalRoom,
    ghost: GhostRef,
    self: GhostRef,
    message: NetworkMessage,
    key: string,
  ): Promise<MessageId>;

  /**
   * Makes the room of a one-to-one portal, with the ghost in it and the resident invited, marked as direct. Called again
   * with the same portal after a crash: it must find the room it made before.
   * @throws BridgeError as {@link Home.deliver}.
   */
  openDirect(portal: PortalId, resident: ResidentId, ghost: GhostRef, displayName: string): Promise<RoomId>;

  /** Brings the ghost into a room that a resident asked it into, and makes it the portal's room. */
  adopt(portal: PortalId, room: PortalRoom, ghost: GhostRef, displayName: string): Promise<void>;

  /** Leaves a room for good with a word to the resident, as the ghost when one is given, else as the bot. */
  decline(room: RoomId, ghost: GhostRef | undefined, why: BridgeError): Promise<void>;

  /** Carries out an event that {@link Home.read} called the home's `own`. Called in the lane's order; idempotent. */
  perform(raw: unknown): Promise<void>;

  /** Says something to a resident as the bot, in `room` or, when absent, in the resident's management room. `key` as in deliver. */
  say(resident: ResidentId, room: RoomId | undefined, text: string, key: string): Promise<MessageId>;

  /** Tells the sender, by the message itself, that it was not delivered. Returns the notice, so that `retry` can name it. */
  reportFailure(room: PortalRoom, message: MessageId, failure: Failure, key: string): Promise<MessageId>;

  /** Tells the sender that the network has taken the message. Best effort: never rejects. */
  confirm(room: RoomId, message: MessageId): Promise<void>;

  /** The ghost's name changed. Idempotent; the home remembers what it has set. @throws BridgeError. */
  nameGhost(ghost: GhostRef, displayName: string): Promise<void>;

  /** How the home spells a ghost, for texts to people. Pure. */
  ghostLabel(ghost: GhostRef): string;
}

/** Shows that a contact types. */
export interface TypingShowing {
  /** Best effort: never rejects. `typing` true is called again every few seconds while it lasts; it fades by itself after `forMs`. */
  showTyping(room: RoomId, ghost: GhostRef, typing: boolean, forMs: number): Promise<void>;
}

/** Shows the presence of contacts. */
export interface PresenceShowing {
  /**
   * How often, in ms, a ghost's presence must be set again to stay. The core calls {@link showPresence} at this pace for
   * each ghost that is not offline; 0: once is enough.
   */
  readonly presenceRefreshMs: number;
  /** Best effort: rejects only with BridgeError `home-down`/`home-busy`. */
  showPresence(ghost: GhostRef, presence: Presence): Promise<void>;
}

/**
 * Shows a contact under the owner's own name for them, in the owner's room alone: the ghost's name everywhere else stays
 * what the contact calls themselves.
 */
export interface NicknameShowing {
  /** Empty: the ghost's own name again. Idempotent. @throws BridgeError. */
  showNickname(room: PortalRoom, ghost: GhostRef, nickname: string): Promise<void>;
}

/** A home that would find the room of a chat again that is over ({@link Home.openDirect}). Errors as in {@link Home.deliver}. */
export interface ChatEnding {
  /** Whether the ghost is in the room of a chat, or has come back into it. */
  holdsDirect(room: PortalRoom, ghost: GhostRef): Promise<boolean>;
  /** The next {@link Home.openDirect} makes a new room. Idempotent. */
  forgetDirect(portal: PortalId, resident: ResidentId): Promise<void>;
  /** The same, and those of the bridge leave the room that it had, the ghost with a word. Idempotent. */
  endDirect(portal: PortalId, room: PortalRoom, ghost: GhostRef, why: BridgeError): Promise<void>;
}

/** A room as it stands in a space. */
export interface SpaceRoom {
  readonly room: RoomId;
  /** With whom the owner talks there alone; absent: a group's room, which others share. */
  readonly ghost?: GhostRef;
  /** What it is sorted by; changes as seldom as the room does. */
  readonly order: string;
}

/** The rooms of an account in one home, in the folders of its contact list. */
export interface SpaceView {
  readonly title: string;
  /** None without rooms, each name once; a room may stand in several. The first one in which it stands is its own. */
  readonly folders: readonly { readonly name: string; readonly rooms: readonly SpaceRoom[] }[];
  /** In no folder. */
  readonly loose: readonly SpaceRoom[];
}

/** Shows the rooms of an account together, in folders. Calls for one account and owner come one after another. */
export interface SpaceShowing {
  /** Whether people are to have spaces here; false: the others are not called. */
  readonly hasSpaces: boolean;
  /**
   * Makes the account's space what the view says; the owner is asked in once. Idempotent; what is so already costs nothing.
   * Called again after a crash it finds the space. @throws BridgeError as {@link Home.deliver}.
   */
  showSpace(account: AccountId, owner: ResidentId, view: SpaceView): Promise<void>;
  /** The owner has unlinked the account. Idempotent. @throws BridgeError as {@link Home.deliver}. */
  dropSpace(account: AccountId, owner: ResidentId): Promise<void>;
}

/** How what a resident says elsewhere is posted: as they themselves by the operator's leave, or by their own; or not. */
export type PuppetAccess = "operator" | "resident" | "none";

/** A home in which the bridge can speak as a resident who allows it. */
export interface DoublePuppeting {
  puppetAccess(resident: ResidentId): Promise<PuppetAccess>;
  /** Tries an access token of the resident and keeps it, sealed. @throws BridgeError `puppet-refused`, `home-down`. */
  givePuppet(resident: ResidentId, access: Secret): Promise<void>;
  /** Forgets the access that the resident gave. */
  dropPuppet(resident: ResidentId): Promise<void>;
}

/**
 * Shows the whole contact list of an account to its owner in this home, each contact as the account sees them. But for
 * {@link useRosters} these return at once and never throw: the home does the work in its own time.
 */
export interface RosterShowing {
  /** Called once, before {@link Home.start}. */
  useRosters(desk: RosterDesk): void;
  /** The account is known from now on, or its sign-in has changed. Unless it is `on`, its contacts cannot be seen. */
  showAccount(account: AccountRecord, owner: ResidentId, state: PuppetState): void;
  /** The whole list; after each sign-in. */
  showRoster(account: AccountRecord, owner: ResidentId, contacts: readonly ContactSnapshot[]): void;
  /** One contact as it is now. */
  showContact(account: AccountRecord, owner: ResidentId, contact: ContactSnapshot): void;
  /** Somebody asks to be a contact; told again at each sign-in until it is answered. */
  showRequest(account: AccountRecord, owner: ResidentId, contact: ContactSnapshot): void;
  /** The owner has unlinked the account. */
  dropRoster(account: AccountRecord, owner: ResidentId): void;
}

/** What the core does for a home that shows contact lists. */
export interface RosterDesk {
  /** Oldest first. @throws BridgeError `store-down`. */
  accounts(resident: ResidentId): Promise<readonly AccountRecord[]>;
  /** @throws BridgeError `not-signed-in`, `not-offered`, and as a session's contact list does. */
  change(account: AccountId, contact: ContactAddress, change: ContactChange): Promise<void>;
  /** Signs the account in when nothing but an earlier {@link signOut} keeps it from that. @throws BridgeError. */
  signIn(account: AccountId): Promise<void>;
  /**
   * The owner has gone: signs the account out until it is asked to sign in, unless it has owners elsewhere, who stay.
   * @throws BridgeError.
   */
  signOut(account: AccountId, owner: ResidentId): Promise<void>;
}

/** A home that can have accounts sign in and out together with their owner. */
export interface OwnerFollowing {
  follows(resident: ResidentId): Promise<boolean>;
  /** @throws BridgeError `store-down`. */
  setFollows(resident: ResidentId, follows: boolean): Promise<void>;
}

/** A home whose rooms can go on in others. */
export interface RoomFollowing {
  /**
   * Whether a room goes on in another one, as both of them say, and the bridge is in that. Whoever tells of it may have power
   * over the first alone. @throws BridgeError `home-down`, `home-busy`.
   */
  goesOn(room: RoomId, to: RoomId): Promise<boolean>;
}

/** An entry that a home wants stored. */
export interface IntakeItem {
  /** Who said it. */
  readonly resident: ResidentId;
  readonly room: RoomId;
  /** Set when the event asks a ghost into `room`: the room becomes that contact's portal from this event on. */
  readonly invites?: GhostRef;
  /** True when it is for the bridge itself whatever the room (invitation of the bot, management room). */
  readonly control: boolean;
  readonly raw: unknown;
}

/** What the core does for a home. */
export interface HomeHost {
  /**
   * Stores a batch under its id, atomically and once: a second call with the same `batch` stores nothing. When it has
   * resolved, everything is on its way; only then may the home acknowledge the batch to its server.
   * @throws BridgeError `store-down`: nothing is promised, the server must send the batch again.
   */
  intake(home: HomeName, batch: string, items: readonly IntakeItem[]): Promise<"stored" | "repeated">;

  /**
   * A resident types, or has stopped, in a room. Not stored; ignored when the room is no portal, unless `ghost` names who
   * is at its far end: in homes whose chats need no opening, one types before anything was said. Never rejects.
   */
  typing(room: RoomId, resident: ResidentId, typing: boolean, ghost?: GhostRef): void;

  /** A resident's presence changed. Not stored; ignored for people without an account. Never rejects. */
  presence(resident: ResidentId, presence: Presence): void;

  /** Whether the room is a portal's, or will be by an invitation that is already stored. @throws BridgeError `store-down`. */
  isPortal(home: HomeName, room: RoomId): Promise<boolean>;

  /** Whether the room is tied to a group. @throws BridgeError `store-down`. */
  isGroup(home: HomeName, room: RoomId): Promise<boolean>;

  /** Whether the resident has an account linked. */
  isLinked(resident: ResidentId): Promise<boolean>;
}

export function showsTyping(home: Home): home is Home & TypingShowing {
  return "showTyping" in home;
}

export function endsChats(home: Home): home is Home & ChatEnding {
  return "endDirect" in home;
}

export function showsNicknames(home: Home): home is Home & NicknameShowing {
  return "showNickname" in home;
}

export function showsSpaces(home: Home): home is Home & SpaceShowing {
  return "showSpace" in home && "hasSpaces" in home && home.hasSpaces === true;
}

export function doublePuppets(home: Home): home is Home & DoublePuppeting {
  return "givePuppet" in home;
}

export function showsRosters(home: Home): home is Home & RosterShowing {
  return "showRoster" in home;
}

export function followsOwners(home: Home): home is Home & OwnerFollowing {
  return "setFollows" in home;
}

export function followsRooms(home: Home): home is Home & RoomFollowing {
  return "goesOn" in home;
}

export function showsPresence(home: Home): home is Home & PresenceShowing {
  return "showPresence" in home && "presenceRefreshMs" in home;
}
