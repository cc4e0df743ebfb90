import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { StreamReader } from "../../src/xmpp/link/stream-reader.ts";
import type { XmlElement } from "../../src/xmpp/stanza/xml.ts";

/**
 * An XMPP server for the bench: takes components in (XEP-0114) and is all people of its domain at once. It routes what
 * components say to themselves, hands messages to whoever listens, and refuses every other request. It is strict where
 * Prosody is: a wrong secret, a second connection of a component and a `from` that is not the component's end the stream.
 */
export interface StubXmppOptions {
  readonly secret: string;
  /** Hears of each message to somebody of the server's own domain as soon as it has been read. */
  readonly onMessage: (message: XmlElement) => void;
}

interface Component {
  readonly domain: string;
  readonly socket: Socket;
}

const HEADER = /<stream:stream[^>]*\sto=["']([^"'<]+)["'][^>]*>/;
/** A header comes in one piece, or the other side is none that this server is for. */
const LONGEST_HEADER = 4096;

export class StubXmppServer {
  readonly #options: StubXmppOptions;
  readonly #server: Server;
  readonly #components = new Map<string, Component>();
  readonly #sockets = new Set<Socket>();

  private constructor(options: StubXmppOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  static async start(options: StubXmppOptions): Promise<StubXmppServer> {
    const stub = new StubXmppServer(options);
    stub.#server.listen(0, "127.0.0.1");
    await once(stub.#server, "listening");
    return stub;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Sends a stanza to a component. Resolves when the kernel has taken it. @throws Error when it is not connected */
  send(domain: string, stanza: string): Promise<void> {
    const component = this.#components.get(domain);
    if (component === undefined) throw new Error(`the component ${domain} is not connected`);
    return new Promise((resolve, reject) => {
      component.socket.write(stanza, (error) => (error ? reject(error) : resolve()));
    });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    let head = "";
    const begin = (data: string): void => {
      head += data;
      const domain = HEADER.exec(head)?.[1];
      if (domain === undefined && head.length > LONGEST_HEADER) socket.destroy();
      if (domain === undefined) return;
      socket.off("data", begin);
      this.#open(socket, domain, head);
    };
    socket.on("data", begin);
  }

  #open(socket: Socket, domain: string, head: string): void {
    const id = randomUUID();
    socket.write(
      "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' " +
        `xmlns:stream='http://etherx.jabber.org/streams' from='${domain}' id='${id}'>`,
    );
    const proof = createHash("sha1").update(`${id}${this.#options.secret}`).digest("hex");
    const component = { domain, socket };
    const reader = new StreamReader({
      element: (stanza) => {
        if (this.#components.get(domain) === component) this.#route(component, stanza);
        else this.#shakeHands(component, stanza, proof);
      },
      ended: () => socket.end("</stream:stream>"),
    });
    const read = (data: string): void => {
      try {
        reader.write(data);
      } catch {
        fail(socket, "not-well-formed");
      }
    };
    socket.on("data", read);
    socket.on("close", () => {
      if (this.#components.get(domain) === component) this.#components.delete(domain);
    });
    read(head);
  }

  #shakeHands(component: Component, stanza: XmlElement, proof: string): void {
    const { domain, socket } = component;
    if (stanza.name !== "handshake" || stanza.text() !== proof) fail(socket, "not-authorized");
    else if (this.#components.has(domain)) fail(socket, "conflict");
    else {
      this.#components.set(domain, component);
      socket.write("<handshake/>");
    }
  }

  #route({ domain, socket }: Component, stanza: XmlElement): void {
    const { from = "", to, id, type } = stanza.attrs;
    if (domainOf(from) !== domain) fail(socket, "invalid-from");
    else if (to === undefined) fail(socket, "improper-addressing");
    else if (domainOf(to) === domain) socket.write(stanza.toString());
    else if (stanza.name === "message") this.#options.onMessage(stanza);
    else if (stanza.name === "iq" && (type === "get" || type === "set")) socket.write(refusal(to, from, id ?? ""));
  }
}

function domainOf(jid: string): string {
  const [bare = ""] = jid.split("/", 1);
  return bare.slice(bare.indexOf("@") + 1);
}

function refusal(from: string, to: string, id: string): string {
  const condition = "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>";
  const attrs = `type='error' id='${escaped(id)}' from='${escaped(from)}' to='${escaped(to)}'`;
  return `<iq ${attrs}><error type='cancel'>${condition}</error></iq>`;
}

function fail(socket: Socket, condition: string): void {
  socket.end(
    `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&apos;",
  '"': "&quot;",
};

/** A text as it may stand in an element or an attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>'"]/g, (char) => ENTITIES[char] ?? char);
}
