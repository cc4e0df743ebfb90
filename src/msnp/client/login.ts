import { AUTH_STRATEGIES } from "../auth/index.ts";
import type { AuthContext } from "../auth/types.ts";
import { dialectOf } from "../dialect/table.ts";
import type { Dialect } from "../dialect/types.ts";
import { Connection } from "../transport/connection.ts";
import type { Command } from "../wire/command.ts";
import type { Core, Live } from "./core.ts";
import { SignInError, type SignInStage } from "./errors.ts";
import type { MsnClientOptions } from "./types.ts";

/** Transfers to another notification server during one sign-in (source: msnp-core §1.8). */
const MAX_REDIRECTS = 5;
const DEFAULT_PORT = 1863;

interface Target {
  readonly host: string;
  readonly port: number;
}

/** What happens during a sign-in; `stage` says where it stands. */
export interface LoginProgress {
  stage(stage: SignInStage): void;
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
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const connection = await connect(core, target, progress);
    const outcome = await authenticate(core, connection, progress);
    if ("live" in outcome) return outcome.live;
    connection.destroy();
    progress.connection(undefined);
    target = outcome.redirect ?? ns;
  }
  throw new SignInError("connect", "redirect-loop", "The server passes the connection on in a circle");
}

async function connect(core: Core, target: Target, progress: LoginProgress): Promise<Connection> {
  progress.stage("connect");
  const { options, timeouts } = core;
  const connection = await Connection.open({
    ...target,
    label: "NS",
    owner: core,
    connectTimeout: timeouts.connect,
    requestTimeout: timeouts.request,
    signal: progress.signal,
    trace: options.trace,
    maxPayload: options.maxPayload,
  });
  progress.connection(connection);
  return connection;
}

type Outcome = { readonly live: Live } | { readonly redirect: Target | undefined };

async function authenticate(core: Core, ns: Connection, progress: LoginProgress): Promise<Outcome> {
  progress.stage("version");
  const dialect = await agreeOnDialect(core, ns);
  const handle = spelling(core.options, core.options.handle);
  await ns.request("CVR", [...dialect.clientVersion, handle]);
  const strategy = AUTH_STRATEGIES[dialect.auth];
  const challenge = await ns.request("USR", [strategy.scheme, "I", handle], { accept: ["USR", "XFR"] });
  if (challenge.name === "XFR") return { redirect: transferTarget(challenge) };
  if (challenge.args[2] !== "S") {
    throw new SignInError("login", "protocol", "The server answered the sign-in with something else than a challenge");
  }
  const proof = await strategy.prove(challenge.args.slice(3), authContext(core, dialect, progress));
  progress.stage("login");
  const answer = await ns.request("USR", proof.args, { accept: ["USR", "XFR"] });
  if (answer.name === "XFR") return { redirect: transferTarget(answer) };
  if (answer.args[1] !== "OK") throw new SignInError("login", "protocol", "The server did not confirm the sign-in");
  const confirmed = spelling(core.options, answer.args[2], handle);
  return { live: { ns, dialect, handle: confirmed, ticket: proof.contacts } };
}

/** The given spelling of the account's address when it is that address but for capitals, else `otherwise`. */
function spelling({ email }: MsnClientOptions, given: string | undefined, otherwise: string = email): string {
  return given?.toLowerCase() === email ? given : otherwise;
}

async function agreeOnDialect(core: Core, ns: Connection): Promise<Dialect> {
  const offered = core.options.dialects;
  const answer = await ns.request("VER", [...offered, "CVR0"]);
  const chosen = offered.find((name) => answer.args.slice(1).some((arg) => arg.toUpperCase() === name));
  if (chosen === undefined) {
    throw new SignInError("version", "no-common-dialect", `The server speaks none of ${offered.join(", ")}`);
  }
  return dialectOf(chosen);
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
    http: core.http,
    signal: progress?.signal,
    onStage: progress === undefined ? undefined : (stage) => progress.stage(stage),
  };
}

/** Reads `XFR trid NS host[:port]`; undefined for "start again where you began" (source: msnp-core §1.8). */
export function transferTarget(command: Command): Target | undefined {
  if (command.args[1] !== "NS")
    throw new SignInError("connect", "protocol", "The server passed the connection on to nothing");
  const target = command.args[2];
  if (target === undefined || target === "0") return undefined;
  return parseHostPort(target);
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
