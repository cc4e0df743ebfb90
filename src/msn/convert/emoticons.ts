/** MSN's emoticon shortcuts and emoji, both ways. Pure. */
import { graphemes } from "../../bridge/text/graphemes.ts";
import { EMOTICONS } from "./emoticon-table.ts";

const EMOJI_OF = new Map(EMOTICONS.flatMap(({ shortcuts, emoji }) => shortcuts.map((s) => [s.toLowerCase(), emoji])));

const SHORTCUT_OF = new Map(
  EMOTICONS.flatMap(({ shortcuts, emoji, also = [] }) => [emoji, ...also].map((e) => [bare(e), shortcuts[0]])),
);

/** Where no shortcut is looked for: clients draw no pictures within addresses (source: msnp-chat §2.4). */
const ADDRESS = String.raw`(?:(?:https?|ftp):\/\/|www\.)\S+`;

/** Shortcuts that may touch the word in front of them, as people write them: `hello:)`. */
const TOUCHING = /^[:;]['-]?[()|]$/;

function pattern(shortcuts: Iterable<string>): string {
  const quoted = [...shortcuts]
    .sort((a, b) => b.length - a.length)
    .map((s) => s.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return quoted.length === 0 ? "(?!)" : quoted.join("|");
}

const SHORTCUTS = new RegExp(`${ADDRESS}|(?:${pattern(EMOJI_OF.keys())})(?![\\p{L}\\p{N}])`, "giu");

/**
 * Shortcuts as emoji. Left as they are: shortcuts within addresses; those that touch a letter or digit (`f(x)`, `C:Docs`),
 * though MSN's clients would draw some of them; and `custom` ones, which stand for the sender's own pictures.
 */
export function shortcutsToEmoji(text: string, custom: readonly string[] = []): string {
  const own = custom.length === 0 ? undefined : new RegExp(`(${pattern(custom.filter((s) => s !== ""))})`, "u");
  const parts = own === undefined ? [text] : text.split(own);
  // At odd places are the sender's own shortcuts.
  return parts.map((part, i) => (i % 2 === 1 ? part : standardToEmoji(part))).join("");
}

function standardToEmoji(text: string): string {
  return text.replace(SHORTCUTS, (found: string, at: number) => {
    const emoji = EMOJI_OF.get(found.toLowerCase());
    if (emoji === undefined) return found;
    const touches = /[\p{L}\p{N}]/u.test(text.slice(Math.max(0, at - 2), at).match(/.$/su)?.[0] ?? "");
    return touches && !TOUCHING.test(found) ? found : emoji;
  });
}

const ADDRESSES = new RegExp(`(${ADDRESS})`, "iu");

/** Emoji that MSN has a picture for as its shortcut; all others stay, and so do those of addresses. The colour of a skin is lost. */
export function emojiToShortcuts(text: string): string {
  if (!/\p{Extended_Pictographic}/u.test(text)) return text;
  // At odd places are addresses, which would lead elsewhere.
  return text
    .split(ADDRESSES)
    .map((part, i) => (i % 2 === 1 ? part : emojiOutsideToShortcuts(part)))
    .join("");
}

function emojiOutsideToShortcuts(text: string): string {
  return graphemes(text)
    .map((grapheme) => SHORTCUT_OF.get(bare(grapheme)) ?? grapheme)
    .join("");
}

/** An emoji without the sign that asks for colours and without the tone of the skin. */
function bare(emoji: string): string {
  return emoji.replace(/[\uFE0F\u{1F3FB}-\u{1F3FF}]/gu, "");
}
