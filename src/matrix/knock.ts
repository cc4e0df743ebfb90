/**
 * After an outage the bridge makes sure that everything that was said has come in: the bot says something to itself, in a
 * room where nobody else is, and waits until the homeserver brings it. Transactions come in their order (listener/order.ts),
 * so that all of before has come in by then.
 *
 * A ping is not enough for that (read in Synapse 1.163.2, handlers/appservice.py and appservice/scheduler.py; tried in
 * test/e2e/matrix-backlog.test.ts): what was said right before Synapse was killed, and transactions that it had stored and
 * not sent, are looked at again when the next event of a room comes, and not before; a ping makes only those go that it has
 * begun to try again. Ephemeral data does not do it either.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { pause } from "../bridge/waiting.ts";
import { isNoWayIn, toBridgeError } from "./http/errors.ts";
import type { RoomMaker } from "./room-maker.ts";
import type { Sender } from "./sender.ts";

export interface KnockerOptions {
  readonly maker: Pick<RoomMaker, "alias" | "open">;
  readonly sender: Pick<Sender, "post">;
  readonly bot: string;
  /** Makes the homeserver send at once what it has begun to try again. @throws MatrixRefusal, HomeserverSilent. */
  readonly ping: () => Promise<void>;
  /** Pause between the end of an outage and the first knock, ms: what comes by itself is let through first. */
  readonly afterMs: number;
  readonly log: Logger;
}

/** The type of what is said there, and of the room. */
export const KNOCK = "msnbridge.knock";
/** How long each knock is waited for, ms; who has not brought the last one brings none. */
const WAITS_MS = [3000, 6000, 15_000, 60_000];
/** Knocks in a row that may fail before the next outage is waited out for longer each time, and for how long at most, ms. */
const FREELY = 3;
const LONGEST_MS = 300_000;

export class Knocker {
  readonly #o: KnockerOptions;
  #room: string | undefined;
  #run = new AbortController();
  /** Knocks that could not be said, one after the other. Each may count as an outage itself, and so begin this anew. */
  #failed = 0;
  /** The newest knock that is waited for, and what ends the waiting. */
  #awaited: { readonly id: string; readonly came: AbortController } | undefined;

  constructor(options: KnockerOptions) {
    this.#o = options;
  }

  /** An outage is over, or may have been; begins anew when it knocks already. */
  begin(): void {
    this.#run.abort();
    this.#run = new AbortController();
    void this.#knocks(this.#run.signal);
  }

  stop(): void {
    this.#run.abort();
  }

  /** What the homeserver has brought is stored. */
  heard(events: readonly unknown[]): void {
    const awaited = this.#awaited;
    if (awaited !== undefined && events.some((raw) => idOf(raw, this.#o.bot) === awaited.id)) awaited.came.abort();
  }

  async #knocks(signal: AbortSignal): Promise<void> {
    const { ping, log } = this.#o;
    await pause(this.#waitMs(), signal);
    for (const [tries, ms] of WAITS_MS.entries()) {
      if (signal.aborted) return;
      const id = randomUUID();
      const came = new AbortController();
      this.#awaited = { id, came };
      try {
        if (tries > 0) await ping();
        await this.#say(id);
        this.#failed = 0;
      } catch (error) {
        this.#failed += 1;
        // A homeserver that has just started is slow to do some things, and quick to give up others.
        log.debug({ err: toBridgeError(error) }, "could not say anything to myself");
      }
      await pause(ms, AbortSignal.any([came.signal, signal]));
      if (came.signal.aborted) {
        log.debug({ tries }, "everything that was said has come in");
        return;
      }
    }
    if (!signal.aborted) log.info("the homeserver does not bring what the bot says to itself");
  }

  #waitMs(): number {
    const { afterMs } = this.#o;
    const doublings = Math.min(Math.max(0, this.#failed - FREELY), 10);
    return Math.max(afterMs, Math.min(afterMs * 2 ** doublings, LONGEST_MS));
  }

  async #say(id: string): Promise<void> {
    const { sender, bot: as } = this.#o;
    this.#room ??= await this.#open();
    try {
      await sender.post({ room: this.#room, as, type: KNOCK, content: { id }, key: `knock ${id}`, name: "knock" });
    } catch (error) {
      if (isNoWayIn(error)) this.#room = undefined;
      throw error;
    }
  }

  #open(): Promise<string> {
    const { maker, bot } = this.#o;
    return maker.open({
      maker: bot,
      alias: maker.alias("knock", bot),
      invite: [],
      inviteAgain: [],
      preset: "private_chat",
      isDirect: false,
      name: "Nothing to see here",
      topic: "In this room the MSN bridge makes sure, after an outage, that the homeserver brings it everything.",
      type: KNOCK,
      state: [],
    });
  }
}

function idOf(raw: unknown, bot: string): unknown {
  if (typeof raw !== "object" || raw === null) return undefined;
  const { type, sender, content } = raw as Readonly<Record<string, unknown>>;
  if (type !== KNOCK || sender !== bot || typeof content !== "object" || content === null) return undefined;
  return (content as { readonly id?: unknown }).id;
}
