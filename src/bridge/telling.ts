import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "./errors.ts";
import type { ResidentId } from "./model.ts";
import type { Home } from "./ports/home.ts";
import { backOff, pause } from "./waiting.ts";

/** With pauses of up to a minute. */
const TRIES = 60;

/** News for owners, who may live in homes that are away just now. */
export class Telling {
  readonly #homeOf: (resident: ResidentId) => Home | undefined;
  readonly #signal: AbortSignal;
  readonly #log: Logger;

  /** `signal`: the bridge stops. */
  constructor(o: { homeOf: (resident: ResidentId) => Home | undefined; signal: AbortSignal; log: Logger }) {
    this.#homeOf = o.homeOf;
    this.#signal = o.signal;
    this.#log = o.log;
  }

  /** Tells each of them, in its own time. */
  all(owners: readonly ResidentId[], text: string, key: string): void {
    for (const owner of owners)
      this.#untilHeard(owner, text, key).catch((error: unknown) =>
        this.#log.warn({ err: asBridgeError(error), owner }, "an owner could not be told"),
      );
  }

  /** Tells all; it is told when one has heard it, for they are one person. Rejects when none could be told. */
  async one(owners: readonly ResidentId[], text: string, key: string): Promise<void> {
    await Promise.any(owners.map((owner) => this.#untilHeard(owner, text, key))).catch((error: unknown) => {
      throw error instanceof AggregateError ? error.errors[0] : error;
    });
  }

  /** A home that is away is tried again for about an hour; the key keeps the news single. @throws BridgeError. */
  async #untilHeard(owner: ResidentId, text: string, key: string): Promise<void> {
    const home = this.#homeOf(owner);
    for (let attempt = 0; home && !this.#signal.aborted; attempt += 1) {
      try {
        await home.say(owner, undefined, text, key);
        return;
      } catch (error) {
        const cause = asBridgeError(error);
        if (attempt >= TRIES || cause.retry === "never" || cause.retry === "by-hand") throw cause;
        await pause(cause.retryAfterMs ?? backOff(attempt, 1000, 60_000), this.#signal);
      }
    }
    throw new BridgeError("home-down", { detail: home ? "stopping" : "the owner's home is not configured" });
  }
}
