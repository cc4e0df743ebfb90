/**
 * The listener for the homeserver. It is the library's AppService with everything between the socket and the store
 * replaced, because the published one answers before the work is done, forgets what it has seen, reads only the unstable
 * key of ephemeral data, stops at 5 MB and compares tokens with `!==` (stack A2).
 *
 * A transaction is answered 200 only when {@link Inbox.transaction} has resolved. Anything else makes the homeserver send
 * it again: so a broken event inside must never lead there, and the limits lie above what a homeserver can send.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AppService } from "matrix-appservice-bridge";
import type { Logger } from "pino";
import { BridgeError } from "../../bridge/errors.ts";
import type { Secret } from "../../bridge/secret.ts";

export interface Transaction {
  readonly id: string;
  readonly events: readonly unknown[];
  readonly ephemeral: readonly unknown[];
}

/** Who takes in what the homeserver brings. */
export interface Inbox {
  /** Resolves when everything is stored. @throws BridgeError `store-down`: the homeserver is asked to come again. */
  transaction(transaction: Transaction): Promise<void>;
  /** Whether a user in the namespace exists (and if it could, it does from now on). */
  user(mxid: string): Promise<boolean>;
  pinged(): void;
}

export interface AppServiceOptions {
  readonly hsToken: Secret;
  readonly maxBodyBytes: number;
  readonly inbox: Inbox;
  readonly log: Logger;
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

class HttpProblem extends Error {
  readonly status: number;
  readonly errcode: string;

  constructor(status: number, errcode: string, message: string) {
    super(message);
    this.status = status;
    this.errcode = errcode;
  }
}

export class DurableAppService extends AppService {
  readonly #options: AppServiceOptions;
  readonly #token: Buffer;
  #server: Server | undefined;
  #closing = false;

  constructor(options: AppServiceOptions) {
    super({ homeserverToken: options.hsToken.open(), httpMaxSizeBytes: options.maxBodyBytes });
    this.#options = options;
    this.#token = digest(options.hsToken.open());
  }

  /** Called by the library's Bridge. @throws the socket's error, e.g. `EADDRINUSE`. */
  override async listen(port: number, hostname: string, backlog: number): Promise<void> {
    const server = createServer({ requestTimeout: 120_000, headersTimeout: 20_000, keepAliveTimeout: 90_000 });
    server.on("request", (req, res) => {
      // Whatever happens to one request, the process goes on.
      this.#serve(req, res).catch((err: unknown) => this.#options.log.error({ err }, "a request was not answered"));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, host: hostname, backlog }, () => {
        server.off("error", reject);
        server.on("error", (err) => this.#options.log.error({ err }, "application service listener"));
        resolve();
      });
    });
  }

  /** The port that is listened on; 0 when there is none. */
  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    return address?.port ?? 0;
  }

  /** Takes nothing new in, waits up to 5 s for transactions under way. */
  override async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    this.#closing = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), 5000);
    await closed;
    clearTimeout(cut);
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let status = 200;
    let body: object = {};
    try {
      body = await this.#route(req);
    } catch (error) {
      ({ status, body } = this.#problem(error));
    }
    if (res.destroyed) return;
    const text = JSON.stringify(body);
    const headers: Record<string, string | number> = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    };
    // A body that was not read to its end would be taken for the next request.
    if (this.#closing || !req.complete) headers.connection = "close";
    res.writeHead(status, headers).end(text, () => {
      if (!req.complete) req.destroy();
    });
  }

  #problem(error: unknown): { status: number; body: object } {
    if (error instanceof HttpProblem) {
      return { status: error.status, body: { errcode: error.errcode, error: error.message } };
    }
    if (error instanceof BridgeError) {
      this.#options.log.warn({ err: error }, "a request of the homeserver could not be served; it will come again");
      return { status: error.http >= 500 ? error.http : 500, body: { errcode: "M_UNKNOWN", error: error.person } };
    }
    this.#options.log.error({ err: error }, "a request of the homeserver failed");
    return { status: 500, body: { errcode: "M_UNKNOWN", error: "internal error" } };
  }

  async #route(req: IncomingMessage): Promise<object> {
    const url = URL.parse(req.url ?? "/", "http://listener.invalid");
    const match = url && /^\/_matrix\/app\/v1\/(transactions|users|rooms|ping)(?:\/([^/]+))?$/.exec(url.pathname);
    if (!url || !match) throw new HttpProblem(404, "M_UNRECOGNIZED", "no such endpoint");
    this.#authorise(req, url);
    const name = decode(match[2] ?? "");
    switch (`${req.method} ${match[1]}`) {
      case "PUT transactions":
        return this.#transaction(req, name);
      case "POST ping":
        await this.#body(req);
        this.#options.inbox.pinged();
        return {};
      case "GET users":
        if (await this.#options.inbox.user(name)) return {};
        throw new HttpProblem(404, "M_NOT_FOUND", "no such ghost");
      case "GET rooms":
        throw new HttpProblem(404, "M_NOT_FOUND", "rooms are made when there is something to say");
      default:
        throw new HttpProblem(405, "M_UNRECOGNIZED", "no such method here");
    }
  }

  /** The header counts; the query parameter, which ends up in logs, only when there is no header (homeservers before 1.4). */
  #authorise(req: IncomingMessage, url: URL): void {
    const header = req.headers.authorization;
    const given = header === undefined ? url.searchParams.get("access_token") : /^Bearer (.+)$/i.exec(header)?.[1];
    if (given === null || given === undefined) throw new HttpProblem(401, "M_MISSING_TOKEN", "no token");
    if (!timingSafeEqual(digest(given), this.#token)) throw new HttpProblem(403, "M_FORBIDDEN", "wrong token");
  }

  async #transaction(req: IncomingMessage, id: string): Promise<object> {
    if (id === "") throw new HttpProblem(400, "M_MISSING_PARAM", "no transaction id");
    const body = await this.#body(req);
    const { events, ephemeral } = body;
    await this.#options.inbox.transaction({
      id,
      events: Array.isArray(events) ? events : [],
      // The same list under both keys when both flags are set: read one, never both (stack A3).
      ephemeral: firstArray(ephemeral, body["de.sorunome.msc2409.ephemeral"]),
    });
    return {};
  }

  async #body(req: IncomingMessage): Promise<Record<string, unknown>> {
    const limit = this.#options.maxBodyBytes;
    const tooLarge = () => new HttpProblem(413, "M_TOO_LARGE", `more than ${limit} bytes`);
    // A connection that is closed upon unread bytes may take the answer with it: what is not much too large is read.
    const most = 2 * limit;
    if (Number(req.headers["content-length"] ?? 0) > most) throw tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > most) throw tooLarge();
      if (size <= limit) chunks.push(chunk);
      else chunks.length = 0;
    }
    if (size > limit) throw tooLarge();
    try {
      const value: unknown = JSON.parse(Buffer.concat(chunks, size).toString("utf8"));
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    } catch {
      throw new HttpProblem(400, "M_NOT_JSON", "the body is not JSON");
    }
    throw new HttpProblem(400, "M_BAD_JSON", "the body is not an object");
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpProblem(400, "M_INVALID_PARAM", "the path is not well formed");
  }
}

function firstArray(...values: unknown[]): readonly unknown[] {
  for (const value of values) if (Array.isArray(value)) return value;
  return [];
}
