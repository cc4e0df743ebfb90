import { type RawXml, xml } from "../../soap/xml.ts";

export type RstVersion = "rst" | "rst2";

export interface SiteToken {
  readonly site: string;
  readonly number: number;
  readonly ticket: string;
  readonly secret: string | undefined;
  readonly created: string;
  readonly expires: string;
}

/** What the two versions of the token service say differently (source: msnp-core §3.6). */
export interface RstForm {
  envelope(header: RawXml, tokens: readonly RawXml[]): string;
  passportToken(token: { created: string; expires: string; cipher: string }): RawXml;
  siteToken(token: SiteToken): RawXml;
  refused(now: string): string;
  invalid(): string;
  /** Go to another server and ask again there. */
  redirected(url: string): string;
}

const DECLARATION = `<?xml version="1.0" encoding="utf-8"?>`;
const WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const FAULT = "http://schemas.microsoft.com/Passport/SoapServices/SOAPFault";
/** Nobody decrypts the Passport token, so its key is the same for all. */
const PASSPORT_SECRET = Buffer.alloc(24, 1).toString("base64");

interface Namespaces {
  readonly soap: string;
  readonly trust: string;
  readonly secext: string;
  readonly policy: string;
  readonly addressing: string;
  readonly lifetime: "LifeTime" | "Lifetime";
}

const RST1: Namespaces = {
  soap: "http://schemas.xmlsoap.org/soap/envelope/",
  trust: "http://schemas.xmlsoap.org/ws/2004/04/trust",
  secext: "http://schemas.xmlsoap.org/ws/2003/06/secext",
  policy: "http://schemas.xmlsoap.org/ws/2002/12/policy",
  addressing: "http://schemas.xmlsoap.org/ws/2004/03/addressing",
  lifetime: "LifeTime",
};

const RST2: Namespaces = {
  soap: "http://www.w3.org/2003/05/soap-envelope",
  trust: "http://schemas.xmlsoap.org/ws/2005/02/trust",
  secext: "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
  policy: "http://schemas.xmlsoap.org/ws/2004/09/policy",
  addressing: "http://www.w3.org/2005/08/addressing",
  lifetime: "Lifetime",
};

function answerEnvelope(ns: Namespaces, header: RawXml, tokens: readonly RawXml[]): string {
  const body = xml`<S:Envelope xmlns:S="${ns.soap}"><S:Header>${header}</S:Header><S:Body><wst:RequestSecurityTokenResponseCollection xmlns:wst="${ns.trust}" xmlns:wsse="${ns.secext}" xmlns:wsu="${WSU}" xmlns:wsp="${ns.policy}">${tokens}</wst:RequestSecurityTokenResponseCollection></S:Body></S:Envelope>`;
  return DECLARATION + body.source;
}

function lifetime(ns: Namespaces, created: string, expires: string): RawXml {
  const inside = xml`<wsu:Created>${created}</wsu:Created><wsu:Expires>${expires}</wsu:Expires>`;
  return ns.lifetime === "LifeTime"
    ? xml`<wst:LifeTime>${inside}</wst:LifeTime>`
    : xml`<wst:Lifetime>${inside}</wst:Lifetime>`;
}

function appliesTo(ns: Namespaces, site: string): RawXml {
  return xml`<wsp:AppliesTo xmlns:wsa="${ns.addressing}"><wsa:EndpointReference><wsa:Address>${site}</wsa:Address></wsa:EndpointReference></wsp:AppliesTo>`;
}

function proof(secret: string): RawXml {
  return xml`<wst:RequestedProofToken><wst:BinarySecret>${secret}</wst:BinarySecret></wst:RequestedProofToken>`;
}

function reference(ns: Namespaces, id: string, type: string): RawXml {
  return ns.lifetime === "LifeTime"
    ? xml`<wst:RequestedTokenReference><wsse:KeyIdentifier ValueType="${type}"></wsse:KeyIdentifier><wsse:Reference URI="#${id}"></wsse:Reference></wst:RequestedTokenReference>`
    : xml`<wst:RequestedAttachedReference><wsse:SecurityTokenReference><wsse:Reference URI="#${id}"></wsse:Reference></wsse:SecurityTokenReference></wst:RequestedAttachedReference>`;
}

