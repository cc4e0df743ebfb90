import { type HttpResponse, redirectTarget } from "../transport/http.ts";
import { SITE } from "./rst-request.ts";
import { type AuthContext, AuthError, type AuthProof, type AuthStrategy, atStage } from "./types.ts";

const MAX_REDIRECTS = 5;

/** Passport 1.4 over Nexus, MSNP8-11 (source: msnp-core §3.3). */
export const tweener: AuthStrategy = {
  scheme: "TWN",
  async prove(challenge, context): Promise<AuthProof> {
    const text = challenge[0];
    if (text === undefined) throw new AuthError("ticket", "protocol", "The server sent no login challenge");
    context.onStage?.("auth-host");
    const login = await findLoginServer(context);
    context.onStage?.("ticket");
    const ticket = await fetchTicket(login, text, context);
    // How long it lasts is not said; as long as the session (source: msnp-core §9.2).
    const forServices = { token: ticket, expires: Number.MAX_SAFE_INTEGER };
    return { args: ["TWN", "S", ticket], tickets: new Map([[SITE.messenger, forServices]]) };
  },
};

async function findLoginServer(context: AuthContext): Promise<string> {
  const answer = await atStage("auth-host", () =>
    context.http.request({ method: "GET", url: context.nexusUrl, signal: context.signal }),
  );
  const login = parsePassportUrls(answer.headers.get("passporturls"));
  if (answer.status >= 500)
    throw new AuthError("auth-host", "server-busy", "The login directory (Nexus) is out of order");
  if (login === undefined && answer.status >= 400) {
    throw new AuthError("auth-host", "refused", `The login directory (Nexus) refuses (HTTP ${answer.status})`);
  }
  if (login === undefined)
    throw new AuthError("auth-host", "protocol", "The login directory (Nexus) names no login server");
  // The password goes there.
  return await atStage("auth-host", async () => redirectTarget(answer.url, login));
}

/** The `DALogin` of a PassportURLs header; `https://` is put before a bare host. */
export function parsePassportUrls(header: string | null): string | undefined {
  for (const item of header?.split(",") ?? []) {
    const [, name = "", value = ""] = /^\s*([^=]+)=(.*?)\s*$/.exec(item) ?? [];
    if (name.toLowerCase() === "dalogin" && value !== "")
      return /^https?:\/\//i.test(value) ? value : `https://${value}`;
  }
  return undefined;
}

/** The Authorization header of the login request. Blanks, commas and all else in the credentials are encoded. */
export function passportAuthorization(email: string, password: string, challenge: string): string {
  const url = "http%3A%2F%2Fmessenger%2Emsn%2Ecom";
  const [user, word] = [encodeURIComponent(email), encodeURIComponent(password.toWellFormed())];
  return `Passport1.4 OrgVerb=GET,OrgURL=${url},sign-in=${user},pwd=${word},${challenge}`;
}

/** The ticket in an Authentication-Info header: all between the quotes after from-PP. */
export function parseAuthenticationInfo(header: string | null): string | undefined {
  const info = header ?? "";
  if (/da-status=(?!success)/i.test(info)) return undefined;
  return /from-PP='([^']+)'/i.exec(info)?.[1];
}

async function fetchTicket(login: string, challenge: string, context: AuthContext): Promise<string> {
  let url = login;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await atStage("ticket", () =>
      context.http.request({
        method: "GET",
        url,
        headers: { Authorization: passportAuthorization(context.email, context.password(), challenge) },
        signal: context.signal,
      }),
    );
    const next = await atStage("ticket", async () => redirectOf(answer));
    if (next === undefined) return readTicket(answer);
    url = next;
  }
  throw new AuthError("ticket", "redirect-loop", "The login server redirects in a circle");
}

function redirectOf(answer: HttpResponse): string | undefined {
  const location = answer.headers.get("location");
  return answer.status >= 300 && answer.status < 400 && location !== null
    ? redirectTarget(answer.url, location)
    : undefined;
}

function readTicket(answer: HttpResponse): string {
  if (answer.status === 401 || answer.status === 403) {
    throw new AuthError("ticket", "bad-password", "The login server refused the address or the password");
  }
  if (answer.status >= 500)
    throw new AuthError("ticket", "server-busy", `The login server is out of order (HTTP ${answer.status})`);
  const ticket = parseAuthenticationInfo(answer.headers.get("authentication-info"));
  if (ticket !== undefined && !/\s/.test(ticket)) return ticket;
  const failed = /da-status=failed/i.test(answer.headers.get("www-authenticate") ?? "");
  if (failed) throw new AuthError("ticket", "bad-password", "The login server refused the address or the password");
  throw new AuthError("ticket", "protocol", `The login server gave no ticket (HTTP ${answer.status})`);
}
