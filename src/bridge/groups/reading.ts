import { asBridgeError } from "../errors.ts";
import type { ContactAddress } from "../model.ts";
import type { NotedWord, ReadTurn } from "../ports/groups.ts";
import { parsePrint } from "./prints.ts";
import type { Coming, Kept } from "./tally.ts";
import { Tally } from "./tally.ts";

/** While another worker reads and words of ours are not among what it has read, it is asked so often whether it still does, ms. */
const AGAIN_MS = 500;

export interface ReadingOptions<W extends Kept> {
  /** The first of this worker's accounts there. */
  readonly self: ContactAddress;
  readonly coming: Coming;
  /** Puts words into the lanes, or says why not: `after` is up to where it is known what was read. The command is on its way when it returns. */
  readonly append: (word: W, after: string) => Promise<ReadTurn>;
  /** Has this done behind all that was said before in the group, and again until it resolves. False: too much waits already. */
  readonly inTurn: (word: W, run: () => Promise<void>) => boolean;
  /** So many words are not kept any longer: another reads and has not read them. */
  readonly lost: (count: number) => void;
  /** Nobody of this worker is there any more, and nothing waits. */
  readonly over: () => void;
}

/**
 * What this worker has heard at one place of a group. While it reads there each word goes into the lanes; while another does
 * each is compared with what that one has read. When that one reads no more this worker goes on at the first word that was
 * not read, so that none is lost or doubled, whenever the other has gone.
 */
export class Reading<W extends Kept> {
  readonly #o: ReadingOptions<W>;
  readonly #tally: Tally<W>;
  /** Up to where it is known what was read. */
  #after = "";
  #again: NodeJS.Timeout | undefined;
  #left = false;

  constructor(o: ReadingOptions<W>) {
    this.#o = o;
    this.#tally = new Tally(o.self, o.coming);
  }

  /** The session that reads for this worker has heard something. Without `coming` it has left since then. */
  hear(word: W, coming: Coming | undefined): void {
    if (coming) this.#tally.goesOn(word.account.address, coming);
    this.#left = false;
    if (this.#tally.hear(word) && !this.#ask(word)) this.#tally.drop(word);
  }

  /** Nobody of this worker is there any more; what waits goes its way. */
  leave(): void {
    this.#left = true;
    this.#end();
  }

  stop(): void {
    clearTimeout(this.#again);
    this.#again = undefined;
  }

  #ask(word: W): boolean {
    return this.#o.inTurn(word, () => this.#drain());
  }

  #askNext(): void {
    const [word] = this.#tally.waiting;
    if (word) this.#ask(word);
  }

  async #drain(): Promise<void> {
    const tally = this.#tally;
    for (let [word] = tally.waiting; word; [word] = tally.waiting) {
      const turn = await this.#append(word);
      if (turn.kind === "read") {
        tally.drop(word);
        this.#after = turn.after;
        continue;
      }
      this.#catchUp(turn.words);
      if (turn.kind === "behind") continue;
      this.#wait(turn.forMs);
      break;
    }
    this.#end();
  }

  async #append(word: W): Promise<ReadTurn> {
    try {
      return await this.#o.append(word, this.#after);
    } catch (error) {
      // What is refused for good would keep all that follows from being read.
      if (asBridgeError(error).retry === "never") {
        this.#tally.drop(word);
        this.#askNext();
        this.#end();
      }
      throw error;
    }
  }

  #catchUp(words: readonly NotedWord[]): void {
    const now = performance.now();
    for (const { after, print: text, ageMs } of words) {
      this.#after = after;
      const print = parsePrint(text);
      if (print) this.#tally.read({ print, at: now - ageMs });
    }
  }

  /** Another reads. It may have died with what waits here unread. */
  #wait(forMs: number): void {
    const lost = this.#tally.bound(performance.now());
    if (lost > 0) this.#o.lost(lost);
    if (this.#tally.waiting.length === 0 || this.#again !== undefined) return;
    const again = (): void => {
      this.#again = undefined;
      this.#askNext();
    };
    this.#again = setTimeout(again, Math.min(forMs + 1, AGAIN_MS)).unref();
  }

  #end(): void {
    if (this.#left && this.#tally.waiting.length === 0) this.#o.over();
  }
}
