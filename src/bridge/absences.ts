import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { AccountRecord, ContactAddress, ResidentId } from "./model.ts";
import { residentParts } from "./model.ts";
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
   * An owner left words for the contact; `tell` says so to them unless that was said in this absence. Best effort: never
   * rejects, and what could not be said now is said with the next words.
   */
  async left(
    { id }: AccountRecord,
    contact: ContactAddress,
    by: ResidentId,
    tell: () => Promise<unknown>,
  ): Promise<void> {
    try {
      const mark = markOf(contact, by);
      if ((await this.#told.of(id)).has(mark)) return;
      await tell();
      await this.#told.add(id, mark);
    } catch (error) {
      this.#log.debug({ err: asBridgeError(error) }, "the owner could not be told of an absence");
    }
  }

  /** The contact is there. */
  back(account: AccountRecord, contact: ContactAddress): void {
    const told = this.#told.peek(account.id);
    if (!told?.size) return;
    const over = account.owners.map((owner) => markOf(contact, owner)).filter((mark) => told.has(mark));
    if (over.length > 0) this.#end(account, over);
  }

  /** The account is signed in: who came back meanwhile is no longer away. */
  async look(account: AccountRecord, session: Session): Promise<void> {
    const over = [...(await this.#told.of(account.id))].filter((mark) => {
      if (!mark.startsWith(AWAY)) return false;
      const contact = session.contact(mark.slice(AWAY.length).split(" ")[0] as ContactAddress);
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

/** What remembers that the owner in a home was told. */
function markOf(contact: ContactAddress, owner: ResidentId): string {
  return `${AWAY}${contact} ${residentParts(owner).home}`;
}
