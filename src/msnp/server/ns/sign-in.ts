import { randomBytes } from "node:crypto";
import { verifyRpsResponse } from "../../auth/rps.ts";
import type { Request } from "../connection.ts";
import type { ServerDialect } from "../dialects/index.ts";
import { bareGuid, isUuid } from "../ids.ts";
import type { Quirks } from "../options.ts";
import type { Account } from "../state/account.ts";
import { argument } from "./args.ts";
import type { NsFront } from "./front.ts";
import { POLICIES, profileMessage } from "./payloads.ts";
import { NsSession } from "./session.ts";

/** Text that the client turns into its Passport request; its parts mean nothing here (source: msnp-core §3.3). */
const TWEENER_CHALLENGE = "ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1";
const SSO_POLICY = "MBI_KEY_OLD";
const TICKET_LENGTH = 20;

type SignInCommand = (front: NsFront, request: Request) => void;

/** Commands that make sense before sign-in; some may be sent afterwards as well (source: msnp-core §2, §3). */
export const SIGN_IN_COMMANDS: ReadonlyMap<string, SignInCommand> = new Map([
  ["VER", chooseVersion],
  ["CVR", clientVersion],
  ["INF", (front: NsFront) => front.connection.close()],
  ["USR", signIn],
  ["OUT", leave],
]);

/** With a transaction id it is another command to Escargot, which nobody knows. */
function leave(front: NsFront, request: Request): void {
  if (request.args.length > 0) throw new Error("OUT takes no arguments");
  front.connection.close();
}

function chooseVersion(front: NsFront, request: Request): void {
  const { connection, hub } = front;
  const [trid, ...offered] = request.args;
  if (trid === undefined || !/^\d+$/.test(trid)) {
    connection.close();
    return;
  }
  if (front.dialect !== undefined) {
    connection.send(715, trid);
    connection.close();
    return;
  }
  const names = new Set(offered.map((name) => name.toUpperCase()));
  front.dialect = hub.dialects.find((dialect) => names.has(dialect.name));
  connection.send("VER", trid, front.dialect?.name ?? 0);
  if (front.dialect === undefined) connection.close();
}

function clientVersion({ connection, hub }: NsFront, request: Request): void {
  const version = argument(request, 6);
  const account = request.args[8];
  if (account !== undefined) connection.claims = account;
  connection.send("CVR", argument(request, 0), version, version, version, hub.httpUrl(), hub.httpUrl());
}

function signIn(front: NsFront, request: Request): void {
  const [trid, kind, stage] = [argument(request, 0), argument(request, 1), argument(request, 2)];
  const { dialect, session } = front;
  if (kind === "SHA") {
    circleSignIn(front, trid, stage, request.args[3]);
  } else if (kind !== dialect?.login) {
    // Packages of other versions end the connection; unheard-of ones are refused first (source: msnp-core §9.3).
    if (!["MD5", "TWN", "SSO"].includes(kind)) front.connection.send(911, trid);
    front.connection.close();
  } else if (session !== undefined) {
    front.connection.send(205, trid);
  } else if (stage === "I") {
    begin(front, dialect, trid, argument(request, 3));
  } else if (stage === "S") {
    finish(front, dialect, trid, request.args.slice(3));
  } else {
    refuse(front, trid);
  }
}

function refuse({ connection }: NsFront, trid: string): void {
  connection.send(911, trid);
  connection.close();
}

function begin(front: NsFront, dialect: ServerDialect, trid: string, email: string): void {
  const { connection } = front;
  if (!email.includes("@")) {
    refuse(front, trid);
    return;
  }
  front.claimed = email;
  connection.claims = email;
  if (dialect.pushesPolicies) connection.sendPayload(["GCF", 0], POLICIES);
  if (dialect.login === "TWN") {
    connection.send("USR", trid, "TWN", "S", TWEENER_CHALLENGE);
  } else {
    front.nonce = randomBytes(48).toString("base64");
    connection.send("USR", trid, "SSO", "S", SSO_POLICY, front.nonce);
  }
}

function finish(front: NsFront, dialect: ServerDialect, trid: string, args: readonly string[]): void {
  const { connection, hub, claimed } = front;
  const [given, response, guidText] = args;
  if (given === undefined || claimed === undefined) throw new Error("USR S without a ticket, or before USR I");
  const token = given.startsWith("t=") ? given.slice(2, 2 + TICKET_LENGTH) : given;
  const ticket = hub.tickets.peek(token);
  if (
    ticket === undefined ||
    !isSpelled(hub.quirks, ticket.account, claimed) ||
    !proofHolds(front, dialect, ticket.secret, response)
  ) {
    refuse(front, trid);
    return;
  }
  if (dialect.endpoints && guidText === undefined) throw new Error("USR S without a machine GUID");
  if (dialect.endpoints && !isUuid(guidText ?? "")) {
    refuse(front, trid);
    return;
  }
  const guid = dialect.endpoints ? bareGuid(guidText ?? "") : undefined;
  const { account } = ticket;
  for (const other of [...account.sessions]) {
    if (guid === undefined || !other.dialect.endpoints || other.endpoint.guid === guid) other.kick("OTH");
  }
  if (account.sessions.length >= hub.limits.maxEndpoints) {
    connection.send(734, trid);
    connection.close();
    return;
  }
  front.session = new NsSession({ account, dialect, connection, hub, ticket: token, guid });
  connection.signedIn();
  front.session.begin();
  welcome(front.session, trid);
}

/** Whether an address is that of the account, as the network compares them. */
export function isSpelled(quirks: Quirks, account: Account, address: string): boolean {
  if (quirks.spelledAddresses) return account.email === address;
  return account.email.toLowerCase() === address.toLowerCase();
}

function proofHolds(
  front: NsFront,
  dialect: ServerDialect,
  secret: string | undefined,
  response: string | undefined,
): boolean {
  if (dialect.login !== "SSO") return true;
  if (response === undefined) return !dialect.proofRequired;
  return secret !== undefined && front.nonce !== undefined && verifyRpsResponse(secret, front.nonce, response);
}

/** What follows a good ticket, unasked (source: msnp-core §3.8). */
function welcome(session: NsSession, trid: string): void {
  const { account, dialect, hub, connection } = session;
  session.send("USR", trid, "OK", account.email, 1, 0);
  session.send("SBS", 0, "null");
  session.message(
    profileMessage({
      account,
      ticket: session.ticket,
      endpoints: dialect.endpoints,
      remote: connection.remote,
      now: hub.now(),
    }),
  );
  if (dialect.endpoints) session.sendPayload(["UBX", ...dialect.address(account.email)], "");
}

/** The ticket for circles; only the newest version has them (source: msnp-core §3.9). */
function circleSignIn(front: NsFront, trid: string, stage: string, given: string | undefined): void {
  const { session, connection } = front;
  if (session === undefined || !session.dialect.circles) {
    connection.close();
    return;
  }
  if (stage !== "A") return;
  const expected = Buffer.from(session.circleTicket).toString("base64");
  if (given === expected) connection.send("USR", trid, "OK", session.account.email, 0, 0);
  else connection.send(911, trid);
}
