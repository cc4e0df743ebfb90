import { PRODUCTS_13 } from "./products.ts";
import { msnp12, OLD_LIST_COMMANDS } from "./tweener.ts";
import type { ServerDialect } from "./types.ts";
import { escapeNumeric, machineGuid } from "./xml-forms.ts";

export const msnp13: ServerDialect = {
  ...msnp12,
  name: "MSNP13",
  pushesPolicies: true,
  lists: "adl",
  repeatedBlpFails: false,
  gcfAfterSyn: false,
  closesOn: new Set([...OLD_LIST_COMMANDS, "GTC", "SBP", "FQY", "UUM", "VAS"]),
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
  closesOn: new Set([...OLD_LIST_COMMANDS, "GTC", "SBP", "VAS"]),
  address: (email) => [email, "1"],
  offlineTail: ["0"],
  switchboardTail: (host) => ["U", host, "1"],
};
