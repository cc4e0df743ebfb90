import { PRODUCTS_15 } from "./products.ts";
import { msnp14 } from "./soap.ts";
import { OLD_LIST_COMMANDS } from "./tweener.ts";
import type { ServerDialect } from "./types.ts";
import { element, escapeNumericAll, machineGuid } from "./xml-forms.ts";

export const msnp15: ServerDialect = { ...msnp14, name: "MSNP15", login: "SSO", products: PRODUCTS_15 };

export const msnp16: ServerDialect = {
  ...msnp15,
  name: "MSNP16",
  proofRequired: true,
  closesOn: new Set([...OLD_LIST_COMMANDS, "GTC", "SBP"]),
  capabilities: "pair",
  offlineTail: ["0:0"],
  syncsOwnPresence: true,
  endpoints: true,
  escapeXml: escapeNumericAll,
  ubxTail: (endpoint) => machineGuid(endpoint) + element("SignatureSound", endpoint.signatureSound),
  rosterCapabilities: "pair",
};

export const msnp17: ServerDialect = { ...msnp16, name: "MSNP17" };

export const msnp18: ServerDialect = {
  ...msnp17,
  name: "MSNP18",
  initialPresence: "NLN",
  address: (email) => [`1:${email}`],
  ubxTail: (endpoint) =>
    machineGuid(endpoint) +
    element("DDP", endpoint.dynamicPicture) +
    element("SignatureSound", endpoint.signatureSound) +
    element("Scene", endpoint.scene) +
    element("ColorScheme", endpoint.colorScheme),
  circles: true,
  offlineByUum: true,
};
