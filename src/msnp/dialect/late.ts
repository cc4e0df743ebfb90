import { SSO_DIALECTS } from "./sso.ts";
import type { Dialect, DialectRows } from "./types.ts";

/** What this place can do with messages: the generation of 2011; stored ones, nudges, groups (source: msnp21 §4.3). */
const CAPABILITIES = "2952790016:2147484928";

/** WLM 2011: presence in documents, messages without switchboards, groups (source: msnp21 §2). */
const MSNP21: Dialect = {
  ...SSO_DIALECTS.MSNP18,
  name: "MSNP21",
  version: 21,
  clientVersion: ["0x0409", "winnt", "6.1.0", "i386", "MSNMSGR", "15.4.3502.0922", "MSNMSGR"],
  hops: true,
  lists: "services",
  capabilities: CAPABILITIES,
  presence: { ...SSO_DIALECTS.MSNP18.presence, kind: "documents" },
  documents: { client: "MSNMSGR:15.4.3502.0922", peerCapabilities: "0:0" },
  displayNameBy: "document",
  conversations: "sdg",
  offline: "sdg",
};

/** The "Messaging" program of Windows 8, as far as one capture shows it (source: msnp21 §7.2). */
const MSNP22: Dialect = {
  ...MSNP21,
  name: "MSNP22",
  version: 22,
  isExperimental: true,
  clientVersion: ["0x0809", "winnt", "6.2.0", "i386", "MoShClient", "16.4.4206.0722", "MoShClient"],
  auth: "web",
  documents: { client: "MoShClient:16.4.4206.0722", peerCapabilities: "0:0" },
};

/** Messages and presence without switchboards and lines. */
export const LATE_DIALECTS: DialectRows<"MSNP21" | "MSNP22"> = { MSNP21, MSNP22 };
