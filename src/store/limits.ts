import { createHash } from "node:crypto";
import { BridgeError } from "../bridge/errors.ts";
import type { AccountId, NetworkName, ResidentId } from "../bridge/model.ts";
import type { LinkTicket, LinkTicketStore, RateStore } from "../bridge/ports/store.ts";
import type { Secret } from "../bridge/secret.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";

const MAX_TICKETS = 5;
/** How long the repeat of a use is still answered as the first was; longer than any re-send can take. */
const USED_MS = 600_000;

/**
 * The fleet's sign-in bucket, by Redis' clock. When a link breaks at the wrong moment a token may be taken twice: the
 * fleet is then a moment slower, never faster.
 */
export class RedisRates implements RateStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;

  constructor(link: RedisLink, keys: Keyspace) {
    this.#link = link;
    this.#keys = keys;
  }

  async takeSignIn(network: NetworkName, perSecond: number, burst: number): Promise<number> {
    if (!(perSecond > 0) || !(burst >= 1))
      throw new BridgeError("bad-input", { detail: `a sign-in rate of ${perSecond}/s with bursts of ${burst}` });
    return Number(await this.#link.script("signInTake", [this.#keys.signIn(network)], [1000 / perSecond, burst]));
  }
}

/** One-time link pages; the token itself is never stored. */
export class RedisTickets implements LinkTicketStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;

  constructor(link: RedisLink, keys: Keyspace) {
    this.#link = link;
    this.#keys = keys;
  }

  async issueTicket(token: Secret, ticket: LinkTicket, ttlMs: number): Promise<void> {
    const hash = hashOf(token);
    await this.#link.script(
      "ticketIssue",
      [this.#keys.ticket(hash), this.#keys.ticketsOf(ticket.resident)],
      [
        hash,
        Math.ceil(ttlMs),
        MAX_TICKETS,
        this.#keys.ticketPrefix(),
        ticket.resident,
        ticket.account ?? "",
        ticket.purpose ?? "",
      ],
    );
  }

  async peekTicket(token: Secret): Promise<LinkTicket | undefined> {
    const key = this.#keys.ticket(hashOf(token));
    const [resident, account, purpose] = await this.#link.command("ticketPeek", (r) =>
      r.hmget(key, "resident", "account", "purpose"),
    );
    if (!resident) return undefined;
    return {
      resident: resident as ResidentId,
      ...(account ? { account: account as AccountId } : {}),
      ...(purpose === "puppet" ? { purpose } : {}),
    };
  }

  async tryTicket(token: Secret): Promise<number | undefined> {
    const tries = await this.#link.script("ticketTry", [this.#keys.ticket(hashOf(token))], [this.#link.request()]);
    return tries === 0 ? undefined : Number(tries);
  }

  async consumeTicket(token: Secret): Promise<boolean> {
    const hash = hashOf(token);
    const keys = [this.#keys.ticket(hash), this.#keys.ticketUsed(hash)];
    return (await this.#link.script("ticketConsume", keys, [this.#link.request(), USED_MS])) === 1;
  }
}

function hashOf(token: Secret): string {
  return createHash("sha256").update(token.open()).digest("base64url");
}
