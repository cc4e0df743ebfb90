/**
 * Contracts for group chats: what a network's session and a home can do with them, and what is kept. Optional capabilities,
 * found by the guards at the end (design §6).
 */
import type {
  GroupHandle,
  GroupId,
  GroupRecord,
  GroupRelay,
  GroupRoom,
  GroupSpeaker,
  GroupView,
  GroupWords,
  LiveGroup,
} from "../groups/model.ts";
import type {
  AccountId,
  ContactAddress,
  GhostRef,
  GroupMessage,
  HomeName,
  LaneBody,
  LaneEntry,
  LaneRef,
  MessageId,
  ResidentId,
  RoomId,
} from "../model.ts";
import type { RichText } from "../text/model.ts";
import type { Via } from "../via.ts";
import type { Home } from "./home.ts";
import type { Session } from "./network.ts";

/** So long after its last word a conversation may still go on, ms. */
export const TALK_MS = 600_000;

/** An invitation into a circle that waits for an answer. */
export interface CircleInvitation {
  /** The network's lasting id of the circle. */
  readonly circle: string;
  readonly name: string;
  readonly inviter?: ContactAddress;
  readonly message?: string;
}

/** What a session tells the core of groups. As the other hooks: synchronous, and they return at once. */
export interface GroupHooks {
  /** A group conversation has begun, or its name, its members or their roles have changed. Comes before its first words. */
  group(group: LiveGroup): void;
  /** It is over for this account: left, thrown out, or everybody has gone. Not told of what ends with the session. */
  ended(group: LiveGroup): void;
  /** Called in the tick of the socket read. The account's own words from another place carry `own`, and `from` is itself. */
  message(group: LiveGroup, words: GroupWords): void;
  typing(group: LiveGroup, from: ContactAddress): void;
  /** Told once per session and circle, also of those found at sign-in. */
  invited(invitation: CircleInvitation): void;
}

/**
 * A session that can talk in groups. All reject with BridgeError: `not-offered` with the reason where the network or its
 * dialect has nothing of the kind, `group-gone` for a handle that is over, and as {@link Session.sendText} does.
 */
export interface GroupTalking {
  /** Those that are live now. */
  liveGroups(): Iterable<LiveGroup>;
  /** Calls all of these into a new conversation; resolves when somebody is there. Whoever did not come is left out. */
  startGroup(members: readonly ContactAddress[]): Promise<LiveGroup>;
  /**
   * `mark`: 1-64 characters of `A-Za-z0-9_.-`; whoever else of the bridge is there gets it back with the words. `onward`: what
   * the words begin with and all messages but the first begin with, too, when they need several. `via`: where they have been;
   * everybody who is there gets it with the words.
   */
  sendToGroup(
    group: GroupHandle,
    text: string,
    rich: RichText | undefined,
    mark: string,
    onward?: string,
    via?: Via,
  ): Promise<void>;
  /** Rings the whole group. `mark` and `via` as above, where the network can carry them. */
  nudgeGroup(group: GroupHandle, mark: string, via?: Via): Promise<void>;
  /** Best effort: never rejects. */
  typeInGroup(group: GroupHandle): Promise<void>;
  inviteToGroup(group: GroupHandle, contact: ContactAddress): Promise<void>;
  /** Leaves it; a circle for good. */
  leaveGroup(group: GroupHandle): Promise<void>;
  /** Named other than what {@link Session}s do with the groups of their contact lists, as {@link GroupTalking.nameGroup} is. */
  removeMember(group: GroupHandle, contact: ContactAddress): Promise<void>;
  nameGroup(group: GroupHandle, name: string): Promise<void>;
  setGroupRole(group: GroupHandle, contact: ContactAddress, role: "admin" | "member"): Promise<void>;
  /** Makes a circle. */
  createCircle(name: string): Promise<LiveGroup>;
  /** Invitations into circles that wait for an answer. */
  circleInvitations(): readonly CircleInvitation[];
  answerCircle(circle: string, accept: boolean): Promise<void>;
}

/** A session that may learn of its circles behind its sign-in. */
export interface CircleLearning {
  /** Resolves when it has learnt of them and of the invitations that wait, or could not; at once where there are none. Never rejects. */
  circlesKnown(): Promise<void>;
}

/** What somebody asks of a room that belongs to people. */
export type RoomPower =
  /** `but`: sentences for the person, of what will be missing all the same. */
  | { readonly allowed: true; readonly but?: string }
  /** Sentences for the person: why not, and who could. */
  | { readonly allowed: false; readonly because: string };

/**
 * A home with rooms for groups. Errors as in {@link Home.deliver}: `home-down` and `home-busy` are tried again; `room-gone`:
 * the room is there no more, or nobody of ours may be in it.
 */
