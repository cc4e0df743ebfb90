import type { Product } from "../../dialect/types.ts";
import type { Account } from "../state/account.ts";
import type { Endpoint } from "../state/session.ts";

/** How capabilities are written: one number, or two with a colon (source: msnp-core §6.4). */
export type CapabilityForm = "plain" | "pair";

/**
 * What the server does differently from one MSNP version to the next, as data; nothing else of the server compares
 * versions. Another version is another row (source: msnp-core §2.5, msnp-chat §1.9).
 */
export interface ServerDialect {
  readonly name: string;
  /** Package that `USR` must name. */
  readonly login: "TWN" | "SSO";
  /** SSO only: whether the proof may be left out (source: msnp-core §3.5). */
  readonly proofRequired: boolean;
  /** Policies are pushed before the `USR .. S` answer (source: msnp-core §7.5). */
  readonly pushesPolicies: boolean;
  /** Lists come by SYN, or by web service and ADL (source: msnp-core §3.8). */
  readonly lists: "syn" | "adl";
  /** LST carries a contact type (source: msnp-core §5.2). */
  readonly contactType: boolean;
  /** BLP to the value it has is refused (source: msnp-core §5.2). */
  readonly repeatedBlpFails: boolean;
  /** GCF is refused until SYN (source: msnp-core §7.5). */
  readonly gcfAfterSyn: boolean;
  /** Commands that this version does not know: the connection ends without an error (source: msnp-core §1.9). */
  readonly closesOn: ReadonlySet<string>;
  /** Commands that this version has switched off: error 502. */
  readonly disabled: ReadonlySet<string>;
  readonly capabilities: CapabilityForm;
  /** Name of the presence line that answers the first CHG. */
  readonly initialPresence: "ILN" | "NLN";
  /** The arguments that name a person in presence lines. */
  readonly address: (email: string) => readonly string[];
  readonly offlineTail: readonly string[];
  /** UBX follows each status line, and the own status comes back, too (source: msnp-core §6.3, §6.5). */
  readonly syncsOwnPresence: boolean;
  /** Several sign-ins of one account are told apart by machine GUID (source: msnp-core §6.7). */
  readonly endpoints: boolean;
  readonly escapeXml: (text: string) => string;
  /** What follows PSM and CurrentMedia in UBX, for the endpoint that speaks for the account. */
  readonly ubxTail: (endpoint: Endpoint) => string;
  /** Phone changes of contacts come as BPR. */
  readonly phoneNews: boolean;
  /** An account with status HDN may open a switchboard. */
  readonly hiddenMayCall: boolean;
  /** What stands behind the address in XFR NS (source: msnp-core §1.8). */
  readonly redirectTail: (current: string) => readonly string[];
  /** What stands behind the cookie in XFR; RNG has another host name in the same place. */
  readonly switchboardTail: (host: string) => readonly string[];
  /** Roster lines of switchboards: capabilities or none. */
  readonly rosterCapabilities: CapabilityForm | "none";
  /** Receives UBN (source: msnp-core §7.9). */
  readonly userNotifications: boolean;
  /** Knows circles, at least their ticket (source: msnp-core §3.9). */
  readonly circles: boolean;
  /** Programs that may answer challenges (source: msnp-core §4.2). */
  readonly products: readonly Product[];
  /** Messages for offline people go through UUM (source: msnp-core §7.10). */
  readonly offlineByUum: boolean;
}

/** Capabilities as a viewer of the given form reads them. */
export function writeCapabilities(form: CapabilityForm, endpoint: Endpoint): string {
  return form === "plain" ? endpoint.capabilities : `${endpoint.capabilities}:${endpoint.extendedCapabilities}`;
}

/** The endpoint that speaks for an account whose single session or first of several it is. */
export function speaker(account: Account): Endpoint | undefined {
  return account.sessions[0]?.endpoint;
}
