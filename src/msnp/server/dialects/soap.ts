import { CLOSING_13, CLOSING_14 } from "./commands.ts";
import { PRODUCTS_13 } from "./products.ts";
import { msnp12 } from "./tweener.ts";
import type { ServerDialect } from "./types.ts";
import { escapeNumeric, machineGuid } from "./xml-forms.ts";

/** Versions that sign in with a ticket and get their lists by web service (source: msnp-core §2.5). */
export const msnp13: ServerDialect = {
  ...msnp12,
  name: "MSNP13",
  pushesPolicies: true,
  lists: "adl",
  syn: "refused",
  listNews: "adl",
  repeatedBlpFails: false,
  gcfAfterSyn: false,
  closesOn: CLOSING_13,
  disabled: new Set(["REA", "SYN"]),
  escapeXml: escapeNumeric,
  ubxTail: machineGuid,
  phoneNews: false,
  hiddenMayCall: true,
  redirectTail: () => ["U", "D"],
  switchboardTail: (host) => ["U", host],
  userNotifications: true,
  products: PRODUCTS_13,
};

export const msnp14: ServerDialect = {
  ...msnp13,
  name: "MSNP14",
  closesOn: CLOSING_14,
  address: (email) => [email, "1"],
  offlineTail: ["0"],
  switchboardTail: (host) => ["U", host, "1"],
};
