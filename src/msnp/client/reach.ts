import type { TransportKind } from "../transport/channel.ts";
import { Connection, ConnectionError } from "../transport/connection.ts";
import { DEFAULT_GATEWAY_RULES, type GatewayOpening } from "../transport/gateway.ts";
import type { Via } from "../transport/via.ts";
import type { Core } from "./core.ts";
import { SignInError } from "./errors.ts";
import type { LoginProgress } from "./login.ts";

/** How a session's servers are reached: what worked for its notification server is used for its switchboards. */
export interface Route {
  readonly transport: TransportKind;
  /** The gateway to go through, when there is one. */
  readonly gatewayUrl: string | undefined;
  /** What the gateway is shown when the session of the notification server is opened. */
  readonly opening?: GatewayOpening | undefined;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** A notification server that has answered, and how it was reached. */
export interface Reached<T> {
  readonly connection: Connection;
  readonly route: Route;
  readonly answer: T;
}

const DEFAULT_TRANSPORTS: readonly TransportKind[] = ["tcp"];
const GATEWAY_PATH = "/gateway/gateway.dll";

export function viaOf({ options, http }: Core, { transport, gatewayUrl, opening }: Route, service: "NS" | "SB"): Via {
  const rules = { ...DEFAULT_GATEWAY_RULES, ...options.gateway };
  return {
    transport,
    service,
    proxy: options.proxy,
    tls: options.tls,
    gateway:
      gatewayUrl === undefined
        ? undefined
        : { url: gatewayUrl, rules, http, opening: service === "NS" ? opening : undefined },
  };
}

/**
 * Connects by the transport that is known to work, or else by each of the client's in turn until one brings a first
 * answer. Rejects with the error of the only way, a SignInError that names what was tried, or what `greet` rejects with
 * for another reason than the connection's.
 */
export async function reach<T>(
  core: Core,
  progress: LoginProgress,
  target: Target,
  known: Route | undefined,
  greet: (connection: Connection, route: Route) => Promise<T>,
): Promise<Reached<T>> {
  const { services, transports = DEFAULT_TRANSPORTS } = core.options;
  const routes = known === undefined ? transports.map((transport) => routeBy(transport, services.gatewayUrl)) : [known];
  const failures: { readonly transport: TransportKind; readonly error: ConnectionError }[] = [];
  for (const route of routes) {
    try {
      return await attempt(core, progress, target, route, greet);
    } catch (error) {
      if (!(error instanceof ConnectionError) || !isWorthAnother(error) || progress.signal.aborted) throw error;
      if (routes.length === 1) throw error;
      failures.push({ transport: route.transport, error });
    }
  }
  const tried = failures.map(({ transport, error }) => `${transport}: ${error.message}`).join("; ");
  const isSilence = failures.every(({ error }) => error.code === "timeout");
  throw new SignInError("connect", isSilence ? "timeout" : "unreachable", `No way leads to the server. ${tried}`);
}

function routeBy(transport: TransportKind, gatewayUrl: string | undefined): Route {
  return { transport, gatewayUrl };
}

/** A false certificate or a broken protocol is no reason to try with less security. */
function isWorthAnother({ code }: ConnectionError): boolean {
  return code === "unreachable" || code === "timeout" || code === "closed";
}

async function attempt<T>(
  core: Core,
  progress: LoginProgress,
  target: Target,
  route: Route,
  greet: (connection: Connection, route: Route) => Promise<T>,
): Promise<Reached<T>> {
  progress.stage("connect");
  const { options, timeouts } = core;
  const connection = await Connection.open({
    ...target,
    label: "NS",
    owner: core,
    via: viaOf(core, route, "NS"),
    connectTimeout: timeouts.connect,
    requestTimeout: timeouts.request,
    signal: progress.signal,
    trace: options.trace,
    maxPayload: options.maxPayload,
  });
  // Until it has answered, its end is not the end of the sign-in: another transport may be left to try.
  const giveUp = (): void => connection.destroy(new ConnectionError("aborted", "The connection was called off"));
  progress.signal.addEventListener("abort", giveUp);
  try {
    // A gateway is only reached with the first words.
    if (route.transport !== "gateway") progress.stage("version");
    const answer = await greet(connection, route);
    if (route.transport === "gateway") progress.stage("version");
    progress.connection(connection);
    return { connection, route, answer };
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    progress.signal.removeEventListener("abort", giveUp);
  }
}

/**
 * The gateway that `XFR .. NS host:port G` names (source: msnp21 §2.4). Encryption is never lost on the way: it is
 * reached by https when the configured gateway or the connection so far had it.
 */
export function gatewayAt({ host, port }: Target, from: Route): Route {
  const configured = from.gatewayUrl === undefined ? null : URL.parse(from.gatewayUrl);
  const isSecure = configured?.protocol === "https:" || from.transport === "tls" || port === 443;
  const path = configured?.pathname ?? GATEWAY_PATH;
  return { transport: "gateway", gatewayUrl: `${isSecure ? "https" : "http"}://${host}:${port}${path}` };
}

/** How to get to a switchboard; some can be reached through the gateway only (source: msnp-chat §7). */
export function boardRoute(core: Core, route: Route, isBehindGateway: boolean): Route {
  const gatewayUrl = route.gatewayUrl ?? core.options.services.gatewayUrl;
  return isBehindGateway && gatewayUrl !== undefined ? { transport: "gateway", gatewayUrl } : route;
}
