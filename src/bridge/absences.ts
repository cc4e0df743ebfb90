import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { AccountRecord, ContactAddress } from "./model.ts";
import type { Session } from "./ports/network.ts";
import type { Told } from "./told.ts";

const AWAY = "away|";

/**
 * Contacts of whom their owner knows that words wait for them on the network: told once per absence, also over restarts.
 * An absence ends when the contact is seen online, or takes words in a chat.
 */
export class Absences {
  readonly #told: Told;
  readonly #log: Logger;

  constructor(told: Told, log: Logger) {
    this.#told = told;
    this.#log = log;
  }

  /**
   * Words were left for the contact; `tell` says so to the owner unless that was said in this absence. Best effort: never
   * rejects, and what could not be said now is said with the next words.
   */
  async left({ id }: AccountRecord, contact: ContactAddress, tell: () => Promise<unknown>): Promise<void> {
    try {
      if ((await this.#told.of(id)).has(AWAY + contact)) return;
      await tell();
      await this.#told.add(id, AWAY + contact);
    } catch (error) {
      this.#log.debug({ err: asBridgeError(error) }, "the owner could not be told of an absence");
    }
  }

  /** The contact is there. */
  back(account: AccountRecord, contact: ContactAddress): void {
    if (this.#told.peek(account.id)?.has(AWAY + contact)) this.#end(account, [AWAY + contact]);
  }

  /** The account is signed in: who came back meanwhile is no longer away. */
  async look(account: AccountRecord, session: Session): Promise<void> {
    const over = [...(await this.#told.of(account.id))].filter((mark) => {
      if (!mark.startsWith(AWAY)) return false;
      const contact = session.contact(mark.slice(AWAY.length) as ContactAddress);
      return contact !== undefined && contact.presence.availability !== "offline";
    });
    if (over.length > 0) this.#end(account, over);
  }

  #end(account: AccountRecord, marks: readonly string[]): void {
    this.#told
      .remove(account.id, marks)
      .catch((error: unknown) => this.#log.debug({ err: asBridgeError(error) }, "end of an absence not stored"));
  }
}
