import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { AccountId, ContactAddress, LaneEntry } from "../model.ts";
import { accountParts, laneName } from "../model.ts";
import type { GroupStore } from "../ports/groups.ts";
import type { GroupId } from "./model.ts";
import { groupParts } from "./model.ts";

const ID = 16;
const PROOF = 22;
const FORM = /^([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22})$/;

/**
 * Marks of what the bridge says in groups: `<id>.<proof>`, 39 characters. Only who has the installation's secret can make
 * one, and one that was seen means nothing in another group nor with the words of anybody else; so an echo is known by it, and
 * never by its words.
 */
export class Marks {
  readonly #store: Pick<GroupStore, "markSecret">;
  #secret: string | undefined;

  constructor(store: Pick<GroupStore, "markSecret">) {
    this.#store = store;
  }

  /** Before anything is read or said. @throws BridgeError `store-down`. */
  async load(): Promise<void> {
    this.#secret ??= await this.#store.markSecret();
  }

  /** For words of that account; the same for each try of an entry. @throws BridgeError `store-down`. */
  async of(group: GroupId, account: AccountId, { lane, id }: Pick<LaneEntry, "lane" | "id">): Promise<string> {
    await this.load();
    const name = createHash("sha256")
      .update(`${laneName(lane)}|${id}`)
      .digest("base64url")
      .slice(0, ID);
    return `${name}.${this.#proof(group, accountParts(account).address, name)}`;
  }

  /** For what stands in no lane. @throws BridgeError `store-down`. */
  async random(group: GroupId, account: AccountId): Promise<string> {
    await this.load();
    const name = randomBytes(12).toString("base64url");
    return `${name}.${this.#proof(group, accountParts(account).address, name)}`;
  }

  /** Whether the bridge has said the words with this mark in the group, as `from`. */
  isOurs(group: GroupId, from: ContactAddress, mark: string | undefined): boolean {
    const [, name, proof] = FORM.exec(mark ?? "") ?? [];
    if (name === undefined || proof === undefined || this.#secret === undefined) return false;
    return timingSafeEqual(Buffer.from(proof), Buffer.from(this.#proof(group, from, name)));
  }

  #proof(group: GroupId, from: ContactAddress, name: string): string {
    const { network, key } = groupParts(group);
    return createHmac("sha256", this.#secret ?? "")
      .update(`${network} ${key} ${from} ${name}`)
      .digest("base64url")
      .slice(0, PROOF);
  }
}
