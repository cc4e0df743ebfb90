import type { Logger } from "pino";
import { type HomeName, type ResidentId, residentId } from "../../bridge/model.ts";
import type { HomeHost } from "../../bridge/ports/home.ts";
import { Clients } from "../clients.ts";
import { type BareJid, bare } from "../jid.ts";
import type { ClientLink } from "../link/client-link.ts";
import { type ReadPresence, readPresence } from "../stanza/presence.ts";
import { el, type XmlElement } from "../stanza/xml.ts";

export interface ResidentsOptions {
  readonly home: HomeName;
  readonly account: BareJid;
  readonly personal: boolean;
  readonly link: () => Pick<ClientLink, "sendLoosely" | "jid">;
  readonly host: () => HomeHost;
  readonly mayLink: (resident: ResidentId) => boolean;
  readonly limit: number;
  readonly log: Logger;
}

/** How long after a new session everybody who is there has been told of, ms. */
const TOLD_MS = 15_000;

/**
 * How residents are: a relay account sees those who have it among their contacts, and wants to see them in turn; an
 * account of one's own sees one's other clients.
 */
export class Residents {
  readonly #o: ResidentsOptions;
  readonly #people = new Map<BareJid, Clients>();
  #late: NodeJS.Timeout | undefined;

  constructor(options: ResidentsOptions) {
    this.#o = options;
  }

  /** A presence from outside of the rooms. */
  take(stanza: XmlElement): void {
    const read = readPresence(stanza);
    if (read === undefined) return;
    const who = bare(read.from);
    const { account, personal } = this.#o;
    if ((who === account) !== personal || read.from === this.#o.link().jid) return;
    if (read.type === "subscribe") this.#asked(who);
    else if (["available", "unavailable", "invisible"].includes(read.type)) this.#seen(who, read);
  }

  /** A new session: who is there is told anew, and who is not told of has left. */
  reset(): void {
    const before = [...this.#people.keys()];
    this.#people.clear();
    clearTimeout(this.#late);
    this.#late = setTimeout(() => {
      const gone = before.filter((who) => !this.#people.has(who));
      for (const who of gone) this.#o.host().presence(this.#id(who), new Clients().presence);
    }, TOLD_MS);
    this.#late.unref();
  }

  stop(): void {
    clearTimeout(this.#late);
  }

  #asked(who: BareJid): void {
    const { link, mayLink } = this.#o;
    const welcome = mayLink(this.#id(who));
    link().sendLoosely(el("presence", { to: who, type: welcome ? "subscribed" : "unsubscribed" }));
    if (welcome) link().sendLoosely(el("presence", { to: who, type: "subscribe" }));
  }

  #seen(who: BareJid, read: ReadPresence): void {
    const clients = this.#people.get(who) ?? new Clients();
    if (!this.#people.has(who) && this.#people.size >= this.#o.limit) {
      this.#o.log.warn({ limit: this.#o.limit }, "too many people are online: not everybody's presence is passed on");
      return;
    }
    const wasThere = clients.isThere;
    clients.heard(read);
    if (!clients.isThere && !wasThere) return;
    if (clients.isThere) this.#people.set(who, clients);
    else this.#people.delete(who);
    this.#o.host().presence(this.#id(who), clients.presence);
  }

  #id(who: BareJid): ResidentId {
    return residentId(this.#o.home, who);
  }
}
