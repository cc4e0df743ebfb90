/** Characters as people see them: a family of four is one. */

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Code units before and behind a place in which the edge near it is looked for; what has none there is somebody's prank. */
const BEFORE = 8192;
const BEHIND = 64;

export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/**
 * The last edge between two graphemes at or before `index`, not before `start`, which is an edge itself. Within a grapheme
 * of more than 8192 code units: the edge of a code point.
 */
export function edgeBefore(text: string, start: number, index: number): number {
  if (index >= text.length) return text.length;
  const point = pointBefore(text, index);
  const from = pointBefore(text, Math.max(start, point - BEFORE));
  const near = segmenter.segment(text.slice(from, point + BEHIND));
  const edge = from + (near.containing(point - from)?.index ?? 0);
  return edge > from || from <= start ? edge : point;
}

/** `index`, or one less where that is within a code point. */
export function pointBefore(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff && index > 0 ? index - 1 : index;
}

/** At most `max` graphemes on one line, `…` in place of what is cut away; blanks and line breaks are one blank each. */
export function shortened(text: string, max: number): string {
  // More than `max` graphemes ever need is not even looked at.
  const line = text
    .slice(0, pointBefore(text, max * 64))
    .replace(/\s+/gu, " ")
    .trim();
  const shown = graphemes(line);
  if (shown.length <= max) return line;
  return `${shown
    .slice(0, max - 1)
    .join("")
    .trimEnd()}…`;
}
