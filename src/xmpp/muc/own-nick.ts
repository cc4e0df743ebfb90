const TRIES = 5;

/** What we are called in one room: as we want, as it was asked for last, and as the room knows us. */
export class OwnNick {
  readonly #plain: string | undefined;
  #wish: string;
  #tries = 0;
  asked: string;
  now: string;

  /** `plain`: for a room that does not take `wish` as it is written. */
  constructor(wish: string, plain: string | undefined) {
    this.#plain = plain;
    this.#wish = wish;
    this.asked = wish;
    this.now = wish;
  }

  /** From now on another. False: it is the same. */
  want(wish: string): boolean {
    if (wish === this.#wish) return false;
    this.#wish = wish;
    this.#tries = 0;
    this.asked = wish;
    return true;
  }

  /** The room knows nothing of us yet. */
  begin(): void {
    this.#tries = 0;
    this.asked = this.#wish;
    this.now = this.#wish;
  }

  /** The room does not take what was asked for. True: there is something else to ask for. */
  refused(condition: string): boolean {
    const next = this.#next(condition);
    this.asked = next ?? this.now;
    return next !== undefined;
  }

  #next(condition: string): string | undefined {
    this.#tries += 1;
    if (condition === "conflict" && this.#tries < TRIES) return `${this.#wish}${this.#tries + 1}`;
    if (condition !== "jid-malformed" || this.#plain === undefined || this.#plain === this.#wish) return undefined;
    this.#wish = this.#plain;
    return this.#plain;
  }
}
