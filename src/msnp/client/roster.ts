import type { Email } from "../address.ts";
import type { Core, Live } from "./core.ts";
import { RosterError, toRosterError } from "./roster-errors.ts";
import type { MsnContact } from "./types.ts";

/** Who may see the account and call it, of people who are on neither list: everybody, or nobody. */
export type Privacy = "allow-all" | "allowed-only";

export interface AddOptions {
  /** Name to list the contact by until it is seen; default the address. */
  readonly displayName?: string;
  /** Words that go with the request, where the dialect can carry them. */
  readonly message?: string;
  /** Names of groups that exist. */
  readonly groups?: readonly string[];
}

/**
 * Editing the contact list. Changes are made one after the other, and the contact book follows only when the server has
 * said that it is so. All methods reject with RosterError.
 */
export interface Roster {
  /** Names by id. */
  readonly groups: ReadonlyMap<string, string>;
  /** Undefined until the lists were read. */
  readonly privacy: Privacy | undefined;
  /** People who have asked to be let in and wait for an answer. */
  readonly requests: readonly MsnContact[];
  /** Puts somebody on the forward list and, unless blocked, on the allow list; who has asked is let in by that. */
  add(email: Email, options?: AddOptions): Promise<void>;
  /** Takes somebody off the forward list; what they may see stays as it is. */
  remove(email: Email): Promise<void>;
  block(email: Email): Promise<void>;
  unblock(email: Email): Promise<void>;
  /** Gives a contact a name of one's own; an empty one takes it away. */
  rename(email: Email, nickname: string): Promise<void>;
  /** Lets somebody in who asked, and adds them as a contact. */
  accept(email: Email): Promise<void>;
  /** Turns somebody away who asked: they are blocked. */
  decline(email: Email): Promise<void>;
  createGroup(name: string): Promise<void>;
  renameGroup(name: string, to: string): Promise<void>;
  deleteGroup(name: string): Promise<void>;
  addToGroup(email: Email, name: string): Promise<void>;
  removeFromGroup(email: Email, name: string): Promise<void>;
  setPrivacy(privacy: Privacy): Promise<void>;
}

/**
 * How a family of dialects makes the changes. What cannot be is refused before a strategy hears of it: contacts are
 * listed, groups exist. A strategy changes the contact book itself, after the server's OK, and may reject with any error.
 */
export interface RosterStrategy {
  /** `email` is not on FL. Ends on FL, and on AL unless it is on BL. */
  add(email: Email, options: { displayName?: string; message?: string; groupIds: readonly string[] }): Promise<void>;
  /** `contact` is on FL. */
  remove(contact: MsnContact): Promise<void>;
  /** Not on BL; perhaps on no list at all. */
  block(email: Email): Promise<void>;
  /** On BL. */
  unblock(email: Email): Promise<void>;
  rename(contact: MsnContact, nickname: string): Promise<void>;
  /** From PL to RL, where there is a PL, and to AL. */
  accept(contact: MsnContact): Promise<void>;
  /** From PL to RL, where there is a PL, and to BL. */
  decline(contact: MsnContact): Promise<void>;
  createGroup(name: string): Promise<void>;
  renameGroup(id: string, name: string): Promise<void>;
  deleteGroup(id: string): Promise<void>;
  /** `contact` is on FL and not in the group. */
  addToGroup(contact: MsnContact, id: string): Promise<void>;
  /** `contact` is in the group. */
  removeFromGroup(contact: MsnContact, id: string): Promise<void>;
  setPrivacy(privacy: Privacy): Promise<void>;
}

/** Changes that may wait. */
const MAX_QUEUED = 100;
/** Bytes of an encoded name (source: msnp-core §1.5). */
const MAX_NAME = 387;

/** The roster of a client, whatever dialect it speaks. */
export class ClientRoster implements Roster {
  readonly #core: Core;
  readonly #strategy: (live: Live) => RosterStrategy | undefined;
  /** Who was told of as a request in this session. */
  readonly #told = new Set<Email>();
  #isLoaded = false;
  #tail: Promise<void> = Promise.resolve();
  #queued = 0;

  constructor(core: Core, strategy: (live: Live) => RosterStrategy | undefined) {
    this.#core = core;
    this.#strategy = strategy;
  }

  get groups(): ReadonlyMap<string, string> {
    return this.#core.contacts.groups;
  }

  get privacy(): Privacy | undefined {
    return this.#core.contacts.privacy;
  }

