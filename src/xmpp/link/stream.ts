import { type ComponentEntity, component } from "@xmpp/component";
import type { Secret } from "../../bridge/secret.ts";
import { pause } from "../../bridge/waiting.ts";
import { wire, type XmlElement } from "../stanza/xml.ts";

/** Where the server takes components in, and what they share with it. */
export interface ComponentService {
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  readonly secret: Secret;
}

/** Why a stream did not come about, or ended. `refused`: an operator must help. */
export class StreamFailure extends Error {
  override readonly name = "StreamFailure";
  readonly kind: "refused" | "lost";
  /** The stream error of the server, if it gave one, e.g. `not-authorized`. */
  readonly condition: string | undefined;

  constructor(kind: "refused" | "lost", message: string, options: { cause?: unknown; condition?: string } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.kind = kind;
    this.condition = options.condition;
  }
}

export interface StreamHooks {
  element(element: XmlElement): void;
  /** Called once, and last. */
  closed(why: StreamFailure): void;
}

const CONNECT_MS = 10_000;
const CLOSE_MS = 2000;
const EARLY = 1000;
/** Servers' own limits lie far below (Prosody 512 KiB, ejabberd 64 KiB from clients). */
const LONGEST_STANZA = 2 * 1024 * 1024;

/** Conditions of stream errors that do not pass by themselves (source: RFC 6120 §4.9.3, XEP-0114 §3). */
const REFUSALS: Readonly<Record<string, (service: ComponentService) => string>> = {
  "not-authorized": ({ domain }) =>
    `the XMPP server refuses the secret of the component ${domain}: make it the same in the server's configuration and in xmpp.secret`,
  "host-unknown": ({ domain }) =>
    `the XMPP server knows no component ${domain}: add it to the server's configuration, or mend xmpp.component`,
  conflict: ({ domain }) =>
    `the XMPP server already has a connection for the component ${domain}: another bridge seems to run`,
};

/**
 * One component stream (XEP-0114) from connecting to its end. xmpp.js does stream and handshake; its own reconnecting,
 * answering and sending are switched off, because they lose what is in flight (source: stack C1).
 */
export class ComponentStream {
  readonly #entity: ComponentEntity;
  readonly #service: ComponentService;
  readonly #hooks: StreamHooks;
  #size = 0;
  #isOnline = false;
  /** What came together with the handshake's answer, before anybody could be told of the stream. */
  #early: XmlElement[] | undefined = [];
  #failure: StreamFailure | undefined;
  #ended = false;
  /** What was written in this turn of the loop: it leaves in one piece, for each costs a call of the kernel. */
  #unsent = "";

