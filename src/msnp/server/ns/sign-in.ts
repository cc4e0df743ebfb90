import type { Request } from "../connection.ts";
import type { ServerDialect, WelcomeField } from "../dialects/types.ts";
import { bareGuid, isUuid } from "../ids.ts";
import type { LineArg } from "../line.ts";
import type { Account } from "../state/account.ts";
import { argument } from "./args.ts";
import type { NsFront } from "./front.ts";
import { showCircle } from "./late/circle-views.ts";
import { LateSession } from "./late/session.ts";
import { LOGINS } from "./logins.ts";
import { profileMessage } from "./payloads.ts";
import { NsSession } from "./session.ts";

type SignInCommand = (front: NsFront, request: Request) => void;

/** Commands that make sense before sign-in; some may be sent afterwards as well (source: msnp-core §2, §3). */
export const SIGN_IN_COMMANDS: ReadonlyMap<string, SignInCommand> = new Map([
  ["VER", chooseVersion],
  ["CVR", clientVersion],
  ["INF", packages],
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

/** Which ways to sign in there are; of use while there was only one (source: msnp-core §2.3). */
function packages({ dialect, connection }: NsFront, request: Request): void {
  if (request.args.length !== 1) throw new Error("INF takes a transaction id and nothing else");
  if (dialect === undefined || dialect.login === "MD5") connection.send("INF", argument(request, 0), "MD5");
  else connection.close();
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
    if (!Object.hasOwn(LOGINS, kind)) front.connection.send(911, trid);
    front.connection.close();
  } else if (session !== undefined) {
    front.connection.send(dialect.repeatedLogin, trid);
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
  if (!email.includes("@")) {
    refuse(front, trid);
    return;
  }
  front.claimed = email;
  front.connection.claims = email;
  LOGINS[dialect.login].challenge(front, dialect, trid, email);
}

function finish(front: NsFront, dialect: ServerDialect, trid: string, args: readonly string[]): void {
  const { connection, hub, claimed } = front;
  if (claimed === undefined) throw new Error("USR S before USR I");
  const proven = LOGINS[dialect.login].check(front, dialect, claimed, args);
  const guidText = args[2];
  if (proven !== undefined && dialect.endpoints && guidText === undefined) {
    throw new Error("USR S without a machine GUID");
  }
  if (proven === undefined || (dialect.endpoints && !isUuid(guidText ?? ""))) {
    refuse(front, trid);
    return;
  }
  const { account, ticket } = proven;
  const guid = dialect.endpoints ? bareGuid(guidText ?? "") : undefined;
  for (const other of [...account.sessions]) {
    if (guid === undefined || !other.dialect.endpoints || other.endpoint.guid === guid) other.kick("OTH");
  }
  if (account.sessions.length >= hub.limits.maxEndpoints) {
    connection.send(734, trid);
    connection.close();
    return;
  }
  const Session = dialect.multipart ? LateSession : NsSession;
  front.session = new Session({ account, dialect, connection, hub, ticket, guid });
  connection.signedIn();
  front.session.begin();
  welcome(front.session, trid);
}

/** The values of what may stand in `USR .. OK`: nobody here is unverified or restricted (source: msnp-core §3.8). */
const WELCOME: Readonly<Record<WelcomeField, (account: Account) => LineArg>> = {
  name: (account) => account.displayName,
  verified: () => 1,
  restricted: () => 0,
};

/** What follows a good ticket, unasked (source: msnp-core §3.8). */
function welcome(session: NsSession, trid: string): void {
  const { account, dialect, hub, connection } = session;
  session.send("USR", trid, "OK", account.email, ...dialect.welcome.map((field) => WELCOME[field](account)));
  if (dialect.mobileCredit) session.send("SBS", 0, "null");
  session.welcome(
    profileMessage({
      account,
      ticket: session.ticket,
      endpoints: dialect.endpoints,
      remote: connection.remote,
      now: hub.now(),
    }),
  );
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
  session.circles.authenticated = given === expected;
  if (!session.circles.authenticated) {
    connection.send(911, trid);
    return;
  }
  connection.send("USR", trid, "OK", session.account.email, 0, 0);
  for (const circle of session.circles.takeFresh()) showCircle(session, circle);
}
