import { edgeBefore, pointBefore } from "./graphemes.ts";
import { type RichText, type Run, rich, textOf } from "./model.ts";

/**
 * Cuts a text into parts whose rendering has at most `limit` bytes. Cuts after a line or a word where one ends in the last
 * third of a part, else between graphemes; a grapheme that alone is over the limit is cut between code points, and a
 * code point that alone is over it stands alone. The parts behind one another are the text.
 * @param bytes size of a part as it will be sent; more text must not make it smaller by much
 */
export function splitRich(text: RichText, limit: number, bytes: (part: RichText) => number): RichText[] {
  const whole = textOf(text);
  const parts: RichText[] = [];
  let start = 0;
  while (start < whole.length) {
    const end = nextCut(whole, start, (to) => bytes(slice(text, start, to)) <= limit);
    parts.push(slice(text, start, end));
    start = end;
  }
  return parts.length === 0 ? [text] : parts;
}

function nextCut(whole: string, start: number, fits: (to: number) => boolean): number {
  const most = farthest(whole, start, fits);
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

/** The farthest end that fits; found by doubling, so that a long text is not measured whole for each part. */
function farthest(whole: string, start: number, fits: (to: number) => boolean): number {
  let low = start;
  let step = 256;
  while (low + step < whole.length && fits(low + step)) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, whole.length);
  if (fits(high)) return high;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
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
