import { type HttpResponse, redirectTarget } from "../transport/http.ts";
import { type RstVersion, rstRequest, SITE, type TicketSite } from "./rst-request.ts";
import { parseRstAnswer, type RstTicket } from "./rst-response.ts";
import { type AuthContext, AuthError, atStage, type ServiceTicket, type ServiceTickets } from "./types.ts";

const MAX_REDIRECTS = 5;

/** The ticket for a site; told apart by address, in any case (source: msnp-core §3.6). */
export function ticketFor(tickets: readonly RstTicket[], address: string): RstTicket | undefined {
  return tickets.find((ticket) => ticket.address.toLowerCase() === address);
}

/** Tickets by the address they are for; their proof keys stay behind. */
export function ticketsBySite(tickets: readonly RstTicket[]): ServiceTickets {
  return new Map(tickets.map(({ address, token, expires }) => [address.toLowerCase(), { token, expires }]));
}

/** A new ticket for a web service. Throws AuthError. */
export async function renewTicket(site: TicketSite, context: AuthContext): Promise<ServiceTicket | undefined> {
  const tickets = await fetchTickets([{ address: SITE.tokenRefresh }, site], context);
  return ticketsBySite(tickets).get(site.address.toLowerCase());
}

/** A ticket as an argument of USR. Throws AuthError for one that would break the line. */
export function checkToken(token: string): string {
  if (/\s/.test(token)) throw new AuthError("ticket", "protocol", "The login server's ticket is not one word");
  return token;
}

/** Asks for tickets, following the login server's redirects (source: msnp-core §3.6). Throws AuthError. */
export async function fetchTickets(sites: readonly TicketSite[], context: AuthContext): Promise<readonly RstTicket[]> {
  let url = context.rstUrl;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    context.onStage?.("auth-host");
    const answer = await post(url, sites, context);
    if ((answer.status === 404 || answer.status === 410) && context.rst2Url !== undefined && url !== context.rst2Url) {
      url = context.rst2Url;
      continue;
    }
    context.onStage?.("ticket");
    const next = redirectOf(answer) ?? readAnswer(answer);
    if (typeof next !== "string") return next;
    url = await atStage("ticket", async () => redirectTarget(answer.url, next));
  }
  throw new AuthError("ticket", "redirect-loop", "The login server redirects in a circle");
}

function post(url: string, sites: readonly TicketSite[], context: AuthContext): Promise<HttpResponse> {
  const version: RstVersion = /\/RST2\.srf$/i.test(URL.parse(url)?.pathname ?? "") ? 2 : 1;
  const account = { email: context.email, password: context.password() };
  const body = rstRequest(version, account, sites, Date.now());
  const headers = { "Content-Type": version === 1 ? "text/xml; charset=utf-8" : "application/soap+xml; charset=utf-8" };
  return atStage("auth-host", () =>
    context.http.request({ method: "POST", url, headers, body, signal: context.signal }),
  );
}

function redirectOf(answer: HttpResponse): string | undefined {
  const location = answer.headers.get("location");
  return answer.status >= 300 && answer.status < 400 && location !== null ? location : undefined;
}

/** Tickets, or the URL to ask instead. */
function readAnswer(answer: HttpResponse): readonly RstTicket[] | string {
  const isXml = answer.body.trimStart().startsWith("<") && !/^\s*<(!doctype|html)/i.test(answer.body);
  if (!isXml && answer.status !== 200) {
    const code = answer.status >= 500 || answer.status === 429 ? "server-busy" : "protocol";
    throw new AuthError("ticket", code, `The login server is out of order (HTTP ${answer.status})`);
  }
  const read = parseRstAnswer(answer.body, Date.now());
  return read.kind === "redirect" ? read.url : read.tickets;
}
