import { WireError } from "./error.ts";

/**
 * One line of the protocol with its payload. `args` are split on blanks and still percent-encoded;
 * an error line has its three digits as `name` (source: msnp-core §1.1, §1.9).
 */
export interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly payload?: Buffer;
}

export interface OutgoingCommand {
  readonly name: string;
  readonly args: readonly (string | number)[];
  readonly payload?: Buffer | string;
}

const BREAKS_LINE = /[\s\0]/;

/**
 * Bytes of a command. When there is a payload its byte length becomes the last argument.
 * Throws WireError `bad-command` for an argument that would break the line (use {@link encodeArg}).
 */
export function encodeCommand(command: OutgoingCommand): Buffer {
  let line = command.name;
  for (const arg of command.args) {
    const text = typeof arg === "number" ? String(arg) : arg;
    if (BREAKS_LINE.test(text)) {
      throw new WireError(
        "bad-command",
        `An argument of ${command.name} holds a blank or a line break; encode it first`,
      );
    }
    line += ` ${text}`;
  }
  const { payload } = command;
  if (payload === undefined) return Buffer.from(`${line}\r\n`);
  if (typeof payload === "string") return Buffer.from(`${line} ${Buffer.byteLength(payload)}\r\n${payload}`);
  return Buffer.concat([Buffer.from(`${line} ${payload.length}\r\n`), payload]);
}

/** Percent-encodes a name, group or object for a line, once (source: msnp-core §1.4). Lone surrogates become U+FFFD. */
export function encodeArg(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Decodes an argument once; broken sequences leave the raw text, as official servers sent some (source: msnp-core §1.4). */
export function decodeArg(raw: string): string {
  if (!raw.includes("%")) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}
