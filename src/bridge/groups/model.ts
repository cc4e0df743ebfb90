/**
 * Words of group chats. A **group portal** ties one conversation of several people on a network to at most one room in each
 * home; all residents of a home who are in it share that room. Each linked account that is in the conversation has a
 * **seat**: the portal through which its words go to the network (design §2).
 */
import { createHash } from "node:crypto";
import { BridgeError } from "../errors.ts";
import type {
  AccountId,
  ContactAddress,
  ConversationKey,
  GhostRef,
  HomeName,
  LaneRef,
  NetworkMessage,
  NetworkName,
  PortalId,
  ResidentId,
  RoomId,
} from "../model.ts";
import { accountParts, portalId, portalParts, shardOf } from "../model.ts";
import type { Via } from "../via.ts";

declare const brand: unique symbol;
/** What a group is called within its network: `set-…` or `circle-…`; lower-case letters, digits and dashes. */
export type GroupKey = string & { readonly [brand]: "GroupKey" };
/** A group portal: `network/~key>group`. A portal id like others, so that lanes, rooms and parked entries are too. */
export type GroupId = PortalId & { readonly group: true };
/** How a session calls a group conversation while it lasts; circles keep theirs over sessions. */
export type GroupHandle = string & { readonly [brand]: "GroupHandle" };

export const groupHandle = (text: string): GroupHandle => text as GroupHandle;

/** `several`: who is in it is all there is to it. `circle`: lasting, with a name and roles of its own. */
export type GroupKind = "several" | "circle";
export type GroupRole = "admin" | "member" | "pending";

export interface GroupMember {
  readonly address: ContactAddress;
  /** As the network shows them; absent: not known. */
  readonly name?: string;
  readonly role: GroupRole;
}

/** A group conversation as one session sees it now. */
export interface LiveGroup {
  readonly handle: GroupHandle;
  /** The network's name of where they are now: the same for all accounts that are there. Absent: it does not say. */
  readonly place?: string;
  readonly kind: GroupKind;
  /** The network's lasting id of a circle; nothing else has one. */
  readonly circle?: string;
  /** Empty: it has none. */
  readonly name: string;
  /** Everybody in it, the account itself too. */
  readonly members: readonly GroupMember[];
  /** Not everybody is known yet: who is not named has not left by that. */
  readonly partial?: true;
}

/**
 * Words in a group. `mark`: the bridge's own id of them, when they are an echo of what it said there. `via`: where any bridge has
 * carried them from.
 */
export interface GroupWords extends NetworkMessage {
  readonly mark?: string;
  readonly via?: Via;
}

export interface GroupRoom {
  readonly home: HomeName;
  readonly room: RoomId;
  /** Who has tied an existing room to it; absent: the bridge has made the room. */
  readonly by?: ResidentId;
  /** Why nothing goes there until a person has dealt with it, in a sentence for them (the bot was thrown out). */
  readonly parked?: string;
  /** Where a room that has stopped is said to go on. */
  readonly to?: RoomId;
}

/** An account through which people speak who have none in the group. */
export interface GroupRelay {
  readonly account: AccountId;
  readonly by: ResidentId;
  /** Whether their words begin with `[name]`. */
  readonly prefix: boolean;
}

/** What is kept of a group. */
export interface GroupRecord {
  readonly id: GroupId;
  readonly kind: GroupKind;
  readonly circle?: string;
  readonly name: string;
  /** Set by people in a home; networks have none. */
  readonly topic: string;
  /** Everybody who was there at the last word, linked accounts too. */
  readonly members: readonly GroupMember[];
  /** Linked accounts that are in it. */
  readonly seats: readonly AccountId[];
  /** At most one per home. */
  readonly rooms: readonly GroupRoom[];
  readonly relay?: GroupRelay;
}

/** Somebody in a group as one home is to show them. */
export type GroupPerson =
  /** Of the network, or a resident of another home, who is shown as the ghost of their account. */
  | { readonly kind: "ghost"; readonly ghost: GhostRef; readonly name: string; readonly role: GroupRole }
  /** Lives in this home, and belongs in the room. */
  | { readonly kind: "resident"; readonly resident: ResidentId; readonly role: GroupRole };

