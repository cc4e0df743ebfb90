export interface Watch {
  readonly timeoutMs: number;
  /** Why nothing can come any more, such as "was closed"; undefined while something can. */
  readonly ended?: () => string | undefined;
  /** The error for giving up; `why` completes "anna … waiting for". */
  readonly gaveUp: (why: string) => Error;
}

/** Waiting for something to be seen: a test person asks all who wait whenever something has come. */
export class Watchers {
  readonly #looks = new Set<() => void>();

  /** Something has come, or has ended: everybody who waits looks again. */
  wake(): void {
    for (const look of [...this.#looks]) look();
  }

  /**
   * Waits until `find` gives something other than undefined or false.
   *
   * @throws what `find` throws, and {@link Watch.gaveUp} when it is too late or at an end
   */
  async waitFor<T>(find: () => T | undefined | false, { timeoutMs, ended, gaveUp }: Watch): Promise<T> {
    const found = find();
    if (found !== undefined && found !== false) return found;
    return await new Promise<T>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.#looks.delete(look);
        finish();
      };
      const look = (): void => {
        try {
          const now = find();
          const why = ended?.();
          if (now !== undefined && now !== false) settle(() => resolve(now));
          else if (why !== undefined) settle(() => reject(gaveUp(why)));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const timer = setTimeout(() => settle(() => reject(gaveUp(`waited ${timeoutMs} ms`))), timeoutMs);
      this.#looks.add(look);
      if (ended?.() !== undefined) look();
    });
  }
}
