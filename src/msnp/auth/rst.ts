import { SERVICE_SITES, SITE, type TicketSite } from "./rst-request.ts";
import { checkToken, fetchTickets, renewTicket, ticketFor, ticketsBySite } from "./tickets.ts";
import { AuthError, type AuthProof, type AuthStrategy } from "./types.ts";

/** Tweener whose ticket comes by RST, MSNP12-14 (source: msnp-core §3.4). */
export const rst: AuthStrategy = {
  scheme: "TWN",
  async prove(challenge, context): Promise<AuthProof> {
    const text = challenge[0];
    if (text === undefined) throw new AuthError("ticket", "protocol", "The server sent no login challenge");
    const messenger: TicketSite = { address: SITE.messenger, policy: `?${text.replaceAll(",", "&")}` };
    const services = (context.sites ?? SERVICE_SITES).filter((site) => site.address !== SITE.messenger);
    const tickets = await fetchTickets([{ address: SITE.tokenRefresh }, messenger, ...services], context);
    const login = ticketFor(tickets, SITE.messenger);
    if (login === undefined) {
      throw new AuthError("ticket", "protocol", "The login server gave no ticket for the chat server");
    }
    return { args: ["TWN", "S", checkToken(login.token)], tickets: ticketsBySite(tickets) };
  },
  renew: renewTicket,
};
