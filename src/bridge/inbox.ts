import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "./errors.ts";
import type { LaneRunner } from "./lanes.ts";
import type { AccountRecord, ContactAddress, LaneRef, NetworkMessage } from "./model.ts";
import { laneName, residentParts, shardOf } from "./model.ts";
import { directPortal } from "./portals.ts";
import type { OfflineWords, OwnWords } from "./ports/network.ts";
import type { LaneStore } from "./ports/store.ts";
import { storable } from "./text/model.ts";
import { jsonBytes } from "./text/size.ts";
import { splitPlain } from "./text/split.ts";
import { backOff, pause } from "./waiting.ts";

/** Words kept in memory while Redis does not take them, per lane and in all; beyond this the session is ended. */
const SPOOL_LIMIT = 10_000;
const TOTAL_LIMIT = 100_000;
const FLUSH_STEP_MS = 20;
/** Bytes of JSON that the words in an entry of a lane may have beside their looks; what is longer is shortened to it. */
const LONGEST = 400_000;
const SWELLS = 6;
const TOO_LONG = "… (the rest was too long for the bridge)";

export type InLane = LaneRef & { readonly kind: "in" };

interface Spool {
  readonly name: string;
  /** Not yet known to be stored, oldest first. */
  readonly waiting: Item[];
  pumping: boolean;
}

interface Item {
  /** The command is on its way to the store before this returns; it may be called again. */
  readonly store: () => Promise<unknown>;
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
        const store = (): Promise<unknown> => this.#store.appendOnce(lane, body, id);
        if (!this.#putIn(lane, { store, shared: account.owners.length > 1, ended }))
          ended.reject(new BridgeError("store-down", { detail: "too many words wait for the store" }));
        return ended.promise;
      });
    });
    await Promise.all(ends);
  }

  /**
   * Words that one spool, of this name, is to store in their order. `store` is called until it resolves; the first time now,
   * when nothing waits before it, and it must have sent its command when it returns. False: too many wait, and the account's
   * session is ended for it.
   */
  receiveBy(account: AccountRecord, spool: string, store: () => Promise<unknown>): boolean {
    const isTaken = this.#put(spool, { store, shared: false });
    if (!isTaken) this.#lose(account);
    return isTaken;
  }

  /** Waits until all that was received is stored, at most `ms`; time in which the process stood still does not count. */
  async flush(ms: number): Promise<void> {
    for (let waited = 0; this.#spools.size > 0 && waited < ms; waited += FLUSH_STEP_MS) await pause(FLUSH_STEP_MS);
    this.#stopped = true;
  }

  #receive(account: AccountRecord, contact: ContactAddress, message: NetworkMessage): void {
    const body = { from: "network", message: shortened(message) } as const;
    let lost = false;
    for (const lane of inLanes(account, contact)) {
      const id = randomUUID();
      const store = (): Promise<unknown> => this.#store.append(lane, body, id);
      if (!this.#putIn(lane, { store, shared: account.owners.length > 1 })) lost = true;
    }
    if (lost) this.#lose(account);
  }

  #putIn(lane: InLane, item: Item): boolean {
    const store = (): Promise<unknown> => {
      const stored = item.store();
      // Redis answers in order: the lane reads right behind the append, without waiting for its answer.
      this.#lanes.wake(lane);
      return stored;
    };
    return this.#put(laneName(lane), { ...item, store });
  }

  #lose(account: AccountRecord): void {
    this.#log.error({ account: account.id, held: this.#held }, "words lost: too many wait for the store");
    this.#overflow(account);
  }

  /** False: there is no room for it. */
  #put(name: string, item: Item): boolean {
    const spool: Spool = this.#spools.get(name) ?? { name, waiting: [], pumping: false };
    if (spool.waiting.length >= SPOOL_LIMIT || this.#held >= TOTAL_LIMIT) return false;
    this.#spools.set(name, spool);
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
        await item.store();
        this.#shift(spool);
        item.ended?.resolve();
        attempt = 0;
      } catch (error) {
        const cause = asBridgeError(error);
        if (cause.code === "lane-full" && item.shared) {
          // A home that has been away for so long must not stop the words for the others.
          this.#log.error({ lane: spool.name }, "words lost for one of several homes: its lane is full");
          this.#shift(spool);
          item.ended?.resolve();
          continue;
        }
        if (cause.retry === "never") {
          // What is refused for good would keep all that follows from being stored.
          this.#log.error({ err: cause, lane: spool.name }, "words lost: the store does not take them");
          this.#shift(spool);
          item.ended?.reject(cause);
          continue;
        }
        if (attempt === 0) this.#log.warn({ err: cause, lane: spool.name }, "words could not be stored; trying again");
        if (this.#stopped) break;
        await pause(backOff(attempt, 100, 3000));
        attempt += 1;
      }
    }
    spool.pumping = false;
    // What is left when the bridge stops and the network still has comes again at the next start.
    for (const item of spool.waiting) item.ended?.reject(new BridgeError("store-down", { detail: "stopping" }));
    if (spool.waiting.length === 0) this.#spools.delete(spool.name);
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
  const isLong = text.length * SWELLS > LONGEST && jsonBytes(text) > LONGEST;
  if (!isLong && fromName.length <= 1000 && rich === undefined) return message;
  const { rich: _rich, ...rest } = message;
  const cut = isLong ? `${splitPlain(text, LONGEST, jsonBytes)[0] ?? ""}${TOO_LONG}` : text;
  const looks = isLong ? undefined : storable(rich);
  return { ...rest, fromName: fromName.slice(0, 1000), text: cut, ...(looks && { rich: looks }) };
}
