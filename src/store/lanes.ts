import { createHash } from "node:crypto";
import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import { isGroup } from "../bridge/groups/model.ts";
import type { Meter } from "../bridge/metrics.ts";
import type {
  AccountId,
  EntryId,
  Failure,
  Fence,
  HomeName,
  LaneBody,
  LaneCopy,
  LaneEntry,
  LaneRef,
  MessageId,
  ResidentId,
  Shard,
} from "../bridge/model.ts";
import {
  entryId,
  laneName,
  messageId,
  parseLaneName,
  portalParts,
  residentId,
  residentParts,
  shardOf,
} from "../bridge/model.ts";
import type { LaneStore, Parked } from "../bridge/ports/store.ts";
import { MOST_PARKED } from "../bridge/ports/store.ts";
import { decodeBody, encodeBody } from "./body.ts";
import type { Keyspace } from "./keys.ts";
import { shortBatch } from "./keys.ts";
import type { RedisLink } from "./link.ts";

/** Entries that a lane may hold. */
export const MAX_LANE = 100_000;
/** Results remembered per shard, and so the appends of a shard that may be in flight at one time. */
export const MAX_RECENT = 4_096;
/** Parked entries kept per account. */
const MAX_PARKED = 1_000;
/** Entries that are looked at in one step when a lane is searched. */
const PAGE = 256;
const MAX_NAMES = 8;
const MAX_ITEMS = 10_000;
/** How long the network's own ids of stored messages are remembered, and how many per account. */
const SEEN_MS = 30 * 24 * 3600 * 1000;
const MAX_SEEN = 10_000;
const MAX_NETWORK_ID = 200;
const BATCH_SECONDS = 7 * 24 * 3600;

interface ParkedRecord {
  readonly lane: string;
  readonly resident: ResidentId;
  readonly message?: MessageId;
  readonly failure: Failure;
  readonly at: number;
}

