import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { Fleet } from "./fleet.ts";
import type { GroupId } from "./groups/model.ts";
import { groupOfSeat, isGroup } from "./groups/model.ts";
import type { GroupParts } from "./groups/parts.ts";
import type { GroupRoute } from "./groups/routing.ts";
import type { LaneRunner } from "./lanes.ts";
import type {
  AccountRecord,
  GhostRef,
  HomeEvent,
  HomeName,
  LaneBody,
  LaneEntry,
  LaneRef,
  PortalId,
  Presence,
  ResidentId,
  RoomId,
  Shard,
} from "./model.ts";
import { laneName, portalParts, residentParts, shardOf } from "./model.ts";
import type { PortalDirectory } from "./portals.ts";
import { directPortal } from "./portals.ts";
import type { Home, HomeHost, IntakeItem } from "./ports/home.ts";
import type { AccountStore, LaneStore } from "./ports/store.ts";
import { RecentMap } from "./recent.ts";
import type { Typing } from "./typing.ts";

export interface IntakeOptions {
  readonly store: LaneStore & AccountStore;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly portals: PortalDirectory;
  readonly fleet: Fleet;
  readonly lanes: LaneRunner;
  readonly typing: Typing;
  readonly groups: Pick<GroupParts, "groups" | "routing" | "typing">;
  readonly log: Logger;
}

/** As many entries as a lane may hold. */
const MOST_WAITING = 100_000;

interface Routed {
  readonly lane: LaneRef;
  readonly body: LaneBody;
  /** Better without it than not at all. */
  readonly optional?: true;
}

/** How often a room may go from one group to another while one word of it is looked at. */
const MOVES = 3;
/** Entries of a waiting lane that are searched for an invitation at the start. */
const RECALLED = 100;

/**
 * What the core does for the homes: finds the lane of everything they bring, has it stored in one step, and wakes the
 * lanes. A room keeps its lane from the invitation of the ghost on, so that what follows cannot overtake it.
 */
export class Intake implements HomeHost {
  readonly #o: IntakeOptions;
  /** Rooms whose invitation is stored but not yet carried out. */
  readonly #invited = new RecentMap<string, PortalId>(10_000);

  constructor(options: IntakeOptions) {
    this.#o = options;
  }

  /** Finds the invitations that were stored before a restart, so that what follows them keeps their lanes. */
  async recall(shards: readonly Shard[]): Promise<void> {
    const { store } = this.#o;
    const lanes = (await Promise.all(shards.map((shard) => store.waiting(shard)))).flat();
    for (const lane of lanes) {
      if (lane.kind !== "out" || groupOfSeat(lane.portal)) continue;
      for (const entry of await store.read(lane, undefined, RECALLED)) {
        const event = this.#read(entry);
        if (event?.kind === "invited" && entry.body.from === "home")
          this.#invited.set(`${entry.body.home} ${event.room}`, lane.portal);
      }
    }
  }

