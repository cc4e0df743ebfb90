import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { AccountRecord, ContactAddress, ContactSnapshot, ResidentId } from "./model.ts";
import { residentParts } from "./model.ts";
import type { PortalDirectory } from "./portals.ts";
import { directPortal, roomFor } from "./portals.ts";
import type { Home } from "./ports/home.ts";
import { showsNicknames } from "./ports/home.ts";
import type { Session } from "./ports/network.ts";
import { RecentMap } from "./recent.ts";
import type { Told } from "./told.ts";

const NICK = "nick|";
const REMEMBERED = 20_000;

export interface NicknamesOptions {
  readonly told: Told;
  readonly portals: PortalDirectory;
  readonly homeOf: (resident: ResidentId) => Home | undefined;
  readonly log: Logger;
}

/**
 * Owners' own names for contacts, each shown in its owner's room and nowhere else, because one ghost stands for a contact
 * of many owners. Which rooms have one is remembered, so that a name that was taken away elsewhere goes here as well.
 */
export class Nicknames {
  readonly #o: NicknamesOptions;
  /** What was shown, or is about to be, by account, contact and owner: the contact's own name and the nickname. */
  readonly #shown = new RecentMap<string, string>(REMEMBERED);
  /** One change of a room after the other. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(options: NicknamesOptions) {
    this.#o = options;
  }

  /** A contact as its owners' puppet sees them now. */
  see(account: AccountRecord, contact: ContactSnapshot): void {
    for (const owner of account.owners) this.#see(account, owner, contact);
  }

  #see(account: AccountRecord, owner: ResidentId, contact: ContactSnapshot): void {
    const nickname = contact.nickname ?? "";
    const isMarked = this.#o.told.peek(account.id)?.has(markOf(contact.address, owner)) ?? false;
    if (nickname === "" && !isMarked) return;
    const key = `${account.id} ${contact.address} ${owner}`;
    // A home may write the contact's new name over the nickname: it is shown anew with each of either.
    const names = `${contact.displayName}\n${nickname}`;
    if (this.#shown.get(key) === names) return;
    this.#shown.set(key, names);
    const turn = (this.#running.get(key) ?? Promise.resolve())
      .then(() => this.#show(account, owner, contact, nickname))
      .then(
        (done) => {
          if (!done) this.#shown.delete(key);
        },
        (error: unknown) => {
          this.#shown.delete(key);
          this.#o.log.debug({ err: asBridgeError(error) }, "own name of a contact not shown");
        },
      )
      .finally(() => {
        if (this.#running.get(key) === turn) this.#running.delete(key);
      });
    this.#running.set(key, turn);
  }

  /** The account is signed in: names that were given or taken away meanwhile. */
  async look(account: AccountRecord, session: Session): Promise<void> {
    const marks = await this.#o.told.of(account.id);
    for (const mark of marks) {
      if (!mark.startsWith(NICK)) continue;
      const contact = session.contact(contactOf(mark));
      if (contact) this.see(account, contact);
    }
  }

  /** False: there is no room to show it in. */
  async #show(account: AccountRecord, owner: ResidentId, contact: ContactSnapshot, nickname: string): Promise<boolean> {
    const { told, portals, homeOf } = this.#o;
    const home = homeOf(owner);
    if (!home || !showsNicknames(home)) return true;
    const ghost = { network: account.network, contact: contact.address };
    const room = roomFor(await portals.get(directPortal(account.id, ghost)), home.name, owner);
    if (!room) return false;
    // Marked first: a name that is shown and not known of would stay for ever.
    if (nickname !== "") await told.add(account.id, markOf(contact.address, owner));
    await home.nameGhost(ghost, contact.displayName);
    await home.showNickname(room, ghost, nickname);
    if (nickname === "") await told.remove(account.id, [markOf(contact.address, owner)]);
    return true;
  }
}

/** What remembers that an owner's room has a nickname. */
function markOf(contact: ContactAddress, owner: ResidentId): string {
  return `${NICK}${contact} ${residentParts(owner).home}`;
}

function contactOf(mark: string): ContactAddress {
  const [contact = ""] = mark.slice(NICK.length).split(" ");
  return contact as ContactAddress;
}
