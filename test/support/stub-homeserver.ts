import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Json, Refusal, type Request, type Route, StubWorld } from "./stub-world.ts";

export type { Json } from "./stub-world.ts";

/**
 * A homeserver for tests and the bench: real HTTP, state in memory, the client-server calls that the bridge uses and no
 * more, with a log of calls and faults on demand. It is strict where Synapse is: unregistered ghosts, missing devices and
 * people outside of a room are refused, aliases are unique, and a transaction id is remembered per path.
 */
export interface StubOptions {
  readonly domain: string;
  readonly asToken: string;
  readonly hsToken: string;
  /** Where the bridge listens, for pings and transactions. */
  readonly bridgeUrl: string;
  readonly port?: number;
  /** False for the bench: calls are counted, not kept. */
  readonly keepLog?: boolean;
  /** Hears of each call as soon as its body has been read. */
  readonly onCall?: (name: string, body: Json) => void;
}

export interface LoggedCall {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly user: string;
  readonly device: string | undefined;
  readonly query: URLSearchParams;
  readonly body: Json;
}

/** What happens to a call instead of its answer. */
export type Fault =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Record<string, string>;
    }
  | { readonly kind: "html"; readonly status: number }
  /** The work is done, then the connection breaks before the answer. */
  | { readonly kind: "lose-answer" }
  /** The work is done, and another answer is given. */
  | { readonly kind: "answer-otherwise"; readonly status: number; readonly body: unknown }
  | { readonly kind: "reset" }
  | { readonly kind: "hang" };

export class StubHomeserver extends StubWorld {
  readonly calls: LoggedCall[] = [];
  /** How often each call came, also without a log. */
  readonly counts = new Map<string, number>();
  /** Further access tokens that are known: of a person, or (undefined) of an application service for everyone. */
  readonly tokens = new Map<string, string | undefined>();
  readonly #options: StubOptions;
  readonly #faults: { name: string; fault: Fault | undefined; times: number }[] = [];
  readonly #hanging = new Set<ServerResponse>();
  readonly #server: Server;
  #txn = 0;

