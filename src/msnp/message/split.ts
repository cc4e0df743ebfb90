/** Longest MSG payload a switchboard takes, headers included (source: msnp-chat §1.7). */
export const MAX_MESSAGE_BYTES = 1664;
/** Longest text body put into one message; leaves room for the headers. */
export const MAX_TEXT_BYTES = 1400;

/** Bytes of a text that fit into a message of so many bytes beside the headers; 64 at least. */
export function textBytesIn(message: number = MAX_MESSAGE_BYTES): number {
  return Math.max(message - (MAX_MESSAGE_BYTES - MAX_TEXT_BYTES), 64);
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Cuts a text into parts of at most `limit` UTF-8 bytes, line breaks counted as CRLF, as they are sent. Cuts after a
 * line or a word where one ends in the last third of a part, else between graphemes, and never inside a character.
 * Joining the parts gives the text back. An empty text is one empty part. `limit` is at least 4.
 */
export function splitText(text: string, limit: number = MAX_TEXT_BYTES): string[] {
  if (limit < 4) throw new RangeError("splitText needs room for one character: a limit of 4 bytes or more");
  const whole = text.toWellFormed();
  const parts: string[] = [];
  let rest = whole;
  while (!fits(rest, limit)) {
    const cut = cutPoint(rest, limit);
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  if (rest !== "" || parts.length === 0) parts.push(rest);
  return parts;
}

/** Whether a text is at most so many bytes in a message, where every line break is CRLF. */
function fits(text: string, limit: number): boolean {
  let bytes = Buffer.byteLength(text);
  for (let i = 0; i < text.length && bytes <= limit; i++) bytes += extraBytes(text, i);
  return bytes <= limit;
}

/** One more byte for a lone CR or LF, which goes out as CRLF. */
function extraBytes(text: string, i: number): number {
  const c = text.charCodeAt(i);
  if (c === 10) return text.charCodeAt(i - 1) === 13 ? 0 : 1;
  if (c === 13) return text.charCodeAt(i + 1) === 10 ? 0 : 1;
  return 0;
}

/** Index up to which `text`, known to be too long, fits into `limit` bytes. */
function cutPoint(text: string, limit: number): number {
  const end = lastFitting(text, limit);
  const earliest = Math.ceil((end * 2) / 3);
  const wish = [text.lastIndexOf("\n", end - 1) + 1, text.lastIndexOf(" ", end - 1) + 1];
  // A blank can carry an accent or a joiner: then behind it is no edge.
  return wish.find((at) => at > earliest && graphemeBoundary(text, at) === at) ?? graphemeBoundary(text, end);
}

/** The longest prefix of whole code points (and whole CRLFs) within `limit` bytes. */
function lastFitting(text: string, limit: number): number {
  let bytes = 0;
  let i = 0;
  while (i < text.length) {
    const code = text.codePointAt(i) ?? 0;
    const crlf = code === 13 && text.charCodeAt(i + 1) === 10;
    const size = crlf ? 2 : code < 0x80 ? 1 + extraBytes(text, i) : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes + size > limit) break;
    bytes += size;
    i += crlf || code >= 0x10000 ? 2 : 1;
  }
  return i;
}

/** Code units in which the beginning of a grapheme is looked for: within a row of flags only the first tells the pairs. */
const LOOKED_BACK = 8192;

/** Moves back to where the grapheme at `end` begins, unless it alone fills the part or is absurdly long. */
function graphemeBoundary(text: string, end: number): number {
  const from = Math.max(0, end - LOOKED_BACK);
  const start = from > 0 && isLowSurrogate(text, from) ? from - 1 : from;
  if (end >= text.length) return end;
  const boundary = start + (segmenter.segment(text.slice(start, end + 64)).containing(end - start)?.index ?? 0);
  return boundary > start ? boundary : end;
}

function isLowSurrogate(text: string, i: number): boolean {
  const c = text.charCodeAt(i);
  return c >= 0xdc00 && c <= 0xdfff;
}
