import type { Logger } from "pino";
import { BridgeError } from "../../bridge/errors.ts";
import type { Meter } from "../../bridge/metrics.ts";
import type { HomeName } from "../../bridge/model.ts";
import type { Readiness } from "../../bridge/ports/linking.ts";
import { domainOf, type Jid, parseJid, readJid } from "../jid.ts";
import { el, elements, NS, wire, type XmlElement } from "../stanza/xml.ts";
import { Barriers } from "./barriers.ts";
import { keepConnected } from "./reconnecting.ts";
import { IqTable } from "./requests.ts";
import { type ComponentService, ComponentStream, StreamFailure } from "./stream.ts";

export interface LinkLimits {
  /** Waits between tries to connect, ms. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** How often a quiet link is tried, ms, and how long it may be silent behind that before it counts as dead. */
  readonly keepaliveMs: number;
  readonly answerMs: number;
  /** Largest stanza that is sent, bytes. */
  readonly stanzaBytes: number;
  /** Bytes that may wait for the server to take them. */
  readonly backlogBytes: number;
}

export const DEFAULT_LINK_LIMITS: LinkLimits = {
  firstWaitMs: 500,
  longestWaitMs: 30_000,
  keepaliveMs: 30_000,
  answerMs: 15_000,
  stanzaBytes: 240_000,
  backlogBytes: 8 * 1024 * 1024,
};

export interface ComponentLinkOptions {
  readonly service: ComponentService;
  readonly home: HomeName;
  /** A stanza that is no answer of ours. Must not throw. */
  readonly stanza: (stanza: XmlElement) => void;
  /** The link is there, for the first time or again. */
  readonly online: () => void;
  readonly offline: () => void;
  readonly meter: Meter;
  readonly log: Logger;
  readonly limits?: Partial<LinkLimits>;
}

/**
 * The component's link to its server: comes back after every loss with back-off and jitter, knows a dead server by its
 * silence, sends nothing whose `from` is not ours (the server would end the stream, stack C1), and can say when the
 * server has surely processed what was sent.
 */
export class ComponentLink {
  readonly #o: ComponentLinkOptions;
  readonly #limits: LinkLimits;
  readonly #domain: string;
  readonly #requests = new IqTable();
  readonly #barriers: Barriers;
  readonly #stopping = new AbortController();
  #stream: ComponentStream | undefined;
  #lastHeard = 0;
  #why = "connecting for the first time";
  #running: Promise<void> = Promise.resolve();
  #isRefused = false;
  #attached = Promise.withResolvers<void>();

