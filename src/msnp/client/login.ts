import { AUTH_STRATEGIES } from "../auth/index.ts";
import { SERVICE_SITES, SITE, type TicketSite } from "../auth/rst-request.ts";
import type { AuthContext, AuthProof, ServiceTickets } from "../auth/types.ts";
import { dialectOf } from "../dialect/table.ts";
import type { Dialect, DialectName } from "../dialect/types.ts";
import type { Connection } from "../transport/connection.ts";
import { ServerError } from "../transport/error-codes.ts";
import { type Command, decodeArg } from "../wire/command.ts";
import { type Core, type Live, updateSelf } from "./core.ts";
import { SignInError, type SignInStage } from "./errors.ts";
import { gatewayAt, type Reached, type Route, reach, type Target } from "./reach.ts";
import { Tickets } from "./tickets.ts";
import type { MsnClientOptions, MsnServices } from "./types.ts";
import { WebServices } from "./web-services.ts";

/** Transfers to another notification server during one sign-in (source: msnp-core §1.8). */
const MAX_REDIRECTS = 5;
const DEFAULT_PORT = 1863;
/** What a first connection says of the transfers so far (source: msnp21 §2.4). */
const FIRST_HOPS = Buffer.from("Version: 1\r\nXfrCount: 1\r\n").toString("base64");

/** What happens during a sign-in; `stage` says where it stands. */
export interface LoginProgress {
  stage(stage: SignInStage): void;
  /** The version is agreed on; challenges may come from now on. */
  dialect(dialect: Dialect): void;
  /** The connection in use, so that it can be given up from outside. */
  connection(connection: Connection | undefined): void;
  readonly signal: AbortSignal;
}

/**
 * Connects, agrees on a dialect and authenticates, following transfers to other servers (source: msnp-core §2, §3).
 * Rejects with the error of the step that failed; the connection in use is the caller's to close.
 */
export async function logIn(core: Core, progress: LoginProgress): Promise<Live> {
  const { ns } = core.options.services;
  let target: Target = ns;
  let knocked = await knock(core, progress, core.options.services.gatewayUrl);
  let route = knocked?.route;
  let hops = FIRST_HOPS;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const reached = await reach(core, progress, target, route, (connection, by) => greet(core, connection, by, hops));
    const outcome = await authenticate(core, reached, progress, hops, knocked?.tickets);
    if ("live" in outcome) return outcome.live;
    reached.connection.destroy();
    progress.connection(undefined);
    const { redirect } = outcome;
    hops = redirect?.hops ?? hops;
    // A gateway is told the first server's name; which one it connects to is its own matter.
    target = redirect === undefined || redirect.byGateway ? ns : redirect;
    if (redirect === undefined) route = knocked?.route;
    else route = redirect.byGateway ? gatewayAt(redirect, reached.route) : reached.route;
    if (knocked === undefined || redirect?.byGateway !== true) continue;
    // A ticket is for one gateway, and shown to no other.
    knocked = await knock(core, progress, route?.gatewayUrl);
    route = knocked?.route;
  }
  throw new SignInError("connect", "redirect-loop", "The server passes the connection on in a circle");
}

/**
 * Versions that show a gateway a ticket before they say anything: the gateway and the ticket. They go by themselves, since
 * no other begins like that (source: msnp21 §7.2). Rejects with SignInError and AuthError.
 */
async function knock(
  core: Core,
  progress: LoginProgress,
  gatewayUrl: string | undefined,
): Promise<{ readonly route: Route; readonly tickets: ServiceTickets } | undefined> {
  const [only, ...others] = offers(core).map(dialectOf);
  const strategy = only === undefined || others.length > 0 ? undefined : AUTH_STRATEGIES[only.auth];
  if (only === undefined || strategy?.knock === undefined) return undefined;
  const { transports = [] } = core.options;
  if (gatewayUrl === undefined || !transports.includes("gateway")) {
    const message = `${only.name} is spoken through an HTTP gateway only, and none is to be used`;
    throw new SignInError("version", "no-common-dialect", message);
  }
  const { tickets, ...opening } = await strategy.knock(gatewayUrl, authContext(core, only, progress));
  return { route: { transport: "gateway", gatewayUrl, opening }, tickets };
}

/** What the server is offered: versions that go by themselves are left out beside others. */
function offers(core: Core): readonly DialectName[] {
  const all = newestFirst(core.options.dialects);
  const common = all.filter((name) => AUTH_STRATEGIES[dialectOf(name).auth].knock === undefined);
  return common.length === 0 ? all : common;
}

type Outcome = { readonly live: Live } | { readonly redirect: Transfer | undefined };

/** What a server has said so far: a version, and the answer to USR where that was sent along. */
interface Greeting {
  readonly dialect: Dialect;
  readonly challenge: Command | undefined;
}

