import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Secret } from "../../bridge/secret.ts";
import { pause } from "../../bridge/waiting.ts";
import { type BareJid, domainOf, type Jid, jidParts, readJid } from "../jid.ts";
import { el, elements, NS, wire, type XmlElement } from "../stanza/xml.ts";
import { bestMechanism, Scram } from "./scram.ts";
import { StreamFailure, type StreamHooks } from "./stream.ts";
import { StreamReader } from "./stream-reader.ts";

/** An account, and where its server takes it in. */
export interface ClientService {
  readonly host: string;
  readonly port: number;
  readonly jid: BareJid;
  readonly password: Secret;
  /** Name of this sign-in among the account's others. */
  readonly resource: string;
  /** `starttls` is the rule (port 5222), `direct` is XEP-0368 (port 5223). Never without TLS. */
  readonly tls: "starttls" | "direct";
  /** The only authority, in PEM, whose certificates count; when not given, those that Node trusts. */
  readonly ca?: string;
  /** False for a server whose stream management (XEP-0198) does not work. Default true. */
  readonly streamManagement?: boolean;
}

/** A session that may still be there at the server (XEP-0198 §5). */
export interface Resumable {
  readonly id: string;
  readonly jid: Jid;
  /** Stanzas that we have handled. */
  readonly handled: number;
}

export interface Session {
  readonly kind: "resumed" | "fresh";
  readonly jid: Jid;
  /** Whether the server counts; with an id when it also keeps the session for a while. */
  readonly counts: boolean;
  readonly id: string | undefined;
  /** Of our stanzas of the session that was to be resumed, how many the server has; `undefined`: it does not say. */
  readonly handled: number | undefined;
}

export const SM = "urn:xmpp:sm:3";
const STREAMS = "http://etherx.jabber.org/streams";
const TLS = "urn:ietf:params:xml:ns:xmpp-tls";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";

const OPENING_MS = 20_000;
const CLOSE_MS = 2000;
const EARLY = 1000;

/** What does not pass by itself when SASL fails (RFC 6120 §6.5). */
const PASSING = ["temporary-auth-failure", "aborted"];
/** Stream errors that only an operator can help (RFC 6120 §4.9.3). */
const REFUSALS: Readonly<Record<string, (service: ClientService) => string>> = {
  "host-unknown": ({ jid, host, port }) =>
    `the XMPP server at ${host}:${port} does not serve ${domainOf(jid)}: check the address`,
  conflict: ({ jid, resource }) =>
    `somebody else has signed in as ${jid}/${resource}: another bridge with this account seems to run`,
  "not-authorized": ({ jid }) => `the XMPP server refuses ${jid}`,
};

/** One stream of an account (RFC 6120) from connecting to its end, signed in over TLS and bound or resumed. */
export class ClientStream {
  readonly #service: ClientService;
  readonly #hooks: StreamHooks;
  #socket: Socket | TLSSocket;
  #reader: StreamReader | undefined;
  /** What came and was not yet taken: while signing in, and until {@link run}. */
  #waiting: XmlElement[] = [];
  #taker: PromiseWithResolvers<XmlElement> | undefined;
  #isRunning = false;
  #failure: StreamFailure | undefined;
  #isOpen = false;
  #ended = false;

  private constructor(service: ClientService, hooks: StreamHooks) {
    this.#service = service;
    this.#hooks = hooks;
    this.#socket = connect({ host: service.host, port: service.port });
  }

  /**
   * Connects, signs in and takes up the old session if the server still has it, or begins a new one. Nothing is handed
   * to the hooks before {@link run}.
   * @throws StreamFailure when there is no stream; `hooks.closed` is not called then.
   */
  static async open(
    service: ClientService,
    hooks: StreamHooks,
    old: Resumable | undefined,
    signal: AbortSignal,
  ): Promise<{ stream: ClientStream; session: Session }> {
    const stream = new ClientStream(service, hooks);
    const late = setTimeout(() => stream.destroy("it did not answer in time"), OPENING_MS);
    const abort = (): void => stream.destroy("no longer wanted");
    signal.addEventListener("abort", abort, { once: true });
    try {
      const session = await stream.#negotiate(old);
      stream.#isOpen = true;
      return { stream, session };
    } catch (error) {
      stream.destroy(error);
      throw stream.#failure ?? error;
    } finally {
      clearTimeout(late);
      signal.removeEventListener("abort", abort);
    }
  }

