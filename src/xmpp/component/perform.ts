import type { Logger } from "pino";
import { asBridgeError, BridgeError } from "../../bridge/errors.ts";
import {
  type AccountRecord,
  type ContactChange,
  type GhostRef,
  type HomeName,
  type ResidentId,
  type RoomId,
  residentId,
} from "../../bridge/model.ts";
import type { RosterDesk } from "../../bridge/ports/home.ts";
import type { GhostJids } from "../convert/ghost.ts";
import type { StoredAct } from "../convert/stored.ts";
import { type BareJid, bare, domainOf } from "../jid.ts";
import type { ComponentLink } from "../link/component-link.ts";
import { type SubscriptionKind, subscription } from "../stanza/presence.ts";
import type { Marks } from "./marks.ts";
import type { RosterTeller } from "./rosters.ts";
import type { Views } from "./views.ts";

export interface PerformerOptions {
  readonly home: HomeName;
  readonly link: ComponentLink;
  readonly names: GhostJids;
  readonly views: Views;
  readonly teller: RosterTeller;
  readonly asked: Marks;
  /** Whether contacts are set on the lists of this server's people. */
  readonly isSet: (domain: string) => boolean;
  readonly desk: () => RosterDesk;
  /** Tells a person why something was not done: in `room` if they hear it now, without one until they do. */
  readonly say: (resident: ResidentId, room: RoomId | undefined, text: string, key: string) => Promise<unknown>;
  readonly log: Logger;
}

/** Carries out what people do to their contact lists, in its turn. Doing it again does no harm. */
export class Performer {
  readonly #o: PerformerOptions;

  constructor(options: PerformerOptions) {
    this.#o = options;
  }

  /** @throws BridgeError what passes by itself: the lane holds and calls again. */
  async perform(act: StoredAct): Promise<void> {
    const resident = residentId(this.#o.home, bare(act.from));
    try {
      if (act.to === this.#o.names.gateway) await this.#gateway(act, resident);
      else await this.#ghost(act, resident);
    } catch (error) {
      const cause = asBridgeError(error);
      if (cause.retry === "now" || cause.retry === "wait") throw cause;
      if (cause.code === "internal") throw cause;
      this.#o.log.info({ code: cause.code, act: act.act }, "a change of a contact list was refused");
      if (act.act === "subscribe") await this.#answer(act, "unsubscribed", cause.person);
      await this.#tell(act, resident, cause.person);
    }
  }

  /** Nothing is kept for strangers, whose server may never take it. */
  async #tell({ act, id, from, to }: StoredAct, resident: ResidentId, why: string): Promise<void> {
    const { names, views, say } = this.#o;
    const isKnown = views.accounts(resident).length > 0;
    const room = isKnown ? undefined : names.room(names.gateway, bare(from));
    const who = names.parse(to)?.contact ?? to;
    await say(resident, room, `${who}: ${why}`, `act|${from}|${to}|${act}|${id ?? ""}`);
  }

  /** Who sees the gateway, and whom it sees: everybody who wants to. */
  async #gateway(act: StoredAct, resident: ResidentId): Promise<void> {
    const { teller, link, names } = this.#o;
    const who = bare(act.from);
    if (act.act === "subscribe") {
      await this.#answer(act, "subscribed");
      await this.#answer(act, "subscribe");
      teller.tell(names.gateway, resident, who);
    }
    if (act.act === "subscribed") link.sendLoosely(subscription({ from: names.gateway, to: who }, "probe"));
    // Where lists are set, the gateway has been taken off it.
    if (act.act === "unregister" && this.#o.isSet(domainOf(act.from))) return;
    if (act.act === "unsubscribe" || act.act === "unregister") await this.#answer(act, "unsubscribed");
    if (act.act === "unregister") await this.#answer(act, "unsubscribe");
  }

  async #ghost(act: StoredAct, resident: ResidentId): Promise<void> {
    const ghost = this.#o.names.parse(act.to);
    if (ghost === undefined) throw new BridgeError("bad-address", { address: act.to });
    switch (act.act) {
      case "subscribe":
        return this.#subscribe(act, resident, ghost);
      case "subscribed":
        if (this.#o.views.accounts(resident).length > 0) await this.#o.asked.add(resident, act.to);
        return this.#answerRequest(act, resident, "accept");
      case "unsubscribed":
        return this.#answerRequest(act, resident, "decline");
      case "unsubscribe":
      case "roster-remove":
        return this.#remove(act, resident, ghost);
      case "block":
      case "unblock":
        return this.#change(resident, ghost, act.to, { kind: act.act });
      case "roster-rename":
        return this.#change(resident, ghost, act.to, { kind: "rename", nickname: act.text ?? "" });
      case "roster-groups":
        return this.#change(resident, ghost, act.to, { kind: "groups", groups: act.groups ?? [] });
    }
  }

  /** Who wants to see a contact has it on their list from then on. */
  async #subscribe(act: StoredAct, resident: ResidentId, ghost: GhostRef): Promise<void> {
    const { views, teller, asked } = this.#o;
    if (!views.contact(resident, act.to)?.contact.listed) {
      if (views.request(resident, act.to)) await this.#answerRequest(act, resident, "accept");
      else {
        const message = act.text === undefined || act.text === "" ? {} : { message: act.text };
        await this.#change(resident, ghost, act.to, { kind: "add", ...message });
      }
    }
    await this.#answer(act, "subscribed");
    if (!(await asked.has(resident, act.to))) await this.#answer(act, "subscribe");
    await asked.add(resident, act.to);
    teller.tell(act.to, resident, bare(act.from));
  }

  async #answerRequest(act: StoredAct, resident: ResidentId, kind: "accept" | "decline"): Promise<void> {
    const { views, desk } = this.#o;
    const request = views.request(resident, act.to);
    if (!request) return;
    await desk().change(request.account.id, request.ghost.contact, { kind });
    views.answered(resident, act.to);
  }

  async #remove(act: StoredAct, resident: ResidentId, ghost: GhostRef): Promise<void> {
    const { views, asked } = this.#o;
    if (views.contact(resident, act.to)?.contact.listed)
      await this.#change(resident, ghost, act.to, { kind: "remove" });
    await asked.remove(resident, act.to);
    await this.#answer(act, "unsubscribed");
    await this.#answer(act, "unsubscribe");
  }

  async #change(resident: ResidentId, ghost: GhostRef, jid: BareJid, change: ContactChange): Promise<void> {
    const account = await this.#accountFor(resident, ghost, jid);
    try {
      await this.#o.desk().change(account.id, ghost.contact, change);
    } catch (error) {
      // Done before, here or elsewhere.
      const code = asBridgeError(error).code;
      if (change.kind === "add" && code === "contact-known") return;
      if (change.kind === "remove" && code === "contact-unknown") return;
      throw error;
    }
  }

  /** The account that has the contact, else the first on its network. @throws BridgeError `not-linked`. */
  async #accountFor(resident: ResidentId, { network }: GhostRef, jid: BareJid): Promise<AccountRecord> {
    const known = this.#o.views.contact(resident, jid)?.account;
    if (known) return known;
    const accounts = await this.#o.desk().accounts(resident);
    const account = accounts.find((one) => one.network === network);
    if (!account) throw new BridgeError("not-linked");
    return account;
  }

  /** Surely: an answer that a broken link swallowed would leave the two lists apart for good. */
  #answer(act: StoredAct, type: SubscriptionKind, text?: string): Promise<void> {
    const ends = { from: act.to, to: bare(act.from) };
    return this.#o.link.sendSurely(subscription(ends, type, text === undefined ? {} : { text }));
  }
}
