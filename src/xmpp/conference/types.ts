/** Words of a conference that the component keeps itself (XEP-0045): what a room is, what may be asked of it, what it tells. */
import type { BareJid, Jid } from "../jid.ts";
import type { ErrorType } from "../stanza/errors.ts";
import type { XmlElement } from "../stanza/xml.ts";

/** How somebody stands to a room for good (XEP-0045 §5.2). */
export type Affiliation = "owner" | "admin" | "member" | "none" | "outcast";
/** What somebody may do while they sit in it (XEP-0045 §5.1). */
export type Role = "moderator" | "participant" | "visitor" | "none";

/** What an owner sees in the room's form. */
export interface RoomConfig {
  readonly name: string;
  readonly description: string;
  readonly membersOnly: boolean;
  /** Who sees the addresses of those who sit in it. */
  readonly whois: "anyone" | "moderators";
  /** Whether others than its members find it among the service's rooms. */
  readonly listed: boolean;
  /** Whether the subject may be set by everybody who may speak. */
  readonly changeSubject: boolean;
  /** Whether members without rank may ask others into a room for members. */
  readonly allowInvites: boolean;
  /** Whether what is said is kept where strangers can read it; who enters is told (status 170). */
  readonly logged: boolean;
}

export const DEFAULT_CONFIG: RoomConfig = {
  name: "",
  description: "",
  membersOnly: true,
  whois: "anyone",
  listed: false,
  changeSubject: true,
  allowInvites: false,
  logged: false,
};

/** What people may want of a room; "ghost" and "person": whom it is done to. */
export type Act =
  | "say"
  | "subject"
  | "nick"
  | "private-ghost"
  | "private-person"
  | "invite-ghost"
  | "invite-person"
  | "kick-ghost"
  | "kick-person"
  | "ban-ghost"
  | "ban-person"
  | "rank-ghost"
  | "rank-person"
  | "voice-ghost"
  | "voice-person"
  | "configure"
  | "destroy";

/**
 * `free`: the room does it by itself and tells of it. `ask`: the room tells of the wish, and does it when that is granted.
 * Otherwise it is refused, in these words.
 */
export type Rule = "free" | "ask" | { readonly refused: string };
export type Rules = Readonly<Record<Act, Rule>>;

/** What is of the room alone is free; what others must hear of, or do as well, is asked; what would mean nothing is refused. */
export const DEFAULT_RULES: Rules = {
  say: "ask",
  subject: "ask",
  nick: "free",
  "private-ghost": "free",
  "private-person": "free",
  "invite-ghost": "ask",
  "invite-person": "ask",
  "kick-ghost": "ask",
  "kick-person": "ask",
  "ban-ghost": "ask",
  "ban-person": "ask",
  "rank-ghost": "ask",
  "rank-person": "ask",
  "voice-ghost": {
    refused:
      "They speak here by way of the bridge, which knows no voice and no moderators: their words would be shown all the same.",
  },
  "voice-person": "free",
  configure: "ask",
  destroy: "ask",
};

export interface RoomLimits {
  /** People and ghosts in one room, and clients of one of them. */
  readonly occupants: number;
  readonly clients: number;
  /** Affiliations that are remembered. */
  readonly members: number;
  /** Messages of the history, and UTF-16 units of all of them together. */
  readonly history: number;
  readonly historyChars: number;
  /** Messages of the history for a client that does not say how many it wants. */
  readonly historyShown: number;
  /** Characters of a nick, a subject, a reason or another line. */
  readonly nick: number;
  readonly subject: number;
  readonly line: number;
  /** UTF-16 units of one message with all that is in it, and of what goes with presence. */
  readonly message: number;
  readonly presence: number;
  /** Wishes that wait to be granted, and for how long, ms; `sayMs`: those to say something. */
  readonly wishes: number;
  readonly wishMs: number;
  readonly sayMs: number;
  /** Changes or invitations in one request. */
  readonly changes: number;
}

export const DEFAULT_ROOM_LIMITS: RoomLimits = {
  occupants: 300,
  clients: 20,
  members: 1000,
  history: 100,
  historyChars: 200_000,
  historyShown: 30,
  nick: 64,
  subject: 1000,
  line: 1000,
  message: 64_000,
  presence: 4000,
  wishes: 200,
  wishMs: 60_000,
  sayMs: 60_000,
  changes: 50,
};

/** Names a wish; of something said it is the room's id of the message (XEP-0359), too. */
export type WishId = string;

