import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import type { ResidentId } from "../bridge/model.ts";
import type { SecretStore } from "../bridge/ports/store.ts";
import type { Secret } from "../bridge/secret.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";
import type { SealingKeys } from "./sealing.ts";

const MAX_BYTES = 4 * 1024;

/** Sealed secrets of residents. A row moved to another resident or name does not open. */
export class RedisSecrets implements SecretStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;
  readonly #seals: SealingKeys;
  readonly #log: Logger;

  constructor(link: RedisLink, keys: Keyspace, seals: SealingKeys, log: Logger) {
    this.#link = link;
    this.#keys = keys;
    this.#seals = seals;
    this.#log = log;
  }

  async keepSecret(resident: ResidentId, name: string, secret: Secret): Promise<void> {
    if (Buffer.byteLength(secret.open()) > MAX_BYTES)
      throw new BridgeError("bad-input", { detail: "a secret longer than any server makes" });
    const sealed = this.#seals.seal(secret, bound(resident, name));
    await this.#link.command("secretKeep", (r) => r.hset(this.#keys.secrets(resident), name, sealed));
  }

  async secret(resident: ResidentId, name: string): Promise<Secret | undefined> {
    const key = this.#keys.secrets(resident);
    const sealed = await this.#link.command("secret", (r) => r.hget(key, name));
    if (!sealed) return undefined;
    const secret = this.#seals.open(sealed, bound(resident, name));
    if (!this.#seals.isCurrent(sealed)) {
      await this.#link.script("secretReseal", [key], [name, sealed, this.#seals.seal(secret, bound(resident, name))]);
      this.#log.info({ resident, name }, "secret sealed anew with the newest key");
    }
    return secret;
  }

  async dropSecret(resident: ResidentId, name: string): Promise<void> {
    await this.#link.command("secretDrop", (r) => r.hdel(this.#keys.secrets(resident), name));
  }
}

function bound(resident: ResidentId, name: string): string {
  return `${resident}\n${name}`;
}
