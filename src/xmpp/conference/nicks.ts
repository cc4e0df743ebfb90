/** Names of those who sit in a room (XEP-0045 §7.2, RFC 8266). Pure. */
import { oneLine } from "../../bridge/plain.ts";
import { resourcePrepared } from "./resourceprep.ts";

declare const brand: unique symbol;
/** By which two nicks are the same to people: RFC 8266 §2.4. */
export type NickKey = string & { readonly [brand]: "NickKey" };

/** RFC 7622: bytes of a resource. */
const MOST_BYTES = 1023;

export function nickKey(nick: string): NickKey {
  return nick.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim() as NickKey;
}

/** A nick that somebody wants, in its usual spelling; `undefined` when it is none: empty, too long, nothing to be seen. */
export function readNick(text: string, max: number): string | undefined {
  const nick = oneLine(text, Number.POSITIVE_INFINITY).replace(/\s+/gu, " ");
  const isShort = [...nick].length <= max && Buffer.byteLength(nick) <= MOST_BYTES;
  return nick !== "" && isShort && nickKey(nick) !== "" ? nick : undefined;
}

/**
 * A nick for a name that a network gives: as any server takes it, cut, and with a number when it is taken. `otherwise`: for a
 * name with nothing in it, or one that bears no number (from right to left, servers take none at the end).
 */
export function freeNick(name: string, otherwise: string, max: number, isTaken: (key: NickKey) => boolean): string {
  const names = [name, otherwise].flatMap((text) => readNick(cut(text, max), max) ?? []);
  const [wanted] = names;
  if (wanted !== undefined && !isTaken(nickKey(wanted))) return wanted;
  let [length, stem] = [0, ""];
  for (let number = 2; ; number += 1) {
    const tail = ` (${number})`;
    // Numbers of one length leave as much of a name: many may be called the same.
    if (tail.length !== length) stem = stemFor([...names, "?"], tail, max);
    length = tail.length;
    const nick = stem + tail;
    if (!isTaken(nickKey(nick))) return nick;
  }
}

/** The first of these names that can bear such a number, as much of it as there is place for. */
function stemFor(names: readonly string[], tail: string, max: number): string {
  const stems = names.map((one) => cut(one, max - tail.length));
  return stems.find((stem) => resourcePrepared(stem + tail) === stem + tail) ?? "";
}

/** Whether a nick is one that somebody of this name has, be it with a number. */
export function isNickOf(nick: string, name: string, max: number): boolean {
  const plain = readNick(cut(name, max), max);
  if (plain === undefined) return false;
  return nick === plain || (nick.startsWith(plain) && /^ \(\d+\)$/.test(nick.slice(plain.length)));
}

/** At most `max` characters and as many bytes as a nick may have. */
function cut(text: string, max: number): string {
  const characters = [...resourcePrepared(oneLine(text, Number.POSITIVE_INFINITY))].slice(0, max);
  while (Buffer.byteLength(characters.join("")) > MOST_BYTES - 20) characters.pop();
  return resourcePrepared(characters.join(""));
}
