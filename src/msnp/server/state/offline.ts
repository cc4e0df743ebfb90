import { randomUUID } from "node:crypto";

/** Messages one account may have waiting; more are refused. */
export const MAX_OFFLINE_MESSAGES = 5000;
/** Longest text of one message in characters; Escargot knows no bound. */
export const MAX_OFFLINE_TEXT = 64 * 1024;

/** What whoever leaves a message says about it. */
export interface OfflineDraft {
  /** Address of the sender. */
  readonly from: string;
  /** Name of the sender, unencoded. */
  readonly fromName?: string | undefined;
  /** Address of the account the message waits for. */
  readonly to: string;
  readonly text: string;
  /** GUID of the burst, with or without braces; a new one when absent. */
  readonly runId?: string | undefined;
  /** Number within the burst; messages through UUM have none (source: msnp-chat §5.6.4). */
  readonly sequence?: number | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Header lines of the sender's client, in their order; the usual ones when absent (source: msnp-chat §5.6.2). */
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** Address of the sender's machine, or `tel:+...`. */
  readonly origin?: string | undefined;
  /** The program the message came through; `MSNMSGR` when absent. */
  readonly proxy?: string | undefined;
  /** The multi-part message as it came, for clients that get such (source: msnp21 §3.7). */
  readonly multipart?: Buffer | undefined;
}

/** A message that waits for somebody who was not there (source: msnp-chat §5.6). */
export interface OfflineMessage extends OfflineDraft {
  /** GUID in capitals, without braces. */
  readonly id: string;
  /** GUID without braces. */
  readonly runId: string;
  readonly read: boolean;
}

/** Offline messages of all accounts, in memory, in the order in which they were left. */
export class OfflineStore {
  /** By address in lower case, then by id. */
  readonly #waiting = new Map<string, Map<string, OfflineMessage>>();
  readonly #maxPerAccount: number;

  constructor(maxPerAccount = MAX_OFFLINE_MESSAGES) {
    this.#maxPerAccount = maxPerAccount;
  }

  /** Keeps a message; undefined when too many wait already or the text is longer than allowed. */
  store(draft: OfflineDraft): OfflineMessage | undefined {
    const key = draft.to.toLowerCase();
    const waiting = this.#waiting.get(key) ?? new Map<string, OfflineMessage>();
    if (waiting.size >= this.#maxPerAccount || draft.text.length > MAX_OFFLINE_TEXT) return undefined;
    const runId = (draft.runId ?? randomUUID()).replace(/^\{|\}$/g, "");
    const message: OfflineMessage = { ...draft, id: randomUUID().toUpperCase(), runId, read: false };
    waiting.set(message.id, message);
    this.#waiting.set(key, waiting);
    return message;
  }

  /** The messages that wait for an address, the oldest first. */
  list(to: string): OfflineMessage[] {
    return [...(this.#waiting.get(to.toLowerCase())?.values() ?? [])];
  }

  count(to: string): number {
    return this.#waiting.get(to.toLowerCase())?.size ?? 0;
  }

  get(to: string, id: string): OfflineMessage | undefined {
    return this.#waiting.get(to.toLowerCase())?.get(id.toUpperCase());
  }

  markRead(to: string, id: string): void {
    const waiting = this.#waiting.get(to.toLowerCase());
    const message = waiting?.get(id.toUpperCase());
    // A key that is there already keeps its place.
    if (message !== undefined) waiting?.set(message.id, { ...message, read: true });
  }

  /** True when there was such a message. */
  delete(to: string, id: string): boolean {
    const key = to.toLowerCase();
    const waiting = this.#waiting.get(key);
    const deleted = waiting?.delete(id.toUpperCase()) ?? false;
    if (waiting?.size === 0) this.#waiting.delete(key);
    return deleted;
  }
}
