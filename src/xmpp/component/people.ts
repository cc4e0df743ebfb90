import type { Logger } from "pino";
import { asBridgeError } from "../../bridge/errors.ts";
import { type HomeName, type ResidentId, residentId } from "../../bridge/model.ts";
import type { HomeHost, RosterDesk } from "../../bridge/ports/home.ts";
import type { ProfileStore } from "../../bridge/ports/store.ts";
import { Clients } from "../clients.ts";
import { type BareJid, bare, type Jid, resourceOf } from "../jid.ts";
import type { ReadPresence } from "../stanza/presence.ts";

export interface PeopleOptions {
  readonly home: HomeName;
  readonly host: () => HomeHost;
  readonly desk: () => RosterDesk;
  readonly profiles: ProfileStore;
  readonly stayOn: boolean;
  readonly limit: number;
  readonly leaveMs: number;
  /** Whether they have an account linked. */
  readonly isKnown: (resident: ResidentId) => boolean;
  /** Somebody has come online, or is found to be; again when the first client comes that takes messages in. */
  readonly came: (resident: ResidentId) => void;
  readonly log: Logger;
}

interface Person {
  readonly clients: Clients;
  /** What they listen to. */
  media: string | undefined;
  leaving: NodeJS.Timeout | undefined;
}

/** People without an account who are kept in mind, because they may be about to link one. */
const STRANGERS = 1000;
/** In a resident's profile: `yes` or `no` to following them, and whether it was that which signed them out. */
const FOLLOWS = "follows";
const LEFT = "left";

/**
 * Who is there, with which clients. Tells the core what one person with several clients looks like, and has the accounts
 * of those who want it so sign in and out with them (XEP-0100 §4.4, §4.5).
 */
export class People {
  readonly #o: PeopleOptions;
  /** Who is there, or has been a moment ago. */
  readonly #people = new Map<BareJid, Person>();
  /** Who of them had no account when they came, oldest first. */
  readonly #strangers = new Set<BareJid>();
  /** Signing in and out, one after the other for each. */
  readonly #turns = new Map<ResidentId, Promise<void>>();
  #stopped = false;

  constructor(options: PeopleOptions) {
    this.#o = options;
  }

  /** Presence that came to the gateway. */
  heard(stanza: ReadPresence): void {
    const who = bare(stanza.from);
    const person = this.#people.get(who) ?? { clients: new Clients(), media: undefined, leaving: undefined };
    if (!this.#people.has(who) && this.#people.size >= this.#o.limit) {
      this.#o.log.warn({ limit: this.#o.limit }, "too many people are online: not everybody's presence is passed on");
      return;
    }
    this.#keep(who, person);
    const { isThere: wasThere, hears: heardBefore } = person.clients;
    person.clients.heard(stanza);
    this.#tell(who, person);
    const { isThere, hears } = person.clients;
    if (isThere && !wasThere) this.#came(who, person);
    else if (hears && !heardBefore) this.#o.came(this.#id(who));
    if (!isThere && wasThere) this.#left(who, person);
    // Who is gone, and was not known to be there, leaves nothing behind.
    if (!isThere && person.leaving === undefined) this.#drop(who);
  }

