import type { ConnectionError } from "./connection-error.ts";

/** What carries the bytes between a client and a server (source: msnp-chat §7). */
export type TransportKind = "tcp" | "tls" | "gateway";

/** Who hears of a channel. */
export interface ChannelListener {
  onBytes(chunk: Buffer): void;
  /** The channel ended without having been told to. May come more than once. */
  onOver(error: ConnectionError): void;
}

/** A way for bytes to a server and back; commands are the {@link Connection}'s matter. */
export interface Channel {
  readonly transport: TransportKind;
  /** Bytes that were written and have not left yet; whoever writes bounds them. */
  readonly unsent: number;
  /** Called once, before anything is written. */
  listen(listener: ChannelListener): void;
  write(bytes: Buffer): void;
  /**
   * Lets what was written go out, for a moment at most, and ends. The listener is not told. `isHeard`: what is on its way
   * is not to be lost for that.
   */
  end(isHeard?: boolean): void;
  /** Ends at once. */
  destroy(): void;
}
