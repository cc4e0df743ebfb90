import { MsnpError } from "../errors.ts";
import { type HeaderList, header } from "./multipart.ts";

/**
 * A header of this library's own by which programs know again what was said by one of them. Clients pass over headers that
 * they do not know, and servers hand messages on as they are: in MSG it stands among the MIME headers, in SDG in the
 * `Messaging` block (source: msnp-chat §1.5, §6.5, msnp21 §3.3).
 */
const MARK_HEADER = "X-Bridge-Id";
const MARK = /^[\w.-]{1,64}$/;

/** The most bytes that a mark adds to a message. */
export const MARK_BYTES = 80;

/** Headers of a message with that mark; none without one. Throws MsnpError `bad-mark` for other than 1-64 of `A-Za-z0-9_.-`. */
export function markHeaders(mark: string | undefined): HeaderList {
  if (mark === undefined) return [];
  if (!MARK.test(mark)) throw new MsnpError("bad-mark", "A mark is 1-64 letters, digits, dots, dashes and underscores");
  return [[MARK_HEADER, mark]];
}

/** The mark of a message; undefined when it has none, or one of another form. */
export function markIn(headers: HeaderList): string | undefined {
  const mark = header(headers, MARK_HEADER);
  return mark !== undefined && MARK.test(mark) ? mark : undefined;
}
