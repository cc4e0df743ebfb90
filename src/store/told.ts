import { BridgeError } from "../bridge/errors.ts";
import type { AccountId } from "../bridge/model.ts";
import type { ToldStore } from "../bridge/ports/store.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";

const MAX_TOLD = 5_000;
const MAX_BYTES = 500;

/** What owners have been told. */
export class RedisTold implements ToldStore {
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

  async told(account: AccountId): Promise<string[]> {
    return this.#link.command("accountTold", (r) => r.zrange(this.#keys.told(account), "0", "-1"));
  }
}
