import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { Fleet } from "./fleet.ts";
import type { LaneRunner, Outcome } from "./lanes.ts";
import type { Meter } from "./metrics.ts";
import type {
  AccountRecord,
  HomeName,
  LaneEntry,
  LaneRef,
  NetworkMessage,
  PortalId,
  PortalRoom,
  ResidentId,
} from "./model.ts";
import { laneName, portalParts, residentParts, shardOf } from "./model.ts";
import type { PortalDirectory } from "./portals.ts";
import { directPortal, ghostOf } from "./portals.ts";
import type { Home } from "./ports/home.ts";
import { showsTyping } from "./ports/home.ts";
import type { AccountStore, LaneStore } from "./ports/store.ts";
import { backOff, pause } from "./waiting.ts";

/** Words kept in memory while Redis does not take them, per lane and in all; beyond this the session is ended. */
const SPOOL_LIMIT = 10_000;
const TOTAL_LIMIT = 100_000;
/** Characters that fit into an entry of a lane whatever they are; what is longer is shortened to it. */
const LONGEST = 40_000;

interface Spool {
  readonly lane: LaneRef;
  /** Not yet known to be stored, oldest first. */
  readonly waiting: Item[];
  pumping: boolean;
}

interface Item {
  readonly message: NetworkMessage;
  readonly once: string;
}

/**
 * Stores what the network says before anything else happens. An append is under way in the tick of the socket read; when
 * Redis fails, the words wait in memory in their order and are appended again under the same id.
 */
export class Inbox {
  readonly #store: LaneStore;
  readonly #lanes: LaneRunner;
  readonly #log: Logger;
  readonly #overflow: (account: AccountRecord) => void;
  readonly #spools = new Map<string, Spool>();
  #held = 0;
  #stopped = false;

  constructor(o: { store: LaneStore; lanes: LaneRunner; log: Logger; overflow: (account: AccountRecord) => void }) {
    this.#store = o.store;
    this.#lanes = o.lanes;
    this.#log = o.log;
    this.#overflow = o.overflow;
  }

  receive(account: AccountRecord, message: NetworkMessage): void {
    const { home } = residentParts(account.owner);
    const portal = directPortal(account.id, { network: account.network, contact: message.from });
    const lane: LaneRef = { kind: "in", shard: shardOf(account.id), portal, home };
    const spool = this.#spools.get(laneName(lane)) ?? { lane, waiting: [], pumping: false };
    if (spool.waiting.length >= SPOOL_LIMIT || this.#held >= TOTAL_LIMIT) {
      this.#log.error({ lane: laneName(lane), held: this.#held }, "words lost: too many wait for the store");
      this.#overflow(account);
      return;
    }
    this.#spools.set(laneName(lane), spool);
    const item: Item = { message: shortened(message), once: randomUUID() };
    spool.waiting.push(item);
    this.#held += 1;
    if (!spool.pumping) void this.#pump(spool);
  }

  /** Waits until all that was received is stored, at most `ms`. */
  async flush(ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    while (this.#spools.size > 0 && Date.now() < deadline) await pause(20);
    this.#stopped = true;
  }

  /**
   * Appends what waits, one after another until nothing waits. The first is on its way to Redis before this returns; one
   * at a time, because one that failed while later ones went through would come behind them.
   */
  async #pump(spool: Spool): Promise<void> {
    spool.pumping = true;
    let attempt = 0;
    for (let item = spool.waiting[0]; item; item = spool.waiting[0]) {
      try {
        const stored = this.#store.append(spool.lane, { from: "network", message: item.message }, item.once);
        // Redis answers in order: the lane reads right behind the append, without waiting for its answer.
        this.#lanes.wake(spool.lane);
        await stored;
        spool.waiting.shift();
        this.#held -= 1;
        attempt = 0;
      } catch (error) {
        if (attempt === 0)
          this.#log.warn(
            { err: asBridgeError(error), lane: laneName(spool.lane) },
            "words could not be stored; trying again",
          );
        if (this.#stopped) break;
        await pause(backOff(attempt, 100, 3000));
        attempt += 1;
      }
    }
    spool.pumping = false;
    if (spool.waiting.length === 0) this.#spools.delete(laneName(spool.lane));
  }
}

/** A part that says so is better than a lane that does not take the whole. */
function shortened(message: NetworkMessage): NetworkMessage {
  const { fromName, text } = message;
  if (text.length <= LONGEST && fromName.length <= 1000) return message;
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}… (the rest was too long for the bridge)` : text;
  return { ...message, fromName: fromName.slice(0, 1000), text: cut };
}

export interface InboundOptions {
  readonly store: AccountStore;
  readonly fleet: Pick<Fleet, "record">;
  readonly portals: PortalDirectory;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly meter: Meter;
}

/** Handles the `in` lanes: words of the network, posted in a home as the ghost. */
export function inboundHandler(o: InboundOptions): (entry: LaneEntry) => Promise<Outcome> {
  return async (entry) => {
    const { lane, body } = entry;
    if (lane.kind !== "in" || body.from !== "network") return { kind: "done" };
    const { message } = body;
    const id = portalParts(lane.portal).account;
    const account = o.fleet.record(id) ?? (await o.store.account(id));
    const home = o.homes.get(lane.home);
    // An account unlinked meanwhile has nobody left to read this.
    if (!account || !home) return { kind: "done" };
    try {
      const room = await openRoom(o.portals, home, account, lane.portal, message.fromName);
      const ghost = ghostOf(lane.portal);
      if (showsTyping(home)) void home.showTyping(room.room, ghost, false, 0);
      await home.deliver(room, ghost, message, `${laneName(lane)}|${entry.id}`);
    } catch (error) {
      return inboundFailure(home, account.owner, entry, message, error);
    }
    const seconds = (Date.now() - Math.min(message.at, Date.now())) / 1000;
    o.meter.observe("msnb_delivery_seconds", { from: "network", to: "home" }, seconds);
    o.meter.count("msnb_events_total", { from: "network", to: "home", kind: message.kind, result: "delivered" });
    return { kind: "done" };
  };
}

/** The owner's room of a portal; made, and bound, when there is none yet. */
export async function openRoom(
  portals: PortalDirectory,
  home: Home,
  account: AccountRecord,
  portal: PortalId,
  displayName: string,
): Promise<PortalRoom> {
  return portals.room(portal, home.name, account.owner, () =>
    home.openDirect(portal, account.owner, ghostOf(portal), displayName),
  );
}

function inboundFailure(
  home: Home,
  owner: ResidentId,
  entry: LaneEntry,
  message: NetworkMessage,
  error: unknown,
): Outcome {
  const failure = asBridgeError(error);
  if (failure.retry === "wait" || failure.retry === "now") throw failure;
  return {
    kind: "park",
    resident: owner,
    message: undefined,
    failure: { code: failure.code, text: failure.person, certainty: failure.certainty },
    report: () =>
      home.say(
        owner,
        undefined,
        `A message from ${message.from} could not be shown. ${failure.person}`,
        `lost|${laneName(entry.lane)}|${entry.id}`,
      ),
  };
}
