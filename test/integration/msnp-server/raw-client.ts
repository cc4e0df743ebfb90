import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { serverToClientPayload } from "../../../src/msnp/wire/index.ts";

/** What a server sent: the line as it stood, trailing blanks included, and the payload behind it. */
export interface Received {
  readonly line: string;
  readonly payload: string | undefined;
}

const PATIENCE_MS = 10_000;

/** A client that writes bytes by hand and reads lines, to compare with the transcripts of the fact books. */
export class RawClient {
  readonly #socket: Socket;
  readonly #name: string;
  #buffer = Buffer.alloc(0);
  readonly #received: Received[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  private constructor(socket: Socket, name: string) {
    this.#socket = socket;
    this.#name = name;
    socket.on("data", (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#parse();
      this.#wake?.();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  static async open(port: number, name = "client"): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new RawClient(socket, name);
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Sends lines; one that holds a line break already is sent as it stands (a command with its payload). */
  say(...lines: readonly string[]): void {
    for (const line of lines) this.#socket.write(line.includes("\r\n") ? line : `${line}\r\n`);
  }

  /** A command with a payload, the length filled in. */
  sayPayload(line: string, payload: string | Buffer): void {
    this.#socket.write(Buffer.concat([Buffer.from(`${line} ${Buffer.byteLength(payload)}\r\n`), Buffer.from(payload)]));
  }

  bytes(data: Buffer): void {
    this.#socket.write(data);
  }

  /** Stops reading, so that what the server sends piles up there. */
  stopReading(): void {
    this.#socket.pause();
  }

  startReading(): void {
    this.#socket.resume();
  }

  async next(): Promise<Received> {
    await this.#until(() => this.#received.length > 0, "another line");
    const [first] = this.#received.splice(0, 1);
    if (first === undefined) throw new Error(`${this.#name}: the connection ended`);
    return first;
  }

  /** The next lines must be these; `<...>` stands for anything without a blank. Returns what came. */
  async hears(...expected: readonly string[]): Promise<Received[]> {
    const heard: Received[] = [];
    for (const line of expected) {
      const received = await this.next().catch((error: unknown) => {
        throw new Error(`${this.#name} expected "${line}", but ${String(error)}`);
      });
      if (!matches(line, received.line)) {
        throw new Error(`${this.#name} expected "${line}", but got "${received.line}" ${received.payload ?? ""}`);
      }
      heard.push(received);
    }
    return heard;
  }

  /** Nothing came but what the answer to a keepalive says: everything before it has been handled. */
  async hearsNothing(): Promise<void> {
    this.say("PNG");
    await this.hears("QNG 60");
  }

  /** The server ends the connection; lines before that must have been read. */
  async isClosed(): Promise<void> {
    await this.#until(() => this.#ended || this.#received.length > 0, "the end of the connection");
    const [unread] = this.#received;
    if (unread !== undefined) throw new Error(`${this.#name} should be closed, but got "${unread.line}"`);
  }

  /** The server ends the connection, whatever it says before. */
  async ends(): Promise<void> {
    await this.#until(() => this.#ended, "the end of the connection");
  }

  /** Ends its own side, after which the server ends the other; what it still says is not looked at. */
  async hangUp(): Promise<void> {
    this.#socket.end();
    await this.ends();
  }

  close(): void {
    this.#socket.destroy();
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!done()) {
      if (this.#ended && what === "another line") throw new Error(`${this.#name}: the connection ended before ${what}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${this.#name} waited in vain for ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }

  /** Lines are cut here by hand, so that blanks at their ends stay visible; only the payload rule is the library's. */
  #parse(): void {
    for (;;) {
      const end = this.#buffer.indexOf("\r\n");
      if (end < 0) return;
      const line = this.#buffer.toString("utf8", 0, end);
      const [name = "", ...args] = line.split(" ").filter((word) => word !== "");
      const length = serverToClientPayload(name, args);
      if (length === undefined || Number.isNaN(length)) {
        this.#received.push({ line, payload: undefined });
        this.#buffer = this.#buffer.subarray(end + 2);
        continue;
      }
      const whole = end + 2 + length;
      if (this.#buffer.length < whole) return;
      this.#received.push({ line, payload: this.#buffer.toString("utf8", end + 2, whole) });
      this.#buffer = this.#buffer.subarray(whole);
    }
  }
}

function matches(pattern: string, line: string): boolean {
  const source = pattern
    .split(/<[^>]*>/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[^ ]+");
  return new RegExp(`^${source}$`).test(line);
}
