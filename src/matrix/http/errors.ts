/** What a homeserver answers when it says no, and what that means to the bridge. */
import { BridgeError } from "../../bridge/errors.ts";

/** A refusal of the homeserver: any answer that is not 2xx. */
export class MatrixRefusal extends Error {
  override readonly name = "MatrixRefusal";
  readonly status: number;
  readonly errcode: string;
  readonly retryAfterMs: number | undefined;

  constructor(call: string, status: number, errcode: string, error: string, retryAfterMs?: number) {
    super(`${call}: ${status} ${errcode} ${error}`.trim());
    this.status = status;
    this.errcode = errcode;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The homeserver gave no answer in time, or the connection broke. */
export class HomeserverSilent extends Error {
  override readonly name = "HomeserverSilent";
}

/** Codes by which a homeserver says: come back later, nothing is wrong with the request. */
const TOKEN_CODES = new Set(["M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"]);

/** A pause for `429` without `retry_after_ms`. */
const DEFAULT_RETRY_MS = 1000;

/**
 * - no answer, 5xx, a proxy's HTML page: `home-down`, the lane holds
 * - 429: `home-busy` with the pause that was asked for
 * - our own token refused: `home-down` too; an operator must mend it, and nothing may be lost meanwhile
 * - anything else: `home-refused`
 */
export function toBridgeError(error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  if (error instanceof MatrixRefusal) {
    if (error.status === 429 || error.errcode === "M_LIMIT_EXCEEDED") {
      return new BridgeError(
        "home-busy",
        { detail: error.message },
        { cause: error, retryAfterMs: error.retryAfterMs ?? DEFAULT_RETRY_MS },
      );
    }
    const down = error.status >= 500 || error.errcode === "" || TOKEN_CODES.has(error.errcode);
    return new BridgeError(down ? "home-down" : "home-refused", { detail: error.message }, { cause: error });
  }
  if (error instanceof HomeserverSilent)
    return new BridgeError("home-down", { detail: error.message }, { cause: error });
  return new BridgeError(
    "internal",
    { detail: error instanceof Error ? error.message : String(error) },
    { cause: error },
  );
}

export function isRefusal(error: unknown, ...errcodes: string[]): error is MatrixRefusal {
  return error instanceof MatrixRefusal && (errcodes.length === 0 || errcodes.includes(error.errcode));
}

/** Whether somebody is not let into a room, or there is none; a room that nobody is in any more is answered with `M_UNKNOWN`. */
export function isNoWayIn(error: unknown): error is MatrixRefusal {
  if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) return true;
  return isRefusal(error, "M_UNKNOWN") && error.message.startsWith("join:");
}

/** Runs what the homeserver is asked; its refusals become errors of the catalogue. */
export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toBridgeError(error);
  }
}
