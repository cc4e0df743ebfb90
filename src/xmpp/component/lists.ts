import type { Logger } from "pino";
import { asBridgeError } from "../../bridge/errors.ts";
import type { ResidentId } from "../../bridge/model.ts";
import { Gate, pause } from "../../bridge/waiting.ts";
import { residentJid } from "../convert/ghost.ts";
import type { StoredAct } from "../convert/stored.ts";
import { type BareJid, domainOf, type Jid } from "../jid.ts";
import type { ComponentLink } from "../link/component-link.ts";
import { type Grants, maySetRoster } from "../stanza/privilege.ts";
import type { Asking } from "./asking.ts";
import type { Blocks } from "./blocks.ts";
import type { PrivilegedRosters } from "./privileged.ts";
import type { Views } from "./views.ts";

export interface ListsOptions {
  readonly link: ComponentLink;
  readonly views: Views;
  readonly asking: Asking;
  readonly privileged: PrivilegedRosters;
  readonly blocks: Blocks;
  readonly grants: (domain: string) => Grants | undefined;
  /** How often the list of somebody who is there is looked at for what they have changed, ms. */
  readonly lookMs: number;
  readonly isThere: (who: BareJid) => boolean;
  /** Has changes of a contact list stored. Rejects with BridgeError. */
  readonly store: (acts: readonly StoredAct[]) => Promise<void>;
  /** The gateway has come onto a list: from now on their server tells it of them. */
  readonly introduced: (resident: ResidentId) => void;
  /** The server lets a contact through again: what was told of it before was not heard. */
  readonly freed: (resident: ResidentId, jid: BareJid) => void;
  readonly log: Logger;
}

/** Lists that are set or read at once. A long one does not hold up the others, nor what is told of presence. */
const AT_ONCE = 8;
const AGAIN_MS = 1000;
const STEPS = 10;

/** The lists themselves, not how those on them are: set where the server lets us, else asked for one by one. */
export class Lists {
  readonly #o: ListsOptions;
  /** Whose list is being worked on, and whether it has changed since. */
  readonly #working = new Map<ResidentId, boolean>();
  readonly #gate = new Gate(AT_ONCE);
  readonly #looks = new Gate(AT_ONCE);
  readonly #lookedAt = new Set<ResidentId>();
  readonly #stop = new AbortController();
  readonly #looking: NodeJS.Timeout;

  constructor(options: ListsOptions) {
    this.#o = options;
    let step = 0;
    this.#looking = setInterval(() => {
      this.#lookAtSome(step).catch((error: unknown) =>
        this.#o.log.debug({ err: asBridgeError(error) }, "contact lists not looked at"),
      );
      step = (step + 1) % STEPS;
    }, options.lookMs / STEPS);
    this.#looking.unref();
  }

  stop(): void {
    this.#stop.abort();
    this.#o.asking.stop();
    clearInterval(this.#looking);
  }

  /** Whether contacts are set on the lists of this server's people. */
  isSet(domain: string): boolean {
    return maySetRoster(this.#o.grants(domain)) && this.#o.privileged.works(domain);
  }

  /** Something on a person's list may have changed. */
  due(resident: ResidentId): void {
    if (this.#working.has(resident)) {
      this.#working.set(resident, true);
      return;
    }
    this.#working.set(resident, false);
    this.#work(resident).catch((error: unknown) => {
      this.#working.delete(resident);
      this.#o.log.error({ err: error }, "a contact list is not shown any more");
    });
  }

  async #work(resident: ResidentId): Promise<void> {
    // While the link is down there is nobody to ask; when it is back all lists are due.
    while (!this.#stop.signal.aborted && this.#o.link.isOnline) {
      this.#working.set(resident, false);
      try {
        if (await this.#gate.run(() => this.#list(resident))) this.#o.introduced(resident);
        if (!this.#working.get(resident)) break;
      } catch (error) {
        this.#o.log.debug({ err: asBridgeError(error) }, "a contact list could not be set; trying again");
        await pause(AGAIN_MS, this.#stop.signal);
      }
    }
    this.#working.delete(resident);
  }

  /** True: the gateway has come onto it. @throws BridgeError. */
  async #list(resident: ResidentId): Promise<boolean> {
    const { views, grants, privileged, asking } = this.#o;
    if (views.accounts(resident).length === 0) return false;
    const domain = domainOf(residentJid(resident) as string as Jid);
    const granted = grants(domain);
    if (maySetRoster(granted) && privileged.works(domain)) {
      const isOn = views.accounts(resident).some(({ state }) => state === "on");
      const hasCome = isOn && (await privileged.sync(resident, granted));
      if (privileged.works(domain)) return hasCome;
    }
    asking.contacts(resident);
    return false;
  }

  /** Spread evenly, so that no server is asked for all lists at once. Whose server does not answer holds up nobody else. */
  async #lookAtSome(step: number): Promise<void> {
    const { views, log } = this.#o;
    const some = [...views.residents()].filter((who, i) => i % STEPS === step && !this.#lookedAt.has(who));
    const looks = some.map((resident) => {
      this.#lookedAt.add(resident);
      return this.#looks
        .run(() => this.#look(resident))
        .catch((error: unknown) => log.debug({ err: asBridgeError(error) }, "a contact list was not looked at"))
        .finally(() => this.#lookedAt.delete(resident));
    });
    await Promise.all(looks);
  }

  async #look(resident: ResidentId): Promise<void> {
    const { isThere, grants, privileged, blocks, store, freed, link } = this.#o;
    const who = residentJid(resident);
    const granted = grants(domainOf(who as string as Jid));
    if (granted === undefined || !isThere(who) || !link.isOnline || this.#stop.signal.aborted) return;
    const changed = granted.roster === "both" ? await privileged.look(resident, granted) : [];
    if (changed.length > 0) await store(changed);
    for (const jid of await blocks.look(resident, granted)) freed(resident, jid);
  }
}
