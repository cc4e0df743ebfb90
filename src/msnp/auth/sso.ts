import { describeError } from "../errors.ts";
import { rpsProof } from "./rps.ts";
import { SERVICE_SITES, SITE } from "./rst-request.ts";
import { checkToken, fetchTickets, renewTicket, ticketFor, ticketsBySite } from "./tickets.ts";
import { AuthError, type AuthProof, type AuthStrategy } from "./types.ts";

/** Tickets by RST and a proof of their secret, MSNP15+ (source: msnp-core §3.5). */
export const sso: AuthStrategy = {
  scheme: "SSO",
  async prove(challenge, context): Promise<AuthProof> {
    const [policy, nonce] = challenge;
    if (policy === undefined || nonce === undefined) {
      throw new AuthError("ticket", "protocol", "The server sent an incomplete login challenge");
    }
    const sites = [
      { address: SITE.tokenRefresh },
      { address: SITE.login, policy },
      ...(context.sites ?? SERVICE_SITES),
    ];
    const tickets = await fetchTickets(sites, context);
    const login = ticketFor(tickets, SITE.login);
    if (login?.secret === undefined) {
      throw new AuthError("ticket", "protocol", "The login server gave no ticket for the chat server");
    }
    const guid = context.dialect.endpoints ? [`{${context.machineGuid}}`] : [];
    return {
      args: ["SSO", "S", checkToken(login.token), proof(login.secret, nonce), ...guid],
      tickets: ticketsBySite(tickets),
    };
  },
  renew: renewTicket,
};

function proof(secret: string, nonce: string): string {
  try {
    return rpsProof(secret, nonce).response;
  } catch (error) {
    throw new AuthError("ticket", "protocol", describeError(error));
  }
}
