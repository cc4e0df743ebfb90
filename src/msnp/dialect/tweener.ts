import { MD5_DIALECTS } from "./md5.ts";
import type { Dialect, DialectRows } from "./types.ts";

/** MSNC4 and messages in chunks (source: msnp-core §6.4). */
export const TEXT_CAPABILITIES = "1073741856";

/** MSN 5.0: Passport, one line per contact, capabilities in presence (source: msnp-core §2.5). */
const MSNP8: Dialect = {
  ...MD5_DIALECTS.MSNP7,
  name: "MSNP8",
  version: 8,
  opening: ["CVR"],
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "5.0.0544", "MSMSGS"],
  accountInVersion: true,
  auth: "tweener",
  listForm: "bits",
  capabilities: TEXT_CAPABILITIES,
  presence: { kind: "lines", initial: "ILN", address: "plain", capabilities: "single", object: "none" },
};

/** Objects begin here, and the transfers that fetch them. */
const MSNP9: Dialect = {
  ...MSNP8,
  name: "MSNP9",
  version: 9,
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "6.0.0602", "MSMSGS"],
  presence: { ...MSNP8.presence, object: "optional" },
  peerToPeer: true,
};

/** GUIDs for contacts and groups, the own name by PRP. */
const MSNP10: Dialect = {
  ...MSNP9,
  name: "MSNP10",
  version: 10,
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "6.1.0211", "MSMSGS"],
  welcomesByName: false,
  listForm: "guids",
  groups: "guids",
  pendingList: true,
  displayNameBy: "PRP",
  nicknameBy: "SBP",
};

/** Personal messages, the later challenge, requests that are answered by moving from PL to RL. */
const MSNP11: Dialect = {
  ...MSNP10,
  name: "MSNP11",
  version: 11,
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "7.0.0816", "msmsgs"],
  answersPending: true,
  challenge: "msnp11",
  product: { id: "PROD0090YUAUV{2B", key: "YMM8C_H7KCQ2S_KL" },
  personalMessages: true,
  policies: "asked",
};

/** Tickets by SOAP, contact types, capabilities on switchboards. */
const MSNP12: Dialect = {
  ...MSNP11,
  name: "MSNP12",
  version: 12,
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "7.5.0324", "msmsgs"],
  auth: "rst",
  product: { id: "PROD0101{0RM?UBW", key: "CFHUR$52U_{VIX5T" },
  roster: "single",
};

/** Sign-in by Passport, lists on the wire (source: msnp-core §3.3, §3.4, §5.2). */
export const TWEENER_DIALECTS: DialectRows<"MSNP8" | "MSNP9" | "MSNP10" | "MSNP11" | "MSNP12"> = {
  MSNP8,
  MSNP9,
  MSNP10,
  MSNP11,
  MSNP12,
};
