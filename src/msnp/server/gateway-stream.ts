import { Duplex } from "node:stream";

/** What a connection runs over: a socket, or requests to the gateway that stand for one. */
export type ServerStream = Duplex & {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
};

/** A client behind the gateway: what it posts is read here, what is written here waits until the client asks. */
export class GatewayStream extends Duplex {
  readonly remoteAddress: string;
  readonly remotePort = 0;
  readonly #limit: number;
  #waiting: Buffer[] = [];
  #size = 0;
  #wake: (() => void) | undefined;

  /** A client that leaves more than `limit` bytes waiting is dropped. */
  constructor(remoteAddress: string, limit: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.#limit = limit;
  }

  /** Whether nothing will be written any more. */
  get isOver(): boolean {
    return this.destroyed || this.writableEnded;
  }

  /** Bytes that the client posted. */
  feed(bytes: Buffer): void {
    if (!this.destroyed && bytes.length > 0) this.push(bytes);
  }

  /** Takes all that waits for the client. */
  collect(): Buffer {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#size = 0;
    return bytes;
  }

  /** Resolves when something waits for the client, when the connection is over, on `release`, or after so many ms. */
  async news(ms: number): Promise<void> {
    if (this.#size > 0 || this.isOver) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Ends a wait for news. */
  release(): void {
    this.#wake?.();
  }

  override _read(): void {
    // Bytes come when the client posts them.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#waiting.push(chunk);
    this.#size += chunk.length;
    if (this.#size > this.#limit) this.destroy();
    this.release();
    done();
  }

  override _final(done: () => void): void {
    this.release();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.release();
    done(error);
  }
}
