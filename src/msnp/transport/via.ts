import type { Channel, TransportKind } from "./channel.ts";
import { ConnectionError } from "./connection-error.ts";
import { dial, type TlsOptions } from "./dial.ts";
import { GatewayChannel, type GatewayOpening, type GatewayRules } from "./gateway.ts";
import type { HttpClient } from "./http.ts";
import type { ProxyServer } from "./proxy.ts";
import { SocketChannel } from "./socket-channel.ts";

/** How to get to a server. */
export interface Via {
  readonly transport: TransportKind;
  /** Which of a network's servers it is; only a gateway wants to know. */
  readonly service?: "NS" | "SB";
  /** For TCP and TLS; a gateway's goes by its HTTP client. */
  readonly proxy?: ProxyServer | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly gateway?: ViaGateway | undefined;
}

export interface ViaGateway {
  readonly url: string;
  readonly rules: GatewayRules;
  readonly http: HttpClient;
  readonly opening?: GatewayOpening | undefined;
}

export interface ChannelTarget {
  readonly host: string;
  readonly port: number;
  readonly connectTimeout: number;
  readonly requestTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

export const BY_TCP: Via = Object.freeze({ transport: "tcp" });

/** Rejects with ConnectionError. */
export async function openChannel(target: ChannelTarget, via: Via): Promise<Channel> {
  const { host, port, connectTimeout, requestTimeout, signal } = target;
  if (via.transport === "gateway") {
    if (via.gateway === undefined) throw new ConnectionError("unreachable", "The network names no HTTP gateway");
    if (signal?.aborted) throw new ConnectionError("aborted", "The connection was called off");
    const service = via.service ?? "NS";
    return new GatewayChannel({ ...via.gateway, service, target: host, connectTimeout, requestTimeout });
  }
  const tls = via.transport === "tls" ? (via.tls ?? {}) : undefined;
  const socket = await dial({ host, port, timeout: connectTimeout, signal, proxy: via.proxy, tls });
  return new SocketChannel(socket, via.transport);
}
