import type { Email, MachineGuid, NetworkId } from "../address.ts";
import type { Capabilities } from "../dialect/lines.ts";
import type { MsnStatus } from "../dialect/status.ts";
import type { DialectName, Product } from "../dialect/types.ts";
import type { MessageBody } from "../message/body.ts";
import type { TextFormat } from "../message/format.ts";
import type { OutgoingBody } from "../message/outgoing.ts";
import type { CircleMember } from "../soap/circles.ts";
import type { TransportKind } from "../transport/channel.ts";
import type { Trace } from "../transport/connection.ts";
import type { TlsOptions } from "../transport/dial.ts";
import type { GatewayRules } from "../transport/gateway.ts";
import type { ProxyServer } from "../transport/proxy.ts";
import type { SignInStage } from "./errors.ts";
import type { Timeouts } from "./timeouts.ts";
import type { UserNotification } from "./user-notification.ts";

/** Where a network's servers are; one URL per service (source: msnp-chat §8.5). */
export interface MsnServices {
  readonly ns: { readonly host: string; readonly port: number };
  readonly nexusUrl: string;
  readonly rstUrl: string;
  readonly rst2Url?: string;
  readonly addressBookUrl: string;
  readonly sharingUrl: string;
  /** Where messages to people who are offline are left; without it none can be sent below MSNP18. */
  readonly oimStoreUrl?: string;
  /** Where those for oneself are fetched; without it none are. */
  readonly oimFetchUrl?: string;
  readonly storageUrl?: string;
  readonly configUrl?: string;
  /** HTTP gateway, such as `http://gateway.example/gateway/gateway.dll` (source: msnp-chat §7). */
  readonly gatewayUrl?: string;
}

/** A message that was left while one was offline (source: msnp-chat §5.6). */
export interface OfflineMessage {
  /** The server's id; stable. */
  readonly id: string;
  readonly from: Email;
  readonly fromName: string;
  /** ms since 1970. */
  readonly sentAt: number;
  readonly text: string;
  /** GUID without braces, lower-case, of the burst that the message belongs to. */
  readonly runId?: string;
  /** Number within the burst, from 1. */
  readonly sequence?: number;
}

/** One place at which the account is signed in (source: msnp-core §6.7). */
export interface MsnEndpoint {
  readonly id: MachineGuid;
  /** As its owner called it; empty when it does not say. */
  readonly name: string;
  readonly isSelf: boolean;
  readonly status?: MsnStatus;
  /** 1 computer, 2 web, 3 mobile, 4 Xbox. */
  readonly clientType?: number;
  readonly capabilities: Capabilities;
}

/** What somebody plays or does, shown in place of the personal message (source: msnp-core §6.6). */
export interface CurrentMedia {
  readonly application: string;
  /** `Music`, `Games`, `Office` or empty. */
  readonly type: string;
  readonly enabled: boolean;
  /** Such as `{0} - {1}`. */
  readonly format: string;
  readonly args: readonly string[];
}

export interface PersonalMessage {
  readonly text: string;
  readonly media?: CurrentMedia;
}

export interface MsnClientOptions {
  readonly services: MsnServices;
  /**
   * Ways to the servers, the preferred first; default TCP alone. At sign-in the next is tried when one cannot connect
   * or brings no first answer; what worked is used for the switchboards of the session, too.
   */
  readonly transports?: readonly TransportKind[];
  /** For the transport `tls`; the authorities in it are trusted for the web services as well. */
  readonly tls?: TlsOptions;
  readonly gateway?: Partial<GatewayRules>;
  /** For everything: servers, gateway and web services, as far as `fetch` is not given. */
  readonly proxy?: ProxyServer;
  /** Offered to the server, newest first. */
  readonly dialects: readonly DialectName[];
  readonly email: Email;
  /**
   * The same address with the capitals it was registered with; default `email`. Some servers refuse a sign-in that
   * writes it in another case (source: msnp-core §3.5).
   */
  readonly handle?: string;
  /** Read when needed, never kept, never traced. */
  readonly password: () => string;
  readonly machineGuid: MachineGuid;
  readonly initialPresence: MsnStatus;
  readonly personalMessage?: PersonalMessage;
  /** How this place is called at the account's other places (MSNP16+). */
  readonly endpointName?: string;
  /**
   * Takes the messages that were left while the account was offline: batches of at most 50, the oldest first. They are
   * deleted from the server only when it has resolved; when it rejects they stay, and come again with the next notice or
   * sign-in. Without it nothing is fetched. A message may come a second time when the connection broke in between.
   */
  readonly storeOffline?: (messages: readonly OfflineMessage[]) => Promise<void>;
  /** Whether the circles of the account are asked for at sign-in; default true. */
  readonly circles?: boolean;
  readonly timeouts?: Partial<Timeouts>;
  /**
   * Texts of all conversations together that may wait for their acknowledgement; default any number. With 1, a program
   * that dies cannot leave more than one text of which nobody knows whether it went.
   */
  readonly maxUnacknowledged?: number;
  /** Every line with credentials masked and payloads by size only. */
  readonly trace?: Trace;
  readonly fetch?: typeof fetch;
  /** Product id and key for the server's challenges; default those of a client that speaks the dialect. */
  readonly product?: Product;
  /** Bytes of one message with its headers; default what official servers took, 1664. Longer texts are split. */
  readonly maxMessageBytes?: number;
  /** Bytes of one answer of a web service; default 4 MiB, a full address book being over one. */
  readonly maxHttpResponse?: number;
  /** Bytes of one payload on the wire; default 1 MiB. */
  readonly maxPayload?: number;
  /** Hears what a listener threw; by default it is thrown again outside, as from any event handler. */
  readonly onListenerError?: (error: unknown) => void;
}

