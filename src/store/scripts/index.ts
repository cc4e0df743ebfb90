import { ACCOUNT_SCRIPTS } from "./accounts.ts";
import { GROUP_SCRIPTS } from "./groups.ts";
import { LANE_SCRIPTS } from "./lanes.ts";
import { LEASE_SCRIPTS } from "./leases.ts";
import { LIMIT_SCRIPTS } from "./limits.ts";
import { RECALL_SCRIPTS } from "./recall.ts";

/** Every Lua script by name. Keys and arguments of each are in the comment above it. */
export const SCRIPTS = {
  ...LANE_SCRIPTS,
  ...LEASE_SCRIPTS,
  ...ACCOUNT_SCRIPTS,
  ...GROUP_SCRIPTS,
  ...LIMIT_SCRIPTS,
  ...RECALL_SCRIPTS,
} as const;

export type ScriptName = keyof typeof SCRIPTS;
