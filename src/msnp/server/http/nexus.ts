import type { WebAnswer, WebRequest } from "./server.ts";
import { followRedirect } from "./soap.ts";

const SCHEME = "Passport1.4 ";

/** Tells where to log in (source: msnp-core §3.3). */
export function nexus(request: WebRequest): WebAnswer {
  const fault = request.strike("nexus", undefined);
  followRedirect(fault);
  if (fault !== undefined) return { status: 403 };
  return { status: 200, headers: { PassportURLs: `DALogin=${request.hub.httpUrl()}login` } };
}

/** The Passport 1.4 login, which gives a ticket for half a minute (source: msnp-core §3.3). */
export function login(request: WebRequest): WebAnswer {
  const { authorization } = request.headers;
  const credentials = authorization === undefined ? undefined : readCredentials(authorization);
  const fault = request.strike("login", credentials?.email);
  if (fault?.kind === "redirect") {
    return { status: 302, headers: { Location: fault.url, "Authentication-Info": `${SCHEME}da-status=redir` } };
  }
  if (credentials === undefined) return { status: 500 };
  const { hub } = request;
  const account = hub.directory.byEmail(credentials.email);
  if (fault !== undefined || account === undefined || !account.hasPassword(credentials.password)) {
    return { status: 401, headers: { "WWW-Authenticate": `${SCHEME}da-status=failed` } };
  }
  const ticket = hub.tickets.issue({ account }, hub.limits.nexusTicketMs);
  return { status: 200, headers: { "Authentication-Info": `${SCHEME}da-status=success,from-PP='${ticket}'` } };
}

/** `sign-in` and `pwd` among comma-separated, percent-encoded items; undefined when they are not there. */
function readCredentials(header: string): { email: string; password: string } | undefined {
  if (!header.startsWith(SCHEME)) return undefined;
  const items = new Map<string, string>();
  for (const item of header.slice(SCHEME.length).split(",")) {
    const at = item.indexOf("=");
    if (at > 0) items.set(item.slice(0, at).trim(), item.slice(at + 1));
  }
  const [email, password] = [items.get("sign-in"), items.get("pwd")];
  if (email === undefined || password === undefined) return undefined;
  try {
    return { email: decodeURIComponent(email), password: decodeURIComponent(password) };
  } catch {
    return undefined;
  }
}
