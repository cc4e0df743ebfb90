import { describeError, MsnpError } from "../errors.ts";

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
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
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
    const { timeout, trace } = this.#options;
    const url = checkUrl(request.url);
    const timer = AbortSignal.timeout(timeout);
    const signal = request.signal === undefined ? timer : AbortSignal.any([timer, request.signal]);
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
      const body = await readBounded(response, this.#options.maxResponse ?? 1024 * 1024);
      trace?.("<<<", `HTTP ${response.status} (${body.length} bytes)`);
      return { status: response.status, headers: response.headers, body: body.toString("utf8"), url: url.href };
    } catch (error) {
      if (error instanceof HttpError) throw error;
      if (request.signal?.aborted) throw new HttpError("aborted", "The request was called off");
      if (timer.aborted) throw new HttpError("timeout", `${url.host} did not answer within ${timeout} ms`);
      throw new HttpError("unreachable", `${url.host} cannot be reached (${describeError(error)})`, { cause: error });
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
