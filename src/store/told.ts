import { BridgeError } from "../bridge/errors.ts";
import type { AccountId, ResidentId } from "../bridge/model.ts";
import type { KnownStore, ToldStore } from "../bridge/ports/store.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";

const MAX_TOLD = 5_000;
const MAX_BYTES = 500;

/** What owners have been told. */
export class RedisTold implements ToldStore, KnownStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;

  constructor(link: RedisLink, keys: Keyspace) {
    this.#link = link;
    this.#keys = keys;
  }

  async tell(account: AccountId, what: string): Promise<void> {
    if (what === "" || Buffer.byteLength(what) > MAX_BYTES)
      throw new BridgeError("bad-input", { detail: "what was told has no usable name" });
    await this.#link.script("accountTell", [this.#keys.account(account), this.#keys.told(account)], [what, MAX_TOLD]);
  }

  async untell(account: AccountId, what: readonly string[]): Promise<void> {
    if (what.length === 0) return;
    await this.#link.command("accountUntell", (r) => r.zrem(this.#keys.told(account), ...what));
  }

  async knows(resident: ResidentId, fact: string): Promise<boolean> {
    return (await this.#link.command("known", (r) => r.exists(this.#keys.known(resident, fact)))) === 1;
  }

  async learned(resident: ResidentId, fact: string, forMs: number): Promise<void> {
    await this.#link.command("knownSet", (r) => r.set(this.#keys.known(resident, fact), "1", "PX", forMs));
  }

  async told(account: AccountId): Promise<string[]> {
    return this.#link.command("accountTold", (r) => r.zrange(this.#keys.told(account), "0", "-1"));
  }
}
