import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Passes a connection on to a notification server, and puts another switchboard's address into its XFR lines. */
export class RelayServer {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  private constructor(ns: Endpoint, board: Endpoint) {
    this.#server = createServer((client) => {
      const upstream = connect(ns);
      this.#clients.add(client);
      client.pipe(upstream);
      upstream.on("data", (chunk) => {
        const text = chunk.toString("latin1").replace(/(XFR \d+ SB )\S+/, `$1${board.host}:${board.port}`);
        client.write(Buffer.from(text, "latin1"));
      });
      upstream.on("error", () => client.destroy());
      client.on("error", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
      client.on("close", () => {
        this.#clients.delete(client);
        upstream.destroy();
      });
    });
  }

  static async start(ns: Endpoint, board: Endpoint): Promise<RelayServer> {
    const relay = new RelayServer(ns, board);
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  get address(): Endpoint {
    return { host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  /** Says something to the client as if it came from the server. */
  say(line: string): void {
    for (const client of this.#clients) client.write(line);
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
