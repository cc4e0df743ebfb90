import type { MsnStatus } from "../dialect/status.ts";
import type { Account, ContactEntry } from "./state/account.ts";
import { FL } from "./state/lists.ts";
import type { Phones } from "./state/session.ts";

/** What of an account has changed. */
interface News {
  readonly status: boolean;
  readonly info: boolean;
  readonly phones?: Phones;
}

/** A change of an account that its contacts are still to be told. */
interface Change extends News {
  readonly subject: Account;
  readonly before: MsnStatus;
  readonly audience: "contacts" | "self";
}

/** The most changes that wait at one time; past it they are told at once. */
const MAX_WAITING = 10_000;

/**
 * Tells contacts what changed, a moment after the answer to the command that changed it, in the order of the changes and
 * with what is true by then. Escargot does this every 0.2 s (source: msnp-core §9.2); a delay of 0 means "after this
 * tick". One thing is not as there: news of somebody who left without ever showing a status make Escargot forget all
 * other news of that moment, which would be of no use to anybody.
 */
export class PresenceFanOut {
  readonly #delayMs: number;
  /** Others than contacts who see an account. */
  readonly #alsoTell: (subject: Account, before: MsnStatus) => void;
  #waiting: Change[] = [];
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(delayMs: number, alsoTell: (subject: Account, before: MsnStatus) => void) {
    this.#delayMs = delayMs;
    this.#alsoTell = alsoTell;
  }

  /** `before` is the account's own status before the change. */
  contacts(subject: Account, before: MsnStatus, news: News): void {
    this.#add({ subject, before, ...news, audience: "contacts" });
  }

  self(subject: Account): void {
    this.#add({ subject, before: subject.status, status: true, info: true, audience: "self" });
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#waiting = [];
  }

  #add(change: Change): void {
    this.#waiting.push(change);
    if (this.#waiting.length >= MAX_WAITING) {
      this.#tell();
    } else if (this.#delayMs > 0) {
      this.#timer ??= setTimeout(() => this.#tell(), this.#delayMs);
    } else {
      this.#immediate ??= setImmediate(() => this.#tell());
    }
  }

  #tell(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    const changes = this.#waiting;
    this.#waiting = [];
    for (const change of changes) {
      if (change.audience === "self") {
        for (const session of [...change.subject.sessions]) session.ownPresence();
      } else {
        tellContacts(change);
        this.#alsoTell(change.subject, change.before);
      }
    }
  }
}

function tellContacts({ audience: _, ...news }: Change): void {
  const { subject } = news;
  for (const { account: viewer } of subject.contacts.values()) {
    if (viewer.sessions.length === 0 || subject.blocks(viewer) || !watches(viewer, subject)) continue;
    for (const session of [...viewer.sessions]) session.presence(news);
  }
}

/** Whether a person is on another's forward list, and so is told their presence. */
export function watches(viewer: Account, subject: Account): boolean {
  return ((viewer.contacts.get(subject.id)?.lists ?? 0) & FL) !== 0;
}

/**
 * Runs a change of the subject's lists or privacy and at once tells those for whom the subject came into sight or
 * vanished by it (source: msnp-core §6.3).
 */
export function withVisibility(subject: Account, viewers: Iterable<Account>, change: () => void): void {
  const affected = [...viewers].map((viewer) => ({ viewer, before: subject.statusFor(viewer) }));
  change();
  for (const { viewer, before } of affected) {
    if (before === subject.statusFor(viewer) || !watches(viewer, subject)) continue;
    for (const session of [...viewer.sessions]) session.presence({ subject, before, status: true, info: true });
  }
}

/**
 * What an owner's lists say for a name: that of a person who can be seen, else what the owner's client called them, else
 * the one they had. Undefined for people who have none (source: msnp-core §5.3).
 */
export function knownName(owner: Account, entry: ContactEntry): string | undefined {
  const { account: contact } = entry;
  if (contact.sessions.length > 0 && !contact.blocks(owner)) delete entry.given;
  return entry.given ?? contact.displayName;
}

/** The phones of an account, as they go along with news of its lists. */
export function phonesOf({ settings: { properties } }: Account): Phones {
  return new Map(["PHH", "PHW", "PHM", "MOB"].map((key) => [key, properties.get(key)]));
}