function tokens(ns: Namespaces): Pick<RstForm, "envelope" | "passportToken" | "siteToken"> {
  return {
    envelope: (header, list) => answerEnvelope(ns, header, list),
    passportToken: ({ created, expires, cipher }) =>
      xml`<wst:RequestSecurityTokenResponse><wst:TokenType>urn:passport:legacy</wst:TokenType>${appliesTo(ns, "http://Passport.NET/tb")}${lifetime(ns, created, expires)}<wst:RequestedSecurityToken><EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#" Id="BinaryDAToken0" Type="http://www.w3.org/2001/04/xmlenc#Element"><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#tripledes-cbc"></EncryptionMethod><CipherData><CipherValue>${cipher}</CipherValue></CipherData></EncryptedData></wst:RequestedSecurityToken>${reference(ns, "BinaryDAToken0", "urn:passport")}${proof(PASSPORT_SECRET)}</wst:RequestSecurityTokenResponse>`,
    siteToken: ({ site, number, ticket, secret, created, expires }) =>
      xml`<wst:RequestSecurityTokenResponse><wst:TokenType>urn:passport:compact</wst:TokenType>${appliesTo(ns, site)}${lifetime(ns, created, expires)}<wst:RequestedSecurityToken><wsse:BinarySecurityToken Id="Compact${number}">${ticket}</wsse:BinarySecurityToken></wst:RequestedSecurityToken>${reference(ns, `Compact${number}`, "urn:passport:compact")}${secret === undefined ? [] : proof(secret)}</wst:RequestSecurityTokenResponse>`,
  };
}

function faultHeader(now: string, status: string): RawXml {
  return xml`<S:Header><psf:pp><psf:serverVersion>1</psf:serverVersion><psf:authstate>0x80048800</psf:authstate><psf:reqstatus>${status}</psf:reqstatus><psf:serverInfo ServerTime="${now}">embedded</psf:serverInfo><psf:cookies/><psf:response/></psf:pp></S:Header>`;
}

/** The fault of RST stands in the envelope itself, not in a body. */
function oldFault(header: RawXml | undefined, code: string, text: string): string {
  const fault = xml`<S:Envelope xmlns:S="${RST1.soap}" xmlns:wsse="${RST1.secext}" xmlns:wsu="${WSU}" xmlns:psf="${FAULT}">${header ?? []}<S:Fault><faultcode>${code}</faultcode><faultstring>${text}</faultstring></S:Fault></S:Envelope>`;
  return DECLARATION + fault.source;
}

function newFault(header: RawXml | undefined, code: string, text: string, error: string, internal: string): string {
  const fault = xml`<S:Envelope xmlns:S="${RST2.soap}" xmlns:wsse="${RST2.secext}" xmlns:wsu="${WSU}" xmlns:wst="${RST2.trust}" xmlns:psf="${FAULT}">${header ?? []}<S:Body><S:Fault><S:Code><S:Value>S:Sender</S:Value><S:Subcode><S:Value>${code}</S:Value></S:Subcode></S:Code><S:Reason><S:Text xml:lang="en-US">${text}</S:Text></S:Reason><S:Detail><psf:error><psf:value>${error}</psf:value><psf:internalerror><psf:code>${internal}</psf:code></psf:internalerror></psf:error></S:Detail></S:Fault></S:Body></S:Envelope>`;
  return DECLARATION + fault.source;
}

/** As official servers sent it, for both versions (source: msnp-core §3.6). */
function redirection(ns: Namespaces, url: string): string {
  const fault = xml`<S:Envelope xmlns:S="${ns.soap}" xmlns:psf="${FAULT}"><S:Fault><faultcode>psf:Redirect</faultcode><psf:redirectUrl>${url}</psf:redirectUrl><faultstring>Authentication Failure</faultstring></S:Fault></S:Envelope>`;
  return DECLARATION + fault.source;
}

export const RST_FORMS: Readonly<Record<RstVersion, RstForm>> = {
  rst: {
    ...tokens(RST1),
    refused: (now) => oldFault(faultHeader(now, "0x80048823"), "wsse:FailedAuthentication", "Authentication Failure"),
    invalid: () => oldFault(undefined, "S:Client", "Invalid Request"),
    redirected: (url) => redirection(RST1, url),
  },
  rst2: {
    ...tokens(RST2),
    refused: (now) =>
      newFault(
        faultHeader(now, "0x80048821"),
        "wst:FailedAuthentication",
        "Authentication Failure",
        "0x80048821",
        "0x80041012",
      ),
    invalid: () => newFault(undefined, "wst:InvalidRequest", "Invalid Request", "0x80048820", "0x80045c01"),
    redirected: (url) => redirection(RST2, url),
  },
};
