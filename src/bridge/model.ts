/**
 * Branded ids and the neutral records that travel between the sides (design §2, §6). Inside the bridge no id is a plain
 * string: each is parsed once, at the edge where it comes in.
 */
import { hash } from "node:crypto";
import { BridgeError } from "./errors.ts";
import type { LiveGroup } from "./groups/model.ts";
import type { RichText } from "./text/model.ts";
import type { Via } from "./via.ts";

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** Name of a network profile, e.g. `escargot`: lower-case letters, digits and dashes. */
export type NetworkName = Branded<"NetworkName">;
/** Name of a home side: what follows before the first `:` of a {@link ResidentId}. */
export type HomeName = Branded<"HomeName">;
/** A contact's address on a network, in the network's own canonical (lower-case) form. */
export type ContactAddress = Branded<"ContactAddress">;
/** A linked account: `network/address`. */
export type AccountId = Branded<"AccountId">;
/** A person who lives in a home: `home:id-in-that-home`. */
export type ResidentId = Branded<"ResidentId">;
/** The far end of a portal within one account; for a one-to-one chat it is the contact's address. */
export type ConversationKey = Branded<"ConversationKey">;
/** A portal: `network/address>conversation`. */
export type PortalId = Branded<"PortalId">;
/** A room or chat in a home, in that home's own spelling. */
export type RoomId = Branded<"RoomId">;
/** A message in a home, by the home's own name of it. */
export type MessageId = Branded<"MessageId">;
/** Position of an entry in its lane; sorts by time of storing, unique within the lane. */
export type EntryId = Branded<"EntryId">;
/** One of the fixed buckets that accounts and control lanes are spread over. */
export type Shard = number & { readonly [brand]: "Shard" };
/** Fencing token: grows with each lease of a shard, so that a late owner's writes can be refused. */
export type Fence = number & { readonly [brand]: "Fence" };

/** Buckets of accounts. Fixed for the life of an installation: the number is part of every key. */
export const SHARD_COUNT = 64;

