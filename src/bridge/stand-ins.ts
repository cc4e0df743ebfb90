import type { ResidentId, RoomId } from "./model.ts";
import type { KnownStore } from "./ports/store.ts";
import { RecentMap } from "./recent.ts";

/** Kinds that somebody was told of. */
const REMEMBERED = 20_000;
const DAY_MS = 86_400_000;

/**
 * Who knows already that of a picture, a sticker or the like only a line has gone out that names it: each is told once a day,
 * room and kind, also when the bridge was stopped meanwhile.
 */
export class StandIns {
  readonly #store: KnownStore;
  readonly #told = new RecentMap<string, number>(REMEMBERED);

  constructor(store: KnownStore) {
    this.#store = store;
  }

  /**
   * Has the sender told of it by `say`, unless they know. `what`: what they sent ("a picture"); `text`: the line that went out.
   * Rejects as `say` does, and with BridgeError `store-down`.
   */
  async tell(
    { resident, room }: { readonly resident: ResidentId; readonly room: RoomId },
    { what, text, network }: { readonly what: string; readonly text: string; readonly network: string },
    say: (words: string) => Promise<unknown>,
  ): Promise<void> {
    const fact = `stand-in ${room} ${what}`;
    const key = `${resident} ${fact}`;
    if (Date.now() - (this.#told.get(key) ?? 0) < DAY_MS) return;
    // Two pictures at once are told of once.
    this.#told.set(key, Date.now());
    try {
      if (await this.#store.knows(resident, fact)) return;
      const line = text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}…` : text;
      await say(`${network} cannot be given ${what}: what has arrived there is “${line}”. I say this once a day.`);
      await this.#store.learned(resident, fact, DAY_MS);
    } catch (error) {
      this.#told.delete(key);
      throw error;
    }
  }
}

/** Characters of the line as it is told. */
const LONGEST = 200;
