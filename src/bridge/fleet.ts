import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "./errors.ts";
import type { GroupWords } from "./groups/model.ts";
import type { Meter } from "./metrics.ts";
import type {
  AccountId,
  AccountRecord,
  Availability,
  ContactAddress,
  ContactSnapshot,
  NetworkName,
  Presence,
  PuppetState,
  ResidentId,
  Shard,
} from "./model.ts";
import { accountParts, shardOf } from "./model.ts";
import type { GroupHooks } from "./ports/groups.ts";
import type { Network, OfflineWords, OwnWords, Session } from "./ports/network.ts";
import type { Store, StoredContact } from "./ports/store.ts";
import { Puppet } from "./puppet.ts";
import { RecentMap } from "./recent.ts";
import type { Shown } from "./shown.ts";
import { parsePresence, shownPresence } from "./shown.ts";
import { backOff, Gate, pause } from "./waiting.ts";

export interface FleetEvents {
  /** Words for an account's owner; called in the tick of the socket read. */
  message(account: AccountRecord, message: GroupWords): void;
  ownMessage(account: AccountRecord, words: OwnWords): void;
  /** Words that waited; resolves when they are stored. */
  offline(account: AccountRecord, words: readonly OfflineWords[]): Promise<void>;
  request(account: AccountRecord, contact: ContactSnapshot): void;
  typing(account: AccountRecord, from: ContactAddress): void;
  contact(account: AccountRecord, contact: ContactSnapshot): void;
  state(account: AccountRecord, state: PuppetState, previous: PuppetState): void;
  /** Before the account signs in here; tried until it resolves. */
  prepare?(account: AccountRecord): Promise<void>;
  /** What a session of the account is to tell of groups; asked once per sign-in. */
  groups?(account: () => AccountRecord): GroupHooks;
  /** The account is another worker's from now on, or the bridge stops. */
  left?(account: AccountRecord): void;
  /** The account is this worker's from now on, signed in or not. */
  joined?(account: AccountRecord, state: PuppetState): void;
}

export interface FleetOptions {
  readonly store: Store;
  readonly networks: ReadonlyMap<NetworkName, Network>;
  readonly events: FleetEvents;
  /** Sign-ins per second of the whole fleet to a network. */
  readonly signInsPerSecond: (network: NetworkName) => number;
  /**
   * What the silence of an owner's home means: it always tells when they come and go, it may never tell, or it is not
   * served here.
   */
  readonly silence: (owner: ResidentId) => "away" | "unknown" | "no-home";
  /** How an account looks while its owner is offline at home. */
  readonly ownerOffline: Availability;
  readonly backOff: { readonly baseMs: number; readonly capMs: number };
  readonly meter: Meter;
  readonly log: Logger;
}

interface Member {
  record: AccountRecord;
  readonly puppet: Puppet;
  /** What the owners' homes say of them, as far as they have; used while the wish is `automatic`. */
  homes: ReadonlyMap<ResidentId, Presence>;
  /** What of that is stored. */
  kept: ReadonlyMap<ResidentId, Presence>;
  /** What the sign-in under way, or the last one, began with. */
  beganAs: Shown | undefined;
}

/** Presence changes are sent at most this often per account (msnp-core §6.2: one CHG per 2 s). */
const PRESENCE_PACE_MS = 2000;
/** A little slower than allowed: on their way sign-ins move together, and no second may see more than the limit. */
const PACE = 0.93;
const LOAD_BASE_MS = 200;
const LOAD_CAP_MS = 10_000;

/** The puppets of this worker: those of the accounts in the shards it holds. */
export class Fleet {
  readonly #o: FleetOptions;
  readonly #members = new Map<AccountId, Member>();
  readonly #shards = new Set<Shard>();
  /** Accounts that are being loaded, each by the last who began. */
  readonly #joining = new Map<AccountId, object>();
  readonly #waiting = new Map<NetworkName, number>();
  /** One puppet per network asks for the next sign-in, the others stand behind it. */
  readonly #turns = new Map<NetworkName, Gate>();
  /** Accounts whose presence was just sent; the newest goes out when the pause is over. */
  readonly #pacing = new Map<AccountId, { readonly timer: NodeJS.Timeout; again: boolean }>();
  /** What homes have said of owners last, also while their account was on its way. */
  readonly #said = new RecentMap<ResidentId, Presence>(20_000);

  constructor(options: FleetOptions) {
    this.#o = options;
  }

