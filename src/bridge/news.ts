import { BridgeError } from "./errors.ts";
import type { AccountId, AccountRecord, PuppetState } from "./model.ts";

/** A puppet that has failed to sign in so often, about a minute's tries, is worth a word to its owner. */
const TOLD_AFTER = 5;

/**
 * What an owner is told of their puppet without asking: that only they can help, that signing in keeps failing, and
 * that it works again. Each once per trouble, not at every try.
 */
export class PuppetNews {
  readonly #failing = new Map<AccountId, number>();

  /** The words for a change of state, or undefined. `why`: what the last sign-in failed of, for people. */
  of(account: AccountRecord, state: PuppetState, network: string, why: string | undefined): string | undefined {
    switch (state) {
      case "elsewhere":
        return spoken(new BridgeError("elsewhere"));
      case "bad-password":
        return spoken(new BridgeError("bad-password", { address: account.address, network }));
      case "waiting":
        return this.#failed(account, network, why);
      case "on":
        return this.#recovered(account, network);
      case "signed-out":
        this.#failing.delete(account.id);
        return undefined;
      case "signing-in":
        return undefined;
    }
  }

  #failed(account: AccountRecord, network: string, why: string | undefined): string | undefined {
    const times = (this.#failing.get(account.id) ?? 0) + 1;
    this.#failing.set(account.id, times);
    if (times !== TOLD_AFTER) return undefined;
    return `${account.address} has not been signed in to ${network} for a while. ${why ?? ""} What you say meanwhile is kept; I tell you when it works again.`;
  }

  #recovered(account: AccountRecord, network: string): string | undefined {
    const times = this.#failing.get(account.id) ?? 0;
    this.#failing.delete(account.id);
    return times >= TOLD_AFTER ? `${account.address} is signed in to ${network} again.` : undefined;
  }
}

/** The catalogue's words for a message that failed, as news about the account. */
function spoken(error: BridgeError): string {
  return error.person.replace(/^Not sent: y/, "Y");
}
