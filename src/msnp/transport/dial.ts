import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type SecureContext, type TLSSocket } from "node:tls";
import { describeError } from "../errors.ts";
import { ConnectionError } from "./connection-error.ts";
import { type ProxyServer, passThrough } from "./proxy.ts";
import { afterRunning } from "./running-time.ts";

/** How a server proves who it is. */
export interface TlsOptions {
  /** Name in the certificate; default the host. */
  readonly serverName?: string;
  /** Certificate authorities in PEM that are trusted in place of the usual ones. */
  readonly ca?: string;
  /** False: any certificate will do; for a server of one's own on a network of one's own. */
  readonly rejectUnauthorized?: boolean;
}

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** ms until everything must stand: the connection, the proxy's, and TLS. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  readonly proxy?: ProxyServer | undefined;
  /** Present: TLS is spoken. */
  readonly tls?: (TlsOptions & { readonly context?: SecureContext | undefined }) | undefined;
}

/**
 * Connects to a host, through a proxy and with TLS if so wanted. The socket has a listener that swallows errors.
 * Rejects with ConnectionError, `protocol` for a certificate that is not accepted, and leaves no socket behind.
 */
export async function dial(options: DialOptions): Promise<Socket> {
  const { host, port, timeout, signal, proxy, tls } = options;
  if (signal?.aborted) throw calledOff();
  const end = new AbortController();
  const callOff = afterRunning(timeout, () =>
    end.abort(new ConnectionError("timeout", `${host}:${port} did not answer within ${timeout} ms`)),
  );
  const onAbort = (): void => end.abort(calledOff());
  signal?.addEventListener("abort", onAbort);
  const socket = connect({ host: proxy?.host ?? host, port: proxy?.port ?? port, noDelay: true });
  socket.on("error", ignore);
  try {
    await connected(socket, options, end.signal);
    if (proxy !== undefined) await passThrough(socket, proxy, { host, port }, end.signal);
    return tls === undefined ? socket : await secure(socket, options, tls, end.signal);
  } catch (error) {
    socket.destroy();
    if (end.signal.aborted) throw end.signal.reason;
    throw error;
  } finally {
    callOff();
    signal?.removeEventListener("abort", onAbort);
  }
}

async function connected(socket: Socket, { host, port, proxy }: DialOptions, signal: AbortSignal): Promise<void> {
  try {
    await once(socket, "connect", { signal });
  } catch (error) {
    const whom = proxy === undefined ? `${host}:${port}` : `The proxy ${proxy.host}:${proxy.port}`;
    throw new ConnectionError("unreachable", `${whom} cannot be reached (${describeError(error)})`);
  }
}

async function secure(
  socket: Socket,
  { host, port }: DialOptions,
  tls: NonNullable<DialOptions["tls"]>,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const servername = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  const secured = connectTls({
    socket,
    host: tls.serverName ?? host,
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    ...(servername !== undefined && { servername }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.context !== undefined && { secureContext: tls.context }),
  });
  secured.on("error", ignore);
  try {
    await once(secured, "secureConnect", { signal });
    return secured;
  } catch (error) {
    secured.destroy();
    const why = describeError(error);
    // Not `unreachable`: whoever falls back from a false certificate to no encryption can be made to.
    if (secured.authorizationError) {
      throw new ConnectionError("protocol", `${host}:${port} shows a certificate that is not accepted (${why})`);
    }
    throw new ConnectionError("unreachable", `${host}:${port} does not speak TLS (${why})`);
  }
}

function calledOff(): ConnectionError {
  return new ConnectionError("aborted", "The connection was called off");
}

function ignore(): void {}
