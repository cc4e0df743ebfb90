import { randomHex } from "../ids.ts";

/** The most tokens of one kind that are kept; the oldest goes first. */
const MAX_TOKENS = 50_000;

interface Held<T> {
  readonly value: T;
  readonly expires: number;
}

/** Short random tokens with a lifetime: sign-in tickets and switchboard cookies (source: msnp-core §9.2). */
export class TokenStore<T> {
  readonly #held = new Map<string, Held<T>>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#held.size;
  }

  /** A new token of 20 hexadecimal digits for a value. */
  issue(value: T, lifetimeMs: number): string {
    this.#prune();
    const token = randomHex(20);
    this.#held.set(token, { value, expires: this.#now() + lifetimeMs });
    return token;
  }

  peek(token: string): T | undefined {
    const held = this.#held.get(token);
    return held !== undefined && held.expires > this.#now() ? held.value : undefined;
  }

  /** The value of a token that can be used once only. */
  take(token: string): T | undefined {
    const value = this.peek(token);
    this.#held.delete(token);
    return value;
  }

  #prune(): void {
    const now = this.#now();
    for (const [token, held] of this.#held) {
      if (held.expires > now && this.#held.size < MAX_TOKENS) return;
      this.#held.delete(token);
    }
  }
}
