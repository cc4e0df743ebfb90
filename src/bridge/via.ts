/**
 * Where a word of a group has been: one short public hash for each conversation that a bridge has carried it out of. Bridges of
 * several installations that share conversations know by it what must not come back. It is no proof of anything: who
 * forges one keeps words of their own from being carried, and nothing else. Pure.
 */
import { createHash } from "node:crypto";

declare const brand: unique symbol;
/** The first 12 hexadecimal digits of the SHA-256 of a conversation's public name. */
export type Place = string & { readonly [brand]: "Place" };
/** The first is where it was said. At most {@link MOST_PLACES}. */
export type Via = readonly Place[];

/** A word that has been in so many conversations is carried no further. */
export const MOST_PLACES = 8;

const DIGITS = 12;
const FORM = /^[0-9a-f]{12}$/;

/** `name`: the same for every bridge that is there, e.g. `net:room@example.org`. */
export function placeOf(name: string): Place {
  return createHash("sha256").update(name).digest("hex").slice(0, DIGITS) as Place;
}

/** What of a list that came from outside names places; no more of it is looked at than a list may have. */
export function readVia(list: unknown): Via {
  if (!Array.isArray(list)) return [];
  const first: readonly unknown[] = list.slice(0, MOST_PLACES);
  return first.filter((one): one is Place => typeof one === "string" && FORM.test(one));
}

/** {@link readVia} of a list that is written as one text, with commas. */
export function readViaText(text: string | undefined): Via {
  const most = MOST_PLACES * (DIGITS + 1);
  return text === undefined
    ? []
    : readVia(
        text
          .slice(0, most)
          .split(",")
          .map((one) => one.trim()),
      );
}

/** The list of a word that was read at a place, and is carried from there. */
export function carriedFrom(place: Place | undefined, via: Via = []): Via {
  return place === undefined || via.includes(place) ? via : [...via, place];
}
