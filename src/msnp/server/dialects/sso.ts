import { CLOSING_18 } from "./commands.ts";
import { PRODUCTS_15 } from "./products.ts";
import { msnp14 } from "./soap.ts";
import type { ServerDialect } from "./types.ts";
import { element, escapeNumericAll, machineGuid } from "./xml-forms.ts";

/** Versions that sign in with a ticket and a proof (source: msnp-core §2.5). */
export const msnp15: ServerDialect = { ...msnp14, name: "MSNP15", login: "SSO", products: PRODUCTS_15 };

export const msnp16: ServerDialect = {
  ...msnp15,
  name: "MSNP16",
  proofRequired: true,
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
  closesOn: CLOSING_18,
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
