import type { Connection } from "../transport/connection.ts";

type OnAnswer = (seconds: string | undefined) => void;

/** Questions that may wait for their answer. */
const MAX_WAITING = 1000;

interface Question {
  readonly askedAt: number;
  readonly onAnswer: OnAnswer;
}

/**
 * PNG and QNG of one connection. Answers come in the order of the questions, and behind the errors of everything that
 * was sent before them (source: msnp-core §1.6). A question without an answer for `patience` ms counts as lost, so that
 * one that a server passes over does not put all later answers out of step.
 */
export class Pings {
  readonly #connection: Connection;
  readonly #patience: number;
  readonly #waiting: Question[] = [];

  constructor(connection: Connection, patience: number) {
    this.#connection = connection;
    this.#patience = patience;
  }

  /** Asks. Only after the sign-in, since some servers close on an earlier PNG; never through a gateway. */
  ask(onAnswer: OnAnswer): void {
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
    this.#waiting.push({ askedAt: performance.now(), onAnswer });
    this.#connection.send({ name: "PNG", args: [] });
  }

  /** Takes the answer `QNG [seconds]`. */
  onAnswer(seconds: string | undefined): void {
    const oldest = performance.now() - this.#patience;
    let question = this.#waiting.shift();
    while (question !== undefined && question.askedAt < oldest) question = this.#waiting.shift();
    question?.onAnswer(seconds);
  }
}
