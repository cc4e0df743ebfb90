import { createHash } from "node:crypto";
import type { ContactAddress, NetworkMessage } from "../model.ts";
import type { LiveGroup } from "./model.ts";

/**
 * What words are known by to others who hear them as well. MSNP gives messages no ids, so it is who spoke, and a digest of
 * what all sessions read alike; the place among the speaker's words tells equal ones apart.
 */
export interface Print {
  readonly speaker: string;
  readonly word: string;
  /** Who was there to hear it, as short digests one behind the other; `*`: not known. */
  readonly there: string;
}

const SPEAKER = 8;
const WORD = 16;
const PERSON = 6;
/** Of more people it is not told who was there. */
const MOST_PEOPLE = 64;
const ANYBODY = "*";
const FORM = /^([\w-]{8})\.([\w-]{16})\.(\*|(?:[\w-]{6})*)$/;

/** A list of people is the same object for many words. */
const peoples = new WeakMap<LiveGroup["members"], string>();

export function printOf(live: LiveGroup, { from, kind, text, nudge }: NetworkMessage): Print {
  // Names and looks may be read otherwise by who came later; so may be whether it is one's own.
  const word = digest(JSON.stringify([kind, text, nudge === true]), WORD);
  return { speaker: digest(from, SPEAKER), word, there: thereIn(live) };
}

/** As text, for other workers: at most 411 characters. */
export function writePrint({ speaker, word, there }: Print): string {
  return `${speaker}.${word}.${there}`;
}

/** `undefined`: it is none. */
export function parsePrint(text: string): Print | undefined {
  const [, speaker, word, there] = FORM.exec(text) ?? [];
  return speaker === undefined || word === undefined || there === undefined ? undefined : { speaker, word, there };
}

/** Whether somebody could hear the words; yes when it is not known. */
export function couldHear({ there }: Print, address: ContactAddress): boolean {
  if (there === ANYBODY) return true;
  const person = digest(address, PERSON);
  for (let at = 0; at < there.length; at += PERSON) if (there.startsWith(person, at)) return true;
  return false;
}

function thereIn({ kind, members, partial }: LiveGroup): string {
  // Who belongs to a circle need not be signed in.
  if (kind === "circle" || partial || members.length > MOST_PEOPLE) return ANYBODY;
  const known = peoples.get(members);
  if (known !== undefined) return known;
  const there = members.map(({ address }) => digest(address, PERSON)).join("");
  peoples.set(members, there);
  return there;
}

function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, length);
}
