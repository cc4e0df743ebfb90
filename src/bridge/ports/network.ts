/**
 * What a network side does for the core. A network never meets a home. Capabilities as in ports/home.ts.
 */
import type { Availability, ContactAddress, ContactSnapshot, NetworkMessage, NetworkName } from "../model.ts";
import type { Secret } from "../secret.ts";

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
  /** Called in the same tick in which the words were read from the socket; the core stores them before anything else. */
  message(message: NetworkMessage): void;
  typing(from: ContactAddress): void;
  /** Something about a contact changed: name, presence, personal message, list. */
  contact(contact: ContactSnapshot): void;
  /** The session has ended, other than by {@link Session.close}. */
  closed(reason: ClosedReason): void;
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
   * Says something to a contact. Resolves when the server has acknowledged all of it. The core has one call under way per
   * conversation. @throws BridgeError `contact-offline`, `contact-refused`, `rate-limited`, `send-failed`,
   * `send-uncertain`, `network-down`.
   */
  sendText(to: ContactAddress, text: string): Promise<void>;

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
  /** @throws BridgeError `network-down`, `send-failed`. */
  setPresence(availability: Availability, text: string): Promise<void>;
}

export function sendsTyping(session: Session): session is Session & TypingSending {
  return "sendTyping" in session;
}

export function setsPresence(session: Session): session is Session & PresenceSetting {
  return "setPresence" in session;
}
