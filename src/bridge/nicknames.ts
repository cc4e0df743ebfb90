import type { Logger } from "pino";
import { asBridgeError } from "./errors.ts";
import type { AccountRecord, ContactAddress, ContactSnapshot, ResidentId } from "./model.ts";
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
  /** What was shown, or is about to be, by account and contact: the contact's own name and the nickname. */
  readonly #shown = new RecentMap<string, string>(REMEMBERED);
  /** One change of a room after the other. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(options: NicknamesOptions) {
    this.#o = options;
  }

  /** A contact as its owner's puppet sees them now. */
  see(account: AccountRecord, contact: ContactSnapshot): void {
    const nickname = contact.nickname ?? "";
    const isMarked = this.#o.told.peek(account.id)?.has(NICK + contact.address) ?? false;
    if (nickname === "" && !isMarked) return;
    const key = `${account.id} ${contact.address}`;
    // A home may write the contact's new name over the nickname: it is shown anew with each of either.
    const names = `${contact.displayName}\n${nickname}`;
    if (this.#shown.get(key) === names) return;
    this.#shown.set(key, names);
    const turn = (this.#running.get(key) ?? Promise.resolve())
      .then(() => this.#show(account, contact, nickname))
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
      const contact = session.contact(mark.slice(NICK.length) as ContactAddress);
      if (contact) this.see(account, contact);
    }
  }

  /** False: there is no room to show it in. */
  async #show(account: AccountRecord, contact: ContactSnapshot, nickname: string): Promise<boolean> {
    const { told, portals, homeOf } = this.#o;
    const home = homeOf(account.owner);
    if (!home || !showsNicknames(home)) return true;
    const ghost = { network: account.network, contact: contact.address };
    const room = roomFor(await portals.get(directPortal(account.id, ghost)), home.name, account.owner);
    if (!room) return false;
    // Marked first: a name that is shown and not known of would stay for ever.
    if (nickname !== "") await told.add(account.id, NICK + contact.address);
    await home.nameGhost(ghost, contact.displayName);
    await home.showNickname(room, ghost, nickname);
    if (nickname === "") await told.remove(account.id, [NICK + contact.address]);
    return true;
  }
}
