import { ConnectionError } from "../transport/connection.ts";
import { afterRunning } from "../transport/running-time.ts";
import type { Pings } from "./pings.ts";

/** Servers name pauses up to 60 s; shorter ones than 5 s are ignored (source: msnp-core §1.6). */
const MIN_PAUSE = 5_000;
const MAX_PAUSE = 60_000;

export interface KeepaliveTimes {
  readonly keepalive: number;
  readonly keepaliveInterval: number;
}

/** Asks the server now and then whether it is there, and gives the connection up when it is not. One timer. */
export class Keepalive {
  readonly #pings: Pings;
  readonly #times: KeepaliveTimes;
  readonly #onDead: (error: ConnectionError) => void;
  #callOff: () => void = () => {};
  #isAsking = false;

  constructor(pings: Pings, times: KeepaliveTimes, onDead: (error: ConnectionError) => void) {
    this.#pings = pings;
    this.#times = times;
    this.#onDead = onDead;
  }

  /** Sends PNG; only after the sign-in, since some servers close on an earlier one. */
  ask(): void {
    this.#isAsking = true;
    this.#pings.ask((seconds) => this.#onAnswer(seconds));
    this.#callOff();
    this.#callOff = afterRunning(this.#times.keepalive, () => this.#onTimer());
  }

  #onAnswer(seconds: string | undefined): void {
    if (!this.#isAsking) return;
    this.#isAsking = false;
    const pause = Number(seconds) * 1000;
    const isUsable = seconds !== undefined && pause >= MIN_PAUSE;
    const delay = Math.min(isUsable ? pause : this.#times.keepaliveInterval, MAX_PAUSE);
    this.#callOff();
    const timer = setTimeout(() => this.#onTimer(), delay);
    this.#callOff = () => clearTimeout(timer);
  }

  stop(): void {
    this.#callOff();
    this.#isAsking = false;
  }

  #onTimer(): void {
    if (this.#isAsking) {
      this.stop();
      this.#onDead(new ConnectionError("timeout", `The server did not answer PNG within ${this.#times.keepalive} ms`));
    } else this.ask();
  }
}
