/**
 * Whether people are alone with the bot in a room. What is said among several, in a room that is tied to nothing, is not for
 * the bridge; only what addresses the bot is.
 */

import { RecentMap } from "../bridge/recent.ts";
import type { GhostNames } from "./convert/ghost.ts";
import { isRefusal } from "./http/errors.ts";
import type { Sender } from "./sender.ts";

const REMEMBERED = 5000;
/** How long an answer counts, ms. */
const FRESH_MS = 60_000;

export class Company {
  readonly #sender: Sender;
  readonly #names: GhostNames;
  readonly #bot: string;
  readonly #several = new RecentMap<string, { readonly several: boolean; readonly until: number }>(REMEMBERED);

  constructor(o: { sender: Sender; names: GhostNames; bot: string }) {
    this.#sender = o.sender;
    this.#names = o.names;
    this.#bot = o.bot;
  }

  /** Whether the bot is in a room with several people. @throws MatrixRefusal, HomeserverSilent. */
  async isSeveral(room: string): Promise<boolean> {
    const known = this.#several.get(room);
    if (known && known.until > Date.now()) return known.several;
    const several = (await this.#people(room)) > 1;
    this.#several.set(room, { several, until: Date.now() + FRESH_MS });
    return several;
  }

  async #people(room: string): Promise<number> {
    try {
      const inside = await this.#sender.members(room, this.#bot);
      return inside.filter((user) => user !== this.#bot && !this.#names.owns(user)).length;
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) return 0;
      throw error;
    }
  }
}
