import type { Logger } from "pino";
import { Absences } from "./absences.ts";
import { COMMANDS } from "./commands/commands.ts";
import { CommandRegistry } from "./commands/registry.ts";
import { controlHandler } from "./control.ts";
import { asBridgeError } from "./errors.ts";
import { Fleet } from "./fleet.ts";
import { forwarding } from "./forwarding.ts";
import { createGroupDesk } from "./groups/desk.ts";
import { Invitations } from "./groups/invitations.ts";
import { isGroup } from "./groups/model.ts";
import { forGroups, GroupParts } from "./groups/parts.ts";
import { inboundHandler } from "./inbound.ts";
import { Inbox } from "./inbox.ts";
import { Intake } from "./intake.ts";
import { LaneRunner } from "./lanes.ts";
import { LeaseKeeper } from "./leases.ts";
import { LinkNews } from "./link-news.ts";
import { createLinker } from "./linking.ts";
import { measure } from "./measuring.ts";
import type { Meter } from "./metrics.ts";
import type {
  AccountId,
  AccountRecord,
  Availability,
  ContactSnapshot,
  HomeName,
  NetworkName,
  PortalRecord,
  PuppetState,
  ResidentId,
} from "./model.ts";
import { portalParts, residentParts } from "./model.ts";
import { PuppetNews } from "./news.ts";
import { Nicknames } from "./nicknames.ts";
import { Nudges } from "./nudges.ts";
import { outboundHandler } from "./outbound.ts";
import { poisonHandler } from "./poison.ts";
import { ghostOf, PortalDirectory } from "./portals.ts";
import type { Home } from "./ports/home.ts";
import { followsOwners } from "./ports/home.ts";
import type { LinkDesk, Linker, Readiness } from "./ports/linking.ts";
import type { Network } from "./ports/network.ts";
import type { Store } from "./ports/store.ts";
import { PresenceBoard } from "./presence.ts";
import { Requests } from "./requests.ts";
import { Rosters } from "./rosters.ts";
import { createServices } from "./services.ts";
import { Spaces } from "./spaces.ts";
import { Telling } from "./telling.ts";
import { Told } from "./told.ts";
import { Typing } from "./typing.ts";
import { pause } from "./waiting.ts";
import { Welcomes } from "./welcome.ts";

export interface BridgeOptions {
  readonly store: Store;
  readonly homes: readonly Home[];
  readonly networks: readonly Network[];
  /** Late-bound: the page needs the linker, the bot needs the page. */
  readonly desk: () => LinkDesk;
  /** Stable over restarts of the same installation, so that it takes its own leases back at once. */
  readonly owner: string;
  readonly leaseMs: number;
  /** Sign-ins per second of the whole fleet to a network. */
  readonly signInsPerSecond: (network: NetworkName) => number;
  readonly ownerOffline: Availability;
  /** Whether a resident may link accounts. */
  readonly mayLink: (resident: ResidentId) => boolean;
  /** Of the operator's admins, who may steer groups of others. */
  readonly isAdmin?: (resident: ResidentId) => boolean;
  /** Accounts of the operator that may be the relay of any group they are in. */
  readonly isRelay?: (account: AccountId) => boolean;
  readonly holdMinutes: number;
  readonly reconnect: { readonly baseMs: number; readonly capMs: number };
  readonly concurrency: number;
  readonly meter: Meter;
  readonly log: Logger;
}

/** The net below the wake-ups: lanes that wait are looked for at this pace. */
const SWEEP_MS = 2000;
/** How long a stop waits for what is under way. */
const FINISH_MS = 3000;
/** The core: wires puppets, portals, lanes and commands between the homes and the networks it is given. */
export class Bridge {
  readonly linker: Linker;
  readonly #o: BridgeOptions;
  readonly #homes: ReadonlyMap<HomeName, Home>;
  readonly #networks: ReadonlyMap<NetworkName, Network>;
  readonly #fleet: Fleet;
  readonly #portals: PortalDirectory;
  readonly #presence: PresenceBoard;
  readonly #typing: Typing;
  readonly #news = new PuppetNews();
  readonly #told: Told;
  readonly #telling: Telling;
  readonly #linkNews: LinkNews;
  readonly #absences: Absences;
  readonly #requests: Requests;
  readonly #nicknames: Nicknames;
  readonly #rosters: Rosters;
  readonly #spaces: Spaces;
  readonly #groups: GroupParts;
  readonly #invitations: Invitations;
  readonly #welcomes: Welcomes;
  readonly #lanes: LaneRunner;
  readonly #leases: LeaseKeeper;
  readonly #inbox: Inbox;
  readonly #intake: Intake;
  readonly #stopping = new AbortController();
  #sweep: NodeJS.Timeout | undefined;
  #started = false;

