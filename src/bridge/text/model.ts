/**
 * Text with its looks, as every side understands it: runs of characters, each with one look. Converters of networks and
 * homes read into it and write from it; none of them knows another. Pure, like all in this folder.
 */
import { jsonBytes } from "./size.ts";

/** `#rrggbb`, lower-case. */
export type Color = `#${string}`;

/** How a run looks. What is absent is as the reader's program has it. */
export interface Look {
  readonly bold?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly strike?: true;
  /** As a program's text: in a font of fixed width, nothing in it has a meaning. */
  readonly code?: true;
  readonly color?: Color;
  readonly background?: Color;
  readonly font?: string;
  /** The address that the run leads to; {@link readLink} lets only harmless ones in. */
  readonly link?: string;
}

export interface Run extends Look {
  /** Line breaks are `\n`. */
  readonly text: string;
}

/** Made by {@link rich} alone: no empty run, no two neighbours of the same look, no half characters, no control characters. */
export interface RichText {
  readonly runs: readonly Run[];
  readonly rightToLeft?: true;
}

/** Characters of one text. No side sends messages of this length (MSN has 128 KiB at most); what is longer is cut. */
export const MAX_CHARACTERS = 200_000;
/** Looks in one text: a gradient over a long message must not become a message of megabytes. What follows is plain. */
export const MAX_RUNS = 1000;

const LONGEST_FONT = 64;
const LONGEST_LINK = 2000;

/** Neither C0 nor C1 control characters mean anything in a chat; tabulators and line ends do. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/g;

/** The text of these runs in its one canonical form. */
export function rich(runs: readonly Run[], direction: { readonly rightToLeft?: boolean } = {}): RichText {
  const kept: Run[] = [];
  let room = MAX_CHARACTERS;
  for (const run of runs) {
    if (room <= 0) break;
    const text = cut(run.text.replace(/\r\n?/g, "\n").replace(CONTROLS, "").toWellFormed(), room);
    room -= text.length;
    append(kept, text, lookOf(run));
  }
  return { runs: kept, ...(direction.rightToLeft ? { rightToLeft: true as const } : {}) };
}

/** A text without any look. */
export function plainRich(text: string): RichText {
  return rich([{ text }]);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}

function append(runs: Run[], text: string, look: Look): void {
  if (text === "") return;
  const last = runs.at(-1);
  const allowed: Look = runs.length >= MAX_RUNS - 1 ? {} : look;
  if (last !== undefined && sameLook(last, allowed)) runs[runs.length - 1] = { ...last, text: last.text + text };
  else runs.push({ text, ...lookOf(allowed) });
}

/** The look of a run without its text and without what is `undefined`, always in the same order. */
export function lookOf(run: Partial<Run>): Look {
  const { bold, italic, underline, strike, code, color, background, font, link } = run;
  return {
    ...(bold && { bold }),
    ...(italic && { italic }),
    ...(underline && { underline }),
    ...(strike && { strike }),
    ...(code && { code }),
    ...(color && { color }),
    ...(background && { background }),
    ...(font && { font: font.slice(0, LONGEST_FONT) }),
    ...(link && { link }),
  };
}

/** Every kind of look, for tables and comparisons. */
export const LOOKS = [
  "bold",
  "italic",
  "underline",
  "strike",
  "code",
  "color",
  "background",
  "font",
  "link",
] as const satisfies readonly (keyof Look)[];

export function sameLook(a: Look, b: Look): boolean {
  return LOOKS.every((kind) => a[kind] === b[kind]);
}

/** Whether any run looks like anything but plain text. */
export function isPlain({ runs }: RichText): boolean {
  return runs.every((run) => sameLook(run, {}));
}

/** Bytes of looks that are stored beside the words: both together fit into an entry of a lane. */
const STORED_BYTES = 100_000;

/** What of it is worth storing beside the plain words, and can be; `undefined`: the words alone say it all, or must do. */
export function storable(text: RichText | undefined): RichText | undefined {
  if (text === undefined || (isPlain(text) && !text.rightToLeft)) return undefined;
  return jsonBytes(text) <= STORED_BYTES ? text : undefined;
}

/** The characters alone. */
export function textOf({ runs }: RichText): string {
  return runs.map(({ text }) => text).join("");
}

/** Texts behind one another; the direction is the first one's that has any. */
export function concat(...texts: readonly RichText[]): RichText {
  return rich(
    texts.flatMap(({ runs }) => runs),
    { rightToLeft: texts.some((text) => text.rightToLeft) },
  );
}

/** The names of colours that HTML 4 and CSS 2.1 have. */
const NAMED: Readonly<Record<string, Color>> = {
  aqua: "#00ffff",
  black: "#000000",
  blue: "#0000ff",
  fuchsia: "#ff00ff",
  gray: "#808080",
  green: "#008000",
  grey: "#808080",
  lime: "#00ff00",
  maroon: "#800000",
  navy: "#000080",
  olive: "#808000",
  orange: "#ffa500",
  purple: "#800080",
  red: "#ff0000",
  silver: "#c0c0c0",
  teal: "#008080",
  white: "#ffffff",
  yellow: "#ffff00",
};

/** `#rgb`, `#rrggbb` (the `#` of either may be missing: `bare`), `rgb(r, g, b)` or a name. */
export function readColor(text: string, { bare = false } = {}): Color | undefined {
  const word = text.trim().toLowerCase();
  const hex = /^(#?)([0-9a-f]{3}|[0-9a-f]{6})$/.exec(word);
  if (hex !== null && (hex[1] === "#" || bare)) {
    const digits = hex[2] ?? "";
    return `#${digits.length === 6 ? digits : [...digits].map((digit) => digit + digit).join("")}`;
  }
  const rgb = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(word);
  if (rgb !== null) return colorOf(rgb.slice(1).map(Number));
  return Object.hasOwn(NAMED, word) ? NAMED[word] : undefined;
}

/** A colour of red, green and blue, each 0-255. */
export function colorOf(parts: readonly number[]): Color {
  return `#${parts
    .map((part) =>
      Math.max(0, Math.min(255, Math.round(part)))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

const HARMLESS = /^(?:https?|ftp|mailto|magnet):[^\s<>"\p{Cc}]+$/iu;

/** An address that may be led to; `undefined` for scripts, data and whatever else is no address of the net. */
export function readLink(text: string): string | undefined {
  const link = text.trim();
  return link.length <= LONGEST_LINK && HARMLESS.test(link) ? link.toWellFormed() : undefined;
}
