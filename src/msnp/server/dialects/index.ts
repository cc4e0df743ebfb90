import { msnp21 } from "./late.ts";
import { msnp2, msnp3, msnp4, msnp5, msnp6, msnp7 } from "./md5.ts";
import { msnp13, msnp14 } from "./soap.ts";
import { msnp15, msnp16, msnp17, msnp18 } from "./sso.ts";
import { msnp8, msnp9, msnp10, msnp11, msnp12 } from "./tweener.ts";
import type { ServerDialect } from "./types.ts";

export { type CapabilityForm, type ServerDialect, speaker, writeCapabilities } from "./types.ts";

/** Every version the server can speak, the one it prefers first. */
export const SERVER_DIALECTS: readonly ServerDialect[] = [
  msnp21,
  msnp18,
  msnp17,
  msnp16,
  msnp15,
  msnp14,
  msnp13,
  msnp12,
  msnp11,
  msnp10,
  msnp9,
  msnp8,
  msnp7,
  msnp6,
  msnp5,
  msnp4,
  msnp3,
  msnp2,
];
