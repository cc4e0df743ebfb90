type Listener<A extends unknown[]> = (...args: A) => void;

/**
 * Typed events. Listeners run synchronously, in the order they were added; one that throws does not keep the
 * others from hearing, and its error goes to `onError`.
 */
export class Emitter<E extends { [K in keyof E]: unknown[] }> {
  readonly #listeners: { [K in keyof E]?: Listener<E[K]>[] } = {};
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  on<K extends keyof E>(event: K, listener: Listener<E[K]>): void {
    this.#listeners[event] = [...(this.#listeners[event] ?? []), listener];
  }

  off<K extends keyof E>(event: K, listener: Listener<E[K]>): void {
    this.#listeners[event] = this.#listeners[event]?.filter((candidate) => candidate !== listener) ?? [];
  }

  emit<K extends keyof E>(event: K, ...args: E[K]): void {
    for (const listener of this.#listeners[event] ?? []) {
      try {
        listener(...args);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
