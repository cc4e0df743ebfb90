import type { Email, NetworkId } from "../address.ts";
import { describeError } from "../errors.ts";
import { addAddressBook, type BookContact } from "../soap/address-book.ts";
import * as edit from "../soap/address-book-edit.ts";
import type { MemberRole } from "../soap/membership.ts";
import { addMember, deleteMember } from "../soap/membership-edit.ts";
import { SoapError, type SoapOperation } from "../soap/service.ts";
import type { XmlElement } from "../soap/xml.ts";
import { ServerError } from "../transport/error-codes.ts";
import { bitsOf, LIST_BITS } from "./contacts.ts";
import type { Core, Live } from "./core.ts";
import { type ListForm, networkQuery, readNetwork } from "./list-payload.ts";
import type { Privacy, RosterStrategy } from "./roster.ts";
import { RosterError } from "./roster-errors.ts";
import { isSilence } from "./silence.ts";
import { noExtras, type SoapBook } from "./soap-book.ts";
import type { MsnContact } from "./types.ts";

const { FL, AL, BL, RL, PL } = LIST_BITS;
/** Error of a BLP that changes nothing (source: msnp-core §1.9). */
const ALREADY_SO = 218;

/** A part of a change, and how it is taken back. */
interface Step {
  run(): Promise<void>;
  undo?(): Promise<void>;
}

/**
 * Changes by web service, then told to the server by ADL and RML; MSNP13+ (source: msnp-core §5.6, msnp-chat §5.3, §5.4).
 * When a step fails, those before it are taken back, so that a change is made as a whole or not at all, and can be
 * repeated; then the lists are read again, should something have stayed behind. What is there already is no failure.
 */
class SoapRoster implements RosterStrategy {
  readonly #core: Core;
  readonly #live: Live;
  readonly #book: SoapBook;
  readonly #form: ListForm;

  constructor(core: Core, live: Live, book: SoapBook, form: ListForm) {
    this.#core = core;
    this.#live = live;
    this.#book = book;
    this.#form = form;
  }

  async add(
    email: Email,
    { groupIds, ...invitation }: { displayName?: string; message?: string; groupIds: readonly string[] },
  ): Promise<void> {
    const network = await this.#networkOf(email);
    const lists = bitsOf(this.#core.contacts.all.get(email)?.lists ?? new Set());
    const mayAllow = (lists & (AL | BL)) === 0;
    const bits = mayAllow ? FL | AL : FL;
    let unlist: (() => Promise<void>) | undefined;
    const group = async (id: string): Promise<void> =>
      this.#call("GroupSave", edit.addToGroup((await this.#entryRead(email)).id, id));
    await this.#change([
      {
        run: async () => {
          unlist = await this.#list(email, network, invitation);
        },
        undo: async () => unlist?.(),
      },
      ...(mayAllow ? [this.#joining("Allow", email, network)] : []),
      ...groupIds.map((id) => ({ run: () => group(id) })),
      this.#telling(email, network, bits),
    ]);
    const { displayName } = invitation;
    this.#core.contacts.changeLists(email, bits, true, { network, ...(displayName !== undefined && { displayName }) });
    for (const id of groupIds) this.#core.contacts.changeGroup(email, id, true);
  }

  async remove({ email, network }: MsnContact): Promise<void> {
    const entry = await this.#entryRead(email);
    await this.#change([{ run: () => this.#settled(["ContactDoesNotExist"], "Timer", edit.deleteContact(entry.id)) }]);
    this.#book.drop(email);
    await this.#untell(email, network, FL);
    this.#core.contacts.changeLists(email, FL, false, noExtras(this.#core, email));
  }

  block(email: Email): Promise<void> {
    return this.#move(email, "Allow", "Block");
  }

  unblock(email: Email): Promise<void> {
    return this.#move(email, "Block", "Allow");
  }

  async rename(contact: MsnContact, nickname: string): Promise<void> {
    const entry = await this.#entryRead(contact.email);
    await this.#change([{ run: () => this.#call("ContactSave", edit.renameContact(entry.id, nickname)) }]);
    this.#core.contacts.update(contact.email, { nickname: nickname === "" ? undefined : nickname });
  }

  accept(contact: MsnContact): Promise<void> {
    return this.#answer(contact, "Allow");
  }

  decline(contact: MsnContact): Promise<void> {
    return this.#answer(contact, "Block");
  }

  async createGroup(name: string): Promise<void> {
    let id = "";
    const run = async (): Promise<void> => {
      id = edit.parseNewId(await this.#answerOf("GroupSave", edit.addGroup(name)));
    };
    await this.#change([{ run }]);
    this.#core.contacts.putGroup(id, name);
  }

  async renameGroup(id: string, name: string): Promise<void> {
    await this.#change([{ run: () => this.#call("GroupSave", edit.renameGroup(id, name)) }]);
    this.#core.contacts.putGroup(id, name);
  }

  async deleteGroup(id: string): Promise<void> {
    await this.#change([{ run: () => this.#settled(["GroupDoesNotExist"], "Timer", edit.deleteGroup(id)) }]);
    this.#core.contacts.dropGroup(id);
  }

  async addToGroup({ email }: MsnContact, id: string): Promise<void> {
    const entry = await this.#entryRead(email);
    await this.#change([
      { run: () => this.#settled(["ContactAlreadyExists"], "GroupSave", edit.addToGroup(entry.id, id)) },
    ]);
    this.#core.contacts.changeGroup(email, id, true);
  }

  async removeFromGroup({ email }: MsnContact, id: string): Promise<void> {
    const entry = await this.#entryRead(email);
    await this.#change([
      { run: () => this.#settled(["ContactDoesNotExist"], "GroupSave", edit.removeFromGroup(entry.id, id)) },
    ]);
    this.#core.contacts.changeGroup(email, id, false);
  }

