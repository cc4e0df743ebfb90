import type { Connection } from "../transport/connection.ts";

type OnAnswer = (seconds: string | undefined) => void;

/** Questions that may wait for their answer. */
const MAX_WAITING = 1000;

/**
 * PNG and QNG of one connection. Answers come in the order of the questions, and behind the errors of everything that
 * was sent before them (source: msnp-core §1.6).
 */
export class Pings {
  readonly #connection: Connection;
  readonly #waiting: OnAnswer[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Asks. Only after the sign-in, since some servers close on an earlier PNG; never through a gateway. */
  ask(onAnswer: OnAnswer): void {
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift();
    this.#waiting.push(onAnswer);
    this.#connection.send({ name: "PNG", args: [] });
  }

  /** Takes the answer `QNG [seconds]`. */
  onAnswer(seconds: string | undefined): void {
    this.#waiting.shift()?.(seconds);
  }
}
