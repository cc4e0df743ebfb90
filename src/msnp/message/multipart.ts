import { MsnpError } from "../errors.ts";

/** Headers in order, names as written. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/**
 * The envelope of SDG, PUT, NFY and DEL: three header blocks and a body (source: msnp21 §3.1). Version headers
 * (`Routing: 1.0` ...) are part of their blocks, wherever they stand in them.
 */
export interface Multipart {
  readonly routing: HeaderList;
  readonly reliability: HeaderList;
  /** `Messaging`, `Publication` or `Notification`; absent in answers to PUT and DEL. */
  readonly content?: HeaderList;
  readonly body: Buffer;
}

export type MultipartFault = "no-headers" | "too-many-headers" | "headers-too-long" | "bad-length" | "truncated";

/** A payload is no multi-part message; the connection as such is not harmed. */
export class MultipartError extends MsnpError {
  readonly fault: MultipartFault;

  constructor(fault: MultipartFault, message: string) {
    super(`multipart-${fault}`, message);
    this.fault = fault;
  }
}

/** The most headers of all blocks together. */
const MAX_HEADERS = 96;
/** The most bytes of all blocks together. */
const MAX_HEADER_BYTES = 32 * 1024;
/** MSNP24 puts a block of its own before the three (source: msnp21 §8.1). */
const MAX_BLOCKS = 4;
const LF = 0x0a;

type Block = [name: string, value: string][];

/**
 * Reads an envelope. Blocks end at an empty line, and the block with `Content-Length` is the last; headers may stand in
 * any order and case, blocks may be missing, and what follows the body is passed over. The body is a view.
 * Throws MultipartError.
 */
export function parseMultipart(bytes: Buffer): Multipart {
  const { blocks, end } = readBlocks(bytes);
  if (blocks.length === 0) throw new MultipartError("no-headers", "A multi-part message has no headers");
  const { routing, reliability, content } = assignBlocks(blocks);
  const rest = bytes.subarray(end);
  const length = content === undefined ? undefined : header(content, "content-length");
  const body = length === undefined ? rest : cutBody(rest, length);
  return { routing, reliability, ...(content !== undefined && { content }), body };
}

function readBlocks(bytes: Buffer): { blocks: Block[]; end: number } {
  const blocks: Block[] = [];
  let block: Block = [];
  let total = 0;
  let at = 0;
  while (at < bytes.length) {
    const feed = bytes.indexOf(LF, at);
    const next = feed < 0 ? bytes.length : feed + 1;
    if (next > MAX_HEADER_BYTES) throw new MultipartError("headers-too-long", "The headers of a message are too long");
    const line = bytes.toString("utf8", at, feed < 0 ? next : feed).replace(/\r$/, "");
    at = next;
    if (line !== "") {
      total += addLine(block, line);
      if (total > MAX_HEADERS) throw new MultipartError("too-many-headers", "A message has too many headers");
      continue;
    }
    if (block.length > 0 || blocks.length > 0) blocks.push(block);
    if (isLast(blocks)) return { blocks, end: at };
    block = [];
  }
  // The empty line behind the last block is missing.
  if (block.length > 0) blocks.push(block);
  return { blocks, end: bytes.length };
}

/** A line that begins with a tab goes on with the one before; a line without a colon is passed over. */
function addLine(block: Block, line: string): number {
  const last = block.at(-1);
  if (line.startsWith("\t")) {
    if (last !== undefined) last[1] = `${last[1]} ${line.trim()}`;
    return 0;
  }
  const colon = line.indexOf(":");
  if (colon <= 0) return 0;
  block.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  return 1;
}

/** The third block is the last, in MSNP24 the fourth; the one that is known to be the content in any case. */
function isLast(blocks: readonly Block[]): boolean {
  const [first, last] = [blocks[0], blocks.at(-1)];
  if (first === undefined || last === undefined) return false;
  if (header(last, "content-length") !== undefined || kindOf(last) === "content") return true;
  return blocks.length === MAX_BLOCKS || (blocks.length === 3 && kindOf(first) !== undefined);
}

/** What a block is by its version header, if it has one. */
function kindOf(block: HeaderList): "routing" | "reliability" | "content" | undefined {
  for (const [name] of block) {
    const lower = name.toLowerCase();
    if (lower === "routing" || lower === "reliability") return lower;
    if (lower === "messaging" || lower === "publication" || lower === "notification") return "content";
  }
  return undefined;
}

