/** Names of those who sit in a room (XEP-0045 §7.2, RFC 8266). Pure. */
import { oneLine } from "../../bridge/plain.ts";

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

/** A nick for a name that a network gives: cut, and with a number when it is taken. `otherwise`: for a name with nothing in it. */
export function freeNick(name: string, otherwise: string, max: number, isTaken: (key: NickKey) => boolean): string {
  const wanted = readNick(cut(name, max), max) ?? readNick(cut(otherwise, max), max) ?? "?";
  if (!isTaken(nickKey(wanted))) return wanted;
  for (let number = 2; ; number += 1) {
    const tail = ` (${number})`;
    const nick = `${cut(wanted, max - tail.length)}${tail}`;
    if (!isTaken(nickKey(nick))) return nick;
  }
}

/** At most `max` characters and as many bytes as a nick may have. */
function cut(text: string, max: number): string {
  const line = oneLine(text, max);
  const characters = [...line];
  while (Buffer.byteLength(characters.join("")) > MOST_BYTES - 20) characters.pop();
  return characters.join("").trim();
}
