import { MsnpError } from "../errors.ts";
import { encodeMime, headerOf, type MimeMessage } from "./mime.ts";
import type { HeaderList } from "./multipart.ts";

export const MAX_CHUNKS = 64;
/** Bytes of a body in one part; what other clients use (source: msnp-chat §1.8). */
const CHUNK_BYTES = 1202;
const MAX_BYTES = 128 * 1024;
const MAX_OPEN = 16;
/** Of one sender: nobody who begins messages without end has those of others given up. */
const MAX_OPEN_EACH = 4;
/** Incomplete messages are given up after this many ms. */
const MAX_AGE = 60_000;
/** Stands for parts that did not come; the same bytes in every charset that people use. */
const GAP = Buffer.from(" [...] ");

interface OpenMessage {
  readonly sender: string;
  readonly first: MimeMessage;
  readonly parts: (Buffer | undefined)[];
  readonly since: number;
  readonly onIncomplete: ((message: MimeMessage) => void) | undefined;
  readonly timer: NodeJS.Timeout;
  bytes: number;
}

/** Puts messages together that came in several parts (source: msnp-chat §1.8). */
export class ChunkAssembler {
  readonly #open = new Map<string, OpenMessage>();
  readonly #maxOpen: number;

  /** `maxOpen`: messages that may be incomplete at once; the oldest is given up for another, first the sender's own. */
  constructor(maxOpen = MAX_OPEN) {
    this.#maxOpen = maxOpen;
  }

  /**
   * The whole message, or undefined while parts are missing. Messages in one part are given back as they are.
   * `onIncomplete` gets what came of one whose rest did not come in time.
   */
  add(
    sender: string,
    message: MimeMessage,
    now: number,
    onIncomplete?: (message: MimeMessage) => void,
  ): MimeMessage | undefined {
    const id = headerOf(message, "message-id");
    const total = Number(headerOf(message, "chunks") ?? 0);
    const index = Number(headerOf(message, "chunk") ?? 0);
    const isPart = total > 1 || index > 0;
    if (id === undefined || !isPart) return message;
    for (const [key, open] of this.#open) if (now - open.since > MAX_AGE) this.#giveUp(key);
    const key = `${sender} ${id}`;
    if (index === 0) this.#begin(key, { sender, first: message, since: now, onIncomplete }, total);
    return this.#put(key, index, message.body);
  }

  /** Nothing more will come. */
  close(): void {
    for (const key of [...this.#open.keys()]) this.#giveUp(key);
  }

  #begin(key: string, begun: Omit<OpenMessage, "parts" | "timer" | "bytes">, total: number): void {
    if (!Number.isInteger(total) || total > MAX_CHUNKS || this.#open.has(key)) return;
    this.#makeRoom(begun.sender);
    const timer = setTimeout(() => this.#giveUp(key), MAX_AGE);
    timer.unref();
    this.#open.set(key, { ...begun, parts: Array.from({ length: total }), timer, bytes: 0 });
  }

  #makeRoom(sender: string): void {
    const own = [...this.#open].filter(([, open]) => open.sender === sender).map(([key]) => key);
    const oldest = own.length >= MAX_OPEN_EACH ? own[0] : this.#open.keys().next().value;
    const isFull = own.length >= MAX_OPEN_EACH || this.#open.size >= this.#maxOpen;
    if (isFull && oldest !== undefined) this.#giveUp(oldest);
  }

  #put(key: string, index: number, body: Buffer): MimeMessage | undefined {
    const open = this.#open.get(key);
    if (open === undefined || !Number.isInteger(index) || index >= open.parts.length) return undefined;
    if (open.parts[index] !== undefined) return undefined;
    open.bytes += body.length;
    if (open.bytes > MAX_BYTES) {
      this.#giveUp(key);
      return undefined;
    }
    open.parts[index] = Buffer.from(body);
    const parts = open.parts.filter((part) => part !== undefined);
    if (parts.length < open.parts.length) return undefined;
    this.#forget(key, open);
    return { headers: open.first.headers, body: Buffer.concat(parts) };
  }

  #giveUp(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#forget(key, open);
    const parts = open.parts.map((part) => part ?? GAP);
    const told = parts.filter((part, index) => part !== GAP || parts[index - 1] !== GAP);
    open.onIncomplete?.({ headers: open.first.headers, body: Buffer.concat(told) });
  }

  #forget(key: string, { timer }: OpenMessage): void {
    clearTimeout(timer);
    this.#open.delete(key);
  }
}

/** The parts of a message whose body is too long for one. Throws MsnpError `too-long`. Source: msnp-chat §1.8. */
export function splitChunks(headers: HeaderList, body: Buffer, guid: string): Buffer[] {
  const total = Math.ceil(body.length / CHUNK_BYTES);
  if (total > MAX_CHUNKS) throw new MsnpError("too-long", "A message of this kind is too long for MSN, even in parts");
  return Array.from({ length: total }, (_, i) => {
    const part = body.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
    return encodeMime([...(i === 0 ? headers : []), ...chunkHeaders(guid, i, total)], part);
  });
}

/** What makes a message one part of several; `index` from 0. Source: msnp-chat §1.8. */
export function chunkHeaders(guid: string, index: number, total: number): HeaderList {
  const place: HeaderList[number] = index === 0 ? ["Chunks", String(total)] : ["Chunk", String(index)];
  return [["Message-ID", `{${guid.toUpperCase()}}`], place];
}
