import { graphemes } from "./graphemes.ts";

/** Changes that a line may tell; with more of them the new words are easier to read whole. */
const MOST_CHANGES = 3;
/** Graphemes of one side of a change. */
const LONGEST_CHANGE = 80;
/** Words compared one with another; what differs in more of them is said anew. */
const MOST_WORDS = 400;

interface Change {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/**
 * An edit for readers whose program knows none: `* their → there` by the difference in words, with a word beside it where
 * words were only added or taken away; `* ` and all the new words when that is shorter or clearer. `undefined` when no word
 * is another one.
 */
export function correctionLine(before: string, after: string): string | undefined {
  const [old, now] = [words(before), words(after)];
  if (old.join(" ") === now.join(" ")) return undefined;
  const whole = `* ${after.trim()}`;
  const changes = difference(old, now);
  if (changes === undefined || changes.length > MOST_CHANGES || changes.some(isLong)) return whole;
  const kept = now.length - changes.reduce((sum, { to }) => sum + to.length, 0);
  if (kept <= changes.length) return whole;
  const line = `* ${changes.map(({ from, to }) => `${from.join(" ")} → ${to.join(" ")}`).join(", ")}`;
  return line.length < whole.length || whole.includes("\n") ? line : whole;
}

function words(text: string): string[] {
  return text.match(/\S+/gu) ?? [];
}

function isLong({ from, to }: Change): boolean {
  return [from, to].some((side) => {
    const text = side.join(" ");
    return text.length > LONGEST_CHANGE * 16 || graphemes(text).length > LONGEST_CHANGE;
  });
}

/** The places where two texts differ, in order; undefined when they are too long to compare. */
function difference(old: readonly string[], now: readonly string[]): Change[] | undefined {
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  const most = Math.min(old.length, now.length) - head;
  while (tail < most && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  const [a, b] = [old.slice(head, old.length - tail), now.slice(head, now.length - tail)];
  if (a.length > MOST_WORDS || b.length > MOST_WORDS) return undefined;
  const spans = spansOf(a, b).map(([i, j, k, l]) => [i + head, j + head, k + head, l + head] as const);
  return joined(spans).map((span) => withNeighbour(span, old, now));
}

/** A stretch of the old words and the stretch of the new ones that stands for it: begin and end of each. */
type Span = readonly [number, number, number, number];

/** By the longest common subsequence. */
function spansOf(a: readonly string[], b: readonly string[]): Span[] {
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] =
        a[i] === b[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
    }
  }
  const spans: Span[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [fromI, fromJ] = [i, j];
    while ((i < a.length || j < b.length) && (i >= a.length || j >= b.length || a[i] !== b[j])) {
      const skipOld =
        i < a.length && (j >= b.length || (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0));
      if (skipOld) i++;
      else j++;
    }
    if (i > fromI || j > fromJ) spans.push([fromI, i, fromJ, j]);
    while (i < a.length && j < b.length && a[i] === b[j]) [i, j] = [i + 1, j + 1];
  }
  return spans;
}

/** Changes with only one word between them read better as one. */
function joined(spans: readonly Span[]): Span[] {
  const all: Span[] = [];
  for (const span of spans) {
    const last = all.at(-1);
    if (last !== undefined && span[0] - last[1] <= 1) all[all.length - 1] = [last[0], span[1], last[2], span[3]];
    else all.push(span);
  }
  return all;
}

/** Nothing cannot stand beside an arrow: then a word that stayed is told with it. */
function withNeighbour([a, b, c, d]: Span, old: readonly string[], now: readonly string[]): Change {
  if (a < b && c < d) return { from: old.slice(a, b), to: now.slice(c, d) };
  if (b < old.length && d < now.length) return { from: old.slice(a, b + 1), to: now.slice(c, d + 1) };
  return { from: old.slice(Math.max(a - 1, 0), b), to: now.slice(Math.max(c - 1, 0), d) };
}
