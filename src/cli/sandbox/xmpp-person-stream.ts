import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { client, type PersonEntity } from "@xmpp/client";
import { trustInThisProcess } from "./certificate.ts";
import type { Trace } from "./trace.ts";
import { ownInfo } from "./xmpp-features.ts";
import type { XmppServer } from "./xmpp-server.ts";
import { bare, NS, readError, type SeenError, type Stanza, xml } from "./xmpp-stanza.ts";

export interface PersonStreamOptions {
  readonly server: Pick<XmppServer, "host" | "c2sPort" | "domain" | "ca">;
  readonly jid: string;
  readonly password: string;
  readonly resource: string;
  readonly trace?: Trace | undefined;
  readonly traceName: string;
}

export interface PersonStreamHooks {
  /** A message or presence. */
  stanza(stanza: Stanza): void;
  rosterPush(items: readonly Stanza[]): void;
  /** A new session has begun: say what has to be said in one. */
  bound(): Promise<void>;
  /** The connection came or went. */
  changed(): void;
}

const CONNECT_MS = 60_000;
const REQUEST_MS = 60_000;

/** Somebody answered a request with an error. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
  readonly error: SeenError;

  constructor(error: SeenError, request: Stanza) {
    super(`${error.condition} (${error.type}) ${error.text ?? ""}`.trimEnd(), { cause: request.toString() });
    this.error = error;
  }
}

/** The connection of a person: @xmpp/client with stream management, without its own reconnecting. */
export class PersonStream {
  readonly #entity: PersonEntity;
  readonly #options: PersonStreamOptions;
  readonly #hooks: PersonStreamHooks;
  readonly #requests = new Map<string, (answer: Stanza) => void>();
  #online = false;
  #closed = false;
  #fresh = 0;
  #resumed = 0;

  constructor(options: PersonStreamOptions, hooks: PersonStreamHooks) {
    this.#options = options;
    this.#hooks = hooks;
    const { server, jid, password, resource } = options;
    trustInThisProcess(server.ca);
    this.#entity = client({
      service: `xmpp://${server.host}:${server.c2sPort}`,
      domain: server.domain,
      username: jid.split("@", 1)[0] ?? "",
      password,
      resource,
    });
    this.#entity.reconnect.stop();
    this.#entity.timeout = CONNECT_MS;
    this.#listen();
  }

  get fullJid(): string {
    return this.#entity.jid?.toString() ?? this.#options.jid;
  }

  get online(): boolean {
    return this.#online;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get sessions(): { readonly resumed: number; readonly fresh: number } {
    return { resumed: this.#resumed, fresh: this.#fresh };
  }

  async start(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** @throws Error when there is no connection that was cut */
  async reconnect(): Promise<"resumed" | "fresh"> {
    if (this.#online || this.#closed) throw new Error(`${this.#options.jid} has nothing to reconnect`);
    return await this.#connect();
  }

  async cut(): Promise<void> {
    const { socket } = this.#entity;
    if (socket === null || !this.#online) return;
    const gone = once(this.#entity, "disconnect", { signal: AbortSignal.timeout(CONNECT_MS) });
    (socket.socket ?? socket).destroy?.();
    await gone;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#online = false;
    // A stream that is down already has nothing to end.
    await this.#entity.stop().catch(() => {});
  }

  /** @throws Error when the connection is down */
  async send(stanza: Stanza): Promise<void> {
    if (!this.#online && this.#entity.status !== "online") {
      throw new Error(`${this.#options.jid} is not connected and cannot send ${stanza.toString()}`);
    }
    await this.#entity.send(stanza);
  }

  /**
   * Sends an IQ and gives the result. Not by the package's own iqCaller: what that takes out, the package's stream
   * management does not count, so that after a resumption the server would send again what was there already.
   *
   * @throws RequestRefused when the answer is an error; Error when there is none in time
   */
  async request(type: "get" | "set", to: string | undefined, payload: Stanza): Promise<Stanza> {
    const id = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<Stanza>();
    const timer = setTimeout(() => {
      reject(
        new Error(`${to ?? this.#options.server.domain} did not answer within ${REQUEST_MS} ms: ${payload.toString()}`),
      );
    }, REQUEST_MS);
    this.#requests.set(id, resolve);
    try {
      await this.send(xml("iq", { type, to, id }, payload));
      const answer = await promise;
      const error = readError(answer);
      if (error !== undefined) throw new RequestRefused(error, payload);
      return answer;
    } finally {
      clearTimeout(timer);
      this.#requests.delete(id);
    }
  }

  async #connect(): Promise<"resumed" | "fresh"> {
    const entity = this.#entity;
    const session = this.#nextSession();
    // When connecting fails nobody waits for the session any more.
    session.catch(() => {});
    const { service, domain } = entity.options;
    if (entity.status === "offline") await Promise.all([entity.start(), session]);
    else {
      await entity.connect(service);
      await entity.open({ domain });
    }
    const how = await session;
    if (how === "resumed") this.#resumed += 1;
    else this.#fresh += 1;
    this.#online = true;
    if (how === "fresh") await this.#hooks.bound();
    this.#hooks.changed();
    return how;
  }

  /**
   * Resolves when the server has resumed the old stream or has turned stream management on for a new one. Nothing may be
   * sent before: the package counts what comes only from when it has handled `<enabled/>`, and would count wrongly.
   */
  async #nextSession(): Promise<"resumed" | "fresh"> {
    return await new Promise((resolve, reject) => {
      const entity = this.#entity;
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        entity.off("nonza", look);
        entity.off("error", fail);
        // The package handles the same element after this listener.
        setImmediate(finish);
      };
      const look = (element: Stanza): void => {
        if (element.is("resumed", NS.sm)) settle(() => resolve("resumed"));
        if (element.is("enabled", NS.sm)) settle(() => resolve("fresh"));
      };
      const fail = (error: unknown): void => settle(() => reject(error));
      const timer = setTimeout(
        () => fail(new Error(`${this.#options.jid} had no session within ${CONNECT_MS} ms`)),
        CONNECT_MS,
      );
      entity.on("nonza", look);
      entity.on("error", fail);
    });
  }

  #listen(): void {
    const { trace, traceName } = this.#options;
    const entity = this.#entity;
    entity.on("error", (error: unknown) => trace?.(traceName, `error: ${String(error)}`));
    entity.on("disconnect", () => {
      this.#online = false;
      trace?.(traceName, "connection ended");
      this.#hooks.changed();
    });
    entity.on("element", (element: Stanza) => trace?.(traceName, `<- ${element.toString()}`));
    entity.on("send", (element: Stanza) => {
      // The password goes this way, too.
      const isSecret = element.is("auth") || element.is("response");
      trace?.(traceName, `-> ${isSecret ? `<${element.name}/>` : element.toString()}`);
    });
    entity.on("stanza", (stanza: Stanza) => {
      const { id = "", type } = stanza.attrs;
      if (stanza.name !== "iq") this.#hooks.stanza(stanza);
      else if (type === "result" || type === "error") this.#requests.get(id)?.(stanza);
    });
    entity.iqCallee.get(NS.discoInfo, "query", ({ element }) => ownInfo(element.attrs.node));
    entity.iqCallee.set(NS.roster, "query", ({ stanza, element }) => {
      // Only the own server may change the roster (RFC 6121 §2.1.6).
      const { from } = stanza.attrs;
      if (from !== undefined && bare(from) !== this.#options.jid) return false;
      this.#hooks.rosterPush(element.getChildren("item"));
      return true;
    });
  }
}