  puppet(account: AccountId): Puppet | undefined {
    return this.#members.get(account)?.puppet;
  }

  session(account: AccountId): Session | undefined {
    return this.#members.get(account)?.puppet.session;
  }

  record(account: AccountId): AccountRecord | undefined {
    return this.#members.get(account)?.record;
  }

  /** Whether the network is to see nothing of the account. */
  isHidden(account: AccountId): boolean {
    const member = this.#members.get(account);
    return member !== undefined && this.#shown(member).availability === "hidden";
  }

  /** Loads a shard's accounts and signs in those that nothing halts; tries until it can or the shard is dropped. */
  async takeShard(shard: Shard): Promise<void> {
    this.#shards.add(shard);
    for (let attempt = 0; this.#shards.has(shard); attempt += 1) {
      try {
        for (const record of await this.#o.store.accountsIn(shard)) await this.#join(record);
        return;
      } catch (error) {
        this.#o.log.warn({ err: asBridgeError(error), shard }, "accounts of a shard not loaded; trying again");
        await pause(backOff(attempt, LOAD_BASE_MS, LOAD_CAP_MS));
      }
    }
  }

  /** Signs a shard's puppets out; used when its lease is lost or the worker stops. */
  async dropShard(shard: Shard): Promise<void> {
    this.#shards.delete(shard);
    const gone = [...this.#members.values()].filter((member) => shardOf(member.record.id) === shard);
    await Promise.all(gone.map((member) => this.#leave(member)));
    for (const { record } of gone) if (!this.#members.has(record.id)) this.#o.events.left?.(record);
  }

  async stop(): Promise<void> {
    this.#shards.clear();
    await Promise.all([...this.#members.values()].map((member) => this.#leave(member)));
  }

  /** Signs in anew, with back-off, because this session cannot be listened to any longer. */
  reconnect(account: AccountId, why: string): void {
    this.#members.get(account)?.puppet.reconnect(why);
  }

  /** A new or relinked account: signs in with the new password. */
  async adopt(record: AccountRecord): Promise<void> {
    await this.remove(record.id);
    await this.#join(record);
  }

  async remove(account: AccountId): Promise<void> {
    this.#joining.delete(account);
    const member = this.#members.get(account);
    if (member) await this.#leave(member);
  }

  /** The owner wishes to be seen so, or automatically; wakes a puppet that was halted. */
  async wish(
    account: AccountId,
    availability: Availability | "automatic" | undefined,
    text: string | null | undefined,
  ): Promise<void> {
    const member = this.#members.get(account);
    if (!member) throw new BridgeError("not-here", { address: accountParts(account).address });
    const offline = availability === "offline";
    const wakes = availability !== undefined && !offline;
    await this.#o.store.update(account, {
      ...(availability !== undefined && !offline ? { wishedAvailability: availability } : {}),
      ...(offline ? { halt: "signed-out" as const } : wakes ? { halt: "none" as const } : {}),
      ...(text !== undefined ? { wishedText: text } : {}),
    });
    const record = await this.#o.store.account(account);
    // The account may have been unlinked, linked anew or lost with its shard meanwhile.
    const current = this.#members.get(account);
    if (!current) return;
    current.record = record ?? current.record;
    if (offline) return current.puppet.stop();
    if (wakes) current.puppet.start();
    this.#announce(current);
  }

  /** Signs in again an account that another place has signed out, or whose owner had; what it shows stays as wished. */
  async resume(account: AccountId): Promise<void> {
    if (!this.#members.has(account)) throw new BridgeError("not-here", { address: accountParts(account).address });
    await this.#o.store.update(account, { halt: "none" });
    const current = this.#members.get(account);
    if (!current) return;
    current.record = { ...current.record, halt: "none" };
    current.puppet.start();
  }

  /** What an owner's home says of the owner; kept, so that a restart does not show them otherwise. */
  homePresence(account: AccountId, owner: ResidentId, presence: Presence): void {
    this.#said.set(owner, presence);
    const member = this.#members.get(account);
    if (!member?.record.owners.includes(owner)) return;
    // Homes repeat themselves; the network and the store need not hear it.
    const home = member.homes.get(owner);
    if (home?.availability === presence.availability && home.text === presence.text && home.media === presence.media)
      return;
    member.homes = new Map([...member.homes, [owner, presence]]);
    this.#announce(member);
  }

  /** An owner has come or gone while the sign-in stays as it is. */
  owned(account: AccountId, owners: readonly ResidentId[]): void {
    const member = this.#members.get(account);
    if (!member) return;
    member.record = { ...member.record, owners };
    member.homes = new Map([...member.homes].filter(([owner]) => owners.includes(owner)));
    this.#announce(member);
  }

  /** Tells the network and the store at once, or, shortly after another time, the newest when the pause is over. */
  #announce(member: Member): void {
    const { id } = member.record;
    const running = this.#pacing.get(id);
    if (running) {
      running.again = true;
      return;
    }
    const timer = setTimeout(() => {
      this.#pacing.delete(id);
      if (pace.again) this.#announce(member);
    }, PRESENCE_PACE_MS);
    timer.unref();
    const pace = { timer, again: false };
    this.#pacing.set(id, pace);
    this.#tellPresence(member);
  }

  #tellPresence(member: Member): void {
    const { homes } = member;
    this.#show(member)
      .then(async () => {
        for (const [owner, home] of homes) {
          if (home === member.kept.get(owner)) continue;
          await this.#o.store.updateResident(owner, { presence: JSON.stringify(home) });
          member.kept = new Map([...member.kept, [owner, home]]);
        }
      })
      .catch((error: unknown) => this.#o.log.debug({ err: error, account: member.record.id }, "presence not set"));
  }

  members(): { record: AccountRecord; puppet: Puppet }[] {
    return [...this.#members.values()];
  }

  /** Figures for the meter. */
  measure(): void {
    const counts = new Map<string, { network: NetworkName; state: PuppetState; n: number }>();
    for (const { record, puppet } of this.#members.values()) {
      const key = `${record.network} ${puppet.state}`;
      const row = counts.get(key) ?? { network: record.network, state: puppet.state, n: 0 };
      row.n += 1;
      counts.set(key, row);
    }
    for (const network of this.#o.networks.keys()) {
      for (const state of ["signed-out", "signing-in", "on", "waiting", "elsewhere", "bad-password"] as const) {
        this.#o.meter.gauge("msnb_puppets", { network, state }, counts.get(`${network} ${state}`)?.n ?? 0);
      }
      this.#o.meter.gauge("msnb_reconnect_waiting", { network }, this.#waiting.get(network) ?? 0);
    }
  }

  async #join(record: AccountRecord): Promise<void> {
    const network = this.#o.networks.get(record.network);
    if (!network) {
      this.#o.log.warn({ account: record.id }, "the network of this account is not configured; it stays signed out");
      return;
    }
    if (this.#members.has(record.id)) return;
    const turn = {};
    this.#joining.set(record.id, turn);
    const owners = record.owners.filter((owner) => this.#o.silence(owner) !== "no-home");
    const [last] = await Promise.all([
      Promise.all(owners.map((owner) => this.#lastPresence(owner))),
      this.#prepare(record, turn),
    ]);
    const kept = new Map(last.filter((one) => one !== undefined));
    // The shard may have been lost, or the account have gone or come another way, meanwhile.
    if (this.#joining.get(record.id) !== turn) return;
    this.#joining.delete(record.id);
    if (!this.#shards.has(shardOf(record.id))) return;
    const puppet = this.#puppet(record, network, () => member);
    const said = owners.flatMap((owner) => {
      const presence = this.#said.get(owner);
      return presence ? [[owner, presence] as const] : [];
    });
    const member: Member = { record, puppet, homes: new Map([...kept, ...said]), kept, beganAs: undefined };
    this.#members.set(record.id, member);
    if (said.length > 0) this.#announce(member);
    if (record.halt === "none") member.puppet.start();
    this.#o.events.joined?.(record, puppet.state);
  }

  /** Until it works, or somebody else has begun with the account. */
  async #prepare(record: AccountRecord, turn: object): Promise<void> {
    const { events, log } = this.#o;
    for (let attempt = 0; this.#joining.get(record.id) === turn; attempt += 1) {
      try {
        await events.prepare?.(record);
        return;
      } catch (error) {
        log.warn({ err: asBridgeError(error), account: record.id }, "groups of an account not loaded; trying again");
        await pause(backOff(attempt, LOAD_BASE_MS, LOAD_CAP_MS));
      }
    }
  }

  async #lastPresence(owner: ResidentId): Promise<[ResidentId, Presence] | undefined> {
    try {
      const presence = parsePresence((await this.#o.store.resident(owner)).presence);
      return presence && [owner, presence];
    } catch (error) {
      this.#o.log.warn({ err: asBridgeError(error), owner }, "the owner's last presence is not known");
      return undefined;
    }
  }

  #puppet(record: AccountRecord, network: Network, member: () => Member): Puppet {
    const { events, store, log } = this.#o;
    const groups = events.groups?.(() => member().record);
    return new Puppet({
      record,
      network,
      password: () => store.password(record.id),
      turn: (signal) => this.#turn(record.network, signal),
      presence: () => {
        const shown = this.#shown(member());
        member().beganAs = shown;
        return shown;
      },
      hooks: {
        message: (message) => events.message(member().record, message),
        ownMessage: (words) => events.ownMessage(member().record, words),
        offline: (words) => events.offline(member().record, words),
        request: (contact) => events.request(member().record, contact),
        typing: (from) => events.typing(member().record, from),
        contact: (contact) => {
          // While signing in the whole list is on its way; it is kept in one write when it is there.
          if (member().puppet.state === "on") this.#keepContact(record.id, contact);
          events.contact(member().record, contact);
        },
        ...(groups && { groups }),
      },
      onState: (state, previous) => this.#entered(member(), state, previous),
      meter: this.#o.meter,
      log,
      backOff: this.#o.backOff,
    });
  }

  #entered(member: Member, state: PuppetState, previous: PuppetState): void {
    const { store, events, log } = this.#o;
    const halt = state === "bad-password" || state === "elsewhere" ? state : undefined;
    if (halt) {
      store.update(member.record.id, { halt }).catch((error: unknown) => log.warn({ err: error }, "halt not stored"));
      member.record = { ...member.record, halt };
    }
    if (state === "on") {
      this.#keepContacts(member);
      // What changed during the sign-in could not be told then.
      const { availability, text, media } = this.#shown(member);
      const isAsBegun = availability === member.beganAs?.availability && text === member.beganAs.text;
      if (!isAsBegun || media !== undefined) this.#announce(member);
    }
    events.state(member.record, state, previous);
  }

  /** The list as it is after signing in, in one write; single changes follow by {@link #keepContact}. */
  #keepContacts(member: Member): void {
    const session = member.puppet.session;
    if (!session) return;
    const contacts = [...session.contacts()].map(storedContact);
    this.#o.store
      .saveContacts(member.record.id, contacts)
      .catch((error: unknown) => this.#o.log.warn({ err: error }, "contact list not stored"));
  }

  #keepContact(account: AccountId, contact: ContactSnapshot): void {
    this.#o.store
      .saveContact(account, storedContact(contact))
      .catch((error: unknown) => this.#o.log.debug({ err: error }, "contact not stored"));
  }

  /** Waits for this network's next free sign-in of the whole fleet. */
  async #turn(network: NetworkName, signal: AbortSignal): Promise<void> {
    this.#waiting.set(network, (this.#waiting.get(network) ?? 0) + 1);
    const perSecond = this.#o.signInsPerSecond(network);
    const turns = this.#turns.get(network) ?? new Gate(1);
    this.#turns.set(network, turns);
    try {
      await turns.run(async () => {
        for (;;) {
          const wait = await this.#o.store.takeSignIn(network, perSecond * PACE, 1);
          if (wait === 0) return;
          await pause(wait, signal);
          signal.throwIfAborted();
        }
      }, signal);
    } finally {
      this.#waiting.set(network, (this.#waiting.get(network) ?? 1) - 1);
    }
  }

  #shown(member: Member): Shown {
    const { record, homes } = member;
    const mayBeElsewhere = record.owners.some((owner) => !homes.has(owner) && this.#o.silence(owner) === "unknown");
    return shownPresence(member, this.#o.ownerOffline, mayBeElsewhere);
  }

  async #show(member: Member): Promise<void> {
    const { availability, text, media } = this.#shown(member);
    try {
      await member.puppet.setPresence(availability, text, media);
    } catch (error) {
      // A session that ends just now: the next sign-in shows it.
      if (asBridgeError(error).code !== "network-down") throw error;
    }
  }

  async #leave(member: Member): Promise<void> {
    this.#members.delete(member.record.id);
    clearTimeout(this.#pacing.get(member.record.id)?.timer);
    this.#pacing.delete(member.record.id);
    await member.puppet.stop();
  }
}

function storedContact(contact: ContactSnapshot): StoredContact {
  const { address, displayName, nickname, listed, blocked, groups, presence } = contact;
  return { address, displayName, ...(nickname === undefined ? {} : { nickname }), listed, blocked, groups, presence };
}
