import type { RedisOptions } from "ioredis";
import type { Logger } from "pino";
import type { Meter } from "../bridge/metrics.ts";
import type { Store } from "../bridge/ports/store.ts";
import { RedisAccounts } from "./accounts.ts";
import { RedisGroupWords } from "./group-words.ts";
import { RedisGroups } from "./groups.ts";
import { RedisHealth } from "./health.ts";
import { Keyspace } from "./keys.ts";
import { RedisLanes } from "./lanes.ts";
import { RedisLeases } from "./leases.ts";
import { RedisRates, RedisTickets } from "./limits.ts";
import type { RedisPlace } from "./link.ts";
import { RedisLink } from "./link.ts";
import { RedisContacts, RedisProfiles } from "./people.ts";
import { RedisPortals } from "./portals.ts";
import { RedisRecall } from "./recall.ts";
import { RedisRoomNotes } from "./room-notes.ts";
import type { SealingKeys } from "./sealing.ts";
import { RedisSecrets } from "./secrets.ts";
import { RedisTold } from "./told.ts";

export { FolderLock } from "./folder-lock.ts";
export { PrivateRedis } from "./private-redis.ts";
export type { SealingKeySource } from "./sealing.ts";
export { loadSealingKeys, parseSealingKeys, SealingKeys } from "./sealing.ts";
export { StoreSetupError } from "./setup-error.ts";

export interface StoreOptions {
  /** `redis://…`, `rediss://…`, or the path of a unix socket. Give this or `options`. */
  readonly url?: string;
  /** ioredis' own options, e.g. those of a {@link PrivateRedis}. Time limits and reconnecting are the store's own. */
  readonly options?: RedisOptions;
  readonly keys: SealingKeys;
  readonly meter: Meter;
  readonly log: Logger;
  /** In front of every key, so that several bridges can share a Redis. Default `msnb`. */
  readonly namespace?: string;
}

/**
 * Everything the bridge keeps, in Redis (source: design §5). Resolves when Redis has answered.
 * @throws BridgeError `store-down` when it has not within ten seconds.
 */
export async function openStore(o: StoreOptions): Promise<Store> {
  const place: RedisPlace = o.url === undefined ? { options: o.options ?? {} } : { url: o.url };
  const link = await RedisLink.open(place, o.meter, o.log);
  const keys = new Keyspace(o.namespace ?? "msnb");
  const lanes = new RedisLanes(link, keys, o.meter, o.log);
  const leases = new RedisLeases(link, keys);
  const portals = new RedisPortals(link, keys);
  const groups = new RedisGroups(link, keys, portals);
  const words = new RedisGroupWords({ link, keys, lanes, seals: o.keys });
  const recall = new RedisRecall(link, keys, o.keys, o.log);
  const accounts = new RedisAccounts({ link, keys, seals: o.keys, portals, groups, recall, log: o.log });
  const contacts = new RedisContacts(link, keys);
  const profiles = new RedisProfiles(link, keys);
  const notes = new RedisRoomNotes(link, keys);
  const told = new RedisTold(link, keys);
  const secrets = new RedisSecrets(link, keys, o.keys, o.log);
  const rates = new RedisRates(link, keys);
  const tickets = new RedisTickets(link, keys);
  const health = new RedisHealth(link);
  return {
    append: (...a) => lanes.append(...a),
    appendOnce: (...a) => lanes.appendOnce(...a),
    intake: (...a) => lanes.intake(...a),
    read: (...a) => lanes.read(...a),
    depth: (...a) => lanes.depth(...a),
    done: (...a) => lanes.done(...a),
    park: (...a) => lanes.park(...a),
    aliasParked: (...a) => lanes.aliasParked(...a),
    retry: (...a) => lanes.retry(...a),
    parked: (...a) => lanes.parked(...a),
    dropLane: (...a) => lanes.dropLane(...a),
    held: (...a) => lanes.held(...a),
    waiting: (...a) => lanes.waiting(...a),
    acquire: (...a) => leases.acquire(...a),
    renew: (...a) => leases.renew(...a),
    release: (...a) => leases.release(...a),
    link: (...a) => accounts.link(...a),
    unlink: (...a) => accounts.unlink(...a),
    account: (...a) => accounts.account(...a),
    password: (...a) => accounts.password(...a),
    update: (...a) => accounts.update(...a),
    accountsOf: (...a) => accounts.accountsOf(...a),
    accountsIn: (...a) => accounts.accountsIn(...a),
    portal: (...a) => portals.portal(...a),
    bind: (...a) => portals.bind(...a),
    unbind: (...a) => portals.unbind(...a),
    portalOfRoom: (...a) => portals.portalOfRoom(...a),
    portalsOf: (...a) => portals.portalsOf(...a),
    saveContacts: (...a) => contacts.saveContacts(...a),
    saveContact: (...a) => contacts.saveContact(...a),
    contactsOf: (...a) => contacts.contactsOf(...a),
    ghost: (...a) => profiles.ghost(...a),
    updateGhost: (...a) => profiles.updateGhost(...a),
    resident: (...a) => profiles.resident(...a),
    updateResident: (...a) => profiles.updateResident(...a),
    keepRoomNote: (...a) => notes.keepRoomNote(...a),
    dropRoomNote: (...a) => notes.dropRoomNote(...a),
    roomNotes: (...a) => notes.roomNotes(...a),
    keepRecall: (...a) => recall.keepRecall(...a),
    recall: (...a) => recall.recall(...a),
    dropRecall: (...a) => recall.dropRecall(...a),
    tell: (...a) => told.tell(...a),
    untell: (...a) => told.untell(...a),
    told: (...a) => told.told(...a),
    knows: (...a) => told.knows(...a),
    learned: (...a) => told.learned(...a),
    keepSecret: (...a) => secrets.keepSecret(...a),
    secret: (...a) => secrets.secret(...a),
    dropSecret: (...a) => secrets.dropSecret(...a),
    takeSignIn: (...a) => rates.takeSignIn(...a),
    issueTicket: (...a) => tickets.issueTicket(...a),
    peekTicket: (...a) => tickets.peekTicket(...a),
    tryTicket: (...a) => tickets.tryTicket(...a),
    consumeTicket: (...a) => tickets.consumeTicket(...a),
    group: (...a) => groups.group(...a),
    saveGroup: (...a) => groups.saveGroup(...a),
    takeSeat: (...a) => groups.takeSeat(...a),
    awaitSeat: (...a) => groups.awaitSeat(...a),
    leaveSeat: (...a) => groups.leaveSeat(...a),
    groupsOf: (...a) => groups.groupsOf(...a),
    groupKeys: (...a) => groups.groupKeys(...a),
    tieRoom: (...a) => groups.tieRoom(...a),
    markRoom: (...a) => groups.markRoom(...a),
    untieRoom: (...a) => groups.untieRoom(...a),
    dropGroup: (...a) => groups.dropGroup(...a),
    dropIfOver: (...a) => groups.dropIfOver(...a),
    allGroups: (...a) => groups.allGroups(...a),
    appendRead: (...a) => words.appendRead(...a),
    talked: (...a) => words.talked(...a),
    claimCall: (...a) => words.claimCall(...a),
    releaseReader: (...a) => words.releaseReader(...a),
    sameMessage: (...a) => words.sameMessage(...a),
    messageIn: (...a) => words.messageIn(...a),
    markSecret: (...a) => words.markSecret(...a),
    ping: () => health.ping(),
    warnings: () => health.warnings(),
    close: () => link.close(),
  };
}
