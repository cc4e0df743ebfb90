/** The keys in Redis, built: what they are is in ./key-table.ts. */
import { createHash } from "node:crypto";
import type { GroupId } from "../bridge/groups/model.ts";
import type {
  AccountId,
  GhostRef,
  HomeName,
  LaneRef,
  NetworkName,
  PortalId,
  ResidentId,
  RoomId,
  Shard,
} from "../bridge/model.ts";
import { laneName, portalParts, residentId, shardOf } from "../bridge/model.ts";

/** Builds the keys of the table within one namespace, so that several bridges can share a Redis. */
export class Keyspace {
  readonly #ns: string;

  constructor(namespace: string) {
    this.#ns = namespace;
  }

  #in(shard: Shard, rest: string): string {
    return `${this.#ns}:{s${shard}}:${rest}`;
  }

  /** The key of a lane without its name: scripts that learn the name inside Redis append it. */
  lanePrefix(shard: Shard): string {
    return this.#in(shard, "lane:");
  }

  lane(lane: LaneRef): string {
    return this.lanePrefix(lane.shard) + laneName(lane);
  }

  waiting(shard: Shard): string {
    return this.#in(shard, "waiting");
  }

  last(shard: Shard): string {
    return this.#in(shard, "last");
  }

  recent(shard: Shard): string {
    return this.#in(shard, "recent");
  }

  recentOrder(shard: Shard): string {
    return this.#in(shard, "recent-order");
  }

  batch(shard: Shard, home: HomeName, batch: string): string {
    return this.#in(shard, `batch:${home}:${batch}`);
  }

  parked(owner: AccountId | ResidentId): string {
    return this.#in(shardOf(owner), `parked:${owner}`);
  }

  parkedOrder(owner: AccountId | ResidentId): string {
    return this.#in(shardOf(owner), `parked-order:${owner}`);
  }

  seen(account: AccountId): string {
    return this.#in(shardOf(account), `seen:${account}`);
  }

  told(account: AccountId): string {
    return this.#in(shardOf(account), `told:${account}`);
  }

  secrets(resident: ResidentId): string {
    return this.#in(shardOf(resident), `secrets:${resident}`);
  }

  lease(shard: Shard): string {
    return this.#in(shard, "lease");
  }

  fence(shard: Shard): string {
    return this.#in(shard, "fence");
  }

  account(account: AccountId): string {
    return this.#in(shardOf(account), `account:${account}`);
  }

  accounts(shard: Shard): string {
    return this.#in(shard, "accounts");
  }

  linked(resident: ResidentId): string {
    return this.#in(shardOf(resident), `linked:${resident}`);
  }

  /** The key of a portal without its id, for the script that forgets an account. */
  portalPrefix(shard: Shard): string {
    return this.#in(shard, "portal:");
  }

  portal(account: AccountId, portal: PortalId): string {
    return this.portalPrefix(shardOf(account)) + portal;
  }

  portals(account: AccountId): string {
    return this.#in(shardOf(account), `portals:${account}`);
  }

  room(home: HomeName, room: RoomId): string {
    return this.#in(shardOf(residentId(home, room)), `room:${home}:${room}`);
  }

  group(group: GroupId): string {
    return this.#ofGroup(group, "group");
  }

  groups(shard: Shard): string {
    return this.#in(shard, "groups");
  }

  groupsOf(account: AccountId): string {
    return this.#in(shardOf(account), `groups:${account}`);
  }

  groupReader(group: GroupId): string {
    return this.#ofGroup(group, "reader");
  }

  placeReader(group: GroupId, place: string): string {
    return `${this.#ofGroup(group, "reading")} ${shortPlace(place)}`;
  }

  placeHeirs(group: GroupId, place: string): string {
    return `${this.#ofGroup(group, "heirs")} ${shortPlace(place)}`;
  }

  placeWords(group: GroupId, place: string): string {
    return `${this.#ofGroup(group, "read")} ${shortPlace(place)}`;
  }

  groupMessages(group: GroupId): string {
    return this.#ofGroup(group, "messages");
  }

  groupMessageOrder(group: GroupId): string {
    return this.#ofGroup(group, "message-order");
  }

  #ofGroup(group: GroupId, what: string): string {
    return this.#in(shardOf(portalParts(group).account), `${what}:${group}`);
  }

  installation(): string {
    return `${this.#ns}:{installation}:secrets`;
  }

  contacts(account: AccountId): string {
    return this.#in(shardOf(account), `contacts:${account}`);
  }

  roomNotes(home: HomeName, shard: Shard): string {
    return this.#in(shard, `rooms:${home}`);
  }

  recall(home: HomeName, chat: RoomId): string {
    return this.#in(shardOf(residentId(home, chat)), `recall:${home}:${chat}`);
  }

  known(resident: ResidentId, fact: string): string {
    const hash = createHash("sha256").update(`${resident}\n${fact}`).digest("base64url");
    return this.#in(shardOf(resident), `known:${hash}`);
  }

  ghost(home: HomeName, ghost: GhostRef): string {
    const contact = `${ghost.network}/${ghost.contact}` as AccountId;
    return this.#in(shardOf(contact), `ghost:${home}:${contact}`);
  }

  resident(resident: ResidentId): string {
    return this.#in(shardOf(resident), `resident:${resident}`);
  }

  signIn(network: NetworkName): string {
    return `${this.#ns}:{n:${network}}:sign-in`;
  }

  ticketPrefix(): string {
    return `${this.#ns}:{tickets}:ticket:`;
  }

  ticket(hash: string): string {
    return this.ticketPrefix() + hash;
  }

  ticketsOf(resident: ResidentId): string {
    return `${this.#ns}:{tickets}:of:${resident}`;
  }

  ticketUsed(hash: string): string {
    return `${this.#ns}:{tickets}:used:${hash}`;
  }
}

/** A network's name of a place as a short piece of a key. */
function shortPlace(place: string): string {
  return place === "" ? "-" : createHash("sha256").update(place).digest("base64url").slice(0, 22);
}

/** A batch name of any length and alphabet as a short piece of a key. */
export function shortBatch(batch: string): string {
  return /^[\w.~-]{1,64}$/.test(batch) ? batch : `#${createHash("sha256").update(batch).digest("base64url")}`;
}
