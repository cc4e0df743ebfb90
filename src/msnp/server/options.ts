import type { ListName } from "./state/lists.ts";
import type { TraceListener } from "./transcript.ts";

/** Ways in which revival and official servers differ; the defaults are Escargot's (source: msnp-core §9.3). */
export interface Quirks {
  /** Send CHL after the first CHG and then at intervals; a wrong or late answer is 540 and the end (source: msnp-core §4). */
  readonly challenges: boolean;
  readonly challengeIntervalMs: number;
  readonly challengeAnswerMs: number;
  /** MSNP13+: no presence until the client has reported its lists by ADL, as on official servers (source: msnp-core §3.8). */
  readonly presenceAwaitsLists: boolean;
  /** Unknown commands and short argument lists: silence, or error 200. */
  readonly unknownCommands: "silence" | "error";
  /** A payload command with length 0 gets lost (source: msnp-core §1.3). */
  readonly losesEmptyPayloads: boolean;
  /** What CAL to somebody who blocks the caller is answered with (source: msnp-chat §1.3). */
  readonly blockedCall: 216 | 217;
  /** ADG is answered with a number before the name, as clients of some other networks want it (source: msnp-core §5.4). */
  readonly numbersNewGroups: boolean;
  /** ACK a message that nobody was there to get; official servers send NAK (source: msnp-chat §1.1). */
  readonly acknowledgesToNobody: boolean;
  /** MSG with mode S (an answer only on success) is known; otherwise it ends the connection (source: msnp-chat §1.5). */
  readonly successOnlyMessages: boolean;
  /** Data between clients with any mode but D ends the switchboard connection (source: msnp-chat §1.5). */
  readonly dataNeedsModeD: boolean;
  /** A call can still be answered when everybody has left the board by then. */
  readonly entersEmptyBoards: boolean;
  /** Below MSNP16 a person who was called twice and answers twice is on the board twice. */
  readonly entersTwice: boolean;
  /** How long presence news wait; Escargot tells them every 200 ms. 0: after the answer to the command. */
  readonly presenceDelayMs: number;
  /**
   * Who is told of changes of lists and privacy. `named`: whoever was put on AL or BL or taken off BL, whether it changes
   * anything or not, and everybody who may see one when BLP changes; hiding by AL or BLP is told to nobody.
   * `affected`: those for whom one came into sight or vanished (source: msnp-core §6.3).
   */
  readonly visibilityNews: "named" | "affected";
  /** Whoever is hidden gives it away by a new name, a new message or a change of lists: `NLN HDN`, and UBX. */
  readonly hiddenShows: boolean;
  /** A new object or new capabilities are told although the status is the same. */
  readonly tellsNewObjects: boolean;
  /** ADC FL shows the presence of somebody who was on no list before; otherwise it comes with their next change. */
  readonly introducesStrangers: boolean;
  /** Personal message and media outlast the sign-out, as long as the server runs. */
  readonly keepsPersonalMessages: boolean;
  /** The address in USR and ANS must be spelt as it was registered (source: msnp-core §3.5, §9.3). */
  readonly spelledAddresses: boolean;
  /** MSNP2-7: an account has one salt for good, or a new one at each sign-in (source: msnp-core §3.2). */
  readonly fixedSalts: boolean;
  /** MSNP5-7: PRP and BPR in the answer to SYN lack the transaction id and the address (source: msnp-core §5.2, §9.3). */
  readonly shortPropertyLines: boolean;
  /**
   * Whoever is taken out of one group, by REM, loses their entry on the reverse list, too; that they are then removed
   * altogether is answered with 216, although they are (source: msnp-core §5.3, §9.3).
   */
  readonly groupsTakeReverse: boolean;
  /** PRP MFN without a value takes the name away; lines then lack the argument. */
  readonly namelessPeople: boolean;
  /** Own names over 387 characters are refused with 209 (source: msnp-core §1.5). */
  readonly refusesLongNames: boolean;
  /** The HTTP gateway holds a poll with a Lifespan until there is something to bring (source: msnp21 §7.1). */
  readonly gatewayHoldsPolls: boolean;
  /** Every answer of the gateway brings another session id (source: msnp-chat §7). */
  readonly gatewayChangesIds: boolean;
  /** The gateway refuses a request while another is under way, with 400. */
  readonly gatewayOneAtATime: boolean;
  /** The gateway says `Session=close` with the last words; otherwise the next request gets 400. */
  readonly gatewaySaysClose: boolean;
  /** MSNP14+: switchboards are announced as within reach of the gateway only (source: msnp-chat §7). */
  readonly boardsBehindGateway: boolean;
  /**
   * Offline messages are told and dated as by Microsoft's store; Escargot escapes its metadata, puts subjects outside,
   * keeps whole seconds and knows no summer time (source: msnp-chat §5.6).
   */
  readonly exactMailData: boolean;
  /**
   * The key that locks the store of offline messages: any will do after the constant challenge, it is computed from a
   * random challenge, or there is none (source: msnp-chat §5.6.3).
   */
  readonly lockKeys: "any" | "computed" | "none";
  /** A sender's next offline message within so many milliseconds is SenderThrottleLimitExceeded; 0: never. */
  readonly offlineIntervalMs: number;
  /** UUM needs `Dest-Agent: client`, and anything but text ends the connection (source: msnp-chat §5.6.4). */
  readonly picksOfflineMessages: boolean;
  /** Changes of lists made at one endpoint are told the account's others by NOT (source: msnp-core §5.7). */
  readonly tellsOwnChanges: boolean;
  /**
   * Web requests whose action has no element inside are a bare 500, GetMetadata among them. Escargot does so although
   * clients mean it (source: msnp-chat §5.6.2 has them empty; seen on a running server).
   */
  readonly refusesEmptyActions: boolean;
  /**
   * ADL with several domains: only the people of the last one are taken, and with the name of each domain
   * (source: msnp-core §5.6).
   */
  readonly mixesDomains: boolean;
  /** FindMembership can be asked for changes only (source: msnp-chat §5.3). */
  readonly listsChanges: boolean;
  /** UUN reaches one's own endpoints although one is hidden or blocks strangers (source: msnp-core §6.7). */
  readonly reachesOwnEndpoints: boolean;
  /** Capabilities of a UUX whose root is EndpointData are kept (source: msnp-core §6.5). */
  readonly keepsEndpointData: boolean;
}

