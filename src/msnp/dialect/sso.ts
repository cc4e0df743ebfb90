import { SOAP_DIALECTS } from "./soap.ts";
import type { Dialect, DialectRows } from "./types.ts";

const MSNP15: Dialect = {
  ...SOAP_DIALECTS.MSNP14,
  name: "MSNP15",
  version: 15,
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "8.5.1302", "msmsgs"],
  auth: "sso",
  product: { id: "PROD0119GSJUC$18", key: "ILTXC!4IXB5FB*PX" },
};

/** Several places at once (source: msnp-core §6.7). */
const MSNP16: Dialect = {
  ...MSNP15,
  name: "MSNP16",
  version: 16,
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "14.0.5027.0908", "msmsgs"],
  capabilities: "2684354592:0",
  presence: { ...MSNP15.presence, capabilities: "pair", object: "always" },
  roster: "pair",
  endpoints: true,
};

const MSNP17: Dialect = { ...MSNP16, name: "MSNP17", version: 17 };

/** WLM 2009: addresses with their network, circles. */
const MSNP18: Dialect = {
  ...MSNP17,
  name: "MSNP18",
  version: 18,
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "14.0.8089.0726", "msmsgs"],
  product: { id: "PROD0120PW!CCV9@", key: "C1BX{V4W}Q3*10SM" },
  presence: { ...MSNP17.presence, initial: "NLN", address: "prefixed" },
  offline: "uum",
  circles: true,
};

/** Sign-in by SSO (source: msnp-core §3.5). */
export const SSO_DIALECTS: DialectRows<"MSNP15" | "MSNP16" | "MSNP17" | "MSNP18"> = { MSNP15, MSNP16, MSNP17, MSNP18 };
