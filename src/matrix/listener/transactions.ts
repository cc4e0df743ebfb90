/** Takes transactions in their order, and asks for those again that could not be taken. */
import type { Logger } from "pino";
import { BridgeError } from "../../bridge/errors.ts";
import type { ResidentId } from "../../bridge/model.ts";
import type { HomeHost } from "../../bridge/ports/home.ts";
import type { ProfileStore } from "../../bridge/ports/store.ts";
import { toBridgeError } from "../http/errors.ts";
import type { Intake } from "../intake.ts";
import type { Transaction } from "./appservice.ts";
import { TransactionOrder } from "./order.ts";

export interface TransactionsOptions {
  readonly intake: Pick<Intake, "take">;
  readonly profiles: ProfileStore;
  /** The bot, with whose profile the number of the newest transaction is kept. */
  readonly self: ResidentId;
  /** Makes the homeserver try again at once, and then send something in any case. */
  readonly again: () => void;
  readonly log: Logger;
}

/** Pause between a transaction that could not be stored and asking for it again. */
const NUDGE_MS = 2000;
/** The same for a transaction that came too early. */
const OVERTAKEN_MS = 100;

export class Transactions {
  readonly #o: TransactionsOptions;
  #order = new TransactionOrder();
  #nudge: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: TransactionsOptions) {
    this.#o = options;
  }

  /** Called once, before anything is taken. @throws BridgeError `store-down`. */
  async recall(): Promise<void> {
    const { profiles, self } = this.#o;
    this.#order = new TransactionOrder((await profiles.resident(self)).transaction);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#nudge);
    clearTimeout(this.#look);
  }

  /** @throws BridgeError: it is to come again. */
  async take(host: HomeHost, transaction: Transaction): Promise<void> {
    if (!this.#order.admits(transaction.id)) {
      this.#nudgeSoon(OVERTAKEN_MS);
      throw new BridgeError("store-down", { detail: `transaction ${transaction.id} has overtaken another` });
    }
    try {
      await this.#o.intake.take(host, transaction);
    } catch (error) {
      this.#nudgeSoon(NUDGE_MS);
      throw toBridgeError(error);
    }
    // A homeserver that counts anew brings nothing newer for long, and each look makes it send something.
    if (!this.#order.stored(transaction.id)) return;
    this.#lookLater();
    // Nobody waits for this: the words themselves are on their way first.
    setImmediate(() => void this.#remember(transaction.id));
  }

  /** Where one may have been left behind, the homeserver is made to send another at the time at which that is looked into. */
  #lookLater(): void {
    clearTimeout(this.#look);
    const ms = this.#order.looksIn;
    if (ms === undefined || this.#stopped) return;
    this.#look = setTimeout(() => this.#o.again(), Math.max(ms, OVERTAKEN_MS));
    this.#look.unref();
  }

  /** Best effort: without it, the first transaction after a restart may be asked for twice. */
  async #remember(transaction: string): Promise<void> {
    try {
      await this.#o.profiles.updateResident(this.#o.self, { transaction });
    } catch (error) {
      this.#o.log.debug({ err: error }, "the number of the transaction was not stored");
    }
  }

  /** A homeserver whose transaction was refused waits longer and longer, up to 512 s; a ping makes it try at once. */
  #nudgeSoon(ms: number): void {
    if (this.#stopped) return;
    this.#nudge ??= setTimeout(() => {
      this.#nudge = undefined;
      this.#o.again();
    }, ms);
  }
}
