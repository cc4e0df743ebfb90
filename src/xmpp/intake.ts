import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "../bridge/errors.ts";
import type { HomeName, ResidentId } from "../bridge/model.ts";
import type { HomeHost, IntakeItem } from "../bridge/ports/home.ts";
import { backOff, pause } from "../bridge/waiting.ts";
import { parseStored, type Stored } from "./convert/stored.ts";

export interface SpoolOptions {
  readonly home: HomeName;
  readonly host: () => HomeHost;
  readonly perResident: number;
  /** Of all people together: whoever has many names cannot fill the memory with them. */
  readonly inAll?: number;
  readonly log: Logger;
}

const MOST_IN_ALL = 10_000;

/** Entries of one stanza, to be stored together. */
export interface Batch {
  readonly id: string;
  readonly resident: ResidentId;
  /** Asked when it is this stanza's turn, so that it sees what those before it have done. */
  readonly items: () => Promise<readonly IntakeItem[]>;
  readonly stored?: () => void;
  /** Instead of `stored`: it had been stored before, and not by an earlier try of this one. */
  readonly repeated?: () => void;
  readonly refused: (why: BridgeError) => void;
}

/** What the core is told of an entry that it has already: that the sender's client asks after it. */
function saidAgain(item: IntakeItem): IntakeItem[] {
  const stored = parseStored(item.raw);
  if (stored?.kind === "open") return [item];
  // In a conference nobody is told what became of their words.
  if (stored?.kind !== "message" || stored.id === undefined || stored.room !== undefined) return [];
  const { from, to, id, receipt } = stored;
  const raw: Stored = { kind: "again", from, to, id, ...(receipt === undefined ? {} : { receipt }) };
  return [{ ...item, raw }];
}

/**
 * Stanzas on their way to the store, in order per person. A component's stream has no acknowledgement, so what came over it
 * is kept here until the store has it: a Redis that is away for a while loses nothing.
 */
export class IntakeSpool {
  readonly #o: SpoolOptions;
  readonly #waiting = new Map<ResidentId, Batch[]>();
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #held = 0;

  constructor(options: SpoolOptions) {
    this.#o = options;
  }

  put(batch: Batch): void {
    const queue = this.#waiting.get(batch.resident);
    if (this.#stop.signal.aborted) {
      batch.refused(new BridgeError("store-down", { detail: "stopping" }));
      return;
    }
    if (this.#held >= (this.#o.inAll ?? MOST_IN_ALL) || (queue && queue.length >= this.#o.perResident)) {
      batch.refused(new BridgeError("lane-full"));
      return;
    }
    this.#held += 1;
    if (queue) {
      queue.push(batch);
      return;
    }
    const mine = [batch];
    this.#waiting.set(batch.resident, mine);
    const running = this.#pump(batch.resident, mine).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Stops; what the store does not take within `ms` is sent back. */
  async stop(ms: number): Promise<void> {
    const late = setTimeout(() => this.#stop.abort(), ms);
    await Promise.all(this.#running);
    clearTimeout(late);
    this.#stop.abort();
  }

  async #pump(resident: ResidentId, queue: Batch[]): Promise<void> {
    for (let batch = queue[0]; batch; batch = queue[0]) {
      await this.#store(batch);
      queue.shift();
      this.#held -= 1;
    }
    this.#waiting.delete(resident);
  }

  async #store(batch: Batch): Promise<void> {
    const { home, host, log } = this.#o;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const items = await batch.items();
        const result = items.length > 0 ? await host().intake(home, batch.id, items) : "stored";
        // Where an earlier try has failed, the repeat may be our own.
        const isOld = result === "repeated" && attempt === 0;
        const again = isOld ? items.flatMap(saidAgain) : [];
        if (again.length > 0) await host().intake(home, randomUUID(), again);
        (isOld ? (batch.repeated ?? batch.stored) : batch.stored)?.();
        return;
      } catch (error) {
        const cause = asBridgeError(error);
        if (cause.code !== "store-down" || this.#stop.signal.aborted) {
          log.warn({ err: cause }, "a stanza could not be stored");
          batch.refused(cause);
          return;
        }
        if (attempt === 0) log.warn({ err: cause }, "a stanza could not be stored; trying again");
        await pause(backOff(attempt, 100, 3000), this.#stop.signal);
      }
    }
  }
}
