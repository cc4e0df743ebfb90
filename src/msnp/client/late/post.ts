import { describeError } from "../../errors.ts";
import type { Expectation } from "../../transport/connection.ts";
import { ServerError } from "../../transport/error-codes.ts";
import type { Core, Live } from "../core.ts";
import { SendError, toSendError } from "../errors.ts";
import type { Pings } from "../pings.ts";
import type { Turns } from "../turns.ts";

/** Payload made for the session that takes it, since it names the own endpoint. */
export type Letter = (live: Live) => Buffer;

/**
 * Sends SDG. No server confirms one; only errors are told. So a question whose answer comes behind the errors of all
 * that was sent before it stands for the acknowledgement (source: msnp21 §3.5).
 */
export class Post {
  readonly #core: Core;
  readonly #turns: Turns;
  pings: Pings | undefined;

  /** `turns`: shared with switchboards, how many texts may be unacknowledged at once. */
  constructor(core: Core, turns: Turns) {
    this.#core = core;
    this.#turns = turns;
  }

  /** Resolves when the server has read the message and said nothing against it. Rejects with SendError. */
  deliver(letter: Letter): Promise<void> {
    return this.#turns.take(() => this.#deliver(letter));
  }

  async #deliver(letter: Letter): Promise<void> {
    const live = this.#live();
    const outcome = live.ns.submit("SDG", [], letter(live), this.#core.timeouts.ack);
    this.#settle(live, outcome);
    try {
      await outcome.promise;
    } catch (error) {
      throw failure(error, live.ns.isOver);
    }
  }

  /** Through a gateway no PNG may go: there the time in which an error would have come must do (source: msnp-chat §7). */
  #settle(live: Live, outcome: Expectation): void {
    if (live.ns.needsKeepalive && this.pings !== undefined) this.pings.ask(outcome.done);
    else live.ns.settle(outcome, this.#core.timeouts.settle);
  }

  /** Sends what nobody waits for. Throws SendError when not signed in. */
  tell(letter: Letter): void {
    const live = this.#live();
    live.ns.post("SDG", [], letter(live));
  }

  #live(): Live {
    const { live } = this.#core;
    if (live === undefined) throw new SendError("closed", "not-sent", "The account is not signed in");
    return live;
  }
}

/** An error line means that the message was not passed on; without one nobody knows. */
function failure(error: unknown, isOver: boolean): SendError {
  if (error instanceof ServerError) return toSendError(error);
  const code = isOver ? "closed" : "timeout";
  const text = `The message may not have arrived (${describeError(error)})`;
  return new SendError(code, "maybe-sent", text, { cause: error });
}
