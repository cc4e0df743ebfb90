import type { TicketSite } from "../auth/rst-request.ts";
import type { ServiceTicket, ServiceTickets } from "../auth/types.ts";
import { MsnpError } from "../errors.ts";

/** ms between two requests for a new ticket of the same service, so that a service that refuses all costs little. */
const RENEWAL_PAUSE = 60_000;
/** ms that a ticket past its time is trusted further, when the service takes it and not the new one. */
const TRUST = 60 * 60_000;

export type RenewTicket = (site: TicketSite) => Promise<ServiceTicket | undefined>;

/**
 * The tickets of one session, by service. A ticket that has run out or is refused is replaced once; when the new one is
 * refused as well, the old one stays: Escargot finds the session of a call by the ticket it signed in with, which holds
 * as long as the session, whatever was said of its end (source: msnp-chat §5.1).
 */
export class Tickets {
  readonly #bySite: Map<string, ServiceTicket>;
  readonly #renew: RenewTicket | undefined;
  readonly #renewing = new Map<string, Promise<ServiceTicket | undefined>>();
  readonly #renewedAt = new Map<string, number>();

  constructor(tickets: ServiceTickets = new Map(), renew?: RenewTicket) {
    this.#bySite = new Map(tickets);
    this.#renew = renew;
  }

  /** Whether there is a ticket for the service, or a way to get one. */
  has(site: TicketSite): boolean {
    return this.#renew !== undefined || this.#held(site) !== undefined;
  }

  /**
   * Runs a task with a ticket for the service, and a second time with another one when `isRefused` says that the first
   * was the trouble. Rejects with what the task rejects with, with AuthError, or MsnpError `no-ticket`.
   */
  async use<T>(
    site: TicketSite,
    task: (token: string) => Promise<T>,
    isRefused: (error: unknown) => boolean,
  ): Promise<T> {
    const held = this.#held(site);
    if (held === undefined) return await this.#withNew(site, task);
    if (held.expires > Date.now()) return await this.#refreshing(site, held, task, isRefused);
    const renewed = await this.#renewed(site);
    if (renewed === undefined) return await task(held.token);
    try {
      return await this.#keeping(site, renewed, task);
    } catch (error) {
      if (!isRefused(error)) throw error;
      return await this.#keeping(site, { token: held.token, expires: Date.now() + TRUST }, task);
    }
  }

  async #withNew<T>(site: TicketSite, task: (token: string) => Promise<T>): Promise<T> {
    const renewed = await this.#renew?.(site);
    if (renewed === undefined) throw new MsnpError("no-ticket", `There is no ticket for ${site.address}`);
    return await this.#keeping(site, renewed, task);
  }

  async #refreshing<T>(
    site: TicketSite,
    held: ServiceTicket,
    task: (token: string) => Promise<T>,
    isRefused: (error: unknown) => boolean,
  ): Promise<T> {
    try {
      return await task(held.token);
    } catch (error) {
      if (!isRefused(error)) throw error;
      const renewed = await this.#renewed(site);
      if (renewed === undefined || renewed.token === held.token) throw error;
      return await this.#keeping(site, renewed, task);
    }
  }

  /** A ticket that did its work becomes the service's ticket. */
  async #keeping<T>(site: TicketSite, ticket: ServiceTicket, task: (token: string) => Promise<T>): Promise<T> {
    const result = await task(ticket.token);
    this.#bySite.set(site.address.toLowerCase(), ticket);
    return result;
  }

  /** The service's own ticket, or any other: servers with one token for all give it under one name only. */
  #held(site: TicketSite): ServiceTicket | undefined {
    return this.#bySite.get(site.address.toLowerCase()) ?? this.#bySite.values().next().value;
  }

  /** A new ticket; undefined when none can be had, or was asked for a moment ago. Calls at the same time share one. */
  #renewed(site: TicketSite): Promise<ServiceTicket | undefined> {
    const key = site.address.toLowerCase();
    const underWay = this.#renewing.get(key);
    if (underWay !== undefined) return underWay;
    const isTooSoon = Date.now() - (this.#renewedAt.get(key) ?? Number.NEGATIVE_INFINITY) < RENEWAL_PAUSE;
    if (this.#renew === undefined || isTooSoon) return Promise.resolve(undefined);
    this.#renewedAt.set(key, Date.now());
    const renewal = this.#renew(site)
      .catch(() => undefined)
      .finally(() => this.#renewing.delete(key));
    this.#renewing.set(key, renewal);
    return renewal;
  }
}