/** FL: shown to me. AL, BL: may or may not see me. RL: have me on theirs. PL: asked, not answered yet. */
export type ListName = "FL" | "AL" | "BL" | "RL" | "PL";

/** One person of the lists. Never changed in place: a change gives a new object. */
export interface MsnContact {
  readonly email: Email;
  readonly network: NetworkId;
  readonly displayName: string;
  /** A name of the account's own for the contact; absent when it has given none. */
  readonly nickname?: string | undefined;
  readonly lists: ReadonlySet<ListName>;
  /** Names of groups. */
  readonly groups: readonly string[];
  readonly status: MsnStatus;
  readonly personalMessage: string;
  readonly media?: CurrentMedia | undefined;
  readonly capabilities: Capabilities;
  /** The picture's `<msnobj .../>`. */
  readonly msnObject?: string | undefined;
}

export interface MsnSelf {
  readonly email: Email;
  readonly displayName: string;
  readonly status: MsnStatus;
}

/** How something is said. */
export interface SendOptions {
  /** 1-64 of `A-Za-z0-9_.-`: comes with the message to those who use this library, in {@link IncomingMessage.mark}. */
  readonly mark?: string | undefined;
  /** At most 8 of 12 hexadecimal digits: come with the message in the same way, in {@link IncomingMessage.via}. */
  readonly via?: readonly string[] | undefined;
}

/** What a member of a circle may do there. */
export type ConversationRole = "admin" | "member" | "pending";

/** A chat with one person or several. */
export interface Conversation {
  /** With one person, on a switchboard with several, in a circle, or in a temporary group of the late protocol. */
  readonly kind: "direct" | "switchboard" | "circle" | "group";
  /** The lasting address of a circle or group; nothing else has one. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** Everybody but oneself who is there now. */
  readonly members: ReadonlySet<Email>;
  readonly isGroup: boolean;
  /** Everybody but oneself who belongs to it: the members, and those whom the next text calls back onto a lost switchboard. */
  readonly participants: ReadonlySet<Email>;
  /** What the network calls the place where they are now: the same for all who are there, and other after a lost switchboard. */
  readonly place?: string | undefined;
  /** Whether it has ended: it was left, or all the others have left. One with one person never ends. */
  readonly isOver: boolean;
  /** Whether a long text comes as one to those who can put its parts together; others read the parts (MSNP21). */
  readonly joinsParts: boolean;
  /** How somebody there calls themselves, as far as the conversation has told it. */
  nameOf?(email: Email): string | undefined;
  /** Only circles have roles; undefined for somebody who is not in it. */
  role?(email: Email): ConversationRole | undefined;
  /**
   * Sends a text, split where it is too long. Resolves when the server acknowledged every part; texts of one
   * conversation go one after the other. Rejects with SendError.
   */
  sendText(text: string, format?: TextFormat, options?: SendOptions): Promise<void>;
  /** Tells the others that one is typing; holds for about 6 s. Rejects with SendError. */
  sendTyping(): Promise<void>;
  /** Rejects with SendError. */
  sendNudge(options?: SendOptions): Promise<void>;
  /** Sends something else than a text. Rejects with SendError, `not-supported` where the dialect cannot carry it. */
  sendBody(body: OutgoingBody): Promise<void>;
  /**
   * Calls somebody else to join. A one-to-one conversation goes on without its switchboard then, which becomes a
   * group conversation (event `conversation`). Rejects with SendError.
   */
  invite(email: Email): Promise<void>;
  /** Leaves; a one-to-one conversation can be used again. Always settles. */
  close(): Promise<void>;
  /** Leaves for good; a one-to-one conversation can be used again all the same. Always settles. */
  leave(): Promise<void>;
}

