/**
 * What the core keeps, and how sure it is of it (design §5). Implemented by src/store on Redis.
 *
 * Every write is idempotent, because a client library re-sends what was in flight when its link broke (stack D). Writes
 * that only a shard's owner may make carry its fence and throw BridgeError `fenced` when a newer owner has taken over.
 * Every method throws BridgeError `store-down` when Redis does not answer within its timeout.
 */
import type {
  AccountId,
  AccountRecord,
  ContactAddress,
  EntryId,
  Failure,
  Fence,
  GhostRef,
  HomeName,
  LaneBody,
  LaneCopy,
  LaneEntry,
  LaneRef,
  MessageId,
  NetworkName,
  PortalId,
  PortalRecord,
  PortalRoom,
  Presence,
  ResidentId,
  RoomId,
  Shard,
} from "../model.ts";
import type { Secret } from "../secret.ts";
import type { GroupStore } from "./groups.ts";

/** What could not be delivered, and is kept until a person asks. */
export interface Parked {
  /** Names it and nothing else: messages of several chats may have one name. */
  readonly place: MessageId;
  readonly message: MessageId | undefined;
  readonly lane: LaneRef;
  /** Who hears of it. */
  readonly resident: ResidentId;
  readonly failure: Failure;
  /** Unix ms. */
  readonly at: number;
}

/** Parked entries that are shown at once. */
export const MOST_PARKED = 100;

export interface LaneStore {
  /**
   * Appends; when it has resolved, Redis has it. The command is on its way to Redis before this returns. `once` is the
   * caller's id of this entry (1-64 characters): a second append with the same one adds nothing and resolves with the
   * first one's id, as long as it is among the shard's last 4 096 appends, however long ago; so a caller whose first try
   * failed in doubt may simply try again.
   * @throws BridgeError `lane-full` at 100 000 entries, `bad-input` for a body over 256 KiB.
   */
  append(lane: LaneRef, body: LaneBody, once: string): Promise<EntryId>;

  /**
   * Appends what its network may hand over again much later, e.g. after a crash between storing and telling the network
   * so. `id` is the network's own name of it (1-200 characters): what was appended under it before, for the same
   * account and home, is not appended again, and `undefined` comes back. Ids live 30 days from when they were last given
   * here, at most 10 000 of them per account.
   * @throws BridgeError as {@link LaneStore.append}.
   */
  appendOnce(lane: LaneRef & { kind: "in" }, body: LaneBody, id: string): Promise<EntryId | undefined>;

  /**
   * Appends a home's batch and marks it seen. Per shard this is one script, so it is atomic there and works on a cluster;
   * it resolves when every shard has it. A batch that was cut off half way and comes again adds only what is missing.
   * `repeated`: every shard had it already. Marks live 7 days.
   * @throws BridgeError `lane-full` (nothing of that shard's part is stored), `bad-input` for a body over 256 KiB.
   */
  intake(
    home: HomeName,
    batch: string,
    items: readonly { lane: LaneRef; body: LaneBody }[],
  ): Promise<"stored" | "repeated">;

  /** The oldest entries after `after` (exclusive; undefined: from the start), oldest first. */
  read(lane: LaneRef, after: EntryId | undefined, count: number): Promise<LaneEntry[]>;

  /** How many entries wait in a lane. */
  depth(lane: LaneRef): Promise<number>;

  /**
   * The entry has been dealt with and leaves its lane; in the same step each of `copies` is appended to its lane, which
   * must be one of the same shard, and the entries `also` leave the same lane. Doing it again is nothing. A copy for which its lane has no room is dropped, with an
   * error in the log.
   * @throws BridgeError `bad-input` for a copy over 256 KiB.
   */
  done(entry: LaneEntry, fence: Fence, copies?: readonly LaneCopy[], also?: readonly EntryId[]): Promise<void>;

  /**
   * Takes the entry out of its lane and keeps it for {@link retry}, with why. `message` is how its home calls it.
   * At most 1 000 are kept per account: the oldest goes, with a warning in the log. `stopped`: only while the room of a
   * group to which the lane goes has stopped; false: it has not (any more), and the entry is left where it is.
   */
  park(
    entry: LaneEntry,
    message: MessageId | undefined,
    resident: ResidentId,
    failure: Failure,
    fence: Fence,
    stopped?: boolean,
  ): Promise<boolean>;

  /** Lets a parked message be named by its notice too. */
  aliasParked(lane: LaneRef, message: MessageId, notice: MessageId): Promise<void>;

