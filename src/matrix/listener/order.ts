/**
 * Keeps transactions in their order.
 *
 * Synapse numbers its transactions one by one and sends one at a time, but not always in order: a transaction that it
 * stores while the bridge counts as down, just after its recoverer has found nothing left and just before the bridge
 * counts as up again, stays unsent until the next failure, and its successors overtake it (read in Synapse 1.163.2,
 * appservice/scheduler.py; seen: one message in 500 came behind its successors, or not at all until something else
 * failed). A hole in the numbers is the sign. The successor is refused once, which makes Synapse go back to its oldest
 * unsent transaction; when the same one comes again there was nothing in the hole.
 *
 * All application services of a homeserver share the numbers (storage/databases/main/appservice.py), so beside another bridge
 * nearly every transaction comes behind a hole. To refuse each of them is slow, and does what it is to prevent: each refusal is a
 * failure, behind which one can be left. So when a hole has turned out empty the next ones are let be for a while, longer and
 * longer, until one was not empty, or something has failed. Then it is looked again, hole or not: what was left behind the refusal comes with
 * that. When the next after a refusal has the next number, nothing was left.
 *
 * May go when Synapse sends what it has stored in this gap by itself.
 */
export class TransactionOrder {
  readonly #now: () => number;
  #last: number | undefined;
  /** `isEmpty`: nothing has come out of the hole before it yet. */
  #refused: { readonly number: number; isEmpty: boolean } | undefined;
  /** The newest that has come, whatever became of it. */
  #came = -1;
  /** Holes that were empty, one after the other. */
  #empty = 0;
  /** Until when holes are let be, ms. */
  #restsUntil = 0;
  /** Behind this one another may have been left, when it was refused. */
  #doubted: number | undefined;

  /** `last`: the newest transaction stored before, from an earlier run; undefined when not known. `now`: a clock, ms. */
  constructor(last?: string, now = () => performance.now()) {
    this.#last = parse(last);
    this.#now = now;
  }

  /** False: refuse it now. Ids that are not plain numbers (other homeservers) are always taken. */
  admits(id: string): boolean {
    const number = parse(id);
    if (number === undefined || this.#last === undefined) return true;
    if (this.#refused !== undefined && number <= this.#refused.number) return this.#againAfter(this.#refused, number);
    if (number <= this.#last) return true;
    const isRepeat = number <= this.#came;
    this.#came = Math.max(number, this.#came);
    // Something has failed, and Synapse has begun again with its oldest.
    if (isRepeat) this.#restsUntil = this.#empty = 0;
    if (number - 1 === this.#doubted) this.#doubted = undefined;
    const isDoubtful = this.#doubted !== undefined || number > this.#last + 1;
    if (isRepeat || !isDoubtful || this.#now() < this.#restsUntil) return true;
    this.#refused = { number, isEmpty: true };
    return false;
  }

  /** Since a refusal Synapse sends all in their order, from its oldest unsent one on. */
  #againAfter(refused: { readonly number: number; isEmpty: boolean }, number: number): true {
    if (number < refused.number) refused.isEmpty = false;
    else {
      this.#refused = undefined;
      this.#doubted = number;
      this.#empty = refused.isEmpty ? this.#empty + 1 : 0;
      this.#restsUntil = this.#now() + (RESTS_MS[Math.min(this.#empty, RESTS_MS.length - 1)] ?? 0);
    }
    return true;
  }

  /** When it will be looked whether one was left behind, ms from now; `undefined`: there is no doubt. */
  get looksIn(): number | undefined {
    return this.#doubted === undefined ? undefined : Math.max(0, this.#restsUntil - this.#now());
  }

  /** The transaction is stored. True when it is the newest. */
  stored(id: string): boolean {
    const number = parse(id);
    if (number === undefined || (this.#last !== undefined && number <= this.#last)) return false;
    this.#last = number;
    return true;
  }
}

/** For how long holes are let be after so many that were empty, ms. */
const RESTS_MS = [0, 1000, 1000, 10_000, 60_000, 300_000];

function parse(id: string | undefined): number | undefined {
  return id !== undefined && /^\d{1,15}$/.test(id) ? Number(id) : undefined;
}
