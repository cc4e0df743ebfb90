import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { ResidentId } from "../../bridge/model.ts";
import { residentJid } from "../convert/ghost.ts";
import type { StoredAct } from "../convert/stored.ts";
import { type BareJid, bare, domainOf, type Jid, readJid } from "../jid.ts";
import type { ComponentLink } from "../link/component-link.ts";
import { StanzaRefusal } from "../link/requests.ts";
import { answerToPerson, asPersonAsks, type Grants, mayAsk } from "../stanza/privilege.ts";
import { el, elements, NS, type XmlElement } from "../stanza/xml.ts";
import type { Marks } from "./marks.ts";
import type { Views } from "./views.ts";

export interface BlocksOptions {
  readonly link: ComponentLink;
  readonly views: Views;
  /** Whom both the server and the network had as blocked when they were last alike. */
  readonly alike: Marks;
  readonly log: Logger;
}

export interface Compared {
  /** What is to be changed on the network. */
  readonly acts: readonly StoredAct[];
  /** Contacts that the server lets through again: what was told of them before was not heard. */
  readonly freed: readonly BareJid[];
}

const NOTHING: Compared = { acts: [], freed: [] };

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

  /** Has the server block what the network blocks; gives what is to be changed on the network. @throws BridgeError. */
  async look(resident: ResidentId, grants: Grants): Promise<Compared> {
    const who = residentJid(resident) as string as Jid;
    if (!mayAsk(grants, "get", NS.blocking) || this.#failing.has(domainOf(who))) return NOTHING;
    try {
      const list = await this.#ask(who, "get", el("blocklist", { xmlns: NS.blocking }));
      const there = elements(list?.getChild("blocklist", NS.blocking)).flatMap(({ attrs }) => readJid(attrs.jid) ?? []);
      return await this.#compare(resident, who, new Set(there.map(bare)), mayAsk(grants, "set", NS.blocking));
    } catch (error) {
      if (!(error instanceof StanzaRefusal)) throw error;
      this.#failing.add(domainOf(who));
      this.#o.log.warn({ err: error, resident }, "the server does not tell whom people block after all");
      return NOTHING;
    }
  }

  async #compare(resident: ResidentId, who: Jid, there: Set<BareJid>, maySet: boolean): Promise<Compared> {
    const { views, alike } = this.#o;
    const acts: StoredAct[] = [];
    const freed: BareJid[] = [];
    for (const jid of views.ghosts(resident)) {
      const view = views.contact(resident, jid);
      if (!view?.isOn) continue;
      const [before, server, network] = [await alike.has(resident, jid), there.has(jid), view.contact.blocked];
      if (server !== before) {
        if (server !== network) acts.push({ kind: "act", act: server ? "block" : "unblock", from: who, to: jid });
      } else if (network !== before) {
        if (!maySet) continue;
        const item = el("item", { jid });
        await this.#ask(who, "set", el(network ? "block" : "unblock", { xmlns: NS.blocking }, item));
        if (!network) freed.push(jid);
      } else continue;
      const now = server === before ? network : server;
      if (now) await alike.add(resident, jid);
      else await alike.remove(resident, jid);
    }
    return { acts, freed };
  }

  async #ask(who: Jid, type: "get" | "set", child: XmlElement): Promise<XmlElement | undefined> {
    return answerToPerson(await this.#o.link.request({ to: who, type }, asPersonAsks(type, randomUUID(), child)));
  }
}
