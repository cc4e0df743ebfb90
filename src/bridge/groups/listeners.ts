import type { AccountId } from "../model.ts";
import { accountParts } from "../model.ts";
import { RecentMap } from "../recent.ts";
import { couldHear } from "./prints.ts";
import type { Coming, Heard, Kept } from "./tally.ts";
import { LATE_MS, Tally } from "./tally.ts";

interface Place<W extends Kept> {
  readonly sessions: Map<AccountId, Tally<W>>;
  /** Of those who have left, with words that nobody here has read yet. */
  former: readonly Tally<W>[];
  /** What was read lately, for who comes now. */
  read: readonly Heard[];
}

/** A place that an account has left. */
export interface Left<W> {
  readonly place: string;
  /** Nobody of this worker is there any more. */
  readonly isEmpty: boolean;
  /** Words that nobody here has read, and nobody who is there now could hear; they are to be read. */
  readonly stranded: readonly W[];
}

/** Read lately, of one place. */
const MOST_READ = 256;
/** Of one place. */
const MOST_FORMER = 8;
/** Places that are remembered a while after all have left them. */
export const MOST_LEFT = 5_000;

/**
 * The sessions of this worker at one place of a conversation. One of them reads for all; what the others hear is kept until
 * it is seen to be read, so that each of them can go on from the very word at which the reader has left.
 */
export class Listeners<W extends Kept> {
  readonly #places = new Map<string, Place<W>>();
  /** Where each account is: a sign-in that changes must not cost a look at all places. */
  readonly #placesOf = new Map<AccountId, Set<string>>();
  /** What was read at places that all have left: somebody who was called there may not have heard of it yet. */
  readonly #left = new RecentMap<string, readonly Heard[]>(MOST_LEFT);
  /** When an account has left a place, of this process's own clock, ms. */
  readonly #gone = new RecentMap<string, number>(MOST_LEFT);

  /** An account is there. `now`: of this process's own clock, ms. */
  came(place: string, account: AccountId, now: number): void {
    this.#tally(place, account, now);
  }

  /** A session hears something there. */
  hear(place: string, account: AccountId, word: W): void {
    const tally = this.#tally(place, account, word.at);
    tally.hear(word);
    tally.bound(word.at);
  }

  /** What the account has heard there that nobody here has read; it reads it now for all. */
  take(place: string, account: AccountId, now: number): readonly W[] {
    const there = this.#places.get(place);
    const tally = there?.sessions.get(account);
    if (!there || !tally) return [];
    tally.bound(now);
    const words = tally.take();
    this.#read(there, words, tally, now);
    return words;
  }

  /** All others at the place see that this is read. */
  #read(there: Place<W>, words: readonly W[], by: Tally<W>, now: number): void {
    const others = [...there.sessions.values(), ...there.former].filter((one) => one !== by);
    for (const word of words) for (const other of others) other.read(word);
    const read = [...there.read, ...words.map(({ print, at }) => ({ print, at }))];
    there.read = read.filter(({ at }) => now - at <= LATE_MS).slice(-MOST_READ);
  }

  /** Sessions that have heard there what nobody here has read, with the last of it. */
  *waiting(place: string): Iterable<{ account: AccountId; last: W }> {
    for (const [account, { waiting }] of this.#places.get(place)?.sessions ?? []) {
      const last = waiting.at(-1);
      if (last !== undefined) yield { account, last };
    }
  }

  /** The account is at these places and at no other. `now` as above. Returns those that it has left. */
  keep(account: AccountId, places: ReadonlySet<string>, now: number): readonly Left<W>[] {
    const left: Left<W>[] = [];
    const known = this.#placesOf.get(account) ?? new Set();
    for (const place of known) {
      const there = this.#places.get(place);
      const tally = there?.sessions.get(account);
      if (places.has(place) || !there || !tally) continue;
      there.sessions.delete(account);
      known.delete(place);
      there.former = [...there.former, tally].slice(-MOST_FORMER);
      const stranded = this.#stranded(there, now);
      const isEmpty = there.sessions.size === 0;
      if (isEmpty) {
        this.#places.delete(place);
        if (there.read.length > 0) this.#left.set(place, there.read);
      }
      this.#gone.set(`${account} ${place}`, now);
      left.push({ place, isEmpty, stranded });
    }
    if (known.size === 0) this.#placesOf.delete(account);
    return left;
  }

  #stranded(there: Place<W>, now: number): readonly W[] {
    const people = [...there.sessions.keys()].map((account) => accountParts(account).address);
    const stranded = there.former.flatMap((one) => {
      one.bound(now);
      const words = one.waiting.filter(({ print }) => !people.some((address) => couldHear(print, address)));
      for (const word of words) one.drop(word);
      this.#read(there, words, one, now);
      return words;
    });
    there.former = there.former.filter(({ waiting }) => waiting.length > 0);
    return stranded;
  }

  /** When the account came there. */
  coming(place: string, account: AccountId, now: number): Coming {
    return this.#tally(place, account, now).coming;
  }

  #tally(place: string, account: AccountId, now: number): Tally<W> {
    const there: Place<W> = this.#places.get(place) ?? {
      sessions: new Map(),
      former: [],
      read: this.#left.get(place) ?? [],
    };
    this.#places.set(place, there);
    const known = there.sessions.get(account);
    if (known) return known;
    const tally = new Tally<W>(accountParts(account).address, {
      at: now,
      left: this.#gone.get(`${account} ${place}`) ?? 0,
    });
    for (const word of there.read) tally.read(word);
    there.sessions.set(account, tally);
    this.#placesOf.set(account, (this.#placesOf.get(account) ?? new Set()).add(place));
    return tally;
  }
}
