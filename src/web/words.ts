/** What the link page says about stages and failures. */
import type { BridgeError } from "../bridge/errors.ts";

/** Stages of a sign-in in people's words; a stage that is not here is shown by its own name. */
const STAGES: Readonly<Record<string, string>> = {
  connect: "Connecting to the server",
  version: "Agreeing on a protocol version",
  "auth-host": "Finding the sign-in service",
  ticket: "Checking address and password",
  login: "Signing in",
  lists: "Fetching your contacts",
  presence: "Going online",
};

export function stageWords(stage: string): string {
  return STAGES[stage] ?? stage;
}

/** Catalogue texts mark commands with backquotes; a page shows them in quotation marks. */
export function readable(text: string): string {
  return text.replaceAll(/`([^`]+)`/g, "“$1”");
}

export function triesLeft(left: number): string {
  return left === 1 ? "One try is left on this page." : `${left} tries are left on this page.`;
}

export interface FailureWords {
  readonly title: string;
  readonly text: string;
}

/**
 * A failed try in words for this page, where one may try again at once; the catalogue's own words are for the chat.
 * `left`: tries that remain on this page.
 */
export function failureWords(
  error: BridgeError,
  network: string,
  stage: string | undefined,
  left: number,
): FailureWords {
  const tries = triesLeft(left);
  switch (error.code) {
    case "bad-password":
      return {
        title: "Address or password not accepted",
        text: `${network} did not accept this address and password. Check both. ${tries}`,
      };
    case "sign-in-failed": {
      const where = stageWords(error.context.stage ?? stage ?? "connect");
      const why = error.context.detail === undefined ? "" : ` (${error.context.detail})`;
      return {
        title: `Stopped at: ${where}`,
        text: `${network} could not be signed in to: the stage “${where}” failed${why}. Your password is not the reason. Try again in a few minutes. ${tries}`,
      };
    }
    default:
      return { title: "That did not work", text: readable(error.person) };
  }
}

export const EXPIRED: FailureWords = {
  title: "This link no longer works",
  text: "It has expired, was used already, or never existed. Say “link” to the bridge bot in your chat for a new one.",
};

export const TOO_MANY_TRIES: FailureWords = {
  title: "Too many tries",
  text: "For your safety this page is closed now. Say “link” to the bridge bot in your chat for a new one.",
};

export const CROSS_SITE: FailureWords = {
  title: "Please load this page again",
  text: "The form did not come from this page, or its cookie is gone. Open the link again from your chat and allow cookies for it.",
};

export const SLOW_DOWN: FailureWords = { title: "Too many requests", text: "Wait a minute and load this page again." };
