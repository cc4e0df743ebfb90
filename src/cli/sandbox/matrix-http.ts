import type { Trace } from "./trace.ts";

export interface CallOptions {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The homeserver answered with an error. `errcode` is Matrix's ("M_FORBIDDEN"), "" when the body had none. */
export class MatrixCallError extends Error {
  readonly status: number;
  readonly errcode: string;

  constructor(call: string, status: number, errcode: string, text: string) {
    super(`${call}: ${status} ${errcode} ${text}`.trimEnd());
    this.name = "MatrixCallError";
    this.status = status;
    this.errcode = errcode;
  }
}

const CALL_TIMEOUT_MS = 30_000;

/** The client-server API over fetch: JSON in, JSON out, one error type, a timeout on every call. */
export class HomeserverClient {
  readonly url: string;
  readonly #token: string | undefined;
  readonly #trace: Trace | undefined;
  readonly #name: string;

  constructor(url: string, options: { accessToken?: string; trace?: Trace | undefined; name?: string } = {}) {
    this.url = url;
    this.#token = options.accessToken;
    this.#trace = options.trace;
    this.#name = options.name ?? "matrix";
  }

  /**
   * One call; `path` is already percent-encoded (see {@link path}). The answer's shape is the caller's claim, as these are
   * tools to test with, against a server started for it.
   *
   * @throws MatrixCallError for an error answer; TypeError (fetch) when the server cannot be reached; DOMException on timeout
   */
  async call<T = Record<string, unknown>>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const url = new URL(this.url + path);
    for (const [key, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const timeout = AbortSignal.timeout(options.timeoutMs ?? CALL_TIMEOUT_MS);
    const response = await fetch(url, {
      method,
      headers: {
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
    });
    const text = await response.text();
    if (!path.endsWith("/sync")) this.#trace?.(this.#name, `${method} ${path} -> ${response.status}`);
    if (response.ok) return (text === "" ? {} : JSON.parse(text)) as T;
    const { errcode, error } = errorOf(text);
    throw new MatrixCallError(`${method} ${path}`, response.status, errcode, error);
  }
}

/** Builds a path from parts, each percent-encoded: `path("rooms", roomId, "join")` under /_matrix/client/v3. */
export function path(...parts: readonly string[]): string {
  return `/_matrix/client/v3/${parts.map(encodeURIComponent).join("/")}`;
}

function errorOf(text: string): { errcode: string; error: string } {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null) {
      const { errcode, error } = body as { errcode?: unknown; error?: unknown };
      return { errcode: String(errcode ?? ""), error: String(error ?? "") };
    }
  } catch {
    // not JSON: a proxy or a crash page
  }
  return { errcode: "", error: text.slice(0, 200) };
}
