import { asBridgeError, BridgeError } from "../../bridge/errors.ts";
import { StanzaRefusal } from "../link/requests.ts";

/** What went wrong with a room or a server, as the core knows it: whether it may pass by itself. */
export function asHomeError(error: unknown): BridgeError {
  if (!(error instanceof StanzaRefusal)) return asBridgeError(error);
  const code = error.passes ? "home-down" : "home-refused";
  return new BridgeError(code, { detail: error.message }, { cause: error });
}
