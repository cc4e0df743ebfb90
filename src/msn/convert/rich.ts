/** Texts of the MSN network and the bridge's rich text, both ways. Pure. */

import { type Look, type RichText, type Run, readColor, rich } from "../../bridge/text/model.ts";
import { linksAsText, plainText } from "../../bridge/text/plain.ts";
import { withSigns } from "../../bridge/text/signs.ts";
import { splitRich } from "../../bridge/text/split.ts";
import type { TextFormat } from "../../msnp/index.ts";
import { emojiToShortcuts, shortcutsToEmoji } from "./emoticons.ts";
import { readPlus } from "./plus.ts";

/** A text message: its words and the one look that MSN gives a whole message (source: msnp-chat §2.1). */
export interface MsnText {
  readonly text: string;
  readonly format: TextFormat;
}

/** What clients send when their owner has chosen nothing; only other fonts and colours are somebody's choice. */
const DEFAULT_FONTS = new Set(["segoe ui", "ms shell dlg", "ms shell dlg 2", "ms sans serif", "microsoft sans serif"]);
const DEFAULT_COLOR = "#000000";
/** For texts of a program. */
const FIXED_FONT = "Courier New";

/** Whether shortcuts of emoticons become emoji, and the other way round. */
export interface Pictures {
  readonly emoticons: boolean;
}

const WITH_PICTURES: Pictures = { emoticons: true };

/** A message as rich text. `custom`: shortcuts that stand for pictures of the sender's own; they stay as they are written. */
export function richOfMsn(
  { text, format }: MsnText,
  custom: readonly string[] = [],
  { emoticons }: Pictures = WITH_PICTURES,
): RichText {
  const base = lookOfFormat(format);
  const shown = (words: string): string => (emoticons ? shortcutsToEmoji(words, custom) : words);
  const runs = readPlus(text).map((run): Run => ({ ...base, ...run, text: shown(run.text) }));
  return rich(runs, { rightToLeft: format.rightToLeft === true });
}

function lookOfFormat({ bold, italic, underline, strike, font, color }: TextFormat): Look {
  const chosen = color === undefined || color === DEFAULT_COLOR ? undefined : readColor(color);
  return {
    ...(bold && { bold: true }),
    ...(italic && { italic: true }),
    ...(underline && { underline: true }),
    ...(strike && { strike: true }),
    ...(font !== undefined && !DEFAULT_FONTS.has(font.toLowerCase()) && { font }),
    ...(chosen && { color: chosen }),
  };
}

/**
 * Rich text as a message of MSN. A look that all words have becomes the message's; bold, italic and strike of some words become
 * `*`, `_` and `~` around them; other looks of some words are lost. Addresses stand behind what leads to them.
 */
export function msnOfRich(text: RichText, { emoticons }: Pictures = WITH_PICTURES): MsnText {
  const common = commonLook(text);
  const runs = linksAsText(text).map((run) => without(run, common));
  const format: TextFormat = {
    ...(common.bold && { bold: true }),
    ...(common.italic && { italic: true }),
    ...(common.underline && { underline: true }),
    ...(common.strike && { strike: true }),
    ...(common.color && { color: common.color }),
    ...(common.code ? { font: FIXED_FONT } : common.font !== undefined && { font: common.font }),
    ...(text.rightToLeft && { rightToLeft: true }),
  };
  const isSpelled = !emoticons || common.code === true;
  return { text: withSigns(isSpelled ? runs : pictured(runs)), format };
}

/** Runs with emoji as shortcuts, but in code; a shortcut must not become another one with what stands in the run beside it. */
function pictured(runs: readonly Run[]): Run[] {
  const all: Run[] = [];
  for (const [i, run] of runs.entries()) {
    const text = run.code ? run.text : emojiToShortcuts(run.text, all.at(-1)?.text, runs[i + 1]?.text);
    all.push({ ...run, text });
  }
  return all;
}

/** The looks that all words have; blanks do not count. */
function commonLook({ runs }: RichText): Look {
  const [first, ...others] = runs.filter(({ text }) => text.trim() !== "");
  if (first === undefined) return {};
  const { text: _text, link: _link, ...look } = first;
  const kept = Object.entries(look).filter(([kind, value]) => others.every((run) => run[kind as keyof Look] === value));
  return Object.fromEntries(kept);
}

function without(run: Run, look: Look): Run {
  const kept = Object.entries(run).filter(([kind]) => look[kind as keyof Look] === undefined);
  return { ...Object.fromEntries(kept), text: run.text };
}

/** Bytes of a text in a message, where every line break is CRLF. */
function msnBytes(text: string): number {
  return Buffer.byteLength(text) + (text.match(/\n/g)?.length ?? 0);
}

/** A text as the messages it needs, each of at most `limit` bytes beside its headers. */
export function msnPartsOfRich(text: RichText, limit: number, pictures: Pictures = WITH_PICTURES): MsnText[] {
  const written = (part: RichText): MsnText => msnOfRich(part, pictures);
  return splitRich(text, limit, (part) => msnBytes(written(part).text)).map(written);
}

/** Words without any look, as a message of MSN. */
export function msnOfWords(text: string, { emoticons }: Pictures): string {
  return emoticons ? emojiToShortcuts(text) : text;
}

/** A name or a personal message, which may carry codes of Messenger Plus! too, as the plain words to be seen in it. */
export function wordsOfMsn(text: string): string {
  const runs = readPlus(text);
  return runs.length === 1 && runs[0]?.text === text ? text : plainText(rich(runs));
}
