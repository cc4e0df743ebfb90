import { request } from "node:http";
import type { Socket } from "node:net";
import { SocksClient } from "socks";
import { describeError, MsnpError } from "../errors.ts";
import { ConnectionError } from "./connection-error.ts";

/** A server that makes connections on behalf of others. Names are looked up by it, not here. */
export interface ProxyServer {
  /** `http`: the method CONNECT. */
  readonly kind: "socks5" | "http";
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  /** Read when needed, never kept, never traced. */
  readonly password?: () => string;
}

const DEFAULT_PORTS = { socks5: 1080, http: 80 } as const;

/**
 * Reads `socks5://[user:password@]host[:1080]` or `http://[user:password@]host[:80]`.
 * Throws MsnpError `bad-proxy`, which does not quote the address: it may hold a password.
 */
export function parseProxy(text: string): ProxyServer {
  const url = URL.parse(text);
  const kind = KINDS[url?.protocol ?? ""];
  const [user, password] = [decoded(url?.username), decoded(url?.password)];
  if (url === null || kind === undefined || url.hostname === "" || user === undefined || password === undefined) {
    throw new MsnpError("bad-proxy", "A proxy must be given as socks5://host:port or http://host:port");
  }
  return {
    kind,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? DEFAULT_PORTS[kind] : Number(url.port),
    ...(user !== "" && { user }),
    ...(password !== "" && { password: () => password }),
  };
}

/** Undefined for a broken sequence. */
function decoded(text = ""): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const KINDS: Readonly<Record<string, ProxyServer["kind"]>> = {
  "socks5:": "socks5",
  "socks5h:": "socks5",
  "http:": "http",
};

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Has the proxy at the other end of `socket` connect to `target`. Rejects with ConnectionError `unreachable`. */
export async function passThrough(
  socket: Socket,
  proxy: ProxyServer,
  target: Target,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (proxy.kind === "socks5") await socks(socket, proxy, target, signal);
    else await tunnel(socket, proxy, target, signal);
  } catch (error) {
    const { host, port } = target;
    const by = `the proxy ${proxy.host}:${proxy.port}`;
    throw new ConnectionError("unreachable", `${by} makes no connection to ${host}:${port} (${describeError(error)})`);
  }
}

async function socks(socket: Socket, proxy: ProxyServer, target: Target, signal: AbortSignal): Promise<void> {
  const onAbort = (): void => {
    socket.destroy();
  };
  signal.addEventListener("abort", onAbort);
  try {
    await SocksClient.createConnection({
      command: "connect",
      existing_socket: socket,
      destination: target,
      proxy: {
        type: 5,
        host: proxy.host,
        port: proxy.port,
        ...(proxy.user !== undefined && { userId: proxy.user, password: proxy.password?.() ?? "" }),
      },
    }).catch((error: unknown) => {
      // Its errors carry the options, the password among them.
      throw new Error(error instanceof Error ? error.message : "refused");
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function tunnel(socket: Socket, proxy: ProxyServer, target: Target, signal: AbortSignal): Promise<void> {
  const { host, port } = target;
  const path = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const credentials = Buffer.from(`${proxy.user ?? ""}:${proxy.password?.() ?? ""}`).toString("base64");
  const ask = request({
    method: "CONNECT",
    path,
    createConnection: () => socket,
    headers: { Host: path, ...(proxy.user !== undefined && { "Proxy-Authorization": `Basic ${credentials}` }) },
    signal,
  });
  const { status, head } = await new Promise<{ status: number | undefined; head: Buffer }>((resolve, reject) => {
    ask.once("error", reject);
    ask.once("connect", (answer, _socket, rest) => resolve({ status: answer.statusCode, head: rest }));
    ask.end();
  });
  if (status !== 200) throw new Error(`HTTP ${status}`);
  if (head.length > 0) socket.unshift(head);
}
