import { RecentMap } from "../bridge/recent.ts";

/** MSN's own clients let nobody nudge more often; others do (source: msnp-chat §9), ms. */
const PAUSE_MS = 10_000;
const REMEMBERED = 5000;

/** How often attention is called for (XEP-0224) in one chat; a nudge that comes sooner is words alone. In memory. */
export class Rings {
  readonly #last = new RecentMap<string, { readonly key: string; readonly at: number }>(REMEMBERED);

  /** Whether this message rings. Each try of one that rings rings: which of them arrives is not known. */
  has(chat: string, { nudge }: { readonly nudge?: true }, key: string): boolean {
    if (!nudge) return false;
    const last = this.#last.get(chat);
    if (last !== undefined && last.key !== key && Date.now() - last.at < PAUSE_MS) return false;
    this.#last.set(chat, { key, at: Date.now() });
    return true;
  }
}
