import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Email } from "../../address.ts";
import { describeError } from "../../errors.ts";
import { header, headerAnywhere } from "../../message/multipart.ts";
import type { Core } from "../core.ts";
import { inTime } from "../storing.ts";
import type { Conversation, OfflineMessage } from "../types.ts";
import type { Received } from "./envelope.ts";
import { decodeSdg, messageType } from "./sdg-content.ts";

/** Messages handed over at once. */
const BATCH = 50;
/** Messages that may wait to be taken; those beyond are told like any other. */
const MAX_WAITING = 5000;
/** How often one batch is offered, with pauses that grow. */
const MAX_OFFERS = 5;

interface Waiting {
  readonly message: OfflineMessage;
  /** Tells of the message as of one that has just been said. */
  readonly tell: () => void;
}

export type Tell = (received: Received, from: Email, conversation: Conversation, receivedAt: number) => void;

/**
 * Texts that the server has kept while the account was away. They are pushed, and gone from the server with that: what
 * cannot be stored after some tries is told as a message, rather than lost (source: msnp21 §3.7).
 */
export class StoredTexts {
  readonly #core: Core;
  readonly #tell: Tell;
  #waiting: Waiting[] = [];
  #isHanding = false;
  /** How many of each id came in this session: the same words may have been left twice in one moment. */
  readonly #came = new Map<string, number>();

  constructor(core: Core, tell: Tell) {
    this.#core = core;
    this.#tell = tell;
  }

  /** A session begins, in which the server may bring the same messages again. */
  reset(): void {
    this.#came.clear();
  }

  /** Takes a message that was stored; false when it was not, or when it is to be told like any other. */
  take(received: Received, from: Email, conversation: Conversation): boolean {
    const { storeOffline } = this.#core.options;
    if (storeOffline === undefined || !isStored(received) || this.#waiting.length >= MAX_WAITING) return false;
    const [body] = decodeSdg(received);
    if (body?.kind !== "text") return false;
    const sentAt = storedAt(received) ?? Date.now();
    const { contacts } = this.#core;
    const said = headerAnywhere(received.message, "IM-Display-Name");
    const fromName = said || contacts.all.get(from)?.displayName || from;
    const id = this.#numbered(idOf(received, from, sentAt));
    const message: OfflineMessage = { id, from, fromName, sentAt, text: body.text };
    this.#waiting.push({ message, tell: () => this.#tell(received, from, conversation, sentAt) });
    if (!this.#isHanding) void this.#handOver(storeOffline);
    return true;
  }

  #numbered(id: string): string {
    if (this.#came.size >= MAX_WAITING) this.#came.clear();
    const count = (this.#came.get(id) ?? 0) + 1;
    this.#came.set(id, count);
    return count === 1 ? id : `${id}-${count}`;
  }

  async #handOver(store: (messages: readonly OfflineMessage[]) => Promise<void>): Promise<void> {
    this.#isHanding = true;
    // What came in the same packet goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      batch.sort((a, b) => a.message.sentAt - b.message.sentAt);
      if (!(await this.#offer(store, batch))) for (const { tell } of batch) tell();
    }
    this.#isHanding = false;
  }

  async #offer(
    store: (messages: readonly OfflineMessage[]) => Promise<void>,
    batch: readonly Waiting[],
  ): Promise<boolean> {
    const messages = batch.map(({ message }) => message);
    for (let offers = 1; offers <= MAX_OFFERS; offers++) {
      try {
        await inTime(store(messages));
        return true;
      } catch (error) {
        this.#core.options.trace?.("<<<", "NS", `Offline messages could not be stored: ${describeError(error)}`);
      }
      if (offers < MAX_OFFERS) await pause(this.#core.timeouts.refresh * 4 ** (offers - 1));
    }
    return false;
  }
}

/** Delivered from the store: so it says, or it says when it came there (source: msnp21 §3.3, T14). */
function isStored({ message }: Received): boolean {
  if (messageType(message) !== "text") return false;
  const channel = headerAnywhere(message, "Service-Channel")?.toLowerCase();
  return channel === "im/offline" || headerAnywhere(message, "Original-Arrival-Time") !== undefined;
}

/** When a stored message came to the store, in ms since 1970; undefined for one that was not, or does not say. */
export function storedAt({ message }: Received): number | undefined {
  const time = Date.parse(header(message.content ?? [], "Original-Arrival-Time") ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** Messages have no ids: what is said, by whom and when must do, so that a message has the same in each session. */
function idOf({ message, from }: Received, email: Email, sentAt: number): string {
  const hash = createHash("sha256")
    .update(`${email} ${from.epid ?? ""} ${sentAt}\n`)
    .update(message.body);
  return `sdg-${hash.digest("hex").slice(0, 32)}`;
}