/**
 * The first words. Through a gateway VER, CVR and USR go together where the answers make no difference to them: some
 * gateways insist on it (source: msnp21 §7.1), and all are slow.
 */
async function greet(core: Core, ns: Connection, { transport }: Route, hops: string): Promise<Greeting> {
  const only = transport === "gateway" ? soleGreeting(offers(core)) : undefined;
  if (only === undefined) return { dialect: await agreeOnDialect(core, ns), challenge: undefined };
  const handle = spelling(core.options, core.options.handle);
  const agreed = agreeOnDialect(core, ns);
  const introduced = introduce(ns, only, handle, hops);
  const challenge = askForChallenge(core, ns, only, handle);
  // Who is passed on at once gets no second answer.
  const first = introduced.then((transfer) => transfer ?? challenge);
  challenge.catch(() => undefined);
  const [dialect, answer] = await Promise.all([agreed, first]);
  return { dialect, challenge: answer };
}

/** A dialect for all that are offered, when they all begin alike. */
function soleGreeting(names: readonly DialectName[]): Dialect | undefined {
  const [first, ...others] = newestFirst(names).map(dialectOf);
  if (first === undefined || first.opening.join() !== "CVR") return undefined;
  const word = (dialect: Dialect): string =>
    [dialect.auth, dialect.opening, dialect.accountInVersion, dialect.clientVersion].join(" ");
  return others.every((other) => word(other) === word(first)) ? first : undefined;
}

function askForChallenge(core: Core, ns: Connection, { auth }: Dialect, handle: string): Promise<Command> {
  const { scheme, greeting } = AUTH_STRATEGIES[auth];
  const args = greeting?.(handle, core.options.machineGuid) ?? [scheme, "I", handle];
  return ns.request("USR", args, { accept: ["USR", "XFR"] });
}

async function authenticate(
  core: Core,
  reached: Reached<Greeting>,
  progress: LoginProgress,
  hops: string,
  tickets: ServiceTickets | undefined,
): Promise<Outcome> {
  const { connection: ns } = reached;
  const { dialect } = reached.answer;
  progress.dialect(dialect);
  const handle = spelling(core.options, core.options.handle);
  const strategy = AUTH_STRATEGIES[dialect.auth];
  const challenge =
    reached.answer.challenge ??
    (await introduce(ns, dialect, handle, hops)) ??
    (await askForChallenge(core, ns, dialect, handle));
  if (challenge.name === "XFR") return { redirect: transferTarget(challenge) };
  if (strategy.knock !== undefined) {
    progress.stage("login");
    return { live: welcomed(core, reached, challenge, { args: [], ...(tickets !== undefined && { tickets }) }) };
  }
  if (challenge.args[2] !== "S") {
    throw new SignInError("login", "protocol", "The server answered the sign-in with something else than a challenge");
  }
  const proof = await strategy.prove(challenge.args.slice(3), authContext(core, dialect, progress));
  progress.stage("login");
  const answer = await ns.request("USR", proof.args, { accept: ["USR", "XFR"] }).catch((error: unknown) => {
    if (!(strategy.provesPassword && error instanceof ServerError && error.kind === "auth")) throw error;
    throw new SignInError("login", "bad-password", "The server refused the address or the password", { cause: error });
  });
  if (answer.name === "XFR") return { redirect: transferTarget(answer) };
  return { live: welcomed(core, reached, answer, proof) };
}

/** Reads `USR trid OK account ...`. Throws SignInError for any other answer. */
function welcomed(
  core: Core,
  { connection: ns, route, answer: { dialect } }: Reached<Greeting>,
  answer: Command,
  proof: AuthProof,
): Live {
  if (answer.args[1] !== "OK") {
    const doubt = dialect.isExperimental ? `: what else ${dialect.name} may answer is not known` : "";
    throw new SignInError("login", "protocol", `The server did not confirm the sign-in${doubt}`);
  }
  const handle = spelling(core.options, core.options.handle);
  const confirmed = spelling(core.options, answer.args[2], handle);
  const name = dialect.welcomesByName ? answer.args[3] : undefined;
  if (name !== undefined && name !== "") updateSelf(core, { displayName: decodeArg(name) });
  return { ns, route, dialect, handle: confirmed, web: webServices(core, dialect, proof) };
}

/** The given spelling of the account's address when it is that address but for capitals, else `otherwise`. */
function spelling({ email }: MsnClientOptions, given: string | undefined, otherwise: string = email): string {
  return given?.toLowerCase() === email ? given : otherwise;
}

