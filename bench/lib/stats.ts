/** The value below which the share lies; 0 of nothing. Does not change its argument. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** ms on the clock that all processes of a machine share (CLOCK_MONOTONIC), so that moments of two of them compare. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The most moments (ms) that lie within any window of so many ms. */
export function mostWithin(moments: readonly number[], windowMs: number): number {
  const sorted = moments.toSorted((a, b) => a - b);
  let from = 0;
  let most = 0;
  for (const [to, moment] of sorted.entries()) {
    while (moment - (sorted[from] ?? moment) >= windowMs) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

const MARK = /@(\d+\.\d+)@/;

/** A text that carries the moment it was said, among words of an ordinary length. */
export function stamped(words: string): string {
  return `${words} @${sharedNow().toFixed(4)}@`;
}

/** How long ago a {@link stamped} text was said, in ms; undefined for any other text. */
export function age(text: string): number | undefined {
  const said = MARK.exec(text)?.[1];
  return said === undefined ? undefined : sharedNow() - Number(said);
}
