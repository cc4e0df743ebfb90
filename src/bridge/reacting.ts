import type { EntryId, HomeEvent, LaneEntry } from "./model.ts";
import type { Home } from "./ports/home.ts";
import type { LaneStore } from "./ports/store.ts";
import { type Reaction, reactionText } from "./text/reactions.ts";

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
  /**
   * `text` is absent when nothing is left to be said, and names them when they are of several; `also`: the entries behind the
   * first.
   */
  | {
      readonly kind: "tell";
      readonly isOf: "one" | "several";
      readonly text: string | undefined;
      readonly also: readonly EntryId[];
    };

/** People who react through the same account, and are named. */
export interface Relayed {
  /** Whether that one is of them, too. */
  has(event: ReactionEvent): boolean;
  name(event: ReactionEvent): Promise<string>;
}

/**
 * The reactions of one resident, or of all who are `relayed` through the same account, that stand together at the head of a lane. They stay in it until they are told, so that a
 * crash in the pause loses none.
 */
export async function gathered(
  store: Pick<LaneStore, "read">,
  home: Home,
  entry: LaneEntry,
  event: ReactionEvent,
  relayed?: Relayed,
): Promise<Reacted> {
  const behind = await store.read(entry.lane, entry.id, MOST);
  const all = [{ entry, event }];
  for (const next of behind) {
    const one = reactionIn(home, next, event, relayed);
    if (one === undefined) break;
    all.push({ entry: next, event: one });
  }
  const isLast = all.length > behind.length && all.length <= MOST;
  const now = Date.now();
  const [first, last] = [timeOf(entry), timeOf(all.at(-1)?.entry ?? entry)];
  const ms = Math.min(last + PAUSE_MS, first + LONGEST_MS) - now;
  if (isLast && ms > 0) return { kind: "wait", ms: Math.min(ms, LOOK_MS) };
  const isOf = all.every((one) => one.event.resident === event.resident) ? "one" : "several";
  const reactions = all.map(async ({ event: one }): Promise<Reaction> => {
    const { target, text, key, removed, speaker } = one;
    const by = speaker ?? (isOf === "several" ? await relayed?.name(one) : undefined);
    return { message: target, text, key, ...(by === undefined ? {} : { by }), ...(removed && { removed }) };
  });
  const text = reactionText(await Promise.all(reactions));
  return { kind: "tell", isOf, text, also: all.slice(1).map(({ entry: { id } }) => id) };
}

function reactionIn(
  home: Home,
  { body }: LaneEntry,
  to: ReactionEvent,
  relayed: Relayed | undefined,
): ReactionEvent | undefined {
  if (body.from !== "home" || body.home !== home.name) return undefined;
  const event = home.read(body.raw);
  if (event?.kind !== "reaction" || event.room !== to.room) return undefined;
  // Words stand for all of them, and have been in one place or another.
  if (event.via?.join() !== to.via?.join()) return undefined;
  return event.resident === to.resident || relayed?.has(event) ? event : undefined;
}

function timeOf({ body }: LaneEntry): number {
  return body.from === "home" ? body.at : 0;
}
