import { randomUUID } from "node:crypto";

/** Messages one account may have waiting; more are refused. */
export const MAX_OFFLINE_MESSAGES = 5000;
/** Longest text of one message in characters; Escargot knows no bound. */
export const MAX_OFFLINE_TEXT = 64 * 1024;
/** Size of all that waits for one account, about in bytes. */
export const MAX_OFFLINE_SIZE = 16 * 1024 * 1024;

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

interface Box {
  readonly messages: Map<string, OfflineMessage>;
  size: number;
}

/** Offline messages of all accounts, in memory, in the order in which they were left. */
export class OfflineStore {
  /** By address in lower case; messages by id. */
  readonly #boxes = new Map<string, Box>();
  readonly #maxPerAccount: number;

  constructor(maxPerAccount = MAX_OFFLINE_MESSAGES) {
    this.#maxPerAccount = maxPerAccount;
  }

  /** Keeps a message; undefined when too much waits already or the text is longer than allowed. */
  store(draft: OfflineDraft): OfflineMessage | undefined {
    const key = draft.to.toLowerCase();
    const box = this.#boxes.get(key) ?? { messages: new Map<string, OfflineMessage>(), size: 0 };
    const size = sizeOf(draft);
    const isFull = box.messages.size >= this.#maxPerAccount || box.size + size > MAX_OFFLINE_SIZE;
    if (isFull || draft.text.length > MAX_OFFLINE_TEXT) return undefined;
    const runId = (draft.runId ?? randomUUID()).replace(/^\{|\}$/g, "");
    const message: OfflineMessage = { ...draft, id: randomUUID().toUpperCase(), runId, read: false };
    box.messages.set(message.id, message);
    box.size += size;
    this.#boxes.set(key, box);
    return message;
  }

  /** The messages that wait for an address, the oldest first. */
  list(to: string): OfflineMessage[] {
    return [...(this.#boxes.get(to.toLowerCase())?.messages.values() ?? [])];
  }

  count(to: string): number {
    return this.#boxes.get(to.toLowerCase())?.messages.size ?? 0;
  }

  get(to: string, id: string): OfflineMessage | undefined {
    return this.#boxes.get(to.toLowerCase())?.messages.get(id.toUpperCase());
  }

  markRead(to: string, id: string): void {
    const message = this.get(to, id);
    // A key that is there already keeps its place.
    if (message !== undefined) this.#boxes.get(to.toLowerCase())?.messages.set(message.id, { ...message, read: true });
  }

  /** True when there was such a message. */
  delete(to: string, id: string): boolean {
    const key = to.toLowerCase();
    const box = this.#boxes.get(key);
    const message = this.get(to, id);
    if (box === undefined || message === undefined) return false;
    box.messages.delete(message.id);
    box.size -= sizeOf(message);
    if (box.messages.size === 0) this.#boxes.delete(key);
    return true;
  }
}

function sizeOf({ text, headers = [], fromName = "", multipart }: OfflineDraft): number {
  const written = headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return text.length + fromName.length + written + (multipart?.length ?? 0);
}
