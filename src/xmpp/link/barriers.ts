import { randomUUID } from "node:crypto";
import { BridgeError } from "../../bridge/errors.ts";

export interface BarrierOptions {
  /** Sends a ping of this id to our own domain. False: there is no stream. */
  readonly send: (id: string) => boolean;
  readonly answerMs: number;
  /** Whether something has come within the last `answerMs`: the server is slow then, not dead. Without it: never. */
  readonly isTalking?: () => boolean;
  /** No answer came: the stream is dead. */
  readonly dead: () => void;
}

interface Barrier {
  readonly id: string;
  readonly done: PromiseWithResolvers<void>;
  timer: NodeJS.Timeout | undefined;
}

/** Pings under way at once; those who ask meanwhile share the next. */
const UNDER_WAY = 4;
/** So often `answerMs` is waited for a server that is slow. */
const PATIENCE = 8;

/**
 * Acknowledgement on a stream that has none of its own: a server processes a stream in order, so when a ping to our own
 * domain has come back, everything before it has been processed. One ping serves all who asked before it was sent.
 */
export class Barriers {
  readonly #o: BarrierOptions;
  readonly #sent = new Map<string, Barrier>();
  #next: Barrier | undefined;
  #scheduled = false;

  constructor(options: BarrierOptions) {
    this.#o = options;
  }

  /** Resolves when all that was sent before is processed. @throws BridgeError `home-down` when that is not known. */
  pass(): Promise<void> {
    if (!this.#next) {
      this.#next = { id: randomUUID(), done: Promise.withResolvers(), timer: undefined };
      // Nobody may be left with a rejection that nobody hears.
      this.#next.done.promise.catch(() => {});
    }
    const { promise } = this.#next.done;
    this.#schedule();
    return promise;
  }

  /** True: it was one of these, and it is through. */
  passed(id: string): boolean {
    const barrier = this.#sent.get(id);
    if (!barrier) return false;
    // The order of the stream says that those before it are through as well.
    for (const [earlier, one] of this.#sent) {
      clearTimeout(one.timer);
      this.#sent.delete(earlier);
      one.done.resolve();
      if (earlier === id) break;
    }
    this.#schedule();
    return true;
  }

  /** The stream is gone. */
  fail(detail: string): void {
    const all = [...this.#sent.values(), ...(this.#next ? [this.#next] : [])];
    this.#sent.clear();
    this.#next = undefined;
    for (const { timer, done } of all) {
      clearTimeout(timer);
      done.reject(new BridgeError("home-down", { detail }));
    }
  }

  /** At the end of this turn of the loop, so that all that is sent in it shares one ping. */
  #schedule(): void {
    if (this.#scheduled || !this.#next || this.#sent.size >= UNDER_WAY) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const barrier = this.#next;
    if (!barrier) return;
    this.#next = undefined;
    if (!this.#o.send(barrier.id)) {
      barrier.done.reject(new BridgeError("home-down", { detail: "the link to the XMPP server is down" }));
      return;
    }
    this.#sent.set(barrier.id, barrier);
    this.#expect(barrier, PATIENCE);
  }

  #expect(barrier: Barrier, patience: number): void {
    const { answerMs, isTalking, dead } = this.#o;
    const late = (): void => {
      if (!this.#sent.has(barrier.id)) return;
      if (patience > 1 && isTalking?.()) this.#expect(barrier, patience - 1);
      else dead();
    };
    // After a time in which this process stood still, what came meanwhile is read before it is judged.
    barrier.timer = setTimeout(() => setImmediate(late), answerMs);
    barrier.timer.unref();
  }
}
