import { escapeXml } from "../../soap/xml.ts";
import { PRODUCTS_11 } from "./products.ts";
import type { ServerDialect } from "./types.ts";

export const OLD_LIST_COMMANDS = ["INF", "ADD"];
const ADL_COMMANDS = ["ADL", "RML", "UUN"];

export const msnp11: ServerDialect = {
  name: "MSNP11",
  login: "TWN",
  proofRequired: false,
  pushesPolicies: false,
  lists: "syn",
  contactType: false,
  repeatedBlpFails: true,
  gcfAfterSyn: true,
  closesOn: new Set([...OLD_LIST_COMMANDS, ...ADL_COMMANDS, "FQY", "UUM", "VAS"]),
  disabled: new Set(["REA"]),
  capabilities: "plain",
  initialPresence: "ILN",
  address: (email) => [email],
  offlineTail: [],
  syncsOwnPresence: false,
  endpoints: false,
  escapeXml,
  ubxTail: () => "",
  phoneNews: true,
  hiddenMayCall: false,
  redirectTail: (current) => ["0", current],
  switchboardTail: () => [],
  rosterCapabilities: "none",
  userNotifications: false,
  circles: false,
  products: PRODUCTS_11,
  offlineByUum: false,
};

export const msnp12: ServerDialect = { ...msnp11, name: "MSNP12", contactType: true, rosterCapabilities: "plain" };
