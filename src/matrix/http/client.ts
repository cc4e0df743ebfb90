/**
 * The bridge's own way to the homeserver's client-server API: one bounded pool of kept-alive connections, a bound on each
 * request's time and answer, no retries of its own (lanes retry, with the same transaction id), and nothing logged but the
 * call's name. The library's sender cannot be used for this: it picks its own transaction ids and sends twice after a
 * broken connection (stack A2).
 */
import { Pool } from "undici";
import type { Meter } from "../../bridge/metrics.ts";
import type { Secret } from "../../bridge/secret.ts";
import { HomeserverSilent, MatrixRefusal } from "./errors.ts";

export interface ClientOptions {
  readonly homeserverUrl: string;
  readonly token: Secret;
  readonly home: string;
  readonly meter: Meter;
  readonly connections: number;
  readonly timeoutMs: number;
  /** Called after each request that was not answered properly. */
  readonly onSilent: () => void;
}

export interface Call {
  /** For metrics and errors, e.g. `send`. */
  readonly name: string;
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** From `/_matrix`, already encoded. */
  readonly path: string;
  /** Whom the application service acts as; absent with a {@link Call.token} of a person, who acts as they are. */
  readonly as?: string;
  /** Somebody else's right, instead of the bridge's own. */
  readonly token?: Secret;
  readonly device?: string;
  readonly query?: string;
  readonly body?: unknown;
}

type Json = Readonly<Record<string, unknown>>;

/** 5xx by which a homeserver that is well tells that it has not reached us (MSC2659). */
const ABOUT_US: ReadonlySet<string> = new Set(["M_CONNECTION_FAILED", "M_CONNECTION_TIMEOUT", "M_BAD_STATUS"]);

/** The state of a room with some 50 000 members. */
const MAX_ANSWER = 64 * 1024 * 1024;

export class HomeserverClient {
  readonly #pool: Pool;
  readonly #base: string;
  readonly #token: Secret;
  readonly #options: ClientOptions;
  #silent: string | undefined;

  constructor(options: ClientOptions) {
    const url = new URL(options.homeserverUrl);
    this.#options = options;
    this.#base = url.pathname.replace(/\/+$/, "");
    this.#token = options.token;
    this.#pool = new Pool(url.origin, {
      connections: options.connections,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      connectTimeout: Math.min(5000, options.timeoutMs),
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      maxResponseSize: MAX_ANSWER,
    });
  }

  /** What went wrong with the newest request, when the homeserver did not answer it properly. */
  get silent(): string | undefined {
    return this.#silent;
  }

  /**
   * One request. @throws {@link MatrixRefusal} for any answer but 2xx, {@link HomeserverSilent} for none.
   */
  async call(call: Call): Promise<Json> {
    return this.#timed(call, parseObject);
  }

  /** As {@link HomeserverClient.call}, where the answer is a list. */
  async list(call: Call): Promise<readonly unknown[]> {
    return this.#timed(call, parseList);
  }

  async #timed<T>(call: Call, parse: (text: string) => T | undefined): Promise<T> {
    const started = performance.now();
    let outcome = "ok";
    try {
      const answer = await this.#exchange(call, parse);
      this.#silent = undefined;
      return answer;
    } catch (error) {
      outcome = error instanceof MatrixRefusal ? String(error.status) : "silent";
      const alive = error instanceof MatrixRefusal && (error.status < 500 || ABOUT_US.has(error.errcode));
      this.#silent = alive || !(error instanceof Error) ? undefined : error.message;
      if (this.#silent !== undefined) this.#options.onSilent();
      throw error;
    } finally {
      const seconds = (performance.now() - started) / 1000;
      this.#options.meter.observe(
        "msnb_home_api_seconds",
        { home: this.#options.home, call: call.name, outcome },
        seconds,
      );
    }
  }

  async #exchange<T>(call: Call, parse: (text: string) => T | undefined): Promise<T> {
    const as = call.as === undefined ? "" : `user_id=${encodeURIComponent(call.as)}`;
    const device = call.device === undefined ? "" : `&device_id=${encodeURIComponent(call.device)}`;
    const path = `${this.#base}${call.path}?${as}${device}${call.query ?? ""}`;
    const token = call.token ?? this.#token;
    let status: number;
    let text: string;
    let retryAfter: string | string[] | undefined;
    try {
      const answer = await this.#pool.request({
        method: call.method,
        path,
        headers: { authorization: `Bearer ${token.open()}`, "content-type": "application/json" },
        body: call.method === "GET" || call.method === "DELETE" ? null : JSON.stringify(call.body ?? {}),
        signal: AbortSignal.timeout(this.#options.timeoutMs),
      });
      status = answer.statusCode;
      retryAfter = answer.headers["retry-after"];
      text = await answer.body.text();
    } catch (error) {
      throw new HomeserverSilent(`${call.name}: ${reason(error)}`, { cause: error });
    }
    if (status < 200 || status >= 300) throw refusal(call.name, status, parseObject(text), retryAfter);
    const answer = parse(text);
    if (answer === undefined) throw new HomeserverSilent(`${call.name}: the answer is not what it should be`);
    return answer;
  }

  /** Ends the connections once what is under way has come back. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  /** Ends the connections now. */
  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseObject(text: string): Json | undefined {
  const value = parseJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function parseList(text: string): readonly unknown[] | undefined {
  const value = parseJson(text);
  return Array.isArray(value) ? value : undefined;
}

function refusal(
  name: string,
  status: number,
  json: Json | undefined,
  header: string | string[] | undefined,
): MatrixRefusal {
  const errcode = typeof json?.errcode === "string" ? json.errcode : "";
  const error = typeof json?.error === "string" ? json.error.slice(0, 300) : "";
  const asked = json?.retry_after_ms;
  const seconds = typeof header === "string" ? Number(header) : Number.NaN;
  const retry =
    typeof asked === "number" && asked >= 0
      ? asked
      : Number.isFinite(seconds) && seconds >= 0
        ? seconds * 1000
        : undefined;
  return new MatrixRefusal(name, status, errcode, error, retry === undefined ? undefined : Math.min(retry, 600_000));
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return "no answer";
  const { code } = error as { code?: unknown };
  return error.name === "TimeoutError"
    ? "no answer in time"
    : `${typeof code === "string" ? `${code} ` : ""}${error.message}`;
}
