import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { Agent, type buildConnector, fetch as fetchBy } from "undici";
import { dial } from "./dial.ts";
import type { ProxyServer } from "./proxy.ts";

export interface WebFetchOptions {
  readonly proxy?: ProxyServer | undefined;
  /** Certificate authorities in PEM that are trusted besides the usual ones. */
  readonly ca?: string | undefined;
  /** ms until a connection must stand. */
  readonly connectTimeout: number;
}

/** A `fetch` for web services behind a proxy or with authorities of their own. It has its own pool of connections. */
export function webFetch({ proxy, ca, connectTimeout }: WebFetchOptions): typeof fetch {
  const context: SecureContext | undefined =
    ca === undefined ? undefined : createSecureContext({ ca: [...getCACertificates("default"), ca] });
  const connect: buildConnector.connector = ({ hostname, port, protocol, servername }, callback) => {
    const isSecure = protocol === "https:";
    dial({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (isSecure ? 443 : 80) : Number(port),
      timeout: connectTimeout,
      proxy,
      tls: isSecure ? { context, ...(servername !== undefined && { serverName: servername }) } : undefined,
    }).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error instanceof Error ? error : new Error("no connection"), null),
    );
  };
  const dispatcher = new Agent({ connect });
  const proxied = (url: string | URL, init?: object): unknown => fetchBy(url, { ...init, dispatcher });
  // The same functions and classes in another copy; the types of the two do not know of each other.
  return proxied as typeof fetch;
}
