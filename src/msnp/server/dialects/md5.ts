import { escapeXml } from "../../soap/xml.ts";
import { CLOSING_2, CLOSING_5 } from "./commands.ts";
import { PRODUCTS_6 } from "./products.ts";
import type { ServerDialect } from "./types.ts";

/** Versions whose password is proved by a salted MD5; each later row says only what it changes (source: msnp-core §2.5). */
export const msnp2: ServerDialect = {
  name: "MSNP2",
  login: "MD5",
  welcome: ["name"],
  repeatedLogin: 207,
  proofRequired: false,
  pushesPolicies: false,
  mobileCredit: false,
  keepaliveSeconds: undefined,
  lists: "syn",
  syn: "by-list",
  listNews: "add",
  serials: true,
  groups: "none",
  pendingList: false,
  acceptsReverse: false,
  unknownPerson: 205,
  properties: false,
  nameByProperty: false,
  addressBookNotices: false,
  contactType: false,
  repeatedBlpFails: true,
  gcfAfterSyn: false,
  closesOn: CLOSING_2,
  disabled: new Set(),
  capabilities: "none",
  objects: false,
  personalMessages: false,
  mailData: false,
  initialPresence: "ILN",
  address: (email) => [email],
  offlineTail: [],
  syncsOwnPresence: false,
  endpoints: false,
  escapeXml,
  ubxTail: () => "",
  phoneNews: false,
  hiddenMayCall: false,
  redirectTail: () => [],
  switchboardTail: () => [],
  rosterCapabilities: "none",
  userNotifications: false,
  circles: false,
  challenge: undefined,
  products: [],
  offlineByUum: false,
};

export const msnp3: ServerDialect = { ...msnp2, name: "MSNP3", redirectTail: () => ["0"] };

export const msnp4: ServerDialect = { ...msnp3, name: "MSNP4" };

export const msnp5: ServerDialect = {
  ...msnp4,
  name: "MSNP5",
  properties: true,
  phoneNews: true,
  closesOn: CLOSING_5,
};

export const msnp6: ServerDialect = {
  ...msnp5,
  name: "MSNP6",
  welcome: ["name", "verified"],
  challenge: "md5",
  products: PRODUCTS_6,
};

export const msnp7: ServerDialect = {
  ...msnp6,
  name: "MSNP7",
  groups: "number",
  redirectTail: (current) => ["0", current],
};
