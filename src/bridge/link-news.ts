import type { AccountRecord, ResidentId } from "./model.ts";
import { residentParts } from "./model.ts";
import type { Telling } from "./telling.ts";

export interface LinkNewsOptions {
  readonly telling: Pick<Telling, "all">;
  readonly networkOf: (account: AccountRecord) => string;
  /** How the home of a resident is called. */
  readonly homeOf: (resident: ResidentId) => string;
}

/** What the owners of an account hear when it is linked or unlinked by one of them, who may be somebody else. */
export class LinkNews {
  readonly #o: LinkNewsOptions;

  constructor(o: LinkNewsOptions) {
    this.#o = o;
  }

  again(account: AccountRecord, by: ResidentId): void {
    const text = `${this.#named(account)} is linked again, with the password that you have given now.`;
    this.#o.telling.all([by], text, `linked|${account.id}|${Date.now()}`);
  }

  linked(account: AccountRecord, by: ResidentId): void {
    this.#o.telling.all(
      account.owners.filter((owner) => owner !== by),
      `${this.#named(account)} is now linked from ${this.#who(by)}, too: your chats are there as well. If that was not you, change the password of ${account.address} and say \`unlink everywhere\`.`,
      `linked|${account.id}|${Date.now()}`,
    );
  }

  /** `owners`: those who have it no longer. */
  unlinked(account: AccountRecord, owners: readonly ResidentId[], by: ResidentId): void {
    this.#o.telling.all(
      owners.filter((owner) => owner !== by),
      `${this.#named(account)} was unlinked from ${this.#who(by)}, here as well. If that was not you, change its password, and say \`link\` to have it back.`,
      `unlinked|${account.id}|${Date.now()}`,
    );
  }

  #named(account: AccountRecord): string {
    return `${account.address} on ${this.#o.networkOf(account)}`;
  }

  #who(by: ResidentId): string {
    return `${this.#o.homeOf(by)} by ${residentParts(by).id}`;
  }
}
