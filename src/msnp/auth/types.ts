import type { Email, MachineGuid } from "../address.ts";
import type { Dialect } from "../dialect/types.ts";
import { MsnpError } from "../errors.ts";
import { type HttpClient, HttpError } from "../transport/http.ts";
import type { TicketSite } from "./rst-request.ts";

export type AuthStage = "auth-host" | "ticket";
export type AuthErrorCode =
  | "bad-password"
  | "unreachable"
  | "timeout"
  | "protocol"
  | "server-busy"
  | "refused"
  | "aborted"
  | "redirect-loop";

/** Getting a ticket failed. The text names hosts, never credentials. */
export class AuthError extends MsnpError {
  declare readonly code: AuthErrorCode;
  readonly stage: AuthStage;

  constructor(stage: AuthStage, code: AuthErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.stage = stage;
  }
}

/** Runs a step against a login server and names the stage in what it throws. */
export async function atStage<T>(stage: AuthStage, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const code = error.code === "too-large" ? "protocol" : error.code;
    throw new AuthError(stage, code, error.message, { cause: error });
  }
}

/** What a strategy needs to know of the account and the network. */
export interface AuthContext {
  readonly dialect: Dialect;
  readonly email: Email;
  readonly password: () => string;
  readonly machineGuid: MachineGuid;
  readonly nexusUrl: string;
  readonly rstUrl: string;
  readonly rst2Url?: string | undefined;
  /** Web services that a ticket is wanted for; default all. A server may refuse all for one it does not know. */
  readonly sites?: readonly TicketSite[];
  readonly http: HttpClient;
  readonly signal?: AbortSignal | undefined;
  readonly onStage?: ((stage: AuthStage) => void) | undefined;
}

/** A ticket for one web service. */
export interface ServiceTicket {
  /** Sealed by the caller; `t=...&p=...` as the service wants it. */
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Tickets by the address of their service in lower case, as in `SITE`. */
export type ServiceTickets = ReadonlyMap<string, ServiceTicket>;

export interface AuthProof {
  /** Arguments of the final USR after `trid`. */
  readonly args: readonly string[];
  /** For the web services; absent where the way to sign in gives none. */
  readonly tickets?: ServiceTickets;
}

/** What a gateway is shown before the first command. */
export interface AuthKnock {
  /** Further parameters of the request that opens the session. */
  readonly query: string;
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tickets: ServiceTickets;
}

/** One way to sign in. */
export interface AuthStrategy {
  /** First argument of USR. */
  readonly scheme: "TWN" | "SSO" | "MD5" | "WEB";
  /** Whether the password itself is proven to the chat server, so that a refusal there means that it is wrong. */
  readonly provesPassword?: boolean;
  /** For a way that needs an HTTP gateway and shows it a ticket; `USR` is answered with OK then. Throws AuthError. */
  knock?(gatewayUrl: string, context: AuthContext): Promise<AuthKnock>;
  /** Arguments of the first USR after `trid`, where they are not scheme, `I` and account. */
  greeting?(handle: string, machineGuid: MachineGuid): readonly string[];
  /** Answers `USR trid scheme S <challenge...>`. Throws AuthError. */
  prove(challenge: readonly string[], context: AuthContext): Promise<AuthProof>;
  /** A new ticket for a web service when the old one has run out; absent where none can be asked for. Throws AuthError. */
  renew?(site: TicketSite, context: AuthContext): Promise<ServiceTicket | undefined>;
}
