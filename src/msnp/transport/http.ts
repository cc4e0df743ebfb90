import { describeError, MsnpError } from "../errors.ts";
import { afterRunning } from "./running-time.ts";

export type HttpErrorCode = "unreachable" | "timeout" | "too-large" | "aborted" | "protocol";

/** A web service of the network could not be used. */
export class HttpError extends MsnpError {
  declare readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
  /** ms; default the client's. */
  readonly timeout?: number;
}

/** An answer as it came. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

export interface HttpResponse extends Omit<HttpAnswer, "bytes"> {
  readonly body: string;
  /** Where the answer came from, for resolving a `Location`. */
  readonly url: string;
}

export interface HttpOptions {
  readonly fetch?: typeof fetch | undefined;
  /** For the whole exchange, in ms. */
  readonly timeout: number;
  /** Bytes of a response; default 1 MiB. */
  readonly maxResponse?: number | undefined;
  readonly trace?: ((direction: ">>>" | "<<<", line: string) => void) | undefined;
}

/** Small HTTP client: redirects by hand, one timeout over all, bounded answers. Throws HttpError only. */
export class HttpClient {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const { status, headers, bytes } = await this.exchange(request);
    return { status, headers, body: bytes.toString("utf8"), url: checkUrl(request.url).href };
  }

  /** The same for bodies that are no text. */
  async exchange(request: HttpRequest): Promise<HttpAnswer> {
    const { trace } = this.#options;
    const timeout = request.timeout ?? this.#options.timeout;
    const url = checkUrl(request.url);
    const late = new AbortController();
    const callOff = afterRunning(timeout, () => late.abort());
    const signal = request.signal === undefined ? late.signal : AbortSignal.any([late.signal, request.signal]);
    // Queries are left out: a redirect may carry a ticket in one.
    trace?.(">>>", `${request.method} ${url.origin}${url.pathname}`);
    try {
      const response = await (this.#options.fetch ?? fetch)(url, {
        method: request.method,
        headers: { ...request.headers },
        redirect: "manual",
        signal,
        ...(request.body !== undefined && { body: request.body }),
      });
      const bytes = await readBounded(response, this.#options.maxResponse ?? 1024 * 1024);
      trace?.("<<<", `HTTP ${response.status} (${bytes.length} bytes)`);
      return { status: response.status, headers: response.headers, bytes };
    } catch (error) {
      if (error instanceof HttpError) throw error;
      if (request.signal?.aborted) throw new HttpError("aborted", "The request was called off");
      if (late.signal.aborted) throw new HttpError("timeout", `${url.host} did not answer within ${timeout} ms`);
      throw new HttpError("unreachable", `${url.host} cannot be reached (${describeError(error)})`, { cause: error });
    } finally {
      callOff();
    }
  }
}

function checkUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new HttpError("protocol", "A web service address is not an http or https URL");
  }
  return url;
}

/** Where a redirect leads. Never from https to http, since credentials go along. Throws HttpError `protocol`. */
export function redirectTarget(from: string, to: string): string {
  const target = URL.parse(to, from);
  const isDowngrade = from.startsWith("https:") && target?.protocol !== "https:";
  if (target === null || isDowngrade) {
    throw new HttpError("protocol", "A web service redirected to an address that is not acceptable");
  }
  return target.href;
}

async function readBounded(response: Response, limit: number): Promise<Buffer> {
  if (response.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by an error cancels the body and so frees its socket.
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > limit) throw new HttpError("too-large", `A web service answered with more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
