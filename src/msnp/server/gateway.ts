import { randomInt, randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setImmediate as settled, setTimeout as sleep } from "node:timers/promises";
import type { HttpFault } from "./faults.ts";
import { GatewayStream, type ServerStream } from "./gateway-stream.ts";
import type { Hub } from "./hub.ts";

export const GATEWAY_PATH = "/gateway/gateway.dll";

/** A request to the gateway, read to its end. */
export interface GatewayRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  /** Address of the client. */
  readonly remote: string;
}

interface Session {
  readonly stream: GatewayStream;
  /** The host that the client named, which it is told in turn (source: msnp-chat §7). */
  readonly host: string;
  readonly idle: NodeJS.Timeout;
  id: string;
  /** Requests under way, a held poll not among them. */
  underWay: number;
}

const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "POST",
  "Access-Control-Expose-Headers": "X-MSN-Messenger",
};
/** The longest that any server is known to hold a poll (source: msnp21 §7.1). */
const MAX_LIFESPAN = 180;
const HOST = /^[\w.:[\]-]{1,253}$/;

/**
 * The HTTP gateway: notification server and switchboards for clients that speak HTTP only (source: msnp-chat §7,
 * msnp-core §1.10, msnp21 §7.1). By default it behaves like Escargot's, which holds no poll and keeps one id per session.
 */
export class Gateway {
  readonly #hub: Hub;
  readonly #accept: (stream: ServerStream, kind: "NS" | "SB") => void;
  readonly #sessions = new Map<string, Session>();

  constructor(hub: Hub, accept: (stream: ServerStream, kind: "NS" | "SB") => void) {
    this.#hub = hub;
    this.#accept = accept;
  }

  /** Answers one request. */
  async serve(request: GatewayRequest, response: ServerResponse): Promise<void> {
    if (request.method === "OPTIONS") {
      const more = { "Access-Control-Allow-Headers": "Content-Type", "Access-Control-Max-Age": "86400" };
      response.writeHead(200, { ...CORS, ...more }).end();
      return;
    }
    const action = actionOf(request.query);
    const { faults } = this.#hub;
    const fault = faults.takeHttp(undefined, `gateway-${action}`) ?? faults.takeHttp(undefined, "gateway");
    if (fault !== undefined && fault.kind !== "delay") {
      carryOut(fault, response);
      return;
    }
    const session = action === "open" ? this.#open(request) : this.#sessions.get(request.query.get("SessionID") ?? "");
    const isCrowded = this.#hub.quirks.gatewayOneAtATime && (session?.underWay ?? 0) > 0;
    if (request.method !== "POST" || session === undefined || isCrowded) {
      refuse(response, 400);
      return;
    }
    session.underWay += 1;
    try {
      if (fault !== undefined) await sleep(fault.ms, undefined, { ref: false });
      await this.#handle(session, action, request);
    } finally {
      session.underWay -= 1;
    }
    this.#answer(session, action, response);
  }

  /** Forgets all sessions; their connections are the network's to end. */
  close(): void {
    for (const session of this.#sessions.values()) clearTimeout(session.idle);
    this.#sessions.clear();
  }

  #open({ query, remote }: GatewayRequest): Session | undefined {
    const kind = query.get("Server");
    const host = query.get("IP") ?? "";
    const isFull = this.#sessions.size >= this.#hub.limits.maxConnections;
    if ((kind !== "NS" && kind !== "SB") || (host !== "" && !HOST.test(host)) || isFull) return undefined;
    const stream = new GatewayStream(remote, this.#hub.limits.maxOutputBytes);
    const idle = setTimeout(() => stream.destroy(), this.#hub.limits.gatewayIdleMs);
    idle.unref();
    const session: Session = { stream, host, idle, id: this.#newId(), underWay: 0 };
    stream.once("close", () => clearTimeout(idle));
    // Whoever never comes back for the last words does not keep them for ever.
    stream.once("close", () => setTimeout(() => this.#forget(session), this.#hub.limits.gatewayIdleMs).unref());
    this.#sessions.set(session.id, session);
    this.#accept(stream, kind);
    return session;
  }

  async #handle(session: Session, action: Action, { query, body }: GatewayRequest): Promise<void> {
    const { stream, idle } = session;
    idle.refresh();
    if (action === "poll") {
      const seconds = Math.min(Number(query.get("Lifespan")) || 0, MAX_LIFESPAN);
      if (!this.#hub.quirks.gatewayHoldsPolls || seconds <= 0) return;
      // While a poll is held something may be sent, which ends the wait (source: msnp21 §7.1).
      session.underWay -= 1;
      await stream.news(seconds * 1000);
      session.underWay += 1;
      return;
    }
    stream.feed(body);
    // What is said in answer is written by the end of this turn.
    await settled();
    stream.release();
    if (action === "close") stream.destroy();
  }

  #answer(session: Session, action: Action, response: ServerResponse): void {
    const { quirks } = this.#hub;
    const { stream } = session;
    const bytes = stream.collect();
    const isOver = stream.isOver;
    this.#forget(session);
    if (!isOver) {
      if (quirks.gatewayChangesIds) session.id = this.#newId(session.id);
      this.#sessions.set(session.id, session);
      session.idle.refresh();
    }
    const isSaid = isOver && (quirks.gatewaySaysClose || action === "close");
    response.writeHead(200, {
      ...CORS,
      "Content-Type": "application/x-msn-messenger",
      "Content-Length": String(bytes.length),
      "X-MSN-Messenger": `SessionID=${session.id}; GW-IP=${session.host}${isSaid ? "; Session=close" : ""}`,
    });
    response.end(bytes);
  }

  #forget(session: Session): void {
    if (this.#sessions.get(session.id) === session) this.#sessions.delete(session.id);
  }

  /** Escargot's ids are UUIDs that stay, official ones have a part that changes with every answer. */
  #newId(before?: string): string {
    if (!this.#hub.quirks.gatewayChangesIds) return randomUUID();
    const [base] = before?.split(".") ?? [String(randomInt(1_000_000_000))];
    return `${base}.${randomInt(1_000_000_000)}`;
  }
}

type Action = "open" | "send" | "poll" | "close";

function actionOf(query: URLSearchParams): Action {
  const action = query.get("Action");
  if ((query.get("SessionID") ?? "") === "") return "open";
  return action === "poll" || action === "close" ? action : "send";
}

function carryOut(fault: Exclude<HttpFault, { kind: "delay" }>, response: ServerResponse): void {
  if (fault.kind === "drop") response.destroy();
  else if (fault.kind === "status") refuse(response, fault.status);
  else if (fault.kind === "soap-fault") refuse(response, 500);
  else if (fault.kind === "refuse") refuse(response, 403);
  else if (fault.kind === "redirect") response.writeHead(302, { Location: fault.url }).end();
  else if (fault.kind === "garbage") response.writeHead(200).end(fault.bytes ?? "<html>not a gateway</html>");
  // What is left is "stall": the request stays open until the client gives up.
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { ...CORS, "Content-Length": "0" }).end();
}
