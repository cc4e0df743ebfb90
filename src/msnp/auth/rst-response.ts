import { find, findAll, parseXml, textAt, type XmlElement } from "../soap/xml.ts";
import { AuthError } from "./types.ts";

/** A ticket as RST gives it. */
export interface RstTicket {
  readonly address: string;
  readonly token: string;
  /** base64 proof key; only the login ticket is sure to have one. */
  readonly secret?: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export type RstAnswer =
  | { readonly kind: "tickets"; readonly tickets: readonly RstTicket[] }
  | { readonly kind: "redirect"; readonly url: string };

const DEFAULT_LIFETIME = 8 * 60 * 60_000;

/**
 * Reads the answer of RST.srf or RST2.srf. A fault may stand anywhere and come with any HTTP status; tickets are
 * told apart by their address, never by their id (source: msnp-core §3.6). Throws AuthError at stage `ticket`.
 */
export function parseRstAnswer(body: string, now: number): RstAnswer {
  const root = readXml(body);
  const fault = find(root, "Fault");
  if (fault !== undefined) return readFault(root, fault);
  const tickets = findAll(root, "RequestSecurityTokenResponse").flatMap((response) => readTicket(response, now) ?? []);
  if (tickets.length === 0) throw new AuthError("ticket", "protocol", "The login server's answer holds no ticket");
  return { kind: "tickets", tickets };
}

function readXml(body: string): XmlElement {
  try {
    return parseXml(body);
  } catch (error) {
    throw new AuthError("ticket", "protocol", "The login server's answer cannot be read", { cause: error });
  }
}

function readFault(root: XmlElement, fault: XmlElement): RstAnswer {
  const url = find(root, "redirectUrl")?.text.trim();
  if (url !== undefined && url !== "") return { kind: "redirect", url };
  const codes = [
    textAt(fault, "faultcode"),
    textAt(fault, "Code", "Subcode", "Value"),
    textAt(fault, "Code", "Value"),
  ].filter((code) => code !== undefined);
  if (codes.some((code) => code.endsWith("FailedAuthentication"))) {
    throw new AuthError("ticket", "bad-password", "The login server refused the address or the password");
  }
  // Only the code is quoted: fault texts of some servers hold stack traces.
  const code = codes[0]?.replace(/[^\w:.-]/g, "").slice(0, 60) ?? "no code";
  const busy = /ServerBusy|Unavailable|Timeout|S?:?Server$|Receiver$/i.test(code);
  throw new AuthError("ticket", busy ? "server-busy" : "protocol", `The login server answered with a fault (${code})`);
}

function readTicket(response: XmlElement, now: number): RstTicket | undefined {
  const address = find(find(response, "AppliesTo"), "Address")?.text.trim();
  const token = find(find(response, "RequestedSecurityToken"), "BinarySecurityToken")?.text.trim();
  if (address === undefined || token === undefined || token === "") return undefined;
  const secret = find(find(response, "RequestedProofToken"), "BinarySecret")?.text.trim();
  const lifetime = find(response, "LifeTime") ?? find(response, "Lifetime");
  const expires = Date.parse(find(lifetime, "Expires")?.text.trim() ?? "");
  return {
    address,
    token,
    ...(secret !== undefined && { secret }),
    expires: Number.isNaN(expires) ? now + DEFAULT_LIFETIME : expires,
  };
}