  constructor(o: BridgeOptions) {
    this.#o = o;
    const { store, meter, log } = o;
    this.#homes = new Map(o.homes.map((home) => [home.name, home]));
    this.#networks = new Map(o.networks.map((network) => [network.name, network]));
    const homes = this.#homes;
    const networks = this.#networks;
    const homeOf = (resident: ResidentId): Home | undefined => homes.get(residentParts(resident).home);
    this.#told = new Told(store);
    this.#telling = new Telling({ homeOf, signal: this.#stopping.signal, log });
    this.#linkNews = new LinkNews({
      telling: this.#telling,
      networkOf: (account) => this.#titleOf(account),
      homeOf: (resident) => this.#placeOf(resident),
    });
    this.#absences = new Absences(this.#told, log);
    this.#requests = new Requests({
      told: this.#told,
      log,
      say: (account, text, key) => this.#telling.one(account.owners, text, key),
      holds: (account) => this.#welcomes.holds(account),
    });
    this.#presence = new PresenceBoard({ homes: o.homes, meter, log });
    this.#portals = new PortalDirectory(store, { changed: (portal) => this.#portalChanged(portal) });
    const invitations = new Invitations({
      told: this.#told,
      log,
      say: (account, text, key) => this.#telling.one(account.owners, text, key),
      holds: (account) => this.#welcomes.holds(account),
    });
    const nudges = new Nudges();
    this.#groups = new GroupParts({
      ...o,
      homes,
      networks,
      portals: this.#portals,
      presence: this.#presence,
      fleet: () => this.#fleet,
      lanes: () => this.#lanes,
      inbox: () => this.#inbox,
      nudges,
      see: (account, contact) => this.#see(account, contact),
      changed: (group) => this.#spaces.group(group),
      invited: (account, invitation) => invitations.show(account, invitation),
      tell: (owners, text, key) => this.#telling.all(owners, text, key),
    });
    this.#invitations = invitations;
    this.#welcomes = new Welcomes({
      told: this.#told,
      requests: this.#requests,
      invitations,
      say: (owner, text, key) => this.#telling.one([owner], text, key),
      networkOf: (account) => this.#titleOf(account),
      homeOf: (owner) => this.#placeOf(owner),
      fleet: () => this.#fleet,
      log,
    });
    this.#rosters = new Rosters({ store, homes: o.homes, fleet: () => this.#fleet, log });
    this.#spaces = new Spaces({
      ...o,
      portals: this.#portals,
      groupsOf: (account) => this.#groups.groups.ofAccount(account),
      fleet: () => this.#fleet,
      titleOf: (account) => this.#titleOf(account),
    });
    this.#nicknames = new Nicknames({ told: this.#told, portals: this.#portals, homeOf, log });
    this.#fleet = new Fleet({
      store,
      networks,
      meter,
      log,
      signInsPerSecond: o.signInsPerSecond,
      silence: (owner) => {
        const home = homeOf(owner);
        if (!home) return "no-home";
        return followsOwners(home) ? "away" : "unknown";
      },
      ownerOffline: o.ownerOffline,
      backOff: o.reconnect,
      events: {
        message: (account, message) => {
          if (!this.#groups.isEcho(account, message)) this.#inbox.receive(account, message);
        },
        prepare: (account) => this.#groups.prepare(account),
        groups: (account) => this.#groups.hooks(account),
        left: (account) => this.#groups.handedOver(account),
        ownMessage: (account, words) => this.#inbox.receiveOwn(account, words),
        offline: (account, words) => this.#inbox.receiveOffline(account, words),
        request: (account, contact) => {
          this.#requests.show(account, contact);
          this.#rosters.request(account, contact);
        },
        typing: (account, from) => {
          this.#typing
            .contact(account, from, true)
            .catch((error: unknown) => log.debug({ err: error }, "typing not shown"));
        },
        contact: (account, contact) => {
          if (contact.presence.availability !== "offline") this.#absences.back(account, contact.address);
          this.#see(account, contact);
          const session = this.#fleet.session(account.id);
          if (session) this.#requests.see(account, contact, session);
          this.#rosters.contact(account, contact);
          this.#spaces.contact(account, contact);
        },
        joined: (account, state) => {
          this.#rosters.state(account, state);
          this.#groups.state(account, state);
        },
        state: (account, state, previous) => this.#puppetState(account, state, previous),
      },
    });
    this.#typing = new Typing({ fleet: this.#fleet, portals: this.#portals, homeOf });
    this.#leases = new LeaseKeeper({
      store,
      owner: o.owner,
      ttlMs: o.leaseMs,
      log,
      events: {
        gained: (shard) => {
          this.#fleet
            .takeShard(shard)
            .catch((error: unknown) => log.error({ err: error, shard }, "accounts of a shard could not be loaded"));
        },
        lost: (shard) => {
          this.#fleet
            .dropShard(shard)
            .catch((error: unknown) =>
              log.error({ err: error, shard }, "puppets of a lost shard did not stop cleanly"),
            );
        },
      },
    });
    const outbound = {
      store,
      portals: this.#portals,
      fleet: this.#fleet,
      homes,
      networks,
      typing: this.#typing,
      lanes: () => this.#lanes,
      absences: this.#absences,
      nudges,
      meter,
      holdMinutes: o.holdMinutes,
    };
    this.#lanes = new LaneRunner({
      store,
      fence: (shard) => this.#leases.fence(shard),
      concurrency: o.concurrency,
      log,
      onParked: (_entry, { code }) => meter.count("msnb_events_parked_total", { code }),
      poisoned: poisonHandler({ store, homes, groups: this.#groups.groups }),
      handlers: {
        out: forGroups(this.#groups.outbound, outboundHandler(outbound)),
        in: forGroups(
          this.#groups.inbound,
          inboundHandler({ store, fleet: this.#fleet, portals: this.#portals, homes, meter }),
        ),
        control: controlHandler({
          store,
          portals: this.#portals,
          homes,
          commands: new CommandRegistry(COMMANDS),
          services: createServices({
            ...outbound,
            desk: o.desk,
            mayLink: o.mayLink,
            requests: this.#requests,
            groups: createGroupDesk({
              ...outbound,
              groups: this.#groups.groups,
              invitations,
              mark: (group, account) => this.#groups.mark(group, account),
              isAdmin: (resident) => o.isAdmin?.(resident) ?? false,
              isRelay: (account) => o.isRelay?.(account) ?? false,
              log,
            }),
            told: this.#told,
            wordsOfOthers: (account) => this.#groups.wordsOfOthers(account),
            unlinked: (account, owners, by) => this.#unlinked(account, owners, by),
          }),
          log,
          forward: forwarding({
            store,
            homes,
            routing: () => this.#groups.routing,
            lanes: () => this.#lanes,
          }),
        }),
      },
    });
    this.#inbox = new Inbox({
      store,
      lanes: this.#lanes,
      log,
      overflow: (account) => this.#fleet.reconnect(account.id, "the bridge could not store what was said"),
    });
    this.#intake = new Intake({
      store,
      homes,
      portals: this.#portals,
      fleet: this.#fleet,
      lanes: this.#lanes,
      typing: this.#typing,
      groups: this.#groups,
      log,
    });
    this.linker = createLinker({
      store,
      fleet: this.#fleet,
      networks,
      linked: (account, by, isNew) => this.#linked(account, by, isNew),
    });
  }

  /** Takes the shards, sets the puppets going, opens the homes, and works off what was left. */
  async start(): Promise<void> {
    await this.#leases.start();
    await this.#intake
      .recall(this.#leases.shards())
      .catch((error: unknown) => this.#o.log.warn({ err: asBridgeError(error) }, "waiting invitations not recalled"));
    for (const home of this.#homes.values()) await home.start(this.#intake);
    await this.#wakeAll();
    this.#sweep = setInterval(() => {
      this.#wakeAll().catch((error: unknown) =>
        this.#o.log.warn({ err: asBridgeError(error) }, "lanes could not be looked through"),
      );
      measure(this.#o, this.#fleet, this.#presence, this.#lanes).catch((error: unknown) =>
        this.#o.log.debug({ err: error }, "lanes could not be measured"),
      );
    }, SWEEP_MS);
    this.#sweep.unref();
    this.#started = true;
  }

  /** Stops taking in, finishes what is under way, signs the puppets out and gives the shards back. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#stopping.abort();
    clearInterval(this.#sweep);
    this.#spaces.stop();
    await Promise.all([...this.#homes.values()].map((home) => home.stop()));
    this.#typing.stop();
    this.#groups.stop();
    this.#presence.stop();
    const finished = this.#lanes.stop();
    await Promise.race([finished, pause(FINISH_MS)]);
    // What still waits for the network ends with its session.
    await this.#fleet.stop();
    await Promise.race([finished, pause(FINISH_MS / 3)]);
    await this.#inbox.flush(2000);
    await this.#leases.stop();
  }

  /** Whether it serves, and if not, why. */
  async readiness(): Promise<Readiness> {
    const reasons: string[] = [];
    if (!this.#started) reasons.push("the bridge is starting or stopping");
    if (this.#leases.shards().length === 0) reasons.push("no shard is leased: another bridge may hold them");
    await this.#o.store.ping().catch((error: unknown) => reasons.push(`Redis: ${asBridgeError(error).message}`));
    return { ready: reasons.length === 0, reasons };
  }

  async #wakeAll(): Promise<void> {
    await Promise.all(this.#leases.shards().map((shard) => this.#lanes.wakeShard(shard)));
  }

  /** A portal's rooms are others than before: where it has one its contact matters, and is shown as the puppet sees them. */
  #portalChanged(portal: PortalRecord): void {
    if (isGroup(portal.id)) return;
    this.#spaces.changed(portal.account);
    const ghost = ghostOf(portal.id);
    const homes = portal.rooms.map(({ home }) => this.#homes.get(home)).filter((home) => home !== undefined);
    this.#presence.watch(homes, ghost, portal.account);
    const account = this.#fleet.record(portal.account);
    const contact = this.#fleet.session(portal.account)?.contact(ghost.contact);
    if (account && contact && portal.rooms.length > 0) this.#see(account, contact);
  }

  #see(account: AccountRecord, contact: ContactSnapshot): void {
    this.#nicknames.see(account, contact);
    this.#presence.see(
      account.id,
      { network: account.network, contact: contact.address },
      contact.displayName,
      contact.presence,
    );
  }

  #puppetState(account: AccountRecord, state: PuppetState, previous: PuppetState): void {
    this.#rosters.state(account, state);
    this.#groups.state(account, state);
    this.#lanes.nudge((lane) => lane.kind === "out" && portalParts(lane.portal).account === account.id);
    if (state === "on") {
      this.#spaces.changed(account.id);
      this.#lookAgain(account).catch((error: unknown) =>
        this.#o.log.debug({ err: asBridgeError(error) }, "what was told before is not known"),
      );
      this.#showContacts(account).catch((error: unknown) => this.#o.log.warn({ err: error }, "contacts not shown"));
    } else if (previous === "on") {
      this.#presence.forget(account.id);
    }
    const why = this.#fleet.puppet(account.id)?.trouble.why;
    const news = this.#news.of(account, state, this.#titleOf(account), why);
    if (news !== undefined) this.#telling.all(account.owners, news, `${state}|${account.id}|${Date.now()}`);
  }

  /** What the owners were told before this sign-in and is over by now. */
  async #lookAgain(account: AccountRecord): Promise<void> {
    const session = this.#fleet.session(account.id);
    if (!session) return;
    // Another worker may have had the account meanwhile.
    this.#told.forget(account.id);
    await this.#absences.look(account, session);
    await this.#requests.look(account, session);
    await this.#nicknames.look(account, session);
    await this.#welcomes.look(account);
    await this.#invitations.look(account, session);
  }

  #titleOf(account: AccountRecord): string {
    return this.#networks.get(account.network)?.title ?? account.network;
  }

  async #showContacts(account: AccountRecord): Promise<void> {
    for (const portal of await this.#portals.ofAccount(account.id)) this.#portalChanged(portal);
  }

  #linked(account: AccountRecord, by: ResidentId, isNew: boolean): void {
    if (!isNew) {
      this.#linkNews.again(account, by);
      return;
    }
    this.#welcomes.linked(account, by);
    this.#groups.linked(account);
    this.#linkNews.linked(account, by);
  }

  #unlinked(account: AccountRecord, owners: readonly ResidentId[], by: ResidentId): void {
    this.#rosters.dropped(account, owners);
    this.#groups.unlinked(account, owners);
    this.#spaces.dropped(account, owners);
    this.#linkNews.unlinked(account, owners, by);
  }

  #placeOf(resident: ResidentId): string {
    const { home } = residentParts(resident);
    return this.#homes.get(home)?.title ?? home;
  }
}
