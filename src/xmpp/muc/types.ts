/** What a room is told of who sits in it, and tells in turn. */
import type { Logger } from "pino";
import type { Secret } from "../../bridge/secret.ts";
import type { BareJid, Jid } from "../jid.ts";
import type { Shown } from "../stanza/presence.ts";
import type { XmlElement } from "../stanza/xml.ts";
import type { Position } from "./archive.ts";
import type { Actor, RoomMessage } from "./room-words.ts";

export interface MucLimits {
  /** How long entering may take, and then the history, ms. */
  readonly enterMs: number;
  readonly historyMs: number;
  /** How long what was said may take to come back, ms. */
  readonly echoMs: number;
  /** After how much silence the room is asked whether we are still in it, ms. */
  readonly selfPingMs: number;
  /** Waits between tries to enter again, ms. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

export const DEFAULT_MUC_LIMITS: MucLimits = {
  enterMs: 20_000,
  historyMs: 5000,
  echoMs: 60_000,
  selfPingMs: 5 * 60_000,
  firstWaitMs: 1000,
  longestWaitMs: 5 * 60_000,
};

/** Who sits there, as their stanzas leave: a client's session, or one address of a component. */
export interface RoomLink {
  readonly jid: Jid | undefined;
  readonly isOnline: boolean;
  /** As the methods of ClientLink and ComponentLink of these names. */
  send(stanza: XmlElement): void;
  sendLoosely(stanza: XmlElement): void;
  sendSurely(...stanzas: readonly XmlElement[]): Promise<void>;
  request(ask: { to?: Jid; type: "get" | "set" }, child: XmlElement, timeoutMs?: number): Promise<XmlElement>;
  /** The message of this id has come back: it need not be sent again by the link itself. */
  arrived(id: string): void;
}

/** Whether we are in a room; when not, why, and whether it is tried again. */
export interface MucState {
  readonly isIn: boolean;
  readonly why: string;
  readonly triesAgain: boolean;
  /** Who has put us out, where the room says so. */
  readonly by?: Actor;
}

export interface MucOptions {
  readonly link: RoomLink;
  readonly room: BareJid;
  readonly nick: string;
  /** For a room that does not take the nick as it is written. */
  readonly plainNick?: string;
  /** What it is entered with, where it has a password. */
  readonly password?: () => Secret | undefined;
  /** Whether it is ours, and made anew when it was destroyed. */
  readonly isOwn?: boolean;
  /** How we are there until {@link MucRoom.show} says otherwise. */
  readonly shown?: Shown;
  /** Up to where an earlier run has read. Absent: what was said before we came is none of ours. */
  readonly from?: Position;
  /** Whether a message of this id is one of this bridge's, whoever seems to say it. */
  readonly isOurs: (id: string) => boolean;
  /** Somebody else has said something; each message once. When it rejects, it comes again where the server can do that. */
  readonly said: (message: RoomMessage) => void | Promise<void>;
  /** Everything up to here has been taken. */
  readonly reached?: (position: Position) => void;
  readonly typing?: (nick: string, isTyping: boolean) => void;
  /** A message of the room, or of somebody in it to us alone, that is no word to all. */
  readonly aside?: (stanza: XmlElement) => void;
  /** We have passed the door, of a room that we have just made or not. Nothing is said or read before it has resolved. */
  readonly entered?: (how: { readonly isNew: boolean; readonly affiliation: string }) => Promise<void>;
  /** We are in, or out of it: then why, and whether it is tried again. */
  readonly changed?: (state: MucState) => void;
  /** The room's subject, on entering and when somebody (`nick`, where the room tells) has changed it. */
  readonly subject?: (text: string, nick: string | undefined) => void;
  readonly log: Logger;
  readonly limits?: Partial<MucLimits>;
}
