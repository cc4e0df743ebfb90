/** What was said lately, kept in the store over a restart. */
import type { Logger } from "pino";
import { asBridgeError } from "../bridge/errors.ts";
import { type HomeName, roomId } from "../bridge/model.ts";
import type { RecallStore } from "../bridge/ports/store.ts";

/** Pieces that wait for their writing, or for a store that is away. */
const WAITING = 1000;
/** What is said meanwhile is written together: each writing makes whatever the store is asked behind it wait for its disk, ms. */
const TOGETHER_MS = 200;

/** `order`: when it was said, among all pieces: the store keeps them as they come. */
interface Waiting {
  readonly order: number;
  readonly chat: string;
  readonly piece: string;
}

export class RecallNotes {
  readonly #home: HomeName;
  readonly #store: RecallStore;
  readonly #log: Logger;
  #waiting: Waiting[] = [];
  #writing: Promise<void> = Promise.resolve();
  #pieces = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(o: { home: HomeName; store: RecallStore; log: Logger }) {
    this.#home = o.home;
    this.#store = o.store;
    this.#log = o.log;
  }

  /** On its way to the store within 200 ms; what that did not take goes with the next. */
  keep(chat: string, piece: string): void {
    this.#pieces += 1;
    this.#waiting.push({ order: this.#pieces, chat, piece });
    if (this.#isStopped || this.#waiting.length >= WAITING) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), TOGETHER_MS);
  }

  /** Oldest first. @throws BridgeError `store-down`. */
  async kept(chat: string): Promise<readonly string[]> {
    // The store answers in order.
    this.#write();
    return await this.#store.recall(this.#home, roomId(chat));
  }

  /** Writes what waits, and from now on everything at once; resolves when the store has answered to all. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const all = this.#waiting.toSorted((a, b) => a.order - b.order);
    this.#waiting = [];
    const chats = [...Map.groupBy(all, ({ chat }) => chat)];
    // The results would hold each other for ever.
    this.#writing = Promise.all([this.#writing, ...chats.map((of) => this.#keep(...of))]).then(() => undefined);
  }

  async #keep(chat: string, all: readonly Waiting[]): Promise<void> {
    try {
      const pieces = all.map(({ piece }) => piece);
      await this.#store.keepRecall(this.#home, roomId(chat), pieces);
    } catch (error) {
      this.#log.debug({ err: error }, "what was said could not be kept");
      if (asBridgeError(error).code !== "store-down") return;
      this.#waiting.push(...all.slice(0, Math.max(WAITING - this.#waiting.length, 0)));
    }
  }
}
