import type { Product } from "../dialect/types.ts";
import { escapeXml } from "../soap/xml.ts";
import type { Account } from "./state/account.ts";
import type { Endpoint } from "./state/session.ts";

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

function numeric(pattern: RegExp): (text: string) => string {
  return (text) => text.replace(pattern, (character) => `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`);
}

/** `< >` too, although Escargot leaves them raw here and so breaks the XML (source: msnp-core §1.4). */
const escapeNumeric = numeric(/[&<>]/g);
const escapeNumericAll = numeric(/[&<>=\\]/g);

const element = (name: string, text: string | undefined): string =>
  `<${name}>${escapeNumericAll(text ?? "")}</${name}>`;

const machineGuid = (endpoint: Endpoint): string =>
  endpoint.machineGuid === undefined ? "" : element("MachineGuid", endpoint.machineGuid);

function products(...pairs: readonly (readonly [id: string, key: string])[]): Product[] {
  return pairs.map(([id, key]) => ({ id, key }));
}

const PRODUCTS_11 = products(["PROD0090YUAUV{2B", "YMM8C_H7KCQ2S_KL"], ["PROD0101{0RM?UBW", "CFHUR$52U_{VIX5T"]);
const PRODUCTS_13 = products(["PROD01065C%ZFN6F", "O4BG@C7BWLYQX?5G"], ["PROD0112J1LW7%NB", "RH96F{PHI8PPX_TJ"]);
const PRODUCTS_15 = products(
  ["PROD0113H11T8$X_", "RG@XY*28Q5QHS%Q5"],
  ["PROD0114ES4Z%Q5W", "PK}_A_0N_K%O?A9S"],
  ["PROD0118R6%2WYOS", "YIXPX@5I2P0UT*LK"],
  ["PROD0119GSJUC$18", "ILTXC!4IXB5FB*PX"],
  ["PROD0120PW!CCV9@", "C1BX{V4W}Q3*10SM"],
);

const OLD_LIST_COMMANDS = ["INF", "ADD"];
const ADL_COMMANDS = ["ADL", "RML", "UUN"];

const msnp11: ServerDialect = {
  name: "MSNP11",
  login: "TWN",
  proofRequired: false,
  pushesPolicies: false,
  lists: "syn",
  contactType: false,
  repeatedBlpFails: true,
  gcfAfterSyn: true,
  closesOn: new Set([...OLD_LIST_COMMANDS, ...ADL_COMMANDS, "FQY", "UUM", "VAS"]),
  disabled: new Set(["REA"]),
  capabilities: "plain",
  initialPresence: "ILN",
  address: (email) => [email],
  offlineTail: [],
  syncsOwnPresence: false,
  endpoints: false,
  escapeXml,
  ubxTail: () => "",
  phoneNews: true,
  hiddenMayCall: false,
  redirectTail: (current) => ["0", current],
  switchboardTail: () => [],
  rosterCapabilities: "none",
  userNotifications: false,
  circles: false,
  products: PRODUCTS_11,
  offlineByUum: false,
};

const msnp12: ServerDialect = { ...msnp11, name: "MSNP12", contactType: true, rosterCapabilities: "plain" };

const msnp13: ServerDialect = {
  ...msnp12,
  name: "MSNP13",
  pushesPolicies: true,
  lists: "adl",
  repeatedBlpFails: false,
  gcfAfterSyn: false,
  closesOn: new Set([...OLD_LIST_COMMANDS, "GTC", "SBP", "FQY", "UUM", "VAS"]),
  disabled: new Set(["REA", "SYN"]),
  escapeXml: escapeNumeric,
  ubxTail: machineGuid,
  phoneNews: false,
  hiddenMayCall: true,
  redirectTail: () => ["U", "D"],
  switchboardTail: (host) => ["U", host],
  userNotifications: true,
  products: PRODUCTS_13,
};

const msnp14: ServerDialect = {
  ...msnp13,
  name: "MSNP14",
  closesOn: new Set([...OLD_LIST_COMMANDS, "GTC", "SBP", "VAS"]),
  address: (email) => [email, "1"],
  offlineTail: ["0"],
  switchboardTail: (host) => ["U", host, "1"],
};

const msnp15: ServerDialect = { ...msnp14, name: "MSNP15", login: "SSO", products: PRODUCTS_15 };

const msnp16: ServerDialect = {
  ...msnp15,
  name: "MSNP16",
  proofRequired: true,
  closesOn: new Set([...OLD_LIST_COMMANDS, "GTC", "SBP"]),
  capabilities: "pair",
  offlineTail: ["0:0"],
  syncsOwnPresence: true,
  endpoints: true,
  escapeXml: escapeNumericAll,
  ubxTail: (endpoint) => machineGuid(endpoint) + element("SignatureSound", endpoint.signatureSound),
  rosterCapabilities: "pair",
};

const msnp17: ServerDialect = { ...msnp16, name: "MSNP17" };

const msnp18: ServerDialect = {
  ...msnp17,
  name: "MSNP18",
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

/** Capabilities as a viewer of the given form reads them. */
export function writeCapabilities(form: CapabilityForm, endpoint: Endpoint): string {
  return form === "plain" ? endpoint.capabilities : `${endpoint.capabilities}:${endpoint.extendedCapabilities}`;
}

/** The endpoint that speaks for an account whose single session or first of several it is. */
export function speaker(account: Account): Endpoint | undefined {
  return account.sessions[0]?.endpoint;
}