  /** Whoever likes can send presence: strangers take no more room than is theirs. */
  #keep(who: BareJid, person: Person): void {
    if (!this.#people.has(who) && !this.#o.isKnown(this.#id(who))) this.#strangers.add(who);
    this.#people.set(who, person);
    const [oldest] = this.#strangers;
    if (oldest === undefined || this.#strangers.size <= STRANGERS) return;
    this.#strangers.delete(oldest);
    if (this.#o.isKnown(this.#id(oldest))) return;
    clearTimeout(this.#people.get(oldest)?.leaving);
    this.#drop(oldest);
  }

  #drop(who: BareJid): void {
    this.#people.delete(who);
    this.#strangers.delete(who);
  }

  /** What they listen to; "" for nothing. */
  listens(who: BareJid, media: string): void {
    const person = this.#people.get(who);
    if (!person || (person.media ?? "") === media) return;
    person.media = media === "" ? undefined : media;
    this.#tell(who, person);
  }

  isThere(who: BareJid): boolean {
    return this.#people.get(who)?.clients.isThere ?? false;
  }

  /** Whether they have a client that takes messages in. */
  hears(who: BareJid): boolean {
    return this.#people.get(who)?.clients.hears ?? false;
  }

  /** Whether that very client is there. */
  isOn(client: Jid): boolean {
    return this.#people.get(bare(client))?.clients.has(resourceOf(client) ?? "") ?? false;
  }

  async follows(resident: ResidentId): Promise<boolean> {
    const { [FOLLOWS]: chosen } = await this.#o.profiles.resident(resident);
    return chosen === undefined || chosen === "" ? !this.#o.stayOn : chosen === "yes";
  }

  async setFollows(resident: ResidentId, follows: boolean): Promise<void> {
    await this.#o.profiles.updateResident(resident, { [FOLLOWS]: follows ? "yes" : "no" });
    if (!follows) await this.#bringBack(resident);
  }

  /**
   * The link is there again: a server that was restarted says nothing of those who are gone since. All are asked after;
   * whoever does not turn out to be there soon has left.
   */
  online(): void {
    for (const [who, person] of this.#people) {
      person.clients.clear();
      this.#left(who, person);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const { leaving } of this.#people.values()) clearTimeout(leaving);
  }

  #tell(who: BareJid, person: Person): void {
    const { presence } = person.clients;
    const media = person.media === undefined ? {} : { media: person.media };
    this.#o.host().presence(this.#id(who), { ...presence, ...media });
  }

  #came(who: BareJid, person: Person): void {
    clearTimeout(person.leaving);
    person.leaving = undefined;
    this.#o.came(this.#id(who));
    this.#run(this.#id(who), (resident) => this.#bringBack(resident));
  }

  /** Clients come and go as networks do: only who stays away has left. */
  #left(who: BareJid, person: Person): void {
    clearTimeout(person.leaving);
    person.leaving = setTimeout(() => {
      if (this.#stopped || person.clients.isThere) return;
      this.#drop(who);
      this.#tell(who, person);
      this.#run(this.#id(who), (resident) => this.#takeAlong(who, resident));
    }, this.#o.leaveMs);
    person.leaving.unref();
  }

  async #takeAlong(who: BareJid, resident: ResidentId): Promise<void> {
    if (this.isThere(who) || !(await this.follows(resident))) return;
    const accounts = await this.#o.desk().accounts(resident);
    const on = accounts.filter(({ halt }) => halt === "none");
    if (on.length === 0) return;
    // What the owner has signed out themselves stays so when they come back; what could not come back last time comes then.
    const { [LEFT]: left = "" } = await this.#o.profiles.resident(resident);
    const leaving = new Set([...left.split("\n"), ...on.map(({ id }) => id)]);
    const ids = accounts.map(({ id }) => id).filter((id) => leaving.has(id));
    await this.#o.profiles.updateResident(resident, { [LEFT]: ids.join("\n").slice(0, 4000) });
    for (const { id } of on) await this.#o.desk().signOut(id, resident);
  }

  async #bringBack(resident: ResidentId): Promise<void> {
    const { [LEFT]: left = "" } = await this.#o.profiles.resident(resident);
    if (left === "") return;
    const ids = new Set(left.split("\n"));
    for (const { id } of await this.#o.desk().accounts(resident)) if (ids.has(id)) await this.#o.desk().signIn(id);
    await this.#o.profiles.updateResident(resident, { [LEFT]: "" });
  }

  #run(resident: ResidentId, task: (resident: ResidentId) => Promise<void>): void {
    const before = this.#turns.get(resident) ?? Promise.resolve();
    const turn = before
      .then(() => task(resident))
      .catch((error: unknown) =>
        this.#o.log.warn({ err: asBridgeError(error) }, "an account could not follow its owner"),
      )
      .finally(() => {
        if (this.#turns.get(resident) === turn) this.#turns.delete(resident);
      });
    this.#turns.set(resident, turn);
  }

  #id(who: BareJid): ResidentId {
    return residentId(this.#o.home, who);
  }
}
