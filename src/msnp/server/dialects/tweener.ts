import { CLOSING_10, CLOSING_11 } from "./commands.ts";
import { msnp7 } from "./md5.ts";
import { PRODUCTS_11 } from "./products.ts";
import type { ServerDialect } from "./types.ts";

/** Versions that sign in with a Passport ticket and get their lists by SYN (source: msnp-core §2.5). */
export const msnp8: ServerDialect = {
  ...msnp7,
  name: "MSNP8",
  login: "TWN",
  welcome: ["name", "verified", "restricted"],
  repeatedLogin: 205,
  syn: "counted",
  addressBookNotices: true,
  capabilities: "plain",
};

export const msnp9: ServerDialect = { ...msnp8, name: "MSNP9", keepaliveSeconds: 60, objects: true };

export const msnp10: ServerDialect = {
  ...msnp9,
  name: "MSNP10",
  welcome: ["verified", "restricted"],
  syn: "stamped",
  listNews: "adc",
  serials: false,
  groups: "guid",
  pendingList: true,
  unknownPerson: 208,
  nameByProperty: true,
  closesOn: CLOSING_10,
  disabled: new Set(["REA"]),
};

export const msnp11: ServerDialect = {
  ...msnp10,
  name: "MSNP11",
  mobileCredit: true,
  acceptsReverse: true,
  gcfAfterSyn: true,
  closesOn: CLOSING_11,
  personalMessages: true,
  mailData: true,
  challenge: "msnp11",
  products: PRODUCTS_11,
};

export const msnp12: ServerDialect = { ...msnp11, name: "MSNP12", contactType: true, rosterCapabilities: "plain" };
