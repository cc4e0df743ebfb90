import { describeError } from "../errors.ts";
import type { Channel, ChannelListener } from "./channel.ts";
import { ConnectionError } from "./connection-error.ts";
import { type HttpAnswer, type HttpClient, HttpError } from "./http.ts";

/** How a gateway wants to be used (source: msnp-chat §7, msnp21 §7.1). */
export interface GatewayRules {
  /** ms between polls while nothing happens; after traffic they come sooner. */
  readonly poll: number;
  /** Seconds for which the server may hold a poll that has nothing to bring; 0: the gateway knows no held polls. */
  readonly lifespan: number;
  /** Whether to go on with the host that an answer names, instead of staying with the one that was configured. */
  readonly followsHost: boolean;
}

/** Official clients poll about every 2 s; Escargot holds no poll and drops a session after 60 s without one. */
export const DEFAULT_GATEWAY_RULES: GatewayRules = Object.freeze({ poll: 2000, lifespan: 0, followsHost: false });

/** What is said to a gateway besides, when the session is opened. */
export interface GatewayOpening {
  /** Further parameters. */
  readonly query: string;
  /** Further headers; may hold secrets. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface GatewayOptions {
  readonly url: string;
  readonly rules: GatewayRules;
  readonly service: "NS" | "SB";
  /** The host that the gateway shall connect to. */
  readonly target: string;
  readonly http: HttpClient;
  /** Instead of the host to connect to (source: msnp21 §7.2). */
  readonly opening?: GatewayOpening | undefined;
  /** ms for the exchange that opens the session. */
  readonly connectTimeout: number;
  /** ms for every other exchange, on top of what a poll is held. */
  readonly requestTimeout: number;
}

const HEADERS = {
  Accept: "*/*",
  "User-Agent": "MSMSGS",
  "Content-Type": "application/x-msn-messenger",
  Pragma: "no-cache",
};
/** The first pause between polls after traffic; it doubles up to the rule's. */
const QUICK_MS = 250;
/** What remains to be said when the channel ends has so many ms. */
const LINGER_MS = 5000;
/** Of these, so many for what a poll brings that is under way. */
const LAST_POLL_MS = 2000;
const SESSION = /^[\w.{}~-]{1,200}$/;
const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/i;
const NOTHING = Buffer.alloc(0);

interface GatewayWord {
  readonly session: string | undefined;
  readonly host: string | undefined;
  readonly isClosed: boolean;
}

/**
 * Bytes in HTTP requests, one under way at a time; what is written meanwhile goes together with the next. Polling keeps
 * the session alive. A request whose answer is lost is never repeated: nobody knows whether it was carried out, and what
 * the answer held is gone; so the channel ends.
 */
export class GatewayChannel implements Channel {
  readonly transport = "gateway";
  readonly #options: GatewayOptions;
  readonly #url: URL;
  #listener: ChannelListener | undefined;
  #outbox: Buffer[] = [];
  #waiting = 0;
  #sending = 0;
  #session: string | undefined;
  #underWay: { readonly isPoll: boolean; readonly abort: AbortController } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;
  #lastPoll: NodeJS.Timeout | undefined;
  #pause: number;
  #state: "open" | "ending" | "over" = "open";

