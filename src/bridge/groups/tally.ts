import type { ContactAddress } from "../model.ts";
import { couldHear, type Print } from "./prints.ts";

/** Words as somebody has heard them, or read them. */
export interface Heard {
  readonly print: Print;
  /** Of this process's own clock, ms. */
  readonly at: number;
}

export interface Kept extends Heard {
  /** The account whose session has heard it. */
  readonly account: { readonly address: ContactAddress };
  /** About what it takes in memory. */
  readonly bytes: number;
}

/** When somebody came, of this process's own clock, ms. */
export interface Coming {
  readonly at: number;
  /** When they were there before and left; else the beginning of the process. What was read until then is not for now. */
  readonly left: number;
}

/** Words that another reads are kept so long, and so many, until it is known that they were read. */
const HELD_MS = 30_000;
const HELD_WORDS = 128;
const HELD_BYTES = 1024 * 1024;
/** Words read by another that were not heard here yet. */
const MOST_AHEAD = 256;
/** A session may hear so much later than another that it has come, and what was said since. */
export const LATE_MS = 10_000;

/**
 * Compares what is heard at one place with what others have read there. Per speaker both are the same sequence from the
 * moment on in which one was there, so words wait either to be read by another or to be heard here, and are crossed off one by
 * one. Equal words one after another are as many as they are.
 */
export class Tally<W extends Kept> {
  #self: ContactAddress;
  #coming: Coming;
  #waiting: W[] = [];
  #ahead: Heard[] = [];
  /** When it was learnt that another reads what waits. */
  readonly #refused = new WeakMap<W, number>();

  constructor(self: ContactAddress, coming: Coming) {
    this.#self = self;
    this.#coming = coming;
  }

  /** Heard, and not known to be read; oldest first. */
  get waiting(): readonly W[] {
    return this.#waiting;
  }

  get coming(): Coming {
    return this.#coming;
  }

  /** From now on that one hears, who has come then. */
  goesOn(self: ContactAddress, coming: Coming): void {
    if (self === this.#self && coming === this.#coming) return;
    this.#self = self;
    this.#coming = coming;
    for (const word of this.#ahead.splice(0)) this.#expect(word);
  }

  /** Something is heard. False: another has read it already. */
  hear(word: W): boolean {
    this.#ahead = this.#ahead.filter(({ at }) => word.at - at < LATE_MS);
    const ahead = this.#ahead.filter((one) => isBySame(one, word));
    const known = new Set(ahead.slice(0, ahead.findIndex((one) => isEqual(one, word)) + 1));
    if (known.size > 0) {
      // What was read before it was said before one came, or it would have been heard.
      this.#ahead = this.#ahead.filter((one) => !known.has(one));
      return false;
    }
    this.#waiting.push(word);
    return true;
  }

  /** Another has read something. */
  read(word: Heard): void {
    if (!this.#isNow(word)) return;
    const known = this.#waiting.find(
      (one) => isBySame(one, word) && isEqual(one, word) && couldHear(word.print, one.account.address),
    );
    if (known) this.drop(known);
    else this.#expect(word);
  }

  #isNow({ at }: Heard): boolean {
    const { left, at: came } = this.#coming;
    return at > left && at >= came - LATE_MS;
  }

  /** It will be heard here, too, unless all that was read until now was said before one came. */
  #expect(word: Heard): void {
    if (!couldHear(word.print, this.#self)) this.#ahead = [];
    else if (this.#isNow(word)) this.#ahead = [...this.#ahead, word].slice(-MOST_AHEAD);
  }

  /** Dealt with. */
  drop(word: W): void {
    if (this.#waiting[0] === word) this.#waiting.shift();
    else this.#waiting = this.#waiting.filter((one) => one !== word);
  }

  /** All that waits; it is the caller's now. */
  take(): W[] {
    return this.#waiting.splice(0);
  }

  /** Another reads what waits: it is kept within bounds. `now`: of this process's own clock, ms. Returns how many are lost to sight. */
  bound(now: number): number {
    const before = this.#waiting.length;
    let [words, bytes] = [0, 0];
    const kept: W[] = [];
    for (const word of this.#waiting.toReversed()) {
      const since = this.#refused.get(word) ?? now;
      this.#refused.set(word, since);
      words += 1;
      bytes += word.bytes;
      if (words > HELD_WORDS || bytes > HELD_BYTES || now - since >= HELD_MS) break;
      kept.push(word);
    }
    this.#waiting = kept.reverse();
    return before - kept.length;
  }
}

function isBySame(one: Heard, other: Heard): boolean {
  return one.print.speaker === other.print.speaker;
}

function isEqual(one: Heard, other: Heard): boolean {
  return one.print.word === other.print.word;
}
