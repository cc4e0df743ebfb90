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
 * All application services of a homeserver share the numbers (storage/databases/main/appservice.py), so beside another bridge nearly
 * every transaction comes behind a hole, and to refuse each of them is slow, and stops Synapse's recovery for good when one
 * refusal meets the end of the one before (an assertion in `start_recoverer`). Where holes have turned out empty again and again they are
 * looked into only when something has failed, for only then one can be left behind, and once in a while.
 *
 * May go when Synapse sends what it has stored in this gap by itself.
 */
export class TransactionOrder {
  readonly #now: () => number;
  #last: number | undefined;
  #refused: number | undefined;
  /** The newest that has come, whatever became of it. */
  #came: number | undefined;
  /** Holes that were empty, since one was not. */
  #empty = 0;
  /** When the next hole is looked into although those before were empty, ms. */
  #lookAt = 0;

  /** `last`: the newest transaction stored before, from an earlier run; undefined when not known. `now`: a clock, ms. */
  constructor(last?: string, now = () => performance.now()) {
    this.#last = parse(last);
    this.#now = now;
  }

  /** False: refuse it now. Ids that are not plain numbers (other homeservers) are always taken. */
  admits(id: string): boolean {
    const number = parse(id);
    if (number === undefined) return true;
    const isRepeat = this.#came !== undefined && number <= this.#came;
    this.#came = Math.max(number, this.#came ?? number);
    if (this.#refused !== undefined && number <= this.#refused) return this.#cameAfter(this.#refused, number);
    // Something has failed, and Synapse has begun again with its oldest.
    if (isRepeat) this.#lookAt = 0;
    if (isRepeat || this.#last === undefined || number <= this.#last + 1 || !this.#looks()) return true;
    this.#refused = number;
    return false;
  }

  /** One was refused: from its oldest unsent one on, Synapse sends all in their order now. */
  #cameAfter(refused: number, number: number): boolean {
    if (this.#last !== undefined && number <= this.#last) return true;
    if (number < refused) this.#empty = -1;
    else {
      this.#empty += 1;
      this.#refused = undefined;
      this.#lookAt = this.#empty < SHARED ? 0 : this.#now() + LOOK_MS;
    }
    return true;
  }

  #looks(): boolean {
    return this.#empty < SHARED || this.#now() >= this.#lookAt;
  }

  /** The transaction is stored. True when it is the newest. */
  stored(id: string): boolean {
    const number = parse(id);
    if (number === undefined || (this.#last !== undefined && number <= this.#last)) return false;
    this.#last = number;
    return true;
  }
}

/** So many empty holes one after the other say that others share the numbers. */
const SHARED = 3;
/** How often a hole is looked into then, ms. */
const LOOK_MS = 5 * 60_000;

function parse(id: string | undefined): number | undefined {
  return id !== undefined && /^\d{1,15}$/.test(id) ? Number(id) : undefined;
}
