import { MAX_TEXT_BYTES, splitText } from "../message/split.ts";
import { SendError, toSendError } from "./errors.ts";

/** Texts that may wait in one conversation. */
const MAX_QUEUED = 200;
/** Parts of one text. */
const MAX_PARTS = 128;

/** One part of a text; `index` from 0. */
export interface TextPart {
  readonly text: string;
  readonly index: number;
  readonly total: number;
}

/** The texts of one conversation: one after the other, each in parts that are small enough. */
export class TextQueue {
  readonly #limit: number;
  #tail: Promise<void> = Promise.resolve();
  #queued = 0;

  /** `limit`: bytes of one part. */
  constructor(limit: number = MAX_TEXT_BYTES) {
    this.#limit = limit;
  }

  /**
   * Resolves when every part was sent. Rejects with SendError, which says how many parts were. `less`: bytes that each part
   * must leave free.
   */
  send(text: string, sendPart: (part: TextPart) => Promise<void>, less = 0): Promise<void> {
    if (this.#queued >= MAX_QUEUED) {
      return Promise.reject(new SendError("rate-limited", "not-sent", "Too many messages wait in this conversation"));
    }
    const limit = Math.max(this.#limit - less, Math.min(this.#limit, SHORTEST_PART));
    const parts = Buffer.byteLength(text) > MAX_PARTS * limit ? [] : splitText(text, limit);
    if (parts.length === 0 || parts.length > MAX_PARTS) {
      return Promise.reject(new SendError("too-long", "not-sent", "The text is too long for MSN, even in parts"));
    }
    this.#queued += 1;
    const sent = this.#tail.then(() => sendParts(parts, sendPart));
    const unqueue = (): void => {
      this.#queued -= 1;
    };
    this.#tail = sent.then(unqueue, unqueue);
    return sent;
  }
}

/** Bytes of a part, whatever must be left free. */
const SHORTEST_PART = 64;

async function sendParts(parts: readonly string[], sendPart: (part: TextPart) => Promise<void>): Promise<void> {
  for (const [index, text] of parts.entries()) {
    try {
      await sendPart({ text, index, total: parts.length });
    } catch (error) {
      throw toSendError(error).after(index);
    }
  }
}