  /** Nothing is sent before the first write. Throws ConnectionError for an address that is none. */
  constructor(options: GatewayOptions) {
    const url = URL.parse(options.url);
    if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
      throw new ConnectionError("unreachable", "The gateway's address is not an http or https URL");
    }
    url.search = "";
    url.hash = "";
    this.#url = url;
    this.#options = options;
    this.#pause = Math.min(QUICK_MS, options.rules.poll);
  }

  get unsent(): number {
    return this.#waiting + this.#sending;
  }

  listen(listener: ChannelListener): void {
    this.#listener = listener;
  }

  write(bytes: Buffer): void {
    if (this.#state !== "open") return;
    this.#outbox.push(bytes);
    this.#waiting += bytes.length;
    // What is written in one go leaves together.
    if (this.#outbox.length === 1) queueMicrotask(() => this.#next());
  }

  end(isHeard = false): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#linger = setTimeout(() => this.destroy(), LINGER_MS);
    const { isPoll, abort } = this.#underWay ?? {};
    if (isPoll !== true) this.#next();
    // What the gateway has put into the answer of a poll it does not say again; a poll that is held has brought nothing.
    else if (isHeard && this.#lifespan === 0) this.#lastPoll = setTimeout(() => abort?.abort(), LAST_POLL_MS);
    else abort?.abort();
  }

  destroy(): void {
    this.#state = "over";
    this.#outbox = [];
    this.#waiting = 0;
    clearTimeout(this.#timer);
    clearTimeout(this.#linger);
    clearTimeout(this.#lastPoll);
    this.#underWay?.abort.abort();
  }

  /** Does what is to be done next, unless a request is under way. */
  #next(): void {
    if (this.#underWay !== undefined || this.#state === "over") return;
    clearTimeout(this.#timer);
    if (this.#waiting > 0) this.#ask(this.#session === undefined ? "open" : "send");
    else if (this.#state === "ending") this.#leave();
    else if (this.#session !== undefined) this.#timer = setTimeout(() => this.#ask("poll"), this.#pause);
  }

  #leave(): void {
    if (this.#session === undefined) this.destroy();
    else this.#ask("close");
  }

  #ask(action: Action): void {
    const body = this.#outbox.length === 0 ? NOTHING : Buffer.concat(this.#outbox);
    this.#outbox = [];
    this.#waiting = 0;
    this.#sending = body.length;
    const abort = new AbortController();
    this.#underWay = { isPoll: action === "poll", abort };
    const started = Date.now();
    this.#exchange(action, body, abort.signal)
      .then((answer) => {
        this.#underWay = undefined;
        this.#sending = 0;
        if (this.#state === "over" || action === "close") this.destroy();
        else this.#take(action, body.length > 0 || answer.bytes.length > 0, answer, Date.now() - started);
      })
      .catch((error: unknown) => this.#failed(action, error));
  }

  #exchange(action: Action, body: Buffer<ArrayBuffer>, signal: AbortSignal): Promise<HttpAnswer> {
    const { http, opening, connectTimeout, requestTimeout } = this.#options;
    const held = action === "poll" ? this.#lifespan * 1000 : 0;
    return http.exchange({
      method: "POST",
      url: `${this.#url.href}?${this.#query(action)}`,
      headers: action === "open" ? { ...HEADERS, ...opening?.headers } : HEADERS,
      body,
      signal,
      timeout: action === "open" ? connectTimeout : requestTimeout + held,
    });
  }

  /** A poll is held only once nothing has happened for a while: while it is held, nothing can be sent. */
  get #lifespan(): number {
    const { lifespan, poll } = this.#options.rules;
    return this.#pause < poll ? 0 : lifespan;
  }

  #openQuery(): string {
    const { service, target, opening } = this.#options;
    return `Action=open&Server=${service}&${opening === undefined ? `IP=${encodeURIComponent(target)}` : opening.query}`;
  }

  #query(action: Action): string {
    const session = `SessionID=${this.#session}`;
    switch (action) {
      case "open":
        return this.#openQuery();
      case "send":
        return session;
      case "poll":
        return this.#lifespan === 0 ? `Action=poll&${session}` : `Action=poll&Lifespan=${this.#lifespan}&${session}`;
      case "close":
        return `Action=close&${session}`;
    }
  }

  #take(action: Action, isTraffic: boolean, answer: HttpAnswer, took: number): void {
    const { rules } = this.#options;
    const where = `The gateway ${this.#url.origin}`;
    // Official gateways answer 400 to a session that is over (source: msnp-chat §7).
    if (answer.status !== 200) {
      const code = action === "open" ? "unreachable" : "closed";
      throw new ConnectionError(code, `${where} answered HTTP ${answer.status}`);
    }
    const word = readWord(answer.headers);
    if (action === "open" && word.session === undefined) {
      throw new ConnectionError("unreachable", `${where} opened no session: it is no MSN gateway`);
    }
    this.#session = word.session ?? this.#session;
    if (rules.followsHost && word.host !== undefined) this.#moveTo(word.host);
    const isHeld = action === "poll" && this.#lifespan > 0 && took >= this.#lifespan * 500;
    this.#pause = isTraffic ? Math.min(QUICK_MS, rules.poll) : Math.min(this.#pause * 2, rules.poll);
    if (answer.bytes.length > 0) this.#listener?.onBytes(answer.bytes);
    if (word.isClosed) throw new ConnectionError("closed", `${where} ended the session`);
    if (isHeld && this.#waiting === 0 && this.#state === "open") this.#ask("poll");
    else this.#next();
  }

  #moveTo(host: string): void {
    const [name = "", port] = host.split(":");
    this.#url.hostname = name;
    if (port !== undefined) this.#url.port = port;
  }

  #failed(action: Action, error: unknown): void {
    this.#underWay = undefined;
    this.#sending = 0;
    // A poll that was called off for the end's sake: there may be something left to say.
    if (this.#state === "ending" && action === "poll") {
      this.#next();
      return;
    }
    const listener = this.#listener;
    const isOver = this.#state !== "open";
    this.destroy();
    if (!isOver) listener?.onOver(this.#asConnectionError(action, error));
  }

  #asConnectionError(action: Action, error: unknown): ConnectionError {
    if (error instanceof ConnectionError) return error;
    const what = `The gateway ${this.#url.origin} ${action === "open" ? "cannot be used" : "left a request unanswered"}`;
    const message = `${what} (${describeError(error)})`;
    if (action !== "open" || !(error instanceof HttpError)) return new ConnectionError("closed", message);
    return new ConnectionError(error.code === "timeout" ? "timeout" : "unreachable", message);
  }
}

type Action = "open" | "send" | "poll" | "close";

/** Reads `X-MSN-Messenger: SessionID=...; GW-IP=...[; Session=close]` and `X-MSN-Host`; what is not as it should be is left out. */
function readWord(headers: Headers): GatewayWord {
  const fields = new Map<string, string>();
  for (const part of (headers.get("x-msn-messenger") ?? "").slice(0, 2000).split(";")) {
    const at = part.indexOf("=");
    if (at > 0) fields.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim());
  }
  const session = fields.get("sessionid") ?? "";
  const host = headers.get("x-msn-host")?.trim() ?? fields.get("gw-ip") ?? "";
  return {
    session: SESSION.test(session) ? session : undefined,
    host: HOST.test(host) ? host : undefined,
    isClosed: fields.get("session")?.toLowerCase() === "close",
  };
}
