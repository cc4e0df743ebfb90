import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "./errors.ts";
import type { Fleet } from "./fleet.ts";
import type { LaneRunner, Outcome } from "./lanes.ts";
import { NO_HOME } from "./lanes.ts";
import type { Meter } from "./metrics.ts";
import type {
  AccountRecord,
  ContactAddress,
  HomeName,
  LaneBody,
  LaneEntry,
  LaneRef,
  NetworkMessage,
  PortalId,
  PortalRoom,
  ResidentId,
} from "./model.ts";
import { laneName, ownerIn, portalParts, residentParts, shardOf } from "./model.ts";
import type { PortalDirectory } from "./portals.ts";
import { directPortal, ghostOf } from "./portals.ts";
import type { Home } from "./ports/home.ts";
import { showsTyping } from "./ports/home.ts";
import type { OfflineWords, OwnWords } from "./ports/network.ts";
import type { AccountStore, LaneStore } from "./ports/store.ts";
import { concat, plainRich, storable } from "./text/model.ts";
import { slice } from "./text/split.ts";
import { backOff, pause } from "./waiting.ts";

/** Words kept in memory while Redis does not take them, per lane and in all; beyond this the session is ended. */
const SPOOL_LIMIT = 10_000;
const TOTAL_LIMIT = 100_000;
/** Characters that fit into an entry of a lane whatever they are; what is longer is shortened to it. */
const LONGEST = 40_000;
const TOO_LONG = "… (the rest was too long for the bridge)";

type InLane = LaneRef & { readonly kind: "in" };

interface Spool {
  readonly lane: InLane;
  /** Not yet known to be stored, oldest first. */
  readonly waiting: Item[];
  pumping: boolean;
}

interface Item {
  readonly body: LaneBody & { from: "network" };
  /** `own`: our name of it, new for each. `network`: the network's, under which it may come again. */
  readonly name: { readonly kind: "own" | "network"; readonly id: string };
  /** Other homes get it as well. */
  readonly shared: boolean;
  /** Hears how it ended; nobody waits for words that the network does not keep. */
  readonly ended?: PromiseWithResolvers<void>;
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

  /** Words of a contact. */
  receive(account: AccountRecord, message: NetworkMessage): void {
    this.#receive(account, message.from, message);
  }

  /** What the owner said to a contact at another place. It stands in the same lane as the contact's words. */
  receiveOwn(account: AccountRecord, words: OwnWords): void {
    const { kind, to, fromName, text, rich, at, device } = words;
    const own = device === undefined ? {} : { device };
    const looks = rich === undefined ? {} : { rich };
    this.#receive(account, to, { kind, from: account.address, fromName, text, ...looks, at, own });
  }

  /**
   * Words that waited on the network. Resolves when all of them are stored for every owner, now or long ago.
   * @throws BridgeError `store-down` when too many wait already or the bridge stops.
   */
  async receiveOffline(account: AccountRecord, words: readonly OfflineWords[]): Promise<void> {
    if (this.#stopped) throw new BridgeError("store-down", { detail: "stopping" });
    const at = Date.now();
    const ends = words.flatMap(({ id, message }) => {
      const body = { from: "network", message: shortened({ ...message, delayed: true }), at } as const;
      return inLanes(account, message.from).map((lane) => {
        const ended = Promise.withResolvers<void>();
        if (!this.#put(lane, { body, name: { kind: "network", id }, shared: account.owners.length > 1, ended }))
          ended.reject(new BridgeError("store-down", { detail: "too many words wait for the store" }));
        return ended.promise;
      });
    });
    await Promise.all(ends);
  }

  /** Waits until all that was received is stored, at most `ms`. */
  async flush(ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    while (this.#spools.size > 0 && Date.now() < deadline) await pause(20);
    this.#stopped = true;
  }

  #receive(account: AccountRecord, contact: ContactAddress, message: NetworkMessage): void {
    const body = { from: "network", message: shortened(message) } as const;
    let lost = false;
    for (const lane of inLanes(account, contact))
      if (!this.#put(lane, { body, name: { kind: "own", id: randomUUID() }, shared: account.owners.length > 1 }))
        lost = true;
    if (!lost) return;
    this.#log.error({ account: account.id, held: this.#held }, "words lost: too many wait for the store");
    this.#overflow(account);
  }

  /** False: there is no room for it. */
  #put(lane: InLane, item: Item): boolean {
    const spool: Spool = this.#spools.get(laneName(lane)) ?? { lane, waiting: [], pumping: false };
    if (spool.waiting.length >= SPOOL_LIMIT || this.#held >= TOTAL_LIMIT) return false;
    this.#spools.set(laneName(lane), spool);
    spool.waiting.push(item);
    this.#held += 1;
    if (!spool.pumping) void this.#pump(spool);
    return true;
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
        const stored = this.#append(spool.lane, item);
        // Redis answers in order: the lane reads right behind the append, without waiting for its answer.
        this.#lanes.wake(spool.lane);
        await stored;
        this.#shift(spool);
        item.ended?.resolve();
        attempt = 0;
      } catch (error) {
        const cause = asBridgeError(error);
        if (cause.code === "lane-full" && item.shared) {
          // A home that has been away for so long must not stop the words for the others.
          this.#log.error({ lane: laneName(spool.lane) }, "words lost for one of several homes: its lane is full");
          this.#shift(spool);
          item.ended?.resolve();
          continue;
        }
        if (cause.retry === "never") {
          // What is refused for good would keep all that follows from being stored.
          this.#log.error({ err: cause, lane: laneName(spool.lane) }, "words lost: the store does not take them");
          this.#shift(spool);
          item.ended?.reject(cause);
          continue;
        }
        if (attempt === 0)
          this.#log.warn({ err: cause, lane: laneName(spool.lane) }, "words could not be stored; trying again");
        if (this.#stopped) break;
        await pause(backOff(attempt, 100, 3000));
        attempt += 1;
      }
    }
    spool.pumping = false;
    // What is left when the bridge stops and the network still has comes again at the next start.
    for (const item of spool.waiting) item.ended?.reject(new BridgeError("store-down", { detail: "stopping" }));
    if (spool.waiting.length === 0) this.#spools.delete(laneName(spool.lane));
  }

  #append(lane: InLane, { body, name }: Item): Promise<unknown> {
    return name.kind === "own" ? this.#store.append(lane, body, name.id) : this.#store.appendOnce(lane, body, name.id);
  }

  #shift(spool: Spool): void {
    spool.waiting.shift();
    this.#held -= 1;
  }
}

