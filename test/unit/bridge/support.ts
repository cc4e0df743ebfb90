import { pino } from "pino";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type {
  AccountId,
  AccountRecord,
  EntryId,
  Failure,
  Fence,
  LaneBody,
  LaneCopy,
  LaneEntry,
  LaneRef,
  MessageId,
  PortalId,
  ResidentId,
  Shard,
} from "../../../src/bridge/model.ts";
import {
  accountId,
  directConversation,
  entryId,
  laneName,
  messageId,
  parseContactAddress,
  parseHomeName,
  parseNetworkName,
  portalId,
  residentId,
  shardOf,
} from "../../../src/bridge/model.ts";
import type { SessionHooks } from "../../../src/bridge/ports/network.ts";
import type { LaneStore, Parked } from "../../../src/bridge/ports/store.ts";

export const silent = pino({ level: "silent" });
export const NET = parseNetworkName("toynet");
export const HOME = parseHomeName("toyhome");
export const alice: ResidentId = residentId(HOME, "@alice:toy");
export const contact = (name: string) => parseContactAddress(`${name}@msn.test`);
export const account = (name = "alice"): AccountId => accountId(NET, contact(name));
export const portal = (name: string, owner = "alice"): PortalId =>
  portalId(account(owner), directConversation(contact(name)));
export const out = (name: string, owner = "alice"): LaneRef => ({
  kind: "out",
  shard: shardOf(account(owner)),
  portal: portal(name, owner),
});

/** A core that hears nothing. */
export const deaf: Omit<SessionHooks, "closed"> = {
  message: () => {},
  ownMessage: () => {},
  offline: async () => {},
  request: () => {},
  typing: () => {},
  contact: () => {},
};

export function record(name = "alice", change: Partial<AccountRecord> = {}): AccountRecord {
  return {
    id: account(name),
    network: NET,
    address: contact(name),
    owners: [alice],
    spelling: contact(name),
    machineGuid: "11111111-2222-3333-4444-555555555555",
    wishedAvailability: "automatic",
    halt: "none",
    linkedAt: 0,
    ...change,
  };
}

/** Words in a lane, as a home stores them. */
export const words = (text: string): LaneBody => ({ from: "home", home: HOME, raw: text, at: Date.now() });

/** Waits until `check` gives something other than false, null or undefined; fails after `ms` with what it waited for. */
export async function until<T>(what: string, check: () => T | Promise<T>, ms = 15_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value !== false && value !== null && value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

/** Lanes in memory with the rules of the real store, whose writes can be made to fail. */
export class ToyLanes implements LaneStore {
  readonly lanes = new Map<string, LaneEntry[]>();
  readonly parkedEntries: {
    entry: LaneEntry;
    message: MessageId | undefined;
    resident: ResidentId;
    notice?: MessageId;
    failure: Failure;
    at: number;
  }[] = [];
  fence = 1 as Fence;
  /** Called before each command with its name; throws what the store shall throw. */
  fault: (command: string) => void = () => {};
  readonly #ids = new Set<string>();
  #next = 1;

  texts(lane: LaneRef): unknown[] {
    return (this.lanes.get(laneName(lane)) ?? []).map(({ body }) =>
      body.from === "home" ? body.raw : body.from === "network" ? body.message : body,
    );
  }

  async append(lane: LaneRef, body: LaneBody): Promise<EntryId> {
    this.fault("append");
    const id = entryId(String(this.#next++).padStart(8, "0"));
    const entries = this.lanes.get(laneName(lane)) ?? [];
    this.lanes.set(laneName(lane), [...entries, { id, lane, body }]);
    return id;
  }

  async appendOnce(lane: LaneRef, body: LaneBody, id: string): Promise<EntryId | undefined> {
    if (this.#ids.has(id)) return undefined;
    const entry = await this.append(lane, body);
    this.#ids.add(id);
    return entry;
  }

  async intake(): Promise<"stored"> {
    throw new BridgeError("internal", { detail: "toy lanes take nothing in" });
  }

  async read(lane: LaneRef, after: EntryId | undefined, count: number): Promise<LaneEntry[]> {
    this.fault("read");
    return (this.lanes.get(laneName(lane)) ?? []).filter(({ id }) => after === undefined || id > after).slice(0, count);
  }

  async depth(lane: LaneRef): Promise<number> {
    return this.lanes.get(laneName(lane))?.length ?? 0;
  }

  async done(
    entry: LaneEntry,
    fence: Fence,
    copies: readonly LaneCopy[] = [],
    also: readonly EntryId[] = [],
  ): Promise<void> {
    this.fault("done");
    if (fence !== this.fence) throw new BridgeError("fenced");
    const isThere = this.lanes.get(laneName(entry.lane))?.some(({ id }) => id === entry.id);
    if (isThere) for (const { lane, body } of copies) await this.append(lane, body);
    for (const id of also) this.#take({ ...entry, id });
    this.#take(entry);
  }

  async park(
    entry: LaneEntry,
    message: MessageId | undefined,
    resident: ResidentId,
    failure: Failure,
    fence: Fence,
    _stopped?: boolean,
  ): Promise<boolean> {
    this.fault("park");
    if (fence !== this.fence) throw new BridgeError("fenced");
    this.#take(entry);
    this.parkedEntries.push({ entry, message, resident, failure, at: Date.now() });
    return true;
  }

  async aliasParked(_lane: LaneRef, message: MessageId, notice: MessageId): Promise<void> {
    const found = this.parkedEntries.find((one) => one.message === message);
    if (found) found.notice = notice;
  }

  async retry(_owner: AccountId | ResidentId, target: MessageId): Promise<LaneRef | undefined> {
    const at = this.parkedEntries.findIndex((one) => one.message === target || one.notice === target);
    const [found] = at < 0 ? [] : this.parkedEntries.splice(at, 1);
    if (found) await this.append(found.entry.lane, found.entry.body);
    return found?.entry.lane;
  }

  async parked(): Promise<Parked[]> {
    return this.parkedEntries.map(({ entry, message, resident, failure, at }) => {
      return { place: messageId(entry.id), message, lane: entry.lane, resident, failure, at };
    });
  }

  async dropLane(lane: LaneRef): Promise<void> {
    this.lanes.delete(laneName(lane));
  }

  async held(lane: LaneRef): Promise<{ waiting: number; parked: number }> {
    const parked = this.parkedEntries.filter(({ entry }) => laneName(entry.lane) === laneName(lane));
    return { waiting: await this.depth(lane), parked: parked.length };
  }

  async waiting(shard: Shard): Promise<LaneRef[]> {
    return [...this.lanes.values()].flatMap(([first]) => (first?.lane.shard === shard ? [first.lane] : []));
  }

  #take(entry: LaneEntry): void {
    const name = laneName(entry.lane);
    const left = (this.lanes.get(name) ?? []).filter(({ id }) => id !== entry.id);
    if (left.length > 0) this.lanes.set(name, left);
    else this.lanes.delete(name);
  }
}