  private constructor(options: StubOptions) {
    const keep = options.keepLog !== false;
    super({ domain: options.domain, keep, ping: () => this.#ping() });
    this.#options = options;
    this.#server = createServer({ keepAliveTimeout: 60_000 });
    this.#server.on("request", (req, res) => void this.#serve(req, res));
  }

  static async start(options: StubOptions): Promise<StubHomeserver> {
    const stub = new StubHomeserver(options);
    await new Promise<void>((resolve) => stub.#server.listen(options.port ?? 0, "127.0.0.1", () => resolve()));
    return stub;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const res of this.#hanging) res.destroy();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  /** The next `times` calls of that name go wrong. Names as in {@link LoggedCall}, with the method in front (`PUT state`) or without. */
  fail(name: string, fault: Fault, times = 1): void {
    this.#faults.push({ name, fault, times });
  }

  /** As {@link fail}, once, after so many calls that go well. */
  failBehind(name: string, well: number, fault: Fault): void {
    for (let i = 0; i < well; i++) this.#faults.push({ name, fault: undefined, times: 1 });
    this.fail(name, fault);
  }

  callsOf(name: string): LoggedCall[] {
    return this.calls.filter((call) => call.name === name);
  }

  count(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  forgetCalls(): void {
    this.calls.length = 0;
    this.counts.clear();
  }

  /** Puts a transaction to the bridge, once. */
  async push(events: readonly unknown[], ephemeral: readonly unknown[] = []): Promise<number> {
    return (
      await this.transaction(
        `${++this.#txn}`,
        JSON.stringify({ events, ephemeral, "de.sorunome.msc2409.ephemeral": ephemeral }),
      )
    ).status;
  }

  /** Puts exactly this body under this id, with the right token unless another is given. */
  async transaction(
    id: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers?: Record<string, string>,
  ): Promise<Response> {
    const path = `${this.#options.bridgeUrl}/_matrix/app/v1/transactions/${encodeURIComponent(id)}`;
    return await fetch(path, {
      method: "PUT",
      headers: headers ?? { authorization: `Bearer ${this.#options.hsToken}`, "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(30_000),
    });
  }

  /** An event as the homeserver would send it. */
  event(room: string, sender: string, type: string, content: Json, stateKey?: string): Json {
    return {
      event_id: `$e${this.next()}:${this.#options.domain}`,
      room_id: room,
      sender,
      type,
      origin_server_ts: Date.now(),
      content,
      ...(stateKey === undefined ? {} : { state_key: stateKey }),
    };
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? "/", "http://stub");
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const found = this.#find(req.method ?? "", url.pathname);
    const name = found?.[0][0] ?? "unknown";
    const token = (req.headers.authorization ?? "").replace("Bearer ", "");
    const call: Request = {
      user: url.searchParams.get("user_id") ?? this.tokens.get(token) ?? this.bot,
      device: url.searchParams.get("device_id") ?? undefined,
      path: url.pathname,
      query: url.searchParams,
      body: text === "" ? {} : (JSON.parse(text) as Json),
    };
    this.#options.onCall?.(name, call.body);
    this.counts.set(name, this.count(name) + 1);
    if (this.#options.keepLog !== false) this.calls.push({ name, method: req.method ?? "", ...call });
    const fault = this.#takeFault(name, `${req.method} ${name}`);
    const isDone = fault?.kind === "lose-answer" || fault?.kind === "answer-otherwise";
    if (fault && !isDone) return this.#break(res, fault);
    const { status, body } = await this.#answer(req, call, found);
    if (fault?.kind === "lose-answer") return void res.destroy();
    if (fault?.kind === "answer-otherwise") return this.#send(res, fault.status, fault.body);
    this.#send(res, status, body);
  }

  #takeFault(...names: readonly string[]): Fault | undefined {
    const planned = this.#faults.find((one) => names.includes(one.name) && one.times > 0);
    if (!planned) return undefined;
    planned.times -= 1;
    return planned.fault;
  }

  #break(res: ServerResponse, fault: Fault): void {
    if (fault.kind === "reset") res.destroy();
    else if (fault.kind === "hang") this.#hanging.add(res);
    else if (fault.kind === "html")
      res.writeHead(fault.status, { "content-type": "text/html" }).end("<html>Bad Gateway</html>");
    else if (fault.kind === "answer") this.#send(res, fault.status, fault.body, fault.headers);
  }

  #send(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
    const text = JSON.stringify(body ?? {});
    res
      .writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers })
      .end(text);
  }

  #find(method: string, path: string): [Route, string[]] | undefined {
    for (const route of this.routes) {
      if (route[1] !== method) continue;
      const match = route[2].exec(path);
      if (match) return [route, match.slice(1).map(decodeURIComponent)];
    }
    return undefined;
  }

  async #answer(
    req: IncomingMessage,
    call: Request,
    found: [Route, string[]] | undefined,
  ): Promise<{ status: number; body: unknown }> {
    try {
      const token = (req.headers.authorization ?? "").replace("Bearer ", "");
      if (token !== this.#options.asToken && !this.tokens.has(token))
        throw new Refusal(401, "M_UNKNOWN_TOKEN", "who are you");
      if (!found) throw new Refusal(404, "M_UNRECOGNIZED", "not in the stub");
      const [[name, , , handle], args] = found;
      if (name !== "register" && token === this.#options.asToken) this.authenticate(call);
      return { status: 200, body: await handle(call, args) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, body: { errcode: error.errcode, error: error.message } };
    }
  }

  async #ping(): Promise<Json> {
    try {
      const answer = await fetch(`${this.#options.bridgeUrl}/_matrix/app/v1/ping`, {
        method: "POST",
        headers: { authorization: `Bearer ${this.#options.hsToken}`, "content-type": "application/json" },
        body: "{}",
        signal: AbortSignal.timeout(5000),
      });
      if (answer.status !== 200) throw new Refusal(502, "M_BAD_STATUS", `the bridge said ${answer.status}`);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw new Refusal(502, "M_CONNECTION_FAILED", "no connection");
    }
    return { duration_ms: 1 };
  }
}
