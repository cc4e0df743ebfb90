import { inspect } from "node:util";

/**
 * A value that must never reach a log, an error text, JSON or a terminal: it prints as `[sealed]` everywhere.
 * The plain value comes out only through {@link Secret.open}. Source: design §5.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The plain value, for the one call that needs it. */
  open(): string {
    return this.#value;
  }

  toString(): string {
    return "[sealed]";
  }

  toJSON(): string {
    return "[sealed]";
  }

  [inspect.custom](): string {
    return "[sealed]";
  }
}
