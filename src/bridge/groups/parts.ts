import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { asBridgeError } from "../errors.ts";
import type { Fleet } from "../fleet.ts";
import type { Inbox } from "../inbox.ts";
import type { LaneHandler, LaneRunner } from "../lanes.ts";
import type { Meter } from "../metrics.ts";
import type {
  AccountId,
  AccountRecord,
  ContactSnapshot,
  HomeName,
  NetworkName,
  PuppetState,
  ResidentId,
} from "../model.ts";
import type { Nudges } from "../nudges.ts";
import type { PortalDirectory } from "../portals.ts";
import type { CircleInvitation, GroupHooks } from "../ports/groups.ts";
import type { Home } from "../ports/home.ts";
import type { Network } from "../ports/network.ts";
import type { Store } from "../ports/store.ts";
import type { PresenceBoard } from "../presence.ts";
import { StandIns } from "../stand-ins.ts";
import { Calling } from "./calling.ts";
import { Conversations } from "./conversations.ts";
import { Ears } from "./ears.ts";
import { Groups } from "./groups.ts";
import { groupInbound } from "./inbound.ts";
import { Marks } from "./marks.ts";
import { GroupMemory } from "./memory.ts";
import type { GroupId, GroupRecord, GroupWords } from "./model.ts";
import { groupOfSeat, isGroup } from "./model.ts";
import { wordsOfOthers } from "./others-words.ts";
import { groupOutbound } from "./outbound.ts";
import { Outsiders } from "./outsiders.ts";
import { Recalling } from "./recalling.ts";
import { GroupRouting } from "./routing.ts";
import { GroupTyping } from "./typing.ts";
import { endOf } from "./unlinking.ts";
import { Watching } from "./watching.ts";

/**
 * So long after its last word another worker leaves a place to the one that has read it, ms. It only keeps the two from taking
 * turns: words are read once however short it is. What is said when a reader dies comes so much later.
 */
const READER_MS = 3_000;

export interface GroupPartsOptions {
  readonly store: Store;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly networks: ReadonlyMap<NetworkName, Network>;
  readonly portals: PortalDirectory;
  readonly presence: PresenceBoard;
  /** Late-bound: all of these know each other. */
  readonly fleet: () => Fleet;
  readonly lanes: () => LaneRunner;
  readonly inbox: () => Inbox;
  readonly nudges: Nudges;
  readonly meter: Meter;
  readonly holdMinutes: number;
  /** Of the installation. */
  readonly owner: string;
  readonly see: (account: AccountRecord, contact: ContactSnapshot) => void;
  /** A group is so now, as far as this worker knows. */
  readonly changed: (group: GroupRecord) => void;
  readonly invited: (account: AccountRecord, invitation: CircleInvitation) => void;
  readonly tell: (owners: readonly ResidentId[], text: string, key: string) => void;
  readonly log: Logger;
}

/** What the core has for groups, wired. */
export class GroupParts {
  readonly groups: Groups;
  readonly routing: GroupRouting;
  readonly typing: GroupTyping;
  readonly inbound: LaneHandler;
  readonly #o: GroupPartsOptions;
  readonly #memory: GroupMemory;
  readonly #marks: Marks;
  readonly #ears: Ears;
  readonly #recalling: Recalling;
  /** Made when everything is there. */
  #outbound: LaneHandler | undefined;
  readonly #makeOutbound: () => LaneHandler;

