const WORD = /=\?([^?\s]{1,40})\?([bq])\?([^?\s]*)\?=/gi;
/** Blanks between two encoded words are not text. */
const GAP = /(=\?[^?\s]{1,40}\?[bq]\?[^?\s]*\?=)\s+(?==\?[^?\s]{1,40}\?[bq]\?)/gi;
/** Characters of a header that are looked at. */
const MAX_HEADER = 8192;

/** The text of a mail header in which words may be encoded; what is not, or in a way nobody knows, stays (RFC 2047). */
export function decodeWords(header: string): string {
  // Escargot puts a blank into the last word of its live notice (source: msnp-chat §5.6.1).
  const text = header.slice(0, MAX_HEADER).replaceAll(" ?=", "?=");
  return text
    .replace(GAP, "$1")
    .replace(WORD, (word, charset: string, form: string, data: string) => {
      const bytes = form.toUpperCase() === "B" ? Buffer.from(data, "base64") : unquote(data.replaceAll("_", " "));
      return decodeText(bytes, charset) ?? word;
    })
    .toWellFormed();
}

/** A name as one encoded word of at most `limit` characters: longer ones are cut (source: msnp-chat §5.6.3, §10). */
export function encodeWord(name: string, limit = Number.POSITIVE_INFINITY): string {
  const open = "=?utf-8?B?";
  const room = Math.floor((limit - open.length - 2) / 4) * 3;
  let kept = "";
  let bytes = 0;
  for (const character of name.toWellFormed()) {
    bytes += Buffer.byteLength(character);
    if (bytes > room) break;
    kept += character;
  }
  return `${open}${Buffer.from(kept).toString("base64")}?=`;
}

/** Bytes of a charset as text; undefined for a charset nobody knows. Broken characters become U+FFFD. */
export function decodeText(bytes: Buffer, charset: string): string | undefined {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes of quoted-printable, soft line breaks taken out. */
export function unquote(data: string): Buffer {
  const bytes = Buffer.from(data.replace(/[ \t]*=[ \t]*\r?\n/g, ""), "utf8");
  const result = Buffer.alloc(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const hex = bytes[at] === 0x3d ? bytes.toString("latin1", at + 1, at + 3) : "";
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      result[length] = Number.parseInt(hex, 16);
      at += 2;
    } else result[length] = bytes[at] ?? 0;
    length += 1;
  }
  return result.subarray(0, length);
}
