import type { Logger } from "pino";
import { asBridgeError } from "../../bridge/errors.ts";
import type { ResidentId } from "../../bridge/model.ts";
import { pause } from "../../bridge/waiting.ts";
import { type GhostJids, residentJid } from "../convert/ghost.ts";
import { type BareJid, domainOf, type Jid } from "../jid.ts";
import type { ComponentLink } from "../link/component-link.ts";
import { subscription } from "../stanza/presence.ts";
import type { Marks } from "./marks.ts";
import type { Views } from "./views.ts";

export interface AskingOptions {
  readonly link: ComponentLink;
  readonly names: GhostJids;
  /** What the gateway is called. */
  readonly name: string;
  readonly views: Views;
  /** Who has asked whom already. */
  readonly asked: Marks;
  /** Whether contacts are set on the lists of this server's people, so that nobody need be asked. */
  readonly isSet: (domain: string) => boolean;
  /** Pause between two questions to the people of one server, ms. */
  readonly paceMs: number;
  readonly log: Logger;
}

/** A ghost that asks: as somebody who asks its owner on the network, or because it is on their list there. */
interface Ask {
  readonly jid: BareJid;
  readonly words?: { readonly nick: string; readonly text: string };
}

/**
 * Ghosts that ask people to see them and to be seen (RFC 6121 §3.1). A list of hundreds would flood a person's clients, and
 * a thousand lists their server: one question after the other for each server, its people in turn, contacts only once.
 */
export class Asking {
  readonly #o: AskingOptions;
  /** By server and person. Bounded by the contacts that there are. */
  readonly #due = new Map<string, Map<ResidentId, Map<string, Ask>>>();
  readonly #running = new Set<string>();
  readonly #stop = new AbortController();

  constructor(options: AskingOptions) {
    this.#o = options;
  }

  /** The person's contacts, each unless it has asked before. */
  contacts(resident: ResidentId): void {
    const { views, names } = this.#o;
    for (const jid of [names.gateway, ...views.listed(resident)]) this.#put(resident, { jid });
  }

  /** Somebody on the network asks to be the person's contact. */
  request(resident: ResidentId, jid: BareJid, words: { readonly nick: string; readonly text: string }): void {
    this.#put(resident, { jid, words });
  }

  /** The link is there: what could not be asked before it. */
  online(): void {
    for (const domain of this.#due.keys()) this.#start(domain);
  }

  stop(): void {
    this.#stop.abort();
  }

  #put(resident: ResidentId, ask: Ask): void {
    const domain = domainOf(residentJid(resident) as string as Jid);
    const due = this.#due.get(domain) ?? new Map<ResidentId, Map<string, Ask>>();
    this.#due.set(domain, due);
    const asks = due.get(resident) ?? new Map<string, Ask>();
    due.set(resident, asks.set(keyOf(ask), ask));
    this.#start(domain);
  }

  #start(domain: string): void {
    if (this.#running.has(domain)) return;
    this.#running.add(domain);
    this.#work(domain)
      .catch((error: unknown) => this.#o.log.error({ err: error }, "nobody is asked any more"))
      .finally(() => {
        this.#running.delete(domain);
        // Put in while the last one was leaving.
        if (this.#due.has(domain) && this.#o.link.isOnline && !this.#stop.signal.aborted) this.#start(domain);
      });
  }

  async #work(domain: string): Promise<void> {
    const { paceMs, link, log } = this.#o;
    const { signal } = this.#stop;
    // Servers tell what they grant right after connecting.
    await pause(paceMs * 4, signal);
    for (let next = this.#next(domain); next; next = this.#next(domain)) {
      const { resident, ask, asks } = next;
      if (signal.aborted || !link.isOnline) break;
      asks.delete(keyOf(ask));
      try {
        if (await this.#ask(domain, resident, ask)) await pause(paceMs, signal);
      } catch (error) {
        asks.set(keyOf(ask), ask);
        log.debug({ err: asBridgeError(error) }, "a subscription could not be asked for; trying again");
        await pause(1000, signal);
      }
    }
  }

  /** One question of the person whose turn it is; the next is another's. */
  #next(domain: string): { resident: ResidentId; ask: Ask; asks: Map<string, Ask> } | undefined {
    const due = this.#due.get(domain);
    for (const [resident, asks] of due ?? []) {
      due?.delete(resident);
      const [ask] = asks.values();
      if (!ask) continue;
      due?.set(resident, asks);
      return { resident, ask, asks };
    }
    this.#due.delete(domain);
    return undefined;
  }

  /** False: there is nothing to ask any more. @throws BridgeError. */
  async #ask(domain: string, resident: ResidentId, { jid, words }: Ask): Promise<boolean> {
    const { link, names, name, views, asked, isSet } = this.#o;
    const ends = { from: jid, to: residentJid(resident) };
    if (words) {
      if (!views.request(resident, jid)) return false;
      // Whom a person has let in before, their server lets in again without asking them (RFC 6121 §3.1.3).
      const isKnown = await asked.has(resident, jid);
      const before = isKnown ? [subscription(ends, "unsubscribe")] : [];
      await link.sendSurely(...before, subscription(ends, "subscribe", words));
      if (isKnown) await asked.remove(resident, jid);
      return true;
    }
    if (views.accounts(resident).length === 0) return false;
    const contact = views.contact(resident, jid)?.contact;
    if (isSet(domain) || (jid !== names.gateway && !contact?.listed) || (await asked.has(resident, jid))) return false;
    const nick = jid === names.gateway ? name : contact?.displayName;
    await link.sendSurely(subscription(ends, "subscribe", nick === undefined ? {} : { nick }));
    await asked.add(resident, jid);
    return true;
  }
}

function keyOf({ jid, words }: Ask): string {
  return `${words ? "request" : "contact"} ${jid}`;
}