  /** Lets what has come and what comes go to the hooks. */
  run(): void {
    this.#isRunning = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) this.#hooks.element(next);
    if (this.#ended) this.#hooks.closed(this.#failure ?? new StreamFailure("lost", "the stream ended"));
  }

  /** Bytes that wait in this process for the server to take them. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  /** False: the stream has ended. */
  write(element: XmlElement): boolean {
    if (this.#ended || !this.#socket.writable) return false;
    this.#socket.write(wire(element));
    return true;
  }

  /** Ends it in order: what was written is taken first. Settles within a few seconds. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.end("</stream:stream>");
    await Promise.race([closed, pause(CLOSE_MS)]);
    this.destroy("closed");
  }

  /** Ends it at once. */
  destroy(why: unknown): void {
    this.#failed(why);
    this.#socket.destroy();
    this.#end();
  }

  async #negotiate(old: Resumable | undefined): Promise<Session> {
    await this.#once("connect");
    this.#socket.setNoDelay(true);
    this.#socket.setKeepAlive(true, 30_000);
    if (this.#service.tls === "starttls") await this.#startTls();
    else await this.#encrypt();
    let features = await this.#header();
    await this.#signIn(features);
    features = await this.#header();
    const counts = this.#service.streamManagement !== false && features.getChild("sm", SM) !== undefined;
    return await this.#session(counts, counts ? old : undefined);
  }

  async #startTls(): Promise<void> {
    this.#listen();
    const features = await this.#header();
    if (features.getChild("starttls", TLS) === undefined)
      throw this.#refused("offers no encryption (STARTTLS); the bridge does not sign in without");
    this.#say(el("starttls", { xmlns: TLS }));
    const answer = await this.#take();
    if (!answer.is("proceed", TLS)) throw this.#refused("offers encryption (STARTTLS) and then refuses it");
    // What somebody has put behind that in the clear is not of the server.
    if (this.#waiting.length > 0) throw this.#refused("goes on in the clear when encryption was agreed upon");
    this.#socket.removeAllListeners("data");
    await this.#encrypt();
  }

  async #encrypt(): Promise<void> {
    const { ca, jid } = this.#service;
    const domain = domainOf(jid);
    const plain = this.#socket;
    const secure = connectTls({
      socket: plain,
      host: domain,
      minVersion: "TLSv1.2",
      ...(isIP(domain) ? {} : { servername: domain }),
      ...(this.#service.tls === "direct" ? { ALPNProtocols: ["xmpp-client"] } : {}),
      ...(ca === undefined ? {} : { ca }),
    });
    this.#socket = secure;
    try {
      await this.#once("secureConnect");
    } catch (error) {
      plain.destroy();
      if (!isCertificateFault(error)) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw this.#refused(`has a certificate for ${domain} that cannot be trusted (${why})`, error);
    }
    this.#listen();
  }

  /** Resolves with the event; rejects when the socket fails first. */
  async #once(event: "connect" | "secureConnect"): Promise<void> {
    const socket = this.#socket;
    await new Promise<void>((resolve, reject) => {
      socket.once(event, resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(this.#failure ?? new Error("it closed the connection")));
    });
  }

  #listen(): void {
    const socket = this.#socket;
    socket.setEncoding("utf8");
    socket.on("error", (error) => this.#failed(error));
    socket.on("close", () => this.#end());
    socket.on("data", (text: string | Buffer) => {
      try {
        this.#reader?.write(String(text));
      } catch (error) {
        this.destroy(error);
      }
    });
  }

  /** Begins the stream, or begins it anew, and gives what the server offers. */
  async #header(): Promise<XmlElement> {
    this.#reader = new StreamReader({
      element: (element) => this.#heard(element),
      ended: () => {
        if (!this.#ended) this.#socket.end("</stream:stream>");
      },
    });
    const to = domainOf(this.#service.jid);
    const open = wire(el("stream:stream", { xmlns: NS.client, "xmlns:stream": STREAMS, to, version: "1.0" }));
    this.#socket.write(`<?xml version='1.0'?>${open.replace(/\/>$/, ">")}`);
    const features = await this.#take();
    if (!features.is("features", STREAMS)) throw new Error(`it began with <${features.name}/>`);
    return features;
  }

  async #signIn(features: XmlElement): Promise<void> {
    const { jid, password } = this.#service;
    const offered = (features.getChild("mechanisms", SASL)?.getChildren("mechanism") ?? []).map((one) => one.text());
    const mechanism = bestMechanism(offered);
    if (mechanism === undefined)
      throw this.#refused(
        `offers no sign-in that is safe (SCRAM), only: ${offered.join(", ").slice(0, 200) || "none"}`,
      );
    const scram = new Scram(mechanism, jidParts(jid).node ?? "", password);
    this.#say(el("auth", { xmlns: SASL, mechanism }, encode(scram.first())));
    for (;;) {
      const word = await this.#take();
      if (word.is("challenge", SASL)) {
        this.#say(el("response", { xmlns: SASL }, encode(await scram.answer(decode(word)))));
        continue;
      }
      if (word.is("failure", SASL)) throw this.#notSignedIn(word);
      if (!word.is("success", SASL)) throw new Error(`it answered the sign-in with <${word.name}/>`);
      scram.verify(decode(word));
      return;
    }
  }

  #notSignedIn(failure: XmlElement): StreamFailure {
    const { jid } = this.#service;
    const condition = elements(failure).find(({ name }) => name !== "text")?.name ?? "not-authorized";
    const text = failure.getChildText("text", SASL);
    const said = text === null || text === "" ? condition : `${condition}: ${text}`;
    if (PASSING.includes(condition))
      return new StreamFailure("lost", `the XMPP server cannot sign ${jid} in now (${said})`, { condition });
    const wrong = condition === "not-authorized";
    const message = wrong
      ? `the XMPP server refuses the password of ${jid}: there is no such account, or it has another password`
      : `the XMPP server does not let ${jid} sign in (${said})`;
    return new StreamFailure("refused", message, { condition });
  }