  /**
   * Puts a parked message back at the end of its lane, once, with the time of now. `undefined`: it is not parked (any
   * more).
   * `target` is its place, the message or the notice about it; `owner` the lane's account, or the resident of a control lane.
   */
  retry(owner: AccountId | ResidentId, target: MessageId): Promise<LaneRef | undefined>;

  /**
   * What is parked for an account (or in a resident's control lane), oldest first, at most {@link MOST_PARKED}; with
   * `resident` only what is theirs, with `lane` only what comes from there.
   */
  parked(owner: AccountId | ResidentId, resident?: ResidentId, lane?: LaneRef): Promise<Parked[]>;

  /** Forgets what waits in a lane, and what is parked from it; with `of` only what has come from that resident's home, or is theirs. */
  dropLane(lane: LaneRef, of?: ResidentId): Promise<void>;

  /** How much {@link dropLane} would forget. */
  held(lane: LaneRef, of?: ResidentId): Promise<{ readonly waiting: number; readonly parked: number }>;

  /** Lanes of a shard that have entries. */
  waiting(shard: Shard): Promise<LaneRef[]>;
}

export interface LeaseStore {
  /**
   * Takes the shard when it is free, or when `owner` itself held it before (a bridge that was killed and is back); each
   * time with a new fence. `undefined`: someone else has it.
   */
  acquire(shard: Shard, owner: string, ttlMs: number): Promise<Fence | undefined>;
  /** False: lost; stop at once. */
  renew(shard: Shard, owner: string, fence: Fence, ttlMs: number): Promise<boolean>;
  release(shard: Shard, owner: string, fence: Fence): Promise<void>;
}

export interface AccountStore {
  /**
   * Links the account for the last of `record.owners`, and resolves with all its owners: of an account that is linked
   * from other homes they become one more. Linking again renews the password and `halt`; the machine GUID, the wishes and
   * `linkedAt` stay as they were.
   * @throws BridgeError `already-linked` when another resident of their home has it.
   */
  link(record: AccountRecord, password: Secret): Promise<readonly ResidentId[]>;
  /**
   * Takes one owner out, or without one all of them, and resolves with those who remain. What is the owner's own goes:
   * their rooms, what waits for their home, and what is parked of theirs. With the last one everything of the account is
   * forgotten: password, contacts, portals, seats in groups, what waits in its lanes and what is parked. A group without
   * seats and rooms goes, too.
   */
  unlink(account: AccountId, owner?: ResidentId): Promise<readonly ResidentId[]>;
  account(account: AccountId): Promise<AccountRecord | undefined>;
  /** The sealed password, opened. @throws BridgeError `internal` when the key does not fit. */
  password(account: AccountId): Promise<Secret | undefined>;
  /** `wishedText: null` takes the wish away. Nothing happens when the account is not linked (any more). */
  update(
    account: AccountId,
    change: Partial<Pick<AccountRecord, "wishedAvailability" | "halt">> & { wishedText?: string | null },
  ): Promise<void>;
  /** Oldest first. */
  accountsOf(resident: ResidentId): Promise<AccountRecord[]>;
  accountsIn(shard: Shard): Promise<AccountRecord[]>;
}

export interface PortalStore {
  /** `undefined`: no room is tied to it. */
  portal(portal: PortalId): Promise<PortalRecord | undefined>;
  /** Ties a room to a portal, making the portal when it is new. A room belongs to one portal or group; a resident has one room per portal and home: earlier ties that stand against the new one are undone. */
  bind(portal: PortalId, room: PortalRoom): Promise<PortalRecord>;
  unbind(home: HomeName, room: RoomId): Promise<void>;
  /** Finds the groups of rooms, too. */
  portalOfRoom(home: HomeName, room: RoomId): Promise<PortalId | undefined>;
  portalsOf(account: AccountId): Promise<PortalRecord[]>;
}

/** A contact as last seen, so that names are there before the first sign-in of the day. */
export interface StoredContact {
  readonly address: ContactAddress;
  readonly displayName: string;
  readonly nickname?: string;
  readonly listed: boolean;
  readonly blocked: boolean;
  readonly groups: readonly string[];
  readonly presence: Presence;
}

export interface ContactStore {
  /** Replaces the list in one step; only with a list that was read whole. The revision grows with each change. */
  saveContacts(account: AccountId, contacts: readonly StoredContact[]): Promise<number>;
  saveContact(account: AccountId, contact: StoredContact): Promise<void>;
  contactsOf(account: AccountId): Promise<StoredContact[]>;
}

