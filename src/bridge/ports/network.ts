/**
 * What a network side does for the core. A network never meets a home. Capabilities as in ports/home.ts.
 */
import type { GroupWords } from "../groups/model.ts";
import type { Availability, ContactAddress, ContactSnapshot, NetworkMessage, NetworkName, OwnPlace } from "../model.ts";
import type { Secret } from "../secret.ts";
import type { RichText } from "../text/model.ts";
import type { GroupHooks } from "./groups.ts";

export interface Credentials {
  readonly address: ContactAddress;
  /** The same address as its owner types it, capitals and all. */
  readonly spelling: string;
  readonly password: Secret;
}

/** The steps of a sign-in, for pages and logs, e.g. `connect`, `ticket`, `lists`. */
export type StageListener = (stage: string) => void;

export interface Network {
  readonly name: NetworkName;
  /** How people call it, e.g. `Escargot`. */
  readonly title: string;

  /**
   * Signs in and out again, to try credentials while a person waits. At most ~60 s.
   * @throws BridgeError `bad-password`, or `sign-in-failed` with the stage.
   */
  verify(credentials: Credentials, onStage: StageListener, signal: AbortSignal): Promise<{ displayName: string }>;

  /**
   * Signs in and stays. Resolves when the account is visible and its contact list is there. `hooks` may be called before
   * that, and never after {@link Session.close} or `hooks.closed`.
   * @throws BridgeError `bad-password`, `elsewhere` (another place has signed in meanwhile) or `sign-in-failed`; then
   * nothing is left open.
   */
  signIn(credentials: Credentials, options: SignInOptions, hooks: SessionHooks, signal: AbortSignal): Promise<Session>;
}

export interface SignInOptions {
  readonly machineGuid: string;
  readonly availability: Availability;
  readonly text: string;
}

/** What a session tells the core. All are called synchronously and must return at once. */
export interface SessionHooks {
  /**
   * Called in the same tick in which the words were read from the socket; the core stores them before anything else. They
   * carry a mark when the bridge has said them in a group of which nobody else is left: the others see a chat of two.
   */
  message(message: GroupWords): void;
  /** The owner said something to a contact at another place. As {@link SessionHooks.message}. */
  ownMessage(words: OwnWords): void;
  /**
   * Words that waited on the network, in the order in which they were said. Resolves when all of them are stored; the
   * session takes them off the network only then. Words that come again under the same id are stored once. Rejects
   * with BridgeError: they stay where they are, and come again.
   */
  offline(words: readonly OfflineWords[]): Promise<void>;
  /** Somebody asks to be a contact; told at each sign-in as long as it is not answered. */
  request(contact: ContactSnapshot): void;
  typing(from: ContactAddress): void;
  /** Something about a contact changed: name, presence, personal message, list. */
  contact(contact: ContactSnapshot): void;
  /** The session has ended, other than by {@link Session.close}. */
  closed(reason: ClosedReason): void;
  /** Groups; absent: they are of no interest. */
  readonly groups?: GroupHooks;
}

/** What the owner said to `to` at another place; among several, `to` is the one in whose chat it is to stand. */
export interface OwnWords extends OwnPlace {
  readonly kind: NetworkMessage["kind"];
  readonly to: ContactAddress;
  /** The owner's display name. */
  readonly fromName: string;
  readonly text: string;
  /** As in a {@link NetworkMessage}. */
  readonly rich?: RichText;
  /** Unix ms when it was said. */
  readonly at: number;
}

/** Words that waited. `id`: the network's own and lasting name of them, 1-200 characters. */
export interface OfflineWords {
  readonly id: string;
  readonly message: NetworkMessage;
}

/** How words went: into a chat with the contact, or to the network, which keeps them until the contact signs in. */
export interface Sent {
  readonly via: "chat" | "offline";
}

export interface ClosedReason {
  /** `elsewhere`: the account signed in somewhere else, do not fight; `lost`: anything worth a reconnect. */
  readonly kind: "elsewhere" | "lost" | "bad-password";
  readonly detail: string;
  /** When the server asked for a pause: ms. */
  readonly retryAfterMs?: number;
}

/** A live sign-in. */
export interface Session {
  /** For people and logs, e.g. `MSNP18`. */
  readonly dialect: string;
  readonly displayName: string;
  contacts(): Iterable<ContactSnapshot>;
  contact(address: ContactAddress): ContactSnapshot | undefined;