/** The lanes of a chat to the homes of the account's owners. */
export function inLanes({ id, network, owners }: AccountRecord, contact: ContactAddress): InLane[] {
  const portal = directPortal(id, { network, contact });
  const shard = shardOf(id);
  return owners.map((owner) => ({ kind: "in", shard, portal, home: residentParts(owner).home }));
}

/** A part that says so is better than a lane that does not take the whole. */
export function shortened(message: NetworkMessage): NetworkMessage {
  const { fromName, text, rich } = message;
  if (text.length <= LONGEST && fromName.length <= 1000 && rich === undefined) return message;
  const isLong = text.length > LONGEST;
  const looks = storable(isLong ? rich && concat(slice(rich, 0, LONGEST), plainRich(TOO_LONG)) : rich);
  const { rich: _rich, ...rest } = message;
  const cut = isLong ? `${text.slice(0, LONGEST)}${TOO_LONG}` : text;
  return { ...rest, fromName: fromName.slice(0, 1000), text: cut, ...(looks && { rich: looks }) };
}

export interface InboundOptions {
  readonly store: AccountStore;
  readonly fleet: Pick<Fleet, "record" | "session">;
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
    const owner = account && ownerIn(account, lane.home);
    // An account unlinked meanwhile has nobody left there to read this.
    if (!account || !owner) return { kind: "done" };
    if (!home) return NO_HOME;
    try {
      await deliver(o, home, account, owner, entry, message);
    } catch (error) {
      return inboundFailure(home, owner, entry, message, error);
    }
    const seconds = (Date.now() - Math.min(body.at ?? message.at, Date.now())) / 1000;
    o.meter.observe("msnb_delivery_seconds", { from: "network", to: "home" }, seconds);
    o.meter.count("msnb_events_total", { from: "network", to: "home", kind: message.kind, result: "delivered" });
    return { kind: "done" };
  };
}

async function deliver(
  o: InboundOptions,
  home: Home,
  account: AccountRecord,
  owner: ResidentId,
  { lane, id }: LaneEntry,
  message: NetworkMessage,
): Promise<void> {
  if (lane.kind !== "in") return;
  const { fleet } = o;
  const ghost = ghostOf(lane.portal);
  const key = `${laneName(lane)}|${id}`;
  if (message.own) {
    const name = fleet.session(account.id)?.contact(ghost.contact)?.displayName ?? ghost.contact;
    const room = await openRoom(o, home, owner, lane.portal, name);
    await home.deliverOwn(room, ghost, { network: account.network, contact: account.address }, message, key);
    return;
  }
  const room = await openRoom(o, home, owner, lane.portal, message.fromName);
  if (showsTyping(home)) void home.showTyping(room.room, ghost, false, 0);
  await home.deliver(room, ghost, message, key);
}

/** An owner's room of a portal; made, and bound, when there is none yet. Who unlinks meanwhile has a room, but no chat. */
export async function openRoom(
  { portals, store }: { readonly portals: PortalDirectory; readonly store: Pick<AccountStore, "account"> },
  home: Home,
  owner: ResidentId,
  portal: PortalId,
  displayName: string,
): Promise<PortalRoom> {
  let isNew = false;
  const room = await portals.room(portal, home.name, owner, () => {
    isNew = true;
    return home.openDirect(portal, owner, ghostOf(portal), displayName);
  });
  if (isNew && !(await store.account(portalParts(portal).account))?.owners.includes(owner))
    await portals.unbind(portal, home.name, room.room);
  return room;
}

function inboundFailure(
  home: Home,
  owner: ResidentId,
  entry: LaneEntry,
  message: NetworkMessage,
  error: unknown,
): Outcome {
  const failure = asBridgeError(error);
  const what = message.own ? "What you said at another place" : `A message from ${message.from}`;
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
        `${what} could not be shown. ${failure.person}`,
        `lost|${laneName(entry.lane)}|${entry.id}`,
      ),
  };
}
