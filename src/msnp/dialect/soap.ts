import { TWEENER_DIALECTS } from "./tweener.ts";
import type { Dialect, DialectRows } from "./types.ts";

/** WLM 8.0: lists by web service (source: msnp-core §2.5, §5.6). */
const MSNP13: Dialect = {
  ...TWEENER_DIALECTS.MSNP12,
  name: "MSNP13",
  version: 13,
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "8.0.0812", "msmsgs"],
  lists: "soap",
  listForm: "none",
  nicknameBy: "services",
  product: { id: "PROD01065C%ZFN6F", key: "O4BG@C7BWLYQX?5G" },
  offline: "store",
  policies: "pushed",
  transferTail: ["U", "messenger.msn.com"],
};

/** Network ids. */
const MSNP14: Dialect = {
  ...MSNP13,
  name: "MSNP14",
  version: 14,
  product: { id: "PROD0112J1LW7%NB", key: "RH96F{PHI8PPX_TJ" },
  presence: { ...MSNP13.presence, address: "split" },
  transferTail: ["U", "messenger.msn.com", "1"],
};

/** Sign-in by Passport, lists by web service (source: msnp-core §3.4, §5.6). */
export const SOAP_DIALECTS: DialectRows<"MSNP13" | "MSNP14"> = { MSNP13, MSNP14 };