/** A lasting group of people, with an address book of its own (source: msnp21 §5). */
export interface MsnCircle {
  /** Its address; the same for everybody in it. */
  readonly id: string;
  readonly name: string;
  /** The account's own. */
  readonly role: ConversationRole;
  /** Whether the account is in it, or is asked to join. */
  readonly state: "accepted" | "invited";
  readonly inviter?: Email;
  /** What the inviter says. */
  readonly invitation?: string;
}

/**
 * The circles of the account, where the dialect has them. Methods reject with MsnpError: `not-signed-in`,
 * `not-supported`, `no-such-circle`, and what web services and servers answer.
 */
export interface Circles {
  readonly isSupported: boolean;
  /** By id. Replaced when it changes. */
  readonly list: ReadonlyMap<string, MsnCircle>;
  /**
   * Resolves when {@link Circles.list} has what there was at the sign-in, or that could not be read: some dialects read it
   * behind the sign-in. At once where there are no circles. Never rejects.
   */
  whenKnown(): Promise<void>;
  /** The chat of a circle; the same object as long as the account is in it. Throws `no-such-circle`. */
  conversation(id: string): Conversation;
  /** Members who are seen, also those who are no contacts. Throws `no-such-circle`. */
  presence(id: string): ReadonlyMap<Email, MsnStatus>;
  /** Everybody in the address book of a circle, and those who are asked, read now. */
  members(id: string): Promise<readonly CircleMember[]>;
  /**
   * The same as it was read last: soon after the sign-in, and again when the server says that it has changed (event
   * `membersChanged` of its chat). Undefined: not read yet. Throws `no-such-circle`.
   */
  people(id: string): readonly CircleMember[] | undefined;
  /** Resolves with the id when the circle can be used. */
  create(name: string): Promise<string>;
  /** Asks somebody to join; they need not be a contact. */
  invite(id: string, email: Email, message?: string): Promise<void>;
  /** Resolves when the circle can be used. */
  accept(id: string): Promise<void>;
  decline(id: string): Promise<void>;
  /** For good. The last admin cannot. */
  leave(id: string): Promise<void>;
}

export interface IncomingMessage {
  /** One's own address for what was said at another of one's own places. */
  readonly from: Email;
  readonly fromName: string;
  /** Which of one's own other places said it, where that is known. */
  readonly endpoint?: MachineGuid;
  /** To whom, when it was said by oneself to one person. */
  readonly to?: Email;
  readonly conversation: Conversation;
  /** What it was said with, when that was done with this library. */
  readonly mark?: string;
  readonly via?: readonly string[];
  /** ms since 1970. */
  readonly receivedAt: number;
  /** Never `typing` or `recording`: those are events of their own. */
  readonly body: MessageBody;
}

/** Why a signed-in session ended. */
export interface CloseReason {
  readonly kind: "signed-out" | "elsewhere" | "maintenance" | "reconnect-later" | "lost" | "protocol";
  /** For operators. */
  readonly detail: string;
  readonly retryAfterMs?: number;
}

export type ClientState = "signed-out" | "signing-in" | "signed-in";

export interface MsnClientEvents {
  /** A sign-in reached a stage. */
  stage: [stage: SignInStage];
  /** The lists were read for the first time in this session. */
  contactsLoaded: [];
  /** Anything of a contact changed, also that it came to or left the lists (then without lists). */
  contactChanged: [contact: MsnContact, previous: MsnContact | undefined];
  /** Somebody asks to be let in: once per session and person, also for those found at sign-in. */
  request: [contact: MsnContact];
  /** Status or name of the account itself changed, here or at another place. */
  selfChanged: [self: MsnSelf, previous: MsnSelf];
  /** A message was read. Listeners run in the tick of the socket read. */
  message: [message: IncomingMessage];
  typing: [typing: { readonly from: Email; readonly conversation: Conversation }];
  /** A chat became one of several people. */
  conversation: [conversation: Conversation];
  /** The members of a group conversation changed, or what is known of them. */
  membersChanged: [conversation: Conversation];
  /** Somebody asks the account to join a circle: once per session and circle, also for those found at sign-in. */
  circleInvite: [circle: MsnCircle];
  /** The list of circles changed; see `client.circles`. */
  circlesChanged: [];
  /** A place of the account came, changed or went; see `client.endpoints`. */
  endpointsChanged: [];
  /** Another client sent something outside of chats; what the library itself acts on is not told. */
  userNotification: [notification: UserNotification];
  /** The session is over; not emitted for a sign-in that failed. */
  closed: [reason: CloseReason];
}
