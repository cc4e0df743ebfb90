import { SERVICE_SITES, SITE } from "./rst-request.ts";
import { checkToken, fetchTickets, renewTicket, ticketFor, ticketsBySite } from "./tickets.ts";
import { AuthError, type AuthKnock, type AuthProof, type AuthStrategy } from "./types.ts";

/** How the one recorded client had its session kept (source: msnp21 §7.2). */
const QUERY = "SessionTimeout=21660&AutoIdleTimeout=960&Queue=system,chat";

/**
 * A ticket shown to the HTTP gateway instead of a proof, MSNP22: experimental. For which site it must be is not known;
 * the gateway's own name is the book's guess (source: msnp21 §7.2).
 */
export const web: AuthStrategy = {
  scheme: "WEB",
  async knock(gatewayUrl, context): Promise<AuthKnock> {
    const host = URL.parse(gatewayUrl)?.hostname ?? "";
    const tickets = await fetchTickets(
      [{ address: SITE.tokenRefresh }, { address: host, policy: "MBI_SSL" }, ...(context.sites ?? SERVICE_SITES)],
      context,
    );
    const shown = ticketFor(tickets, host);
    if (shown === undefined)
      throw new AuthError("ticket", "protocol", "The login server gave no ticket for the gateway");
    const headers = { "X-MSN-Auth": "Use-X-MSN-SslAuthToken", "X-MSN-SslAuthToken": checkToken(shown.token) };
    return { query: QUERY, headers, tickets: ticketsBySite(tickets) };
  },
  greeting: (_handle, machineGuid) => ["WEB", `{${machineGuid}}`],
  prove(): Promise<AuthProof> {
    return Promise.reject(new AuthError("ticket", "protocol", "The server asks for a proof that MSNP22 does not have"));
  },
  renew: renewTicket,
};
