import { setTimeout as pause } from "node:timers/promises";
import {
  DIALECTS,
  type Email,
  MsnClient,
  type MsnClientEvents,
  type MsnClientOptions,
  type MsnContact,
  type OfflineMessage,
} from "../../msnp/index.ts";

/** What the network did not do in time, or did wrongly; its text goes into the report. */
export class ProbeFailure extends Error {
  override readonly name = "ProbeFailure";
}

export interface PersonOptions {
  /** Everything of the client that does not depend on the person. */
  readonly client: Omit<MsnClientOptions, "initialPresence" | "storeOffline">;
  /** ms that anything may take to be seen by another person. */
  readonly patience: number;
  /**
   * ms until a change of lists is surely written. Escargot writes once a second, and forgets a change whose maker signs
   * out and in again before that (its core/backend.py: sign-out drops what sign-in then reads from the database).
   */
  readonly writtenMs: number;
}

/** A test person: an MsnClient, and ways to wait for what it hears. */
export class Person {
  readonly client: MsnClient;
  readonly email: Email;
  readonly writtenMs: number;
  /** Offline messages that were handed over, oldest first. */
  readonly offline: OfflineMessage[] = [];
  readonly #patience: number;

  constructor({ client, patience, writtenMs }: PersonOptions) {
    this.email = client.email;
    this.writtenMs = writtenMs;
    this.#patience = patience;
    this.client = new MsnClient({
      ...client,
      initialPresence: "NLN",
      storeOffline: (messages) => {
        this.offline.push(...messages);
        return Promise.resolve();
      },
    });
  }

  /** The row of the table that was agreed on; only while signed in. */
  get dialect(): (typeof DIALECTS)[number] {
    const found = DIALECTS.find(({ name }) => name === this.client.dialect);
    if (found === undefined) throw new ProbeFailure(`${this.email} is not signed in`);
    return found;
  }

  contact(other: Person): MsnContact | undefined {
    return this.client.contacts.get(other.email);
  }

  /**
   * Waits for an event. To be called before what causes it; a rejection nobody waits for any more is no defect.
   * Rejects with ProbeFailure that names `what` did not come.
   */
  hears<K extends keyof MsnClientEvents>(
    what: string,
    event: K,
    matches: (...args: MsnClientEvents[K]) => boolean,
  ): Promise<MsnClientEvents[K]> {
    const { promise, resolve, reject } = Promise.withResolvers<MsnClientEvents[K]>();
    const listener = (...args: MsnClientEvents[K]): void => {
      if (matches(...args)) resolve(args);
    };
    const timer = setTimeout(
      () => reject(new ProbeFailure(`${this.email}: ${what} did not come within ${this.#patience / 1000} s`)),
      this.#patience,
    );
    this.client.on(event, listener);
    const heard = promise.finally(() => {
      clearTimeout(timer);
      this.client.off(event, listener);
    });
    heard.catch(() => {});
    return heard;
  }

  /** Waits until a contact is as wanted, which it may be already. */
  async sees(other: Person, what: string, matches: (contact: MsnContact) => boolean): Promise<void> {
    const now = this.contact(other);
    if (now !== undefined && matches(now)) return;
    await this.hears(what, "contactChanged", (contact) => contact.email === other.email && matches(contact));
  }

  /** Waits until something holds that no event tells of. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + this.#patience;
    while (!holds()) {
      if (Date.now() > deadline)
        throw new ProbeFailure(`${this.email}: ${what} did not come within ${this.#patience / 1000} s`);
      await pause(50);
    }
  }

  async signIn(): Promise<void> {
    await this.client.signIn(AbortSignal.timeout(this.#patience * 3));
  }

  async signOut(): Promise<void> {
    await this.client.signOut();
  }
}
