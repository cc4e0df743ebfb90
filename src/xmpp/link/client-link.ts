import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { BridgeError } from "../../bridge/errors.ts";
import type { Meter } from "../../bridge/metrics.ts";
import type { HomeName } from "../../bridge/model.ts";
import type { Readiness } from "../../bridge/ports/linking.ts";
import { type BareJid, bare, domainOf, type Jid, readJid } from "../jid.ts";
import { errorElement } from "../stanza/errors.ts";
import { el, elements, NS, wire, type XmlElement } from "../stanza/xml.ts";
import { Inbox, Outbox } from "./acks.ts";
import { type ClientService, ClientStream, counterOf, type Session, SM } from "./client-stream.ts";
import { DEFAULT_LINK_LIMITS, type LinkLimits } from "./component-link.ts";
import type { Place } from "./find-server.ts";
import { keepConnected } from "./reconnecting.ts";
import { IqTable } from "./requests.ts";
import { StreamFailure } from "./stream.ts";

export interface ClientLimits extends LinkLimits {
  /** Stanzas that may wait to be acknowledged. */
  readonly unacked: number;
  /** How long a stanza that must arrive is waited for, over losses and returns of the link, ms. */
  readonly arriveMs: number;
  /** How long {@link ClientLinkOptions.fresh} may take, ms. */
  readonly freshMs: number;
}

export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  ...DEFAULT_LINK_LIMITS,
  unacked: 2000,
  arriveMs: 60_000,
  freshMs: 60_000,
};

export interface ClientLinkOptions {
  readonly service: ClientService;
  /** Where the server is, asked before each try; without it where {@link service} says. Must not throw. */
  readonly find?: () => Promise<Place>;
  readonly home: HomeName;
  /**
   * A stanza that is no answer of ours. When it resolves, the server may forget the stanza; when it rejects, the stream
   * is given up and the stanza comes again with the next resumption.
   */
  readonly stanza: (stanza: XmlElement) => void | Promise<void>;
  /**
   * A new session: says what has to be said in one (presence, rooms), by `send` and `request`. What must arrive and was
   * not acknowledged in an earlier session goes out again when it has resolved; when it rejects, all is tried anew.
   */
  readonly fresh: () => Promise<void>;
  /** The link is there: the old session goes on, or a new one has been set up. */
  readonly online: (how: Session["kind"]) => void;
  readonly offline: () => void;
  readonly meter: Meter;
  readonly log: Logger;
  readonly limits?: Partial<ClientLimits>;
}

/** Questions at the beginning of a resumed session: one acknowledgement Prosody also sends unasked, when it ends one. */
const PROOFS = 2;

interface Live {
  readonly stream: ClientStream;
  readonly session: Session;
  /** Answers that a resumed session owes before it counts as one ({@link isUnproven}), and the last of them. */
  owed: number;
  readonly answered: PromiseWithResolvers<void>;
  /** Kept stanzas wait until a new session has been set up, and all wait until one that was resumed has answered. */
  isReady: boolean;
}

/**
 * An ordinary account as link, for where no component can be had: comes back after every loss with back-off and jitter,
 * takes the session up where it broke off (XEP-0198), knows a dead server by its silence, and says of each stanza when
 * the server has it. Nothing that must arrive is lost by a break, and it keeps its id when it has to be sent again.
 */
export class ClientLink {
  readonly #o: ClientLinkOptions;
  readonly #limits: ClientLimits;
  readonly #account: BareJid;
  readonly #requests = new IqTable();
  readonly #out: Outbox;
  readonly #in = new Inbox();
  readonly #stopping = new AbortController();
  #live: Live | undefined;
  #old: Session | undefined;
  /** A question for acknowledgement under way: how many it is about (0: the server counts itself), and its deadline. */
  #asked: { readonly id: string; readonly sent: number; readonly timer: NodeJS.Timeout } | undefined;
  #isAskPlanned = false;
  #lastHeard = 0;
  #why = "connecting for the first time";
  #isRefused = false;
  #running: Promise<void> = Promise.resolve();
  #attached = Promise.withResolvers<void>();

