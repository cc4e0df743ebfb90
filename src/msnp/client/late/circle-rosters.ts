import { setTimeout as pause } from "node:timers/promises";
import { describeError } from "../../errors.ts";
import type { Core } from "../core.ts";

/** Circles whose address books wait to be read. */
const MAX_WAITING = 200;
/** Readings of one address book that may fail in a row. */
const MAX_FAILURES = 3;

/**
 * When the address books of circles are read: each is a call of its own, so one after the other with a pause, and several
 * reasons to read one cost one reading (source: msnp21 §5.2).
 */
export class CircleRosters {
  readonly #core: Core;
  readonly #read: (id: string) => Promise<unknown>;
  /** By circle, how often it has failed. */
  readonly #waiting = new Map<string, number>();
  #isReading = false;

  /** `read` rejects when it could not be read; a circle that is gone is no failure. */
  constructor(core: Core, read: (id: string) => Promise<unknown>) {
    this.#core = core;
    this.#read = read;
  }

  /** Has a circle's address book read before long. */
  want(id: string): void {
    if (this.#waiting.has(id) || this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.set(id, 0);
    if (!this.#isReading) void this.#readAll();
  }

  clear(): void {
    this.#waiting.clear();
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    for (let next = this.#first(); next !== undefined; next = this.#first()) {
      await pause((this.#core.timeouts.refresh / 4) * 4 ** next.failures, undefined, { ref: false });
      // The session may have ended, and another begun.
      if (!this.#waiting.delete(next.id)) continue;
      try {
        await this.#read(next.id);
      } catch (error) {
        this.#core.options.trace?.("<<<", "SOAP", `The people of a circle could not be read: ${describeError(error)}`);
        const failures = next.failures + 1;
        if (failures <= MAX_FAILURES && this.#core.live !== undefined && !this.#waiting.has(next.id))
          this.#waiting.set(next.id, failures);
      }
    }
    this.#isReading = false;
  }

  #first(): { id: string; failures: number } | undefined {
    for (const [id, failures] of this.#waiting) return { id, failures };
    return undefined;
  }
}
