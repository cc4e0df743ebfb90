import { afterRunning } from "../transport/running-time.ts";

/** Whoever notes what was done may take so long before the next goes on all the same. */
const HOLD_MS = 30_000;

/** Lets at most `limit` tasks run at once; the others wait in the order in which they came. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #noted: Promise<void> | undefined;

  constructor(limit: number) {
    this.#free = limit;
  }

  async take<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // Not at once: whoever wants to note what was done can still say so.
      setImmediate(() => this.#end());
    }
  }

  /**
   * The turn whose task has just ended is passed on when `noted` has settled, or after 30 s: after a crash no more than one
   * task has been done and not been noted. To be called before the tick ends in which the task did.
   */
  hold(noted: Promise<unknown>): void {
    this.#noted = settled(noted, HOLD_MS);
  }

  #end(): void {
    const noted = this.#noted;
    this.#noted = undefined;
    if (noted === undefined) this.#passOn();
    else void noted.then(() => this.#passOn());
  }

  #passOn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** Resolves when `promise` has settled, at most `ms` later. */
function settled(promise: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const callOff = afterRunning(ms, resolve);
    const end = (): void => {
      callOff();
      resolve();
    };
    promise.then(end, end);
  });
}