export const DEFAULT_QUIRKS: Quirks = {
  challenges: false,
  challengeIntervalMs: 180_000,
  challengeAnswerMs: 50_000,
  presenceAwaitsLists: false,
  unknownCommands: "silence",
  losesEmptyPayloads: true,
  blockedCall: 217,
  numbersNewGroups: false,
  acknowledgesToNobody: true,
  successOnlyMessages: false,
  dataNeedsModeD: true,
  entersEmptyBoards: true,
  entersTwice: true,
  presenceDelayMs: 200,
  visibilityNews: "named",
  hiddenShows: true,
  tellsNewObjects: false,
  introducesStrangers: false,
  keepsPersonalMessages: true,
  spelledAddresses: true,
  fixedSalts: true,
  shortPropertyLines: true,
  groupsTakeReverse: true,
  namelessPeople: true,
  refusesLongNames: false,
  gatewayHoldsPolls: false,
  gatewayChangesIds: false,
  gatewayOneAtATime: false,
  gatewaySaysClose: false,
  boardsBehindGateway: false,
  exactMailData: false,
  lockKeys: "any",
  offlineIntervalMs: 0,
  picksOfflineMessages: true,
  tellsOwnChanges: false,
  refusesEmptyActions: true,
  mixesDomains: true,
  listsChanges: false,
  reachesOwnEndpoints: false,
  keepsEndpointData: false,
};

