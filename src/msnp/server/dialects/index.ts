import { msnp13, msnp14 } from "./soap.ts";
import { msnp15, msnp16, msnp17, msnp18 } from "./sso.ts";
import { msnp11, msnp12 } from "./tweener.ts";
import type { ServerDialect } from "./types.ts";

export { type CapabilityForm, type ServerDialect, speaker, writeCapabilities } from "./types.ts";

/** Every version the server can speak, the one it prefers first. */
export const SERVER_DIALECTS: readonly ServerDialect[] = [
  msnp18,
  msnp17,
  msnp16,
  msnp15,
  msnp14,
  msnp13,
  msnp12,
  msnp11,
];
