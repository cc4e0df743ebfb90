export type { Capabilities, PresenceLine, RosterLine } from "./lines.ts";
export {
  formatIdentity,
  NO_CAPABILITIES,
  parseCapabilities,
  parseMsnObject,
  parsePresence,
  parseRoster,
  readAddress,
} from "./lines.ts";
export type { MsnStatus } from "./status.ts";
export { isStatus, parseStatus } from "./status.ts";
export { DIALECTS, dialectOf } from "./table.ts";
export type {
  AddressForm,
  AuthKind,
  CapabilityForm,
  ChallengeKind,
  Dialect,
  DialectName,
  DialectRows,
  GroupForm,
  ListForm,
  ListKind,
  Product,
} from "./types.ts";
