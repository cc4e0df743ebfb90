import { type RawXml, xml } from "../soap/xml.ts";

/** A web service that a ticket is asked for, and under which policy (source: msnp-core §3.6). */
export interface TicketSite {
  readonly address: string;
  readonly policy?: string;
}

export const SITE = {
  tokenRefresh: "http://Passport.NET/tb",
  login: "messengerclear.live.com",
  contacts: "contacts.msn.com",
  messenger: "messenger.msn.com",
  messengerSecure: "messengersecure.live.com",
  storage: "storage.msn.com",
} as const;

/**
 * The web services a session may need, asked for together with its login ticket: Escargot finds the session of a call by
 * the ticket it signed in with, so that one asked for later would be unknown there (source: msnp-core §3.6, msnp-chat §5.1).
 */
export const SERVICE_SITES: readonly TicketSite[] = [
  { address: SITE.contacts, policy: "MBI" },
  { address: SITE.messenger, policy: "?id=507" },
  { address: SITE.messengerSecure, policy: "MBI_SSL" },
  { address: SITE.storage, policy: "MBI" },
];

/** A list of one entry: `lc` = `1033`, length-prefixed and base64 (source: msnp-core §3.6). */
const REQUEST_PARAMS = "AQAAAAIAAABsYwQAAAAxMDMz";
const HOSTING_APP = "{7108E71A-9926-4FCB-BCC9-9A9D3F32E423}";

interface RequestForm {
  readonly soap: string;
  readonly secext: string;
  readonly policy: string;
  readonly addressing: string;
  readonly trust: string;
  readonly binaryVersion: number;
}

const RST1: RequestForm = {
  soap: "http://schemas.xmlsoap.org/soap/envelope/",
  secext: "http://schemas.xmlsoap.org/ws/2003/06/secext",
  policy: "http://schemas.xmlsoap.org/ws/2002/12/policy",
  addressing: "http://schemas.xmlsoap.org/ws/2004/03/addressing",
  trust: "http://schemas.xmlsoap.org/ws/2004/04/trust",
  binaryVersion: 4,
};

const RST2: RequestForm = {
  soap: "http://www.w3.org/2003/05/soap-envelope",
  secext: "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
  policy: "http://schemas.xmlsoap.org/ws/2004/09/policy",
  addressing: "http://www.w3.org/2005/08/addressing",
  trust: "http://schemas.xmlsoap.org/ws/2005/02/trust",
  binaryVersion: 5,
};

const RST1_ISSUE = "http://schemas.xmlsoap.org/ws/2004/04/security/trust/Issue";
const RST2_ISSUE = "http://schemas.xmlsoap.org/ws/2005/02/trust/Issue";
const UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

export type RstVersion = 1 | 2;

/** Body of a POST to RST.srf (1) or RST2.srf (2). `now` is in ms since 1970 and only RST2 shows it. */
export function rstRequest(
  version: RstVersion,
  account: { readonly email: string; readonly password: string },
  sites: readonly TicketSite[],
  now: number,
): string {
  const form = version === 1 ? RST1 : RST2;
  const issue = version === 1 ? RST1_ISSUE : RST2_ISSUE;
  const tokens = sites.map((site, i) => tokenRequest(`RST${i}`, site, issue));
  return xml`<?xml version="1.0" encoding="utf-8"?><Envelope xmlns="${form.soap}" xmlns:wsse="${form.secext}" xmlns:wsp="${form.policy}" xmlns:wsu="${UTILITY}" xmlns:wsa="${form.addressing}" xmlns:wst="${form.trust}"><Header>${version === 2 ? rst2Headers(now) : []}<ps:AuthInfo xmlns:ps="http://schemas.microsoft.com/Passport/SoapServices/PPCRL" Id="PPAuthInfo"><ps:HostingApp>${HOSTING_APP}</ps:HostingApp><ps:BinaryVersion>${form.binaryVersion}</ps:BinaryVersion><ps:UIVersion>1</ps:UIVersion><ps:Cookies></ps:Cookies><ps:RequestParams>${REQUEST_PARAMS}</ps:RequestParams></ps:AuthInfo><wsse:Security><wsse:UsernameToken Id="user"><wsse:Username>${account.email}</wsse:Username><wsse:Password>${account.password}</wsse:Password></wsse:UsernameToken>${version === 2 ? timestamp(now) : []}</wsse:Security></Header><Body><ps:RequestMultipleSecurityTokens xmlns:ps="http://schemas.microsoft.com/Passport/SoapServices/PPCRL" Id="RSTS">${tokens}</ps:RequestMultipleSecurityTokens></Body></Envelope>`
    .source;
}

function tokenRequest(id: string, site: TicketSite, issue: string): RawXml {
  const policy =
    site.policy === undefined ? [] : xml`<wsse:PolicyReference URI="${site.policy}"></wsse:PolicyReference>`;
  return xml`<wst:RequestSecurityToken Id="${id}"><wst:RequestType>${issue}</wst:RequestType><wsp:AppliesTo><wsa:EndpointReference><wsa:Address>${site.address}</wsa:Address></wsa:EndpointReference></wsp:AppliesTo>${policy}</wst:RequestSecurityToken>`;
}

function rst2Headers(now: number): RawXml {
  return xml`<wsa:Action>http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue</wsa:Action><wsa:To>HTTPS://login.live.com:443//RST2.srf</wsa:To><wsa:MessageID>${Math.floor(now / 1000)}</wsa:MessageID>`;
}

function timestamp(now: number): RawXml {
  const [created, expires] = [new Date(now).toISOString(), new Date(now + 5 * 60_000).toISOString()];
  return xml`<wsu:Timestamp Id="Timestamp"><wsu:Created>${created}</wsu:Created><wsu:Expires>${expires}</wsu:Expires></wsu:Timestamp>`;
}
