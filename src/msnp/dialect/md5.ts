import type { Dialect, DialectRows } from "./types.ts";

/** The official programs of these versions were not told apart by challenges before MSNP6. */
const PRODUCT = { id: "msmsgs@msnmsgr.com", key: "Q1P7W2E4J9R8U3S5" };

/** MSN 1.0: MD5, lists with serial numbers, neither groups nor capabilities (source: msnp-core §2.5). */
const MSNP2: Dialect = {
  name: "MSNP2",
  version: 2,
  opening: ["INF", "CVR"],
  clientVersion: ["0x0409", "win", "4.10", "i386", "MSMSGS", "1.0.0863"],
  accountInVersion: false,
  auth: "md5",
  welcomesByName: true,
  lists: "syn",
  listForm: "serials",
  groups: "none",
  pendingList: false,
  answersPending: false,
  challenge: "none",
  product: PRODUCT,
  capabilities: "0",
  presence: { kind: "lines", initial: "ILN", address: "plain", capabilities: "none", object: "none" },
  personalMessages: false,
  displayNameBy: "REA",
  nicknameBy: "REA",
  conversations: "switchboard",
  roster: "none",
  peerToPeer: false,
  offline: "none",
  circles: false,
  endpoints: false,
  policies: "none",
  transferTail: [],
};

const MSNP3: Dialect = {
  ...MSNP2,
  name: "MSNP3",
  version: 3,
  clientVersion: ["0x0409", "win", "4.10", "i386", "MSMSGS", "2.0.0083"],
};

const MSNP4: Dialect = {
  ...MSNP3,
  name: "MSNP4",
  version: 4,
  clientVersion: ["0x0409", "win", "4.10", "i386", "MSMSGS", "2.2.1053", "MSMSGS"],
};

const MSNP5: Dialect = {
  ...MSNP4,
  name: "MSNP5",
  version: 5,
  clientVersion: ["0x0409", "win", "4.10", "i386", "MSMSGS", "3.0.0080", "MSMSGS"],
};

/** Challenges begin here. */
const MSNP6: Dialect = {
  ...MSNP5,
  name: "MSNP6",
  version: 6,
  clientVersion: ["0x0409", "win", "4.10", "i386", "MSMSGS", "3.6.0025", "MSMSGS"],
  challenge: "md5",
};

/** Groups begin here. */
const MSNP7: Dialect = {
  ...MSNP6,
  name: "MSNP7",
  version: 7,
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSMSGS", "4.5.0121", "MSMSGS"],
  groups: "numbers",
};

/** Sign-in by MD5 (source: msnp-core §3.2). */
export const MD5_DIALECTS: DialectRows<"MSNP2" | "MSNP3" | "MSNP4" | "MSNP5" | "MSNP6" | "MSNP7"> = {
  MSNP2,
  MSNP3,
  MSNP4,
  MSNP5,
  MSNP6,
  MSNP7,
};
