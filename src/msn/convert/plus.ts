/**
 * The codes of Messenger Plus!, which many MSN people's names and texts carry. Two kinds: tags, `[b]…[/b]`, and signs that hold
 * until the next of their kind, written `·#` or as control characters. Pure. Sources: emesene's reader of them
 * (gui/base/Plus.py) for tags, palette and `·` signs; mIRC's for the control characters, which these follow
 * (modern.ircdocs.horse/formatting).
 */
import { graphemes } from "../../bridge/text/graphemes.ts";
import { type Color, colorOf, type Look, type Run, readColor } from "../../bridge/text/model.ts";
import { PLUS_COLORS, PLUS_NAMES } from "./plus-colors.ts";

const COLOR = String.raw`#[0-9a-f]{6}|#[0-9a-f]{3}|\d{1,3},\d{1,3},\d{1,3}|[a-z]{3,8}|\d{1,2}`;
const SIGN_COLOR = String.raw`#[0-9a-f]{6}|\d{1,2}`;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are the codes
const HAS_CODES = /\[\/[bciusa]|·[#&@'$]|[\x02\x03\x1d\x1e\x1f]/i;

const CODE = new RegExp(
  [
    String.raw`\[(?<close>\/?)(?<tag>[bcius]|a)(?:=(?<value>${COLOR}))?\]`,
    String.raw`(?:·\$|\x03)(?<ink>${SIGN_COLOR})?(?:,(?<paper>${SIGN_COLOR}))?`,
    "·(?<dotted>[#&@'0])",
    String.raw`(?<control>[\x02\x0f\x1d\x1e\x1f])`,
  ].join("|"),
  "gi",
);

type Flag = "bold" | "italic" | "underline" | "strike";

const FLAG_OF: Readonly<Record<string, Flag>> = {
  b: "bold",
  i: "italic",
  u: "underline",
  s: "strike",
  "#": "bold",
  "&": "italic",
  "@": "underline",
  "'": "strike",
  "\x02": "bold",
  "\x1d": "italic",
  "\x1f": "underline",
  "\x1e": "strike",
};

interface Tag {
  readonly name: string;
  readonly value: Color | undefined;
  /** Where it stands, and where its text begins. */
  readonly start: number;
  readonly from: number;
  /** Where its closing tag begins, and the colour that says, which makes it a gradient. */
  to: number;
  until: Color | undefined;
}

/** Gradients are told in at most so many steps. */
const STEPS = 24;

/**
 * A text's runs without the codes. A tag counts only with its closing tag, so that `a[i]` stays what it is; `·0` only ends
 * what another sign began.
 */
export function readPlus(text: string): Run[] {
  if (!HAS_CODES.test(text)) return [{ text }];
  const codes = [...text.matchAll(CODE)];
  const tags = pairs(codes);
  const runs: Run[] = [];
  const open: OpenTags = new Map();
  let signs: Look = {};
  let at = 0;
  const say = (to: number): void => {
    if (to > at) runs.push(...painted(text.slice(at, to), at, { ...signs, ...flagsOf(open) }, open));
  };
  for (const code of codes) {
    const { index } = code;
    const after = index + code[0].length;
    const isTag = code.groups?.tag !== undefined;
    const tag = tags.get(index);
    const next = isTag ? signs : turned(signs, code.groups ?? {});
    if (isTag ? tag === undefined : next === undefined) continue;
    say(index);
    signs = next ?? signs;
    if (tag !== undefined) turn(open, tag, index);
    at = after;
  }
  say(text.length);
  return runs;
}

/** The tags that have both ends, by the place of either end. */
function pairs(codes: readonly RegExpExecArray[]): Map<number, Tag> {
  const found = new Map<number, Tag>();
  const waiting = new Map<string, Tag[]>();
  for (const { groups = {}, index, 0: whole } of codes) {
    const { close, tag, value } = groups;
    if (tag === undefined) continue;
    const name = tag.toLowerCase();
    const isColor = name === "c" || name === "a";
    const color = value === undefined ? undefined : plusColor(value);
    const sameKind = waiting.get(name) ?? [];
    waiting.set(name, sameKind);
    if (close === "") {
      const makesSense = isColor ? color !== undefined : value === undefined;
      const from = index + whole.length;
      if (makesSense) sameKind.push({ name, value: color, start: index, from, to: 0, until: undefined });
      continue;
    }
    const opened = sameKind.pop();
    if (opened === undefined) continue;
    opened.to = index;
    opened.until = color;
    found.set(opened.start, opened);
    found.set(index, opened);
  }
  return found;
}

function plusColor(value: string): Color | undefined {
  const word = value.toLowerCase();
  if (/^\d{1,2}$/.test(word)) return PLUS_COLORS[Number(word)] ?? "#000000";
  if (word.includes(",")) return colorOf(word.split(",").map(Number));
  return PLUS_COLORS[PLUS_NAMES.indexOf(word)] ?? readColor(word);
}

/** By name, the innermost last. Tags of one name lie within one another, so the one that ends is the innermost. */
type OpenTags = Map<string, Tag[]>;

/** One end of a tag, at that place. */
function turn(open: OpenTags, tag: Tag, index: number): void {
  const sameKind = open.get(tag.name) ?? [];
  open.set(tag.name, sameKind);
  if (tag.start === index) sameKind.push(tag);
  else sameKind.pop();
}

function flagsOf(open: OpenTags): Look {
  const held = [...open].filter(([, tags]) => tags.length > 0);
  return Object.fromEntries(held.flatMap(([name]) => (FLAG_OF[name] ? [[FLAG_OF[name], true]] : [])));
}

/** The signs that hold after one more; undefined when that one means nothing here. */
function turned(signs: Look, { ink, paper, dotted, control }: Record<string, string | undefined>): Look | undefined {
  const sign = dotted ?? control;
  if (sign === "0" || sign === "\x0f") return sign === "0" && Object.keys(signs).length === 0 ? undefined : {};
  if (sign === undefined) {
    const { color: _c, background: _b, ...rest } = signs;
    const color = ink === undefined ? (paper === undefined ? undefined : signs.color) : plusColor(ink);
    const background = paper === undefined ? (ink === undefined ? undefined : signs.background) : plusColor(paper);
    return { ...rest, ...(color && { color }), ...(background && { background }) };
  }
  const flag = FLAG_OF[sign];
  if (flag === undefined) return undefined;
  const { [flag]: was, ...rest } = signs;
  return was ? rest : { ...rest, [flag]: true };
}

/** A piece of text in the colours of the tags around it; `at` is where it stands in the whole. */
function painted(text: string, at: number, look: Look, open: OpenTags): Run[] {
  const ink = open.get("c")?.at(-1);
  const paper = open.get("a")?.at(-1);
  const isGradient = [ink, paper].some((tag) => tag?.until !== undefined && tag.until !== tag.value);
  const pieces = isGradient
    ? inSteps(text, Math.max(...[ink, paper].map((tag) => (tag ? tag.to - tag.from : 0))))
    : [text];
  let place = at;
  return pieces.map((piece) => {
    const color = colorAt(ink, place);
    const background = colorAt(paper, place);
    place += piece.length;
    return { text: piece, ...look, ...(color && { color }), ...(background && { background }) };
  });
}

function inSteps(text: string, whole: number): string[] {
  const size = Math.max(1, Math.ceil(whole / STEPS));
  if (text.length <= size) return [text];
  const pieces: string[] = [];
  let piece = "";
  for (const grapheme of graphemes(text)) {
    piece += grapheme;
    if (piece.length >= size) {
      pieces.push(piece);
      piece = "";
    }
  }
  return piece === "" ? pieces : [...pieces, piece];
}

function colorAt(tag: Tag | undefined, place: number): Color | undefined {
  if (tag?.value === undefined || tag.until === undefined || tag.until === tag.value) return tag?.value;
  const share = (place - tag.from) / Math.max(1, tag.to - tag.from - 1);
  const [a, b] = [partsOf(tag.value), partsOf(tag.until)];
  return colorOf(a.map((part, i) => part + ((b[i] ?? 0) - part) * Math.min(1, share)));
}

function partsOf(color: Color): number[] {
  return [1, 3, 5].map((i) => Number.parseInt(color.slice(i, i + 2), 16));
}
