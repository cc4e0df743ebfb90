import { randomUUID } from "node:crypto";
import type { EventEmitter } from "node:events";
import { component } from "@xmpp/component";
import type { Trace } from "../../src/cli/sandbox/trace.ts";
import type { XmppServer } from "../../src/cli/sandbox/xmpp-server.ts";
import { NS, type Stanza, xml } from "../../src/cli/sandbox/xmpp-stanza.ts";

interface Entity extends EventEmitter {
  readonly reconnect: { stop(): void };
  timeout: number;
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
  send(stanza: Stanza): Promise<void>;
}

const WAIT_MS = 60_000;
const CONNECT_MS = 60_000;

/** A component (XEP-0114) without any wits: says what it is told to say, keeps what comes. */
export class RawComponent {
  /** Everything that came, oldest first. */
  readonly stanzas: Stanza[] = [];
  /** What the server has granted (XEP-0356), by access, as its last advertisement says; and under which namespace. */
  readonly granted = new Map<string, string>();
  privilegeNamespace: string | undefined;
  readonly domain: string;
  /** Gives the payload of the answer to a request, or undefined to leave it to the package (service-unavailable). */
  answer: (request: Stanza) => Stanza | undefined = () => undefined;
  readonly #entity: Entity;
  readonly #watchers = new Set<() => void>();

  private constructor(server: XmppServer, trace: Trace | undefined) {
    this.domain = server.component;
    this.#entity = component({
      service: `xmpp://${server.host}:${server.componentPort}`,
      domain: server.component,
      password: server.secret,
    }) as unknown as Entity;
    this.#entity.reconnect.stop();
    this.#entity.timeout = CONNECT_MS;
    // The package's own listener would answer every request first.
    this.#entity.removeAllListeners("element");
    this.#entity.on("error", (error: unknown) => trace?.("component", `error: ${String(error)}`));
    this.#entity.on("send", (stanza: Stanza) => trace?.("component", `-> ${stanza.toString()}`));
    this.#entity.on("stanza", (stanza: Stanza) => {
      trace?.("component", `<- ${stanza.toString()}`);
      this.#see(stanza);
    });
  }

  /** @throws Error when the server refuses it */
  static async start(server: XmppServer, trace?: Trace): Promise<RawComponent> {
    const raw = new RawComponent(server, trace);
    await raw.#entity.start();
    return raw;
  }

  async close(): Promise<void> {
    await this.#entity.stop().catch(() => {});
  }

  async send(stanza: Stanza): Promise<void> {
    await this.#entity.send(stanza);
  }

  /** Sends an IQ and gives the answer, a result or an error. */
  async request(type: "get" | "set", to: string, payload: Stanza, from = this.domain): Promise<Stanza> {
    const id = randomUUID();
    await this.send(xml("iq", { type, from, to, id }, payload));
    return await this.waitFor(`an answer from ${to}`, () =>
      this.stanzas.find(({ name, attrs }) => name === "iq" && attrs.id === id),
    );
  }

  async waitFor<T>(what: string, find: () => T | undefined | false): Promise<T> {
    const found = find();
    if (found !== undefined && found !== false) return found;
    return await new Promise<T>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const look = (): void => {
        const now = find();
        if (now === undefined || now === false) return;
        end();
        resolve(now);
      };
      const timer = setTimeout(() => {
        end();
        const seen = this.stanzas.slice(-8).map((stanza) => `  ${stanza.toString()}`);
        reject(new Error([`${this.domain} waited for ${what}, in vain. Seen last:`, ...seen].join("\n")));
      }, WAIT_MS);
      this.#watchers.add(look);
    });
  }

  #see(stanza: Stanza): void {
    this.stanzas.push(stanza);
    const privilege = stanza.getChildElements().find(({ name }) => name === "privilege");
    if (stanza.name === "message" && privilege !== undefined) {
      this.privilegeNamespace = privilege.getNS();
      for (const { attrs } of privilege.getChildren("perm")) this.granted.set(attrs.access ?? "", attrs.type ?? "");
    }
    if (stanza.name === "iq" && (stanza.attrs.type === "get" || stanza.attrs.type === "set")) this.#reply(stanza);
    for (const look of [...this.#watchers]) look();
  }

  #reply(request: Stanza): void {
    const { from, to, id } = request.attrs;
    const payload = this.answer(request);
    const unknown = xml("error", { type: "cancel" }, xml("service-unavailable", { xmlns: NS.stanzas }));
    const attrs = { from: to, to: from, id, type: payload === undefined ? "error" : "result" };
    this.send(xml("iq", attrs, payload ?? unknown)).catch(() => {});
  }
}
