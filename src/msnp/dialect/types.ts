/** The versions there is a row for in the table; each family has a file of rows. */
export type DialectName =
  | "MSNP2"
  | "MSNP3"
  | "MSNP4"
  | "MSNP5"
  | "MSNP6"
  | "MSNP7"
  | "MSNP8"
  | "MSNP9"
  | "MSNP10"
  | "MSNP11"
  | "MSNP12"
  | "MSNP13"
  | "MSNP14"
  | "MSNP15"
  | "MSNP16"
  | "MSNP17"
  | "MSNP18"
  | "MSNP21"
  | "MSNP22";

/** How one signs in: key of a strategy in auth/ (source: msnp-core §3). */
export type AuthKind = "md5" | "tweener" | "rst" | "sso" | "web";
/** Where the lists come from: key of a strategy in client/lists (source: msnp-core §5). */
export type ListKind = "syn" | "soap" | "services";
/**
 * How lists are written on the wire: key of a form in client/list-forms. `serials`: one LST per list and contact, with
 * serial numbers; `bits`: one LST per contact; `guids`: the same by prefixes, contacts and groups having GUIDs; `none`:
 * lists do not come by SYN (source: msnp-core §5.2, §5.3).
 */
export type ListForm = "serials" | "bits" | "guids" | "none";
/** What names a group of contacts on the wire (source: msnp-core §5.4). */
export type GroupForm = "none" | "numbers" | "guids";
/** `bob@x`, `bob@x 1` or `1:bob@x` (source: msnp-core §6.3). */
export type AddressForm = "plain" | "split" | "prefixed";
/** Absent, `caps` or `caps:ext` (source: msnp-core §6.2). */
export type CapabilityForm = "none" | "single" | "pair";
/** Which challenge arithmetic answers CHL (source: msnp-core §4). */
export type ChallengeKind = "md5" | "msnp11";

export interface Product {
  readonly id: string;
  readonly key: string;
}

/** One MSNP version as data. Nothing else in the library asks for a version number. */
export interface Dialect {
  readonly name: DialectName;
  /** Only for putting the newest first. */
  readonly version: number;
  /** Built from a single capture: nothing but its first words can be held against anything (source: msnp21 §7.2). */
  readonly isExperimental?: true;
  /** Commands between VER and USR, in their order (source: msnp-core §2.3, §2.4). */
  readonly opening: readonly ("INF" | "CVR")[];
  /** CVR arguments between the trid and the account (source: msnp-core §2.4). */
  readonly clientVersion: readonly string[];
  /** Whether CVR ends with the account. */
  readonly accountInVersion: boolean;
  /** Whether the account is followed by what the last XFR told of the transfers so far (source: msnp21 §2.4). */
  readonly hops?: true;
  readonly auth: AuthKind;
  /** Whether `USR OK` says the own name after the address (source: msnp-core §3.8). */
  readonly welcomesByName: boolean;
  readonly lists: ListKind;
  readonly listForm: ListForm;
  readonly groups: GroupForm;
  /** Who asks to be let in is on PL; otherwise on RL, but neither on AL nor BL (source: msnp-core §5.1). */
  readonly pendingList: boolean;
  /** Whether ADC RL and REM PL answer a request (source: msnp-core §5.3). */
  readonly answersPending: boolean;
  readonly challenge: ChallengeKind | "none";
  readonly product: Product;
  /** What this client claims to be able to do, as sent in CHG (source: msnp-core §6.4). */
  readonly capabilities: string;
  readonly presence: {
    /** By lines such as NLN, or by documents (PUT, NFY). */
    readonly kind: "lines" | "documents";
    /** Command of the presence burst after the first CHG. */
    readonly initial: "ILN" | "NLN";
    /** Address in NLN, ILN, FLN and UBX. */
    readonly address: AddressForm;
    readonly capabilities: CapabilityForm;
    /** Whether CHG may carry an object: not at all, when there is one, or always, `0` for none. */
    readonly object: "none" | "optional" | "always";
  };
  /** What a document about oneself says of this program (source: msnp21 §4.2). */
  readonly documents?: {
    /** `program:version`. */
    readonly client: string;
    /** `a:b` of what it does from peer to peer. */
    readonly peerCapabilities: string;
  };
  /** UUX and UBX (source: msnp-core §6.5). */
  readonly personalMessages: boolean;
  /** How the own name is changed (source: msnp-core §5.5). */
  readonly displayNameBy: "REA" | "PRP" | "document";
  /** How a name of one's own for a contact is kept (source: msnp-core §5.5). */
  readonly nicknameBy: "REA" | "SBP" | "services";
  readonly conversations: "switchboard" | "sdg";
  /** Capabilities in IRO and JOI (source: msnp-chat §1.4). */
  readonly roster: CapabilityForm;
  /** Whether packets of peer-to-peer transfers are carried, acknowledged by D (source: msnp-chat §1.5). */
  readonly peerToPeer: boolean;
  /** Messages to people who are offline: by web service, by UUM, by SDG or not at all (source: msnp-chat §5.6). */
  readonly offline: "none" | "store" | "uum" | "sdg";
  readonly circles: boolean;
  /**
   * Several places at once (MSNP16+): GUID in USR and on switchboards, endpoint data by UUX, doubled roster lines,
   * own presence echoed (source: msnp-core §6.7, msnp-chat §1.9).
   */
  readonly endpoints: boolean;
  /** Whether GCF policies are asked for after SYN or pushed during USR (source: msnp-core §7.5). */
  readonly policies: "none" | "asked" | "pushed";
  /** Arguments after the cookie in XFR SB, and after the name in RNG (source: msnp-core §1.8, §7.3). */
  readonly transferTail: readonly string[];
}

/** Rows of some versions. */
export type DialectRows<N extends DialectName> = Readonly<Record<N, Dialect>>;
