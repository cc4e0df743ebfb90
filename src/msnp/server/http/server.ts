import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { HttpFault } from "../faults.ts";
import { GATEWAY_PATH, type Gateway } from "../gateway.ts";
import type { Hub } from "../hub.ts";
import type { Transcript } from "../transcript.ts";
import { addressBook } from "./addressbook.ts";
import { clientConfig } from "./config.ts";
import { login, nexus } from "./nexus.ts";
import { offlineFetch } from "./oim-fetch.ts";
import { offlineStore } from "./oim-store.ts";
import { securityTokens } from "./rst.ts";
import { sharing } from "./sharing.ts";
import { storage, userTile } from "./storage.ts";

/** A web request, read to its end. */
export interface WebRequest {
  readonly hub: Hub;
  readonly method: string;
  /** Path and query. */
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** Address of the client. */
  readonly remote: string;
  /**
   * Asks whether a forced fault strikes here. Services call it once they know the operation and the account. It throws
   * for the faults that look alike everywhere, and returns those that each service has its own form for.
   */
  readonly strike: (service: string, account: string | undefined) => ServiceFault | undefined;
}

export type ServiceFault = Extract<HttpFault, { kind: "refuse" | "redirect" | "soap-fault" }>;

export interface WebAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** XML, unless a header names another type. */
  readonly body?: string | Buffer;
}

export type WebService = (request: WebRequest) => WebAnswer;

/** Paths as on Escargot (source: msnp-core §9.1). */
const ROUTES: ReadonlyMap<string, WebService> = new Map([
  ["GET /rdr/pprdr.asp", nexus],
  ["GET /nexus-mock", nexus],
  ["GET /login", login],
  ["POST /RST.srf", (request: WebRequest) => securityTokens(request, "rst")],
  ["POST /RST2.srf", (request: WebRequest) => securityTokens(request, "rst2")],
  ["POST /abservice/abservice.asmx", addressBook],
  ["POST /abservice/SharingService.asmx", sharing],
  ["POST /storageservice/SchematizedStore.asmx", storage],
  ["POST /OimWS/oim.asmx", offlineStore],
  ["POST /rsi/rsi.asmx", offlineFetch],
  ...["/Config/MsgrConfig.asmx", "/config/MsgrConfig.asmx", "/etc/MsgrConfig"].flatMap((path) =>
    ["GET", "POST"].map((method): [string, WebService] => [`${method} ${path}`, clientConfig]),
  ),
  ["POST /", () => ({ status: 200 })],
]);

/** The service of a request line; undefined for none. */
function serviceOf(name: string): WebService | undefined {
  return ROUTES.get(name) ?? (name.startsWith("GET /storage/usertile/") ? userTile : undefined);
}

/** A fault that ends the handling of a request. */
class Struck extends Error {
  readonly fault: HttpFault;

  constructor(fault: HttpFault) {
    super(`forced fault: ${fault.kind}`);
    this.fault = fault;
  }
}

/** An answer that ends the handling of a request. */
export class WebError extends Error {
  readonly answer: WebAnswer;

  constructor(answer: WebAnswer) {
    super(`answered with ${answer.status}`);
    this.answer = answer;
  }
}

/** All web services of the network on one HTTP server. */
export function createWebServer(hub: Hub, transcript: Transcript, gateway: Gateway): Server {
  return createServer((incoming, response) => {
    serve({ hub, transcript, gateway }, incoming, response).catch(() => response.destroy());
  });
}

async function serve(
  { hub, transcript, gateway }: { hub: Hub; transcript: Transcript; gateway: Gateway },
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = incoming.method ?? "GET";
  const url = new URL(incoming.url ?? "/", "http://localhost");
  const name = `${method} ${url.pathname}`;
  const service = serviceOf(name);
  const body = await readBody(incoming, hub.limits.maxBodyBytes);
  if (transcript.enabled) transcript.add("HTTP", ">>>", name);
  const remote = incoming.socket.remoteAddress ?? "127.0.0.1";
  if (body !== undefined && url.pathname === GATEWAY_PATH) {
    await gateway.serve({ method, query: url.searchParams, body, remote }, response);
    return;
  }
  if (body === undefined || service === undefined) {
    answer(transcript, response, { status: body === undefined ? 413 : 404 });
    if (body === undefined) incoming.destroy();
    return;
  }
  const strike = (operation: string, account: string | undefined): ServiceFault | undefined => {
    const fault = hub.faults.takeHttp(account, operation);
    if (fault === undefined) return undefined;
    if (fault.kind === "refuse" || fault.kind === "redirect" || fault.kind === "soap-fault") return fault;
    throw new Struck(fault);
  };
  await run(transcript, response, service, {
    hub,
    method,
    url,
    headers: incoming.headers,
    body,
    remote,
    strike,
  });
}

async function run(
  transcript: Transcript,
  response: ServerResponse,
  service: WebService,
  request: WebRequest,
): Promise<void> {
  try {
    answer(transcript, response, service(request));
  } catch (error) {
    if (error instanceof WebError) {
      answer(transcript, response, error.answer);
    } else if (!(error instanceof Struck)) {
      transcript.add("HTTP", "---", error instanceof Error ? error.message : String(error));
      answer(transcript, response, { status: 500 });
    } else if (error.fault.kind === "delay") {
      await sleep(error.fault.ms, undefined, { ref: false });
      await run(transcript, response, service, { ...request, strike: () => undefined });
    } else {
      carryOut(transcript, response, error.fault);
    }
  }
}

function carryOut(transcript: Transcript, response: ServerResponse, fault: HttpFault): void {
  transcript.add("HTTP", "---", `fault: ${fault.kind}`);
  if (fault.kind === "drop") response.destroy();
  else if (fault.kind === "status") answer(transcript, response, { status: fault.status });
  else if (fault.kind === "garbage") {
    response.writeHead(200, { "Content-Type": "text/xml; charset=utf-8" });
    response.end(fault.bytes ?? Buffer.from("<Envelope><Body><not closed"));
  }
  // What is left is "stall": the request stays open until the client gives up.
}

function answer(transcript: Transcript, response: ServerResponse, { status, headers, body }: WebAnswer): void {
  transcript.add("HTTP", "<<<", String(status));
  response.writeHead(status, {
    ...(body !== undefined && { "Content-Type": "text/xml; charset=utf-8" }),
    "Content-Length": String(Buffer.byteLength(body ?? "")),
    ...headers,
  });
  response.end(body);
}

/** The body, or undefined when it is longer than allowed. */
async function readBody(incoming: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  // What is too long is still answered: leaving the loop must not end the connection.
  for await (const part of incoming.iterator({ destroyOnReturn: false })) {
    if (!(part instanceof Buffer)) continue;
    size += part.length;
    if (size > limit) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
