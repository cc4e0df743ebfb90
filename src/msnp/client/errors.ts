import { AuthError } from "../auth/types.ts";
import { describeError, MsnpError } from "../errors.ts";
import { SoapError } from "../soap/service.ts";
import { ConnectionError } from "../transport/connection.ts";
import { ServerError } from "../transport/error-codes.ts";
import { HttpError } from "../transport/http.ts";

/** Steps of a sign-in, in their order. */
export type SignInStage = "connect" | "version" | "auth-host" | "ticket" | "login" | "lists" | "presence";

export type SignInCode =
  | "bad-password"
  | "ticket-refused"
  | "account-restricted"
  | "wrong-server"
  | "unreachable"
  | "timeout"
  | "closed"
  | "protocol"
  | "server-busy"
  | "no-common-dialect"
  | "redirect-loop"
  | "refused"
  | "elsewhere"
  | "aborted"
  | "already-signed-in";

const NEVER: ReadonlySet<SignInCode> = new Set([
  "bad-password",
  "ticket-refused",
  "account-restricted",
  "no-common-dialect",
  "already-signed-in",
]);

/** A sign-in failed at `stage`. `retry` says whether trying again without a change can help. */
export class SignInError extends MsnpError {
  declare readonly code: SignInCode;
  readonly stage: SignInStage;
  readonly retry: "never" | "later";

  constructor(stage: SignInStage, code: SignInCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.stage = stage;
    this.retry = NEVER.has(code) ? "never" : "later";
  }
}

/** Any failure during a sign-in as a SignInError. */
export function toSignInError(stage: SignInStage, error: unknown, isAborted: boolean): SignInError {
  if (error instanceof SignInError) return error;
  if (isAborted) return new SignInError(stage, "aborted", "The sign-in was called off", { cause: error });
  const at = error instanceof AuthError ? error.stage : stage;
  return new SignInError(at, signInCode(error), describeError(error), { cause: error });
}

function signInCode(error: unknown): SignInCode {
  if (error instanceof ServerError) return serverErrorCode(error);
  if (error instanceof AuthError || error instanceof ConnectionError) return error.code;
  if (error instanceof HttpError) return error.code === "too-large" ? "protocol" : error.code;
  if (error instanceof SoapError) return error.code === "fault" ? "refused" : error.code;
  return "protocol";
}

function serverErrorCode(error: ServerError): SignInCode {
  switch (error.kind) {
    case "auth":
      return "ticket-refused";
    case "account":
      return "account-restricted";
    case "moved":
      return "wrong-server";
    case "busy":
    case "rate":
      return "server-busy";
    default:
      return "refused";
  }
}

export type SendCode =
  | "peer-offline"
  | "no-answer"
  | "refused"
  | "timeout"
  | "closed"
  | "too-long"
  | "rate-limited"
  | "server-busy"
  | "not-supported"
  | "protocol";

/** A message did not go, or nobody knows. `partsSent` parts of a long text were acknowledged before. */
export class SendError extends MsnpError {
  declare readonly code: SendCode;
  /** `not-sent`: nobody has read the failed part, it may be sent again. `maybe-sent`: sending again may double it. */
  readonly certainty: "not-sent" | "maybe-sent";
  readonly partsSent: number;

  constructor(
    code: SendCode,
    certainty: "not-sent" | "maybe-sent",
    message: string,
    options?: ErrorOptions & { partsSent?: number },
  ) {
    super(code, message, options);
    this.certainty = certainty;
    this.partsSent = options?.partsSent ?? 0;
  }

  /** The same error for a text of which `partsSent` parts were acknowledged. */
  after(partsSent: number): SendError {
    return new SendError(this.code, this.certainty, this.message, { cause: this.cause, partsSent });
  }
}

/** A failure before anything was handed to a switchboard as a SendError. */
export function toSendError(error: unknown): SendError {
  if (error instanceof SendError) return error;
  return new SendError(sendCode(error), "not-sent", describeError(error), { cause: error });
}

function sendCode(error: unknown): SendCode {
  if (error instanceof ConnectionError) {
    if (error.code === "timeout" || error.code === "protocol") return error.code;
    return error.code === "unreachable" ? "server-busy" : "closed";
  }
  if (!(error instanceof ServerError)) return "protocol";
  switch (error.kind) {
    case "offline":
      return "peer-offline";
    case "rate":
      return "rate-limited";
    case "busy":
    case "moved":
      return "server-busy";
    default:
      return "refused";
  }
}
