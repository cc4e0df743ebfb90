import type { Socket } from "node:net";
import type { Channel, ChannelListener } from "./channel.ts";
import { ConnectionError } from "./connection-error.ts";

/** How long a peer may take to read the last bytes. */
const LINGER_MS = 2000;

/** A TCP connection, bare or with TLS in it. */
export class SocketChannel implements Channel {
  readonly transport: "tcp" | "tls";
  readonly #socket: Socket;

  /** `socket` is connected, and has a listener for errors. */
  constructor(socket: Socket, transport: "tcp" | "tls") {
    this.#socket = socket;
    this.transport = transport;
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  listen(listener: ChannelListener): void {
    const socket = this.#socket;
    socket.on("data", (chunk) => listener.onBytes(chunk));
    socket.on("error", (error) =>
      listener.onOver(new ConnectionError("closed", `The connection broke (${error.message})`)),
    );
    socket.on("close", () => listener.onOver(new ConnectionError("closed", "The server closed the connection")));
    // A handshake with a proxy may have left it paused.
    socket.resume();
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
