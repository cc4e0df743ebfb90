/**
 * Nudges on Matrix, which knows none: a message that every client shows, with a mention of the person, so that it rings
 * (push rule `.m.rule.is_user_mention`), and a field of the bridge's own by which it is known. Pure.
 */
import { oneLine } from "../../bridge/plain.ts";

/** Set to true in the content of a nudge, in both directions. */
export const NUDGE = "msnbridge.nudge";

const LONGEST_NAME = 60;

export interface NudgeContent {
  readonly msgtype: "m.text" | "m.notice";
  readonly body: string;
  readonly [NUDGE]: true;
  readonly "m.mentions": { readonly user_ids?: readonly string[] };
}

/**
 * A nudge of a contact. `rings`: whom it rings; absent: nobody, because they have been rung just now. Then it is a notice,
 * which clients show without a sound in a chat of two, too.
 */
export function nudgeContent(name: string, rings: string | undefined): NudgeContent {
  const body = `👋 ${oneLine(name, LONGEST_NAME) || "Somebody"} sent you a nudge`;
  if (rings === undefined) return { msgtype: "m.notice", body, [NUDGE]: true, "m.mentions": {} };
  return { msgtype: "m.text", body, [NUDGE]: true, "m.mentions": { user_ids: [rings] } };
}

/** `/me nudges`, for clients that cannot set fields. With anybody's name behind it, it is no more than words. */
const ACTION = /^(?:nudges?|sends? (?:you )?a nudge)(?: you)?\s*[.!]*$/i;

/** Whether a message is a nudge. */
export function isNudge({ msgtype, body, [NUDGE]: field }: Readonly<Record<string, unknown>>): boolean {
  if (field === true) return true;
  return msgtype === "m.emote" && typeof body === "string" && body.length < 60 && ACTION.test(body.trim());
}

/** So long nobody is rung again by the same contact, ms. */
export const RING_MS = 10_000;