/** Offers the dialects, newest first, and takes the newest that comes back (source: msnp-core §2.1). */
async function agreeOnDialect(core: Core, ns: Connection): Promise<Dialect> {
  const offered = offers(core);
  const ours = offered.join(" ");
  let answer: Command;
  try {
    answer = await ns.request("VER", [...offered, "CVR0"]);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    const message = `We offered ${ours}; the server refused that with error ${error.status}`;
    throw new SignInError("version", "no-common-dialect", message, { cause: error });
  }
  const answered = answer.args.slice(1).map((arg) => arg.toUpperCase());
  const chosen = offered.find((name) => answered.includes(name));
  if (chosen !== undefined) return dialectOf(chosen);
  const theirs = answered
    .map((name) => name.replace(/[^A-Z0-9]/g, ""))
    .filter((name) => name !== "")
    .slice(0, 24)
    .join(" ");
  throw new SignInError(
    "version",
    "no-common-dialect",
    `There is no protocol version in common: we offered ${ours}, the server answered ${saidNone(theirs) ? "that it speaks none of them" : theirs}`,
  );
}

/** `0` is the name for "none" (source: msnp-core §2.1). */
function saidNone(names: string): boolean {
  return names === "" || names === "0";
}

function newestFirst(names: readonly DialectName[]): DialectName[] {
  return [...new Set(names)].sort((a, b) => dialectOf(b).version - dialectOf(a).version);
}

/** What goes between VER and USR (source: msnp-core §2.3, §2.4). Gives a transfer, if that is the answer. */
async function introduce(ns: Connection, dialect: Dialect, handle: string, hops: string): Promise<Command | undefined> {
  for (const command of dialect.opening) {
    if (command === "CVR") {
      const account = dialect.accountInVersion ? [handle, ...(dialect.hops ? [hops] : [])] : [];
      const answer = await ns.request("CVR", [...dialect.clientVersion, ...account], { accept: ["CVR", "XFR"] });
      if (answer.name === "XFR") return answer;
      continue;
    }
    const answer = await ns.request("INF", []);
    const packages = answer.args.slice(1).flatMap((arg) => arg.toUpperCase().split(","));
    if (!packages.includes(AUTH_STRATEGIES[dialect.auth].scheme)) {
      throw new SignInError("version", "protocol", "The server knows no way to sign in that this version has");
    }
  }
  return undefined;
}

function webServices(core: Core, dialect: Dialect, proof: AuthProof): WebServices {
  const { renew } = AUTH_STRATEGIES[dialect.auth];
  const tickets = new Tickets(proof.tickets, renew && ((site) => renew(site, authContext(core, dialect))));
  return new WebServices(core.http, core.options.services, tickets);
}

/** The web services that are set up, for which tickets are wanted. */
function sitesOf({ oimFetchUrl, oimStoreUrl, storageUrl }: MsnServices): readonly TicketSite[] {
  const isThere: Readonly<Record<string, boolean>> = {
    [SITE.messenger]: oimFetchUrl !== undefined,
    [SITE.messengerSecure]: oimStoreUrl !== undefined,
    [SITE.storage]: storageUrl !== undefined,
  };
  return SERVICE_SITES.filter(({ address }) => isThere[address] ?? true);
}

/** What a strategy needs; also used to renew a ticket later. */
export function authContext(core: Core, dialect: Dialect, progress?: LoginProgress): AuthContext {
  const { email, password, machineGuid, services } = core.options;
  return {
    dialect,
    email,
    password,
    machineGuid,
    nexusUrl: services.nexusUrl,
    rstUrl: services.rstUrl,
    rst2Url: services.rst2Url,
    sites: sitesOf(services),
    http: core.http,
    signal: progress?.signal,
    onStage: progress === undefined ? undefined : (stage) => progress.stage(stage),
  };
}

/** Where a sign-in goes on: at another server, or through another gateway. */
interface Transfer extends Target {
  readonly byGateway: boolean;
  /** To be said to the next server, where the dialect says such things. */
  readonly hops: string | undefined;
}

/**
 * Reads `XFR trid NS host[:port] [U|G ...]`; undefined for "start again where you began" (source: msnp-core §1.8,
 * msnp21 §2.4).
 */
export function transferTarget(command: Command): Transfer | undefined {
  if (command.args[1] !== "NS")
    throw new SignInError("connect", "protocol", "The server passed the connection on to nothing");
  const target = command.args[2];
  if (target === undefined || target === "0") return undefined;
  return { ...parseHostPort(target), byGateway: command.args[3] === "G", hops: command.args[5] };
}

/** Reads `host[:port]`. Throws SignInError `protocol`. */
export function parseHostPort(text: string): Target {
  const colon = text.lastIndexOf(":");
  const host = colon < 0 ? text : text.slice(0, colon);
  const port = colon < 0 ? DEFAULT_PORT : Number(text.slice(colon + 1));
  if (host === "" || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw new SignInError("connect", "protocol", "The server named an address that is none");
  }
  return { host, port };
}
