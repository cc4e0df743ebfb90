import { age } from "./stats.ts";

/** Counts what has arrived, keeps how old the stamped texts among it were, and lets somebody wait for a number. */
export class Arrivals {
  #count = 0;
  #ages: number[] = [];
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  add(text: string): void {
    const old = age(text);
    if (old !== undefined) this.#ages.push(old);
    this.#count += 1;
    if (this.#waiting !== undefined && this.#count >= this.#waiting.count) this.#waiting.resolve();
  }

  /** Begins anew: nothing has arrived. */
  forget(): void {
    this.#count = 0;
    this.#ages = [];
  }

  /** Ages in ms of what has arrived since {@link forget}. */
  get ages(): readonly number[] {
    return this.#ages;
  }

  /** Resolves when so many have arrived since {@link forget}. @throws Error when they have not in time */
  async wait(count: number, timeoutMs: number): Promise<void> {
    if (this.#count >= count) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting = { count, resolve };
    const timer = setTimeout(
      () => reject(new Error(`${this.#count} of ${count} messages arrived within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }
}

/** Calls `act` with 0, 1, 2, … so many times a second for so many seconds; what one call lags, the next ones catch up. */
export async function paced(perSecond: number, seconds: number, act: (n: number) => void): Promise<number> {
  const total = Math.round(perSecond * seconds);
  const start = performance.now();
  for (let done = 0; done < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * perSecond) + 1);
    for (; done < due; done++) act(done);
    const next = start + (done / perSecond) * 1000;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
  }
  return total;
}
