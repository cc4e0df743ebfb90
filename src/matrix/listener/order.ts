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
 * May go when Synapse sends what it has stored in this gap by itself.
 */
export class TransactionOrder {
  #last: number | undefined;
  #refused: number | undefined;

  /** `last`: the newest transaction stored before, from an earlier run; undefined when not known. */
  constructor(last?: string) {
    this.#last = parse(last);
  }

  /** False: refuse it now. Ids that are not plain numbers (other homeservers) are always taken. */
  admits(id: string): boolean {
    const number = parse(id);
    if (number === undefined || this.#last === undefined || number <= this.#last + 1) return true;
    if (this.#refused === number) return true;
    this.#refused = number;
    return false;
  }

  /** The transaction is stored. True when it is the newest. */
  stored(id: string): boolean {
    const number = parse(id);
    if (number === undefined || (this.#last !== undefined && number <= this.#last)) return false;
    this.#last = number;
    return true;
  }
}

function parse(id: string | undefined): number | undefined {
  return id !== undefined && /^\d{1,15}$/.test(id) ? Number(id) : undefined;
}
