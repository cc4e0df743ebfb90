/** The network's words on their way to XMPP, with what is put in front of them. Pure. */
import type { NetworkMessage } from "../../bridge/model.ts";
import { spokenBy, spokenRich } from "../../bridge/speaker.ts";
import { concat, plainRich, textOf } from "../../bridge/text/model.ts";
import { splitRich } from "../../bridge/text/split.ts";
import { type RichWords, wordsOfRich } from "./rich.ts";
import { stylingOfRich } from "./styling.ts";
import { PART_BYTES, saidAt, splitText } from "./text.ts";

/** Words, and the same with their looks where they have any. */
export type Words = Pick<NetworkMessage, "text" | "rich">;

/** The network's words. */
export function wordsOf({ kind, text, rich }: Pick<NetworkMessage, "kind" | "text" | "rich">): Words {
  const words = rich === undefined ? { text } : { text, rich };
  return kind === "notice" ? behind("/me ", words) : words;
}

/** The owner's own words where they cannot be shown as theirs. */
export function ownWords({ kind, own, ...words }: NetworkMessage): Words {
  const where = own?.device === undefined ? "elsewhere" : `at ${own.device}`;
  return behind(`[You, ${where}] ${kind === "notice" ? "* " : ""}`, words);
}

/** Rooms stamp what is said when it is said: an older time stands in the words. */
export function dated(words: Words, message: NetworkMessage): Words {
  const at = saidAt(message);
  if (at === undefined) return words;
  return behind(`(${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC) `, words);
}

/** In the mouth of another. */
export function spoken(speaker: string, words: Words): Words {
  const { text, rich } = words;
  if (isNothing(words)) return words;
  return { text: spokenBy(speaker, text), ...(rich && { rich: spokenRich(speaker, rich) }) };
}

function behind(prefix: string, words: Words): Words {
  const { text, rich } = words;
  if (isNothing(words)) return words;
  return { text: prefix + text, ...(rich && { rich: concat(plainRich(prefix), rich) }) };
}

/** Nothing is to be seen in them, as in a reaction in words that is taken back: so nothing is said. */
function isNothing({ text, rich }: Words): boolean {
  return (rich === undefined ? text : textOf(rich)).trim() === "";
}

/** Words as the messages that they need, each of a size that servers take; none for words in which nothing is to be seen. */
export function partsOf(words: Words): RichWords[] {
  const { text, rich } = words;
  if (isNothing(words)) return [];
  if (rich !== undefined) return splitRich(rich, PART_BYTES, (part) => bytesOf(wordsOfRich(part))).map(wordsOfRich);
  return splitText(text).map((body) => ({
    body,
    unstyled: /[*_~`]/.test(body) && stylingOfRich(plainRich(body)).unstyled,
  }));
}

function bytesOf({ body, html }: RichWords): number {
  return Buffer.byteLength(body) + (html === undefined ? 0 : Buffer.byteLength(html.toString()));
}
