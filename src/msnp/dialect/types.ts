/** The versions there is a row for in the table. */
export type DialectName = "MSNP11" | "MSNP18";

/** How one signs in: key of a strategy in auth/ (source: msnp-core §3). */
export type AuthKind = "tweener" | "sso";
/** Where the lists come from: key of a strategy in client/lists (source: msnp-core §5). */
export type ListKind = "syn" | "soap";
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
  readonly version: number;
  readonly auth: AuthKind;
  readonly lists: ListKind;
  readonly challenge: ChallengeKind;
  readonly product: Product;
  /** CVR arguments between the trid and the account (source: msnp-core §2.4). */
  readonly clientVersion: readonly string[];
  /** What this client claims to be able to do, as sent in CHG (source: msnp-core §6.4). */
  readonly capabilities: string;
  readonly presence: {
    /** Command of the presence burst after the first CHG. */
    readonly initial: "ILN" | "NLN";
    /** Address in NLN, ILN, FLN and UBX. */
    readonly address: AddressForm;
    readonly capabilities: CapabilityForm;
  };
  /** Capabilities in IRO and JOI (source: msnp-chat §1.4). */
  readonly roster: CapabilityForm;
  /**
   * Several places at once (MSNP16+): GUID in USR and on switchboards, endpoint data by UUX, doubled roster lines,
   * own presence echoed (source: msnp-core §6.7, msnp-chat §1.9).
   */
  readonly endpoints: boolean;
  /** Whether GCF policies are asked for after SYN or pushed during USR (source: msnp-core §7.5). */
  readonly policies: "asked" | "pushed";
  /** Arguments after the cookie in XFR SB, and after the name in RNG (source: msnp-core §1.8, §7.3). */
  readonly transferTail: readonly string[];
}
