/** Asking a homeserver for much: what it is too busy for is asked again, with pauses. */
import { pause } from "../../bridge/waiting.ts";
import { HomeserverSilent, isRefusal, MatrixRefusal } from "../http/errors.ts";

/** Tries of one request. */
const TRIES = 5;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Asks until there is an answer; `undefined`: the homeserver does not let us see it, or there is nothing.
 * @throws MatrixRefusal, HomeserverSilent when it does not answer, or says something else.
 */
export async function asked<T>(ask: () => Promise<T>): Promise<T | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN", "M_GUEST_ACCESS_FORBIDDEN")) return undefined;
      if (tries === TRIES || !isPassing(error)) throw error;
      const given = error instanceof MatrixRefusal ? error.retryAfterMs : undefined;
      await pause(Math.min(given ?? FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS));
    }
  }
}

/** Whether the homeserver may answer otherwise in a while. */
export function isPassing(error: unknown): boolean {
  if (error instanceof HomeserverSilent) return true;
  return error instanceof MatrixRefusal && (error.status >= 500 || error.status === 429 || error.errcode === "");
}
