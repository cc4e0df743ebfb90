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
const MARK_BYTES = 80;

/** A header by which bridges tell each other through which conversations they have carried a message: short hashes of those. */
const VIA_HEADER = "X-Bridge-Via";
const PLACE = /^[0-9a-f]{12}$/;
const MOST_PLACES = 8;

/** What stands in a message for programs beside what it says. */
export interface Marking {
  readonly mark?: string | undefined;
  readonly via?: readonly string[] | undefined;
}

/**
 * Headers of a message with that mark; none without one. Throws MsnpError `bad-mark` for other than 1-64 of `A-Za-z0-9_.-`, and
 * for more than 8 places or such as are not 12 hexadecimal digits.
 */
export function markHeaders({ mark, via = [] }: Marking): HeaderList {
  if (mark !== undefined && !MARK.test(mark))
    throw new MsnpError("bad-mark", "A mark is 1-64 letters, digits, dots, dashes and underscores");
  if (via.length > MOST_PLACES || !via.every((place) => PLACE.test(place)))
    throw new MsnpError("bad-mark", `At most ${MOST_PLACES} places of 12 hexadecimal digits can stand in a message`);
  const marked: HeaderList = mark === undefined ? [] : [[MARK_HEADER, mark]];
  return via.length === 0 ? marked : [...marked, [VIA_HEADER, via.join(",")]];
}

/** The most bytes that such headers add to a message. */
export function markBytes({ mark, via = [] }: Marking): number {
  const places = via.length === 0 ? 0 : VIA_HEADER.length + 4 + via.join(",").length;
  return (mark === undefined ? 0 : MARK_BYTES) + places;
}

/** What of it a message has in the form that it must have. */
export function markIn(headers: HeaderList): { readonly mark?: string; readonly via?: readonly string[] } {
  const mark = header(headers, MARK_HEADER);
  const places =
    header(headers, VIA_HEADER)
      ?.slice(0, MOST_PLACES * 13)
      .split(",") ?? [];
  const via = places.filter((place) => PLACE.test(place)).slice(0, MOST_PLACES);
  return {
    ...(mark !== undefined && MARK.test(mark) && { mark }),
    ...(via.length > 0 && { via }),
  };
}
