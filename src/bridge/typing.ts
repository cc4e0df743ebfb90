import type { Fleet } from "./fleet.ts";
import type { AccountRecord, ContactAddress, PortalId, ResidentId } from "./model.ts";
import { portalParts } from "./model.ts";
import type { PortalDirectory } from "./portals.ts";
import { directPortal, ghostOf, roomFor } from "./portals.ts";
import type { Home } from "./ports/home.ts";
import { showsTyping } from "./ports/home.ts";
import { sendsTyping } from "./ports/network.ts";

/** A contact's typing fades after this unless it is told again (msnp-chat §1.7: sent every 4-5 s, expires after 6). */
const FADES_MS = 7000;
/** Nobody types for longer than this without a pause; ends a repeat whose end was never told. */
const LONGEST_MS = 120_000;

/** Typing both ways. Nothing of it is stored: a lost notice is followed by the next. */
export class Typing {
  readonly #fleet: Fleet;
  readonly #portals: PortalDirectory;
  readonly #homeOf: (resident: ResidentId) => Home | undefined;
  /** Residents who type now, by portal. */
  readonly #repeating = new Map<PortalId, { timer: NodeJS.Timeout; until: number }>();

  constructor(o: { fleet: Fleet; portals: PortalDirectory; homeOf: (resident: ResidentId) => Home | undefined }) {
    this.#fleet = o.fleet;
    this.#portals = o.portals;
    this.#homeOf = o.homeOf;
  }

  /** A resident types in a portal, or has stopped. Told to the contact at once and again while it lasts. */
  resident(portal: PortalId, typing: boolean): void {
    const running = this.#repeating.get(portal);
    if (running && typing) running.until = Date.now() + LONGEST_MS;
    else if (typing) this.#begin(portal);
    else this.#end(portal);
  }

  #begin(portal: PortalId): void {
    const { account } = portalParts(portal);
    const { contact } = ghostOf(portal);
    const session = this.#fleet.session(account);
    if (!session || !sendsTyping(session)) return;
    void session.sendTyping(contact);
    const timer = setInterval(() => {
      const now = this.#fleet.session(account);
      const state = this.#repeating.get(portal);
      if (state && Date.now() <= state.until && now && sendsTyping(now)) void now.sendTyping(contact);
      else this.#end(portal);
    }, session.typingRepeatMs);
    timer.unref();
    this.#repeating.set(portal, { timer, until: Date.now() + LONGEST_MS });
  }

  /** A contact types. Shown to each owner who has a room with them already. */
  async contact(account: AccountRecord, from: ContactAddress, typing: boolean): Promise<void> {
    const ghost = { network: account.network, contact: from };
    const portal = await this.#portals.get(directPortal(account.id, ghost));
    await Promise.all(
      account.owners.map(async (owner) => {
        const home = this.#homeOf(owner);
        const room = home && roomFor(portal, home.name, owner);
        if (home && showsTyping(home) && room) await home.showTyping(room.room, ghost, typing, FADES_MS);
      }),
    );
  }

  stop(): void {
    for (const portal of [...this.#repeating.keys()]) this.#end(portal);
  }

  #end(portal: PortalId): void {
    clearInterval(this.#repeating.get(portal)?.timer);
    this.#repeating.delete(portal);
  }
}