  /**
   * Says something to a contact, or leaves it for one who is offline where the network can keep it; `rich`: the same words
   * with their looks. Resolves when the server has acknowledged all of it. The core has one call under way per conversation. @throws BridgeError
   * `contact-offline`, `contact-refused`, `rate-limited`, `send-failed`, `send-uncertain`, `network-down`.
   */
  sendText(to: ContactAddress, text: string, rich?: RichText): Promise<Sent>;

  /** Signs out. Settles within a few seconds, never rejects. */
  close(): Promise<void>;
}

/** A session that can show the contact that the owner types. */
export interface TypingSending {
  /** One notice; the core repeats it while it lasts, every {@link typingRepeatMs}. Best effort: never rejects. */
  sendTyping(to: ContactAddress): Promise<void>;
  readonly typingRepeatMs: number;
}

/** A session that carries the owner's presence and personal message. */
export interface PresenceSetting {
  /** `media`: what is playing, ready to show. @throws BridgeError `network-down`, `send-failed`. */
  setPresence(availability: Availability, text: string, media?: string): Promise<void>;
}

/** A session that can wait with the next words until those before are noted: after a crash only one is said again. */
export interface WordsHolding {
  /**
   * Called in the tick in which words were acknowledged: nothing more is said before `noted` has settled, or half a minute has
   * passed.
   */
  holdNext(noted: Promise<void>): void;
}

/** A session that can nudge a contact. */
export interface NudgeSending {
  /** @throws BridgeError as {@link Session.sendText}. */
  sendNudge(to: ContactAddress): Promise<void>;
}

/** Whom the network lets see and write to the owner: everybody, or only those who are allowed. */
export type Privacy = "everybody" | "allowed";

/**
 * A session that can change the contact list. The list as {@link Session.contacts} tells it changes when the server has
 * agreed. All reject with BridgeError: `contact-unknown`, `contact-known`, `list-full`, `group-unknown`, `group-known`,
 * `not-offered`, `rate-limited`, `change-refused`, `network-down`.
 */
export interface ContactEditing {
  addContact(contact: ContactAddress, message: string | undefined): Promise<void>;
  /** Takes the contact off the list; who may see the owner does not change. */
  removeContact(contact: ContactAddress): Promise<void>;
  block(contact: ContactAddress): Promise<void>;
  unblock(contact: ContactAddress): Promise<void>;
  /** The owner's own name for a contact; empty takes it away. */
  rename(contact: ContactAddress, nickname: string): Promise<void>;
  /** Names of the groups, in no order. */
  groups(): readonly string[];
  createGroup(name: string): Promise<void>;
  renameGroup(name: string, to: string): Promise<void>;
  /** Its contacts stay on the list. */
  deleteGroup(name: string): Promise<void>;
  addToGroup(contact: ContactAddress, name: string): Promise<void>;
  removeFromGroup(contact: ContactAddress, name: string): Promise<void>;
  /** Who asks to be a contact and has no answer yet. */
  requests(): readonly ContactSnapshot[];
  /** Allows who asked, and adds them. */
  accept(contact: ContactAddress): Promise<void>;
  decline(contact: ContactAddress): Promise<void>;
  /** `undefined`: the network has not said. */
  privacy(): Privacy | undefined;
  setPrivacy(privacy: Privacy): Promise<void>;
}

/** A place where the account is signed in. */
export interface Device {
  readonly id: string;
  readonly name: string;
  /** The bridge itself. */
  readonly isSelf: boolean;
}

/** A session that knows at which places the account is signed in. */
export interface DeviceListing {
  devices(): readonly Device[];
  /** Asks another place to sign out. @throws BridgeError `not-offered`, `network-down`, `change-refused`. */
  signOutDevice(id: string): Promise<void>;
}

export function editsContacts(session: Session): session is Session & ContactEditing {
  return "addContact" in session;
}

export function listsDevices(session: Session): session is Session & DeviceListing {
  return "devices" in session;
}

export function sendsTyping(session: Session): session is Session & TypingSending {
  return "sendTyping" in session;
}

export function holdsWords(session: Session): session is Session & WordsHolding {
  return "holdNext" in session;
}

export function sendsNudges(session: Session): session is Session & NudgeSending {
  return "sendNudge" in session;
}

export function setsPresence(session: Session): session is Session & PresenceSetting {
  return "setPresence" in session;
}
