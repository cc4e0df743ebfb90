import type { AccountId } from "./model.ts";
import type { ToldStore } from "./ports/store.ts";
import { RecentMap } from "./recent.ts";

/** Accounts whose marks are in memory. */
const REMEMBERED = 20_000;

/** What owners have been told, as the store has it, with the marks of live accounts in memory. */
export class Told {
  readonly #store: ToldStore;
  readonly #marks = new RecentMap<AccountId, Set<string>>(REMEMBERED);

  constructor(store: ToldStore) {
    this.#store = store;
  }

  /** The marks of an account; one question to the store until it is forgotten. @throws BridgeError `store-down`. */
  async of(account: AccountId): Promise<ReadonlySet<string>> {
    const known = this.#marks.get(account);
    if (known) return known;
    const marks = new Set(await this.#store.told(account));
    const meanwhile = this.#marks.get(account);
    if (meanwhile) return meanwhile;
    this.#marks.set(account, marks);
    return marks;
  }

  /** What is in memory, without asking. */
  peek(account: AccountId): ReadonlySet<string> | undefined {
    return this.#marks.get(account);
  }

  /** @throws BridgeError `store-down`; in memory it is marked all the same. */
  async add(account: AccountId, what: string): Promise<void> {
    await this.of(account);
    this.#marks.get(account)?.add(what);
    await this.#store.tell(account, what);
  }

  /** @throws BridgeError as {@link Told.add}. */
  async remove(account: AccountId, what: readonly string[]): Promise<void> {
    for (const one of what) this.#marks.get(account)?.delete(one);
    await this.#store.untell(account, what);
  }

  /** The account has gone from this worker, or is unlinked. */
  forget(account: AccountId): void {
    this.#marks.delete(account);
  }
}