/** Blocks are known by their version header, else by their place. */
function assignBlocks(blocks: readonly Block[]): Omit<Multipart, "body"> {
  const [first, second] = blocks;
  // A block before the routing block belongs to the connection, not to the message.
  const isPreamble = kindOf(first ?? []) === undefined && kindOf(second ?? []) === "routing";
  const own = isPreamble ? blocks.slice(1) : blocks;
  const found: { routing?: Block; reliability?: Block; content?: Block } = {};
  for (const block of own) {
    const kind = kindOf(block);
    if (kind !== undefined) found[kind] ??= block;
  }
  const places = ["routing", "reliability", "content"] as const;
  for (const [index, block] of own.entries()) {
    const place = places[index];
    if (place !== undefined && kindOf(block) === undefined) found[place] ??= block;
  }
  const { routing = [], reliability = [], content } = found;
  return { routing, reliability, ...(content !== undefined && content.length > 0 && { content }) };
}

function cutBody(rest: Buffer, length: string): Buffer {
  if (!/^\d{1,9}$/.test(length)) {
    throw new MultipartError("bad-length", "The Content-Length of a message is no number");
  }
  const wanted = Number(length);
  if (rest.length < wanted) {
    throw new MultipartError("truncated", `A message has ${rest.length} of the ${wanted} bytes it speaks of`);
  }
  return rest.subarray(0, wanted);
}

/** The first header of that name, in any case. */
export function header(block: HeaderList, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return block.find(([candidate]) => candidate.toLowerCase() === wanted)?.[1];
}

/** The first header of that name in any block, the last block first: some clients misplace them (source: msnp21 §3.3). */
export function headerAnywhere({ routing, reliability, content = [] }: Multipart, name: string): string | undefined {
  return header(content, name) ?? header(routing, name) ?? header(reliability, name);
}

/** A block with a header set to a value, at its old place or at the end. */
export function withHeader(block: HeaderList, name: string, value: string): HeaderList {
  const wanted = name.toLowerCase();
  const index = block.findIndex(([candidate]) => candidate.toLowerCase() === wanted);
  return index < 0 ? [...block, [name, value]] : block.with(index, [block[index]?.[0] ?? name, value]);
}

/**
 * Bytes of an envelope. With a content block `Content-Length` is set to the length of the body, at the place where the
 * block has it, else at its end. Line breaks in values become blanks, so that no header can be smuggled in.
 */
export function encodeMultipart({ routing, reliability, content, body }: Multipart): Buffer {
  const head = writeBlock(routing) + writeBlock(reliability);
  if (content === undefined) return Buffer.from(head);
  const sized = withHeader(content, "Content-Length", String(body.length));
  return Buffer.concat([Buffer.from(head + writeBlock(sized)), body]);
}

function writeBlock(block: HeaderList): string {
  let text = "";
  for (const [name, value] of block) text += `${oneLine(name)}: ${oneLine(value)}\r\n`;
  return `${text}\r\n`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\0]+/g, " ");
}

/**
 * The packets of a `Data` body by its `Bridging-Offsets`; the whole body when there are none or they make no sense
 * (source: msnp21 §3.9). Text has no chunks of its own in this dialect (source: msnp21 §3.5).
 */
export function splitBridged(body: Buffer, offsets: string | undefined): Buffer[] {
  const starts = (offsets ?? "0").split(",").map((text) => (/^\s*\d{1,9}\s*$/.test(text) ? Number(text) : Number.NaN));
  const rises = starts.every((start, index) => start < body.length && start > (starts[index - 1] ?? -1));
  if (!rises || starts[0] !== 0) return [body];
  return starts.map((start, index) => body.subarray(start, starts[index + 1] ?? body.length));
}

/** One body of several packets and the `Bridging-Offsets` that separate them. */
export function joinBridged(packets: readonly Buffer[]): { body: Buffer; offsets: string } {
  let at = 0;
  const starts = packets.map((packet) => {
    const start = at;
    at += packet.length;
    return start;
  });
  return { body: Buffer.concat(packets), offsets: starts.join(",") };
}
