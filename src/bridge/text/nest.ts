import type { Run } from "./model.ts";

/** What is opened before some runs and closed behind them. Two marks are the same when their `key` is. */
export interface Mark {
  readonly key: string;
}

export type Nested<M extends Mark> = Run | { readonly mark: M; readonly children: readonly Nested<M>[] };

/**
 * Runs as a tree in which each mark is opened once for as many neighbours as have it. `marks` names a run's, the outermost
 * first; marks are never closed out of their order. The tree is as deep as the longest list of marks.
 */
export function nest<M extends Mark>(runs: readonly Run[], marks: (run: Run) => readonly M[]): Nested<M>[] {
  const root: Nested<M>[] = [];
  const open: { mark: M; children: Nested<M>[] }[] = [];
  for (const run of runs) {
    const wanted = marks(run);
    const keys = new Set(wanted.map(({ key }) => key));
    const kept = open.findIndex(({ mark }) => !keys.has(mark.key));
    if (kept >= 0) open.length = kept;
    const held = new Set(open.map(({ mark }) => mark.key));
    for (const mark of wanted) {
      if (held.has(mark.key)) continue;
      const node = { mark, children: [] as Nested<M>[] };
      (open.at(-1)?.children ?? root).push(node);
      open.push(node);
    }
    (open.at(-1)?.children ?? root).push(run);
  }
  return root;
}
