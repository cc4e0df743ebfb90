import { MsnpError } from "../errors.ts";

/** What an error means for the one who waits: try later, give up, or mend the request. */
export type ErrorClass = "busy" | "auth" | "account" | "moved" | "offline" | "refused" | "rate" | "request";

interface Meaning {
  readonly text: string;
  readonly kind: ErrorClass;
}

/** Error lines worth telling apart (source: msnp-core §1.9, msnp-chat §1.6). */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  200: { text: "syntax error", kind: "request" },
  201: { text: "invalid parameter", kind: "request" },
  203: { text: "invalid federated user", kind: "request" },
  204: { text: "invalid network id", kind: "request" },
  205: { text: "unknown account", kind: "request" },
  206: { text: "domain name missing", kind: "request" },
  207: { text: "already signed in", kind: "request" },
  208: { text: "unknown or malformed address", kind: "request" },
  209: { text: "this name is not allowed", kind: "refused" },
  210: { text: "the list is full", kind: "refused" },
  213: { text: "invalid rename", kind: "request" },
  215: { text: "already there", kind: "request" },
  216: { text: "not on the list, or blocked", kind: "refused" },
  217: { text: "not online", kind: "offline" },
  218: { text: "already in that mode", kind: "request" },
  219: { text: "on the opposite list", kind: "refused" },
  220: { text: "does not accept pages", kind: "refused" },
  223: { text: "too many groups", kind: "refused" },
  224: { text: "invalid group", kind: "request" },
  225: { text: "not in that group", kind: "request" },
  227: { text: "the group is not empty", kind: "refused" },
  228: { text: "a group of that name exists", kind: "refused" },
  229: { text: "the group name is too long", kind: "request" },
  230: { text: "this group cannot be removed", kind: "refused" },
  231: { text: "no such group", kind: "request" },
  240: { text: "empty domain in a list", kind: "request" },
  241: { text: "malformed list", kind: "request" },
  280: { text: "the switchboard failed", kind: "busy" },
  281: { text: "transfer to a switchboard failed", kind: "busy" },
  282: { text: "malformed or unknown peer-to-peer message", kind: "request" },
  285: { text: "the message is too long", kind: "request" },
  300: { text: "a required field is missing", kind: "request" },
  302: { text: "not signed in", kind: "request" },
  402: { text: "the contact list is unavailable", kind: "busy" },
  403: { text: "contact list error", kind: "busy" },
  420: { text: "the account lacks the permission", kind: "account" },
  500: { text: "internal server error", kind: "busy" },
  501: { text: "database error", kind: "busy" },
  502: { text: "the command is switched off", kind: "request" },
  504: { text: "a service behind the server is down", kind: "busy" },
  508: { text: "error of a partner network", kind: "busy" },
  509: { text: "the message could not be delivered", kind: "refused" },
  511: { text: "the account is banned", kind: "account" },
  540: { text: "the challenge was answered wrongly or too late", kind: "request" },
  600: { text: "the server is busy", kind: "busy" },
  601: { text: "the server is unavailable", kind: "busy" },
  602: { text: "a server behind the server is down", kind: "busy" },
  603: { text: "the database cannot be reached", kind: "busy" },
  604: { text: "the server is going down", kind: "busy" },
  605: { text: "the server is unavailable", kind: "busy" },
  700: { text: "the connection could not be made", kind: "busy" },
  707: { text: "the connection could not be made", kind: "busy" },
  710: { text: "bad client version", kind: "request" },
  711: { text: "the session is restricted", kind: "refused" },
  712: { text: "the session is overloaded", kind: "busy" },
  713: { text: "too many requests", kind: "rate" },
  714: { text: "too many sessions", kind: "rate" },
  715: { text: "not expected now", kind: "request" },
  718: { text: "the account is restricted", kind: "account" },
  734: { text: "signed in at too many places", kind: "refused" },
  800: { text: "changing too rapidly", kind: "rate" },
  801: { text: "the message could not be delivered", kind: "refused" },
  911: { text: "authentication failed", kind: "auth" },
  913: { text: "not allowed while offline or hidden", kind: "refused" },
  917: { text: "authentication failed", kind: "auth" },
  920: { text: "the server accepts nobody new", kind: "busy" },
  923: { text: "the account needs a parent's consent", kind: "account" },
  924: { text: "the account's address is not verified", kind: "account" },
  926: { text: "the account is limited by its manager", kind: "account" },
  927: { text: "the account is suspended", kind: "account" },
  928: { text: "the ticket is bad or the account has moved", kind: "moved" },
  931: { text: "the account is on another server", kind: "moved" },
  933: { text: "invalid circle membership", kind: "request" },
  935: { text: "invalid signature", kind: "request" },
};

const BUSY: Meaning = { text: "the server is too busy or unavailable", kind: "busy" };
const UNKNOWN: Meaning = { text: "an error without a known meaning", kind: "request" };

export function meaningOf(status: number): Meaning {
  return MEANINGS[status] ?? (status >= 910 && status <= 922 ? BUSY : UNKNOWN);
}

/** The server answered a request with an error line. */
export class ServerError extends MsnpError {
  /** The three digits. */
  readonly status: number;
  readonly kind: ErrorClass;

  constructor(status: number, request: string) {
    const { text, kind } = meaningOf(status);
    super(`server-${status}`, `The server answered ${request} with error ${status} (${text})`);
    this.status = status;
    this.kind = kind;
  }
}