  constructor(options: ComponentLinkOptions) {
    this.#o = options;
    this.#limits = { ...DEFAULT_LINK_LIMITS, ...options.limits };
    this.#domain = options.service.domain;
    this.#barriers = new Barriers({
      send: (id) => {
        const ping = pingTo(this.#domain, id);
        return this.#writeNow(ping, wire(ping));
      },
      answerMs: this.#limits.answerMs,
      isTalking: () => Date.now() - this.#lastHeard < this.#limits.answerMs,
      dead: () => this.#stream?.destroy(`no answer within ${this.#limits.answerMs} ms`),
    });
  }

  /** Begins to connect, and keeps connected until {@link stop}. */
  start(): void {
    this.#running = keepConnected({
      once: (opened) => this.#once(opened),
      tell: (why) => this.#tell(why),
      limits: this.#limits,
      signal: this.#stopping.signal,
      log: this.#o.log,
    });
  }

  /** Ends the link in order. Settles within a few seconds. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#stream?.close();
    await this.#running;
  }

  get isOnline(): boolean {
    return this.#stream !== undefined;
  }

  /** Resolves when the link is there. */
  attached(): Promise<void> {
    return this.#attached.promise;
  }

  health(): Readiness {
    return this.#stream ? { ready: true, reasons: [] } : { ready: false, reasons: [this.#why] };
  }

  /**
   * Sends at once, and hopes: for what is said again by itself.
   * @throws BridgeError `home-down`, `home-busy`; `internal` when it is not ours to send or too large.
   */
  send(stanza: XmlElement): void {
    if (!this.#writeNow(stanza, this.#checked(stanza))) throw this.#down();
  }

  /** As {@link send}, without a word when it cannot be sent. */
  sendLoosely(stanza: XmlElement): void {
    try {
      this.send(stanza);
    } catch (error) {
      this.#o.log.debug({ err: error }, "a stanza was not sent");
    }
  }

  /**
   * Sends, and resolves when the server has surely processed it.
   * @throws BridgeError as {@link send}; `home-down` when that is not known, so that it must be sent again.
   */
  async sendSurely(...stanzas: readonly XmlElement[]): Promise<void> {
    for (const stanza of stanzas) this.send(stanza);
    const began = Date.now();
    let outcome = "ok";
    try {
      await this.#barriers.pass();
    } catch (error) {
      outcome = "lost";
      throw error;
    } finally {
      const seconds = (Date.now() - began) / 1000;
      this.#o.meter.observe("msnb_home_api_seconds", { home: this.#o.home, call: "deliver", outcome }, seconds);
    }
  }

  /**
   * Asks, and waits for the answer of whom was asked.
   * @throws StanzaRefusal when the answer is an error, BridgeError `home-down` when none comes.
   */
  async request(
    ask: { to: Jid; from?: Jid; type: "get" | "set" },
    child: XmlElement,
    timeoutMs = 30_000,
  ): Promise<XmlElement> {
    if (!this.#stream) throw this.#down();
    const { id, answer } = this.#requests.add(ask.to, timeoutMs);
    // Whatever the sending does: nobody may be left with a rejection that nobody hears.
    answer.catch(() => {});
    this.send(el("iq", { type: ask.type, id, from: ask.from ?? this.#domain, to: ask.to }, child));
    return await answer;
  }

  /** One stream, from connecting to its end. */
  async #once(opened: () => void): Promise<StreamFailure> {
    const ended = Promise.withResolvers<StreamFailure>();
    let stream: ComponentStream;
    try {
      const hooks = {
        element: (stanza: XmlElement) => this.#heard(stanza),
        closed: (why: StreamFailure) => ended.resolve(why),
      };
      stream = await ComponentStream.open(this.#o.service, hooks, this.#stopping.signal);
    } catch (error) {
      return error instanceof StreamFailure ? error : new StreamFailure("lost", String(error), { cause: error });
    }
    if (this.#stopping.signal.aborted) {
      await stream.close();
      return await ended.promise;
    }
    opened();
    this.#stream = stream;
    this.#lastHeard = Date.now();
    this.#isRefused = false;
    this.#why = "";
    this.#o.log.info({ domain: this.#domain }, "connected to the XMPP server");
    const keepalive = setInterval(() => this.#keepAlive(), this.#limits.keepaliveMs / 3);
    keepalive.unref();
    this.#attached.resolve();
    this.#o.online();
    const why = await ended.promise;
    clearInterval(keepalive);
    this.#stream = undefined;
    this.#attached = Promise.withResolvers();
    this.#requests.fail(why.message);
    this.#barriers.fail(why.message);
    this.#o.offline();
    return why;
  }

  #tell(why: StreamFailure): void {
    this.#why = why.message;
    const { log } = this.#o;
    // Said once for the operator; the health says it as long as it lasts.
    if (why.kind === "refused" && !this.#isRefused) log.error({ err: why }, "the XMPP server refuses the component");
    else log.warn({ reason: why.message }, "no link to the XMPP server; trying again");
    this.#isRefused = why.kind === "refused";
  }

  /** A half-open connection says nothing: asking is the only way to know. */
  #keepAlive(): void {
    if (Date.now() - this.#lastHeard < this.#limits.keepaliveMs) return;
    this.#barriers.pass().catch((error: unknown) => this.#o.log.debug({ err: error }, "the server did not answer"));
  }

  #heard(stanza: XmlElement): void {
    this.#lastHeard = Date.now();
    this.#trace("in", stanza);
    if (stanza.name === "iq" && this.#isAnswer(stanza)) return;
    this.#o.stanza(stanza);
  }

  /** Answers, and our own question to ourselves that the server has brought back. */
  #isAnswer(iq: XmlElement): boolean {
    const { id = "", from, type } = iq.attrs;
    if (from === this.#domain && this.#barriers.passed(id)) return true;
    if (type !== "result" && type !== "error") return false;
    if (!this.#requests.settle(iq)) this.#o.log.debug({ from, id }, "an answer that nobody waits for");
    return true;
  }

  /** @returns it as it goes over the wire. @throws BridgeError `internal`, `home-refused` or `home-busy`. */
  #checked(stanza: XmlElement): string {
    const from = readJid(stanza.attrs.from);
    if (from === undefined || domainOf(from) !== this.#domain)
      throw new BridgeError("internal", { detail: `a stanza from ${stanza.attrs.from} is not ours to send` });
    if (readJid(stanza.attrs.to) === undefined)
      throw new BridgeError("internal", { detail: `a stanza to ${stanza.attrs.to} cannot be sent` });
    const text = wire(stanza);
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#limits.stanzaBytes)
      throw new BridgeError("home-refused", { detail: `it has ${bytes} bytes, which is too much for one stanza` });
    if ((this.#stream?.backlog ?? 0) > this.#limits.backlogBytes)
      throw new BridgeError("home-busy", { detail: "too much waits for the XMPP server to take it" });
    return text;
  }

  #writeNow(stanza: XmlElement, text: string): boolean {
    if (!this.#stream?.writeText(text)) return false;
    this.#trace("out", stanza);
    return true;
  }

  #down(): BridgeError {
    return new BridgeError("home-down", { detail: this.#why || "the link to the XMPP server is down" });
  }

  /** Kinds and addresses, never what people say. */
  #trace(way: "in" | "out", { name, attrs, children }: XmlElement): void {
    if (!this.#o.log.isLevelEnabled("trace")) return;
    const kinds = elements({ children } as XmlElement).map((child) =>
      `${child.getName()} ${child.getNS() ?? ""}`.trim(),
    );
    const { type, id, from, to } = attrs;
    this.#o.log.trace({ way, name, type, id, from, to, kinds }, "stanza");
  }
}

function pingTo(domain: string, id: string): XmlElement {
  const jid = parseJid(domain);
  return el("iq", { type: "get", id, from: jid, to: jid }, el("ping", { xmlns: NS.ping }));
}
