/** What no text can be, named in one: the reader knows that something was sent, and what. */
import { oneLine } from "../plain.ts";
import { shortened } from "./graphemes.ts";

export interface Other {
  /** What was done with what: `sent a sticker`, `tried to call`. */
  readonly act: string;
  /** What its sender calls it, or what is written in it. */
  readonly name?: string | undefined;
  /** What a reader can do something with: an address, a place on the map. */
  readonly where?: string | undefined;
  /** What the sender says beside it, whole. */
  readonly words?: string | undefined;
}

/** Graphemes of a name. */
const LONGEST_NAME = 100;
/** Characters of a place; a longer address is none that a person gave away on purpose. */
const LONGEST_WHERE = 2000;

/** `[sent a picture: “cat.jpg”] look at her`. */
export function otherLine({ act, name = "", where = "", words = "" }: Other): string {
  const called = oneLine(shortened(name, LONGEST_NAME), LONGEST_NAME * 16);
  const place = where.length > LONGEST_WHERE ? "" : oneLine(where, LONGEST_WHERE);
  const told = [called === "" ? "" : `“${called}”`, place].filter((part) => part !== "").join(" ");
  const line = `[${told === "" ? act : `${act}: ${told}`}]`;
  return words.trim() === "" ? line : `${line} ${words.trim()}`;
}

/** Something of that kind, as its sender is to read it: `a picture`. */
export function pieceOf(mediaType: string | undefined): string {
  const [major = ""] = (mediaType ?? "").toLowerCase().split("/");
  const known: Readonly<Record<string, string>> = { image: "a picture", video: "a video", audio: "a sound" };
  return Object.hasOwn(known, major) ? (known[major] ?? "a file") : "a file";
}
