import type { Email } from "../address.ts";
import { readMailData } from "../soap/mail-data.ts";
import type { Command } from "../wire/command.ts";
import type { Core, Live } from "./core.ts";
import { SendError } from "./errors.ts";
import { OfflineInbox } from "./offline-inbox.ts";
import { OfflineOutbox } from "./offline-outbox.ts";

/**
 * Messages to people who are offline. Those for the account go to the option `storeOffline` by themselves: from MSNP11
 * on, where the network's service is set up (`oimFetchUrl`); below there are none.
 */
export interface Offline {
  /** Whether {@link send} can do anything: from MSNP13 on, where the network has the service or the dialect needs none. */
  readonly isSupported: boolean;
  /**
   * Leaves a text for somebody who is offline, in parts where it is too long; they find it at their next sign-in. Texts
   * go one after the other. Rejects with SendError, `not-supported` where the dialect has no such thing. MSNP18 does not
   * confirm: there it resolves when the server has not refused for a moment.
   */
  send(email: Email, text: string): Promise<void>;
}

const MAX_EARLY = 16;

/** Both directions for one family of dialects, in one session. */
export interface OfflineStrategy {
  readonly isSupported: boolean;
  send(email: Email, text: string): Promise<void>;
  /** The next goes when `noted` has settled; a strategy that has no turns of its own does without. */
  hold?(noted: Promise<unknown>): void;
}

/** Offline messages of a client. */
export class ClientOffline implements Offline {
  readonly #core: Core;
  readonly #other: (live: Live) => OfflineStrategy | undefined;
  #live: Live | undefined;
  /** Notices that came before the account was visible. */
  #early: Command[] = [];
  #inbox: OfflineInbox | undefined;
  #outbox: OfflineStrategy | undefined;

  /** `other` is for dialects that neither have a web service for it nor UUM. */
  constructor(core: Core, other: (live: Live) => OfflineStrategy | undefined) {
    this.#core = core;
    this.#other = other;
  }

  get isSupported(): boolean {
    return this.#outboxOf(this.#core.live)?.isSupported ?? false;
  }

  async send(email: Email, text: string): Promise<void> {
    const outbox = this.#outboxOf(this.#core.live);
    if (outbox === undefined) throw new SendError("closed", "not-sent", "The account is not signed in");
    await outbox.send(email, text);
  }

  /** What was left last counts as being left until `noted` settles. */
  hold(noted: Promise<unknown>): void {
    this.#outbox?.hold?.(noted);
  }

  /** A sign-in begins: what was said before it is no more. */
  reset(): void {
    this.#inbox?.stop();
    this.#early = [];
  }

  /** The account is visible. */
  started(): void {
    const early = this.#early;
    this.#early = [];
    for (const notice of early) this.onNotice(notice);
  }

  /** Takes a MSG of the notification server. */
  onNotice(command: Command): void {
    const { storeOffline } = this.#core.options;
    const { live } = this.#core;
    if (storeOffline === undefined) return;
    if (live === undefined) {
      const isNews = readMailData(command.payload ?? Buffer.alloc(0)) !== undefined;
      if (isNews && this.#early.length < MAX_EARLY) this.#early.push(command);
      return;
    }
    if (this.#inbox === undefined || this.#live !== live) this.#begin(live);
    this.#inbox ??= new OfflineInbox(this.#core, live, storeOffline);
    this.#inbox.onNotice(command);
  }

  #outboxOf(live: Live | undefined): OfflineStrategy | undefined {
    if (live === undefined) return undefined;
    if (this.#live !== live) this.#begin(live);
    this.#outbox ??= this.#other(live) ?? new OfflineOutbox(this.#core, live);
    return this.#outbox;
  }

  #begin(live: Live): void {
    this.#inbox?.stop();
    this.#inbox = undefined;
    this.#outbox = undefined;
    this.#live = live;
  }
}
