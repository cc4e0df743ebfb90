import type { Email } from "../address.ts";
import { ServerError } from "../transport/error-codes.ts";
import type { Command } from "../wire/command.ts";
import { LIST_BITS } from "./contacts.ts";
import type { Core, Live } from "./core.ts";
import type { Line, ListWire, Named } from "./list-forms/types.ts";
import type { GuidBook } from "./lists-syn.ts";
import type { Privacy, RosterStrategy } from "./roster.ts";
import { RosterError } from "./roster-errors.ts";
import type { ListName, MsnContact } from "./types.ts";

/** Changes of lists on the wire, MSNP2-12 (source: msnp-core §5.3-§5.5). */
export class SynRoster implements RosterStrategy {
  readonly #core: Core;
  readonly #live: Live;
  readonly #wire: ListWire;
  readonly #guids: GuidBook;

  constructor(core: Core, live: Live, wire: ListWire, guids: GuidBook) {
    this.#core = core;
    this.#live = live;
    this.#wire = wire;
    this.#guids = guids;
  }

  async add(email: Email, options: { displayName?: string; groupIds: readonly string[] }): Promise<void> {
    if (options.groupIds.length > 0) this.#needGroups();
    await this.#put("FL", email, options.displayName);
    const lists = this.#core.contacts.all.get(email)?.lists;
    if (lists?.has("AL") !== true && lists?.has("BL") !== true) await this.#put("AL", email);
    for (const id of options.groupIds) await this.#putIntoGroup(email, id);
  }

  async remove({ email, groups }: MsnContact): Promise<void> {
    await this.#take("FL", email);
    if (groups.length > 0) this.#core.contacts.update(email, { groups: [] });
  }

  block(email: Email): Promise<void> {
    return this.#move(email, "AL", "BL");
  }

  unblock(email: Email): Promise<void> {
    return this.#move(email, "BL", "AL");
  }

  /** Nobody can be on both lists, so one leaves the one first (source: msnp-core §5.1). */
  async #move(email: Email, from: ListName, to: ListName): Promise<void> {
    const isOn = this.#core.contacts.all.get(email)?.lists.has(from) === true;
    if (isOn) await this.#drop(from, email);
    try {
      await this.#put(to, email);
    } finally {
      // Only now: on neither list, somebody who has asked would be taken for a new request.
      if (isOn) this.#core.contacts.changeLists(email, LIST_BITS[from], false);
    }
  }

  async rename({ email, displayName }: MsnContact, nickname: string): Promise<void> {
    const shown = nickname === "" ? displayName : nickname;
    await this.#send(this.#wire.rename(this.#named(email), shown));
    this.#core.contacts.update(email, { nickname: nickname === "" ? undefined : nickname });
  }

  async accept(contact: MsnContact): Promise<void> {
    await this.#move(contact.email, "BL", "AL");
    await this.#answered(contact);
  }

  async decline(contact: MsnContact): Promise<void> {
    await this.#move(contact.email, "AL", "BL");
    await this.#answered(contact);
  }

  /** Who was answered moves from PL to RL, where the dialect can say so (source: msnp-core §5.3). */
  async #answered({ email, lists }: MsnContact): Promise<void> {
    if (!this.#live.dialect.answersPending || !lists.has("PL")) return;
    await this.#put("RL", email);
    await this.#take("PL", email);
  }

  async createGroup(name: string): Promise<void> {
    this.#needGroups();
    const answer = await this.#send(this.#wire.addGroup(name));
    const group = this.#wire.newGroup(answer.args, name);
    if (group === undefined) throw new RosterError("refused", "The server did not say what it calls the new group");
    this.#core.contacts.putGroup(group.id, name);
  }

  async renameGroup(id: string, name: string): Promise<void> {
    await this.#send(this.#wire.renameGroup(id, name));
    this.#core.contacts.putGroup(id, name);
  }

  async deleteGroup(id: string): Promise<void> {
    await this.#send(["RMG", id]);
    this.#core.contacts.dropGroup(id);
  }

  async addToGroup({ email }: MsnContact, id: string): Promise<void> {
    await this.#putIntoGroup(email, id);
  }

  async removeFromGroup({ email }: MsnContact, id: string): Promise<void> {
    await this.#send(this.#wire.remove("FL", this.#named(email), id), [216, 225]);
    this.#core.contacts.changeGroup(email, id, false);
  }

  async setPrivacy(privacy: Privacy): Promise<void> {
    // 218: it is so already.
    await this.#send(["BLP", privacy === "allow-all" ? "AL" : "BL"], [218]);
    this.#core.contacts.privacy = privacy;
  }

  #needGroups(): void {
    const { name, groups } = this.#live.dialect;
    if (groups === "none") throw new RosterError("not-supported", `${name} has no groups`);
  }

  async #putIntoGroup(email: Email, id: string): Promise<void> {
    await this.#send(this.#wire.addToGroup(this.#named(email), id), [215]);
    this.#core.contacts.changeGroup(email, id, true);
  }

  /** Puts somebody on a list; to be there already is as good. */
  async #put(list: ListName, email: Email, displayName?: string): Promise<void> {
    const named = { ...this.#named(email), ...(displayName !== undefined && { displayName }) };
    const answer = await this.#send(this.#wire.add(list, named), [215]);
    this.#guids.remember(this.#wire.added(answer.args)?.guid, email);
    const known = this.#core.contacts.all.get(email);
    // Who is online has said how they are called.
    const isSeen = known !== undefined && known.status !== "FLN";
    const patch = displayName === undefined || isSeen ? {} : { displayName };
    this.#core.contacts.changeLists(email, LIST_BITS[list], true, patch);
  }

  async #take(list: ListName, email: Email): Promise<void> {
    await this.#drop(list, email);
    this.#core.contacts.changeLists(email, LIST_BITS[list], false);
  }

  /** Has somebody taken off a list; not to be there is as good (source: msnp-core §5.3 on 216). */
  async #drop(list: ListName, email: Email): Promise<void> {
    await this.#send(this.#wire.remove(list, this.#named(email)), [216]);
  }

  #named(email: Email): Named {
    const displayName = this.#core.contacts.all.get(email)?.displayName ?? email;
    return { email, displayName, guid: this.#guids.guidOf(email) };
  }

  /** The answer; an error line among `fine` counts as one without arguments. */
  async #send([name, ...args]: Line, fine: readonly number[] = []): Promise<Command> {
    try {
      return await this.#live.ns.request(name, args);
    } catch (error) {
      if (error instanceof ServerError && fine.includes(error.status)) return { name, args: [] };
      throw error;
    }
  }
}
