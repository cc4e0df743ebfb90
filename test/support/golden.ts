/**
 * Tables of what a conversion must give, both ways. The tests run each case as a test of its own in both directions, and
 * `docs/mapping.md` is written from the same tables.
 */
import { type Color, type Look, type RichText, type Run, rich } from "../../src/bridge/text/model.ts";

interface Case<From, To> {
  /** What crosses, the same words in all tables: `bold`, `links`. */
  readonly about: string;
  readonly name: string;
  readonly from: From;
  readonly to: To;
}

/** Comes back as it went. */
interface Whole {
  readonly back?: never;
  readonly loss?: never;
  readonly alike?: never;
}

/** Comes back as something else, with what a reader misses or gets besides. */
interface Lossy<From> {
  readonly back: From;
  readonly loss: string;
  readonly alike?: never;
}

/** Comes back as something else that looks the same to its reader. */
interface Alike<From> {
  readonly back: From;
  readonly loss?: never;
  readonly alike: string;
}

export type GoldenCase<From, To> = Case<From, To> & (Whole | Lossy<From> | Alike<From>);

export interface GoldenTable<From, To> {
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly convert: (from: From) => To;
  readonly convertBack: (to: To) => From;
  /** How a side stands in the docs. */
  readonly showFrom: (from: From) => string;
  readonly showTo: (to: To) => string;
  readonly cases: readonly GoldenCase<From, To>[];
}

/** What has no way back at all: readers there get words. */
export interface OneWayTable<From> {
  readonly title: string;
  readonly about: string;
  readonly from: string;
  /** Why nothing comes back. */
  readonly loss: string;
  readonly convert: (from: From) => string | undefined;
  readonly showFrom: (from: From) => string;
  readonly cases: readonly { readonly name: string; readonly from: From; readonly to: string | undefined }[];
}

/** Rich text: plain words as they are, others by {@link w} and its kin. */
export function r(...parts: readonly (string | Run)[]): RichText {
  return rich(parts.map((part) => (typeof part === "string" ? { text: part } : part)));
}

/** The same, running from right to left. */
export function rtl(...parts: readonly (string | Run)[]): RichText {
  return rich(r(...parts).runs, { rightToLeft: true });
}

export const w = (text: string, look: Look): Run => ({ text, ...look });
export const b = (text: string): Run => w(text, { bold: true });
export const i = (text: string): Run => w(text, { italic: true });
export const u = (text: string): Run => w(text, { underline: true });
export const s = (text: string): Run => w(text, { strike: true });
export const code = (text: string): Run => w(text, { code: true });
export const ink = (color: Color, text: string): Run => w(text, { color });
export const link = (address: string, text: string): Run => w(text, { link: address });

/** Rich text on one line: `{bold, #ff0000|words}`. */
export function showRich({ runs, rightToLeft }: RichText): string {
  const shown = runs.map(({ text, ...look }) => {
    const looks = Object.entries(look).map(([kind, value]) => (value === true ? kind : `${kind} ${value}`));
    return looks.length === 0 ? text : `{${looks.join(", ")}|${text}}`;
  });
  return `${rightToLeft ? "(right to left) " : ""}${shown.join("")}`;
}
