import { AuthError } from "../auth/types.ts";
import { describeError, MsnpError } from "../errors.ts";
import { SoapError } from "../soap/service.ts";
import { ConnectionError } from "../transport/connection.ts";
import { ServerError } from "../transport/error-codes.ts";
import { HttpError } from "../transport/http.ts";

export type RosterErrorCode =
  | "no-such-contact"
  | "already-there"
  | "list-full"
  | "no-such-group"
  | "group-exists"
  | "not-supported"
  | "rate-limited"
  | "refused"
  | "closed"
  | "timeout";

/** A change of the contact list was not made. The text is for the account's owner. */
export class RosterError extends MsnpError {
  declare readonly code: RosterErrorCode;

  constructor(code: RosterErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Any failure of a change as a RosterError. */
export function toRosterError(error: unknown): RosterError {
  if (error instanceof RosterError) return error;
  const cause = { cause: error };
  if (error instanceof ServerError) return new RosterError(serverCode(error), serverText(error), cause);
  if (error instanceof SoapError && error.fault !== undefined) {
    return new RosterError(faultCode(error.fault), FAULT_TEXTS[error.fault] ?? describeError(error), cause);
  }
  if (error instanceof ConnectionError || error instanceof HttpError || error instanceof AuthError) {
    return new RosterError(transportCode(error.code), describeError(error), cause);
  }
  return new RosterError("refused", describeError(error), cause);
}

/** What error lines mean for lists (source: msnp-core §1.9, §5.3, §5.4). */
const BY_STATUS: Readonly<Record<number, RosterErrorCode>> = {
  201: "no-such-contact",
  205: "no-such-contact",
  208: "no-such-contact",
  210: "list-full",
  215: "already-there",
  216: "no-such-contact",
  223: "list-full",
  224: "no-such-group",
  225: "no-such-contact",
  228: "group-exists",
  231: "no-such-group",
  502: "not-supported",
};

function serverCode(error: ServerError): RosterErrorCode {
  return BY_STATUS[error.status] ?? (error.kind === "rate" ? "rate-limited" : "refused");
}

function serverText(error: ServerError): string {
  switch (error.status) {
    case 201:
    case 205:
    case 208:
      return "The network knows nobody of that address";
    case 210:
      return "The contact list is full";
    case 223:
      return "There are as many groups as the network allows";
    default:
      return error.message;
  }
}

const NOBODY = "The network knows nobody of that address";
const FAULT_TEXTS: Readonly<Record<string, string>> = {
  InvalidPassportUser: NOBODY,
  UserDoesNotExist: NOBODY,
  BadEmailArgument: NOBODY,
  ContactDoesNotExist: "There is no such contact any more",
  MemberDoesNotExist: "There is no such contact any more",
  GroupAlreadyExists: "There is a group of that name already, or the name is one the network keeps for itself",
  BadArgumentLength: "The name is too long for this network",
  QuotaLimitReached: "The contact list is full",
  Throttled: "The network takes no more changes just now: try again in a while",
};

/** Faults of the address book and of memberships (source: msnp-chat §5.7). */
function faultCode(fault: string): RosterErrorCode {
  switch (fault) {
    case "ContactAlreadyExists":
    case "MemberAlreadyExists":
      return "already-there";
    case "GroupAlreadyExists":
      return "group-exists";
    case "GroupDoesNotExist":
      return "no-such-group";
    case "ContactDoesNotExist":
    case "MemberDoesNotExist":
    case "InvalidPassportUser":
    case "UserDoesNotExist":
    case "BadEmailArgument":
      return "no-such-contact";
    case "QuotaLimitReached":
      return "list-full";
    case "Throttled":
      return "rate-limited";
    default:
      return "refused";
  }
}

function transportCode(code: string): RosterErrorCode {
  if (code === "timeout") return "timeout";
  return code === "closed" || code === "unreachable" || code === "aborted" ? "closed" : "refused";
}