  private constructor(service: ComponentService, hooks: StreamHooks) {
    this.#service = service;
    this.#hooks = hooks;
    const { host, port, domain, secret } = service;
    const shown = host.includes(":") ? `[${host}]` : host;
    this.#entity = component({ service: `xmpp://${shown}:${port}`, domain, password: secret.open() });
    const entity = this.#entity;
    entity.reconnect.stop();
    // The package's own listener would answer every request that none of its handlers knows.
    entity.removeAllListeners("element");
    entity.timeout = CONNECT_MS;
    this.#readSafely(entity);
    entity.on("error", (error: unknown) => this.#failed(error));
    entity.on("disconnect", () => this.#end());
    entity.on("stanza", (stanza: XmlElement) => {
      this.#size = 0;
      if (this.#early === undefined) hooks.element(stanza);
      else if (this.#early.length < EARLY) this.#early.push(stanza);
    });
  }

  #openGates(): void {
    for (let next = this.#early?.shift(); next; next = this.#early?.shift()) this.#hooks.element(next);
    this.#early = undefined;
  }

  /** @throws StreamFailure when there is no stream, or `signal` aborts; `hooks.closed` is not called then. */
  static async open(service: ComponentService, hooks: StreamHooks, signal?: AbortSignal): Promise<ComponentStream> {
    const opening = Promise.withResolvers<void>();
    const live = { open: false };
    const stream = new ComponentStream(service, {
      element: (element) => hooks.element(element),
      closed: (why) => (live.open ? hooks.closed(why) : opening.reject(why)),
    });
    const entity = stream.#entity;
    entity.once("online", () => {
      live.open = true;
      stream.#isOnline = true;
      opening.resolve();
      setImmediate(() => stream.#openGates());
    });
    const late = setTimeout(() => stream.destroy("it did not answer in time"), CONNECT_MS);
    const stop = (): void => stream.destroy("stopped");
    signal?.addEventListener("abort", stop, { once: true });
    try {
      stream.#connect(entity).catch((error: unknown) => stream.destroy(error));
      await opening.promise;
      entity.socket?.setKeepAlive(true, 30_000);
      entity.socket?.setNoDelay(true);
      return stream;
    } finally {
      clearTimeout(late);
      signal?.removeEventListener("abort", stop);
    }
  }

  async #connect(entity: ComponentEntity): Promise<void> {
    const { host, port, domain } = this.#service;
    const shown = host.includes(":") ? `[${host}]` : host;
    await entity.connect(`xmpp://${shown}:${port}`);
    entity.socket?.setEncoding("utf8");
    await entity.open({ domain });
  }

  /** Bytes that wait in this process for the server to take them. */
  get backlog(): number {
    return (this.#entity.socket?.writableLength ?? 0) + this.#unsent.length;
  }

  /** False: the stream has ended. */
  write(element: XmlElement): boolean {
    return this.writeText(wire(element));
  }

  /** As {@link write}, of what {@link wire} has made. */
  writeText(stanza: string): boolean {
    if (!this.#isOnline || this.#ended || !this.#entity.socket?.writable) return false;
    if (this.#unsent === "") process.nextTick(() => this.#flush());
    this.#unsent += stanza;
    return true;
  }

  #flush(): void {
    const text = this.#unsent;
    this.#unsent = "";
    if (text !== "" && this.#entity.socket?.writable) this.#entity.socket.write(text);
  }

  /** Ends it in order: what was written is taken first. Settles within a few seconds. */
  async close(): Promise<void> {
    const { socket } = this.#entity;
    if (socket === null || this.#ended) return;
    this.#flush();
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.end("</stream:stream>");
    await Promise.race([closed, pause(CLOSE_MS)]);
    this.destroy("closed");
  }

  /** Ends it at once. */
  destroy(why: unknown): void {
    this.#failed(why);
    this.#entity.socket?.destroy();
    this.#end();
  }

  /**
   * The package hands bytes to its parser chunk by chunk, so that a letter which is cut in two would be spoiled (hence
   * setEncoding above), and lets the parser's exceptions out into the socket.
   */
  #readSafely(entity: ComponentEntity): void {
    const read = entity._onData.bind(entity);
    entity._onData = (data) => {
      this.#size += data.length;
      if (this.#size > LONGEST_STANZA) return this.destroy("the server sent a stanza of more than 2 MiB");
      try {
        read(data);
      } catch (error) {
        this.destroy(error);
      }
    };
  }

  #failed(error: unknown): void {
    if (this.#failure || this.#ended) return;
    const condition = conditionOf(error);
    const refusal = condition === undefined ? undefined : REFUSALS[condition];
    const { host, port } = this.#service;
    const detail = typeof error === "string" ? error : error instanceof Error ? error.message : "unknown";
    const text = this.#isOnline
      ? `the stream to ${host}:${port} ended: ${detail}`
      : `no stream to the XMPP server at ${host}:${port}: ${detail || "it closed the connection"}`;
    const why = { cause: error, ...(condition === undefined ? {} : { condition }) };
    this.#failure = refusal
      ? new StreamFailure("refused", refusal(this.#service), why)
      : new StreamFailure("lost", text, why);
    // What the server says before it closes decides; a library error that closes nothing must not leave a dead stream.
    if (!this.#ended && this.#entity.socket === null) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    if (!this.#failure) this.#failed("the server closed it");
    this.#ended = true;
    this.#isOnline = false;
    this.#hooks.closed(this.#failure ?? new StreamFailure("lost", "the stream ended"));
  }
}

function conditionOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("condition" in error)) return undefined;
  return typeof error.condition === "string" ? error.condition : undefined;
}