function branded<T extends string>(value: string): T {
  return value as T;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** @throws BridgeError `bad-input` unless the text is 1-32 of `a-z 0-9 -`. */
export function parseNetworkName(text: string): NetworkName {
  if (!NAME.test(text)) throw new BridgeError("bad-input", { detail: `"${text}" is not a network name` });
  return branded(text);
}

/** @throws BridgeError `bad-input` unless the text is 1-32 of `a-z 0-9 -`. */
export function parseHomeName(text: string): HomeName {
  if (!NAME.test(text)) throw new BridgeError("bad-input", { detail: `"${text}" is not a home name` });
  return branded(text);
}

// One @, no blanks, control or invisible characters, nothing that separates the parts of our own ids (`>`), 129 bytes
// (msnp-core §1.5). Half of a surrogate pair would come back from the store as another address.
const ADDRESS = /^[^\s@<>"\p{Cc}\p{Cf}\p{Cs}]+@[^\s@<>"\p{Cc}\p{Cf}\p{Cs}]+$/u;

/**
 * Checks and lower-cases a contact's address.
 * @throws BridgeError `bad-address` when it has not the form of an address or is longer than 129 bytes.
 */
export function parseContactAddress(text: string): ContactAddress {
  const address = text.trim().toLowerCase();
  if (!ADDRESS.test(address) || Buffer.byteLength(address) > 129)
    throw new BridgeError("bad-address", { address: text.slice(0, 150) });
  return branded(address);
}

export function accountId(network: NetworkName, address: ContactAddress): AccountId {
  return branded(`${network}/${address}`);
}

/** The two halves of an account id. */
export function accountParts(id: AccountId): { network: NetworkName; address: ContactAddress } {
  const slash = id.indexOf("/");
  return { network: branded(id.slice(0, slash)), address: branded(id.slice(slash + 1)) };
}

export function residentId(home: HomeName, idInHome: string): ResidentId {
  return branded(`${home}:${idInHome}`);
}

/** The home and the id within it. */
export function residentParts(id: ResidentId): { home: HomeName; id: string } {
  const colon = id.indexOf(":");
  return { home: branded(id.slice(0, colon)), id: id.slice(colon + 1) };
}

/** Key of a one-to-one conversation: the contact's address. */
export function directConversation(contact: ContactAddress): ConversationKey {
  return branded(contact);
}

export function portalId(account: AccountId, conversation: ConversationKey): PortalId {
  return branded(`${account}>${conversation}`);
}

export function portalParts(id: PortalId): { account: AccountId; conversation: ConversationKey } {
  const mark = id.indexOf(">");
  return { account: branded(id.slice(0, mark)), conversation: branded(id.slice(mark + 1)) };
}

/** Brands an id that a home or the store hands in and that has no form of its own to check. */
export const roomId = (text: string): RoomId => branded(text);
export const messageId = (text: string): MessageId => branded(text);
export const entryId = (text: string): EntryId => branded(text);

/** The bucket of an account or of a resident's control lane: first 4 bytes of SHA-256 modulo {@link SHARD_COUNT}. */
export function shardOf(key: AccountId | ResidentId): Shard {
  return (Number.parseInt(hash("sha256", key, "hex").slice(0, 8), 16) % SHARD_COUNT) as Shard;
}

/** A contact of a network. One ghost per (network, contact), never one per owner (design §2). */
export interface GhostRef {
  readonly network: NetworkName;
  readonly contact: ContactAddress;
}

/**
 * Where an entry waits. `out`: a portal's words on their way to the network; `in`: its words on their way to one home;
 * `control`: what a resident says to the bridge itself.
 */
export type LaneRef =
  | { readonly kind: "out"; readonly shard: Shard; readonly portal: PortalId }
  | { readonly kind: "in"; readonly shard: Shard; readonly portal: PortalId; readonly home: HomeName }
  | { readonly kind: "control"; readonly shard: Shard; readonly resident: ResidentId };

/** One string per lane, unique over all lanes; the store's key and the log's label. */
export function laneName(lane: LaneRef): string {
  switch (lane.kind) {
    case "out":
      return `out|${lane.portal}`;
    case "in":
      return `in:${lane.home}|${lane.portal}`;
    case "control":
      return `control|${lane.resident}`;
  }
}

const PORTAL_ID = /^[a-z0-9-]+\/[^>]+>./;
const RESIDENT_ID = /^[a-z0-9-]+:./;

/** The inverse of {@link laneName}. @throws BridgeError `bad-input` for any other text. */
export function parseLaneName(name: string): LaneRef {
  const bar = name.indexOf("|");
  const head = name.slice(0, Math.max(bar, 0));
  const rest = name.slice(bar + 1);
  if (!(head === "control" ? RESIDENT_ID : PORTAL_ID).test(rest))
    throw new BridgeError("bad-input", { detail: `"${name.slice(0, 80)}" is not a lane` });
  if (head === "control") {
    const resident = branded<ResidentId>(rest);
    return { kind: "control", shard: shardOf(resident), resident };
  }
  const portal = branded<PortalId>(rest);
  const { account } = portalParts(portal);
  if (head === "out") return { kind: "out", shard: shardOf(account), portal };
  if (head.startsWith("in:")) {
    return { kind: "in", shard: shardOf(account), portal, home: parseHomeName(head.slice(3)) };
  }
  throw new BridgeError("bad-input", { detail: `"${name.slice(0, 80)}" is not a lane` });
}

/** What a person seems to be doing, with the distinctions that any of our networks make (msnp-core §6.1). */
export type Availability =
  | "online"
  | "busy"
  | "idle"
  | "be-right-back"
  | "away"
  | "on-the-phone"
  | "out-to-lunch"
  | "hidden"
  | "offline";

export const AVAILABILITIES: readonly Availability[] = [
  "online",
  "busy",
  "idle",
  "be-right-back",
  "away",
  "on-the-phone",
  "out-to-lunch",
  "hidden",
  "offline",
];

/** For merging: what several owners see of one contact, or several clients say of one person. */
export const MOST_PRESENT_FIRST: readonly Availability[] = [
  "online",
  "busy",
  "on-the-phone",
  "be-right-back",
  "out-to-lunch",
  "away",
  "idle",
  "hidden",
  "offline",
];

/** Presence and personal message of a contact or of a resident. Empty `text`: nothing is said. */
export interface Presence {
  readonly availability: Availability;
  /** The personal message, plain text. */
  readonly text: string;
  /** What is playing, ready to show; absent when nothing is. */
  readonly media?: string;
}

/** A contact as the network tells it now. */
export interface ContactSnapshot {
  readonly address: ContactAddress;
  readonly displayName: string;
  /** The owner's own name for them, when there is one. Nobody else sees it. */
  readonly nickname?: string;
  readonly presence: Presence;
  /** On the owner's forward list, i.e. shown to the owner as a contact. */
  readonly listed: boolean;
  readonly blocked: boolean;
  readonly groups: readonly string[];
}

/** A change of a contact list that its owner asks for at home. */
export type ContactChange =
  | { readonly kind: "add"; readonly message?: string }
  | { readonly kind: "remove" | "block" | "unblock" | "accept" | "decline" }
  /** The owner's own name for them; empty takes it away. */
  | { readonly kind: "rename"; readonly nickname: string }
  /** The groups they are to be in, and no others; what is missing is made. */
  | { readonly kind: "groups"; readonly groups: readonly string[] };

/** Words from the network, ready for the homes. */
export interface NetworkMessage {
  readonly kind: "text" | "notice";
  readonly from: ContactAddress;
  readonly fromName: string;
  /** The words alone. */
  readonly text: string;
  /** The same words with their looks; absent: they have none. */
  readonly rich?: RichText;
  /** Unix ms when they were said. */
  readonly at: number;
  /** They have waited on the network while the account was not signed in. */
  readonly delayed?: true;
  /** A nudge: `text` says so in words, for homes that have nothing of the kind. */
  readonly nudge?: true;
  /** The account's owner said them at another place where the account is signed in; `from` is the account itself. */
  readonly own?: OwnPlace;
}

/** Another place where the owner is signed in with the account. */
export interface OwnPlace {
  /** How that place is called, when it says so. */
  readonly device?: string;
}

/** Why something a person asked for was not done; stored with what is parked and shown to the person. */
export interface Failure {
  readonly code: import("./errors.ts").ErrorCode;
  /** One sentence or two for the person: what happened, whose fault, what next. */
  readonly text: string;
  readonly certainty: import("./errors.ts").Certainty;
}

/** What is stored in a lane. */
export type LaneBody =
  /**
   * A home's own event, as it came; its home turns it into a {@link HomeEvent} when it is its turn. `at`: Unix ms when it
   * was stored, or asked for again.
   */
  | { readonly from: "home"; readonly home: HomeName; readonly raw: unknown; readonly at: number }
  /**
   * Words of the network for one home. `at`: Unix ms when they were stored; absent: when they were said. `id`: ours, the same
   * for all homes that get them; only words of groups have one.
   */
  | { readonly from: "network"; readonly message: NetworkMessage; readonly at?: number; readonly id?: string }
  /**
   * A group is other than it was. `live`: as the account sees it; absent: what is stored of it has changed. The room is
   * shaped anew in the order of the words around it. `refused`: whom people have asked in and the network does not let in.
   * `ends`: nobody of the home is in it any more, and its room goes.
   */
  | {
      readonly from: "group";
      readonly at: number;
      readonly account?: AccountId;
      readonly live?: LiveGroup;
      readonly refused?: GhostRef;
      readonly ends?: true;
    };

/** Unix ms when an entry was stored. */
export function storedAt(body: LaneBody): number {
  return body.from === "network" ? (body.at ?? body.message.at) : body.at;
}

export interface LaneEntry {
  readonly id: EntryId;
  readonly lane: LaneRef;
  readonly body: LaneBody;
  /** Unix ms when it came back from what was parked; absent: it was not. */
  readonly again?: number;
}

/** What one lane gets of an entry that leaves another one of its shard. */
export interface LaneCopy {
  readonly lane: LaneRef;
  readonly body: LaneBody;
}

/** A home's event in neutral words; made by the home from what it stored. */
export type HomeEvent =
  | {
      readonly kind: "text";
      readonly resident: ResidentId;
      readonly room: RoomId;
      readonly message: MessageId;
      /** The words alone. */
      readonly text: string;
      /** The same words with their looks; absent: they have none. */
      readonly rich?: RichText;
      /** Said by somebody of this name in a room where the resident lets others speak; absent: by the resident. */
      readonly speaker?: string;
      /** What it is to other homes. */
      readonly about?: Relation;
      /** The words only name what was sent, and this is what it is for its sender ("a sticker"). */
      readonly instead?: string;
      /** An edit of what no network shows otherwise: of looks alone. Only homes that have edits are told. */
      readonly looksAlone?: true;
      /** Where a bridge has carried it from; absent: a person says it. */
      readonly via?: Via;
    }
  /** A nudge: the contact's attention is asked for. */
  | {
      readonly kind: "nudge";
      readonly resident: ResidentId;
      readonly room: RoomId;
      readonly message: MessageId;
      /** As in a text. */
      readonly speaker?: string;
      readonly via?: Via;
    }
  /** The resident reacts to a message, or takes a reaction back. */
  | {
      readonly kind: "reaction";
      readonly resident: ResidentId;
      readonly room: RoomId;
      readonly message: MessageId;
      readonly target: MessageId;
      /** What that message says. */
      readonly text: string;
      /** An emoji, or words. */
      readonly key: string;
      readonly removed?: true;
      /** As in a text. */
      readonly speaker?: string;
      readonly via?: Via;
    }
  /** Said to the bridge itself. */
  | {
      readonly kind: "command";
      readonly resident: ResidentId;
      readonly room: RoomId;
      readonly message: MessageId;
      readonly line: string;
    }
  /** Send again what failed; `target` is the failed message or the notice about it. */
  | { readonly kind: "retry"; readonly resident: ResidentId; readonly room: RoomId; readonly target: MessageId }
  /**
   * The resident's client says once more what is stored already, because it does not know what became of it. `is` knows the
   * original by its name: it may have been said from elsewhere.
   */
  | {
      readonly kind: "again";
      readonly resident: ResidentId;
      readonly room: RoomId;
      readonly message: MessageId;
      readonly is: (name: MessageId) => boolean;
    }
  /** A resident asks a ghost into a room to talk with it. */
  | {
      readonly kind: "invited";
      readonly resident: ResidentId;
      readonly room: RoomId;
      readonly ghost: GhostRef;
      readonly direct: boolean;
    }
  /** The resident has left the room. */
  | { readonly kind: "left"; readonly resident: ResidentId; readonly room: RoomId }
  /** A kind of content that cannot go to the network; `what` names it for the person ("a sticker"). */
  | {
      readonly kind: "unsupported";
      readonly resident: ResidentId;
      readonly room: RoomId;
      readonly message: MessageId;
      readonly what: string;
    }
  /** A resident takes a contact out of a group's room. `message`: the event that did it, for answers. */
  | {
      readonly kind: "removed";
      readonly resident: ResidentId;
      readonly room: RoomId;
      readonly message: MessageId;
      readonly ghost: GhostRef;
    }
  /** A resident has given a group's room another name or topic, or somebody in it another role. */
  | {
      readonly kind: "reshaped";
      readonly resident: ResidentId;
      readonly room: RoomId;
      readonly message: MessageId;
      readonly change:
        | { readonly what: "name" | "topic"; readonly text: string }
        | { readonly what: "role"; readonly ghost: GhostRef; readonly role: "admin" | "member" }
        /** Of somebody of the same home. */
        | { readonly what: "role"; readonly whom: ResidentId; readonly role: "admin" | "member" };
    }
  /** Nothing can be said in a room any more, by what a resident did. */
  | {
      readonly kind: "shut-out";
      readonly resident: ResidentId;
      readonly room: RoomId;
      /** The one who was thrown out; absent: all of the bridge. */
      readonly ghost?: GhostRef;
      /** Nobody was thrown out: the room is encrypted now, and those of the bridge leave it. */
      readonly isEncrypted?: true;
    }
  /** A room goes on elsewhere. */
  | { readonly kind: "moved"; readonly resident: ResidentId; readonly room: RoomId; readonly to: RoomId }
  /** Concerns the home alone: the core gives it back to be carried out, in its turn. */
  | { readonly kind: "own" };

/**
 * What words are to a home that has such things of its own, when it knows the message they are about. A network that has
 * not gets the text instead.
 */
export type Relation =
  /** `text` and `rich`: the words alone, without a quote; of an edit the whole new words. */
  | {
      readonly kind: "reply" | "edit";
      readonly target: MessageId;
      readonly text: string;
      readonly rich?: RichText;
    }
  | { readonly kind: "removal"; readonly target: MessageId }
  | { readonly kind: "reaction"; readonly target: MessageId; readonly key: string; readonly removed?: true };

/** Words for a group's room: of the network, or of somebody in another home. */
export interface GroupMessage extends NetworkMessage {
  /** `target` is this home's own name of the message. */
  readonly about?: Relation;
  /** Where it has been; is written beside the words, so that other bridges know it. */
  readonly via?: Via;
}

export interface AccountRecord {
  readonly id: AccountId;
  readonly network: NetworkName;
  readonly address: ContactAddress;
  /** Who has linked it, oldest first: at least one, and at most one in each home. */
  readonly owners: readonly ResidentId[];
  /** The address with the capitals its owner typed; some servers refuse a sign-in that writes it otherwise. */
  readonly spelling: string;
  /** One fixed endpoint id per account, so that the owner's own client can stay signed in (msnp-core §6.7). */
  readonly machineGuid: string;
  /** What the owner wants the network to see; `automatic` follows the home's presence. */
  readonly wishedAvailability: Availability | "automatic";
  /** Absent: follows the home's status text. */
  readonly wishedText?: string;
  /** What keeps the puppet from signing in by itself, if anything. */
  readonly halt: "none" | "signed-out" | "bad-password" | "elsewhere";
  readonly linkedAt: number;
}

/** The owner who lives in a home, if one does. */
export function ownerIn(account: Pick<AccountRecord, "owners">, home: HomeName): ResidentId | undefined {
  return account.owners.find((owner) => residentParts(owner).home === home);
}

/** A room that a portal is tied to, in one home, for one resident. */
export interface PortalRoom {
  readonly home: HomeName;
  readonly room: RoomId;
  readonly resident: ResidentId;
}

export interface PortalRecord {
  readonly id: PortalId;
  readonly account: AccountId;
  readonly conversation: ConversationKey;
  readonly rooms: readonly PortalRoom[];
}

/** Puppet states (design §2; the transitions are in puppet.ts). */
export type PuppetState = "signed-out" | "signing-in" | "on" | "waiting" | "elsewhere" | "bad-password";
