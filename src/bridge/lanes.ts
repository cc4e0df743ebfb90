import type { Logger } from "pino";
import type { BridgeError } from "./errors.ts";
import { asBridgeError } from "./errors.ts";
import type { EntryId, Failure, Fence, LaneCopy, LaneEntry, LaneRef, MessageId, ResidentId, Shard } from "./model.ts";
import { laneName, messageId, residentParts } from "./model.ts";
import type { LaneStore } from "./ports/store.ts";
import { backOff, Gate, pause } from "./waiting.ts";

/** What became of an entry. */
export type Outcome =
  | {
      readonly kind: "done";
      /** What is to stand in other lanes of the shard; they get it in the moment in which the entry leaves its lane. */
      readonly copies?: readonly LaneCopy[];
      /** Entries behind it that it has dealt with, too: they leave in the same moment. */
      readonly also?: readonly EntryId[];
      /** Runs once the entry has left its lane. Best effort. */
      readonly after?: () => Promise<void>;
    }
  /** Not now: the lane stands still until it is nudged, at most `ms`. */
  | { readonly kind: "hold"; readonly ms: number; readonly why: string }
  /** Not at all, until a person asks. `report` tells the sender and returns the notice; it is called until it succeeds. */
  | {
      readonly kind: "park";
      readonly failure: Failure;
      readonly resident: ResidentId;
      readonly message: MessageId | undefined;
      readonly report: (() => Promise<MessageId | undefined>) | undefined;
      /** Only while the room to which the lane goes has stopped; otherwise it is tried once more. */
      readonly stopped?: true;
    }
  /** What stood before it in the lane has come back: the lane is read from its start, and it is its turn again. */
  | { readonly kind: "anew" };

/** A home that is not configured is there after a restart at the soonest: what nobody else waits for stays in its lane. */
export const NO_HOME: Outcome = { kind: "hold", ms: 60_000, why: "no-home" };

/**
 * Deals with one entry. Called in the lane's order, one at a time per lane, and again for the same entry after a hold or a
 * crash. `left` settles when the store has what became of the entry, or it is sure that this worker cannot write it; it never
 * rejects.
 */
export type LaneHandler = (entry: LaneEntry, left: Promise<void>) => Promise<Outcome>;

export interface LaneRunnerOptions {
  readonly store: LaneStore;
  readonly fence: (shard: Shard) => Fence | undefined;
  readonly handlers: Readonly<Record<LaneRef["kind"], LaneHandler>>;
  /** Entries that may be in the handlers' hands at once, over all lanes of a kind: a side that hangs stops its own only. */
  readonly concurrency: number;
  readonly log: Logger;
  /** Ends an entry whose handler failed {@link DEFECTS} times for a reason that does not pass by itself. */
  readonly poisoned: (entry: LaneEntry, error: BridgeError) => Promise<Outcome>;
  /** An entry was parked; for metrics. */
  readonly onParked?: (entry: LaneEntry, failure: Failure) => void;
}

interface RunningLane {
  readonly ref: LaneRef;
  /** New entries came while the lane was being read. */
  again: boolean;
  nudge: AbortController;
  holding: string | undefined;
  /** What was read of it may no longer be stored. */
  stale: boolean;
}

/** Entries read from Redis at once; bounds memory per lane. */
const PAGE = 64;
const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 10_000;
/** Tries of an entry that fails for a reason that does not pass by itself; then it goes, so that its lane can go on. */
const DEFECTS = 3;
/** A lease that Redis has given out again is known here a moment later. */
const RENEWAL_MS = 300;

/**
 * Runs the lanes of this worker: each in order, one entry at a time, many lanes side by side. A lane is in memory only
 * while it has entries.
 */
export class LaneRunner {
  readonly #o: LaneRunnerOptions;
  readonly #lanes = new Map<string, RunningLane>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #gates: Readonly<Record<LaneRef["kind"], Gate>>;
  readonly #stop = new AbortController();

  constructor(options: LaneRunnerOptions) {
    this.#o = options;
    const gate = (): Gate => new Gate(options.concurrency);
    this.#gates = { out: gate(), in: gate(), control: gate() };
  }

