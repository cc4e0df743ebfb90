import { BridgeError } from "./errors.ts";
import type { PortalId } from "./model.ts";
import { RecentMap } from "./recent.ts";

/** MSN's own clients let nobody nudge the same contact more often (source: msnp-chat §9). */
const NUDGE_PAUSE_MS = 10_000;
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

/** Why a nudge did not go out. Nothing of it is kept, so that nothing of it can be sent again by `retry`. */
export function notNudged(error: BridgeError): BridgeError {
  const detail = reasonOf(error);
  return detail === undefined ? error : new BridgeError("not-nudged", { detail }, { cause: error });
}

/** `undefined`: the error says so itself. */
function reasonOf({ code, context }: BridgeError): string | undefined {
  const who = context.address ?? "whoever it was for";
  switch (code) {
    case "contact-offline":
      return context.because === "stranger"
        ? `${who} is not to be reached and is not in your contact list; \`add ${who}\` asks them into it`
        : `${who} is offline. Nudge again when they are back`;
    case "contact-refused":
      return context.because === "blocked"
        ? `you have blocked ${who}; \`unblock ${who}\` takes that back`
        : `${who} takes nothing from you`;
    case "group-gone":
      return "nobody of this group can be reached now. Nudge again when somebody is there";
    case "signed-out":
      return "your MSN account is signed out here. Say `resume` to the bridge bot, then nudge again";
    case "elsewhere":
      return "your MSN account signed in somewhere else, and that ended the bridge's sign-in. Say `resume` to the bridge bot, then nudge again";
    case "bad-password":
      return `${context.network ?? "the MSN network"} refused the password of ${who}. Say \`link\` to the bridge bot and enter it again`;
    case "relay-away":
      return `${who}, which speaks here for those without an account, ${context.detail ?? "is not signed in"}. It is not yours to mend: ask ${context.whom ?? "its owner"}, who has set it. Nudge again when it is back`;
    case "network-down":
      return `${context.network ?? "the MSN network"} cannot be reached right now. Nudge again when it is back`;
    case "rate-limited":
      return `${context.network ?? "the MSN network"} asks to go slower. Nudge again in a minute`;
    case "send-uncertain":
      return "the network has not confirmed it; it may have arrived all the same";
    case "send-failed":
      return context.detail ?? "the MSN server refused it";
    case "internal":
      return "something went wrong inside the bridge. The operator can see it in the log";
    default:
      return undefined;
  }
}

/** For whoever was too early by so many ms. */
export function tooEarly(leftMs: number): string {
  return `MSN takes one nudge in ${NUDGE_PAUSE_MS / 1000} seconds. Nudge again in ${Math.max(1, Math.ceil(leftMs / 1000))} s.`;
}
