import { LATE_DIALECTS } from "./late.ts";
import { MD5_DIALECTS } from "./md5.ts";
import { SOAP_DIALECTS } from "./soap.ts";
import { SSO_DIALECTS } from "./sso.ts";
import { TWEENER_DIALECTS } from "./tweener.ts";
import type { Dialect, DialectName } from "./types.ts";

const TABLE: Readonly<Record<DialectName, Dialect>> = {
  ...MD5_DIALECTS,
  ...TWEENER_DIALECTS,
  ...SOAP_DIALECTS,
  ...SSO_DIALECTS,
  ...LATE_DIALECTS,
};

/** Every dialect this library speaks, newest first. */
export const DIALECTS: readonly Dialect[] = Object.values(TABLE).sort((a, b) => b.version - a.version);

export function dialectOf(name: DialectName): Dialect {
  return TABLE[name];
}
