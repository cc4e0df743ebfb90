import type { PortalId } from "./model.ts";
import { RecentMap } from "./recent.ts";

/** MSN's own clients let nobody nudge the same contact more often (source: msnp-chat §9). */
export const NUDGE_PAUSE_MS = 10_000;
/** Chats whose last nudge is remembered. */
const REMEMBERED = 5000;

/** How often one nudges: once per contact or group in {@link NUDGE_PAUSE_MS}, however it was asked for. */
export class Nudges {
  readonly #last = new RecentMap<PortalId, number>(REMEMBERED);
  readonly #now: () => number;

  /** `now`: a clock in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** 0: nudge, and it counts. Otherwise so many ms too early. `portal`: the account's chat with the contact, or its seat. */
  take(portal: PortalId): number {
    const now = this.#now();
    const last = this.#last.get(portal);
    const left = last === undefined ? 0 : last + NUDGE_PAUSE_MS - now;
    if (left > 0) return Math.ceil(left);
    this.#last.set(portal, now);
    return 0;
  }

  /** It did not go out after all. */
  giveBack(portal: PortalId): void {
    this.#last.delete(portal);
  }
}

/** For whoever was too early by so many ms. */
export function tooEarly(leftMs: number): string {
  return `MSN takes one nudge in ${NUDGE_PAUSE_MS / 1000} seconds. Nudge again in ${Math.max(1, Math.ceil(leftMs / 1000))} s.`;
}