/** Small facts that a home keeps about ghosts and residents: bounded strings, by key. */
export interface ProfileStore {
  ghost(home: HomeName, ghost: GhostRef): Promise<Readonly<Record<string, string>>>;
  updateGhost(home: HomeName, ghost: GhostRef, fields: Readonly<Record<string, string>>): Promise<void>;
  resident(resident: ResidentId): Promise<Readonly<Record<string, string>>>;
  updateResident(resident: ResidentId, fields: Readonly<Record<string, string>>): Promise<void>;
}

/** What a home keeps about rooms of its own, to find them again when it starts. */
export interface RoomNoteStore {
  /** At most 256 KiB; replaces what was kept of that room. */
  keepRoomNote(home: HomeName, room: RoomId, note: string): Promise<void>;
  dropRoomNote(home: HomeName, room: RoomId): Promise<void>;
  /** All that is kept for the home. */
  roomNotes(home: HomeName): Promise<ReadonlyMap<RoomId, string>>;
}

/** What was said lately in chats and rooms, sealed: homes keep it for words about other words. */
export interface RecallStore {
  /**
   * Adds pieces: JSON of at most 32 KiB each. Of a chat at least the last 200 are kept, for seven days after the last.
   * @throws BridgeError `bad-input`, `store-down`.
   */
  keepRecall(home: HomeName, chat: RoomId, pieces: readonly string[]): Promise<void>;
  /** Oldest first; without what the sealing keys do not open any more. */
  recall(home: HomeName, chat: RoomId): Promise<string[]>;
  dropRecall(home: HomeName, chat: RoomId): Promise<void>;
}

/** What an account's owner has been told and need not hear again. */
export interface ToldStore {
  /** Nothing happens when the account is not linked (any more). At most 5 000 per account: the oldest goes. */
  tell(account: AccountId, what: string): Promise<void>;
  untell(account: AccountId, what: readonly string[]): Promise<void>;
  told(account: AccountId): Promise<string[]>;
}

/** What somebody was told, and hears again only after a while. */
export interface KnownStore {
  knows(resident: ResidentId, fact: string): Promise<boolean>;
  learned(resident: ResidentId, fact: string, forMs: number): Promise<void>;
}

/** Secrets that residents have given to a home, sealed. */
export interface SecretStore {
  /** At most 4 KiB. `name`: which secret of theirs. */
  keepSecret(resident: ResidentId, name: string, secret: Secret): Promise<void>;
  /** @throws BridgeError `internal` when the sealing key does not fit. */
  secret(resident: ResidentId, name: string): Promise<Secret | undefined>;
  dropSecret(resident: ResidentId, name: string): Promise<void>;
}

/** One token bucket per network for the whole fleet. */
export interface RateStore {
  /** 0: go; otherwise ms to wait before asking again. */
  takeSignIn(network: NetworkName, perSecond: number, burst: number): Promise<number>;
}

/** One-time pages for linking. Only a hash of the token is kept. */
export interface LinkTicketStore {
  /** Keeps a ticket for `ttlMs`. At most five live per resident: the oldest goes. */
  issueTicket(token: Secret, ticket: LinkTicket, ttlMs: number): Promise<void>;
  peekTicket(token: Secret): Promise<LinkTicket | undefined>;
  /** Counts a try; `undefined` when the ticket is not valid. */
  tryTicket(token: Secret): Promise<number | undefined>;
  /** Uses the ticket up, once: true for one caller only. */
  consumeTicket(token: Secret): Promise<boolean>;
}

export interface LinkTicket {
  readonly resident: ResidentId;
  /** Relinking one account with a new password, or undefined for any. */
  readonly account?: AccountId;
  /** `puppet`: a page for the resident's access to their own home; absent: a page for linking. */
  readonly purpose?: "puppet";
}

export interface StoreHealth {
  /** Round trip in ms. @throws BridgeError `store-down`. */
  ping(): Promise<number>;
  /** What an operator must know: `appendonly no`, an eviction policy, a Redis too old. Empty: nothing. */
  warnings(): Promise<string[]>;
}

export interface Store
  extends LaneStore,
    LeaseStore,
    AccountStore,
    PortalStore,
    ContactStore,
    ProfileStore,
    RoomNoteStore,
    RecallStore,
    ToldStore,
    KnownStore,
    SecretStore,
    RateStore,
    LinkTicketStore,
    GroupStore,
    StoreHealth {
  /** Ends the connections; waits for what is in flight, at most 2 s. */
  close(): Promise<void>;
}
