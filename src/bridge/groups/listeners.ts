import type { AccountId } from "../model.ts";
import { accountParts } from "../model.ts";
import { RecentMap } from "../recent.ts";
import type { Coming, Heard, Kept } from "./tally.ts";
import { LATE_MS, Tally } from "./tally.ts";

interface Place<W extends Kept> {
  readonly sessions: Map<AccountId, Tally<W>>;
  /** What was read lately, for who comes now. */
  read: readonly Heard[];
}

/** Read lately, of one place. */
const MOST_READ = 256;
/** Places that are remembered a while after all have left them. */
export const MOST_LEFT = 5_000;

/**
 * The sessions of this worker at one place of a conversation. One of them reads for all; what the others hear is kept until
 * it is seen to be read, so that each of them can go on from the very word at which the reader has left.
 */
export class Listeners<W extends Kept> {
  readonly #places = new Map<string, Place<W>>();
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
    for (const word of words) {
      for (const other of there.sessions.values()) if (other !== tally) other.read(word);
    }
    const read = [...there.read, ...words.map(({ print, at }) => ({ print, at }))];
    there.read = read.filter(({ at }) => now - at <= LATE_MS).slice(-MOST_READ);
    return words;
  }

  /** Sessions that have heard there what nobody here has read, with the last of it. */
  *waiting(place: string): Iterable<{ account: AccountId; last: W }> {
    for (const [account, { waiting }] of this.#places.get(place)?.sessions ?? []) {
      const last = waiting.at(-1);
      if (last !== undefined) yield { account, last };
    }
  }

  /** The account is at these places and at no other. `now` as above. Returns those that it has left, and which of them are empty now. */
  keep(account: AccountId, places: ReadonlySet<string>, now: number): { place: string; isEmpty: boolean }[] {
    const left: { place: string; isEmpty: boolean }[] = [];
    for (const [place, { sessions, read }] of this.#places) {
      if (places.has(place) || !sessions.delete(account)) continue;
      if (sessions.size === 0) {
        this.#places.delete(place);
        if (read.length > 0) this.#left.set(place, read);
      }
      this.#gone.set(`${account} ${place}`, now);
      left.push({ place, isEmpty: sessions.size === 0 });
    }
    return left;
  }

  /** When the account came there. */
  coming(place: string, account: AccountId, now: number): Coming {
    return this.#tally(place, account, now).coming;
  }

  #tally(place: string, account: AccountId, now: number): Tally<W> {
    const there: Place<W> = this.#places.get(place) ?? { sessions: new Map(), read: this.#left.get(place) ?? [] };
    this.#places.set(place, there);
    const known = there.sessions.get(account);
    if (known) return known;
    const tally = new Tally<W>(accountParts(account).address, {
      at: now,
      left: this.#gone.get(`${account} ${place}`) ?? 0,
    });
    for (const word of there.read) tally.read(word);
    there.sessions.set(account, tally);
    return tally;
  }
}