  constructor(o: GroupPartsOptions) {
    this.#o = o;
    const { store, homes, networks, portals, fleet, log, meter } = o;
    const watching = new Watching({ fleet, homes, presence: o.presence, see: o.see });
    const memory = new GroupMemory({
      store,
      local: (account) => fleet().record(account),
      changed: (record) => {
        watching.changed(record);
        o.changed(record);
      },
    });
    const conversations = new Conversations(memory);
    const record = (group: GroupId): ReturnType<GroupMemory["record"]> => memory.record(group);
    const calling = new Calling({ fleet, networks, conversations, record });
    const marks = new Marks(store);
    const reader = `${o.owner} ${randomUUID()}`;
    const recalling = new Recalling({ store, memory, conversations, calling, fleet, reader, log });
    this.groups = new Groups({ ...o, memory, conversations, calling, recalling });
    this.typing = new GroupTyping({ fleet, homes, calling });
    this.routing = new GroupRouting({ groups: this.groups, memory, homes });
    this.#memory = memory;
    this.#marks = marks;
    this.#ears = new Ears({
      ...o,
      memory,
      conversations,
      groups: this.groups,
      marks,
      typing: this.typing,
      recalling,
      reader,
      leaseMs: READER_MS,
    });
    this.#recalling = recalling;
    const { groups, typing } = this;
    this.inbound = (entry) => inbound(entry);
    const inbound = groupInbound({ groups, store, homes, portals, fleet, meter });
    this.#makeOutbound = () =>
      groupOutbound({
        ...o,
        fleet: fleet(),
        groups,
        conversations,
        marks,
        typing,
        outsiders: new Outsiders(groups),
        routing: this.routing,
        standIns: new StandIns(store),
      });
  }

  readonly outbound: LaneHandler = (entry, left) => {
    this.#outbound ??= this.#makeOutbound();
    return this.#outbound(entry, left);
  };

  /** Before the account signs in. @throws BridgeError `store-down`. */
  async prepare(account: AccountRecord): Promise<void> {
    await Promise.all([this.#marks.load(), this.#memory.load(account)]);
  }

  hooks(account: () => AccountRecord): GroupHooks {
    return this.#ears.hooks(account);
  }

  /** The sign-in of the account is so now. */
  state(account: AccountRecord, state: PuppetState): void {
    if (state !== "on") this.#ears.gone(account);
    this.#recalling.state(account, state);
  }

  /** Another worker has the account from now on. */
  handedOver(account: AccountRecord): void {
    this.#memory.unload(account.id);
    this.#recalling.handedOver(account);
  }

  /** A mark for words of ours. @throws BridgeError `store-down`. */
  mark(group: GroupId, account: AccountId): Promise<string> {
    return this.#marks.random(group, account);
  }

  /** Words in a chat of two that the bridge has said in a group of which nobody else was left. */
  isEcho(account: AccountRecord, { mark, from }: GroupWords): boolean {
    if (mark === undefined) return false;
    for (const group of this.#memory.groupsOf(account.id)) if (this.#marks.isOurs(group, from, mark)) return true;
    return false;
  }

  /** Somebody has linked the account: rooms of groups in which it has a seat from before follow. */
  linked(account: AccountRecord): void {
    this.#memory.owned(account.id, account.owners);
    this.groups
      .ofAccount(account.id)
      .then((records) => Promise.all(records.map((record) => this.groups.reshape(record))))
      .catch((error: unknown) =>
        this.#o.log.warn({ err: asBridgeError(error), account: account.id }, "groups of a linked account not shaped"),
      );
  }

  /** See {@link wordsOfOthers}. */
  wordsOfOthers(account: AccountRecord): Promise<() => Promise<void>> {
    return wordsOfOthers({ ...this.#o, groups: this.groups, routing: this.routing }, account);
  }

  /** These have the account no longer. */
  unlinked(account: AccountRecord, gone: readonly ResidentId[]): void {
    const left = account.owners.filter((owner) => !gone.includes(owner));
    const { fleet, tell, log } = this.#o;
    const isHere = (id: AccountId): boolean => fleet().record(id) !== undefined;
    endOf({ groups: this.groups, memory: this.#memory, tell, isHere }, account, left).catch((error: unknown) =>
      log.warn({ err: asBridgeError(error), account: account.id }, "groups of an unlinked account not settled"),
    );
  }

  stop(): void {
    this.#recalling.stop();
    this.#ears.stop();
    this.typing.stop();
  }
}

/** Lanes of groups and of seats in them have a handler of their own. */
export function forGroups(groups: LaneHandler, others: LaneHandler): LaneHandler {
  return (entry, left) => {
    const { lane } = entry;
    const isOfGroup = lane.kind !== "control" && (isGroup(lane.portal) || groupOfSeat(lane.portal) !== undefined);
    return isOfGroup ? groups(entry, left) : others(entry, left);
  };
}
