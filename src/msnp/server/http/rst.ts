import { randomBytes } from "node:crypto";
import { find, findAll, parseXml, type RawXml, type XmlElement, xml } from "../../soap/xml.ts";
import { cidHex, puidHex } from "../ids.ts";
import { TICKET_FILLER } from "../ns/payloads.ts";
import type { Account } from "../state/account.ts";
import { RST_FORMS, type RstForm, type RstVersion } from "./rst-forms.ts";
import type { WebAnswer, WebRequest } from "./server.ts";

/** The site whose token is not wanted by anybody, but always asked for first (source: msnp-core §3.6). */
const PASSPORT_SITE = "http://Passport.NET/tb";
/** The site whose token comes with the key of the SSO proof. */
const MESSENGER_SITE = "messengerclear.live.com";
/** The most sites one request may name. */
const MAX_SITES = 32;

/** RST.srf and RST2.srf: security tokens for a name and a password. Failures are HTTP 200, too (source: msnp-core §3.6). */
export function securityTokens(request: WebRequest, version: RstVersion): WebAnswer {
  const form = RST_FORMS[version];
  const asked = readRequest(request.body);
  const fault = request.strike(version, asked?.email);
  if (fault?.kind === "redirect") return { status: 200, body: form.redirected(fault.url) };
  if (asked === undefined) return { status: 200, body: form.invalid() };
  const { hub } = request;
  const account = hub.directory.byEmail(asked.email);
  if (fault !== undefined || account === undefined || !account.hasPassword(asked.password)) {
    return { status: 200, body: form.refused(isoTime(hub.now())) };
  }
  const secret = randomBytes(24).toString("base64");
  const ticket = hub.tickets.issue({ account, secret }, hub.limits.rstTicketMs);
  const created = isoTime(hub.now());
  const expires = isoTime(hub.now() + hub.limits.rstTicketMs);
  const tokens = asked.sites.map((site, index) =>
    site === PASSPORT_SITE
      ? form.passportToken({ created, expires, cipher: randomBytes(384).toString("base64") })
      : form.siteToken({
          site,
          // Counted as Escargot does: the Passport site is number 1 (source: msnp-core §3.6).
          number: index + 1,
          ticket: `t=${ticket}${TICKET_FILLER}&p=`,
          secret: site === MESSENGER_SITE ? secret : undefined,
          created,
          expires,
        }),
  );
  return { status: 200, body: envelope(form, account, request.remote, created, tokens) };
}

function envelope(form: RstForm, account: Account, remote: string, created: string, tokens: RawXml[]): string {
  const header = xml`<psf:pp xmlns:psf="http://schemas.microsoft.com/Passport/SoapServices/SOAPFault"><psf:serverVersion>1</psf:serverVersion><psf:PUID>${puidHex(account.id)}</psf:PUID><psf:authstate>0x48803</psf:authstate><psf:reqstatus>0x0</psf:reqstatus><psf:serverInfo ServerTime="${created}">embedded</psf:serverInfo><psf:cookies/><psf:credProperties><psf:credProperty Name="IsWinLiveUser">true</psf:credProperty><psf:credProperty Name="CID">${cidHex(account.id)}</psf:credProperty><psf:credProperty Name="AuthMembername">${account.email}</psf:credProperty><psf:credProperty Name="IP">${remote}</psf:credProperty></psf:credProperties><psf:response/></psf:pp>`;
  return form.envelope(header, tokens);
}

interface Asked {
  readonly email: string;
  readonly password: string;
  readonly sites: readonly string[];
}

/** The first user name, the first password, and every address, in whatever namespace (source: msnp-core §3.6). */
function readRequest(body: Buffer): Asked | undefined {
  let root: XmlElement;
  try {
    root = parseXml(body);
  } catch {
    return undefined;
  }
  const email = find(root, "Username")?.text;
  const password = find(root, "Password")?.text;
  const sites = findAll(root, "Address").map((address) => address.text.trim());
  if (email === undefined || password === undefined || sites.length > MAX_SITES) return undefined;
  return { email: email.trim(), password, sites };
}

function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