  /** What cannot be read is the lane's concern when it is its turn. */
  #read({ body }: LaneEntry): HomeEvent | undefined {
    try {
      return body.from === "home" ? this.#o.homes.get(body.home)?.read(body.raw) : undefined;
    } catch {
      return undefined;
    }
  }

  async intake(home: HomeName, batch: string, items: readonly IntakeItem[]): Promise<"stored" | "repeated"> {
    const routed: Routed[] = [];
    const at = Date.now();
    for (const item of items) {
      const body = { from: "home", home, raw: item.raw, at } as const;
      const { out, others } = await this.#route(home, item);
      if (out) routed.push({ lane: out, body });
      for (const lane of others) routed.push({ lane, body, optional: true });
    }
    try {
      return await this.#store(home, batch, routed);
    } catch (error) {
      if (asBridgeError(error).code !== "lane-full" || !routed.some(({ optional }) => optional)) throw error;
      return await this.#store(home, batch, await this.#withRoom(routed));
    }
  }

  async #store(home: HomeName, batch: string, routed: readonly Routed[]): Promise<"stored" | "repeated"> {
    const stored = this.#o.store.intake(home, batch, routed);
    // Redis answers in order: the lanes read behind the writing without waiting for its answer.
    for (const { lane } of routed) this.#o.lanes.wake(lane);
    return await stored;
  }

  /** Without what another home of a group is to get, where that home has been away so long that its lane is full. */
  async #withRoom(routed: readonly Routed[]): Promise<Routed[]> {
    const lanes = new Map(routed.flatMap(({ lane, optional }) => (optional ? [[laneName(lane), lane] as const] : [])));
    const full = new Set<string>();
    for (const [name, lane] of lanes)
      if ((await this.#o.store.depth(lane)) + routed.length > MOST_WAITING) full.add(name);
    this.#o.log.error({ lanes: [...full] }, "words lost for one of several homes: its lane is full");
    return routed.filter(({ lane, optional }) => !optional || !full.has(laneName(lane)));
  }

  typing(room: RoomId, resident: ResidentId, typing: boolean, ghost?: GhostRef): void {
    this.#typed(room, resident, ghost)
      .then(async (portal) => {
        if (portal && isGroup(portal)) await this.#typedInGroup(portal, room, resident, typing);
        else if (portal && this.#o.fleet.record(portalParts(portal).account)?.owners.includes(resident))
          this.#o.typing.resident(portal, typing);
      })
      .catch((error: unknown) => this.#o.log.debug({ err: error }, "typing not passed on"));
  }

  async #typedInGroup(group: GroupId, room: RoomId, resident: ResidentId, typing: boolean): Promise<void> {
    const { groups } = this.#o;
    const { home } = residentParts(resident);
    const record = await groups.groups.record(group);
    const account = record && (await groups.groups.seat(record, resident));
    if (record?.rooms.some((one) => one.home === home && one.room === room) && account)
      groups.typing.resident(record, account, home, typing);
  }

  async #typed(room: RoomId, resident: ResidentId, ghost: GhostRef | undefined): Promise<PortalId | undefined> {
    const portal = await this.#o.portals.ofRoom(residentParts(resident).home, room);
    if (portal || !ghost) return portal;
    const account = this.#accountFor(await this.#o.store.accountsOf(resident), ghost);
    return account && directPortal(account.id, ghost);
  }

  presence(resident: ResidentId, presence: Presence): void {
    this.#o.store
      .accountsOf(resident)
      .then((accounts) => {
        for (const account of accounts) this.#o.fleet.homePresence(account.id, resident, presence);
      })
      .catch((error: unknown) => this.#o.log.debug({ err: error }, "presence not passed on"));
  }

  async isPortal(home: HomeName, room: RoomId): Promise<boolean> {
    return (
      this.#invited.get(`${home} ${room}`) !== undefined || (await this.#o.portals.ofRoom(home, room)) !== undefined
    );
  }

  async isGroup(home: HomeName, room: RoomId): Promise<boolean> {
    const portal = await this.#o.portals.ofRoom(home, room);
    return portal !== undefined && isGroup(portal);
  }

  async isLinked(resident: ResidentId): Promise<boolean> {
    return (await this.#o.store.accountsOf(resident)).length > 0;
  }

  async #route(home: HomeName, item: IntakeItem): Promise<GroupRoute> {
    const { portals, groups } = this.#o;
    for (let moves = 0; moves < MOVES; moves += 1) {
      const bound = item.control ? undefined : await portals.ofRoom(home, item.room);
      // What people say in a room of their own is not for the bridge.
      if (!bound && moves > 0 && !item.invites) break;
      if (!bound || !isGroup(bound)) return { out: await this.#routeOut(home, item, bound), others: [] };
      const route = await groups.routing.route(home, bound, item);
      if (route) return route;
      // Another worker has untied it, and may have tied it to another group.
      portals.forgetRoom(home, item.room);
    }
    return { others: [] };
  }

  async #routeOut(home: HomeName, item: IntakeItem, bound: PortalId | undefined): Promise<LaneRef> {
    const control: LaneRef = { kind: "control", shard: shardOf(item.resident), resident: item.resident };
    if (item.control) return control;
    const key = `${home} ${item.room}`;
    if (bound) this.#invited.delete(key);
    const known = bound ?? this.#invited.get(key);
    if (known) return outLane(known);
    if (!item.invites) return control;
    const account = this.#accountFor(await this.#o.store.accountsOf(item.resident), item.invites);
    if (!account) return control;
    const portal = directPortal(account.id, item.invites);
    this.#invited.set(key, portal);
    return outLane(portal);
  }

  /** Of several accounts on the ghost's network the one that has the contact on its list, else the first. */
  #accountFor(accounts: readonly AccountRecord[], { network, contact }: GhostRef): AccountRecord | undefined {
    const there = accounts.filter((account) => account.network === network);
    return there.find((account) => this.#o.fleet.session(account.id)?.contact(contact)?.listed) ?? there[0];
  }
}

export function outLane(portal: PortalId): LaneRef {
  return { kind: "out", shard: shardOf(portalParts(portal).account), portal };
}
