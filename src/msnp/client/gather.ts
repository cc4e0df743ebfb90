import { setTimeout as pause } from "node:timers/promises";

/**
 * Resolves when each call has been answered or refused, and at the latest so many ms after the first was answered: who has
 * come does not wait for long for those who may never. Rejects with the first refusal when nobody has come.
 */
export async function gathered(calls: readonly Promise<unknown>[], grace: number): Promise<void> {
  const isAll = new AbortController();
  const { signal } = isAll;
  const all = Promise.allSettled(calls).finally(() => isAll.abort());
  const first = Promise.any(calls).then(
    () => pause(grace, undefined, { signal, ref: false }).catch(() => undefined),
    (error: AggregateError) => {
      throw error.errors[0];
    },
  );
  await Promise.race([all.then(() => first), first]);
}
