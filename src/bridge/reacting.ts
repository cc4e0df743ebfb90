import type { EntryId, HomeEvent, LaneEntry } from "./model.ts";
import type { Home } from "./ports/home.ts";
import type { LaneStore } from "./ports/store.ts";
import { reactionText } from "./text/reactions.ts";

/** Reactions are told when none has come for so long, ms, or something else is said behind them. */
const PAUSE_MS = 8000;
/** Nobody waits longer than this for the first of them, ms. */
const LONGEST_MS = 60_000;
/** How soon what is said behind them is seen, ms. */
const LOOK_MS = 500;
/** Reactions in one text. */
const MOST = 64;

export type ReactionEvent = HomeEvent & { kind: "reaction" };

/** What to make of reactions at the head of a lane: wait for more, or tell all of them in one text and take them out together. */
export type Reacted =
  | { readonly kind: "wait"; readonly ms: number }
  /** `text` is absent when nothing is left to be said; `also`: the entries behind the first. */
  | { readonly kind: "tell"; readonly text: string | undefined; readonly also: readonly EntryId[] };

/**
 * The reactions of one resident that stand together at the head of a lane. They stay in it until they are told, so that a
 * crash in the pause loses none.
 */
export async function gathered(
  store: Pick<LaneStore, "read">,
  home: Home,
  entry: LaneEntry,
  event: ReactionEvent,
): Promise<Reacted> {
  const behind = await store.read(entry.lane, entry.id, MOST);
  const all = [{ entry, event }];
  for (const next of behind) {
    const one = reactionIn(home, next, event);
    if (one === undefined) break;
    all.push({ entry: next, event: one });
  }
  const isLast = all.length > behind.length && all.length <= MOST;
  const now = Date.now();
  const [first, last] = [timeOf(entry), timeOf(all.at(-1)?.entry ?? entry)];
  const ms = Math.min(last + PAUSE_MS, first + LONGEST_MS) - now;
  if (isLast && ms > 0) return { kind: "wait", ms: Math.min(ms, LOOK_MS) };
  const text = reactionText(
    all.map(({ event: { target, text, key, removed, speaker } }) => ({
      message: target,
      text,
      key,
      ...(speaker === undefined ? {} : { by: speaker }),
      ...(removed && { removed }),
    })),
  );
  return { kind: "tell", text, also: all.slice(1).map(({ entry: { id } }) => id) };
}

function reactionIn(home: Home, { body }: LaneEntry, to: ReactionEvent): ReactionEvent | undefined {
  if (body.from !== "home" || body.home !== home.name) return undefined;
  const event = home.read(body.raw);
  return event?.kind === "reaction" && event.resident === to.resident && event.room === to.room ? event : undefined;
}

function timeOf({ body }: LaneEntry): number {
  return body.from === "home" ? body.at : 0;
}
