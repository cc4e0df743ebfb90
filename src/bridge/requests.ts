import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { AccountRecord, ContactAddress, ContactSnapshot } from "./model.ts";
import { oneLine } from "./plain.ts";
import type { Session } from "./ports/network.ts";
import { editsContacts } from "./ports/network.ts";
import type { Told } from "./told.ts";

const REQUEST = "request|";
/** Characters of a stranger's name in a sentence of ours. */
const SHOWN_NAME = 100;

/** Friend requests: each shows itself to the owner once, also over restarts, until it is answered. */
export class Requests {
  readonly #told: Told;
  readonly #log: Logger;
  readonly #say: (account: AccountRecord, text: string, key: string) => Promise<void>;
  /** Being told now. */
  readonly #telling = new Set<string>();

  /** `say`: tells the owner, and rejects only when that cannot be done for long. */
  constructor(o: {
    told: Told;
    log: Logger;
    say: (account: AccountRecord, text: string, key: string) => Promise<void>;
  }) {
    this.#told = o.told;
    this.#log = o.log;
    this.#say = o.say;
  }

  /** Somebody asks. */
  show(account: AccountRecord, contact: ContactSnapshot): void {
    const once = `${account.id} ${contact.address}`;
    if (this.#telling.has(once)) return;
    this.#telling.add(once);
    this.#tell(account, contact)
      .catch((error: unknown) => this.#log.warn({ err: asBridgeError(error) }, "a friend request could not be shown"))
      .finally(() => this.#telling.delete(once));
  }

  /** The owner has answered, here or elsewhere: who asks again is news again. */
  async answered(account: AccountRecord, contact: ContactAddress): Promise<void> {
    await this.#told.remove(account.id, [REQUEST + contact]);
  }

  /** A contact as they are now: a request that is gone was answered elsewhere. */
  see(account: AccountRecord, { address }: ContactSnapshot, session: Session): void {
    if (!this.#told.peek(account.id)?.has(REQUEST + address) || !editsContacts(session)) return;
    if (session.requests().some((one) => one.address === address)) return;
    this.answered(account, address).catch((error: unknown) =>
      this.#log.debug({ err: asBridgeError(error) }, "the end of a friend request not stored"),
    );
  }

  /** The account is signed in: requests that are gone were answered elsewhere. */
  async look(account: AccountRecord, session: Session): Promise<void> {
    if (!editsContacts(session)) return;
    const open = new Set(session.requests().map(({ address }) => REQUEST + address));
    const marks = await this.#told.of(account.id);
    const gone = [...marks].filter((mark) => mark.startsWith(REQUEST) && !open.has(mark));
    if (gone.length > 0) await this.#told.remove(account.id, gone);
  }

  async #tell(account: AccountRecord, { address, displayName }: ContactSnapshot): Promise<void> {
    const mark = REQUEST + address;
    if ((await this.#told.of(account.id)).has(mark)) return;
    const name = oneLine(displayName, SHOWN_NAME);
    const who = name === "" || name === address ? address : `${name} <${address}>`;
    await this.#say(
      account,
      `${who} would like to be a contact of ${account.address}. Say \`accept ${address}\` or \`decline ${address}\`; until then they do not see when you are online.`,
      `request|${account.id}|${address}|${Date.now()}`,
    );
    await this.#told.add(account.id, mark);
  }
}
