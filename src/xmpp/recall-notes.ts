/** What was said lately, kept in the store over a restart. */
import type { Logger } from "pino";
import { asBridgeError } from "../bridge/errors.ts";
import { type HomeName, roomId } from "../bridge/model.ts";
import type { RecallStore } from "../bridge/ports/store.ts";

/** Pieces that wait for a store that is away. */
const WAITING = 1000;

export class RecallNotes {
  readonly #home: HomeName;
  readonly #store: RecallStore;
  readonly #log: Logger;
  #waiting: (readonly [chat: string, piece: string])[] = [];

  constructor(o: { home: HomeName; store: RecallStore; log: Logger }) {
    this.#home = o.home;
    this.#store = o.store;
    this.#log = o.log;
  }

  /** On its way to the store at once; what that did not take goes with the next. */
  keep(chat: string, piece: string): void {
    const all = [...this.#waiting, [chat, piece] as const];
    this.#waiting = [];
    for (const [where, what] of all)
      this.#store.keepRecall(this.#home, roomId(where), what).catch((error: unknown) => {
        this.#log.debug({ err: error }, "what was said could not be kept");
        if (asBridgeError(error).code === "store-down" && this.#waiting.length < WAITING)
          this.#waiting.push([where, what]);
      });
  }

  /** Oldest first. @throws BridgeError `store-down`. */
  async kept(chat: string): Promise<readonly string[]> {
    return await this.#store.recall(this.#home, roomId(chat));
  }
}