export interface GroupHosting {
  /** Makes the room of a group, with everybody of the view in it or invited. Called again after a crash it finds the room. */
  openGroup(view: GroupView): Promise<RoomId>;
  /** Makes a room what the view says: people in and out, name, topic, roles. Idempotent; what is so already costs nothing. */
  shapeGroup(room: RoomId, view: GroupView): Promise<void>;
  /** Posts words under their speaker's name. `key` as in {@link Home.deliver}. Words of `own` must not come back. */
  deliverToGroup(
    room: RoomId,
    group: GroupId,
    speaker: GroupSpeaker,
    message: GroupMessage,
    key: string,
  ): Promise<MessageId>;
  /** Best effort: never rejects. As {@link TypingShowing.showTyping}. */
  showGroupTyping(room: RoomId, ghost: GhostRef, typing: boolean, forMs: number): Promise<void>;
  /** How a resident is called in a room. Best effort: never rejects. */
  nameIn(room: RoomId, resident: ResidentId): Promise<string>;
  /** The room that a person means: an address, an alias or an id. @throws BridgeError `room-unknown`. */
  findRoom(text: string, resident: ResidentId): Promise<RoomId>;
  /**
   * Whether a resident may tie this room to a group or untie it; the bridge enters it for that where it is invited. `group`: to
   * be tied to it, which is refused where another bridge says of the room that it has tied it to the same one.
   */
  mayBridge(room: RoomId, resident: ResidentId, group?: GroupId): Promise<RoomPower>;
  /** What every bridge calls this room, e.g. `net:room@example.org`. */
  publicName(room: RoomId): string;
  /** Ends the bridge's part: `unbridge` leaves the room to its people without ghosts, `delete` empties it. Idempotent. */
  releaseGroup(room: RoomId, view: GroupView, how: "unbridge" | "delete"): Promise<void>;
}

/** What a worker has heard in a group and asks to read: to put into the lanes of the homes. */
export interface WordsToRead {
  readonly group: GroupId;
  /** The network's name of where they were said; empty: it has none. */
  readonly place: string;
  /** `owner boot`; another boot of the same owner takes over at once. */
  readonly reader: string;
  readonly leaseMs: number;
  readonly lanes: readonly (LaneRef & { kind: "in" })[];
  readonly body: LaneBody;
  /** As in LaneStore.append, for each lane by itself. */
  readonly once: string;
  /** How long ago it was heard, ms: of those who were refused while another read, who has heard the oldest reads next. */
  readonly sinceMs?: number;
  /** Up to where the reader knows what was read at the place, empty: nothing. Absent: it need not know, for nobody has said this. */
  readonly after?: string;
  /** What others who have heard the same know it by, 1-1 000 characters; absent: it is not noted. */
  readonly print?: string;
}

/** What has come of a {@link WordsToRead}. */
export type ReadTurn =
  /** It is in the lanes. `after`: up to here the reader knows what was read. */
  | { readonly kind: "read"; readonly after: string }
  /** It is this reader's turn, but others have read there what it does not know; nothing was appended. */
  | { readonly kind: "behind"; readonly words: readonly NotedWord[] }
  /** Another reads there, for so long unless it reads on. `words`: what it has read since. */
  | { readonly kind: "other"; readonly forMs: number; readonly words: readonly NotedWord[] };

/** What was read at a place; noted for a minute after the last word, at most the last 256. */
export interface NotedWord {
  /** Up to here, including it. */
  readonly after: string;
  readonly print: string;
  /** How long ago it was read, ms. */
  readonly ageMs: number;
}