  async setPrivacy(privacy: Privacy): Promise<void> {
    const wanted = privacy === "allow-all" ? "AL" : "BL";
    const before = wanted === "AL" ? "BL" : "AL";
    await this.#change([
      {
        run: () => this.#call("PrivacyApply", edit.changePrivacy(wanted)),
        undo: () => this.#call("PrivacyApply", edit.changePrivacy(before)),
      },
      ...(this.#form.tellsSettings ? [{ run: () => this.#tellPrivacy(wanted) }] : []),
    ]);
    this.#core.contacts.privacy = privacy;
  }

  async #move(email: Email, from: "Allow" | "Block", to: "Allow" | "Block"): Promise<void> {
    const network = this.#book.network(this.#core, email);
    await this.#change(this.#moving(email, network, from, to));
    this.#moved(email, network, from, to);
  }

  /** From one of the lists of who may see the account to the other, in the order of official clients. */
  #moving(email: Email, network: NetworkId, from: "Allow" | "Block", to: "Allow" | "Block"): Step[] {
    const [off, on] = from === "Allow" ? [AL, BL] : [BL, AL];
    const lists = bitsOf(this.#core.contacts.all.get(email)?.lists ?? new Set());
    const isOn = (lists & off) !== 0;
    return [
      ...(isOn ? [this.#leaving(from, email, network)] : []),
      ...((lists & on) === 0 ? [this.#joining(to, email, network)] : []),
      ...(isOn ? [{ run: () => this.#untell(email, network, off), undo: () => this.#tell(email, network, off) }] : []),
      this.#telling(email, network, on),
    ];
  }

  /** The new list first: on neither, somebody who has asked would be taken for a new request. */
  #moved(email: Email, network: NetworkId, from: "Allow" | "Block", to: "Allow" | "Block"): void {
    this.#core.contacts.changeLists(email, to === "Allow" ? AL : BL, true, { network });
    this.#core.contacts.changeLists(email, from === "Allow" ? AL : BL, false);
  }

  /** The request goes last: as long as anything can fail, it can be answered again. */
  async #answer({ email, network }: MsnContact, role: "Allow" | "Block"): Promise<void> {
    const other = role === "Allow" ? "Block" : "Allow";
    await this.#change([
      ...this.#moving(email, network, other, role),
      {
        run: () => this.#settled(["MemberAlreadyExists"], "MessengerPendingList", addMember("Reverse", email, network)),
      },
      {
        run: () =>
          this.#settled(["MemberDoesNotExist"], "MessengerPendingList", deleteMember("Pending", email, network)),
      },
    ]);
    this.#moved(email, network, other, role);
    this.#core.contacts.changeLists(email, RL, true);
    this.#core.contacts.changeLists(email, PL, false);
  }

  /** Puts somebody on the forward list; gives the way to take that back. */
  async #list(
    email: Email,
    network: NetworkId,
    invitation: { displayName?: string; message?: string },
  ): Promise<() => Promise<void>> {
    try {
      const id = edit.parseNewId(await this.#adding(edit.addContact(email, network, invitation)));
      this.#book.put({ id, email, network, groupIds: [], isMessengerUser: true });
      return async () => {
        await this.#call("Timer", edit.deleteContact(id));
        this.#book.drop(email);
      };
    } catch (error) {
      if (!isFault(error, ["ContactAlreadyExists"])) throw error;
      // Left from a change that broke off, or made elsewhere.
      return await this.#revive(await this.#entryRead(email));
    }
  }

  /** ABContactAdd, making the address book where an official server wants one made first. */
  async #adding(operation: SoapOperation): Promise<XmlElement> {
    try {
      return await this.#answerOf("ContactSave", operation);
    } catch (error) {
      if (!isFault(error, ["ABDoesNotExist"])) throw error;
      await this.#call("Initial", addAddressBook(this.#core.self.email));
      return await this.#answerOf("ContactSave", operation);
    }
  }

  /** An entry of the address book that is no contact, as after a removal by some clients, becomes one. */
  async #revive(entry: BookContact): Promise<() => Promise<void>> {
    if (entry.isMessengerUser) return async () => undefined;
    const make = async (isMessengerUser: boolean): Promise<void> => {
      await this.#call("ContactSave", edit.changeMessengerUser(entry.id, isMessengerUser));
      this.#book.put({ ...entry, isMessengerUser });
    };
    await make(true);
    return () => make(false);
  }

  #joining(role: MemberRole, email: Email, network: NetworkId): Step {
    return {
      run: () => this.#settled(["MemberAlreadyExists"], "BlockUnblock", addMember(role, email, network)),
      undo: () => this.#settled(["MemberDoesNotExist"], "BlockUnblock", deleteMember(role, email, network)),
    };
  }

  #leaving(role: MemberRole, email: Email, network: NetworkId): Step {
    const { run, undo } = this.#joining(role, email, network);
    return { run: undo ?? run, undo: run };
  }

  #telling(email: Email, network: NetworkId, bits: number): Step {
    return { run: () => this.#tell(email, network, bits), undo: () => this.#untell(email, network, bits) };
  }

  async #tell(email: Email, network: NetworkId, bits: number): Promise<void> {
    const { ns } = this.#live;
    for (const payload of this.#form.changes([{ email, network, bits }])) {
      try {
        await ns.request("ADL", [], { payload });
      } catch (error) {
        if (!this.#form.isSilenceGood || !isSilence(error, ns)) throw error;
        this.#note(error);
      }
    }
  }

  /** The services' lists are what counts; a server that does not want to hear of a removal learns of it next time. */
  async #untell(email: Email, network: NetworkId, bits: number): Promise<void> {
    for (const payload of this.#form.changes([{ email, network, bits }])) {
      try {
        await this.#live.ns.request("RML", [], { payload });
      } catch (error) {
        if (!(error instanceof ServerError) && !isSilence(error, this.#live.ns)) throw error;
        this.#note(error);
      }
    }
  }

  async #tellPrivacy(privacy: "AL" | "BL"): Promise<void> {
    try {
      await this.#live.ns.request("BLP", [privacy]);
    } catch (error) {
      if (!(error instanceof ServerError) || error.status !== ALREADY_SO) throw error;
    }
  }

  /** Asks the server where the dialect can, else what is known; a server that does not say is no obstacle. */
  async #networkOf(email: Email): Promise<NetworkId> {
    const known = this.#book.network(this.#core, email);
    if (this.#core.contacts.all.has(email) || this.#live.dialect.presence.address === "plain") return known;
    try {
      return readNetwork((await this.#live.ns.request("FQY", [], { payload: networkQuery(email) })).payload);
    } catch (error) {
      if (!isSilence(error, this.#live.ns)) throw error;
      this.#note(error);
      return known;
    }
  }

  #entry(email: Email): BookContact {
    const entry = this.#book.entry(email);
    if (entry?.id) return entry;
    throw new RosterError("no-such-contact", `${email} is not in the address book`);
  }

  /** An entry's id, read from the services when it is not known. */
  async #entryRead(email: Email): Promise<BookContact> {
    if (!this.#book.entry(email)?.id) {
      await this.#book.learn(this.#live);
    }
    return this.#entry(email);
  }

  /** Runs the steps; when one fails, takes back those before it, and the failed one where it may have been done. */
  async #change(steps: readonly Step[]): Promise<void> {
    this.#book.version += 1;
    for (const [at, step] of steps.entries()) {
      try {
        await step.run();
      } catch (error) {
        const isCertain = error instanceof ServerError || (error instanceof SoapError && error.code !== "protocol");
        await this.#takeBack(steps.slice(0, isCertain ? at : at + 1).reverse());
        this.#book.version += 1;
        this.#book.refreshSoon();
        throw error;
      }
    }
    this.#book.version += 1;
  }

  async #takeBack(steps: readonly Step[]): Promise<void> {
    for (const { undo } of steps) {
      try {
        await undo?.();
      } catch (error) {
        this.#note(error);
      }
    }
  }

  #answerOf(scenario: string, operation: SoapOperation): Promise<XmlElement> {
    const service = operation.operation.endsWith("Member") ? "sharing" : "addressBook";
    return this.#live.web.book(service, operation, { scenario });
  }

  async #call(scenario: string, operation: SoapOperation): Promise<void> {
    await this.#answerOf(scenario, operation);
  }

  /** A call whose faults of these names say that all is as it was to be. */
  async #settled(done: readonly string[], scenario: string, operation: SoapOperation): Promise<void> {
    try {
      await this.#answerOf(scenario, operation);
    } catch (error) {
      if (!isFault(error, done)) throw error;
    }
  }

  #note(error: unknown): void {
    this.#core.options.trace?.("<<<", "SOAP", `Part of a change failed: ${describeError(error)}`);
  }
}

function isFault(error: unknown, names: readonly string[]): boolean {
  return error instanceof SoapError && error.fault !== undefined && names.includes(error.fault);
}

export function soapRoster(core: Core, live: Live, book: SoapBook, form: ListForm): RosterStrategy {
  return new SoapRoster(core, live, book, form);
}
