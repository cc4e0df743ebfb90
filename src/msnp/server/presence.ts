import type { MsnStatus } from "../dialect/status.ts";
import { type Account, looksOffline } from "./state/account.ts";
import { FL } from "./state/lists.ts";

/** A change of an account that its contacts are still to be told. */
interface Change {
  readonly subject: Account;
  readonly before: MsnStatus;
  readonly status: boolean;
  readonly info: boolean;
  readonly audience: "contacts" | "self";
}

/** The most changes that wait at one time; past it they are told at once. */
const MAX_WAITING = 10_000;

/**
 * Tells contacts what changed, a moment after the answer to the command that changed it, in the order of the changes.
 * Escargot does this every 0.2 s (source: msnp-core §9.2); a delay of 0 means "after this tick".
 */
export class PresenceFanOut {
  readonly #delayMs: number;
  #waiting: Change[] = [];
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** `before` is the account's own status before the change. */
  contacts(subject: Account, before: MsnStatus, news: { status: boolean; info: boolean }): void {
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
      if (change.audience === "self") for (const session of [...change.subject.sessions]) session.ownPresence();
      else tellContacts(change);
    }
  }
}

function tellContacts({ subject, before, status, info }: Change): void {
  const seenBefore = looksOffline(before) ? "FLN" : before;
  for (const { account: viewer } of subject.contacts.values()) {
    if (viewer.sessions.length === 0 || subject.blocks(viewer) || !watches(viewer, subject)) continue;
    for (const session of [...viewer.sessions]) session.presence({ subject, before: seenBefore, status, info });
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
