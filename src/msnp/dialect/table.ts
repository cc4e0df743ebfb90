import type { Dialect, DialectName } from "./types.ts";

const MSNP11: Dialect = {
  name: "MSNP11",
  version: 11,
  auth: "tweener",
  lists: "syn",
  challenge: "msnp11",
  product: { id: "PROD0090YUAUV{2B", key: "YMM8C_H7KCQ2S_KL" },
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "7.0.0816", "msmsgs"],
  capabilities: "1073741856",
  presence: { initial: "ILN", address: "plain", capabilities: "single" },
  roster: "none",
  endpoints: false,
  policies: "asked",
  transferTail: [],
};

const MSNP18: Dialect = {
  name: "MSNP18",
  version: 18,
  auth: "sso",
  lists: "soap",
  challenge: "msnp11",
  product: { id: "PROD0120PW!CCV9@", key: "C1BX{V4W}Q3*10SM" },
  clientVersion: ["0x0409", "winnt", "5.1", "i386", "MSNMSGR", "14.0.8089.0726", "msmsgs"],
  capabilities: "2684354592:0",
  presence: { initial: "NLN", address: "prefixed", capabilities: "pair" },
  roster: "pair",
  endpoints: true,
  policies: "pushed",
  transferTail: ["U", "messenger.msn.com", "1"],
};

const TABLE: Readonly<Record<DialectName, Dialect>> = { MSNP11, MSNP18 };

/** Every dialect this library speaks, newest first. */
export const DIALECTS: readonly Dialect[] = Object.values(TABLE).sort((a, b) => b.version - a.version);

export function dialectOf(name: DialectName): Dialect {
  return TABLE[name];
}

/** Finds a dialect by a name from the wire, in any case; undefined for one that is not spoken. */
export function findDialect(name: string): Dialect | undefined {
  const wanted = name.toUpperCase();
  return DIALECTS.find((dialect) => dialect.name === wanted);
}