  /** Something was stored in the lane. */
  wake(ref: LaneRef): void {
    if (this.#stopped || this.#o.fence(ref.shard) === undefined) return;
    const name = laneName(ref);
    const running = this.#lanes.get(name);
    if (running) {
      running.again = true;
      return;
    }
    const lane: RunningLane = { ref, again: false, nudge: new AbortController(), holding: undefined, stale: false };
    this.#lanes.set(name, lane);
    const task = this.#run(lane, name).finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }

  /** Wakes every lane of a shard that has entries, e.g. after a restart. */
  async wakeShard(shard: Shard): Promise<void> {
    for (const ref of await this.#o.store.waiting(shard)) this.wake(ref);
  }

  /** What held these lanes may be over: they try again now. */
  nudge(matches: (lane: LaneRef) => boolean): void {
    for (const lane of this.#lanes.values()) if (lane.holding && matches(lane.ref)) lane.nudge.abort();
  }

  /** What waited in these lanes was taken away: entries in memory count no more, except those in a handler's hands. */
  reread(matches: (lane: LaneRef) => boolean): void {
    for (const lane of this.#lanes.values()) {
      if (!matches(lane.ref)) continue;
      lane.stale = true;
      lane.nudge.abort();
    }
  }

  /** Lanes in memory, with what holds them, for status and metrics. */
  snapshot(): { lane: LaneRef; holding: string | undefined }[] {
    return [...this.#lanes.values()].map(({ ref, holding }) => ({ lane: ref, holding }));
  }

  /** Stops after the entries under way; what is left stays stored. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const lane of this.#lanes.values()) lane.nudge.abort();
    await Promise.allSettled(this.#tasks);
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #mine(ref: LaneRef): Fence | undefined {
    return this.#stopped ? undefined : this.#o.fence(ref.shard);
  }

  async #run(lane: RunningLane, name: string): Promise<void> {
    let failures = 0;
    try {
      for (;;) {
        lane.again = false;
        lane.stale = false;
        try {
          const drained = await this.#drain(lane);
          failures = 0;
          if (drained && !lane.again && !lane.stale) return;
          if (this.#mine(lane.ref) === undefined) return;
        } catch (error) {
          const cause = asBridgeError(error);
          if (cause.code === "fenced" || this.#mine(lane.ref) === undefined) return;
          this.#o.log.warn({ err: cause, lane: name }, "lane interrupted; trying again");
          await this.#hold(lane, backOff(failures++, RETRY_BASE_MS, RETRY_CAP_MS), cause.code);
        }
      }
    } finally {
      this.#lanes.delete(name);
    }
  }

  /** True when the lane was read to its end. */
  async #drain(lane: RunningLane): Promise<boolean> {
    let after: EntryId | undefined;
    let leaving: Promise<void> = Promise.resolve();
    const turns: Turns = new Map();
    const dealtWith = new Set<EntryId>();
    try {
      for (;;) {
        const page = await this.#o.store.read(lane.ref, after, PAGE);
        for (const entry of page) {
          if (dealtWith.delete(entry.id)) continue;
          const before = this.#mine(lane.ref);
          const left = Promise.withResolvers<void>();
          const outcome = before === undefined ? undefined : await this.#settle(lane, entry, left.promise);
          if (outcome?.kind === "done") for (const id of outcome.also ?? []) dealtWith.add(id);
          const previous = leaving;
          // What was handled leaves, even when the runner stops or the lease went meanwhile: else it would be done twice.
          // The write is on its way before anything else, and the next entry does not wait for it: two may be outstanding.
          if (outcome && before !== undefined) leaving = this.#leave(entry, outcome, before, turns, left.resolve);
          else left.resolve();
          leaving.catch(() => {});
          await previous;
          if (!outcome || before === undefined) return false;
          after = entry.id;
          if (this.#mine(lane.ref) === undefined) {
            await leaving;
            return false;
          }
        }
        if (page.length < PAGE) {
          await leaving;
          return true;
        }
      }
    } finally {
      // Read again while a write is under way, its entry would be there once more and be handled twice.
      await leaving.catch(() => {});
    }
  }

  /** Tries an entry until it has an outcome other than a hold; `undefined` when it is no longer this worker's or the lane's. */
  async #settle(lane: RunningLane, entry: LaneEntry, left: Promise<void>): Promise<Ended | undefined> {
    const handler = this.#o.handlers[lane.ref.kind];
    let defects = 0;
    for (let attempt = 0; ; attempt += 1) {
      if (this.#mine(lane.ref) === undefined || lane.stale) return undefined;
      const outcome = await this.#gates[lane.ref.kind].run(async (): Promise<Outcome> => {
        try {
          return await handler(entry, left);
        } catch (error) {
          const cause = asBridgeError(error);
          if (!passes(cause)) defects += 1;
          if (defects < DEFECTS) return holdFor(cause, attempt);
          this.#o.log.error({ err: cause, lane: laneName(lane.ref), entry: entry.id }, "an entry cannot be handled");
          return this.#o.poisoned(entry, cause).catch((failed: unknown) => holdFor(asBridgeError(failed), attempt));
        }
      });
      if (outcome.kind === "anew") return undefined;
      if (outcome.kind !== "hold") return outcome;
      await this.#hold(lane, outcome.ms, outcome.why);
    }
  }

  async #hold(lane: RunningLane, ms: number, why: string): Promise<void> {
    if (this.#stopped || lane.stale) return;
    lane.nudge = new AbortController();
    lane.holding = why;
    await pause(ms, lane.nudge.signal);
    lane.holding = undefined;
  }

  /** `left` is called when the store has it, or cannot. */
  async #leave(entry: LaneEntry, outcome: Ended, fence: Fence, turns: Turns, left: () => void): Promise<void> {
    try {
      if (outcome.kind === "park") await inTurn(turns, parksOf(outcome), () => this.#park(entry, outcome, fence));
      else if (outcome.copies?.length) {
        const { copies, also } = outcome;
        const done = (current: Fence): Promise<void> => this.#o.store.done(entry, current, copies, also);
        await inTurn(turns, "copies", () => this.#write(entry.lane.shard, fence, done));
        for (const { lane } of copies) this.wake(lane);
      } else
        await this.#write(entry.lane.shard, fence, (current) =>
          this.#o.store.done(entry, current, undefined, outcome.also),
        );
    } finally {
      left();
    }
    if (outcome.kind === "done") await outcome.after?.();
  }

  async #park(entry: LaneEntry, outcome: Outcome & { kind: "park" }, fence: Fence): Promise<void> {
    const { store } = this.#o;
    const { message, resident, failure, report, stopped } = outcome;
    // The sender is told before the entry leaves its lane, so that a crash between the two cannot swallow the news.
    const notice = report && (await this.#report(report));
    // What has no name of its own goes by its notice (or its place), so that a person can ask for it again.
    const name = message ?? notice ?? messageId(entry.id);
    const isParked = await this.#write(entry.lane.shard, fence, (current) =>
      store.park(entry, name, resident, failure, current, stopped),
    );
    if (!isParked) return this.reread((lane) => laneName(lane) === laneName(entry.lane));
    if (message && notice)
      await this.#write(entry.lane.shard, fence, () => store.aliasParked(entry.lane, message, notice));
    this.#o.onParked?.(entry, failure);
  }

  /** Tells the sender until the home has taken it; gives up where asking again cannot help. @throws when the runner stops. */
  async #report(report: () => Promise<MessageId | undefined>): Promise<MessageId | undefined> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await report();
      } catch (error) {
        const cause = asBridgeError(error);
        if (this.#stopped) throw cause;
        if (!passes(cause)) {
          this.#o.log.error({ err: cause }, "a sender could not be told of a failure");
          return undefined;
        }
        await this.#pause(cause, attempt);
      }
    }
  }

  /**
   * Repeats a write until the store has taken it, under the fence of the moment: what was handled once must not be handled
   * again because its leaving could not be written. @throws BridgeError `fenced` when another worker has the shard, or any
   * other when the runner stops.
   */
  async #write<T>(shard: Shard, first: Fence, write: (fence: Fence) => Promise<T>): Promise<T> {
    let fence = first;
    for (let attempt = 0; ; attempt += 1) {
      fence = this.#o.fence(shard) ?? fence;
      try {
        return await write(fence);
      } catch (error) {
        const cause = asBridgeError(error);
        if (cause.code === "fenced" && (await this.#renewed(shard, fence))) continue;
        if (cause.code === "fenced" || this.#stopped) throw cause;
        if (!passes(cause)) this.#o.log.error({ err: cause }, "an entry's end could not be recorded; trying again");
        await this.#pause(cause, attempt);
      }
    }
  }

  /** Whether the shard is ours again under a younger fence, e.g. after Redis was away for longer than a lease. */
  async #renewed(shard: Shard, fence: Fence): Promise<boolean> {
    const deadline = Date.now() + RENEWAL_MS;
    for (;;) {
      if ((this.#o.fence(shard) ?? fence) > fence) return true;
      if (this.#stopped || Date.now() > deadline) return false;
      await pause(RENEWAL_MS / 10, this.#stop.signal);
    }
  }

  #pause(cause: BridgeError, attempt: number): Promise<void> {
    return pause(cause.retryAfterMs ?? backOff(attempt, RETRY_BASE_MS, RETRY_CAP_MS), this.#stop.signal);
  }
}

/** What becomes of an entry that has had its turn. */
type Ended = Extract<Outcome, { kind: "done" | "park" }>;

/** When the last end is written of those that stand in an order, by what has it. */
type Turns = Map<string, Promise<void>>;

/** Those who hear of it are of one home; one that is away must not keep the news of the others' people. */
function parksOf({ resident }: Outcome & { kind: "park" }): string {
  return `parks of ${residentParts(resident).home}`;
}

/** Copies stand in the order of what they are of, and what failed in the order in which it was said: such ends wait for each other. */
async function inTurn(turns: Turns, order: string, write: () => Promise<void>): Promise<void> {
  const before = turns.get(order);
  const mine = Promise.withResolvers<void>();
  turns.set(order, mine.promise);
  try {
    await before;
    await write();
  } finally {
    mine.resolve();
  }
}

/** Whether the cause ends by itself, so that trying again is right however long it takes. */
function passes(error: BridgeError): boolean {
  return error.retry === "now" || error.retry === "wait";
}

/** How a handler that threw is tried again. Handlers turn what must be parked into an outcome themselves. */
function holdFor(error: BridgeError, attempt: number): Outcome {
  return { kind: "hold", ms: error.retryAfterMs ?? backOff(attempt, RETRY_BASE_MS, RETRY_CAP_MS), why: error.code };
}
