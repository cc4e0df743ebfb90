/** MSN's emoticon shortcuts and emoji, both ways. Pure. */
import { graphemes } from "../../bridge/text/graphemes.ts";
import { EMOTICONS } from "./emoticon-table.ts";

const EMOJI_OF = new Map(EMOTICONS.flatMap(({ shortcuts, emoji }) => shortcuts.map((s) => [s.toLowerCase(), emoji])));

/** Characters of a shortcut. */
const LONGEST = Math.max(...[...EMOJI_OF.keys()].map((shortcut) => shortcut.length));

const SHORTCUT_OF = new Map(
  EMOTICONS.flatMap(({ shortcuts, emoji, also = [] }) => [emoji, ...also].map((e) => [bare(e), shortcuts[0]])),
);

/** Where no shortcut is looked for: clients draw no pictures within addresses (source: msnp-chat §2.4). In either case. */
const ADDRESS = String.raw`(?:(?:[Hh][Tt][Tt][Pp][Ss]?|[Ff][Tt][Pp]):\/\/|[Ww][Ww][Ww]\.)\S+`;

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
  const own = custom.filter((shortcut) => shortcut !== "");
  if (own.length === 0) return standardToEmoji(text);
  let shown = "";
  let from = 0;
  for (const { index, 0: found, 1: picture } of text.matchAll(new RegExp(`${ADDRESS}|(${pattern(own)})`, "gu"))) {
    // Of an address nothing is a picture, and it stays with the words around it.
    if (picture === undefined) continue;
    shown += standardToEmoji(text.slice(from, index)) + picture;
    from = index + found.length;
  }
  return shown + standardToEmoji(text.slice(from));
}

function standardToEmoji(text: string): string {
  return text.replace(SHORTCUTS, (found: string, at: number) => {
    const emoji = EMOJI_OF.get(found.toLowerCase());
    if (emoji === undefined) return found;
    const touches = /[\p{L}\p{N}]/u.test(text.slice(Math.max(0, at - 2), at).match(/.$/su)?.[0] ?? "");
    return touches && !TOUCHING.test(found) ? found : emoji;
  });
}

const ADDRESSES = new RegExp(`(${ADDRESS})`, "u");

/**
 * Emoji that MSN has a picture for as its shortcut; all others stay, and so do those of addresses. The colour of a skin is lost.
 * Where a shortcut would be read as another one together with what stands beside it, a blank parts them. `before`, `behind`:
 * what the text stands between.
 */
export function emojiToShortcuts(text: string, before = "", behind = ""): string {
  if (!/\p{Extended_Pictographic}/u.test(text)) return text;
  // At odd places are addresses, which would lead elsewhere.
  const parts = text.split(ADDRESSES);
  let written = "";
  let left = before;
  for (const [i, part] of parts.entries()) {
    const now = i % 2 === 1 ? part : emojiOutsideToShortcuts(part, left, parts[i + 1] ?? behind);
    written += now;
    left = endOf(left + now);
  }
  return written;
}

/** As much as can be the beginning of a shortcut. */
function endOf(text: string): string {
  return text.slice(1 - LONGEST);
}

function emojiOutsideToShortcuts(text: string, before: string, behind: string): string {
  const all = graphemes(text);
  const end = behind.slice(0, LONGEST);
  let left = endOf(before);
  const spelled = all.map((grapheme, i) => {
    const shortcut = SHORTCUT_OF.get(bare(grapheme));
    const now = shortcut === undefined ? grapheme : parted(shortcut, left, [...all.slice(i + 1, i + LONGEST), end]);
    left = endOf(left + (now ?? grapheme));
    return now ?? grapheme;
  });
  return spelled.join("");
}

/** With a blank in front where that helps; undefined where nothing does. */
function parted(shortcut: string, left: string, right: readonly string[]): string | undefined {
  const behind = right.join("").slice(0, LONGEST);
  if (isMisread("", shortcut, behind)) return undefined;
  return isMisread(left, shortcut, behind) ? ` ${shortcut}` : shortcut;
}

/** Whether clients see another picture than the shortcut's: the one that begins first counts, and of those the longest. */
function isMisread(left: string, shortcut: string, right: string): boolean {
  const start = left.toLowerCase();
  const all = start + shortcut.toLowerCase() + right.toLowerCase();
  for (let at = 0; at <= start.length; at++) {
    const first = start.length + (at < start.length ? 1 : shortcut.length + 1);
    for (let end = first; end <= Math.min(at + LONGEST, all.length); end++)
      if (EMOJI_OF.has(all.slice(at, end))) return true;
  }
  return false;
}

/** An emoji without the sign that asks for colours and without the tone of the skin. */
function bare(emoji: string): string {
  return emoji.replace(/[\uFE0F\u{1F3FB}-\u{1F3FF}]/gu, "");
}
