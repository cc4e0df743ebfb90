import type { Command } from "./command.ts";
import { WireError } from "./error.ts";
import type { PayloadRule } from "./payload.ts";

export type { WireErrorReason } from "./error.ts";
export { WireError } from "./error.ts";
export type { PayloadRule } from "./payload.ts";
export { clientToServerPayload, serverToClientPayload } from "./payload.ts";

export interface DecoderOptions {
  readonly payloadRule: PayloadRule;
  /** Longest line in bytes; default 16 KiB. */
  readonly maxLine?: number;
  /** Longest payload in bytes; default 1 MiB. */
  readonly maxPayload?: number;
}

const LF = 10;
const EMPTY = Buffer.alloc(0);

/** A payload whose bytes are still coming; one buffer of its full size, so that tiny chunks cannot pile up. */
interface Unfinished {
  readonly name: string;
  readonly args: readonly string[];
  readonly payload: Buffer;
  filled: number;
}

/**
 * Turns a byte stream into commands. A payload that lies whole in one chunk is a view on that chunk, not a copy.
 * After a WireError the decoder must not be used again: where the next line begins is not known.
 * Source: msnp-core §1.1, §1.3.
 */
export class CommandDecoder {
  readonly #rule: PayloadRule;
  readonly #maxLine: number;
  readonly #maxPayload: number;
  #line: Buffer = EMPTY;
  #unfinished: Unfinished | undefined;

  constructor(options: DecoderOptions) {
    this.#rule = options.payloadRule;
    this.#maxLine = options.maxLine ?? 16 * 1024;
    this.#maxPayload = options.maxPayload ?? 1024 * 1024;
  }

  /** The commands completed by this chunk, in order. Throws WireError, which holds those before the fault. */
  push(chunk: Buffer): Command[] {
    const commands: Command[] = [];
    try {
      this.#decode(chunk, commands);
    } catch (error) {
      if (!(error instanceof WireError) || commands.length === 0) throw error;
      throw new WireError(error.reason, error.message, commands);
    }
    return commands;
  }

  #decode(chunk: Buffer, commands: Command[]): void {
    let at = this.#unfinished === undefined ? 0 : this.#fill(this.#unfinished, chunk, commands);
    while (at < chunk.length) {
      const end = chunk.indexOf(LF, at);
      if (end < 0) {
        this.#keepLine(chunk.subarray(at));
        break;
      }
      const text = this.#takeLine(chunk, at, end);
      at = end + 1;
      const parsed = splitLine(text);
      if (parsed === undefined) continue;
      at = this.#finish(parsed.name, parsed.args, chunk, at, commands);
    }
  }

  #takeLine(chunk: Buffer, start: number, end: number): string {
    if (this.#line.length + end - start > this.#maxLine) this.#lineTooLong();
    if (this.#line.length === 0) return chunk.toString("utf8", start, end);
    const whole = Buffer.concat([this.#line, chunk.subarray(start, end)]);
    this.#line = EMPTY;
    return whole.toString("utf8");
  }

  #keepLine(rest: Buffer): void {
    if (this.#line.length + rest.length > this.#maxLine) this.#lineTooLong();
    // A copy either way, so that half a line does not hold the socket's whole chunk.
    this.#line = Buffer.concat([this.#line, rest]);
  }

  #lineTooLong(): never {
    throw new WireError("line-too-long", `The peer sent a line of more than ${this.#maxLine} bytes`);
  }

  #finish(name: string, args: readonly string[], chunk: Buffer, at: number, out: Command[]): number {
    const length = this.#rule(name, args);
    if (length === undefined) {
      out.push({ name, args });
      return at;
    }
    if (Number.isNaN(length))
      throw new WireError("bad-length", `The peer sent ${name} without the length of its payload`);
    if (length > this.#maxPayload) {
      throw new WireError(
        "payload-too-long",
        `The peer announced ${length} bytes of ${name}; ${this.#maxPayload} is the limit`,
      );
    }
    if (at + length <= chunk.length) {
      out.push({ name, args, payload: chunk.subarray(at, at + length) });
      return at + length;
    }
    const payload = Buffer.allocUnsafeSlow(length);
    const filled = chunk.copy(payload, 0, at);
    this.#unfinished = { name, args, payload, filled };
    return chunk.length;
  }

  #fill(unfinished: Unfinished, chunk: Buffer, out: Command[]): number {
    const { name, args, payload, filled } = unfinished;
    const taken = chunk.copy(payload, filled, 0, Math.min(payload.length - filled, chunk.length));
    unfinished.filled += taken;
    if (unfinished.filled === payload.length) {
      this.#unfinished = undefined;
      out.push({ name, args, payload });
    }
    return taken;
  }
}

/** Splits a line on runs of blanks; undefined for a blank line. Names are folded to upper case as servers do. */
function splitLine(text: string): { name: string; args: string[] } | undefined {
  const end = text.charCodeAt(text.length - 1) === 13 ? text.length - 1 : text.length;
  const line = end === text.length ? text : text.slice(0, end);
  let args = line.split(" ");
  if (args.includes("") || line.includes("\t")) args = line.split(/[ \t]+/).filter((arg) => arg !== "");
  const name = args.shift();
  if (name === undefined) return undefined;
  if (!isCommandName(name))
    throw new WireError("bad-command", "The peer sent a line that does not begin with a command");
  return { name: isUpper(name) ? name : name.toUpperCase(), args };
}

function isCommandName(name: string): boolean {
  if (name.length !== 3) return false;
  for (let i = 0; i < 3; i++) {
    const c = name.charCodeAt(i);
    if (!((c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122))) return false;
  }
  return true;
}

function isUpper(name: string): boolean {
  return name.charCodeAt(0) < 97 && name.charCodeAt(1) < 97 && name.charCodeAt(2) < 97;
}
