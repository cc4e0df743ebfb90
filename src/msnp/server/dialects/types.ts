import type { ChallengeKind, Product } from "../../dialect/types.ts";
import type { Account } from "../state/account.ts";
import type { Endpoint } from "../state/session.ts";

/** How capabilities are written: not at all, one number, or two with a colon (source: msnp-core §6.2, §6.4). */
export type CapabilityForm = "none" | "plain" | "pair";

/** How one signs in: key of a strategy in ns/sign-in (source: msnp-core §3). */
export type LoginKind = "MD5" | "TWN" | "SSO";

/** What may stand behind the address in `USR .. OK` (source: msnp-core §3.8). */
export type WelcomeField = "name" | "verified" | "restricted";

/**
 * The answer to SYN: key of a strategy in ns/synchronise. One line per list and contact; one line per contact with bits;
 * the same with stamps and ids; none (source: msnp-core §5.2).
 */
export type SynForm = "by-list" | "counted" | "stamped" | "refused";

/** How changes of lists are written: ADD with a serial, ADC with prefixes, or ADL (source: msnp-core §5.3, §5.6, §5.7). */
export type ListNewsForm = "add" | "adc" | "adl" | "adl-21";

/**
 * What the server does differently from one MSNP version to the next, as data; nothing else of the server compares
 * versions. Another version is another row (source: msnp-core §2.5, msnp-chat §1.9).
 */
export interface ServerDialect {
  readonly name: string;
  /** Package that `USR` must name. */
  readonly login: LoginKind;
  readonly welcome: readonly WelcomeField[];
  /** What a second USR is refused with (source: msnp-core §1.9). */
  readonly repeatedLogin: 205 | 207;
  /** SSO only: whether the proof may be left out (source: msnp-core §3.5). */
  readonly proofRequired: boolean;
  /** Policies are pushed before the `USR .. S` answer (source: msnp-core §7.5). */
  readonly pushesPolicies: boolean;
  /** SBS follows USR OK (source: msnp-core §7.11). */
  readonly mobileCredit: boolean;
  /** Seconds that QNG names (source: msnp-core §1.6). */
  readonly keepaliveSeconds: number | undefined;
  /** Lists come by SYN, or by web service and ADL (source: msnp-core §3.8). */
  readonly lists: "syn" | "adl";
  readonly syn: SynForm;
  readonly listNews: ListNewsForm;
  /** Changes of lists and settings are counted, and their lines carry the number (source: msnp-core §5.2). */
  readonly serials: boolean;
  /** What names a group (source: msnp-core §5.4). */
  readonly groups: "none" | "number" | "guid";
  /** People who wait for an answer are on PL in place of RL (source: msnp-core §5.2). */
  readonly pendingList: boolean;
  /** ADC RL takes somebody from PL (source: msnp-core §5.3). */
  readonly acceptsReverse: boolean;
  /** What somebody without an account is answered with (source: msnp-core §1.9). */
  readonly unknownPerson: 205 | 208;
  /** Phones are in the answer to SYN, as PRP and BPR (source: msnp-core §5.2). */
  readonly properties: boolean;
  /** The own name is changed by PRP MFN, otherwise by REA (source: msnp-core §5.5). */
  readonly nameByProperty: boolean;
  /** NOT follows each change of the reverse list (source: msnp-core §5.7). */
  readonly addressBookNotices: boolean;
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
  /** Presence carries MSN objects (source: msnp-core §6.3). */
  readonly objects: boolean;
  /** Presence carries personal messages, as UBX (source: msnp-core §6.5). */
  readonly personalMessages: boolean;
  /** The mailbox is told after the first CHG (source: msnp-core §7.1). */
  readonly mailData: boolean;
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
  readonly rosterCapabilities: CapabilityForm;
  /** Receives UBN (source: msnp-core §7.9). */
  readonly userNotifications: boolean;
  /** Knows circles, at least their ticket (source: msnp-core §3.9). */
  readonly circles: boolean;
  /** How challenges are answered, if there are any (source: msnp-core §4). */
  readonly challenge: ChallengeKind | undefined;
  /** Programs that may answer challenges (source: msnp-core §4). */
  readonly products: readonly Product[];
  /** Messages for offline people go through UUM (source: msnp-core §7.10). */
  readonly offlineByUum: boolean;
  /** Presence and messages are multi-part and there are no switchboards (source: msnp21 §2.1). */
  readonly multipart?: true;
}

/** Capabilities as a viewer of the given form reads them; undefined where there are none. */
export function writeCapabilities(form: CapabilityForm, endpoint: Endpoint): string | undefined {
  if (form === "none") return undefined;
  return form === "plain" ? endpoint.capabilities : `${endpoint.capabilities}:${endpoint.extendedCapabilities}`;
}

/** The endpoint that speaks for an account whose single session or first of several it is. */
export function speaker(account: Account): Endpoint | undefined {
  return account.sessions[0]?.endpoint;
}