/** Who wants something. */
export interface By {
  readonly who: BareJid;
  /** The client. */
  readonly from: Jid;
  /** `undefined` for who does not sit in the room. */
  readonly nick: string | undefined;
}

/** What a message to all says, in neutral words; for more the stanza is with the event. */
export interface RoomWords {
  /** "" when there are none. */
  readonly body: string;
  readonly id: string | undefined;
  /** Ids of the messages that it corrects (XEP-0308), answers (XEP-0461), takes back (XEP-0424) or reacts to (XEP-0444). */
  readonly corrects: string | undefined;
  readonly repliesTo: string | undefined;
  readonly retracts: string | undefined;
  readonly reacts: { readonly to: string; readonly emoji: readonly string[] } | undefined;
  readonly isNudge: boolean;
}

export type Departure = "left" | "lost" | "kicked" | "banned" | "no-member" | "shutdown";

export interface Change {
  readonly act: "kick" | "voice" | "rank" | "ban";
  readonly who: BareJid;
  readonly isGhost: boolean;
  /** What is changed to: a role for `kick` and `voice`, an affiliation for `rank` and `ban`. */
  readonly role?: Role;
  readonly affiliation?: Affiliation;
  /** A nick that is to be kept for them. */
  readonly nick?: string;
  readonly reason: string;
}

/**
 * What a room tells the bridge. With a `wish`, nothing has happened yet: answer by `grant` or `refuse`; without, it has.
 */
export type RoomEvent =
  | { readonly kind: "entered"; readonly who: BareJid; readonly nick: string }
  | {
      readonly kind: "left";
      readonly who: BareJid;
      readonly nick: string;
      readonly how: Departure;
      readonly reason: string;
    }
  | { readonly kind: "renamed"; readonly who: BareJid; readonly nick: string; readonly before: string }
  | { readonly kind: "nick"; readonly by: By; readonly nick: string; readonly wish?: WishId }
  | {
      readonly kind: "said";
      readonly by: By;
      readonly words: RoomWords;
      readonly stanza: XmlElement;
      /** The room's id of it (XEP-0359). */
      readonly stanzaId: string;
      readonly wish?: WishId;
    }
  | { readonly kind: "typing"; readonly by: By; readonly isTyping: boolean }
  | { readonly kind: "subject"; readonly by: By; readonly subject: string; readonly wish?: WishId }
  | {
      readonly kind: "private";
      readonly by: By;
      readonly to: BareJid;
      readonly stanza: XmlElement;
      readonly wish?: WishId;
    }
  | {
      readonly kind: "invited";
      readonly by: By;
      readonly invitees: readonly Invitation[];
      readonly wish?: WishId;
    }
  | { readonly kind: "declined"; readonly who: BareJid; readonly inviter: BareJid; readonly reason: string }
  /** Their address is none: they are a member no more by having been asked in. */
  | { readonly kind: "uninvited"; readonly who: BareJid }
  | { readonly kind: "changed"; readonly by: By; readonly changes: readonly Change[]; readonly wish?: WishId }
  | {
      readonly kind: "configured";
      readonly by: By;
      readonly config: Partial<RoomConfig>;
      readonly wish?: WishId;
    }
  | {
      readonly kind: "destroyed";
      readonly by: By;
      readonly reason: string;
      /** A room to go to instead. */
      readonly instead: BareJid | undefined;
      readonly wish?: WishId;
    }
  /** A ghost is asked for its card or the like, by way of the room; whoever answers for ghosts answers. */
  | { readonly kind: "asked"; readonly by: By; readonly ghost: BareJid; readonly iq: XmlElement }
  /** Something was refused; the asker knows. */
  | { readonly kind: "refused"; readonly who: BareJid; readonly condition: string; readonly text: string };

export interface Invitation {
  readonly to: BareJid;
  readonly isGhost: boolean;
  readonly reason: string;
}

/** Why something is refused: a defined condition and words for the person. */
export interface Refusal {
  readonly type: ErrorType;
  readonly condition: string;
  readonly text: string;
}

/** What comes of a request: to be sent in this order, and to be told. */
export interface Outcome {
  readonly stanzas: readonly XmlElement[];
  readonly events: readonly RoomEvent[];
}

/** What a person shows, or what is shown of a ghost: children of presence. */
export type PresenceParts = readonly XmlElement[];

/** A ghost that sits in a room. */
export interface GhostSeat {
  readonly who: BareJid;
  /** As people know them; made a nick. */
  readonly name: string;
  readonly shown: PresenceParts;
}