  async #session(counts: boolean, old: Resumable | undefined): Promise<Session> {
    let handled: number | undefined;
    if (old !== undefined) {
      this.#say(el("resume", { xmlns: SM, h: String(old.handled), previd: old.id }));
      const answer = await this.#take();
      handled = counterOf(answer);
      if (answer.is("resumed", SM)) return { kind: "resumed", jid: old.jid, counts: true, id: old.id, handled };
      if (!answer.is("failed", SM)) throw new Error(`it answered a resumption with <${answer.name}/>`);
    }
    const jid = await this.#bind();
    if (!counts) return { kind: "fresh", jid, counts, id: undefined, handled };
    this.#say(el("enable", { xmlns: SM, resume: "true" }));
    const answer = await this.#take();
    if (!answer.is("enabled", SM)) return { kind: "fresh", jid, counts: false, id: undefined, handled };
    const { id, resume } = answer.attrs;
    const stays = resume === "true" || resume === "1";
    return { kind: "fresh", jid, counts, id: stays ? id : undefined, handled };
  }

  async #bind(): Promise<Jid> {
    const { resource, jid } = this.#service;
    this.#say(el("iq", { type: "set", id: "bind" }, el("bind", { xmlns: BIND }, el("resource", {}, resource))));
    const answer = await this.#take();
    const bound = readJid(answer.getChild("bind", BIND)?.getChildText("jid") ?? undefined);
    if (answer.attrs.type !== "result" || bound === undefined) throw new Error(`it did not bind ${jid}/${resource}`);
    return bound;
  }

  #say(element: XmlElement): void {
    this.#socket.write(wire(element));
  }

  /** The next element of the stream. Rejects when the stream ends first. */
  async #take(): Promise<XmlElement> {
    const next = this.#waiting.shift();
    if (next !== undefined) return next;
    if (this.#ended) throw this.#failure ?? new Error("the stream ended");
    this.#taker = Promise.withResolvers();
    return await this.#taker.promise;
  }

  #heard(element: XmlElement): void {
    if (element.is("error", STREAMS)) {
      this.#streamError(element);
      return;
    }
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker !== undefined) taker.resolve(element);
    else if (this.#isRunning) this.#hooks.element(element);
    else if (this.#waiting.length < EARLY) this.#waiting.push(element);
    else this.destroy("too much came before the stream was ready");
  }

  #streamError(error: XmlElement): void {
    const condition = elements(error).find((child) => child.name !== "text")?.name ?? "undefined-condition";
    const text = error.getChildText("text", NS.streams);
    const refusal = REFUSALS[condition]?.(this.#service);
    const said = `${condition}${text ? `: ${text}` : ""}`;
    this.destroy(
      refusal === undefined ? said : new StreamFailure("refused", `${refusal} (${said})`, { condition, cause: said }),
    );
  }

  #refused(what: string, cause?: unknown): StreamFailure {
    const { host, port } = this.#service;
    return new StreamFailure("refused", `the XMPP server at ${host}:${port} ${what}`, { cause });
  }

  #failed(error: unknown): void {
    if (this.#failure || this.#ended) return;
    if (error instanceof StreamFailure) {
      this.#failure = error;
      return;
    }
    const { host, port, jid } = this.#service;
    const detail = typeof error === "string" ? error : error instanceof Error ? error.message : "unknown";
    const text = this.#isOpen
      ? `the stream of ${jid} to ${host}:${port} ended: ${detail}`
      : `no stream for ${jid} to the XMPP server at ${host}:${port}: ${detail || "it closed the connection"}`;
    this.#failure = new StreamFailure("lost", text, { cause: error });
  }

  #end(): void {
    if (this.#ended) return;
    if (!this.#failure) this.#failed("the server closed it");
    this.#ended = true;
    const failure = this.#failure ?? new StreamFailure("lost", "the stream ended");
    this.#taker?.reject(failure);
    this.#taker = undefined;
    if (this.#isRunning) this.#hooks.closed(failure);
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decode(word: XmlElement): string {
  return Buffer.from(word.text(), "base64").toString("utf8");
}

/** The counter that a word of stream management carries. */
export function counterOf({ attrs: { h = "" } }: XmlElement): number | undefined {
  return /^\d{1,10}$/.test(h) ? Number(h) : undefined;
}

function isCertificateFault(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /CERT|SIGNED|ISSUER|ALTNAME|UNABLE_TO_VERIFY/.test(code);
}