  constructor(options: ClientLinkOptions) {
    this.#o = options;
    this.#limits = { ...DEFAULT_CLIENT_LIMITS, ...options.limits };
    this.#account = options.service.jid;
    this.#out = new Outbox(this.#limits.unacked);
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

  /** Ends the link in order; what is not acknowledged fails. Settles within a few seconds. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const live = this.#live;
    if (live?.session.counts) live.stream.write(this.#acknowledgement());
    await live?.stream.close();
    await this.#running;
    this.#out.fail("the bridge has signed out");
    this.#requests.fail("the bridge has signed out");
  }

  get isOnline(): boolean {
    return this.#live?.isReady === true;
  }

  /** The address of the present or last session; `undefined` before the first. */
  get jid(): Jid | undefined {
    return (this.#live?.session ?? this.#old)?.jid;
  }

  /** Resolves when the link is there. */
  attached(): Promise<void> {
    return this.#attached.promise;
  }

  health(): Readiness {
    return this.isOnline ? { ready: true, reasons: [] } : { ready: false, reasons: [this.#why] };
  }

  /**
   * Sends at once, and hopes: for what is said again by itself. In a session that breaks off it is still sent again; in a
   * new session it is not.
   * @throws BridgeError `home-down`, `home-busy`; `home-refused` when too large, `internal` when it is not ours to send.
   */
  send(stanza: XmlElement): void {
    this.#check(stanza);
    const live = this.#live;
    if (live === undefined) throw this.#down();
    if (isUnproven(live)) {
      this.#out.add(stanza, false);
      return;
    }
    this.#out.addFirst(stanza);
    this.#flush(this.#out.onWire + 1);
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
   * Sends each, and resolves when the server has them all, however often the link breaks meanwhile. Stanzas whose ids are
   * under way already are not sent a second time, but waited for. They need ids.
   * @throws BridgeError as {@link send}; `home-down` when they have not arrived within `arriveMs`: they may still arrive.
   */
  async sendSurely(...stanzas: readonly XmlElement[]): Promise<void> {
    const began = Date.now();
    const entries = stanzas.map((stanza) => {
      const known = this.#out.kept(stanza.attrs.id);
      if (known !== undefined) return known;
      this.#check(stanza);
      if (stanza.attrs.id === undefined) throw new BridgeError("internal", { detail: "a stanza to be kept has no id" });
      if (!this.isOnline) throw this.#down();
      return this.#out.add(stanza, true);
    });
    this.#flush();
    let outcome = "lost";
    try {
      await this.#arrival(Promise.all(entries.map(({ done }) => done.promise)));
      outcome = "ok";
    } finally {
      const seconds = (Date.now() - began) / 1000;
      this.#o.meter.observe("msnb_home_api_seconds", { home: this.#o.home, call: "deliver", outcome }, seconds);
    }
  }

  /** It is known from elsewhere (a room's history) that the stanza of this id has arrived: it is not sent again. */
  arrived(id: string): void {
    this.#out.arrived(id);
  }

  /**
   * Asks, and waits for the answer of whom was asked; without `to`, of the own account. A break that the session survives
   * does not disturb it.
   * @throws StanzaRefusal when the answer is an error, BridgeError `home-down` when none comes.
   */
  async request(ask: { to?: Jid; type: "get" | "set" }, child: XmlElement, timeoutMs = 30_000): Promise<XmlElement> {
    if (!this.#live) throw this.#down();
    const { id, answer } = this.#requests.add(ask.to ?? asJid(this.#account), timeoutMs);
    answer.catch(() => {});
    this.send(el("iq", { type: ask.type, id, to: ask.to }, child));
    return await answer;
  }

  /** One stream, from connecting to its end. */
  async #once(opened: () => void): Promise<StreamFailure> {
    const ended = Promise.withResolvers<StreamFailure>();
    const { handled } = this.#in;
    const old = this.#old?.id === undefined ? undefined : { id: this.#old.id, jid: this.#old.jid, handled };
    let live: Live;
    try {
      const hooks = { element: (one: XmlElement) => this.#heard(one), closed: ended.resolve };
      const service = { ...this.#o.service, ...(await this.#o.find?.()) };
      const opening = ClientStream.open(service, hooks, old, this.#stopping.signal);
      live = { ...(await opening), owed: PROOFS, answered: Promise.withResolvers(), isReady: false };
    } catch (error) {
      return error instanceof StreamFailure ? error : new StreamFailure("lost", String(error), { cause: error });
    }
    this.#live = live;
    this.#lastHeard = Date.now();
    const keepalive = setInterval(() => this.#keepAlive(), this.#limits.keepaliveMs / 3);
    keepalive.unref();
    if (this.#stopping.signal.aborted) live.stream.destroy("signing out");
    else if (this.#begin(live.session, handled)) this.#setUp(live, opened).catch((error) => live.stream.destroy(error));
    live.stream.run();
    const why = await ended.promise;
    clearInterval(keepalive);
    this.#leave(live);
    return why;
  }

  /** The counters at the beginning of a stream. False: the server counts what cannot be. */
  #begin(session: Session, told: number): boolean {
    const { handled } = session;
    this.#old = session;
    if (handled !== undefined && !this.#out.acknowledge(handled)) return this.#miscounted(handled);
    if (session.kind === "resumed") {
      this.#out.resume();
      this.#in.resume(told);
      return true;
    }
    this.#out.renew();
    this.#in.renew();
    this.#requests.fail("the session with the XMPP server has ended");
    return true;
  }

  async #setUp(live: Live, opened: () => void): Promise<void> {
    const { kind } = live.session;
    if (kind === "resumed") {
      this.#ask();
      for (let i = 1; i < PROOFS; i += 1) live.stream.write(el("r", { xmlns: SM }));
      await live.answered.promise;
    } else {
      const late = setTimeout(
        () => live.stream.destroy("the new session was not set up in time"),
        this.#limits.freshMs,
      );
      try {
        await this.#o.fresh();
      } finally {
        clearTimeout(late);
      }
    }
    if (this.#live !== live) return;
    live.isReady = true;
    opened();
    this.#isRefused = false;
    this.#why = "";
    this.#o.log.info({ jid: live.session.jid, kind }, "signed in to the XMPP server");
    this.#flush();
    this.#attached.resolve();
    this.#o.online(kind);
  }

  #leave(live: Live): void {
    this.#live = undefined;
    clearTimeout(this.#asked?.timer);
    this.#asked = undefined;
    live.answered.resolve();
    // What has been set up by half is not taken up again, but set up anew.
    if (!live.isReady && live.session.kind === "fresh") this.#old = undefined;
    if (!live.isReady) return;
    this.#attached = Promise.withResolvers();
    this.#o.offline();
  }

  #tell(why: StreamFailure): void {
    this.#why = why.message;
    const { log } = this.#o;
    // Said once for the operator; the health says it as long as it lasts.
    if (why.kind === "refused" && !this.#isRefused) log.error({ err: why }, "the XMPP server refuses the account");
    else log.warn({ reason: why.message }, "no link to the XMPP server; trying again");
    this.#isRefused = why.kind === "refused";
  }

  /** Writes what waits: all of it when the session is set up, else as far as is said. */
  #flush(upTo = Number.POSITIVE_INFINITY): void {
    const live = this.#live;
    if (live === undefined) return;
    while (live.isReady || this.#out.onWire < upTo) {
      const { next } = this.#out;
      if (next === undefined || !live.stream.write(next)) break;
      this.#out.wrote();
      this.#trace("out", next);
    }
    this.#planAsk();
  }

  /** At the end of this turn of the loop, so that one question serves all that is sent in it. */
  #planAsk(): void {
    if (this.#isAskPlanned || this.#asked || this.#out.onWire === 0) return;
    this.#isAskPlanned = true;
    setImmediate(() => {
      this.#isAskPlanned = false;
      this.#ask();
    });
  }

  /** Asks the server how far it is: by XEP-0198, or where that is not to be had by a ping, which waits its turn. */
  #ask(): void {
    const live = this.#live;
    if (live === undefined || this.#asked) return;
    const id = randomUUID();
    const ping = (): XmlElement =>
      el("iq", { type: "get", id, to: domainOf(asJid(this.#account)) }, el("ping", { xmlns: NS.ping }));
    if (!live.stream.write(live.session.counts ? el("r", { xmlns: SM }) : ping())) return;
    const { answerMs } = this.#limits;
    const late = (): void => {
      if (this.#asked?.id !== id) return;
      if (isUnproven(live)) this.#old = undefined;
      live.stream.destroy(`no answer within ${answerMs} ms`);
    };
    // After a time in which this process stood still, what came meanwhile is read before it is judged.
    const timer = setTimeout(() => setImmediate(late), answerMs);
    timer.unref();
    this.#asked = { id, sent: this.#out.sent, timer };
  }

  #acknowledged(handled: number): void {
    const live = this.#live;
    if (!this.#out.acknowledge(handled)) {
      this.#miscounted(handled);
      return;
    }
    if (live !== undefined && isUnproven(live)) {
      live.owed -= 1;
      if (live.owed > 0) return;
      live.answered.resolve();
    }
    clearTimeout(this.#asked?.timer);
    this.#asked = undefined;
    this.#planAsk();
  }

  /** Such a session cannot be gone on with. */
  #miscounted(handled: number): false {
    this.#old = undefined;
    this.#live?.stream.destroy(`the server acknowledges ${handled} stanzas, more than were sent`);
    return false;
  }

  #acknowledgement(): XmlElement {
    return el("a", { xmlns: SM, h: String(this.#in.handled) });
  }

  /** A half-open connection says nothing: asking is the only way to know. */
  #keepAlive(): void {
    if (Date.now() - this.#lastHeard >= this.#limits.keepaliveMs) this.#ask();
  }

  #heard(element: XmlElement): void {
    this.#lastHeard = Date.now();
    if (element.is("r", SM)) this.#live?.stream.write(this.#acknowledgement());
    else if (element.is("a", SM)) this.#acknowledged(counterOf(element) ?? -1);
    else if (["iq", "message", "presence"].includes(element.name)) this.#stanza(element);
  }

  #stanza(stanza: XmlElement): void {
    this.#trace("in", stanza);
    const taken = this.#in.take();
    if (taken === undefined) return;
    if (stanza.name === "iq") {
      this.#iq(stanza);
      taken.done();
      return;
    }
    const { stream } = this.#live ?? {};
    const failed = (error: unknown): void => {
      this.#o.log.warn({ err: error }, "a stanza could not be taken; it will come again");
      taken.failed();
      stream?.destroy("a stanza could not be taken");
    };
    try {
      const handling = this.#o.stanza(stanza);
      if (handling === undefined) taken.done();
      else handling.then(() => taken.done(), failed);
    } catch (error) {
      failed(error);
    }
  }

  #iq(iq: XmlElement): void {
    const { id, from, type } = iq.attrs;
    if (type === "result" || type === "error") {
      if (id !== undefined && id === this.#asked?.id && !this.#live?.session.counts)
        this.#acknowledged(this.#asked.sent);
      else if (!this.#requests.settle(this.#asAsked(iq)))
        this.#o.log.debug({ from, id }, "an answer that nobody waits for");
      return;
    }
    const isPing = type === "get" && iq.getChild("ping", NS.ping) !== undefined;
    const refusal = isPing ? undefined : errorElement({ type: "cancel", condition: "service-unavailable" });
    this.sendLoosely(el("iq", { type: isPing ? "result" : "error", id, to: from }, refusal));
  }

  /** The own account answers under several names, or none (RFC 6120 §8.1.2.1). */
  #asAsked(iq: XmlElement): XmlElement {
    const { from, ...rest } = iq.attrs;
    if (from !== undefined && readJid(from) !== this.jid) return iq;
    return el("iq", { ...rest, from: this.#account }, ...iq.children);
  }

  /** @throws BridgeError `home-down` when it takes too long. */
  async #arrival(all: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const { arriveMs } = this.#limits;
    const detail = `the XMPP server has not taken it within ${arriveMs} ms`;
    const timer = setTimeout(() => late.reject(new BridgeError("home-down", { detail })), arriveMs);
    try {
      await Promise.race([all, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws BridgeError `internal`, `home-refused` or `home-busy`. */
  #check(stanza: XmlElement): void {
    const { attrs } = stanza;
    const from = readJid(attrs.from);
    if (attrs.from !== undefined && (from === undefined || bare(from) !== this.#account))
      throw new BridgeError("internal", { detail: `a stanza from ${attrs.from} is not ours to send` });
    if (attrs.to !== undefined && readJid(attrs.to) === undefined)
      throw new BridgeError("internal", { detail: `a stanza to ${attrs.to} cannot be sent` });
    const bytes = Buffer.byteLength(wire(stanza));
    if (bytes > this.#limits.stanzaBytes)
      throw new BridgeError("home-refused", { detail: `it has ${bytes} bytes, which is too much for one stanza` });
    if ((this.#live?.stream.backlog ?? 0) > this.#limits.backlogBytes)
      throw new BridgeError("home-busy", { detail: "too much waits for the XMPP server to take it" });
  }

  #down(): BridgeError {
    return new BridgeError("home-down", { detail: this.#why || "the link to the XMPP server is down" });
  }

  /** Kinds and addresses, never what people say. */
  #trace(way: "in" | "out", stanza: XmlElement): void {
    if (!this.#o.log.isLevelEnabled("trace")) return;
    const kinds = elements(stanza).map((child) => `${child.getName()} ${child.getNS() ?? ""}`.trim());
    const { type, id, from, to } = stanza.attrs;
    this.#o.log.trace({ way, name: stanza.name, type, id, from, to, kinds }, "stanza");
  }
}

/**
 * Whether a session that was resumed has yet to show that the server hears us in it. Prosody 0.12.3 goes on reading where
 * the broken connection left off: when that was within a stanza, what we write in the resumed session is not well-formed
 * to it, or becomes a part of that stanza, without a word and in each further resumption as well. As nothing but
 * questions (and counts) is written before they are answered, nothing of ours is lost or doubled when such a session ends.
 */
function isUnproven({ session, isReady }: Live): boolean {
  return session.kind === "resumed" && !isReady;
}

/** An address without a resource is an address. */
function asJid(jid: BareJid): Jid {
  return jid as string as Jid;
}