/** What is kept of groups. Written by whichever worker sees it: fields are replaced one by one, the last wins. */
export interface GroupStore {
  group(group: GroupId): Promise<GroupRecord | undefined>;
  /**
   * Replaces what is given of a group, making it when it is new. At most 1 000 members, names and topics of at most 1 000
   * characters are kept.
   * @throws BridgeError `bad-input` for a new group without its `kind`.
   */
  saveGroup(
    group: GroupId,
    change: Partial<Pick<GroupRecord, "kind" | "circle" | "name" | "topic" | "members">> & {
      /** `null` takes it away. */
      readonly relay?: GroupRelay | null;
    },
  ): Promise<GroupRecord>;
  /**
   * The account has a seat in the group from now on. `set` is a further key under which the account knows it, other than its own: those
   * who were there when it was found ({@link GroupStore.groupKeys}); at most 64 per account and group: the oldest goes.
   * Nothing happens when the account is not linked (any more).
   * @throws BridgeError `group-gone` for a group that is not known (any more), `bad-input` for what is no key.
   */
  takeSeat(account: AccountId, group: GroupId, set?: string): Promise<void>;
  /**
   * As {@link GroupStore.takeSeat}, also for an account that nobody has linked now: the seat is there when somebody links it.
   * For a store that is rebuilt.
   */
  awaitSeat(account: AccountId, group: GroupId, set?: string): Promise<void>;
  /** The account's further keys of the group stay: the same people come back to it. */
  leaveSeat(account: AccountId, group: GroupId): Promise<void>;
  /** Groups in which the account has a seat. */
  groupsOf(account: AccountId): Promise<GroupRecord[]>;
  /** For an account: group by each key of it that is not the group's own. A key leads to the group that took it last. */
  groupKeys(account: AccountId): Promise<ReadonlyMap<string, GroupId>>;
  /**
   * Ties a room; what was tied there of this home or to that room before is untied. `portalOfRoom` finds it. Tied again, it
   * is what was said of it last (`by`, `parked`). When a stopped room of that home gives way to one that is not, what was
   * parked on its way there is back in its lane in the same step, before all that has come since.
   * `free`: only a room that no other group or chat has; of several who tie it at once one has it at most.
   * @throws BridgeError `group-gone` for a group that is not known (any more), `group-refused` for a room that is not free.
   */
  tieRoom(group: GroupId, room: GroupRoom, free?: boolean): Promise<GroupRecord>;
  /**
   * A tied room stops, with why and perhaps the room in which it is said to go on; or it goes on itself (`undefined`): then
   * what was parked comes back as with {@link tieRoom}. False: it is not the group's room of that home (any more).
   */
  markRoom(group: GroupId, home: HomeName, room: RoomId, parked: string | undefined, to?: RoomId): Promise<boolean>;
  /** What was parked on its way to a stopped room comes back as with {@link tieRoom}. */
  untieRoom(group: GroupId, home: HomeName): Promise<void>;
  /** Forgets a group with its seats, rooms, what waits in its own lanes and what is parked from them; not the seats' lanes. */
  dropGroup(group: GroupId): Promise<void>;
  /**
   * As {@link dropGroup}, but only when nobody has a seat or a room there (else false), and nothing waits for a home behind an
   * entry in hand (else a lane in which something does: it may bring somebody back).
   */
  dropIfOver(group: GroupId, inHand?: Pick<LaneEntry, "lane" | "id">): Promise<LaneRef | boolean>;
  /** All groups of an installation, for tools; in no order. */
  allGroups(): Promise<GroupId[]>;
  /**
   * Appends for several homes at once what was read at a place of a group, when it is for `reader` to read there and it knows all
   * that was read there before. One worker at a time reads a place, under a lease that each append renews. What is read is
   * noted in the same step, so that whoever reads next goes on behind it. Without lanes nothing is noted; a repeat adds nothing.
   * @throws BridgeError `lane-full` when the lane of a home is full (nothing is appended), `bad-input`.
   */
  appendRead(words: WordsToRead): Promise<ReadTurn>;
  /** Something was said in the group then (Unix ms). False: it is not known (yet). */
  talked(group: GroupId, at: number): Promise<boolean>;
  /**
   * Whether `reader` may call a group together now (Unix ms): something was said in it within {@link TALK_MS}, no other
   * worker reads it, and none has asked this within the last minute.
   */
  claimCall(group: GroupId, reader: string, at: number): Promise<boolean>;
  /** The worker reads at that place of the group no more: another may, at once. `readsOn`: it does at another place of it. */
  releaseReader(group: GroupId, place: string, reader: string, readsOn?: boolean): Promise<void>;
  /**
   * Keeps which messages are the same one: `name` of it in each home (`home id`). Bounded: the last 2 000 of a group.
   * Given again under a known name, names are added, up to 16; of several in one home the first is what it is called there.
   * Names of more than 1 000 bytes are not kept.
   */
  sameMessage(
    group: GroupId,
    names: readonly { readonly home: HomeName; readonly message: MessageId }[],
  ): Promise<void>;
  /** How a message of one home is called in another; `undefined`: not known (any more). */
  messageIn(group: GroupId, of: HomeName, message: MessageId, home: HomeName): Promise<MessageId | undefined>;
  /** A random secret of this installation, made once; for marks that nobody else can make. 32 bytes, base64url. */
  markSecret(): Promise<string>;
}

export function learnsCircles(session: Session): session is Session & CircleLearning {
  return "circlesKnown" in session;
}

export function talksInGroups(session: Session): session is Session & GroupTalking {
  return "sendToGroup" in session;
}

export function hostsGroups(home: Home): home is Home & GroupHosting {
  return "openGroup" in home;
}
