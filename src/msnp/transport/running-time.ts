/** A wait is this many pieces; those in which the process stood still do not count, and as many more at most are waited. */
const PIECES = 8;
/** A timer that is that many ms late besides is no more than a busy machine. */
const LATE_MS = 20;

/**
 * Calls `late` after `ms` in which this process could have read an answer. While a computer sleeps or something holds up the
 * loop, answers lie in the sockets unread: such time is not the server's, and not counted (at most as long again is waited).
 * Returns what calls it off.
 */
export function afterRunning(ms: number, late: () => void): () => void {
  const piece = ms / PIECES;
  let left = PIECES;
  let spared = PIECES;
  let begun = performance.now();
  const tick = (): void => {
    const now = performance.now();
    const stoodStill = now - begun > 2 * piece + LATE_MS;
    begun = now;
    if (stoodStill && spared > 0) spared -= 1;
    else left -= 1;
    if (left === 0) late();
    else timer = setTimeout(tick, piece);
  };
  let timer = setTimeout(tick, piece);
  return () => clearTimeout(timer);
}
