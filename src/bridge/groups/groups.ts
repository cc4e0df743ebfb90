/**
 * The groups of this installation, for everything that changes them: lanes and commands. Whatever is written here is stored,
 * remembered and passed on to the homes that have a room of the group.
 */
import type { AccountId, AccountRecord, HomeName, ResidentId, RoomId } from "../model.ts";
import type { GroupStore, GroupTalking } from "../ports/groups.ts";
import type { Session } from "../ports/network.ts";
import type { GroupHandle, GroupId, GroupRecord, GroupRoom, GroupView, LiveGroup } from "./model.ts";

/** A conversation of a group, and the session through which an account speaks in it. */
export interface LiveSeat {
  readonly session: Session & GroupTalking;
  readonly handle: GroupHandle;
  readonly live: LiveGroup;
}

export type GroupChange = Parameters<GroupStore["saveGroup"]>[1];

/** All throw BridgeError `store-down`. */
export interface Groups {
  record(group: GroupId): Promise<GroupRecord | undefined>;
  /** Those in which the account has a seat. */
  ofAccount(account: AccountId): Promise<GroupRecord[]>;
  /** The group whose room it is. */
  ofRoom(home: HomeName, room: RoomId): Promise<GroupRecord | undefined>;
  /** The group that a conversation of the account is, stored with what the account sees of it; the account gets its seat. */
  known(account: AccountRecord, live: LiveGroup): Promise<GroupRecord>;
  /**
   * A conversation of the group in which the account is: joined or begun when there is none.
   * @throws BridgeError `not-signed-in`, `not-offered`, `group-gone`, and as {@link GroupTalking.startGroup} does.
   */
  live(account: AccountRecord, group: GroupId): Promise<LiveSeat>;
  /** The account's own conversation of the group, when it is in one now. */
  liveNow(account: AccountId, group: GroupId): LiveSeat | undefined;
  /** Changes what is stored of it; the rooms of all homes follow. */
  save(group: GroupId, change: GroupChange): Promise<GroupRecord>;
  /** The account has left for good; the rooms of all homes follow. Says nothing to the network. */
  leave(account: AccountId, group: GroupId): Promise<void>;
  /** Ties a room. What waited for a parked room of that home goes on its way again. */
  tie(group: GroupId, room: GroupRoom): Promise<GroupRecord>;
  untie(group: GroupId, home: HomeName): Promise<void>;
  /** Forgets it with its seats and rooms and all that waits for homes. */
  drop(group: GroupId): Promise<void>;
  /** As a home is to show it. */
  view(record: GroupRecord, home: HomeName): Promise<GroupView>;
  /** The account with which a resident has a seat of their own; `undefined`: none. */
  seat(record: GroupRecord, resident: ResidentId): Promise<AccountRecord | undefined>;
  /** Who has a seat in the group and lives in that home. */
  residents(record: GroupRecord, home: HomeName): Promise<ResidentId[]>;
}
