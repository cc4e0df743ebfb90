import { oneLine } from "./fields.ts";

/** A picture that stands for a shortcut in the sender's next texts (source: msnp-chat §2.4). */
export interface Emoticon {
  readonly shortcut: string;
  /** Its `<msnobj .../>`. */
  readonly object: string;
}

export const EMOTICON_TYPE = "text/x-mms-emoticon";
export const ANIMATED_EMOTICON_TYPE = "text/x-mms-animemoticon";

const MAX_EMOTICONS = 64;
const MAX_SHORTCUT = 64;
const MAX_OBJECT = 4096;
/** What fits into one message with its headers; clients stop at five (source: msnp-chat §2.4). */
const MAX_PER_MESSAGE = 5;

/** Reads `shortcut TAB object TAB ...`, with or without the last TAB; pairs that make no sense are left out. */
export function decodeEmoticons(body: Buffer): Emoticon[] {
  const cells = body.toString("utf8").split("\t", MAX_EMOTICONS * 2);
  const emoticons: Emoticon[] = [];
  for (let i = 0; i + 1 < cells.length; i += 2) {
    const [shortcut = "", object = ""] = [cells[i]?.trim(), cells[i + 1]?.trim()];
    const isShort = shortcut !== "" && shortcut.length <= MAX_SHORTCUT && object.length <= MAX_OBJECT;
    if (isShort && /^<msnobj\s/i.test(object)) emoticons.push({ shortcut, object });
  }
  return emoticons;
}

/** Bodies of as many messages as the emoticons need, each shortcut once. */
export function encodeEmoticons(emoticons: readonly Emoticon[], maxBytes: number): string[] {
  const bodies: string[] = [];
  let body = "";
  let count = 0;
  for (const [shortcut, object] of new Map(emoticons.map((one) => [cell(one.shortcut), cell(one.object)]))) {
    const pair = `${shortcut}\t${object}\t`;
    const isFull = count === MAX_PER_MESSAGE || Buffer.byteLength(body) + Buffer.byteLength(pair) > maxBytes;
    if (isFull && body !== "") {
      bodies.push(body);
      body = "";
      count = 0;
    }
    body += pair;
    count += 1;
  }
  if (body !== "") bodies.push(body);
  return bodies;
}

function cell(text: string): string {
  return oneLine(text).replaceAll("\t", " ");
}