/** Lanes on Redis Streams, one per lane, and what is parked (source: design §4, §5). */
export class RedisLanes implements LaneStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;
  readonly #meter: Meter;
  readonly #log: Logger;
  readonly #appending = new Map<Shard, number>();

  constructor(link: RedisLink, keys: Keyspace, meter: Meter, log: Logger) {
    this.#link = link;
    this.#keys = keys;
    this.#meter = meter;
    this.#log = log;
  }

  async append(lane: LaneRef, body: LaneBody, once: string): Promise<EntryId> {
    if (once.length < 1 || once.length > 64) throw new BridgeError("bad-input", { detail: "an append without its id" });
    const k = this.#keys;
    const s = lane.shard;
    const text = encodeBody(body);
    const reply = await this.appending(s, 1, () =>
      this.#link.script(
        "laneAppend",
        [k.lane(lane), k.waiting(s), k.last(s), k.recent(s), k.recentOrder(s)],
        [laneName(lane), text, once, MAX_LANE, MAX_RECENT],
      ),
    );
    if (reply === "full") throw laneFull(lane);
    return entryId(String(reply));
  }

  /**
   * Sends, before it returns, what appends `count` entries to a shard whose ids are remembered.
   * @throws BridgeError `store-down` when more would be in flight than are remembered: they could double after a broken link.
   */
  async appending<T>(shard: Shard, count: number, send: () => Promise<T>): Promise<T> {
    const busy = this.#appending.get(shard) ?? 0;
    if (busy + count > MAX_RECENT)
      throw new BridgeError("store-down", { detail: "too many appends wait in one shard" });
    this.#appending.set(shard, busy + count);
    try {
      return await send();
    } finally {
      this.#appending.set(shard, (this.#appending.get(shard) ?? count) - count);
    }
  }

  async appendOnce(lane: LaneRef & { kind: "in" }, body: LaneBody, id: string): Promise<EntryId | undefined> {
    if (id.length < 1 || id.length > MAX_NETWORK_ID)
      throw new BridgeError("bad-input", { detail: "a message that waited has no usable id" });
    const k = this.#keys;
    const mark = createHash("sha256").update(`${lane.home} ${id}`).digest("base64url");
    const reply = await this.#link.script(
      "laneAppendOnce",
      [k.lane(lane), k.waiting(lane.shard), k.last(lane.shard), k.seen(portalParts(lane.portal).account)],
      [laneName(lane), encodeBody(body), mark, MAX_LANE, SEEN_MS, MAX_SEEN],
    );
    if (reply === "full") throw laneFull(lane);
    if (reply !== "seen") return entryId(String(reply));
    this.#meter.count("msnb_duplicates_dropped_total", { from: "network" });
    return undefined;
  }

  async intake(
    home: HomeName,
    batch: string,
    items: readonly { lane: LaneRef; body: LaneBody }[],
  ): Promise<"stored" | "repeated"> {
    if (items.length > MAX_ITEMS) throw new BridgeError("bad-input", { detail: `a batch of ${items.length} events` });
    const shards = new Map<Shard, { lane: LaneRef; text: string }[]>();
    for (const { lane, body } of items) {
      const part = shards.get(lane.shard) ?? [];
      part.push({ lane, text: encodeBody(body) });
      shards.set(lane.shard, part);
    }
    // An empty batch has no shard; it is marked in one of its own so that its repeat is known, too.
    if (shards.size === 0) shards.set(shardOf(residentId(home, batch)), []);
    const parts = await Promise.allSettled(
      [...shards].map(([shard, part]) =>
        this.#intakePart(shard, this.#keys.batch(shard, home, shortBatch(batch)), part),
      ),
    );
    const results = parts.map((part) => {
      if (part.status === "rejected") throw part.reason;
      return part.value;
    });
    const repeats = results.filter((result) => result === "repeated").length;
    if (repeats > 0) this.#meter.count("msnb_duplicates_dropped_total", { from: home });
    return repeats === results.length ? "repeated" : "stored";
  }

  async #intakePart(
    shard: Shard,
    mark: string,
    part: readonly { lane: LaneRef; text: string }[],
  ): Promise<"stored" | "repeated"> {
    const k = this.#keys;
    const numbers = new Map<string, number>();
    const streams: string[] = [];
    const bodies: (string | number)[] = [];
    for (const { lane, text } of part) {
      const name = laneName(lane);
      let number = numbers.get(name);
      if (number === undefined) {
        number = streams.push(k.lane(lane));
        numbers.set(name, number);
      }
      bodies.push(number, text);
    }
    const reply = await this.#link.script(
      "laneIntake",
      [mark, k.waiting(shard), k.last(shard), ...streams],
      [BATCH_SECONDS, MAX_LANE, ...numbers.keys(), ...bodies],
    );
    if (reply === "full") throw laneFull(part[0]?.lane);
    return reply === "repeated" ? "repeated" : "stored";
  }

  async read(lane: LaneRef, after: EntryId | undefined, count: number): Promise<LaneEntry[]> {
    const from = after === undefined ? "-" : `(${after}`;
    const rows = await this.#link.command("laneRead", (r) =>
      r.xrange(this.#keys.lane(lane), from, "+", "COUNT", count),
    );
    return rows.map(([id, [, body = "", , again]]) => ({
      id: entryId(id),
      lane,
      body: renewed(decodeBody(body), again),
      ...(again === undefined ? {} : { again: Number(again) }),
    }));
  }

  async depth(lane: LaneRef): Promise<number> {
    return await this.#link.command("laneDepth", (r) => r.xlen(this.#keys.lane(lane)));
  }

  async done(
    entry: LaneEntry,
    fence: Fence,
    copies: readonly LaneCopy[] = [],
    also: readonly EntryId[] = [],
  ): Promise<void> {
    const { lane } = entry;
    const k = this.#keys;
    if (copies.length > 0) return this.#doneCopying(entry, fence, copies, also);
    const reply = await this.#link.script(
      "laneDone",
      [k.lane(lane), k.waiting(lane.shard), k.fence(lane.shard)],
      [laneName(lane), entry.id, fence, ...also],
    );
    if (reply === "fenced") throw new BridgeError("fenced", { detail: laneName(lane) });
  }

  async #doneCopying(
    { lane, id }: LaneEntry,
    fence: Fence,
    copies: readonly LaneCopy[],
    also: readonly EntryId[],
  ): Promise<void> {
    const k = this.#keys;
    const s = lane.shard;
    const name = laneName(lane);
    if (copies.some((copy) => copy.lane.shard !== s))
      throw new BridgeError("bad-input", { detail: "a copy for a lane of another shard" });
    const reply = await this.#link.script(
      "laneDoneCopying",
      [k.lane(lane), k.waiting(s), k.fence(s), k.last(s), ...copies.map((copy) => k.lane(copy.lane))],
      [name, id, fence, MAX_LANE, ...copies.flatMap((copy) => [laneName(copy.lane), encodeBody(copy.body)]), ...also],
    );
    if (reply === "fenced") throw new BridgeError("fenced", { detail: name });
    if (Number(reply) > 0)
      this.#log.error({ lane: name, dropped: Number(reply) }, "copies lost: a home's lane is full");
  }

  async park(
    entry: LaneEntry,
    message: MessageId | undefined,
    resident: ResidentId,
    failure: Failure,
    fence: Fence,
    stopped = false,
  ): Promise<boolean> {
    const { lane } = entry;
    const k = this.#keys;
    const owner = laneOwner(lane);
    const room =
      stopped && lane.kind === "in" && isGroup(lane.portal) ? { group: lane.portal, home: lane.home } : undefined;
    const record: ParkedRecord = {
      lane: laneName(lane),
      resident,
      ...(message === undefined ? {} : { message }),
      failure: { code: failure.code, text: failure.text.slice(0, 2_000), certainty: failure.certainty },
      at: Date.now(),
    };
    const reply = await this.#link.script(
      "lanePark",
      [
        ...[k.lane(lane), k.waiting(lane.shard), k.fence(lane.shard), k.parked(owner), k.parkedOrder(owner)],
        ...(room ? [k.group(room.group)] : []),
      ],
      [record.lane, entry.id, fence, JSON.stringify(record), message ?? "", MAX_PARKED, room?.home ?? ""],
    );
    if (reply === "fenced") throw new BridgeError("fenced", { detail: record.lane });
    if (reply === "open") return false;
    const dropped = Number(reply);
    if (dropped > 0)
      this.#log.warn(
        { owner, dropped, kept: MAX_PARKED },
        "too many parked messages: the oldest can no longer be retried",
      );
    return true;
  }

  async aliasParked(lane: LaneRef, message: MessageId, notice: MessageId): Promise<void> {
    await this.#link.script("laneAlias", [this.#keys.parked(laneOwner(lane))], [message, notice, MAX_NAMES]);
  }

  async retry(owner: AccountId | ResidentId, target: MessageId): Promise<LaneRef | undefined> {
    const k = this.#keys;
    const s = shardOf(owner);
    const reply = await this.#link.script(
      "laneRetry",
      [k.parked(owner), k.parkedOrder(owner), k.waiting(s), k.last(s), k.recent(s), k.recentOrder(s)],
      [target, `retry ${this.#link.request()}`, MAX_LANE, k.lanePrefix(s), MAX_RECENT, Date.now()],
    );
    if (reply === "none") return undefined;
    if (reply === "full") throw laneFull(undefined);
    return parseLaneName(String(reply));
  }

  async parked(owner: AccountId | ResidentId, resident?: ResidentId, lane?: LaneRef): Promise<Parked[]> {
    const reply = await this.#parked(MOST_PARKED, owner, resident, lane);
    return reply.flatMap((id, i) => {
      const text = reply[i + 1];
      if (i % 2 === 1 || text === undefined) return [];
      const { message, lane: from, resident, failure, at } = JSON.parse(text) as ParkedRecord;
      return [{ place: messageId(id), message, lane: parseLaneName(from), resident, failure, at }];
    });
  }

  /** Ids and records by turns, oldest first. */
  async #parked(most: number, owner: AccountId | ResidentId, resident?: ResidentId, lane?: LaneRef): Promise<string[]> {
    const keys = [this.#keys.parked(owner), this.#keys.parkedOrder(owner)];
    const args = [most, resident ?? "", lane ? laneName(lane) : ""];
    return (await this.#link.script("laneParked", keys, args)) as string[];
  }

  async dropLane(lane: LaneRef, of?: ResidentId): Promise<void> {
    const k = this.#keys;
    const owner = laneOwner(lane);
    const keys = [k.lane(lane), k.waiting(lane.shard), k.parked(owner), k.parkedOrder(owner)];
    const drop = (ids: readonly EntryId[]): Promise<unknown> =>
      this.#link.script("laneDrop", keys, [laneName(lane), of ?? "", ...ids]);
    if (of !== undefined) for await (const ids of this.#cameFrom(lane, of)) await drop(ids);
    await drop([]);
  }

  async held(lane: LaneRef, of?: ResidentId): Promise<{ waiting: number; parked: number }> {
    const parked = await this.#parked(MAX_PARKED, laneOwner(lane), of, lane);
    let waiting = 0;
    if (of === undefined) waiting = await this.depth(lane);
    else for await (const ids of this.#cameFrom(lane, of)) waiting += ids.length;
    return { waiting, parked: parked.length / 2 };
  }

  /** What waits in a lane and has come from the resident's home, a page at a time. */
  async *#cameFrom(lane: LaneRef, of: ResidentId): AsyncGenerator<EntryId[]> {
    const { home } = residentParts(of);
    for (let after: EntryId | undefined; ; ) {
      const page = await this.read(lane, after, PAGE);
      yield page.filter(({ body }) => body.from === "home" && body.home === home).map(({ id }) => id);
      after = page.at(-1)?.id;
      if (page.length < PAGE) return;
    }
  }

  async waiting(shard: Shard): Promise<LaneRef[]> {
    const names = await this.#link.command("laneWaiting", (r) => r.smembers(this.#keys.waiting(shard)));
    return names.map(parseLaneName);
  }
}

/** Whose parked entries those of a lane are. */
function laneOwner(lane: LaneRef): AccountId | ResidentId {
  return lane.kind === "control" ? lane.resident : portalParts(lane.portal).account;
}

/** What a person has asked for again waits anew: its time is that of the asking. */
function renewed(body: LaneBody, again: string | undefined): LaneBody {
  return again === undefined || body.from !== "home" ? body : { ...body, at: Number(again) };
}

export function laneFull(lane: LaneRef | undefined): BridgeError {
  return new BridgeError("lane-full", {
    detail: `${lane ? laneName(lane) : "lane"}: ${MAX_LANE} entries wait already`,
  });
}
