import { edgeBefore, pointBefore } from "./graphemes.ts";
import { type RichText, type Run, rich, textOf } from "./model.ts";

/** Part of a part that may stay empty, so that its end is found soon. */
const SLACK = 1 / 64;
/** Bytes of a code unit, whatever was measured. */
const LEAST_BYTES = 1 / 4;

/**
 * Cuts a text into parts whose rendering has at most `limit` bytes. Cuts after a line or a word where one ends in the last
 * third of a part, else between graphemes; a grapheme that alone is over the limit is cut between code points, and a
 * code point that alone is over it stands alone. The parts behind one another are the text.
 * @param bytes size of a part as it will be sent; more text must not make it smaller by much
 */
export function splitRich(text: RichText, limit: number, bytes: (part: RichText) => number): RichText[] {
  const parts = cut(textOf(text), limit, (from, to) => bytes(slice(text, from, to)));
  return parts.length === 0 ? [text] : parts.map(([from, to]) => slice(text, from, to));
}

/** {@link splitRich} for words without looks, of any length and as they are. */
export function splitPlain(text: string, limit: number, bytes: (part: string) => number): string[] {
  const parts = cut(text, limit, (from, to) => bytes(text.slice(from, to)));
  return parts.length === 0 ? [text] : parts.map(([from, to]) => text.slice(from, to));
}

/** Where the parts begin and end. */
function cut(whole: string, limit: number, size: (from: number, to: number) => number): [number, number][] {
  const parts: [number, number][] = [];
  for (let start = 0; start < whole.length; ) {
    const end = nextCut(whole, start, limit, (to) => size(start, to));
    parts.push([start, end]);
    start = end;
  }
  return parts;
}

function nextCut(whole: string, start: number, limit: number, size: (to: number) => number): number {
  const fits = (to: number): boolean => size(to) <= limit;
  const most = farthest(whole, start, limit, size);
  if (most >= whole.length) return whole.length;
  const earliest = start + Math.ceil(((most - start) * 2) / 3);
  const wish = [whole.lastIndexOf("\n", most - 1) + 1, whole.lastIndexOf(" ", most - 1) + 1];
  // A blank can carry an accent or a joiner: then behind it is no edge.
  const tidy = wish.find((at) => at > earliest && edgeBefore(whole, start, at) === at);
  if (tidy !== undefined && fits(tidy)) return tidy;
  let edge = edgeBefore(whole, start, most);
  // Less text can take more room, when a look that held for all of it no longer does.
  while (edge > start && !fits(edge)) edge = edgeBefore(whole, start, edge - 1);
  if (edge > start) return edge;
  const point = pointBefore(whole, most);
  return point > start ? point : start + String.fromCodePoint(whole.codePointAt(start) ?? 0).length;
}

/**
 * An end that fits and leaves next to no room; found by how large the pieces measured so far are, because to measure one is to
 * render it.
 */
function farthest(whole: string, start: number, limit: number, size: (to: number) => number): number {
  let [low, lowSize] = [start, 0];
  let [high, highSize] = [whole.length + 1, Number.POSITIVE_INFINITY];
  let next = Math.min(whole.length, start + Math.max(limit, 1));
  for (let turn = 1; ; turn++) {
    const measured = size(next);
    if (measured <= limit) [low, lowSize] = [next, measured];
    else [high, highSize] = [next, measured];
    const isNear = low > start && limit - lowSize <= limit * SLACK;
    if (isNear || high - low <= 1) return low;
    const perUnit = highSize < Number.POSITIVE_INFINITY ? (highSize - lowSize) / (high - low) : lowSize / (low - start);
    const likely = low + Math.floor((limit - lowSize) / Math.max(perUnit, LEAST_BYTES));
    // Where a text is not even, halves find the end.
    next = Math.max(low + 1, Math.min(turn % 3 === 0 ? (low + high) >> 1 : likely, high - 1));
  }
}

/** The text between two places, with its looks. */
export function slice(text: RichText, from: number, to: number): RichText {
  const runs: Run[] = [];
  let at = 0;
  for (const run of text.runs) {
    if (at >= to) break;
    const end = at + run.text.length;
    if (end > from) runs.push({ ...run, text: run.text.slice(Math.max(from - at, 0), to - at) });
    at = end;
  }
  return rich(runs, { rightToLeft: text.rightToLeft === true });
}
