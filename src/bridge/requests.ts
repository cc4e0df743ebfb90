import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { AccountId, AccountRecord, ContactAddress, ContactSnapshot } from "./model.ts";
import { oneLine } from "./plain.ts";
import type { Session } from "./ports/network.ts";
import { editsContacts } from "./ports/network.ts";
import type { Told } from "./told.ts";

const REQUEST = "request|";
/** Characters of a stranger's name in a sentence of ours. */
const SHOWN_NAME = 100;
/** Requests that come at once and are told of one by one; more are told of in one notice. */
const MOST_APART = 10;

/** Friend requests: each shows itself to the owner once, also over restarts, until it is answered. */
export class Requests {
  readonly #told: Told;
  readonly #log: Logger;
  readonly #say: (account: AccountRecord, text: string, key: string) => Promise<void>;
  readonly #holds: (account: AccountId) => Promise<boolean>;
  /** Who has asked and is not dealt with yet, of accounts whose owners are being told. */
  readonly #arrived = new Map<AccountId, Map<ContactAddress, ContactSnapshot>>();

  /**
   * `say`: tells the owner, and rejects only when that cannot be done for long. `holds`: another notice tells of what waits
   * now ({@link Requests.heard}).
   */
  constructor(o: {
    told: Told;
    log: Logger;
    say: (account: AccountRecord, text: string, key: string) => Promise<void>;
    holds?: (account: AccountId) => Promise<boolean>;
  }) {
    this.#told = o.told;
    this.#log = o.log;
    this.#say = o.say;
    this.#holds = o.holds ?? (async () => false);
  }

  /** Somebody asks. */
  show(account: AccountRecord, contact: ContactSnapshot): void {
    const known = this.#arrived.get(account.id);
    const arrived = known ?? new Map<ContactAddress, ContactSnapshot>();
    arrived.set(contact.address, contact);
    if (known) return;
    this.#arrived.set(account.id, arrived);
    void this.#work(account, arrived);
  }

  /**
   * The owner has answered, here or elsewhere: who asks again is news again. Best effort: an answer that was given must not
   * be given again because this could not be noted, and the next sign-in looks after it.
   */
  async answered(account: AccountRecord, contact: ContactAddress): Promise<void> {
    await this.#told
      .remove(account.id, [REQUEST + contact])
      .catch((error: unknown) =>
        this.#log.debug({ err: asBridgeError(error) }, "the end of a friend request not stored"),
      );
  }

  /** The owner knows of these by another notice. @throws BridgeError `store-down`. */
  async heard(account: AccountRecord, contacts: readonly ContactSnapshot[]): Promise<void> {
    for (const { address } of contacts) await this.#told.add(account.id, REQUEST + address);
  }

  /** A contact as they are now: a request that is gone was answered elsewhere. */
  see(account: AccountRecord, { address }: ContactSnapshot, session: Session): void {
    if (!this.#told.peek(account.id)?.has(REQUEST + address) || !editsContacts(session)) return;
    if (session.requests().some((one) => one.address === address)) return;
    void this.answered(account, address);
  }

  /** The account is signed in: requests that are gone were answered elsewhere. */
  async look(account: AccountRecord, session: Session): Promise<void> {
    if (!editsContacts(session)) return;
    const open = new Set(session.requests().map(({ address }) => REQUEST + address));
    const marks = await this.#told.of(account.id);
    const gone = [...marks].filter((mark) => mark.startsWith(REQUEST) && !open.has(mark));
    if (gone.length > 0) await this.#told.remove(account.id, gone);
  }

  /** Tells what has arrived until nothing more does. Never rejects. */
  async #work(account: AccountRecord, arrived: Map<ContactAddress, ContactSnapshot>): Promise<void> {
    // A sign-in tells of all that wait in one tick.
    await new Promise((resolve) => setImmediate(resolve));
    while (arrived.size > 0) {
      const asking = [...arrived.values()];
      arrived.clear();
      await this.#tryTo(async () => {
        if (await this.#holds(account.id)) return;
        const marks = await this.#told.of(account.id);
        const news = asking.filter(({ address }) => !marks.has(REQUEST + address));
        if (news.length > MOST_APART) await this.#tellOfMany(account, news);
        else for (const contact of news) await this.#tryTo(() => this.#tell(account, contact));
      });
    }
    this.#arrived.delete(account.id);
  }

  async #tryTo(tell: () => Promise<void>): Promise<void> {
    await tell().catch((error: unknown) =>
      this.#log.warn({ err: asBridgeError(error) }, "a friend request could not be shown"),
    );
  }

  async #tell(account: AccountRecord, { address, displayName }: ContactSnapshot): Promise<void> {
    const name = oneLine(displayName, SHOWN_NAME);
    const who = name === "" || name === address ? address : `${name} <${address}>`;
    await this.#say(
      account,
      `${who} would like to be a contact of ${account.address}. Say \`accept ${address}\` or \`decline ${address}\`; until then they do not see when you are online.`,
      `request|${account.id}|${address}|${Date.now()}`,
    );
    await this.#told.add(account.id, REQUEST + address);
  }

  async #tellOfMany(account: AccountRecord, news: readonly ContactSnapshot[]): Promise<void> {
    await this.#say(
      account,
      `${news.length} people would like to be contacts of ${account.address}. Say \`requests\` to see who they are, and \`accept <address>\` or \`decline <address>\`; until then they do not see when you are online.`,
      `requests|${account.id}|${Date.now()}`,
    );
    for (const { address } of news) await this.#told.add(account.id, REQUEST + address);
  }
}