/** A group as one home is to show it. */
export interface GroupView {
  readonly id: GroupId;
  readonly kind: GroupKind;
  readonly circle?: string;
  /** Empty: homes make one of the people. */
  readonly name: string;
  /** With what people must know of the relay. */
  readonly topic: string;
  readonly people: readonly GroupPerson[];
  /** The room is the people's own: it keeps its name, its people and their powers, and nobody is invited or removed but ghosts. */
  readonly plumbed: boolean;
  /** Rooms of the group in all homes, for what is written into rooms so that a lost store can be rebuilt. */
  readonly rooms: readonly GroupRoom[];
  /** Whom people of the home have asked in, and who will not come: they are asked no more. */
  readonly refused?: GhostRef;
  /** As {@link GroupView.rooms}: what of the record nothing else of the view tells. */
  readonly kept?: KeptOfGroup;
}

/** What a store that is rebuilt from rooms must know of a group beside what they show. */
export interface KeptOfGroup {
  /** Without what is said of the relay. */
  readonly topic: string;
  /** Linked accounts that are in it, wherever their owners live. */
  readonly accounts: readonly ContactAddress[];
  readonly relay?: GroupRelay;
}

/** Who says something in a group room of a home. */
export type GroupSpeaker =
  | { readonly kind: "ghost"; readonly ghost: GhostRef; readonly name: string }
  /** Somebody of another home who has no account in the group. */
  | { readonly kind: "guest"; readonly resident: ResidentId; readonly name: string }
  /** A resident of this home, at another place; `self` is the ghost of their account. */
  | { readonly kind: "own"; readonly resident: ResidentId; readonly self: GhostRef; readonly name: string };

const KEY = /^[a-z0-9][a-z0-9-]{0,79}$/;

/** @throws BridgeError `bad-input` unless the text is 1-80 of `a-z 0-9 -`. */
export function parseGroupKey(text: string): GroupKey {
  if (!KEY.test(text)) throw new BridgeError("bad-input", { detail: `"${text.slice(0, 80)}" is not a group` });
  return text as GroupKey;
}

/** The key of a set of people, in whatever order; the account itself counts. */
export function setKey(members: Iterable<ContactAddress>): GroupKey {
  const sorted = [...new Set(members)].sort();
  const hash = createHash("sha256").update(sorted.join("\n")).digest("hex");
  return parseGroupKey(`set-${hash.slice(0, 32)}`);
}

/** The key of a circle; `circle` is the network's lasting id of it. */
export function circleKey(circle: string): GroupKey {
  const plain = circle.toLowerCase().replaceAll(/[^a-z0-9-]/g, "");
  if (plain === circle.toLowerCase() && KEY.test(`circle-${plain}`)) return parseGroupKey(`circle-${plain}`);
  return parseGroupKey(`circle-x${createHash("sha256").update(circle).digest("hex").slice(0, 32)}`);
}

const CONVERSATION = "group" as ConversationKey;

export function groupId(network: NetworkName, key: GroupKey): GroupId {
  return portalId(`${network}/~${key}` as AccountId, CONVERSATION) as GroupId;
}

export function isGroup(portal: PortalId): portal is GroupId {
  const { account, conversation } = portalParts(portal);
  return conversation === CONVERSATION && accountParts(account).address.startsWith("~");
}

export function groupParts(group: GroupId): { network: NetworkName; key: GroupKey } {
  const { network, address } = accountParts(portalParts(group).account);
  return { network, key: address.slice(1) as GroupKey };
}

/** The portal through which an account's words go into a group: `network/address>~key`. */
export function seatOf(account: AccountId, group: GroupId): PortalId {
  return portalId(account, `~${groupParts(group).key}` as ConversationKey);
}

/** The way of an account's words into a group. */
export function seatLane(account: AccountId, group: GroupId): LaneRef & { readonly kind: "out" } {
  return { kind: "out", shard: shardOf(account), portal: seatOf(account, group) };
}

/** The group that a seat is in; `undefined`: the portal is a chat with one contact, or a group itself. */
export function groupOfSeat(portal: PortalId): GroupId | undefined {
  const { account, conversation } = portalParts(portal);
  if (!conversation.startsWith("~")) return undefined;
  return groupId(accountParts(account).network, conversation.slice(1) as GroupKey);
}