/** The other pole: what is known of Microsoft's servers. */
export const OFFICIAL_QUIRKS: Partial<Quirks> = {
  challenges: true,
  presenceAwaitsLists: true,
  unknownCommands: "error",
  losesEmptyPayloads: false,
  refusesEmptyActions: false,
  blockedCall: 216,
  acknowledgesToNobody: false,
  successOnlyMessages: true,
  dataNeedsModeD: false,
  entersEmptyBoards: false,
  entersTwice: false,
  presenceDelayMs: 0,
  visibilityNews: "affected",
  hiddenShows: false,
  tellsNewObjects: true,
  introducesStrangers: true,
  keepsPersonalMessages: false,
  spelledAddresses: false,
  fixedSalts: false,
  shortPropertyLines: false,
  groupsTakeReverse: false,
  namelessPeople: false,
  refusesLongNames: true,
  gatewayHoldsPolls: true,
  gatewayChangesIds: true,
  gatewayOneAtATime: true,
  gatewaySaysClose: true,
  exactMailData: true,
  lockKeys: "computed",
  picksOfflineMessages: false,
  tellsOwnChanges: true,
  mixesDomains: false,
  listsChanges: true,
  reachesOwnEndpoints: true,
  keepsEndpointData: true,
};

/** Bounds and lifetimes (source: msnp-core §9.2). */
export interface NetworkLimits {
  readonly maxAccounts: number;
  /** Open connections of each server. */
  readonly maxConnections: number;
  /** Endpoints of one account that are signed in at one time. */
  readonly maxEndpoints: number;
  /** Unsent bytes at which a client that does not read is dropped. */
  readonly maxOutputBytes: number;
  /** Offline messages that wait for one account. */
  readonly maxOfflineMessages: number;
  /** Longest body of a web request. */
  readonly maxBodyBytes: number;
  readonly signInTimeoutMs: number;
  readonly nexusTicketMs: number;
  readonly rstTicketMs: number;
  readonly cookieMs: number;
  /** How long somebody may take to answer a call that the network makes for a client without switchboards. */
  readonly callAnswerMs: number;
  /** A gateway session without a request for so long is over. */
  readonly gatewayIdleMs: number;
  /** Lines the transcript keeps; 0 switches it off. */
  readonly transcriptLines: number;
}

export const DEFAULT_LIMITS: NetworkLimits = {
  maxAccounts: 100_000,
  maxConnections: 50_000,
  maxEndpoints: 16,
  maxOutputBytes: 4 * 1024 * 1024,
  maxOfflineMessages: 5000,
  maxBodyBytes: 256 * 1024,
  signInTimeoutMs: 60_000,
  nexusTicketMs: 30_000,
  rstTicketMs: 24 * 3600_000,
  cookieMs: 120_000,
  callAnswerMs: 10_000,
  gatewayIdleMs: 60_000,
  transcriptLines: 2000,
};

export interface ContactSpec {
  readonly email: string;
  /** Names of groups; missing groups are made. */
  readonly groups?: readonly string[];
  /** FL, AL, BL; RL follows from what the others list. Default FL and AL. */
  readonly lists?: readonly ListName[];
}

export interface AccountSpec {
  readonly email: string;
  readonly password: string;
  readonly displayName: string;
  /** UUID, which is also the contact id; default one derived from the address. */
  readonly id?: string;
  readonly groups?: readonly { readonly name: string; readonly id?: string }[];
  readonly contacts?: readonly ContactSpec[];
}

export interface NetworkOptions {
  readonly quirks?: Partial<Quirks>;
  readonly limits?: Partial<NetworkLimits>;
  /** Names of the versions offered; default all that the server can speak. */
  readonly dialects?: readonly string[];
  /** Milliseconds since 1970, for lifetimes. */
  readonly now?: () => number;
}

export interface StartOptions {
  /** Default 127.0.0.1; the web services have no encryption, so it belongs on loopback. */
  readonly host?: string;
  /** Certificate and key in PEM: the notification server and the switchboards then speak TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** 0 or absent: any free port. */
  readonly nsPort?: number;
  readonly sbPort?: number;
  readonly httpPort?: number;
  readonly accounts: readonly AccountSpec[];
  readonly options?: NetworkOptions;
  /** Gets every line as it is recorded; tickets and proofs are sealed. */
  readonly trace?: TraceListener;
}
