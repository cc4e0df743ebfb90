import { oneLine } from "../plain.ts";
import { shortened } from "./graphemes.ts";
import { concat, plainRich, type RichText } from "./model.ts";
import { plainText } from "./plain.ts";

/** Graphemes of a quoted message: enough to know it again. */
const QUOTED = 60;
const LONGEST_NAME = 40;

/** A line that quotes: not one that begins with a face, like `>:(`. */
const QUOTATION = /^>(?:>|\s|$)/;

/** A message on one line, short, without what it quotes itself, unless it is nothing else; `…` when nothing of it can be seen. */
export function excerpt(text: RichText | string, max = QUOTED): string {
  const whole = typeof text === "string" ? text : plainText(text);
  const own = whole.split("\n").filter((line) => !QUOTATION.test(line));
  const shown = (words: string): string => oneLine(shortened(words, max), max * 16);
  return shown(own.join("\n")) || shown(whole) || "…";
}

/** An answer for readers whose program knows none: `> Bob: the first words…` and the answer below. */
export function quotedReply(
  answer: RichText,
  to: { readonly name: string; readonly text: RichText | string },
): RichText {
  return concat(plainRich(`> ${nameOf(to.name)}${excerpt(to.text)}\n`), answer);
}

/** What stands for a message that its sender has taken back; without `text` when nobody knows any more what it was. */
export function deletionNote(text?: RichText | string): string {
  return text === undefined ? "(a message was deleted)" : `(deleted: “${excerpt(text)}”)`;
}

function nameOf(name: string): string {
  const shown = oneLine(name, LONGEST_NAME);
  return shown === "" ? "" : `${shown}: `;
}
