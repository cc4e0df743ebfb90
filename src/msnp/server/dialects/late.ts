import { PRODUCTS_15 } from "./products.ts";
import { msnp18 } from "./sso.ts";
import type { ServerDialect } from "./types.ts";

/** What a client echoes in CVR after a redirect: how often it was sent on (source: msnp21 §2.4). */
const HOPS = Buffer.from("Version: 1\r\nXfrCount: 2\r\n").toString("base64");

/** One connection for everything: presence, messages and groups are multi-part (source: msnp21 §2.1). */
export const msnp21: ServerDialect = {
  ...msnp18,
  name: "MSNP21",
  multipart: true,
  listNews: "adl-21",
  mobileCredit: false,
  mailData: false,
  keepaliveSeconds: 50,
  userNotifications: false,
  offlineByUum: false,
  redirectTail: () => ["U", "D", HOPS],
  products: PRODUCTS_15,
};