  get requests(): readonly MsnContact[] {
    return [...this.#core.contacts.all.values()].filter((contact) => this.#core.contacts.isRequest(contact));
  }

  /** A session begins: nothing was told yet. */
  reset(): void {
    this.#isLoaded = false;
    this.#told.clear();
  }

  /** The lists are read. */
  loaded(): void {
    this.#isLoaded = true;
    for (const contact of this.requests) this.contactChanged(contact);
  }

  /** Tells of a request when a contact has become one. */
  contactChanged(contact: MsnContact): void {
    if (!this.#isLoaded || !this.#core.contacts.isRequest(contact) || this.#told.has(contact.email)) return;
    this.#told.add(contact.email);
    this.#core.events.emit("request", contact);
  }

  add(email: Email, { displayName, message, groups = [] }: AddOptions = {}): Promise<void> {
    return this.#change(async (strategy) => {
      if (email === this.#core.self.email) throw new RosterError("refused", "Nobody can be their own contact");
      const contact = this.#contact(email);
      if (contact?.lists.has("FL")) throw new RosterError("already-there", `${email} is a contact already`);
      checkName(displayName ?? "");
      const groupIds = groups.map((name) => this.#groupId(name));
      if (contact?.lists.has("PL") && !contact.lists.has("BL")) await strategy.accept(contact);
      await strategy.add(email, {
        groupIds,
        ...(displayName !== undefined && displayName.trim() !== "" && { displayName }),
        ...(message !== undefined && { message }),
      });
    });
  }

  remove(email: Email): Promise<void> {
    return this.#change((strategy) => strategy.remove(this.#listed(email)));
  }

  block(email: Email): Promise<void> {
    return this.#change((strategy) => {
      if (this.#contact(email)?.lists.has("BL")) throw new RosterError("already-there", `${email} is blocked already`);
      return strategy.block(email);
    });
  }

  unblock(email: Email): Promise<void> {
    return this.#change((strategy) => {
      if (!this.#contact(email)?.lists.has("BL")) throw new RosterError("no-such-contact", `${email} is not blocked`);
      return strategy.unblock(email);
    });
  }

  rename(email: Email, nickname: string): Promise<void> {
    return this.#change((strategy) => {
      checkName(nickname);
      return strategy.rename(this.#listed(email), nickname.trim());
    });
  }

  accept(email: Email): Promise<void> {
    return this.#change(async (strategy) => {
      const contact = this.#asking(email);
      await strategy.accept(contact);
      if (!this.#contact(email)?.lists.has("FL")) await strategy.add(email, { groupIds: [], ...nameOf(contact) });
    });
  }

  decline(email: Email): Promise<void> {
    return this.#change((strategy) => strategy.decline(this.#asking(email)));
  }

  createGroup(name: string): Promise<void> {
    return this.#change((strategy) => strategy.createGroup(this.#newGroupName(name)));
  }

  renameGroup(name: string, to: string): Promise<void> {
    return this.#change((strategy) => strategy.renameGroup(this.#groupId(name), this.#newGroupName(to)));
  }

  deleteGroup(name: string): Promise<void> {
    return this.#change((strategy) => strategy.deleteGroup(this.#groupId(name)));
  }

  addToGroup(email: Email, name: string): Promise<void> {
    return this.#change((strategy) => {
      const [contact, id] = [this.#listed(email), this.#groupId(name)];
      if (contact.groups.includes(name)) throw new RosterError("already-there", `${email} is in that group already`);
      return strategy.addToGroup(contact, id);
    });
  }

  removeFromGroup(email: Email, name: string): Promise<void> {
    return this.#change((strategy) => {
      const [contact, id] = [this.#listed(email), this.#groupId(name)];
      if (!contact.groups.includes(name)) throw new RosterError("no-such-contact", `${email} is not in that group`);
      return strategy.removeFromGroup(contact, id);
    });
  }

  setPrivacy(privacy: Privacy): Promise<void> {
    return this.#change(async (strategy) => {
      if (this.privacy !== privacy) await strategy.setPrivacy(privacy);
    });
  }

  /** Runs a change after those before it. */
  #change(task: (strategy: RosterStrategy) => Promise<void>): Promise<void> {
    if (this.#queued >= MAX_QUEUED) {
      return Promise.reject(new RosterError("rate-limited", "Too many changes of the contact list wait"));
    }
    this.#queued += 1;
    const change = this.#tail.then(() => this.#run(task));
    const done = (): void => {
      this.#queued -= 1;
    };
    this.#tail = change.then(done, done);
    return change;
  }

  async #run(task: (strategy: RosterStrategy) => Promise<void>): Promise<void> {
    const { live } = this.#core;
    const strategy = live && this.#strategy(live);
    if (strategy === undefined) throw new RosterError("closed", "The account is not signed in");
    try {
      await task(strategy);
    } catch (error) {
      throw toRosterError(error);
    }
  }

  #contact(email: Email): MsnContact | undefined {
    return this.#core.contacts.all.get(email);
  }

  #listed(email: Email): MsnContact {
    const contact = this.#contact(email);
    if (contact?.lists.has("FL")) return contact;
    throw new RosterError("no-such-contact", `${email} is not a contact`);
  }

  #asking(email: Email): MsnContact {
    const contact = this.#contact(email);
    if (contact !== undefined && (this.#core.contacts.isRequest(contact) || contact.lists.has("PL"))) return contact;
    throw new RosterError("no-such-contact", `${email} has not asked for anything, or was answered already`);
  }

  #groupId(name: string): string {
    for (const [id, known] of this.groups) if (known === name) return id;
    throw new RosterError("no-such-group", "There is no group of that name");
  }

  #newGroupName(name: string): string {
    const wanted = name.trim();
    if (wanted === "") throw new RosterError("refused", "A group needs a name");
    for (const known of this.groups.values()) {
      if (known === wanted) throw new RosterError("group-exists", "There is a group of that name already");
    }
    return wanted;
  }
}

function nameOf({ email, displayName }: MsnContact): { displayName?: string } {
  return displayName === email ? {} : { displayName };
}

function checkName(name: string): void {
  if (encodeURIComponent(name.toWellFormed()).length <= MAX_NAME) return;
  throw new RosterError("refused", "The name is too long for this network");
}
