import type { Position } from "./archive.ts";

/** Positions that are remembered, each a part of the time that is looked back. */
const STEPS = 8;

/**
 * Up to where an earlier run is taken to have read: a while before what it has really read. What is said by us and comes
 * back is found there by the next run, also when this one is killed before the core knows that it was said; and what was
 * stored already is stored only once.
 */
export class LookBack {
  readonly #ms: number;
  /** Oldest first, with when they were reached. */
  #reached: { readonly at: number; readonly position: Position }[] = [];
  #latest: Position | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  reach(position: Position, now: number): void {
    this.#latest = position;
    const last = this.#reached.at(-1);
    if (last === undefined || now - last.at >= this.#ms / STEPS) this.#reached.push({ at: now, position });
  }

  /** The newest position that is old enough, and newer than the one given before; `undefined`: there is none. */
  settled(now: number): Position | undefined {
    // In a room that has fallen silent, the last of all counts in its turn.
    if (this.#latest !== undefined && this.#latest !== this.#reached.at(-1)?.position) this.reach(this.#latest, now);
    const old = this.#reached.filter(({ at }) => now - at >= this.#ms);
    this.#reached = this.#reached.slice(old.length);
    return old.at(-1)?.position;
  }
}
