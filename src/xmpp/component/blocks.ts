import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { ResidentId } from "../../bridge/model.ts";
import { residentJid } from "../convert/ghost.ts";
import type { StoredAct } from "../convert/stored.ts";
import { type BareJid, bare, domainOf, type Jid, readJid } from "../jid.ts";
import type { ComponentLink } from "../link/component-link.ts";
import { StanzaRefusal } from "../link/requests.ts";
import { errorCondition } from "../stanza/errors.ts";
import { answerToPerson, asPersonAsks, type Grants, mayAsk } from "../stanza/privilege.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";
import type { Marks } from "./marks.ts";
import type { Views } from "./views.ts";

export interface BlocksOptions {
  readonly link: ComponentLink;
  readonly views: Views;
  /** Whom both the server and the network had as blocked when they were last alike. */
  readonly alike: Marks;
  /** Has changes of a contact list stored. Rejects with BridgeError. */
  readonly store: (acts: readonly StoredAct[]) => Promise<void>;
  readonly log: Logger;
}

/**
 * Clients block at their own server (XEP-0191), which tells nobody. Where the server lets the bridge ask in people's names
 * (XEP-0356 §6.5), its list and the network's are kept alike: what has changed on one side since they last were goes to
 * the other.
 */
export class Blocks {
  readonly #o: BlocksOptions;
  readonly #failing = new Set<string>();

  constructor(options: BlocksOptions) {
    this.#o = options;
  }

  /** The link was down: the server may be another. */
  reset(): void {
    this.#failing.clear();
  }

  /** What was alike says nothing of other accounts than those. @throws BridgeError `store-down`. */
  async forget(resident: ResidentId): Promise<void> {
    await this.#o.alike.clear(resident);
  }

  /**
   * Has each side block what the other blocks. Gives the contacts that the server lets through again: what was told of them
   * before was not heard. @throws BridgeError.
   */
  async look(resident: ResidentId, grants: Grants): Promise<readonly BareJid[]> {
    const who = residentJid(resident) as string as Jid;
    if (!mayAsk(grants, "get", NS.blocking) || this.#failing.has(domainOf(who))) return [];
    try {
      const list = (await this.#ask(who, "get", el("blocklist", { xmlns: NS.blocking }))).getChild(
        "blocklist",
        NS.blocking,
      );
      if (list === undefined) throw new StanzaRefusal("undefined-condition", "there is no list in the answer");
      const there = elements(list).flatMap(({ attrs }) => readJid(attrs.jid) ?? []);
      return await this.#compare(resident, who, new Set(there.map(bare)), mayAsk(grants, "set", NS.blocking));
    } catch (error) {
      if (!(error instanceof StanzaRefusal)) throw error;
      this.#failing.add(domainOf(who));
      this.#o.log.warn({ err: error, resident }, "the server does not tell whom people block after all");
      return [];
    }
  }

  async #compare(resident: ResidentId, who: Jid, there: Set<BareJid>, maySet: boolean): Promise<readonly BareJid[]> {
    const { views, alike, store } = this.#o;
    const freed: BareJid[] = [];
    for (const jid of views.ghosts(resident)) {
      const view = views.contact(resident, jid);
      if (!view?.isOn) continue;
      const [before, server, network] = [await alike.has(resident, jid), there.has(jid), view.contact.blocked];
      if (server !== before) {
        // Stored before it is noted: noted alone, it would be taken for the network's will at the next look.
        if (server !== network) await store([{ kind: "act", act: server ? "block" : "unblock", from: who, to: jid }]);
      } else if (network !== before) {
        if (!maySet || !(await this.#set(who, jid, network))) continue;
        if (!network) freed.push(jid);
      } else continue;
      const now = server === before ? network : server;
      if (now) await alike.add(resident, jid);
      else await alike.remove(resident, jid);
    }
    return freed;
  }

  /** False: the server does not do it. @throws BridgeError `home-down`. */
  async #set(who: Jid, jid: BareJid, blocked: boolean): Promise<boolean> {
    const item = el("item", { jid });
    try {
      await this.#ask(who, "set", el(blocked ? "block" : "unblock", { xmlns: NS.blocking }, item));
      return true;
    } catch (error) {
      if (!(error instanceof StanzaRefusal)) throw error;
      this.#o.log.warn({ err: error, who }, "the server does not block for somebody, or does not end it");
      return false;
    }
  }

  /** @throws StanzaRefusal when the bridge may not ask, or the person would have been refused; BridgeError `home-down`. */
  async #ask(who: Jid, type: "get" | "set", child: XmlElement): Promise<XmlElement> {
    const told = await this.#o.link.request({ to: who, type }, asPersonAsks(type, randomUUID(), child));
    const answer = answerToPerson(told);
    if (answer?.attrs.type === "result") return answer;
    const { condition, text } = errorCondition(answer ?? told);
    throw new StanzaRefusal(condition, text);
  }
}
