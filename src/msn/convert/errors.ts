import type { ErrorCode, ErrorContext } from "../../bridge/errors.ts";
import { BridgeError } from "../../bridge/errors.ts";
import type { ClosedReason } from "../../bridge/ports/network.ts";
import type { CloseReason, RosterErrorCode, SendCode, SignInCode } from "../../msnp/index.ts";
import { describeError, MsnpError, RosterError, SendError, SignInError, toRosterError } from "../../msnp/index.ts";

const SIGN_IN: Readonly<Record<SignInCode, ErrorCode>> = {
  "bad-password": "bad-password",
  "ticket-refused": "sign-in-failed",
  "account-restricted": "sign-in-failed",
  "wrong-server": "sign-in-failed",
  unreachable: "sign-in-failed",
  timeout: "sign-in-failed",
  closed: "sign-in-failed",
  protocol: "sign-in-failed",
  "server-busy": "sign-in-failed",
  "no-common-dialect": "sign-in-failed",
  "redirect-loop": "sign-in-failed",
  refused: "sign-in-failed",
  elsewhere: "sign-in-failed",
  aborted: "sign-in-failed",
  "already-signed-in": "internal",
};

/** A failed sign-in as an error of the catalogue. */
export function signInError(error: unknown, context: Pick<ErrorContext, "address" | "network">): BridgeError {
  if (error instanceof BridgeError) return error;
  if (!(error instanceof SignInError)) {
    return new BridgeError("internal", { ...context, detail: describeError(error) }, { cause: error });
  }
  return new BridgeError(
    SIGN_IN[error.code],
    { ...context, stage: error.stage, detail: error.message },
    { cause: error },
  );
}

const SEND: Readonly<Record<SendCode, ErrorCode>> = {
  "peer-offline": "contact-offline",
  "no-answer": "contact-offline",
  refused: "contact-refused",
  timeout: "send-failed",
  closed: "network-down",
  "too-long": "send-failed",
  "rate-limited": "rate-limited",
  "server-busy": "rate-limited",
  "not-supported": "unsupported",
  protocol: "send-failed",
};

/** A message that did not go as an error of the catalogue. What may have arrived is never sent again by itself. */
export function sendError(error: unknown, context: Pick<ErrorContext, "address" | "network">): BridgeError {
  if (!(error instanceof SendError)) {
    return new BridgeError("internal", { ...context, detail: describeError(error) }, { cause: error });
  }
  const detail = error.message;
  if (error.certainty === "maybe-sent" || error.partsSent > 0) {
    return new BridgeError("send-uncertain", { ...context, detail, parts: error.partsSent }, { cause: error });
  }
  return new BridgeError(SEND[error.code], { ...context, detail }, { cause: error });
}

/**
 * Words for a group that did not go as an error of the catalogue. `isSignedIn`: then it is the group that is out of reach,
 * not the network.
 */
export function groupSendError(
  error: unknown,
  isSignedIn: boolean,
  context: Pick<ErrorContext, "network">,
): BridgeError {
  if (error instanceof BridgeError) return error;
  const mapped = sendError(error, context);
  const { code } = mapped;
  // Also one that is called together in vain: of whom exactly is not for the reader.
  const isGone = code === "contact-offline" || (code === "network-down" && isSignedIn);
  if (isGone) return new BridgeError("group-gone", context, { cause: error });
  if (code !== "contact-refused") return mapped;
  return new BridgeError("send-failed", mapped.context, { cause: error });
}

const CIRCLE: Readonly<Record<string, ErrorCode>> = {
  "not-supported": "not-offered",
  "no-such-circle": "group-gone",
  "not-signed-in": "network-down",
};

/** Something about a circle that was not done as an error of the catalogue. */
export function circleError(error: unknown, context: Pick<ErrorContext, "network">): BridgeError {
  if (error instanceof BridgeError) return error;
  const code = (error instanceof MsnpError && CIRCLE[error.code]) || "group-refused";
  // Whoever is asked into a circle becomes a contact first.
  const isNobody = toRosterError(error).code === "no-such-contact";
  const refusal = isNobody ? "MSN knows nobody of that address" : `MSN refused it (${describeError(error)})`;
  const detail = code === "group-refused" ? refusal : describeError(error);
  return new BridgeError(code, { ...context, detail }, { cause: error });
}

const ROSTER: Readonly<Record<RosterErrorCode, ErrorCode>> = {
  "no-such-contact": "contact-unknown",
  "already-there": "contact-known",
  "list-full": "list-full",
  "no-such-group": "group-unknown",
  "group-exists": "group-known",
  "not-supported": "not-offered",
  "rate-limited": "change-refused",
  refused: "change-refused",
  closed: "change-refused",
  timeout: "change-refused",
};

/** A change of the contact list that was not made as an error of the catalogue. */
export function rosterError(error: unknown, context: Pick<ErrorContext, "address" | "network">): BridgeError {
  if (!(error instanceof RosterError)) {
    return new BridgeError("internal", { ...context, detail: describeError(error) }, { cause: error });
  }
  return new BridgeError(ROSTER[error.code], { ...context, detail: error.message }, { cause: error });
}

/** A place that could not be signed out as an error of the catalogue. */
export function deviceError(error: unknown, context: Pick<ErrorContext, "network">): BridgeError {
  const code = error instanceof MsnpError && error.code === "not-supported" ? "not-offered" : "change-refused";
  return new BridgeError(code, { ...context, detail: describeError(error) }, { cause: error });
}

/** Why a session ended, for the puppet. */
export function closedReason(reason: CloseReason): ClosedReason {
  return {
    kind: reason.kind === "elsewhere" ? "elsewhere" : "lost",
    detail: reason.detail,
    ...(reason.retryAfterMs === undefined ? {} : { retryAfterMs: reason.retryAfterMs }),
  };
}
