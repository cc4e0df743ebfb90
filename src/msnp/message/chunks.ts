import { MsnpError } from "../errors.ts";
import { encodeMime, headerOf, type MimeMessage } from "./mime.ts";

const MAX_CHUNKS = 64;
/** Bytes of a body in one part; what other clients use (source: msnp-chat §1.8). */
const CHUNK_BYTES = 1202;
const MAX_BYTES = 128 * 1024;
const MAX_OPEN = 4;
/** Incomplete messages are dropped after this many ms. */
const MAX_AGE = 60_000;

interface OpenMessage {
  readonly first: MimeMessage;
  readonly parts: (Buffer | undefined)[];
  readonly since: number;
  bytes: number;
}

/** Puts messages together that came in several parts on one switchboard (source: msnp-chat §1.8). */
export class ChunkAssembler {
  readonly #open = new Map<string, OpenMessage>();

  /** The whole message, or undefined while parts are missing. Messages in one part are given back as they are. */
  add(sender: string, message: MimeMessage, now: number): MimeMessage | undefined {
    const id = headerOf(message, "message-id");
    const total = Number(headerOf(message, "chunks") ?? 0);
    const index = Number(headerOf(message, "chunk") ?? 0);
    const isPart = total > 1 || index > 0;
    if (id === undefined || !isPart) return message;
    this.#expire(now);
    const key = `${sender} ${id}`;
    if (index === 0) this.#begin(key, message, total, now);
    return this.#put(key, index, message.body);
  }

  #begin(key: string, first: MimeMessage, total: number, now: number): void {
    if (!Number.isInteger(total) || total > MAX_CHUNKS) return;
    const oldest = this.#open.keys().next();
    if (this.#open.size >= MAX_OPEN && !oldest.done) this.#open.delete(oldest.value);
    this.#open.set(key, { first, parts: Array.from({ length: total }), since: now, bytes: 0 });
  }

  #put(key: string, index: number, body: Buffer): MimeMessage | undefined {
    const open = this.#open.get(key);
    if (open === undefined || !(index < open.parts.length) || open.parts[index] !== undefined) return undefined;
    open.bytes += body.length;
    if (open.bytes > MAX_BYTES) {
      this.#open.delete(key);
      return undefined;
    }
    open.parts[index] = Buffer.from(body);
    const parts = open.parts.filter((part) => part !== undefined);
    if (parts.length < open.parts.length) return undefined;
    this.#open.delete(key);
    return { headers: open.first.headers, body: Buffer.concat(parts) };
  }

  #expire(now: number): void {
    for (const [key, open] of this.#open) if (now - open.since > MAX_AGE) this.#open.delete(key);
  }
}

/** The parts of a message whose body is too long for one. Throws MsnpError `too-long`. Source: msnp-chat §1.8. */
export function splitChunks(headers: readonly (readonly [string, string])[], body: Buffer, guid: string): Buffer[] {
  const total = Math.ceil(body.length / CHUNK_BYTES);
  if (total > MAX_CHUNKS) throw new MsnpError("too-long", "A message of this kind is too long for MSN, even in parts");
  const id = ["Message-ID", `{${guid.toUpperCase()}}`] as const;
  return Array.from({ length: total }, (_, i) => {
    const part = body.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
    return encodeMime(i === 0 ? [...headers, id, ["Chunks", String(total)]] : [id, ["Chunk", String(i)]], part);
  });
}
