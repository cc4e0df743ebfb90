import { MAX_TEXT_BYTES, splitText } from "../message/split.ts";
import { SendError, toSendError } from "./errors.ts";

/** Texts that may wait in one conversation. */
const MAX_QUEUED = 200;
/** Parts of one text. */
const MAX_PARTS = 128;

/** The texts of one conversation: one after the other, each in parts that are small enough. */
export class TextQueue {
  readonly #limit: number;
  #tail: Promise<void> = Promise.resolve();
  #queued = 0;

  /** `limit`: bytes of one part. */
  constructor(limit: number = MAX_TEXT_BYTES) {
    this.#limit = limit;
  }

  /** Resolves when every part was sent. Rejects with SendError, which says how many parts were. */
  send(text: string, sendPart: (part: string) => Promise<void>): Promise<void> {
    if (this.#queued >= MAX_QUEUED) {
      return Promise.reject(new SendError("rate-limited", "not-sent", "Too many messages wait in this conversation"));
    }
    const parts = Buffer.byteLength(text) > MAX_PARTS * this.#limit ? [] : splitText(text, this.#limit);
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

async function sendParts(parts: readonly string[], sendPart: (part: string) => Promise<void>): Promise<void> {
  for (const [i, part] of parts.entries()) {
    try {
      await sendPart(part);
    } catch (error) {
      throw toSendError(error).after(i);
    }
  }
}
